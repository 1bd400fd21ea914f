# expect: check-then-act Config.data
import threading
class Config:
    data = None
    def get(self):
        if self.data is None:
            self.data = load()
        return self.data
def load(): return {"a": 1}
config = Config()
threads = [threading.Thread(target=config.get) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
