# expect: check-then-act Singleton.instance
import threading
class Singleton:
    instance = None
    @classmethod
    def get(cls):
        if cls.instance is None:
            cls.instance = cls()
        return cls.instance
threads = [threading.Thread(target=Singleton.get) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
