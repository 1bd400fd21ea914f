# expect: check-then-act connection
import threading
connection = None
def get():
    global connection
    if connection is None:
        connection = object()
    return connection
threads = [threading.Thread(target=get) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
