# expect: nothing
import threading
class Box:
    def __init__(self, n):
        self.n = n
        self.n += 1
latest = [None]
def produce():
    latest[0] = Box(1)
def consume():
    while (box := latest[0]) is None: pass
    box.n += 1
threads = [threading.Thread(target=produce), threading.Thread(target=consume)]
for t in threads: t.start()
for t in threads: t.join()
assert latest[0].n == 3
