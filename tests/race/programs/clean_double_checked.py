# expect: nothing
import threading
class Config:
    def __init__(self): self.data, self.lock = None, threading.Lock()
    def get(self):
        if self.data is None:
            with self.lock:
                if self.data is None:
                    self.data = {"a": 1}
        return self.data["a"]
config = Config()
threads = [threading.Thread(target=config.get) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
