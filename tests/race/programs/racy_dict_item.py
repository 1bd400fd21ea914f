# expect: lost-update item 'n'
import threading
counts = {"n": 0}
def work():
    for _ in range(10):
        counts["n"] += 1
threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
