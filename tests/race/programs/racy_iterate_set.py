# expect: changed-in-loop the items of listeners
import threading
listeners = {1}
def fire():
    try:
        for each in listeners: pass
    except RuntimeError:
        pass
def register(): listeners.add(2)
threads = [threading.Thread(target=fire), threading.Thread(target=register)]
for t in threads: t.start()
for t in threads: t.join()
