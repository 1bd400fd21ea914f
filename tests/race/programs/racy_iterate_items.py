# expect: changed-in-loop the items of self.users
import threading
class Room:
    def __init__(self): self.users = {"a": 1}
    def join(self, name): self.users[name] = 1
    def tell(self):
        try:
            for name, user in self.users.items(): pass
        except RuntimeError:
            pass
room = Room()
threads = [threading.Thread(target=room.tell), threading.Thread(target=room.join, args=("b",))]
for t in threads: t.start()
for t in threads: t.join()
