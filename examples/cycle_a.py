"""Two modules that import each other's class for annotations: ``morrow examples/cycle_a.py``."""

from cycle_b import Order


class User:
    def order(self) -> Order:
        return Order()


if __name__ == "__main__":
    print(type(User().order().user()).__name__)
