"""The ends of a process: what the jit does at a fork and at exit.

Imports nothing heavy: runs at the start of every program.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_hooks: list[tuple[Callable[[], None], Callable[[], None]]] = []


def on_exit(stop: Callable[[], None]) -> None:
    """Call *stop* when the interpreter ends, after every exit function that the program registers later."""
    import atexit

    atexit.unregister(stop)
    atexit.register(stop)


def on_fork(before: Callable[[], None], after: Callable[[], None]) -> None:
    """Call *before* ahead of every fork, and *after* behind it in both processes.

    The jit's thread has to be gone when CPython forks: since 3.12 it counts the process's threads and warns, and LLVM's
    lock must not be held by a thread that the child does not have.
    """
    if not hasattr(os, "register_at_fork"):
        return
    if not _hooks:
        os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
    _hooks[:] = [(before, after)]


def _before() -> None:
    for before, _ in _hooks:
        before()


def _after() -> None:
    for _, after in _hooks:
        after()
