# expect: nothing
import threading
class Channel:
    def __init__(self): self.items, self.changed = [], threading.Condition()
    def put(self, item):
        with self.changed:
            self.items.append(item)
            self.changed.notify()
    def get(self):
        with self.changed:
            while not self.items: self.changed.wait()
            return self.items.pop(0)
channel, out = Channel(), []
def consume():
    for _ in range(20): out.append(channel.get())
t = threading.Thread(target=consume)
t.start()
for n in range(20): channel.put(n)
t.join()
assert out == list(range(20))
