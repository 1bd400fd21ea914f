# expect: lost-update Account.balance
import threading
class Account:
    def __init__(self): self.balance = 0
account, lock = Account(), threading.Lock()
def deposit():
    with lock: account.balance += 1
def reset():
    account.balance = 0
threads = [threading.Thread(target=deposit), threading.Thread(target=reset)]
for t in threads: t.start()
for t in threads: t.join()
