"""The other half of cycle_a.py."""

from cycle_a import User


class Order:
    def user(self) -> User:
        return User()
