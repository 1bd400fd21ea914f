"""Objects, classes and functions that hot code has met end when they would without it."""
import gc
import weakref

gc.disable()
events = []


class Mortal:
    def __init__(self, n):
        self.n = n

    def __del__(self):
        events.append(self.n)


def last_of(n):
    kept = None
    for i in range(n):
        kept = Mortal(i)
        events.append(("made", i))
    return n


def rebinds(m):
    events.append("in")
    m = None
    events.append("rebound")
    return m


def raises(n):
    m = Mortal(n)
    for i in range(n):
        if i == 5:
            raise ValueError(m.n)
    return i


def shared(n):
    held = []
    for i in range(n):
        last = [Mortal(i)][0]
        held.append(last)
    return n  # which local goes first says whose reference to the last one was the last


def told(n):
    refs = []
    for i in range(n):
        last = Mortal(i)
        refs.append(weakref.ref(last, lambda _, i=i: events.append(("dead", i))))
    return n


for n in (3, 3, 3, 40):
    for local in (shared, told):
        local(n)
        print(events[:6], events[-6:], len(events))
        events.clear()
for n in (3, 3, 3, 40):
    last_of(n)
    print(events[-6:], len(events))
    events.clear()
x = 3  # an argument that nobody else has is kept by the caller until the call returns: docs/design/jit.md
for _ in range(40):
    rebinds(x)
events.clear()
x = Mortal("y")
rebinds(x)
print(events, x.n)
events.clear()
for n in (4, 4, 40, 40):
    try:
        raises(n)
    except ValueError as e:
        print(e, events)
    print(events)
    events.clear()


def scope():
    class Local:
        total = 0

        def __init__(self, v):
            self.v = v

        def add(self, k):
            self.v += k
            return self.v

    def use(n):
        thing = Local(1)
        for i in range(n):
            thing.add(i)
        return thing.v

    def helper(k, default=Mortal("default")):
        return k + 1

    for _ in range(40):
        use(5)
        helper(3)
    return weakref.ref(Local), weakref.ref(use), weakref.ref(helper), weakref.ref(Local.add)


refs = scope()
gc.collect()
print([ref() is None for ref in refs])
print(gc.garbage)
