# expect: nothing
import threading
class Shared: data = None
shared, ready = Shared(), threading.Event()
def write():
    shared.data = [1, 2, 3]
    ready.set()
def read():
    ready.wait()
    shared.data.append(4)
    shared.data[0] += 1
threads = [threading.Thread(target=write), threading.Thread(target=read)]
for t in threads: t.start()
for t in threads: t.join()
