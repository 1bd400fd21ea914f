# expect: nothing
import threading
from collections import deque
class Box:
    def __init__(self): self.n = 0
boxes, there = [Box() for _ in range(5)], deque()
go = threading.Event()
def work():
    go.wait(10)
    for _ in range(5):
        there.popleft().n += 1
t = threading.Thread(target=work)
t.start()
for box in boxes:
    box.n += 1
    there.append(box)
go.set()
t.join()
