"""Which operations run no Python code, told by the exact classes of what they are given.

    array('d')[i] with an int i        C only: called directly, nobody needs to see a frame
    d[k] with a str k                  the same (a foreign key with an equal hash may have a Python ``__eq__``: accepted)
    x == y with a user's ``__eq__``    may run anything: made under a frame that is shown

One table says what is known of builtin classes (what their objects do by themselves) and of C functions (which arguments they
ask nothing of). Machine code reads it through the functions of `plain_text`; `holds` is the same in Python, for the evaluator and
the tests. Classes of modules the program has not imported are not looked for: `learn` adds them when code is loaded.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from types import (
    BuiltinFunctionType,
    FunctionType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)

from morrow.jit import install, layout
from morrow.jit.objects import offset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: what objects of a class do without Python code; a class of the table has `KNOWN` and some of the others
KNOWN = 1 << 0  # its attributes are found by C alone
SCALAR = 1 << 1  # hashed, compared, printed and counted with by C alone, whatever it holds
NUMBER = 1 << 2  # arithmetic with other numbers
INDEXED = 1 << 3  # gives and deletes items by numbers and slices
HOLDS = 1 << 4  # takes any object as an item
PACKED = 1 << 5  # takes scalars and buffers as items
MAPPING = 1 << 6  # items by plain keys
FACTORY = 1 << 7  # the same, except that a missing key calls something
MEMBERS = 1 << 8  # contains a plain key or not
VALUES = 1 << 9  # contains a scalar or not
ITERABLE = 1 << 10  # gives all its items by C alone
ITERATOR = 1 << 11  # finds its next item by C alone
SEQUENCE = 1 << 12  # + another, * a number
COMPARES = 1 << 13  # compared with others of these by C alone
WRAPS = 1 << 14  # an iterator over one iterator, its third word
WRAPS_MANY = 1 << 15  # over a tuple of them
STARTS = 1 << 17  # counts its items and makes an iterator by C alone, which then may not go on so: OrderedDict's hashes the keys
BINDS = 1 << 16  # as an attribute of a class: what comes out when it is asked for is C's business

TRUTHS = SCALAR | MEMBERS | SEQUENCE
"""Objects of such classes are true or false without Python code, and without an exception."""

#: arguments of C functions: which of them must be what
ANY, SCALARS, KEYS, ITERABLES, ITERATORS, ATTRIBUTE, CLASS, CLASSES, SIZED = range(9)
_PRESENT, _EXACT = 1, 1 << 13
_KIND, _COUNT, _MOST = 1, 5, 9  # where the three numbers of four bits begin

_TABLE_BITS = 11
SLOTS = 1 << _TABLE_BITS


def _rule(kind: int, count: int = 15, most: int = 15, exact: bool = True) -> int:
    """Encode: the first *count* arguments (without the object of a method) must be of a kind, there may be *most* of them,
    and the object of a method must be of a class of the table."""
    return _PRESENT | kind << _KIND | count << _COUNT | most << _MOST | (_EXACT if exact else 0)


_classes: dict[type, int] = {}
_rules: dict[int, int] = {}  # address of a PyMethodDef, or of a class -> rule
_alive: list[object] = []  # what has an address in the table must never die
_names: set[str] = set()
_waiting: dict[str, Callable[[Any], None]] = {}
_table: ctypes.Array[ctypes.c_uint64] | None = None
_entered: set[int] = set()
_told = 0, 0  # how many classes and rules there were when the table was filled


def bits_of(cls: type | None) -> int:
    """Return what is known of a class, 0 for nothing."""
    _look()
    return _classes.get(cls, 0) if cls is not None else 0


def rule_of(callee: object) -> int:
    """Return what is known of a C function, method descriptor or class as something to be called, 0 for nothing."""
    _look()
    return _rules.get(_place_of(callee), 0)


def _place_of(callee: object) -> int:
    if type(callee) is BuiltinFunctionType:
        return layout.word(id(callee) + offset("PyCFunctionObject.m_ml"))
    if type(callee) is MethodDescriptorType:
        return layout.word(id(callee) + offset("PyMethodDescrObject.d_method"))
    return id(callee) if type(callee) is type else 0


def names() -> set[str]:
    """Return the names of methods that run no Python code."""
    _look()
    return _names


def learn(runtime: Mapping[str, int]) -> None:
    """Put what is known into the table that machine code reads; cheap when there is nothing new."""
    global _table, _told
    _look()
    for cls in install.function_types():
        if cls not in _classes:
            # 3.11: functions with compiled code have a class of their own, which is never freed
            _classes[cls] = BINDS
    if (len(_classes), len(_rules)) == _told:
        return
    _told = len(_classes), len(_rules)
    if _table is None:
        _table = (ctypes.c_uint64 * (2 * SLOTS)).from_address(runtime["morrow_plain_table"])
    words: dict[int, int] = {}
    for cls, bits in _classes.items():
        words[id(cls)] = bits
    for place, rule in _rules.items():
        words[place] = words.get(place, 0) | rule << 32
    for address, word in words.items():
        if address not in _entered:
            _entered.add(address)
            _put(address, word)


def _put(address: int, word: int) -> None:
    assert _table is not None and len(_entered) < SLOTS // 2
    at = start_of(address)
    while _table[2 * at]:
        at = (at + 1) % SLOTS
    # the key last: a thread that looks meanwhile sees nothing or all of it
    _table[2 * at + 1] = word
    _table[2 * at] = address


def start_of(address: int) -> int:
    """Return where looking for an address begins (`plain_text` does the same)."""
    return ((address >> 4) ^ (address >> 14)) % SLOTS


# -- what is known ----------------------------------------------------------------------------------------------------------


def _look() -> None:
    """Take in what the program has imported since."""
    if not _classes:
        _builtins()
        _waiting.update({"array": _array, "_collections": _collections, "time": _time, "_random": _random, "re": _re})
    for name in [name for name in _waiting if name in sys.modules]:
        # another thread may be here, too
        learn_from = _waiting.pop(name, None)
        if learn_from is not None:
            learn_from(sys.modules[name])


def _know(cls: object, bits: int) -> None:
    """Add a class, if it is one made in C that nobody can change."""
    if isinstance(cls, type) and type(cls) is type and layout.flags(cls) & offset("Py_TPFLAGS_IMMUTABLETYPE"):
        _classes[cls] = bits | KNOWN
        _alive.append(cls)


def _own(module: Any, name: str, home: str) -> Any:
    """Return a class of a module of the standard library, None if this is somebody's module of that name."""
    cls = getattr(module, name, None)
    return cls if isinstance(cls, type) and (cls.__name__, cls.__module__) == (name, home) else None


def result_of(callee: object, sure: bool) -> type | None:
    """Return the exact class of what a callee made in C gives back, None if there is not only one.

    Args:
        sure: its arguments are of the classes that `surely_called` asks for.
    """
    _look()
    if isinstance(callee, type) and type(callee) is type:
        return callee if callee in _classes and callee is not type and callee is not reversed else None
    if type(callee) is MethodDescriptorType:
        return _METHOD_RESULTS.get((callee.__objclass__, callee.__name__)) if sure else None
    return next((cls for function, cls in _RESULTS if function is callee), None)


_RESULTS: tuple[tuple[object, type], ...] = (
    (len, int), (ord, int), (id, int), (hash, int), (chr, str), (repr, str), (isinstance, bool), (issubclass, bool), (hasattr, bool), (callable, bool),
)  # fmt: skip
_METHOD_RESULTS: dict[tuple[type, str], type] = {
    **{(str, name): str for name in "join upper lower strip lstrip rstrip replace format capitalize title center ljust rjust zfill".split()},
    **{(str, name): bool for name in "startswith endswith isdigit isalpha isalnum isspace isupper islower".split()},
    **{(str, name): int for name in ("find", "rfind", "index", "rindex", "count")},
    (str, "split"): list, (str, "rsplit"): list, (str, "splitlines"): list, (str, "encode"): bytes, (list, "copy"): list, (dict, "copy"): dict,
    (set, "copy"): set, (int, "bit_length"): int,
}  # fmt: skip


def _allow(owner: object, names: str, rule: int) -> None:
    """Add methods of a class, or functions of a module."""
    for name in names.split():
        found = vars(owner).get(name)
        # its own, and not what somebody has put there
        if type(found) is MethodDescriptorType and found.__objclass__ is owner or type(found) is BuiltinFunctionType and found.__self__ is owner:
            _rules[_place_of(found)] = rule
            _alive.append(found)
            _names.add(name)


def _call(cls: type, rule: int) -> None:
    """Add a class as something to be called."""
    _rules[id(cls)] = rule


def _builtins() -> None:
    number = SCALAR | NUMBER | COMPARES
    for cls in (int, float, complex, bool):
        _know(cls, number)
    _know(type(None), SCALAR | COMPARES)
    text = SCALAR | INDEXED | VALUES | ITERABLE | SEQUENCE | COMPARES
    _know(str, text)
    if not sys.flags.bytes_warning:
        # with -b comparing with str warns, which is Python code
        _know(bytes, text)
        _know(bytearray, INDEXED | PACKED | VALUES | ITERABLE | SEQUENCE | COMPARES)
    _know(range, INDEXED | VALUES | ITERABLE | COMPARES)
    _know(memoryview, INDEXED | VALUES | ITERABLE)
    _know(slice, 0)
    _know(list, INDEXED | HOLDS | ITERABLE | SEQUENCE)
    _know(tuple, INDEXED | ITERABLE | SEQUENCE)
    _know(dict, MAPPING | MEMBERS | ITERABLE)
    for cls in (set, frozenset):
        _know(cls, MEMBERS | ITERABLE)
    for view in ({}.keys(), {}.values(), {}.items()):
        _know(type(view), ITERABLE)
    things: tuple[Iterable[object], ...] = (
        [], (), {}, {}.keys(), {}.values(), {}.items(), set(), "", "\u1234", b"", bytearray(), range(0), range(2**70), memoryview(b""),
    )  # fmt: skip
    for thing in things:
        _know(type(iter(thing)), ITERATOR)
    for reversed_ in (reversed([]), reversed({}), reversed({}.values()), reversed({}.items()), reversed(range(2))):  # type: ignore[call-overload]
        _know(type(reversed_), ITERATOR)
    inner = iter([])
    if layout.word(id(enumerate(inner)) + 24) == id(inner):
        _know(enumerate, WRAPS)
    many = zip(inner, inner, strict=False)
    inside = layout.word(id(many) + 24)
    if inside and layout.word(inside + offset("PyObject.ob_type")) == id(tuple) and layout.word(inside + offset("PyTupleObject.ob_item")) == id(inner):
        _know(zip, WRAPS_MANY)
    for kind in (FunctionType, MethodDescriptorType, WrapperDescriptorType, MemberDescriptorType, BuiltinFunctionType, staticmethod):
        _classes[kind] = BINDS  # not KNOWN: to read their own attributes may run anything (3.14: __annotations__; a staticmethod's are its function's)
    _methods()


def _methods() -> None:
    plain, free = _rule(SCALARS), _rule(ANY, 0, exact=False)
    key, first = _rule(KEYS, 1, exact=False), _rule(SCALARS, 1, exact=False)
    _allow(
        str,
        "capitalize casefold center count endswith expandtabs find format index isalnum isalpha isascii isdecimal isdigit isidentifier "
        "islower isnumeric isprintable isspace istitle isupper ljust lower lstrip partition removeprefix removesuffix replace rfind "
        "rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title upper zfill",
        plain,
    )
    _allow(str, "join", _rule(ITERABLES))
    # other encodings than the usual one may be somebody's Python code
    _allow(str, "encode", _rule(ANY, 0, 0))
    _allow(bytes, "decode", _rule(ANY, 0, 0))
    _allow(bytearray, "decode", _rule(ANY, 0, 0))
    _allow(bytes, "count endswith find index replace rfind rindex split startswith strip lower upper hex", plain)
    _allow(bytearray, "append clear copy count endswith find index insert pop remove replace reverse rfind startswith hex", plain)
    _allow(list, "append clear reverse", free)
    _allow(list, "copy", _rule(ANY, 0))
    _allow(list, "insert pop", first)
    _allow(list, "extend", _rule(ITERABLES, exact=False))
    _allow(dict, "keys values items clear popitem", free)
    _allow(dict, "copy", _rule(ANY, 0))
    _allow(dict, "get pop setdefault", key)
    _allow(set, "add discard remove", key)
    _allow(set, "clear pop", free)
    for cls in (set, frozenset):
        _allow(cls, "copy", _rule(ANY, 0))
    _allow(int, "bit_length bit_count conjugate to_bytes", plain)
    _allow(float, "is_integer as_integer_ratio hex conjugate", plain)
    _allow(complex, "conjugate", plain)
    _allow(memoryview, "tobytes tolist", plain)
    import builtins

    _allow(builtins, "ord chr divmod round bin hex oct repr ascii abs pow min max", plain)
    _allow(builtins, "hash", _rule(KEYS))
    _allow(builtins, "len", _rule(SIZED))
    _allow(builtins, "id callable", free)
    _allow(builtins, "iter", _rule(ITERABLES, 1, 1))
    _allow(builtins, "next", _rule(ITERATORS, 1))
    _allow(builtins, "getattr hasattr", _rule(ATTRIBUTE))
    _allow(builtins, "isinstance", _rule(CLASS))
    _allow(builtins, "issubclass", _rule(CLASSES))
    _allow(math, " ".join(n for n, f in vars(math).items() if type(f) is type(len) and n not in ("prod", "fsum", "dist", "sumprod")), plain)
    for scalar in (int, float, complex, bool, range):
        _call(scalar, plain)
    for text_ in (str, bytes, bytearray):
        _call(text_, _rule(SCALARS, 1, 1))
    for made in (list, tuple, enumerate, reversed):
        _call(made, _rule(ITERABLES, 1, 1))
    _call(zip, _rule(ITERABLES))
    for empty in (set, frozenset, dict, object):
        _call(empty, _rule(ANY, 0, 0))
    _call(slice, _rule(ANY, 0))
    _call(type, _rule(ANY, 0, 1))


def _array(module: Any) -> None:
    cls = _own(module, "array", "array")
    _know(cls, INDEXED | PACKED | VALUES | ITERABLE | SEQUENCE | COMPARES)
    if cls in _classes:
        _know(type(iter(cls("b"))), ITERATOR)
        _allow(cls, "append buffer_info byteswap count frombytes index insert pop remove reverse tobytes tolist", _rule(SCALARS))


def _collections(module: Any) -> None:
    deque, ordered, default = (_own(module, name, "collections") for name in ("deque", "OrderedDict", "defaultdict"))
    _know(deque, INDEXED | HOLDS | ITERABLE | SEQUENCE)
    _know(ordered, MAPPING | MEMBERS | STARTS)
    _know(default, FACTORY | MEMBERS | ITERABLE)
    if deque in _classes:
        _know(type(iter(deque())), ITERATOR)
        _know(type(reversed(deque())), ITERATOR)
        _allow(deque, "append appendleft clear pop popleft reverse", _rule(ANY, 0, exact=False))
        _allow(deque, "copy", _rule(ANY, 0))
        _allow(deque, "rotate insert", _rule(SCALARS, 1))
        _allow(deque, "extend extendleft", _rule(ITERABLES))
        _call(deque, _rule(ITERABLES, 1, 1))
    if ordered in _classes:
        for view in (ordered().keys(), ordered().values(), ordered().items()):
            _know(type(view), STARTS)
        _allow(ordered, "keys values items clear", _rule(ANY, 0))
        _allow(ordered, "move_to_end pop setdefault", _rule(KEYS, 1))
        _allow(ordered, "popitem", _rule(SCALARS))
        _call(ordered, _rule(ANY, 0, 0))


def _time(module: Any) -> None:
    names = ("time", "perf_counter", "monotonic", "process_time", "thread_time")
    _allow(module, " ".join((*names, *(name + "_ns" for name in names))), _rule(ANY, 0))


def _random(module: Any) -> None:
    # random.random is this method of an object of a Python class
    cls = _own(module, "Random", "_random")
    if cls is not None:
        _allow(cls, "random getrandbits", _rule(SCALARS, exact=False))


def _re(module: Any) -> None:
    cls = _own(module, "Pattern", "re")
    _know(cls, 0)
    if cls in _classes:
        _allow(cls, "match search fullmatch findall split", _rule(SCALARS))


# -- the same in Python -------------------------------------------------------------------------------------------------------


def _is(x: object, bits: int) -> bool:
    return bool(bits_of(type(x)) & bits)


def is_scalar(x: object) -> bool:
    """Return whether C alone knows all about an object."""
    return _is(x, SCALAR)


def is_key(x: object) -> bool:
    """Return whether an object's hash and equality are C's: scalars, tuples of keys, and what is equal only to itself."""
    if _is(x, SCALAR):
        return True
    if type(x) is tuple:
        return all(map(is_key, x))
    return layout.slot(type(x), "tp_hash") == layout.slot(object, "tp_hash") and layout.slot(type(x), "tp_richcompare") == layout.slot(object, "tp_richcompare")


def _is_compared(x: object) -> bool:
    return _is(x, COMPARES) or layout.slot(type(x), "tp_richcompare") == layout.slot(object, "tp_richcompare")


MOST_ITEMS = 32
"""Items of a list or tuple that are looked at before it is compared."""


def _items_compared(x: Any) -> bool:
    return type(x) in (list, tuple) and len(x) <= MOST_ITEMS and all(map(_is_compared, x))


def _is_index(x: Any) -> bool:
    return _is(x, SCALAR) or type(x) is slice and all(_is(part, SCALAR) for part in (x.start, x.stop, x.step))


def _item(container: Any, key: object) -> bool:
    if _is(container, INDEXED):
        return _is_index(key)
    if _is(container, FACTORY):
        return is_key(key) and dict.__contains__(container, key)
    return _is(container, MAPPING) and is_key(key)


def _set_item(container: object, key: object, value: object) -> bool:
    if _is(container, HOLDS):
        return _is(key, SCALAR) or _is_index(key) and type(value) in (list, tuple)
    if _is(container, PACKED):
        return _is_index(key) and _is(value, SCALAR | PACKED)
    return _is(container, MAPPING | FACTORY) and is_key(key)


def _delete_item(container: object, key: object) -> bool:
    return _is_index(key) if _is(container, INDEXED) else _is(container, MAPPING | FACTORY) and is_key(key)


def _contains(container: object, item: object) -> bool:
    if _is(container, MEMBERS):
        return is_key(item)
    if _is(container, VALUES):
        return is_scalar(item)
    return _is_compared(item) and _items_compared(container)


def _modulo(a: object, b: Any) -> bool:
    if _is(a, NUMBER):
        return _is(b, NUMBER)
    return type(a) in (str, bytes) and _is(a, SCALAR) and (is_scalar(b) or type(b) is tuple and all(map(is_scalar, b)))


def _compare(a: object, b: object) -> bool:
    if _is_compared(a) and _is_compared(b):
        return True
    if _is(a, KNOWN) and _is(b, SCALAR) or _is(a, SCALAR) and _is(b, KNOWN):
        return True
    return _items_compared(a) and _items_compared(b)


def _iter(x: object) -> bool:
    address = ctypes.cast(ctypes.pythonapi.PyObject_SelfIter, ctypes.c_void_p).value
    return _is(x, ITERABLE | STARTS) or layout.slot(type(x), "tp_iter") == address


def _next(x: object) -> bool:
    if _is(x, WRAPS):
        return _is(_object_at(layout.word(id(x) + 24)), ITERATOR)
    if _is(x, WRAPS_MANY):
        return all(_is(inner, ITERATOR) for inner in _object_at(layout.word(id(x) + 24)))  # type: ignore[attr-defined]
    return _is(x, ITERATOR)


def _object_at(address: int) -> object:
    return ctypes.cast(address, ctypes.py_object).value


def _find(cls: type, name: str) -> tuple[object, ...]:
    return next(((base.__dict__[name],) for base in cls.__mro__ if name in base.__dict__), ())


def _binds(found: tuple[object, ...]) -> bool:
    return not found or _is(found[0], BINDS) or not layout.slot(type(found[0]), "tp_descr_get")


def _attribute(x: object, name: str) -> bool:
    cls = type(x)
    if cls is type:
        return not _find(type, name) and _binds(_find(x, name))  # type: ignore[arg-type]
    generic = ctypes.cast(ctypes.pythonapi.PyObject_GenericGetAttr, ctypes.c_void_p).value
    return layout.slot(cls, "tp_getattro") == generic and (_is(x, KNOWN) or _binds(_find(cls, name)))


def _set_attribute(x: object, name: str, value: object) -> bool:
    generic = ctypes.cast(ctypes.pythonapi.PyObject_GenericSetAttr, ctypes.c_void_p).value
    if layout.slot(type(x), "tp_setattro") != generic:
        return False
    found = _find(type(x), name)
    return not found or type(found[0]) is MemberDescriptorType or not layout.slot(type(found[0]), "tp_descr_set")


def _may_call(callee: Any, *arguments: Any) -> bool:
    rule = rule_of(callee)
    if not rule:
        return False
    given = arguments
    if type(callee) is MethodDescriptorType:
        if not given:
            return False
        if rule & _EXACT and not _is(given[0], KNOWN):
            return False
        given = given[1:]
    elif type(callee) is BuiltinFunctionType and rule & _EXACT and not _is_owner(callee.__self__):
        return False
    kind, count, most = rule >> _KIND & 15, rule >> _COUNT & 15, rule >> _MOST & 15
    if len(given) > most != 15:
        return False
    if kind == ATTRIBUTE:
        return len(given) in (2, 3) and type(given[1]) is str and _attribute(*given[:2])
    if kind == CLASSES:
        return len(given) == 2 and type(given[0]) is type and type(given[1]) is type
    if kind == CLASS:
        from morrow.jit.lift_calls import _class_of_class

        if len(given) != 2 or type(given[1]) is not type:
            return False
        if issubclass(type(given[0]), given[1]) or layout.flags(type(given[0])) & offset("Py_TPFLAGS_HEAPTYPE") == 0:
            return True
        return layout.slot(type(given[0]), "tp_getattro") == layout.slot(object, "tp_getattro") and _class_of_class(type(given[0])) is object.__dict__["__class__"]
    return all(is_argument(kind, x) for x in given[:count])


def _is_owner(x: object) -> bool:
    return type(x) is ModuleType or _is(x, KNOWN)


def is_argument(kind: int, x: Any) -> bool:
    """Return whether an argument is what a C function of a kind may be given."""
    if kind == SCALARS:
        return is_scalar(x) or type(x) is tuple and all(map(is_scalar, x))
    if kind == KEYS:
        return is_key(x)
    if kind == ITERABLES:
        return _is(x, ITERABLE | ITERATOR)
    if kind == SIZED:
        return _is(x, ITERABLE | STARTS)
    if kind == ITERATORS:
        return _next(x)
    return True


_TESTS: dict[str, Callable[..., bool]] = {
    "item": _item,
    "set_item": _set_item,
    "indexed": lambda c: _is(c, SEQUENCE),
    "takes": lambda c, v: _is(c, HOLDS) or _is(c, PACKED) and is_scalar(v),
    "delete_item": _delete_item,
    "contains": _contains,
    "add": lambda a, b: _is(a, NUMBER | SEQUENCE) and _is(b, NUMBER | SEQUENCE),
    "number": lambda a, b: _is(a, NUMBER) and _is(b, NUMBER),
    "modulo": _modulo,
    "compare": _compare,
    "iter": _iter,
    "next": _next,
    "one": lambda x: _is(x, NUMBER),
    "invert": lambda x: _is(x, NUMBER) and type(x) is not bool,
    "slice": lambda c, a, b: _is(c, INDEXED) and is_scalar(a) and is_scalar(b),
    "set_slice": lambda c, a, b, v: is_scalar(a) and is_scalar(b) and (_is(c, HOLDS) and type(v) in (list, tuple) or _is(c, PACKED) and _is(v, SCALAR | PACKED)),
    "scalar": is_scalar,
    "scalars": lambda a, b: is_scalar(a) and is_scalar(b),
    "key": is_key,
    "attribute": _attribute,
    "set_attribute": _set_attribute,
    "call": _may_call,
}
TESTS = tuple(_TESTS)
MANY = 99
ARITY = {name: MANY if name == "call" else test.__code__.co_argcount for name, test in _TESTS.items()}
"""How many operands a test is about, `MANY` for a callee and any number of arguments; an operation may have more."""


def holds(test: str, *operands: object) -> bool:
    """Return whether an operation runs no Python code on these objects, as machine code finds out."""
    return _TESTS[test](*operands)


def surely(test: str, classes: list[type | None]) -> bool:
    """Return whether an operation runs no Python code whatever the objects of these exact classes are (None: of any)."""
    bits = [bits_of(cls) for cls in classes]
    if test == "item":
        return bool(bits[0] & (INDEXED | MAPPING) and bits[1] & SCALAR)
    if test == "indexed":
        return bool(bits[0] & SEQUENCE)
    if test == "takes":
        return bool(bits[0] & HOLDS or bits[0] & PACKED and bits[1] & SCALAR)
    if test == "set_item":
        if bits[0] & PACKED:
            return bool(bits[1] & SCALAR and bits[2] & (SCALAR | PACKED))
        return bool(bits[0] & (HOLDS | MAPPING | FACTORY) and bits[1] & SCALAR)
    if test == "delete_item":
        return bool(bits[0] & (INDEXED | MAPPING | FACTORY) and bits[1] & SCALAR)
    if test == "contains":
        return bool(bits[0] & (MEMBERS | VALUES) and bits[1] & SCALAR)
    if test == "add":
        return all(b & (NUMBER | SEQUENCE) for b in bits)
    if test == "number":
        return all(b & NUMBER for b in bits)
    if test == "modulo":
        return bool(bits[0] & NUMBER and bits[1] & NUMBER or classes[0] in (str, bytes) and bits[0] & SCALAR and bits[1] & SCALAR)
    if test == "compare":
        return all(b & COMPARES for b in bits) or bool(bits[0] & KNOWN and bits[1] & SCALAR or bits[0] & SCALAR and bits[1] & KNOWN)
    if test == "iter":
        return bool(bits[0] & (ITERABLE | ITERATOR | STARTS))
    if test == "next":
        return bool(bits[0] & ITERATOR)
    if test == "one":
        return bool(bits[0] & NUMBER)
    if test == "invert":
        return bool(bits[0] & NUMBER) and classes[0] is not bool
    if test == "slice":
        return bool(bits[0] & INDEXED and bits[1] & SCALAR and bits[2] & SCALAR)
    if test == "set_slice":
        if bits[0] & PACKED:
            return all(b & SCALAR for b in bits[1:3]) and bool(bits[3] & (SCALAR | PACKED))
        return bool(bits[0] & HOLDS) and all(b & SCALAR for b in bits[1:3]) and classes[3] in (list, tuple)
    if test in ("scalar", "scalars", "key"):
        return all(b & SCALAR for b in bits)
    return test == "attribute" and bool(bits[0] & KNOWN)


def never(test: str, classes: list[type | None]) -> bool:
    """Return whether a test cannot hold for objects of these exact classes (None: of any)."""
    if test in ("attribute", "set_attribute", "compare", "key", "call"):
        return False
    count = 2 if test in ("add", "number", "modulo", "scalars") else 1
    return any(cls is not None and not bits_of(cls) for cls in classes[:count])


def surely_called(callee: object, classes: list[type | None]) -> bool:
    """Return whether a known callee runs no Python code for arguments of these exact classes (a method's object included)."""
    rule = rule_of(callee)
    if not rule:
        return False
    if type(callee) is MethodDescriptorType:
        cls = classes[0] if classes else None
        if cls is None or callee.__objclass__ not in cls.__mro__ or rule & _EXACT and not bits_of(cls) & KNOWN:
            return False
        classes = classes[1:]
    elif type(callee) is BuiltinFunctionType and rule & _EXACT and not _is_owner(callee.__self__):
        return False
    kind, count, most = rule >> _KIND & 15, rule >> _COUNT & 15, rule >> _MOST & 15
    if len(classes) > most != 15 or kind in (ATTRIBUTE, CLASS, CLASSES):
        return False
    wanted = {ANY: 0, SCALARS: SCALAR, KEYS: SCALAR, ITERABLES: ITERABLE | ITERATOR, ITERATORS: ITERATOR, SIZED: ITERABLE | STARTS}[kind]
    return not wanted or all(bits_of(cls) & wanted for cls in classes[:count])
