# expect: changed-in-loop the items of seen
import threading
seen = {}
def add():
    for n in range(5): seen[n] = n
def look():
    try:
        return [key for key in seen]
    except RuntimeError:
        pass
threads = [threading.Thread(target=add), threading.Thread(target=look)]
for t in threads: t.start()
for t in threads: t.join()
