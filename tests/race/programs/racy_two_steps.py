# expect: check-then-act Counter.value
import threading
class Counter:
    def __init__(self): self.value = 0
counter = Counter()
def work():
    old = counter.value
    counter.value = old + 1
threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
