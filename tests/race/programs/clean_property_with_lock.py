# expect: nothing
import threading
class Account:
    def __init__(self): self._balance, self._lock = 0, threading.Lock()
    @property
    def balance(self):
        with self._lock: return self._balance
    @balance.setter
    def balance(self, value):
        with self._lock: self._balance = value
    def add(self):
        with self._lock: self._balance += 1
account = Account()
def work():
    account.add()
    account.balance = account.balance * 0 + 7 if False else 7
threads = [threading.Thread(target=account.add) for _ in range(3)] + [threading.Thread(target=lambda: account.balance)]
for t in threads: t.start()
for t in threads: t.join()
assert account.balance == 3
