"""A thread that asks for the GIL while interpreters run that share it, so that they get it.

On hosts where interpreters starve each other only a thread of the interpreter that holds the GIL can make it hand the GIL
over (Python/ceval_gil.h of 3.11, take_gil: the request is noted in the state of the interpreter that waits). `agent.beat`
sees to that for the interpreters that are run; this, for the one that has them run in threads and goes on itself.
"""

from __future__ import annotations

import _thread
import os

_EVERY = 0.005  # seconds; as long as CPython lets a thread run when another waits
_LINGERS = 20  # beats after the last use: starting a thread for each call would make short calls dear
_users = 0
_beats_left = 0
_alive = False


def begin() -> None:
    """Begin to ask, unless this is the only thread, which then does nothing else meanwhile. Pair with `end`."""
    global _users, _beats_left, _alive
    _users += 1
    _beats_left = _LINGERS
    if not _alive and _thread._count():  # type: ignore[attr-defined]
        _alive = True
        try:
            _thread.start_new_thread(_run, ())
        except RuntimeError:  # no more threads, or the interpreter is ending
            _alive = False


def end() -> None:
    """End what `begin` began."""
    global _users
    _users -= 1


def _run() -> None:
    global _alive, _beats_left
    never = _thread.allocate_lock()
    never.acquire()
    while _beats_left > 0:
        never.acquire(timeout=_EVERY)
        if not _users:
            _beats_left -= 1
    _alive = False  # no other thread runs between finding no beats left and this: see `agent._raise_above`


def _forget() -> None:
    global _users, _alive
    _users, _alive = 0, False


os.register_at_fork(after_in_child=_forget)
