"""What compiled code covers: each function here is compiled, run on the usual and on other arguments, and compared."""

import math

import pytest

from morrow.jit.compile import Declined, Request, compile_function
from tests.jit.native import _FUNCTIONS, agrees, call, call_named, compiled, outcome

SCALE = 3


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y
        self.moves = 0

    def move(self, dx, dy=1):
        self.x += dx
        self.y += dy
        self.moves += 1
        return self.x

    @property
    def norm(self):
        return self.x * self.x


class Slotted:
    __slots__ = ("value", "next")

    def __init__(self, value, next=None):
        self.value, self.next = value, next


def numbers(a, b):
    return a + b, a - b, a * b, a // b, a % b, a / b, a & b, a | b, a ^ b, a < b, a == b, -a, ~a


def floats(a, b):
    return a + b, a - b, a * b, a / b, a % b, a < b, a == b, -a, abs(a), a**2


def shifts(a, b):
    return a << b, a >> b


def with_default(a, b=2, c=0.5):
    return a * b + c


def calls_default(n):
    total = 0.0
    for i in range(n):
        total += with_default(i)
        total += with_default(i, 3)
    return total


def comprehension(values, n):
    return [v * 2 for v in values if v > n]


def unpack(pairs):
    total = 0
    for a, b in pairs:
        total += a * b
    return total


def words(text, n):
    found = 0
    for word in text:
        if word.startswith("a") and word.upper() != "ADA":
            found += n
    return found


def table(d, keys):
    total = 0
    for k in keys:
        d[k] = d.get(k, 0) + 1
        total += d[k]
    return total


def chain(node):
    total = 0
    while node is not None:
        total += node.value
        node.next, node = node.next, node.next
    return total


def steps(points, n):
    last = 0
    for i in range(n):
        for p in points:
            last = p.move(i, 2)
    return last


def scaled(values, n):
    s = 0
    for i in range(n):
        s += values[i] * SCALE
    return s


def truth(values):
    found = []
    for v in values:
        if v:
            found.append(1)
        elif not v:
            found.append(0)
    return found


def slices(n, k):
    n = n + 0
    perm = list(range(n))
    seen = []
    for i in range(k):
        perm[: i + 1] = reversed(perm[: i + 1])
        seen.append(tuple(perm))
        if i > 3:
            del perm[0]
    return seen, range(n), str(n)


def steps_of(items, n):
    found = []
    for i in range(n):
        found.append(items[i:])
        found.append(items[:i])
        found.append(items[i::-1])
        found.append(items[::2])
        found.append(items[-i:n])
        if i > 2:
            items[:i] = items[i - 1 :: -1]
            items[i - 2 : i] = found[-1]
    return found, items


def values_of(items, other):
    found = []
    for item in items:
        found.append(item and other)
        found.append(item or other)
        found.append((item and other) or item)
        if item and (other or not item):
            found.append(item)
    return found


class Truth:
    def __init__(self, value, log):
        self.value, self.log = value, log

    def __bool__(self):
        self.log.append(self.value)
        return self.value

    def __repr__(self):
        return f"Truth({self.value}, {self.log})"


def root(n):
    total = 0.0
    for i in range(n):
        total += math.sqrt(i) + math.floor(i * 0.3)
    return total


def test_arithmetic_on_ints():
    values = [3, -7, 2**31, -(2**62), 2**63 - 1, 2**70, 0, True, 1.5]
    agrees(numbers, (7, 3), *[(a, b) for a in values for b in values])


def test_arithmetic_on_floats():
    values = [0.5, -2.25, 1e308, 1e-320, math.inf, math.nan, -0.0, 0.0, 3, 2**60]
    agrees(floats, (7.5, 3.25), *[(a, b) for a in values for b in values])


def test_shifts():
    agrees(shifts, (7, 3), *[(a, b) for a in (1, -1, 5, 2**40, -(2**62)) for b in (0, 1, 22, 62, 63, 64, 200, -1)])


def keyed(a, b=2, c=3.5):
    return a * 100 + b * 10 + c


def only_placed(a, b=2, /, c=3):
    return a * 100 + b * 10 + c


class Keyed:
    def __init__(self, base):
        self.base = base

    def __repr__(self):
        return f"Keyed({self.base!r})"

    def scaled(self, by=2, plus=0):
        return self.base * by + plus


def keyed_calls(thing, n):
    total = 0
    for k in range(n):
        total += keyed(k, c=1) + keyed(c=2, a=k) + keyed(b=k, a=1, c=k) + only_placed(k, c=k)
        total += thing.scaled(plus=k) + thing.scaled(3, plus=1) + thing.scaled(plus=1, by=k)
    return total


def test_calls_with_names_are_direct():
    made = compiled(keyed_calls, Keyed(2), 5)
    for base in (2, 2.5, "x", 2**62):
        assert outcome(lambda *a: call(made, *a), Keyed(base), 5) == outcome(keyed_calls, Keyed(base), 5)
    assert {code.co_name for code in made.inside} == {"keyed_calls", "keyed", "only_placed", "scaled"}


def test_calls_with_names_that_do_not_fit_raise_as_they_do():
    def wrong(how, n):
        total = 0
        for k in range(n):
            if how == 1:
                total += keyed(k, a=k)
            elif how == 2:
                total += keyed(k, d=k)
            elif how == 3:
                total += keyed(b=k)
            elif how == 4:
                total += only_placed(a=k)
            else:
                total += keyed(k, c=k)
        return total

    for _ in range(30):
        wrong(0, 5)
    agrees(wrong, (0, 5), *[(how, 3) for how in range(5)])


def test_the_interpreter_s_calls_with_names_are_taken():
    made = compiled(keyed, 1, 2, 3)
    ways = [((1,), {"c": 5}), ((), {"b": 1, "a": 2}), ((1, 2), {"c": 7}), ((), {"c": 1, "b": 2, "a": 3}), ((1,), {"b": 2.5})]
    for positional, named in ways:
        assert call_named(made, positional, named) == keyed(*positional, **named)
    before = made.missed()
    for positional, named in [((1,), {"a": 2}), ((), {"b": 1}), ((1,), {"d": 2}), ((1, 2, 3), {"c": 1}), ((1, 2, 3, 4), {"c": 1})]:
        assert outcome(lambda: call_named(made, positional, named))[:3] == outcome(lambda: keyed(*positional, **named))[:3]
    assert made.missed() == before + 5 or before == 0
    made = compiled(only_placed, 1, 2, 3)
    assert call_named(made, (1,), {"c": 5}) == only_placed(1, c=5)
    assert outcome(lambda: call_named(made, (), {"a": 5}))[:3] == outcome(lambda: only_placed(a=5))[:3]
    old = keyed.__defaults__
    made = compiled(keyed, 1, 2, 3)
    try:
        keyed.__defaults__ = (50, 60)
        assert call_named(made, (1,), {"c": 5}) == 605
        keyed.__defaults__ = (70,)
        assert outcome(lambda: call_named(made, (1,), {"b": 5}))[:2] == outcome(lambda: keyed(1, b=5))[:2]
        assert outcome(lambda: call_named(made, (1,), {"c": 5}))[:3] == outcome(lambda: keyed(1, c=5))[:3]
        keyed.__defaults__ = None
        assert outcome(lambda: call_named(made, (1,), {"c": 5}))[:3] == outcome(lambda: keyed(1, c=5))[:3]
    finally:
        keyed.__defaults__ = old


def test_defaults_are_those_of_the_moment():
    agrees(with_default, (3, 4, 1.0), (3,), (3, 4), (2**63, 2), ("x", 2))
    made = agrees(calls_default, (9,), (20,))
    old = with_default.__defaults__
    try:
        with_default.__defaults__ = (5, 1.25)
        assert outcome(lambda n: call(made, n), 9) == outcome(calls_default, 9)
    finally:
        with_default.__defaults__ = old


def test_a_closure_reads_its_cells_as_they_are():
    def outer():
        k = 3

        def inner(n):
            total = 0
            for i in range(n):
                total += i * k
            return total

        def change(value):
            nonlocal k
            k = value

        return inner, change

    inner, change = outer()
    made = compiled(inner, 9)
    for value in (3, 4, 2**70, 0.5, "x"):
        change(value)
        assert outcome(lambda n: call(made, n), 9) == outcome(inner, 9)


@pytest.mark.parametrize(
    ("function", "warm", "others"),
    [
        (unpack, ([(1, 2), (3, 4)],), [([(1, 2), (3,)],), ([(1, 2.5)],), ([[1, 2]],), ([],)]),
        (words, (["ada", "abc", "x"], 2), [(["ada", 5], 2), (["a" * 9], 0.5)]),
        (table, ({}, ["a", "b", "a"]), [({}, [1, 2]), ({"a": "x"}, ["a"]), ({}, [[]])]),
        (truth, ([0, 1, "", "x", None, True, [], [0], 0.0, 2.5],), [([{}, {1: 2}, (), Point(1, 2)],)]),
        (slices, (6, 4), [(0, 3), (9, 9), ("x", 2), (3, 9)]),
        (steps_of, ([1, 2, 3, 4, 5, 6], 5), [([1.5, "a"], 9), ("text", 2), ("text", 4), (bytearray(b"abcdef"), 5), ((1, 2), 3), ([], 0), ({1: 2}, 1), ([1, 2, 3], 2.5)]),
        (values_of, ([0, 1, "", "x", None], 5), [([[], [0], 2.5, 0.0], ""), ([Truth(False, []), Truth(True, [])], None), ([], 1), ([2**70, float("nan")], 0)]),
        (root, (12,), [(0,), (300,)]),
        (scaled, ([1, 2, 3], 3), [([1, 2], 3), ([1.5, 2, "a"], 3), (range(4), 3)]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_covered(function, warm, others):
    agrees(function, warm, *others)


def test_an_inlined_comprehension():
    if comprehension.__code__.co_cellvars:
        pytest.skip("a comprehension is a function of its own on this host, and its outer variables are cells")
    agrees(comprehension, ([1, 5, 9], 4), ([1.5, 5], 4), ([], 0), ([1, "x"], 2), ((7, 8), 1))


def test_instances_are_read_and_written():
    def state(function):
        points = [Point(1, 2), Point(0.5, 3)]
        return function(points, 5), [(p.x, p.y, p.moves) for p in points]

    for _ in range(30):
        steps([Point(1, 2), Point(3, 4)], 3)
    made = compiled(steps, [Point(1, 2)], 3)
    assert state(lambda *a: call(made, *a)) == state(steps)


class Wide:
    """Its instances have too many attributes to share their names."""

    kind = "wide"

    def __init__(self, start):
        for number in range(40):
            setattr(self, f"a{number}", start + number)
        self.count = 0
        self.next = None

    def __repr__(self):
        return type(self).__name__

    def get(self):
        return self.a3 + self.a39

    def step(self, by):
        self.count += by
        self.a7 = self.a7 + self.get()
        return self.count


def _thousand():
    return 1000


def wide_steps(things, n):
    total = 0
    for k in range(n):
        for thing in things:
            total += thing.step(k) + thing.a1
            if thing.kind:
                thing.next = thing.a2
    return total


def test_attributes_in_a_dict_of_the_instance_s_own_are_read_and_written():
    def state(function, things, n=5):
        return outcome(function, things, n), [{k: repr(v) for k, v in vars(t).items()} for t in things]

    for _ in range(30):
        wide_steps([Wide(1), Wide(2)], 3)
    made = compile_function(Request(wide_steps), ("ir",))
    assert not isinstance(made, Declined)
    assert "dict_value" in made.texts["ir"] and "instance_dict" in made.texts["ir"]
    _FUNCTIONS[made.entry] = wide_steps
    native = lambda *a: call(made, *a)  # noqa: E731
    assert state(native, [Wide(1), Wide(2)]) == state(wide_steps, [Wide(1), Wide(2)])
    assert sum(e.count() for e in made.exits) == 0

    def odd(how):
        thing = Wide(1.5)
        how(thing)
        return [Wide(2), thing, Wide(3)]

    def reorder(thing):
        names = dict(reversed(vars(thing).items()))
        vars(thing).clear()
        vars(thing).update(names)

    ways = {
        "shadowed method": lambda t: setattr(t, "get", _thousand),
        "shadowed class attribute": lambda t: setattr(t, "kind", ""),
        "missing": lambda t: delattr(t, "a39"),
        "missing when set": lambda t: delattr(t, "next"),
        "other order": reorder,
        "odd keys": lambda t: vars(t).update({1: 2}),
        "another dict": lambda t: setattr(t, "__dict__", dict(vars(t))),
        "no dict": lambda t: t.__dict__.clear(),
        "big": lambda t: setattr(t, "a7", 2**62),
    }
    for name, how in ways.items():
        assert state(native, odd(how)) == state(wide_steps, odd(how)), name
    few = Wide.__new__(Wide)
    few.a1 = few.a2 = few.a3 = few.a7 = few.a39 = 1
    few.count = 0
    first = state(native, [few], 3)
    few.count, few.a7 = 0, 0
    assert first[0][0] == state(wide_steps, [few], 3)[0][0] == "returned"


def test_an_old_attribute_s_finaliser_sees_the_new_one():
    class Holder(Wide):
        pass

    seen = []

    class Value:
        def __init__(self, holder, number):
            self.holder, self.number = holder, number

        def __del__(self):
            seen.append((self.number, getattr(self.holder.value, "number", None)))

    def run(holder, n):
        for number in range(n):
            holder.value = Value(holder, number)
        return len(seen)

    for _ in range(30):
        run(Holder(1), 2)
    made = compiled(run, Holder(1), 2)
    seen.clear()
    holder = Holder(1)
    call(made, holder, 4)
    native = list(seen)
    seen.clear()
    run(Holder(1), 4)
    assert native == seen[-len(native) :] == [(0, 1), (1, 2), (2, 3)]
    holder.value = None


def test_slots_are_read_and_written():
    def build():
        node = None
        for value in (1, 2, 3, 2**62):
            node = Slotted(value, node)
        return node

    made = compiled(chain, build())
    assert call(made, build()) == chain(build()) == 6 + 2**62


def test_a_changed_global_is_seen():
    global SCALE
    made = compiled(scaled, [1, 2, 3], 3)
    try:
        for SCALE in (3, 5, 0.5, "a", 3):  # noqa: B007
            assert outcome(lambda *a: call(made, *a), [1, 2, 3], 3) == outcome(scaled, [1, 2, 3], 3)
    finally:
        SCALE = 3


def test_a_changed_class_is_seen():
    class Thing:
        def __init__(self):
            self.x = 1

        def get(self):
            return self.x

    def run(things):
        total = 0
        for t in things:
            total += t.get()
        return total

    things = [Thing(), Thing()]
    made = compiled(run, things)
    old = Thing.get
    assert call(made, things) == 2
    Thing.get = lambda self: 10
    assert call(made, things) == 20
    Thing.get = old
    things[1].get = lambda: 7
    assert call(made, things) == 8

    class Other:
        x = 5

        def get(self):
            return 100

    things[0].__class__ = Other
    assert call(made, things) == 107


def test_a_changed_code_is_seen():
    def callee(a):
        return a + 1

    def other(a):
        return a * 10

    def run(n):
        total = 0
        for i in range(n):
            total += callee_(i)
        return total

    globals()["callee_"] = callee
    made = compiled(run, 5)
    assert call(made, 5) == 15
    callee.__code__ = other.__code__
    assert call(made, 5) == 100
    globals()["callee_"] = lambda a: 0
    assert call(made, 5) == 0


@pytest.mark.parametrize(
    "source",
    ["def f(n):\n    yield n", "def f(*a):\n    return a", "def f(*, a):\n    return a"],
)
def test_what_is_not_covered_is_declined_with_a_reason(source):
    scope = {}
    exec(source, scope)
    made = compile_function(Request(scope["f"]))
    assert isinstance(made, Declined)
    assert made.reason.isupper()


def test_code_keeps_no_function_alive():
    import gc
    import weakref

    def f(n):
        s = 0
        for i in range(n):
            s += i
        return s

    from tests.jit import native

    watch = weakref.ref(f)
    made = compiled(f, 9)
    native._FUNCTIONS.pop(made.entry)
    del f
    gc.collect()
    assert watch() is None


def test_a_function_that_leaves_before_its_loops_is_declined():
    def f(n):
        import bisect

        total = bisect.bisect([], 1)
        for v in range(n):
            total += v
        return total

    for _ in range(60):
        f(9)
    made = compile_function(Request(f))
    assert isinstance(made, Declined)
    assert made.reason == "LEAVES_FIRST"
    assert made.detail == str(f.__code__.co_firstlineno + 1)


class Listed(list):
    pass


class Counted(list):
    def __len__(self):
        return 77


class Walked(list):
    def __iter__(self):
        return iter("xy")


class Tupled(tuple):
    pass


class Alone:
    def __len__(self):
        return 5

    def __iter__(self):
        yield 1
        yield 2


def length(values):
    return len(values) + 1


def walk(values):
    out = []
    for value in values:
        out.append(value)
    return out


@pytest.mark.parametrize("function", [length, walk])
@pytest.mark.parametrize("first", [list, Listed, Tupled])
def test_subclasses_of_list_and_tuple_count_and_iterate_as_these_unless_they_say_otherwise(function, first):
    made = compiled(function, first([1, 2]))
    others = [Listed([1, 2, 3]), Counted([1]), Walked([4, 5]), Tupled((1, 2)), Alone(), (3,), "abc", {1: 2}, b"ab", range(3)]
    for values in (others + [3, None]) * 2:
        assert outcome(lambda values=values: call(made, values)) == outcome(lambda values=values: function(values)), values
    again = compile_function(Request(function)) if made.review(often=1) == "recompile" else made
    from tests.jit import native

    native._FUNCTIONS[again.entry] = function
    for values in (others + [3, None]) * 2:
        assert outcome(lambda values=values: call(again, values)) == outcome(lambda values=values: function(values)), values
