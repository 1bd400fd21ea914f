# expect: note unordered-read name
import threading
threads = []
for name in ("a", "b"):
    t = threading.Thread(target=lambda: print(name))
    threads.append(t)
    t.start()
for t in threads: t.join()
