# expect: nothing
import threading
class Shared: data = 0
shared, ready = Shared(), threading.Event()
def write():
    shared.data += 1
    ready.set()
def read():
    while not ready.is_set(): pass
    shared.data += 1
threads = [threading.Thread(target=write), threading.Thread(target=read)]
for t in threads: t.start()
for t in threads: t.join()
