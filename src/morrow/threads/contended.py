"""Locks that know who waited for them, where, and for how long. A lock that is free costs one more call."""

from __future__ import annotations

import _thread
import sys
import threading
import time

_allocate = _thread.allocate_lock
_OWN = __file__.rpartition("contended")[0]

waits: dict[tuple[str, int, str, int], list[float]] = {}
"""(file and line that waited, file and line that made the lock) -> [seconds, times]."""
waiting: dict[int, float] = {}
"""Ident of a thread that waits for a lock now -> since when (`time.perf_counter`)."""
waited: dict[int, float] = {}
"""Ident of a thread -> seconds it has waited for locks, until its last wait ended."""


class Lock:
    """A ``threading.Lock`` that is timed."""

    __slots__ = ("_lock", "_made", "__weakref__")

    def __init__(self) -> None:
        self._lock = _allocate()
        self._made = _place(sys._getframe(1))

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._lock.acquire(False):
            return True
        if not blocking:
            return False
        ident = _thread.get_ident()
        began = waiting[ident] = time.perf_counter()
        try:
            return self._lock.acquire(True, timeout)
        finally:
            took = time.perf_counter() - began
            waiting.pop(ident, None)
            waited[ident] = waited.get(ident, 0.0) + took
            entry = waits.setdefault((*_place(sys._getframe(1)), *self._made), [0.0, 0])
            entry[0] += took
            entry[1] += 1

    acquire_lock = acquire

    def release(self) -> None:
        self._lock.release()

    release_lock = release

    def locked(self) -> bool:
        return self._lock.locked()

    locked_lock = locked

    def __enter__(self) -> bool:
        return self._lock.acquire(False) or self._enter()

    def _enter(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def _at_fork_reinit(self) -> None:
        self._lock._at_fork_reinit()  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return repr(self._lock)


class RLock(threading._PyRLock):  # type: ignore[misc,name-defined]
    """CPython's own RLock in Python, on a lock that is timed."""

    def __init__(self) -> None:
        super().__init__()
        self._block = Lock()


RLock.__module__, RLock.__qualname__ = "_thread", "RLock"


def install() -> None:
    """Let threading make timed locks. What it makes to wait for events stays as it is: that is no contention."""
    threading.Lock = Lock  # type: ignore[misc,assignment]
    threading.RLock = RLock  # type: ignore[misc]
    threading._CRLock = RLock  # type: ignore[attr-defined]


def _place(frame: object) -> tuple[str, int]:
    while frame is not None:
        path = frame.f_code.co_filename  # type: ignore[attr-defined]
        if not path.endswith(_LIBRARY) and not path.startswith(_OWN):
            return path, frame.f_lineno  # type: ignore[attr-defined]
        frame = frame.f_back  # type: ignore[attr-defined]
    return "?", 0


_LIBRARY = ("/threading.py", "\\threading.py")
