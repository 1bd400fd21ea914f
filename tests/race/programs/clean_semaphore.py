# expect: nothing
import threading
class Slot: n = 0
slot, one = Slot(), threading.BoundedSemaphore(1)
def work():
    for _ in range(10):
        with one: slot.n += 1
threads = [threading.Thread(target=work) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
assert slot.n == 30
