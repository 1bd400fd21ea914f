"""What a copy of the process compiles fits this one, and nothing is believed for its address alone."""

import os
import subprocess
import sys
import time
import types

import pytest

from tests.jit.native import _FUNCTIONS, call, outcome  # skips where the jit cannot be

from morrow.host import copies
from morrow.jit import aside, install, parcel
from morrow.jit.history import history_of
from morrow.jit.made import Compiled, Declined, Request
from tests.jit.test_runtime import run

pytestmark = pytest.mark.skipif(bool(copies.find_reason_against()), reason=copies.find_reason_against() or "copies can be made")
assert not aside.prepare() or copies.find_reason_against()


def begun(function, *warm, **options):
    for _ in range(60):
        function(*warm)
    until = time.monotonic() + 30
    while True:
        work = aside.begin(Request(function, **options), [])
        if work is not None:
            return work
        assert time.monotonic() < until


def finished(work):
    until = time.monotonic() + 60
    while (made := work.finish()) is None:
        assert time.monotonic() < until
        time.sleep(0.005)
    return made


def compiled(function, *warm, **options):
    made = finished(begun(function, *warm, **options))
    assert isinstance(made, Compiled), made
    _FUNCTIONS[made.entry] = function
    return made


class Point:
    scale = 2.5
    unit = "mm"

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return self.x * self.x + self.y * self.y * self.scale


class Farther(Point):
    def norm(self):
        return super().norm() + 1


def _twice(value):
    return value + value


TABLE = {"a": 1, "b": 2}


def numbers(n):
    total = 0
    for k in range(n):
        total += k * k % 7
    return total


def floats(n):
    x = 1.5
    for k in range(n):
        x = x * 1.0000001 + 0.125
    return x


def objects(points):
    total = 0.0
    for p in points:
        total += p.norm()
    return total


def calls(n):
    total = 0
    for k in range(n):
        total += _twice(k)
    return total


def texts(names):
    out = []
    for name in names:
        out.append(name + "-" + Point.unit)
    return ",".join(out)


def dicts(n):
    total = 0
    for k in range(n):
        total += TABLE["a"] + len(TABLE)
    return total


def tuples(n):
    last = None
    for k in range(n):
        a, b = (1, 2.5)
        last = (a, b, k)
    return last


def builtins(items):
    total = 0
    for item in items:
        if isinstance(item, int) and item is not None:
            total += abs(item)
    return total


@pytest.mark.parametrize(
    "function, arguments",
    [
        (numbers, (500,)),
        (floats, (500,)),
        (objects, ([Point(1.0, 2.0), Point(3.0, 4.0)] * 20,)),
        (objects, ([Point(1.0, 2.0), Farther(3.0, 4.0)] * 20,)),
        (calls, (500,)),
        (texts, (["ab", "cd"] * 10,)),
        (dicts, (100,)),
        (tuples, (100,)),
        (builtins, ([1, -2, 3] * 30,)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_code_made_in_a_copy_gives_what_the_interpreter_gives(function, arguments):
    expected = outcome(function, *arguments)
    made = compiled(function, *arguments)
    assert outcome(lambda *a: call(made, *a), *arguments) == expected


def test_a_class_that_changes_meanwhile_is_noticed():
    class Thing:
        def value(self):
            return 1

    def total(things):
        sum = 0
        for thing in things:
            sum += thing.value()
        return sum

    things = [Thing() for _ in range(30)]
    work = begun(total, things)
    Thing.value = lambda self: 100
    made = finished(work)
    if isinstance(made, Compiled):
        _FUNCTIONS[made.entry] = total
        assert call(made, things) == 3000


def test_a_class_that_gets_its_version_only_in_the_copy_is_not_taken_for_known():
    class Thing:
        def value(self):
            return 1

    def total(things):
        sum = 0
        for thing in things:
            sum += thing.value()
        return sum

    things = [Thing() for _ in range(30)]
    for _ in range(60):
        total(things)
    Thing.other = 1  # takes its version away
    work = begun(total, things[:0])
    Thing.value = lambda self: 100
    for name in range(5):  # others get the next versions, and then this class gets one again
        getattr(type(f"C{name}", (), {}), "x", None)
    getattr(Thing, "value", None)
    made = finished(work)
    if isinstance(made, Compiled):
        _FUNCTIONS[made.entry] = total
        assert call(made, things) == 3000


def test_code_that_is_gone_is_noticed(monkeypatch):
    module = types.ModuleType("soon_gone")
    monkeypatch.setitem(sys.modules, "soon_gone", module)
    scope = vars(module)
    exec("def inner(x):\n    return x + 1.5\ndef outer(n):\n    total = 0.0\n    for k in range(n):\n        total += inner(k)\n    return total\n", scope)
    work = begun(scope["outer"], 50)
    del scope["inner"]
    made = finished(work)
    assert isinstance(made, Declined)
    assert (made.reason, made.detail) == ("ASSUMPTION_CHANGED", "inner")


def test_what_has_no_name_is_compiled_here():
    odd = object()
    work = begun(numbers, 50)
    finished(work)
    with pytest.raises(parcel.Unnamed):
        parcel._name_all((odd,), [numbers.__code__])


def test_every_kind_of_name_is_found_again_and_only_at_its_address():
    code = numbers.__code__
    classes = {id(cls): cls for cls in parcel.all_classes()}
    things = (code, code.co_consts[-1], code.co_names[0], sys, vars(sys), len, dict, dict.get, 123456789.5, "interned-" + "x")
    things = (*things[:-1], sys.intern(things[-1]))
    names = parcel._name_all(things, [code])
    for thing, (address, kind, *where) in zip(things, names, strict=True):
        found = parcel._find(address, kind, where, [code], classes)
        assert found is not None and found[0] == thing
        if kind not in ("value", "interned"):
            assert found[0] is thing
            assert parcel._find(address + 16, kind, where, [code], {}) is None


class Wrapped:
    @staticmethod
    def still(x):
        return x + 1

    @classmethod
    def owned(cls, x):
        return x + 2

    @property
    def shown(self):
        return 3


def doubled(function):
    def wrapper(x):
        return 2 * function(x)

    return wrapper


@doubled
def decorated(x):
    return x + 4


def test_functions_are_found_by_where_they_are():
    inner = decorated.__closure__[0].cell_contents
    functions = [numbers, Point.norm, Wrapped.still, Wrapped.__dict__["owned"].__func__, Wrapped.shown.fget, decorated, inner]
    codes = [function.__code__ for function in functions]
    names = parcel._name_functions(codes)
    described = [(id(code), *parcel._describe(code), name) for code, name in zip(codes, names, strict=True)]
    assert parcel._find_codes(described, []) == codes
    install.install(numbers, install.STOCK)
    try:
        assert parcel._find_codes(described, []) == codes
    finally:
        install.remove(numbers)
    moved = [(address + 16, *rest) for address, *rest in described]
    assert parcel._find_codes(moved, []) == [None] * len(codes)
    hidden = (lambda: 5).__code__
    assert parcel._name_functions([hidden]) == [None]
    assert parcel._find_codes([(id(hidden), *parcel._describe(hidden), None)], [hidden]) == [hidden]


def test_a_callee_that_nobody_can_name_is_compiled_here():
    def local(x):
        return x * 2

    def total(n):
        sum = 0
        for k in range(n):
            sum += local(k)
        return sum

    made = finished(begun(total, 50))
    assert isinstance(made, aside.Again | Compiled)
    if isinstance(made, aside.Again):
        assert made.module == ""


def test_classes_met_in_the_copy_are_remembered_here():
    def total(points):
        sum = 0.0
        for point in points:
            sum += point.norm()
        return sum

    compiled(total, [Point(1.0, 2.0)] * 30, copies=lambda code: [code._co_code_adaptive])
    met = [reference() for references in history_of(total.__code__).met.values() for reference in references]
    assert met == [Point]


def test_a_program_that_ends_while_a_copy_works_leaves_none():
    out = run("""
        from morrow.host import copies
        import os
        made = []
        start = copies.start
        def slow(work):
            copy = start(lambda: time.sleep(60) or b"")
            made.append(copy)
            return copy
        copies.start = slow
        until = time.monotonic() + 40
        while not any(made) and time.monotonic() < until:
            work(3000)
        print(made[-1].pid)
        """)
    pid = int(out)
    until = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < until:
        time.sleep(0.01)
    assert not os.path.exists(f"/proc/{pid}")


def test_a_child_of_the_program_lets_the_copy_be():
    out = run("""
        import os
        until = time.monotonic() + 40
        while time.monotonic() < until and (morrow.jit._worker is None or morrow.jit._worker._making is None) and not (morrow.jit._worker and morrow.jit._worker.decisions and any(d.functions for d in morrow.jit._worker.decisions.values())):
            work(3000)
        pid = os.fork()
        if not pid:
            assert morrow.jit._worker._making is None
            work(3000)
            os._exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), loop(40), work(3000) > 0)
        """)
    assert out == "7 True True\n"


def test_it_can_be_switched_off():
    done = subprocess.run(
        [sys.executable, "-m", "morrow", "-X", "jit=on", "-X", "aside=0", "-X", "debug=jit:1", "-c", "n = 0\nwhile n < 40_000_000 and 'compiles' not in globals():\n    n += 1\n"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "compiles in this process: it is not wanted" in done.stderr


def plus(x, y=3, z=0.5):
    return x * y + z


def sum_of_defaults(n):
    total = 0.0
    for k in range(n):
        total += plus(k)
    return total


class Scaled:
    def scale(self, x, factor=4):
        return x * factor


def scaled(thing, n):
    total = 0
    for k in range(n):
        total += thing.scale(k)
    return total


def test_calls_that_leave_arguments_to_their_defaults():
    made = compiled(sum_of_defaults, 10)
    assert outcome(call, made, 10) == outcome(sum_of_defaults, 10)
    made = compiled(scaled, Scaled(), 10)
    assert outcome(call, made, Scaled(), 10) == outcome(scaled, Scaled(), 10)
    plus.__defaults__ = (5, 0.25)  # another tuple: machine code looks
    try:
        assert outcome(call, compiled(sum_of_defaults, 10), 4) == outcome(sum_of_defaults, 4)
    finally:
        plus.__defaults__ = (3, 0.5)
