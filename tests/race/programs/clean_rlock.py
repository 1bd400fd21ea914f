# expect: nothing
import threading
class Tree:
    def __init__(self): self.size, self.lock = 0, threading.RLock()
    def add(self, n):
        with self.lock:
            self.size += 1
            if n: self.add(n - 1)
tree = Tree()
threads = [threading.Thread(target=tree.add, args=(5,)) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
assert tree.size == 18
