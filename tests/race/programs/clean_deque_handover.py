# expect: nothing
import threading
from collections import deque
class Box:
    def __init__(self): self.n = 0
boxes = [Box() for _ in range(5)]
there, back = deque(), deque()
def work():
    left = 5
    while left:
        try:
            box = there.popleft()
        except IndexError:
            continue
        box.n += 1
        back.append(box)
        left -= 1
t = threading.Thread(target=work)
t.start()
for box in boxes:
    box.n += 1
    there.append(box)
left = 5
while left:
    try:
        back.popleft().n += 1
    except IndexError:
        continue
    left -= 1
t.join()
assert [box.n for box in boxes] == [3] * 5
