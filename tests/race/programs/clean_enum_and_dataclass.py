# expect: nothing
import enum, threading
from dataclasses import dataclass
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
@dataclass
class Point:
    x: int = 0
def work():
    point = Point()
    for colour in Colour:
        point.x += colour.value
    assert Colour.RED.name == "RED" and Colour(2) is Colour.BLUE
threads = [threading.Thread(target=work) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
