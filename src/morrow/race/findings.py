"""What two accesses that nothing orders mean, and the list of what was found, each thing once.

A store or load of one attribute, item or variable is whole on every build of CPython, with a GIL and without: readers see
the old value or the new one. So not every race is a mistake, and each is told apart by what can come of it:

    lost-update      error    x += 1 on both sides, or on one side while the other stores
    changed-in-loop  error    a dict, set or deque grows or shrinks while it is iterated over: RuntimeError
                     warning  a list: items are skipped or seen twice
    check-then-act   warning  a store that follows from a load, while the other side stores: made twice, or one too many
    last-write       warning  two plain stores: which one stays is chance
    unordered-read   note     one store, one load: fresh or stale, never torn
    same-value       note     both store the same constant
"""

from __future__ import annotations

import linecache
from typing import NamedTuple

from morrow.race.clocks import line_of
from morrow.race.sites import CONSTANT, LOOK, MUTATE, READ, UPDATE, WALK, WRITE, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from morrow.race.clocks import Timeline
    from morrow.race.shadow import Access

LEVELS = ("note", "warning", "error")


class Kind(NamedTuple):
    """A kind of finding.

    Attributes:
        title: for the first line of a report.
        meaning: what can happen, in the user's words.
    """

    name: str
    level: str
    title: str
    meaning: str


KINDS = {
    kind.name + "/" + kind.level: kind
    for kind in (
        Kind("lost-update", "error", "lost update", "both threads can start from the same old value; the one that stores last wipes out what the other did"),
        Kind("changed-in-loop", "error", "changed while iterated over", "the loop can end in RuntimeError: changed size during iteration"),
        Kind("changed-in-loop", "warning", "changed while iterated over", "the loop can skip items or see one twice"),
        Kind("check-then-act", "warning", "check, then act", "between the check and the store the other thread can do the same: something is made twice, or one too many is taken"),
        Kind("last-write", "warning", "unordered stores", "which of the two values stays is chance"),
        Kind("unordered-read", "note", "unordered load", "the load gives the old value or the new one, never a torn one; several loads may mix old and new"),
        Kind("same-value", "note", "same value stored twice", "whoever is last, the value is the same"),
    )
}  # fmt: skip

BY_LUCK = (
    "a build with a GIL switches threads only at calls and at the ends of loops, and there is none between this load and store:"
    " by luck it holds there, and is not promised; on a free-threaded build updates get lost"
)
ANYWHERE = "on builds with a GIL and on free-threaded ones"


class Side(NamedTuple):
    """One of the two accesses, as reported.

    Attributes:
        frames: (path, line, function), innermost first.
        locks: descriptions of the locks held.
        started: (path, line) where the thread was started, or None.
    """

    thread: str
    site: Site
    mode: int
    frames: tuple[tuple[str, int, str], ...]
    locks: tuple[str, ...]
    started: tuple[str, int] | None


class Finding:
    """A race: two places that touch one variable with nothing to order them.

    Attributes:
        first, second: the two sides in the order in which they were seen.
        times: how often, counting what was left out as the same again.
        suppressed: the line of the suppressions file or source comment that makes it none of the user's business.
    """

    __slots__ = ("kind", "variable", "first", "second", "times", "suppressed")

    def __init__(self, kind: Kind, variable: str, first: Side, second: Side) -> None:
        self.kind, self.variable, self.first, self.second = kind, variable, first, second
        self.times = 1
        self.suppressed = ""

    @property
    def level(self) -> str:
        """note, warning or error."""
        return self.kind.level

    @property
    def builds(self) -> str:
        """On which builds of CPython it happens."""
        if self.kind.name != "lost-update":
            return ANYWHERE
        luck = all(side.mode != UPDATE or not side.site.calls for side in (self.first, self.second))
        return BY_LUCK if luck else ANYWHERE

    @property
    def advice(self) -> str:
        """What orders the two."""
        one, other = self.first, self.second
        if one.locks and not other.locks:
            return f"hold {one.locks[0]} at {place(other.site)} as well"
        if other.locks and not one.locks:
            return f"hold {other.locks[0]} at {place(one.site)} as well"
        if one.locks:
            return f"the two hold different locks ({one.locks[0]}; {other.locks[0]}): hold the same one at both places"
        if place(one.site) == place(other.site):
            return f"hold one lock around {place(one.site)}, the same for all threads"
        return f"hold one lock at {place(one.site)} and at {place(other.site)}, or hand the object over (queue.Queue, join)"


found: dict[tuple[object, ...], Finding] = {}
_pairs: set[tuple[object, ...]] = set()
on_new: list[Callable[[Finding], None]] = []
"""Called with each new finding, once; the detector's lock is held."""
judge: list[Callable[[Finding], str]] = []
"""Each says why a finding is suppressed, or ''."""


def place(site: Site) -> str:
    """Return ``file:line`` as reports write it."""
    from morrow.race.report import short

    return f"{short(site.path)}:{site.line}"


def classify(first: Access, second: Access, container: type) -> Kind | None:
    """Return what the two accesses, of which one at least writes, come to; None for two whole operations that may meet."""
    modes = {first.mode, second.mode}
    if WALK in modes:
        exact = issubclass(container, list)
        return KINDS["changed-in-loop/warning" if exact else "changed-in-loop/error"]
    if modes & {READ, LOOK}:
        read, write = (first, second) if first.mode in (READ, LOOK) else (second, first)
        # The writer had come to its store through this very load. Without a lock, the reader could have done so, too;
        # with one, it is the first half of double-checked locking.
        again = write.check is read.site and not write.held and write.mode in (WRITE, MUTATE)
        return KINDS["check-then-act/warning" if again else "unordered-read/note"]
    if UPDATE in modes:
        return KINDS["lost-update/error"]
    if modes == {CONSTANT} and first.site.value == second.site.value:
        # `if not started: started = True` in both is a check and an act; a flag that two places raise is not.
        once = first.site is second.site and any(each.check and each.check.function == each.site.function for each in (first, second))
        return KINDS["check-then-act/warning" if once else "same-value/note"]
    if first.check or second.check:
        return KINDS["check-then-act/warning"]
    if modes == {MUTATE}:
        return None
    return KINDS["last-write/warning"]


def conflict(container: type, key: object, first: Access, second: Access) -> None:
    """Note that nothing orders *first* before *second*."""
    kind = classify(first, second, container)
    if kind is None:
        return
    pair = (kind.name, id(first.site), id(second.site), key if isinstance(key, str) else None)
    if pair in _pairs and kind.level == "note":
        return
    variable = _name_of(container, key, second.site)
    identity = (kind, *sorted((first.site.path, first.site.line, second.site.path, second.site.line), key=str), first.site.name)
    known = found.get(identity)
    if known is not None:
        known.times += 1
        return
    _pairs.add(pair)
    finding = found[identity] = Finding(kind, variable, _side(first), _side(second))
    for judged in judge:
        finding.suppressed = finding.suppressed or judged(finding)
    for tell in on_new:
        tell(finding)


def _name_of(container: type, key: object, site: Site) -> str:
    from morrow.race.shadow import CONTENTS

    if container is type(None):
        return f"{site.name} ({key[1]})" if isinstance(key, tuple) else site.name
    if key is CONTENTS:
        return f"the items of {site.text} ({container.__name__})"
    if site.name and key == site.name:
        return f"{container.__name__}.{key}"
    return f"item {key!r} of {site.text.partition('[')[0]} ({container.__name__})"


def _side(access: Access) -> Side:
    frames = tuple(
        (code.co_filename, line_of(code, instruction), code.co_qualname) for code, instruction in access.stack if not _is_ours(code)
    )
    if frames:
        frames = ((access.site.path, access.site.line, frames[0][2]), *frames[1:])
    locks = tuple(dict.fromkeys(lock.describe(code, instruction) for lock, code, instruction in access.held))  # type: ignore[attr-defined]
    return Side(access.timeline.describe(), access.site, access.mode, frames, locks, _start_of(access.timeline))


def _start_of(timeline: Timeline) -> tuple[str, int] | None:
    for code, instruction in timeline.started:  # type: ignore[misc]
        if not _is_ours(code):
            return code.co_filename, line_of(code, instruction)
    return None


def _is_ours(code: CodeType) -> bool:
    path = code.co_filename
    return path.startswith((_OWN, "<frozen")) or path.endswith(("threading.py",))


_OWN = __file__.rpartition("race")[0]


def comment_of(finding: Finding) -> str:
    """Return the comment ``# race: ok`` in one of the two lines, or ''."""
    for side in (finding.first, finding.second):
        line = linecache.getline(side.site.path, side.site.line)
        _, found_it, comment = line.partition("# race: ok")
        if found_it:
            return ("# race: ok" + comment).strip()
    return ""
