"""What a value can be while lifting: the kinds of `Variable`, and which Python classes are safe to work on natively.

Kinds: ``int`` ``float`` ``bool`` are unboxed, exact Python values; ``none`` is None; ``obj`` is a reference, perhaps with a
known exact class; ``dyn`` is a tag and bits (any of the others, decided while running); ``range`` is the iterator of a range
kept as numbers; ``null`` is the empty stack entry around calls; ``unbound`` a local without a value.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable

from morrow.jit import ir, layout
from morrow.jit.objects import offset

#: classes whose objects, when the last reference goes, run no other code
LEAVES: frozenset[type] = frozenset({int, float, bool, str, bytes, complex, type(None), range, type(iter(range(0)))})
LIST_ITERATOR, TUPLE_ITERATOR, RANGE_ITERATOR = type(iter([])), type(iter(())), type(iter(range(0)))


class Variable:
    """What is known about one local variable or stack entry. Compared by identity: two entries may hold the same value.

    Attributes:
        kind: see the module.
        values: the SSA values that hold it.
        cls: the exact class of an ``obj``, or None.
        likely: the class an ``obj`` of unknown class had before something ran that might have changed it; int beside the
            class int: the number probably does not fit a machine word.
        own: how a reference is held: "own" (ours), "stable" (alive as long as this call), "local" (a local of ours holds
            it), "weak" (a container holds it: only until something may change the container).
    """

    __slots__ = ("kind", "values", "cls", "own", "likely")

    def __init__(self, kind: str, values: tuple[ir.Operand, ...] = (), cls: type | None = None, own: str = "stable", likely: type | None = None) -> None:
        self.kind, self.values, self.cls, self.own, self.likely = kind, values, cls, own, likely

    def held(self, own: str) -> Variable:
        """Return the same reference held in another way."""
        return Variable("obj", self.values, self.cls, own, self.likely)

    @property
    def value(self) -> ir.Operand:
        """The only value of a kind that has one."""
        return self.values[0]

    @property
    def owned(self) -> bool:
        """Whether somebody must drop a reference when this goes."""
        return self.own == "own" and self.kind in ("obj", "dyn")

    def __str__(self) -> str:
        cls = f" {self.cls.__name__}" if self.cls else ""
        own = f" {self.own}" if self.kind in ("obj", "dyn") else ""
        return f"{self.kind}{cls}{own}" + "".join(f" {v}" for v in self.values)

    def slot(self) -> ir.Slot:
        """Return how the interpreter's frame is given this."""
        if self.kind == "obj":
            return ir.Slot("own" if self.own == "own" else "borrowed", self.values)
        if self.kind in ("null", "unbound"):
            return ir.Slot("unbound")
        return ir.Slot(self.kind, self.values)


def is_heap(cls: type | None) -> bool:
    """Return whether an instance could get another class (``x.__class__ = other``)."""
    return cls is not None and not layout.flags(cls) & offset("Py_TPFLAGS_IMMUTABLETYPE")


def literal(value: object) -> Variable | None:
    """Return the unboxed variable for a constant, or None if it stays an object."""
    if value is None:
        return Variable("none")
    if type(value) is bool:
        return Variable("bool", (ir.Literal(value),))
    if type(value) is int and -(2**62) <= value <= 2**62:
        return Variable("int", (ir.Literal(value),))
    if type(value) is float and value == value and abs(value) != float("inf"):
        return Variable("float", (ir.Literal(value),))
    return None


class Gone(Exception):
    """Something cannot be compiled; caught by `compile`, which says why.

    Attributes:
        reason: a row of the table of reasons.
        line: source line.
        detail: for the sentence.
    """

    def __init__(self, reason: str, line: int = 0, detail: str = "") -> None:
        self.reason, self.line, self.detail = reason, line, detail
        super().__init__(f"{reason} at line {line}: {detail}")


_by_version: dict[int, weakref.ref[type]] = {}  # weak: a class that the program drops meanwhile must be found by its own collection


def types_seen(versions: Iterable[int]) -> dict[int, type]:
    """Return the classes that had these version tags when somebody first asked, since `forget_types`."""
    wanted = {v for v in versions if v}
    if wanted and not _by_version:
        pending: list[type] = [object]
        seen: set[int] = set()
        while pending:
            cls = pending.pop()
            if id(cls) not in seen:
                seen.add(id(cls))
                _by_version[layout.version_of(cls)] = weakref.ref(cls)
                pending.extend(type.__subclasses__(cls))
    found = {v: _by_version[v]() for v in wanted if v in _by_version}
    return {v: cls for v, cls in found.items() if cls is not None}


def forget_types() -> None:
    """Let go of all classes."""
    _by_version.clear()
