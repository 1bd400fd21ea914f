"""Threads as the detector sees them: one `Timeline` each, with a vector clock, and what carries order between them.

Happens-before as in FastTrack (Flanagan and Freund, PLDI 2009): a thread's clock ticks when it releases something; who
acquires that takes over the releaser's clock. An access of thread A is ordered before thread B if B's clock knows of it.
Only the first read and the first write of a variable between two ticks need a look (DJIT+), so each timeline keeps
what it has seen since its last tick in plain sets, where rewritten code looks first.
"""

from __future__ import annotations

import _thread
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

LOCK = _thread.allocate_lock()  # the real one; taken before anything of threading is replaced

ITEMS_READ, ITEMS_WRITTEN, TOUCHED, CHANGED, TAKEN, LOOKED, WALKED, FIRST_NAME = range(1, 9)
"""Places in a timeline's ``seen``: 0 is the timeline itself, TOUCHED the sets that hold anything, the others sets of ids (the
first two: of pairs of id and key). CHANGED, TAKEN, LOOKED, WALKED: containers that were changed, taken out of, looked at,
iterated over. From FIRST_NAME on each name has two: whose attribute of it was read, and written."""

_MOST_FRAMES = 12

Clock = dict[int, int]


class Timeline:
    """One thread's life.

    Attributes:
        number: never used twice, unlike the ident of a thread.
        clock: how often it has released something, counted from 1.
        known: the vector clock: number of a thread -> the clock up to which it is ordered before this one.
        seen: what rewritten code looks at; see the constants above.
        held: locks held now, with where each was taken.
        off: above 0, accesses are not looked at: finalizers, and the detector itself.
        started: where the thread was started, (code, instruction) pairs, innermost first.
    """

    __slots__ = ("number", "clock", "known", "seen", "held", "off", "name", "started", "thread")

    def __init__(self, number: int, name: str, known: Clock, started: tuple[object, ...], names: int) -> None:
        self.number, self.clock, self.name, self.started = number, 1, name, started
        self.known = {**known, number: 1}
        self.held: list[tuple[object, CodeType | None, int]] = []
        self.off = 0
        self.thread: object = None
        self.seen: list = [self, set(), set(), [], set(), set(), set(), set()]
        self.seen.extend(set() for _ in range(2 * names))

    def tick(self) -> None:
        """Begin a new epoch: what is done from now on is not covered by clocks handed out before."""
        self.clock += 1
        self.known[self.number] = self.clock
        touched = self.seen[TOUCHED]
        for seen in touched:
            seen.clear()
        touched.clear()

    def saw(self, place: int, what: object) -> None:
        """Remember that *what* needs no second look in this epoch."""
        seen = self.seen[place]
        if not seen:
            self.seen[TOUCHED].append(seen)
        seen.add(what)

    def release(self) -> Clock:
        """Return the clock that somebody who is ordered after this moment takes over; begin a new epoch."""
        handed = self.known.copy()
        self.tick()
        return handed

    def acquire(self, handed: Clock | None) -> None:
        """Be ordered after the moment at which *handed* was given by `release`."""
        if handed:
            known = self.known
            for number, clock in handed.items():
                if known.get(number, 0) < clock:
                    known[number] = clock

    def describe(self) -> str:
        """Return the thread's name as the program gave it."""
        return str(getattr(self.thread, "name", None) or self.name)


class Timelines(dict):
    """Ident of a running thread -> its timeline's ``seen``. Looked up by rewritten code."""

    def __missing__(self, ident: int) -> list:
        # A thread that nothing of Python started: ordered after nothing we know.
        return begin({}, (), "main thread" if not _count[0] else f"foreign thread {ident}").seen


timelines = Timelines()
names: dict[str, int] = {}
"""Attribute or variable name -> its number; its sets in ``seen`` are at FIRST_NAME + 2 * number and one further."""

_count = [0]
get_ident = _thread.get_ident


def begin(known: Clock, started: tuple[object, ...], name: str = "") -> Timeline:
    """Make the timeline of the calling thread, which begins now, ordered after *known*."""
    with LOCK:
        _count[0] += 1
        timeline = Timeline(_count[0], name or f"thread {_count[0]}", known, started, len(names))
        timelines[get_ident()] = timeline.seen
    return timeline


def current() -> Timeline:
    """Return the calling thread's timeline."""
    return timelines[get_ident()][0]  # type: ignore[no-any-return]


def joined(one: Clock | None, other: Clock) -> Clock:
    """Return the clock of being ordered after both."""
    if one is None:
        return other.copy()
    made = one.copy()
    for number, clock in other.items():
        if made.get(number, 0) < clock:
            made[number] = clock
    return made


def number_of(name: str) -> int:
    """Return the place in ``seen`` for reads of *name*; writes are one further. New names get theirs in all timelines."""
    with LOCK:
        if name not in names:
            for seen in timelines.values():
                seen.append(set())
                seen.append(set())
            names[name] = len(names)
        return FIRST_NAME + 2 * names[name]


def stack(depth: int) -> tuple[tuple[CodeType, int], ...]:
    """Return the callers' (code, instruction) pairs, innermost first, from *depth* frames above the caller on."""
    frames = []
    try:
        frame = sys._getframe(depth + 1)
    except ValueError:  # nothing of Python is that far up
        return ()
    while frame is not None and len(frames) < _MOST_FRAMES:
        frames.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(frames)


def line_of(code: CodeType, instruction: int) -> int:
    """Return the line of an instruction (a byte offset, as in ``f_lasti``)."""
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return line
    return code.co_firstlineno
