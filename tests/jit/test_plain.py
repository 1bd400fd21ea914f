"""Operations that run no Python code are told apart from those that may, and are made without a frame."""

from __future__ import annotations

import array
import collections
import copy
import ctypes
import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType

import pytest

from morrow.jit import plain
from morrow.jit.compile import compile_function
from morrow.jit.made import Declined, Request
from tests.jit.native import _FUNCTIONS as native_functions
from tests.jit.native import agrees, call, compiled, outcome  # skips the file where there is no jit


class Meta(type):
    pass


class Bare:
    def method(self):
        pass

    number = 1
    made = property(lambda self: 1)
    fixed = staticmethod(len)
    ours = classmethod(lambda cls: 1)


class Slotted:
    __slots__ = ("x",)


class Keyed:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1


class Asks:
    def __getattr__(self, name):
        return 1


class SubList(list):
    def __iter__(self):
        return iter(())


class SubDict(dict):
    def __missing__(self, key):
        return 1


class SubInt(int):
    def __add__(self, other):
        return 1


class Lied:
    __class__ = int  # type: ignore[assignment]


class WithMeta(metaclass=Meta):
    pass


def _generator():
    yield 1


bare = Bare()
OBJECTS: list[object] = [
    0, 2**70, 1.5, 1j, True, None, "a", "\u1234", b"b", bytearray(b"c"), range(3), memoryview(b"abc"), slice(1, 2), slice(1, bare), [1, 2], [bare], [Keyed()],
    [1] * 40, (1, "a"), (1, (2, None)), (Keyed(),), (bare, 1), {"a": 1}, {1, 2}, frozenset({1}), array.array("d", [1.0]), collections.deque([1]),
    collections.OrderedDict(a=1), collections.defaultdict(list, {"a": 1}), bare, Slotted(), Keyed(), Asks(), SubList([1]), SubDict(), SubInt(1), Lied(), Bare, Keyed, Meta,
    WithMeta, int, len, len.__call__, re.compile("a"), object(), lambda: 1, bare.method, Bare.method, iter([]), iter(()), iter({}), iter({}.items()), iter("a"), iter(range(3)),
    iter(collections.deque()), iter(array.array("b")), iter(collections.OrderedDict()), enumerate([1]), enumerate(_generator()), zip([1], "a"), zip(_generator(), [1]), _generator(),
    map(str, [1]), itertools.count(), {}.keys(), {}.items(), NotImplemented, ...,
]  # fmt: skip
NAMES = ["method", "number", "made", "fixed", "ours", "missing", "x", "__class__", "__dict__", "append", "real", "__name__", "mro"]


def native(test: str) -> Callable[..., bool]:
    """Return the test as machine code runs it."""
    from morrow.jit import natives

    plain.learn(natives.runtime())
    address = natives.runtime()[f"morrow_plain_{test}"]
    if test == "call":

        def call(callee: object, *arguments: object) -> bool:
            function = ctypes.PYFUNCTYPE(ctypes.c_bool, ctypes.py_object, ctypes.c_void_p, ctypes.c_size_t)(address)
            given = (ctypes.py_object * max(1, len(arguments)))(*arguments)
            return function(callee, ctypes.addressof(given), len(arguments))

        return call
    return ctypes.PYFUNCTYPE(ctypes.c_bool, *[ctypes.py_object] * plain.ARITY[test])(address)


def operands(test: str) -> list[tuple[object, ...]]:
    if test == "attribute":
        return [(o, name) for o in OBJECTS for name in NAMES]
    if test == "set_attribute":
        return [(o, name, 1) for o in OBJECTS for name in NAMES]
    few = OBJECTS[:: 2 if plain.ARITY[test] > 2 else 1]
    if plain.ARITY[test] == 4:
        return [(a, b, c, d) for a in OBJECTS for b in (1, None, bare) for c in (2, Keyed()) for d in OBJECTS]
    return list(itertools.product(*[few] * plain.ARITY[test]))


@pytest.mark.parametrize("test", [t for t in plain.TESTS if t != "call"])
def test_machine_code_and_python_agree_on_what_is_plain(test):
    there = native(test)
    answers = [plain.holds(test, *given) for given in operands(test)]
    for number, given in enumerate(operands(test)):
        assert there(*given) is answers[number], f"{test} {given!r}"
    assert set(answers) == {True, False}


CALLEES: list[object] = [
    len, hash, repr, isinstance, issubclass, getattr, hasattr, next, iter, min, sorted, print, id, type, int, list, dict, enumerate, zip, str, object, Bare,
    list.append, list.pop, list.insert, list.sort, list.extend, dict.get, dict.update, set.add, set.union, str.join, str.upper, array.array.append, array.array.extend,
    collections.deque.append, collections.deque.extend, collections.OrderedDict.move_to_end, re.Pattern.match, re.Pattern.sub, [].append, {}.get, SubList().append, "".join,
    SubDict().copy, collections.deque().popleft, bare.method, Bare.method, dict.fromkeys, bytearray.extend,
]  # fmt: skip


@pytest.mark.parametrize("callee", CALLEES, ids=repr)
def test_machine_code_and_python_agree_on_what_may_be_called(callee):
    there = native("call")
    for count in range(4):
        for given in itertools.product(OBJECTS if count == 1 else OBJECTS[::4] if count == 2 else OBJECTS[::9], repeat=count):
            assert there(callee, *given) is plain.holds("call", callee, *given), f"{callee!r} {given!r}"


def test_what_is_sure_for_classes_holds_for_objects():
    for test in plain.TESTS:
        if test in ("call", "set_attribute"):
            continue
        for given in operands(test)[::7]:
            classes = [type(o) for o in given]
            if plain.surely(test, classes):
                assert plain.holds(test, *given), f"{test} {given!r}"
            if plain.never(test, classes):
                assert not plain.holds(test, *given) or test == "iter", f"{test} {given!r}"


def test_what_surely_may_be_called_may_be_called():
    for callee in CALLEES:
        for count in range(3):
            for given in itertools.product(OBJECTS[::2], repeat=count):
                if plain.surely_called(callee, [type(o) for o in given]):
                    assert plain.holds("call", callee, *given), f"{callee!r} {given!r}"


def test_a_module_of_the_program_s_own_is_not_believed():
    class Impostor:
        array = list

    before = dict(plain._classes)
    plain._array(Impostor)
    assert plain._classes == before


def test_what_is_imported_later_is_learnt_when_the_next_code_is_loaded():
    program = """
from tests.jit.native import compiled, call
import array, sys
del sys.modules["array"]  # as if nobody had
from morrow.jit import plain
def item(container, key):
    return container[key]
compiled(item, [1], 0)
assert not plain.bits_of(array.array)
sys.modules["array"] = array
plain.bits_of(array.array)  # lifting asks first, loading tells the machine code
made = compiled(item, array.array("d", [1.5]), 0)
assert call(made, array.array("d", [2.5]), 0) == 2.5
assert sum(point.count() for point in made.exits) == 0, [str(point) for point in made.exits]
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def lifted(function: Callable[..., object], *warm: object) -> str:
    """Return the text of a function's IR, once the host has specialised it."""
    for _ in range(60):
        function(*copy.deepcopy(warm))
    made = compile_function(Request(function), ("ir",))
    assert not isinstance(made, Declined), str(made)
    return made.texts["ir"]


def item(container, key):
    return container[key]


def put(container, key, value):
    container[key] = value
    return container


def turn(queue):
    queue.append(queue.popleft())
    return queue


def product(a, b):
    return a * b + 1, (a * b) % 97, a - b


def total(items):
    s = 0
    for x in items:
        s = s + x
    return s


def count(things, wanted):
    n = 0
    for thing in things:
        if thing in wanted:
            n += 1
    return n, len(wanted)


def test_an_item_of_whatever_it_is_needs_no_frame_unless_python_code_runs():
    assert " show " not in lifted(item, array.array("d", [1.5, 2.5]), 1)
    others = [(array.array("d", [1.5]), 5), (collections.deque([1]), 0), (b"abc", -1), ({"a": 1}, "a"), ({}, "a"), (3, 1), (collections.OrderedDict(a=1), "a"), ("abc", slice(1, None))]
    agrees(item, (array.array("d", [1.5, 2.5]), 1), *others)


def test_an_item_is_set_without_a_frame():
    assert " show " not in lifted(put, array.array("d", [1.5, 2.5]), 1, 3.5)
    agrees(put, (array.array("d", [1.5]), 0, 2.5), (array.array("d", [1.5]), 0, "x"), (bytearray(b"a"), 0, 300), ({}, (1, 2), 3), (collections.deque([1]), 4, 2), ((1,), 0, 1))


@pytest.mark.parametrize("things", [[1, 2], (1, 2), "ab", b"ab", bytearray(b"ab"), array.array("b", b"ab"), collections.deque([1, 2]), range(2), range(2**70), memoryview(bytearray(b"ab")), {-3: 1}], ids=repr)
def test_numbers_of_items_count_from_both_ends(things):
    def get(s, i, j):
        return s[i - j]

    def put(s, i, j):
        s[i - j] = 7
        return bytes(s) if isinstance(s, memoryview) else s

    for function in (get, put):
        function = FunctionType(function.__code__.replace(), {"__builtins__": __builtins__, "memoryview": memoryview})
        made = compiled(function, [1, 2], 1, 0, arguments=(None, int, int))
        for i in range(-6, 6):
            one, other = (copy.deepcopy(things) if type(things) is not memoryview else memoryview(bytearray(b"ab")) for _ in (1, 2))
            assert outcome(lambda *a: call(made, *a), one, i, 0)[:3] == outcome(function, other, i, 0)[:3], f"{things!r} {i}"


def test_a_method_of_a_builtin_class_is_its_c_function():
    text = lifted(turn, collections.deque([1, 2, 3]))
    assert text.count("vectorcall <direct>") == 2 and "PyObject_GetAttr" not in text.split("meet")[0]
    agrees(turn, (collections.deque([1, 2, 3]),), (collections.deque(),), ([1],))


def test_ints_that_fit_no_machine_word_are_counted_with_by_c():
    big = 2**80, 3**50
    made = compiled(product, *big)
    for _ in range(5):
        assert call(made, *big) == product(*big)
        if made.review(1) != "recompile":
            break
        made = compiled(product, *big)
    before = sum(point.count() for point in made.exits)
    assert call(made, *big) == product(*big)
    assert sum(point.count() for point in made.exits) == before
    for other in ((1, 2), (2**70, -5), (True, 2**64), (1.5, 2**70)):
        assert outcome(lambda *a: call(made, *a), *other) == outcome(product, *other)


def test_iterators_made_in_c_are_stepped_without_a_frame():
    assert " show " not in lifted(total, collections.deque(range(5)))
    agrees(total, (collections.deque(range(5)),), (range(5),), ({1: 2},), ({1, 2},), ([2**70] * 3,), (5,), (array.array("i", [1, 2]),))


def test_membership_and_length():
    agrees(count, (["a", 1], {"a", "b"}), ([(1, 2)], {(1, 2): 3}), ([[]], {1}), ([1, 2.0], (1, 2)), (["b"], "abc"), ([3], range(5)), ([1], 5), ([None], [None, 1]))


def power(a, b):
    c = a
    c **= b
    return a**b, c


def asked(x, name):
    return isinstance(x, list), getattr(x, name, "none"), hasattr(x, "append"), callable(x), type(x) is int, issubclass(type(x), int)


def written(a, b):
    return "%s-%s" % (a, b), f"{a}|{b!r:>4}", ",".join([str(a), str(b)]), "{}{}".format(a, b)


def test_powers_are_compiled():
    agrees(power, (3, 4), (2.5, 2), (2, -1), (0, -1), ("a", 1), (2**70, 2), (True, False), (2j, 2))


def test_questions_about_objects_are_asked_directly():
    assert " show " not in lifted(asked, 5, "real")
    agrees(asked, (5, "real"), ([], "nothing"), (Bare, "number"), (Lied(), "real"), (5, "nothing"), (1.5, "made"))


def test_text_is_made_of_scalars_directly():
    agrees(written, ("a", 5), (2**70, None), (1.5, True), ((1, 2), [3]), (b"a", 2j))


class Looks:
    """Says who called it."""

    def __init__(self):
        self.seen = []

    def note(self):
        frame = sys._getframe(2)
        self.seen.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, sorted(frame.f_locals)))

    def __hash__(self):
        self.note()
        return 1000003

    def __eq__(self, other):
        self.note()
        return False

    def __index__(self):
        self.note()
        return 0

    def __getitem__(self, key):
        self.note()
        return 1

    def __deepcopy__(self, memo):
        return self


def fresh_item() -> Callable[..., object]:
    """Return `item` as a function of which nothing is remembered."""
    return FunctionType(item.__code__.replace(), {})


@pytest.mark.parametrize("container", [{"a": 1}, [1], collections.OrderedDict(a=1), collections.deque([1]), array.array("d", [1.0]), b"a", None], ids=repr)
def test_python_code_that_runs_all_the_same_sees_the_frame(container):
    item = fresh_item()

    def look(made, looks):
        given = (container, looks) if container is not None else (looks, 0)
        try:
            (lambda: call(made, *given))() if made else item(*given)
        except (KeyError, TypeError):
            pass
        return looks.seen

    expected = look(None, Looks())
    made = compiled(item, array.array("d", [1.5, 2.5]), 1)
    assert look(made, Looks()) == expected  # left to the interpreter
    for _ in range(50):
        look(made, Looks())
    assert made.review() == "recompile"
    made = compile_function(Request(item), ("ir",))
    assert "plain <item>" in made.texts["ir"] and " show " in made.texts["ir"]
    native_functions[made.entry] = item
    assert look(made, Looks()) == expected
    assert not [str(point) for point in made.exits if point.reason == "foreign" and point.count()]
    assert call(made, {"a": 5}, "a") == 5


def test_a_missing_key_of_a_defaultdict_calls_its_factory_under_the_frame():
    seen = []

    def factory():
        seen.append(sys._getframe(1).f_code.co_name)
        return 7

    made = compiled(fresh_item(), array.array("d", [1.5, 2.5]), 1)
    assert call(made, collections.defaultdict(factory, {1: 2}), 1) == 2
    assert seen == []
    assert call(made, collections.defaultdict(factory, {1: 2}), 5) == 7
    assert seen == ["item"]


def test_going_through_an_ordered_dict_hashes_its_keys_under_the_frame():
    def step(d):
        n = 0
        for k in d:
            n += 1
        return n

    looks = Looks()
    made = compiled(step, collections.OrderedDict(a=1))
    mapping = collections.OrderedDict([(looks, 1)])
    looks.seen.clear()
    assert call(made, mapping) == 1
    assert {name for name, _, _ in looks.seen} <= {"step"}


def test_attributes_of_functions_may_run_anything():
    """On 3.14 reading __annotations__ evaluates them; a staticmethod's attributes are those of what it wraps."""

    def function() -> None: ...

    function.own = 1
    assert not plain.holds("attribute", function, "__annotations__")
    # before 3.14 a staticmethod has copies in a dict of its own
    assert plain.holds("attribute", staticmethod(function), "__annotations__") == ("__annotations__" not in vars(staticmethod))
    assert plain.holds("attribute", function, "own")  # in its dict: no descriptor is asked
