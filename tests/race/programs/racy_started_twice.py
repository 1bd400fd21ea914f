# expect: check-then-act Service.started
import threading
class Service:
    def __init__(self): self.started = False
    def start(self):
        if not self.started:
            both.wait()
            self.started = True
both, service = threading.Barrier(2), Service()
threads = [threading.Thread(target=service.start) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
