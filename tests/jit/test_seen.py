"""Calls of unknown code: made from compiled code, with a frame that what is called can look at."""

import sys
import threading
import warnings

from tests.jit.native import agrees, call, compiled, outcome
from tests.jit.test_runtime import run

kept = []
log = []


def who(x):
    frame = sys._getframe(1)
    return frame.f_code.co_name, frame.f_lineno, sorted(frame.f_locals.items(), key=str), x


def keep(x):
    kept.append(sys._getframe(1))
    return x


def count(*values):
    return len(values)


def fails(x, *more):
    if x > 5:
        raise ValueError(x)
    return x


class Odd:
    def __add__(self, other):
        return who(other)

    def __lt__(self, other):
        return [1] if other else []

    def __bool__(self):
        return False

    def __getattr__(self, name):
        return who(name)

    def __getitem__(self, key):
        return who(key)

    def __contains__(self, item):
        return item == 1

    def __iter__(self):
        return iter((1, 2))

    def __repr__(self):
        return "Odd"


class Point:
    def __init__(self, x, y=1):
        self.x = x
        self.y = y

    def get(self, k=1):
        return self.x + k

    def __repr__(self):
        return f"{type(self).__name__}({self.x})"


class Derived(Point):
    scale = 3

    def get(self, k=1):
        return super().get(k) * 2

    @property
    def seen(self):
        return who(self.x)

    @staticmethod
    def next(x):
        return x + 1

    @classmethod
    def scaled(cls, x):
        return cls.scale * x


class Special:
    def __init__(self, x):
        if x == 3:
            return x
        if x == 4:
            raise ValueError(x)
        self.x = who(x)[1:3] if x == 2 else x

    def __del__(self):
        log.append("gone")

    def __repr__(self):
        return "Special"


class Empty:
    def __repr__(self):
        return "Empty"


class Numbers(list):
    pass


def sums(n, a):
    total, other = 0, 1.5
    for i in range(n):
        total += count(i, a)
        other += total
    return total, other


def looked_at(n, a):
    first = who(n)
    x = n + 1
    second = who(a)
    return first, second, x


def raises_inside(n, a):
    total = 0.0
    for i in range(n):
        total += fails(i, 1)
    return total


def odd(n, a):
    found = []
    for i in range(n):
        x = Odd()
        found.append((x + i, x < i, x.name, x[i], i in x, not x, [v for v in x]))
        if x:
            found.append("true")
        if x < i:
            found.append("smaller")
    return found


def recursive(n, a):
    if n == 0:
        return who(count(a))
    return recursive(n - 1, a)


def objects(n, a):
    found = []
    for i in range(n):
        p, q = Point(i, a), Derived(a, i)
        found.append((p.x, p.y, q.get(), q.get(k=2), q.seen, Derived.scale, Derived.next(i), Derived.scaled(i), list(vars(p).items())))
    return found


def made(n, a):
    table, named = {}, {"a": a, "n": n}
    for i in range(n):
        table[i] = f"{i}-{a!r}-{i:>3}-{a}"
        named[str(i)] = i
    add = lambda x, b=a: x + n + b  # noqa: E731
    return table, named, {1, 2}, add(1), add(2, 3), [add(j) for j in range(3)], {k: v for k, v in table.items()}, {x for x in (1, 2, n)}


def closures(n, a):
    total = 0

    def inner(x):
        nonlocal total
        total += x
        return total

    for i in range(n):
        inner(i)
    return total, inner(a)


def attributes(n, a):
    p = Point(a, n)
    found = []
    for i in range(n):
        p.x = i
        p.new = i
        vars(p)["direct"] = i
        p.late = a
        found.append(list(vars(p)))
    return found, p.get(k=n)


def instances(n, a):
    found = []
    log.clear()
    for i in range(n):
        x, e = Special(i + a), Empty()
        e.k = x.x
        found.append((x.x, e.k, len(log)))
    e = None
    return found


def subclass(n, a):
    values = Numbers()
    for i in range(n):
        values.append(i)
        if isinstance(values, list) and not isinstance(values, (tuple, Point)):
            values.append(a)
    return values, values[1:2], (a, n)[0:1], type(values)


def test_what_is_called_sees_the_function_as_it_is():
    for function, warm in ((sums, (10, 2)), (looked_at, (3, 4)), (odd, (4, 0)), (recursive, (5, 1))):
        agrees(function, warm, (0, 1), (8, "x"))


def test_an_exception_of_unknown_code_has_the_whole_traceback():
    agrees(raises_inside, (4, 0), (8, 0), (20, 0))


def test_objects_are_made_and_changed():
    agrees(objects, (5, 2), (0, 1), (3, 2.5))
    agrees(attributes, (3, 3), (0, 1), (4, 2.5))
    agrees(instances, (4, 5), (3, 0), (4, 0), (4, 1), (5, 0))
    agrees(subclass, (4, 3), (0, 1), (3, "x"))


def test_functions_cells_and_texts_are_made():
    agrees(made, (4, 5), (0, 1), (3, 2.5))
    agrees(closures, (6, 7), (0, 1), (3, 2.5))


def test_a_frame_that_somebody_keeps_goes_on_as_the_same():
    def keeps(n, a):
        s = 0
        for i in range(n):
            s += keep(i)
            a = s
        return s, a

    made_ = compiled(keeps, 3, 0)
    kept.clear()
    assert call(made_, 4, 0) == (6, 6)
    assert len(set(map(id, kept))) == 1
    assert kept[0].f_locals == {"n": 4, "a": 6, "s": 6, "i": 3}


def test_a_local_changed_from_outside_is_changed():
    from morrow.host import HERE

    def changes():
        frame = sys._getframe(1)
        frame.f_locals["x"] = 5  # reaches the frame where PEP 667 is in force, and nothing elsewhere

    def f(n):
        x = n
        for _ in range(2):
            changes()
        return x

    made_ = compiled(f, 1)
    assert call(made_, 1) == (5 if HERE.pushes_locals else 1) == f(1)


def test_a_tracer_switched_on_by_unknown_code_is_heard():
    out = run(
        """
        import sys
        events = []
        def tracer(frame, what, argument):
            events.append((frame.f_code.co_name, what))
            return tracer
        def inner(): return 1
        def switch(i):
            if i == 50: sys.settrace(tracer)
        def hot(n):
            total = 0
            for i in range(n):
                switch(i)
                total += inner()
            return total
        for _ in range(40): hot(20)
        hot(60)
        sys.settrace(None)
        print(len(events), events[:4])
        """,
        mode="eager",
    )
    assert out == "57 [('inner', 'call'), ('inner', 'line'), ('inner', 'return'), ('switch', 'call')]\n"


def test_warnings_name_the_line_of_the_caller():
    def warns(n):
        found = []
        for i in range(n):
            warnings.warn(f"number {i}", stacklevel=1)
        return found

    made_ = compiled(warns, 2)
    for function in (warns, lambda n: call(made_, n)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            function(3)
        assert [(w.lineno - warns.__code__.co_firstlineno, w.filename) for w in caught] == [(3, __file__)] * 3


def test_threads_take_turns_in_shown_frames():
    def hot(n):
        total = 0
        for i in range(n):
            total += count(i, n)
        return total

    made_ = compiled(hot, 5)
    results = []
    threads = [threading.Thread(target=lambda: results.append(call(made_, 20000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [40000] * 4


def test_deep_recursion_through_unknown_code_ends_as_in_cpython():
    def down(n):
        return sorted([n], key=lambda x: 0)[0] if n == 0 else count(down(n - 1)) + n

    made_ = compiled(down, 3)
    assert call(made_, 50) == down(50)
    assert outcome(down, 5000)[1] is outcome(lambda n: call(made_, n), 5000)[1] is RecursionError
