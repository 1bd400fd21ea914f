"""Operations that run no Python code are told apart from those that may, and are made without a frame."""

from __future__ import annotations

import array
import collections
import ctypes
import itertools
import re
from collections.abc import Callable

import pytest

from tests.jit.native import compiled  # skips the file where there is no jit

from morrow.jit import natives, plain


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


def seen_frames(made) -> list[str]:
    return [line for line in made.texts["ir"].splitlines() if " show " in line]
