# expect: nothing
import threading
total, lock = 0, threading.Lock()
def work():
    global total
    lock.acquire()
    try:
        total += 1
    finally:
        lock.release()
threads = [threading.Thread(target=work) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
assert total == 3
