# expect: lost-update Counter.value
import threading
class Counter:
    def __init__(self): self.value = 0
counter = Counter()
def work(): counter.value += 1
t = threading.Thread(target=work)
t.start()
counter.value += 1
t.join()
