"""The ends of a process: what the jit does at a fork and at exit.

Imports nothing heavy: runs at the start of every program.
"""

from __future__ import annotations

import os

from morrow.host import HERE

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
        late = HERE is not None and HERE.warns_late_of_forks
        os.register_at_fork(before=_before, after_in_child=_after)
        if not late:
            os.register_at_fork(after_in_parent=_after)
    _hooks[:] = [(before, after)]


def _before() -> None:
    for before, _ in _hooks:
        before()
    if HERE is not None and HERE.warns_late_of_forks and _later is None:
        _come_back_late()


def _after() -> None:
    for _, after in _hooks:
        after()


_later: object = None


def _come_back_late() -> None:
    """Have the parent call `_after` only once os.fork has returned: before, the thread it starts would be warned of.

    The hook that asks for this runs no Python code, or the interpreter would do what is pending before it returns.
    """
    global _later
    try:
        import ctypes
        from _functools import partial
    except ImportError:  # the program has its own: no thread comes back
        return

    def call(_: object) -> int:
        _after()
        return 0

    _later = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(call)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_later))
    os.register_at_fork(after_in_parent=partial(ctypes.pythonapi.Py_AddPendingCall, _later, None))
