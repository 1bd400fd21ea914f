# expect: nothing
import threading
mine = threading.local()
def work():
    mine.n = 0
    for _ in range(10): mine.n += 1
threads = [threading.Thread(target=work) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
