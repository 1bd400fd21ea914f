# expect: nothing
import threading
class Box:
    def __init__(self, n): self.n = n
def work():
    for n in range(300):
        box = Box(n)
        box.n += 1
        cells = [n, n]
        cells[0] += 1
        words = {"a": n}
        words["a"] += 1
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
