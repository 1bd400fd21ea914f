"""Locks that carry order from who releases them to who takes them next, and know where they were made and taken.

They stand in for ``threading.Lock`` and, through CPython's own Python version of it, ``threading.RLock``; everything else in
threading, queue and concurrent.futures is built on these two.
"""

from __future__ import annotations

import _thread
import sys
import threading

from morrow.race.clocks import Clock, get_ident, line_of, timelines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

_allocate = _thread.allocate_lock
LockType = type(_allocate())
_OWN = __file__.rpartition("race")[0]


class Lock:
    """A ``threading.Lock`` that the detector can see."""

    __slots__ = ("_lock", "_clock", "_releaser", "_made", "__weakref__")

    def __init__(self) -> None:
        self._lock = _allocate()
        self._clock: Clock | None = None
        self._releaser = 0
        self._made = _where()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        got = self._lock.acquire(blocking, timeout)
        if got:
            timeline = timelines[get_ident()][0]
            if self._releaser != timeline.number:
                timeline.acquire(self._clock)
            timeline.held.append((self, *_where()))
        return got

    acquire_lock = acquire

    def release(self) -> None:
        if not self._lock.locked():
            self._lock.release()  # which says that this is an error
        timeline = timelines[get_ident()][0]
        self._clock = timeline.release()
        self._releaser = timeline.number
        held = timeline.held
        for index in range(len(held) - 1, -1, -1):
            if held[index][0] is self:
                del held[index]
                break
        else:
            _drop_from_others(self)
        self._lock.release()

    release_lock = release

    def locked(self) -> bool:
        return self._lock.locked()

    locked_lock = locked

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._lock._at_fork_reinit()  # type: ignore[attr-defined]
        self._releaser = 0

    def __repr__(self) -> str:
        return repr(self._lock)

    def __reduce__(self) -> object:
        raise TypeError(f"cannot pickle {LockType.__module__ + '.' + LockType.__name__!r} object")

    def describe(self, code: CodeType | None, instruction: int) -> str:
        """Return how a report names this lock, which was taken at that instruction."""
        from morrow.race.report import short

        made_in, made_at = self._made
        made = f"made at {short(made_in.co_filename)}:{line_of(made_in, made_at)}" if made_in is not None else "of a library"
        taken = f", taken at {short(code.co_filename)}:{line_of(code, instruction)}" if code is not None else ""
        return f"the lock {made}{taken}"


class Waiter(Lock):
    """A lock of threading's own (Condition.wait takes one twice, and drops it): it orders, but nobody holds it."""

    __slots__ = ()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        got = self._lock.acquire(blocking, timeout)
        if got and self._clock:
            timelines[get_ident()][0].acquire(self._clock)
        return got

    def release(self) -> None:
        if self._lock.locked():
            self._clock = timelines[get_ident()][0].release()
        self._lock.release()

    __enter__ = acquire  # type: ignore[assignment]


class RLock(threading._PyRLock):  # type: ignore[misc,name-defined]
    """CPython's own RLock in Python, on a lock that the detector can see."""

    def __init__(self) -> None:
        super().__init__()
        self._block = Lock()


RLock.__module__, RLock.__qualname__ = "_thread", "RLock"


def _drop_from_others(lock: Lock) -> None:
    """A lock may be released by another thread than the one that took it."""
    for seen in list(timelines.values()):
        held = seen[0].held
        for entry in list(held):
            if entry[0] is lock and entry in held:
                held.remove(entry)


def _where() -> tuple[CodeType | None, int]:
    """Return the innermost (code, instruction) outside threading and morrow."""
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        known = _known.get(id(code))
        if known is None:
            known = _known[id(code)] = (code, code.co_filename.endswith(_LIBRARY) or code.co_filename.startswith(_OWN))
        if not known[1]:
            return code, frame.f_lasti
        frame = frame.f_back  # type: ignore[assignment]
    return None, 0


_known: dict[int, tuple[CodeType, bool]] = {}
"""id of a code object, which is kept -> whether it is threading's, queue's or ours. Hashing a code object takes long."""
_LIBRARY = ("/threading.py", "/queue.py", "\\threading.py", "\\queue.py")


def allocate_lock() -> object:
    """``_thread.allocate_lock``: one of ours, except for the import system, which needs no watching."""
    if sys._getframe(1).f_globals.get("__name__", "").startswith(("importlib", "_frozen_importlib")):
        return _allocate()
    return Lock()
