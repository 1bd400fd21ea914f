"""Take morrow's hidden frames out of the recursion limit: a recursion then goes as deep as under plain python.

CPython counts down ``recursion_remaining`` of the thread with every frame, the hidden one below the program's first
(host.frames) too. That count is in `PyThreadState`, directly before the limit it started from (Include/cpython/pystate.h);
where the two do not look like that, nothing is changed and a recursion ends a frame or two early.
"""

from __future__ import annotations

import os
import sys

from morrow.host.facts import HERE


def take_back_frame(calls_c: bool) -> None:
    """Let this thread go deeper by what the hidden frame that calls this takes; it must be called once, by that frame.

    *calls_c* says that the frame runs the program by a function written in C, which counts as well on some hosts.
    """
    if HERE is None or HERE.recursion_remaining is None or os.name == "nt":
        return
    try:
        # Not ctypes, which would cost more than everything else morrow does at start.
        from _ctypes import FUNCFLAG_PYTHONAPI, CFuncPtr, _SimpleCData, dlopen, dlsym
    except ImportError:  # a python built without it
        return

    class Address(_SimpleCData):  # type: ignore[type-arg]
        _type_ = "P"

    class Count(_SimpleCData):  # type: ignore[type-arg]
        _type_ = "i"

    class GetThread(CFuncPtr):
        _flags_ = FUNCFLAG_PYTHONAPI
        _restype_ = Address

    try:
        thread = GetThread(dlsym(dlopen(None, 0), "PyThreadState_Get"))()
    except OSError:  # an executable that exports no symbols
        return
    address = thread + HERE.recursion_remaining
    remaining, limit = Count.from_address(address), Count.from_address(address + 4)
    if limit.value == sys.getrecursionlimit() and 0 < limit.value - remaining.value < 50:
        remaining.value += 1 + (calls_c and HERE.counts_calls_of_c)
