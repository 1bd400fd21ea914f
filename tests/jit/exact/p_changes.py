"""Everything compiled code assumes, changed while it runs."""
import builtins
import types


class Base:
    rate = 2

    def __init__(self, v):
        self.v = v

    def step(self, k):
        return self.v + k * self.rate


class Other(Base):
    def step(self, k):
        return super().step(k) * 10


def helper(k, extra=1):
    return k + extra


count = 5


def run(thing, n, change):
    out = []
    for i in range(n):
        if i == n - 3:
            change(thing)
        out.append(thing.step(i) + helper(i) + count + len(out) + abs(-i))
    return out[-4:]


def restore():
    global helper, count
    Base.step, Base.rate = step, 2
    helper, count = usual, 5
    usual.__code__, usual.__defaults__ = code, (1,)
    builtins.abs = absolute
    globals().pop("len", None)
    Base.__dict__.get("__getattribute__") and delattr(Base, "__getattribute__")


step, usual, code, absolute = Base.step, helper, helper.__code__, abs
changes = [
    lambda t: None,
    lambda t: setattr(Base, "step", lambda self, k: -1),
    lambda t: setattr(Base, "rate", 1.5),
    lambda t: setattr(t, "rate", 7),
    lambda t: setattr(t, "step", lambda k: 1000),
    lambda t: setattr(t, "v", 2**63),
    lambda t: setattr(t, "__class__", Other),
    lambda t: t.__dict__.update(v=3.5),
    lambda t: setattr(t, "__dict__", {"v": 9}),
    lambda t: t.__dict__.pop("v") and setattr(t, "v", 11),
    lambda t: globals().update(helper=lambda k: 0),
    lambda t: setattr(usual, "__code__", (lambda k, extra: -k).__code__),
    lambda t: setattr(usual, "__defaults__", (100,)),
    lambda t: globals().update(count=2.5),
    lambda t: globals().update(len=lambda v: 0),
    lambda t: setattr(builtins, "abs", lambda v: 5),
    lambda t: globals().update({f"more{i}": i for i in range(200)}),
    lambda t: setattr(Base, "__getattribute__", lambda self, name: object.__getattribute__(self, name)),
]
for _ in range(12):
    run(Base(1), 40, changes[0])
for number, change in enumerate(changes):
    for n in (5, 40):
        try:
            print(number, run(Base(1), n, change))
        finally:
            restore()
    for _ in range(6):
        run(Base(1), 30, changes[0])
copy = types.FunctionType(run.__code__, {"helper": lambda k: 1, "count": 0, "__builtins__": builtins}, "run")
print(copy(Base(2), 30, changes[0]), run(Base(2), 30, changes[0]))
