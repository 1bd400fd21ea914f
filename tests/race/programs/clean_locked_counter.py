# expect: nothing
import threading
class Counter:
    def __init__(self): self.value, self.lock = 0, threading.Lock()
    def add(self):
        for _ in range(50):
            with self.lock: self.value += 1
counter = Counter()
threads = [threading.Thread(target=counter.add) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
assert counter.value == 150
