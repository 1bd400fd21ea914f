# expect: nothing
import threading
users, lock = {"a": 1}, threading.Lock()
def join(name):
    with lock: users[name] = 1
def tell():
    with lock: copy = list(users.items())
    for name, user in copy: pass
threads = [threading.Thread(target=tell), threading.Thread(target=join, args=("b",))]
for t in threads: t.start()
for t in threads: t.join()
