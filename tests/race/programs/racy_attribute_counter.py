# expect: lost-update Counter.value
import threading
class Counter:
    def __init__(self): self.value = 0
    def add(self):
        for _ in range(100): self.value += 1
counter = Counter()
threads = [threading.Thread(target=counter.add) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
