"""Take morrow's hidden frames out of the recursion limit: a recursion then goes as deep as under plain python.

CPython counts down ``recursion_remaining`` of the thread with every frame, the hidden one below the program's first
(host.frames) too. That count is in `PyThreadState`, directly before the limit it started from (Include/cpython/pystate.h);
where the two do not look like that, nothing is changed and a recursion ends a frame or two early.
"""

from __future__ import annotations

import sys

from morrow.host import thread_state
from morrow.host.facts import HERE


def take_back_frames(number: int, calls_of_c: int) -> None:
    """Let this thread go deeper by what hidden frames take; it must be called once, by the first of them.

    Args:
        number: how many there are.
        calls_of_c: how many functions written in C are called between them and the program, which count as well on some hosts.
    """
    if HERE is None or HERE.recursion_remaining is None:
        return
    state = thread_state.find()
    if state is None:
        return
    remaining = state.integer.from_address(state.address + HERE.recursion_remaining)
    limit = state.integer.from_address(state.address + HERE.recursion_remaining + 4)
    if limit.value == sys.getrecursionlimit() and 0 < limit.value - remaining.value < 50:
        remaining.value += number + calls_of_c * HERE.counts_calls_of_c
