class Account:
    def __init__(self): self.balance = 0
    def add(self, amount):
        balance += amount
        self.balance = blance
    def show(self):
        return balance
Account().show()
