"""Containers: which types are looked into, and what each of their methods does to which part.

CPython does each of these operations as a whole, on builds with a GIL and without (there under the container's own lock):
two threads may append to one list. What is not whole is iterating, and a look followed by a change.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from typing import NamedTuple

from morrow.race.sites import LOOK, MUTATE


class Operation(NamedTuple):
    """What a method does.

    Attributes:
        mode: LOOK or MUTATE.
        by_key: its first argument says which item.
        whole: it looks at, or changes, which items there are.
        gives, takes: what goes in by the one comes out by the other: whoever takes is ordered after whoever gave.
    """

    mode: int
    by_key: bool = False
    whole: bool = True
    gives: bool = False
    takes: bool = False


_LOOK, _CHANGE = Operation(LOOK), Operation(MUTATE)
_GIVE, _TAKE = Operation(MUTATE, gives=True), Operation(MUTATE, takes=True)
_KEY_LOOK = Operation(LOOK, by_key=True, whole=False)


def _table(*rows: tuple[str, Operation]) -> dict[str, Operation]:
    return {name: operation for names, operation in rows for name in names.split()}


OPERATIONS: dict[type, dict[str, Operation]] = {
    list: _table(
        ("append extend insert", _GIVE), ("pop", _TAKE), ("remove clear sort reverse", _CHANGE), ("copy count index", _LOOK)
    ),
    deque: _table(
        ("append appendleft extend extendleft insert", _GIVE),
        ("pop popleft", _TAKE),
        ("remove clear reverse rotate", _CHANGE),
        ("copy count index", _LOOK),
    ),
    dict: _table(
        ("get", _KEY_LOOK),
        ("setdefault", Operation(MUTATE, by_key=True, gives=True)),
        ("pop", Operation(MUTATE, by_key=True, takes=True)),
        ("popitem", _TAKE),
        ("update", _GIVE),
        ("clear move_to_end subtract", _CHANGE),
        ("keys values items copy most_common elements total", _LOOK),
    ),
    set: _table(
        ("add", Operation(MUTATE, by_key=True, gives=True)),
        ("discard remove", Operation(MUTATE, by_key=True)),
        ("pop", _TAKE),
        ("update", _GIVE),
        ("clear difference_update intersection_update symmetric_difference_update", _CHANGE),
        ("copy union difference intersection symmetric_difference issubset issuperset isdisjoint", _LOOK),
    ),
    bytearray: _table(("append extend insert pop remove clear reverse", _CHANGE), ("copy count index find", _LOOK)),
}
METHODS = frozenset(name for table in OPERATIONS.values() for name in table)
"""Names that rewritten code asks about; on anything else they are ordinary attributes."""

CHANGING: dict[str, frozenset[type]] = {
    name: frozenset(kind for kind, table in OPERATIONS.items() if name in table and table[name].mode == MUTATE and not table[name].by_key)
    for name in METHODS
}
"""Method -> the types of which it changes which items there are, whatever its arguments."""

TAKING = frozenset(name for table in OPERATIONS.values() for name, row in table.items() if row.takes)
TRACKED: dict[type, type] = {kind: kind for kind in OPERATIONS} | {defaultdict: dict, OrderedDict: dict}
"""Type -> the built-in type whose operations it has."""

_untracked: set[type] = set()


def learn(kind: type) -> bool:
    """Return whether a type is looked into: those above, and subclasses that leave their operations as they are."""
    if kind in TRACKED:
        return True
    if kind in _untracked:
        return False
    for base, table in OPERATIONS.items():
        if issubclass(kind, base):
            own = [name for name in (*table, "__getitem__", "__setitem__", "__delitem__", "__iter__") if _overrides(kind, base, name)]
            if not own:
                TRACKED[kind] = base
                return True
    _untracked.add(kind)
    return False


def _overrides(kind: type, base: type, name: str) -> bool:
    for each in kind.__mro__:
        if name in each.__dict__:
            return each is not base and each not in _KNOWN
    return False


_KNOWN = (Counter, OrderedDict, defaultdict)  # their own versions mean the same
