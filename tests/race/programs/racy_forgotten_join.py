# expect: lost-update Counter.value
import threading
class Counter:
    def __init__(self): self.value = 0
counter, started = Counter(), threading.Event()
def work():
    started.set()
    counter.value += 1
t = threading.Thread(target=work)
t.start()
started.wait()
counter.value += 1
t.join()
