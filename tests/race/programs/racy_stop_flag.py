# expect: note unordered-read Worker.stop
import threading
class Worker:
    def __init__(self): self.stop = False
    def run(self):
        while not self.stop: pass
worker = Worker()
t = threading.Thread(target=worker.run)
t.start()
worker.stop = True
t.join()
