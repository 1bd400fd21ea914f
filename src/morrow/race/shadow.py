"""What is remembered of each variable, and the check of each access against it.

A variable is (an object, a key): an attribute's name, a dict's key, a list's index, CONTENTS for which items there are, or
a global's name in its module. For each, the last reads and writes that are not ordered before each other are kept.

An object's shadow dies with the object. Objects that can be referred to weakly tell us when they die; lists, dicts and
instances with ``__slots__`` cannot, so they are kept alive and let go, once nobody else has them, in `sweep`: every so often,
and whenever the garbage collector runs.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections import deque

from morrow.race import findings
from morrow.race.clocks import (
    CHANGED,
    FIRST_NAME,
    ITEMS_READ,
    ITEMS_WRITTEN,
    LOCK,
    LOOKED,
    TAKEN,
    WALKED,
    Timeline,
    names,
    stack,
    timelines,
)
from morrow.race.sites import CONSTANT, LOOK, MUTATE, READ, UPDATE, WALK, WRITE, Site

_READS = (READ, LOOK, WALK)
CONTENTS = "contents"
MOST_OBJECTS = 400_000
"""Objects watched at a time; beyond that the longest known are forgotten (which can only miss races)."""


class Access:
    """One access: where, by whom, with which locks, and how.

    Attributes:
        check: for a write, where its thread had read the variable since it last released anything: the write may depend on
            what was read there.
    """

    __slots__ = ("site", "stack", "timeline", "held", "mode", "check")

    def __init__(self, site: Site, frames: tuple, timeline: Timeline, mode: int, check: Site | None) -> None:  # type: ignore[type-arg]
        self.site, self.stack, self.timeline, self.mode, self.check = site, frames, timeline, mode, check
        self.held = tuple(timeline.held)


class Variable:
    """Number of a thread -> (its clock, its last access), for accesses that later ones may still race with."""

    __slots__ = ("reads", "writes")

    def __init__(self) -> None:
        self.reads: dict[int, tuple[int, Access]] = {}
        self.writes: dict[int, tuple[int, Access]] = {}


class Record:
    """The shadow of one object.

    Attributes:
        creator, created: the thread that touched it first, and its clock then.
        born: that first touch was in its ``__init__``: that thread made it.
        shared: another thread has touched it.
        alive: a weak reference that tells of its death, or the object itself.
        handed: the clock that whoever takes something out of this container is ordered after.
        taken: something has been taken out since a thread last put something in and began a new epoch.
    """

    __slots__ = ("variables", "creator", "created", "born", "shared", "alive", "handed", "kind", "taken")

    def __init__(self, timeline: Timeline, alive: object, kind: type) -> None:
        self.variables: dict[object, Variable] = {}
        self.creator, self.created = timeline.number, timeline.clock
        self.shared = self.born = self.taken = False
        self.alive, self.kind = alive, kind
        self.handed: dict[int, int] | None = None


records: dict[int, Record] = {}
kept: dict[int, Record] = {}
"""The records whose objects are kept alive by us."""

_dead: deque[int] = deque()
_next_sweep = 2000
forgotten = 0


class _Alive(weakref.ref):
    __slots__ = ("id",)


def _died(reference: _Alive) -> None:
    # Called anywhere, also while LOCK is held by this thread: only what cannot block.
    record = records.get(reference.id)
    if record is not None and record.alive is reference:
        _dead.append(reference.id)
        _unsee(reference.id, record)


def _unsee(identity: int, record: Record) -> None:
    """Let the next object at this address be seen anew."""
    every = list(timelines.values())
    for key in list(record.variables):
        place = FIRST_NAME + 2 * names[key] if isinstance(key, str) and key in names else None
        for seen in every:
            if place is not None:
                seen[place].discard(identity)
                seen[place + 1].discard(identity)
            seen[ITEMS_READ].discard((identity, key))
            seen[ITEMS_WRITTEN].discard((identity, key))
    for seen in every:
        for place in (CHANGED, TAKEN, LOOKED, WALKED):
            seen[place].discard(identity)


def unsee_elsewhere(place: int, identity: int, seen: list) -> None:  # type: ignore[type-arg]
    """Let the other threads come back to us about this object; *seen* is the calling thread's."""
    for other in list(timelines.values()):
        if other is not seen:
            other[place].discard(identity)


def record_of(watched: object, timeline: Timeline) -> Record:
    """Return the shadow of an object; LOCK is held."""
    while _dead:
        records.pop(_dead.popleft(), None)
    identity = id(watched)
    record = records.get(identity)
    if record is not None:
        return record
    if len(records) >= MOST_OBJECTS:
        _forget_oldest()
    kind = watched if isinstance(watched, type) else type(watched)
    try:
        alive = _Alive(watched, _died)
        alive.id = identity
    except TypeError:
        record = kept[identity] = Record(timeline, watched, kind)
        if len(kept) > _next_sweep:
            sweep()
    else:
        record = Record(timeline, alive, kind)
    records[identity] = record
    return record


def record_named(name: str, timeline: Timeline) -> Record:
    """Return the shadow of a module's globals or of a function's shared variables, which are known by name."""
    record = records.get(name)  # type: ignore[call-overload]
    if record is None:
        record = records[name] = Record(timeline, None, type(None))  # type: ignore[index]
    return record  # type: ignore[no-any-return]


def sweep() -> None:
    """Let go of the objects that nobody but us has; LOCK is held."""
    global _next_sweep
    gone = []
    for identity, record in list(kept.items()):
        # The record, and getrefcount's own argument.
        if sys.getrefcount(record.alive) <= 2:
            gone.append((identity, record))
    letting_go = []
    for identity, record in gone:
        kept.pop(identity, None)
        if records.get(identity) is record:
            del records[identity]
        _unsee(identity, record)
        letting_go.append(record.alive)
        record.alive = None
    _next_sweep = max(2000, 2 * len(kept))
    _going.append(letting_go)


_going: list[list[object]] = []


def let_go() -> None:
    """End the life of what `sweep` has found; LOCK must not be held, since finalizers run here."""
    while _going:
        _going.pop()


def _forget_oldest() -> None:
    global forgotten
    for identity in list(records)[: MOST_OBJECTS // 10]:
        record = records.pop(identity)
        kept.pop(identity, None)
        _unsee(identity, record)
        _going.append([record.alive])
        forgotten += 1


def before_collection(phase: str, info: dict[str, int]) -> None:
    """For gc.callbacks: what only we keep alive must not keep others alive when the program asks for a collection."""
    if phase != "start" or not kept or not LOCK.acquire(False):
        return
    try:
        sweep()
    finally:
        LOCK.release()
    let_go()


def start() -> None:
    """Begin to follow the garbage collector."""
    gc.callbacks.append(before_collection)


def touch(record: Record, identity: int, timeline: Timeline) -> None:
    """Note that this thread has the object; LOCK is held.

    If the thread that made the object is not ordered before this one even with making it, the object can only have been
    passed on as a whole, by one store (which no build tears): what was done to it before counts as done before. What
    the maker does to it from now on does not. Only for objects that were seen being made: of others it is not known when.
    """
    if not record.shared and record.creator != timeline.number:
        record.shared = True
        for seen in list(timelines.values()):
            seen[TAKEN].discard(identity)  # from now on, what goes into a container carries order
        if record.born and timeline.known.get(record.creator, 0) < record.created:
            record.variables.clear()


def access(record: Record, key: object, site: Site, timeline: Timeline, mode: int, depth: int, checks: bool = True) -> None:
    """Check an access against what is remembered, and remember it; LOCK is held.

    Args:
        depth: frames between the caller and the program's own.
        checks: a write by *mode* counts as depending on what this thread has read before.
    """
    variable = record.variables.get(key)
    if variable is None:
        variable = record.variables[key] = Variable()
    number, clock, known = timeline.number, timeline.clock, timeline.known
    reading = mode in _READS
    own = variable.reads.get(number)
    check = own[1].site if not reading and checks and own is not None and own[0] == clock else None
    made = Access(site, stack(depth + 1), timeline, mode, check)
    writes, reads = variable.writes, variable.reads
    if writes:
        for other, (when, before) in list(writes.items()):
            if other != number:
                if known.get(other, 0) < when:
                    findings.conflict(record.kind, key, before, made)
                elif not reading:
                    del writes[other]
    if reading:
        reads[number] = (clock, made)
        return
    if reads:
        for other, (when, before) in list(reads.items()):
            if other != number:
                if known.get(other, 0) < when:
                    findings.conflict(record.kind, key, before, made)
                else:
                    del reads[other]
    writes[number] = (clock, made)


__all__ = ["CONSTANT", "MUTATE", "UPDATE", "WRITE", "access", "record_named", "record_of", "touch"]
