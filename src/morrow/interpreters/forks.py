"""Let a program that has interpreters fork: the child has the main one only.

CPython ends the others in the child (Python/pystate.c, _PyInterpreterState_DeleteExceptMain), whose threads are not there, and
dies of it or waits for ever, on every host up to 3.14. So for the moment of the fork they are taken out of the list of
interpreters: the child never hears of them, and the parent gets the list back. Nobody makes or destroys one meanwhile, and a
thread that finds none there asks again (`engine`).
"""

from __future__ import annotations

import _thread
import os
import time
from contextlib import contextmanager
from functools import partial

from morrow.host import HERE
from morrow.interpreters.board import FORKING, FORKS, MAKING, get_board

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 30.0  # seconds: who makes an interpreter is done long before
_turn = _thread.allocate_lock()  # one fork at a time
_installed = False
_kept: object = None  # the memory that has the head of the list meanwhile


@contextmanager
def changing_the_list() -> Iterator[None]:
    """Make or destroy an interpreter in here: no fork happens meanwhile, and none is under way."""
    board = get_board()
    _wait_and_change(FORKING, MAKING, 1)
    try:
        yield
    finally:
        with board.lock:
            board.words[MAKING] -= 1


def _wait_and_change(zero: int, word: int, number: int) -> None:
    """Add *number* to one word of the board's header as soon as another is zero."""
    board = get_board()
    end = time.monotonic() + _PATIENCE
    while True:
        with board.lock:
            if not board.words[zero] or time.monotonic() > end:
                board.words[word] += number
                return
        time.sleep(0.0005)


def number() -> int:
    """Return how many forks there have been."""
    return get_board().words[FORKS]  # type: ignore[no-any-return]


def were_since(before: int) -> bool:
    """Return whether there has been a fork since that number; if one is under way, wait for its end."""
    words = get_board().words
    end = time.monotonic() + _PATIENCE
    while words[FORKING] and time.monotonic() < end:
        time.sleep(0.0005)
    return words[FORKS] != before  # type: ignore[no-any-return]


def _before() -> None:
    _turn.acquire()
    _wait_and_change(MAKING, FORKING, 1)


def _after_in_parent() -> None:
    words = get_board().words  # not its lock: who waits for the end of the fork may hold it
    words[FORKS] += 1
    words[FORKING] = 0
    _turn.release()


def install() -> None:
    """Do so from now on, where the list is where it should be."""
    global _installed, _kept
    if _installed or HERE is None or not HERE.interpreters_head or not hasattr(os, "register_at_fork"):
        return
    _installed = True
    try:
        from _ctypes import (  # type: ignore[attr-defined]
            FUNCFLAG_CDECL,
            FUNCFLAG_PYTHONAPI,
            CFuncPtr,
            _memmove_addr,
            _SimpleCData,
            addressof,
            dlopen,
            dlsym,
        )
    except ImportError:  # a python built without it; 3.12, in an interpreter with its own GIL, which cannot fork
        return

    class Pointer(_SimpleCData):  # type: ignore[misc]
        _type_ = "P"

    class Function(CFuncPtr):  # type: ignore[misc]
        _flags_ = FUNCFLAG_CDECL | FUNCFLAG_PYTHONAPI  # with the GIL held all the time
        _restype_ = Pointer

    try:
        program = dlopen(None, 0)
        head = dlsym(program, "_PyRuntime") + HERE.interpreters_head
        first, main = (Function(dlsym(program, f"PyInterpreterState_{name}"))() for name in ("Head", "Main"))
    except OSError:  # an executable that exports no symbols
        return
    if (Pointer.from_address(head).value, Pointer.from_address(head + 8).value) != (first, main):
        return
    move = Function(_memmove_addr)
    move.argtypes = [Pointer, Pointer, Pointer]
    _kept = Pointer(0)
    kept = addressof(_kept)  # type: ignore[arg-type]
    # What is registered last is called first before a fork, and last after it. Between these C functions and the fork no other
    # thread of this interpreter runs Python code.
    os.register_at_fork(before=partial(move, head, head + 8, 8))
    os.register_at_fork(before=partial(move, kept, head, 8), after_in_parent=partial(move, head, kept, 8))
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_turn.release)
