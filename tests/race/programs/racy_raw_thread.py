# expect: lost-update Counter.value
import _thread, threading
class Counter:
    def __init__(self): self.value = 0
counter, left, zero = Counter(), [1, 1], threading.Semaphore(0)
def work():
    counter.value += 1
    zero.release()
for _ in range(2): _thread.start_new_thread(work, ())
for _ in range(2): zero.acquire()
