# expect: nothing
import queue, threading
class Box:
    def __init__(self, n): self.n = n
q, out = queue.Queue(2), queue.Queue()
def produce():
    for n in range(20):
        box = Box(n)
        box.n += 1
        q.put(box)
    q.put(None)
def consume():
    while (box := q.get()) is not None:
        box.n += 1
        out.put(box)
    out.put(None)
threads = [threading.Thread(target=produce), threading.Thread(target=consume)]
for t in threads: t.start()
total = 0
while (box := out.get()) is not None:
    box.n += 1
    total += box.n
assert total == 250
