"""`sys._current_frames` that leaves other interpreters' threads alone.

The host's makes frame objects for the threads of all interpreters (Python/pystate.c of 3.12, _PyThread_CurrentFrames), also of
those with a GIL and an allocator of their own: they run on meanwhile, and free with their allocator what came from another,
``free(): invalid pointer``. Profilers and debuggers call it many times a second; Dask's workers do. So where a host does that,
it is replaced in every interpreter as soon as there is one with a GIL of its own.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_offset = 0


def install(thread_id: int) -> None:
    """Replace it here. *thread_id* is where a thread's number is in its PyThreadState."""
    global _offset
    _offset = thread_id
    sys._current_frames = _current_frames


def _current_frames() -> dict[int, FrameType]:
    """Return a dict mapping each thread's identifier to the topmost stack frame, for the threads of this interpreter."""
    import _thread

    try:
        found = _frames()
    except ImportError:  # 3.12, in an interpreter with its own GIL: it sees the thread that asks
        found = {}
    found[_thread.get_ident()] = sys._getframe(1)
    return found


def _frames() -> dict[int, FrameType]:
    from itertools import accumulate, chain, repeat, takewhile, tee
    from operator import attrgetter

    from morrow.interpreters import agent

    api = agent.c_api()
    # Nothing of this is done before `list` asks for it, and that is one call of a function in C: no thread of this interpreter
    # runs, begins or ends meanwhile. accumulate's second argument goes to a C function that takes one, and is not looked at.
    first = map(api.PyInterpreterState_ThreadHead, (api.PyInterpreterState_Get(),))  # type: ignore[attr-defined]
    states, same = tee(takewhile(bool, accumulate(chain(first, repeat(0)), api.PyThreadState_Next)))  # type: ignore[attr-defined]
    numbers = map(attrgetter("value"), map(api.pointer.from_address, map(_offset.__add__, states)))
    pairs = list(zip(numbers, map(api.PyThreadState_GetFrame, same)))  # type: ignore[attr-defined]
    found = {}
    for number, address in pairs:
        if address:
            found[number] = api.Py_NewRef(address)  # type: ignore[attr-defined]
            api.Py_DecRef(address)  # type: ignore[attr-defined]
    return found
