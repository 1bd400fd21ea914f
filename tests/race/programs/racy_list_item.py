# expect: lost-update item 0
import threading
cells = [0, 0]
def work():
    cells[-2] += 1
threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
