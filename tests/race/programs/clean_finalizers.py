# expect: nothing
import threading, weakref
class Resource:
    open = 0
    def __init__(self, log): self.state, self.log = 1, log
    def close(self):
        self.state -= 1
        self.log["closed"] = self.log.get("closed", 0) + 1
    def __del__(self): self.close()
log = {}
def work():
    for _ in range(10):
        resource = Resource(log)
        weakref.finalize(resource, log.update, x=1)
threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
