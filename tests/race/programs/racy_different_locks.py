# expect: lost-update Account.balance
import threading
class Account:
    def __init__(self): self.balance = 0
account = Account()
one, other = threading.Lock(), threading.Lock()
def deposit():
    with one: account.balance += 1
def withdraw():
    with other: account.balance -= 1
threads = [threading.Thread(target=deposit), threading.Thread(target=withdraw)]
for t in threads: t.start()
for t in threads: t.join()
