# expect: nothing
import queue, threading
q = queue.SimpleQueue()
cell = {"n": 0}
def work():
    cell["n"] += 1
    q.put(1)
t = threading.Thread(target=work)
t.start()
q.get()
cell["n"] += 1
t.join()
