"""Make a thread deaf: trace functions, profilers and debuggers hear nothing of what it does for a while.

A hidden function (host.frames) says with it what nobody shall hear of its own work, and in what moment:

    _deaf = deafen()                    nothing, until the variable is deleted or the frame is gone
    call = last_call(function, x)       nothing once the program's code is through: see there

CPython counts the reasons for a thread to tell nobody anything (``PyThreadState.tracing``, kept by PyThreadState_EnterTracing
and PyThreadState_LeaveTracing since 3.11). Whoever listens stays where he is, also one that is written in C.
"""

from __future__ import annotations

import sys
from _functools import partial

from morrow.host import thread_state
from morrow.host.facts import HERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])


def hide_start(function: F) -> F:
    """Hide every frame of *function*, but on 3.11 not its end from profile functions; return the same function."""
    stand_in = HERE.hidden_start if HERE is not None else None
    if stand_in is not None:
        code = function.__code__
        function.__code__ = code.replace(co_code=stand_in + code.co_code[len(stand_in) :])
    return function


# Not by their names: 3.11 tells a profile function of every function written in C that a frame calls, but not of these.
_get_trace, _get_profile, _is_callable = partial(sys.gettrace), partial(sys.getprofile), partial(callable)
_set_trace, _set_profile = partial(sys.settrace), partial(sys.setprofile)
if HERE is not None and HERE.has_monitoring:
    _get_tool = partial(sys.monitoring.get_tool)
    _get_events, _set_events = partial(sys.monitoring.get_events), partial(sys.monitoring.set_events)
    _LISTENERS = sys.monitoring.PROFILER_ID, sys.monitoring.DEBUGGER_ID
else:
    _get_tool, _LISTENERS = partial(bool), (0, 0)
    _get_events = _set_events = partial(bool)


@hide_start
def deafen() -> object:
    """Let nobody hear what this thread does for as long as what this returns is there: None, if nobody listens.

    A hidden function that keeps it in a variable is not heard to its end: its variables go when that has been told.
    """
    if _get_trace() is None and _get_profile() is None and not (_get_tool(_LISTENERS[0]) or _get_tool(_LISTENERS[1])):
        return None
    if _Deaf.found is None:
        trace, profile = _get_trace(), _get_profile()
        if _is_callable(trace):
            _set_trace(None)
        if _is_callable(profile):
            _set_profile(None)
        profiler = _get_tool(_LISTENERS[0]) and _get_events(_LISTENERS[0])
        debugger = _get_tool(_LISTENERS[1]) and _get_events(_LISTENERS[1])
        if profiler:
            _set_events(_LISTENERS[0], 0)
        if debugger:
            _set_events(_LISTENERS[1], 0)
        prepare()
        if profiler:
            _set_events(_LISTENERS[0], profiler)
        if debugger:
            _set_events(_LISTENERS[1], debugger)
        if _is_callable(profile):
            _set_profile(profile)
        if _is_callable(trace):
            _set_trace(trace)
    if not _Deaf.found:
        return None
    state = _Deaf.get_state()
    _Deaf.enter(state)
    kind = _Deaf.kinds.get(state)
    if kind is None:
        # A function in Python would be heard itself: __del__ is one in C.
        kind = _Deaf.kinds[state] = type("Deaf", (), {"__slots__": (), "__del__": staticmethod(partial(_Deaf.leave, state))})
    return kind()


@hide_start
def last_call(function: Callable[..., Any], *arguments: object, **named: object) -> Any:
    """Prepare the call of the program's code that a hidden function ends with; return None if that can be an ordinary one.

        call = last_call(host_exec, text)
        return host_exec(text) if call is None else call.pop()()

    From 3.12 on whoever listens hears of an error in every frame that it passes: of a hidden one as well, for which he
    gets the next frame below that is not. So the thread is deaf from the moment when the call is over until the caller's
    frame is gone, and the list with it.

    On 3.11 a profile function in Python compares the frames that it hears of, and would not find a hidden one, which
    calls something written in C, below the program's: there it does not hear of the call.
    """
    if _get_trace() is None and _get_profile() is None and not (_get_tool(_LISTENERS[0]) or _get_tool(_LISTENERS[1])):
        return None  # as in deafen, which is not asked for the time that would take
    _deaf = deafen()
    if _deaf is None:
        return None
    if _hears_ends:
        return _Ready(partial(partial, function, *arguments, **named)) if _is_callable(_get_profile()) else None
    state = _Deaf.get_state()
    kind = _Deaf.calls.get(state)
    if kind is None:
        # It dies as soon as it has been called, before the caller's frame hears of an error.
        kind = _Deaf.calls[state] = type("Call", (partial,), {"__slots__": (), "__del__": staticmethod(partial(_Deaf.enter, state))})
    return [_Deaf.kinds[state](), kind(function, *arguments, **named)]


class _Ready:
    """Stands for the list, on 3.11, with a ``pop`` that profile functions are not told of: they would keep the hidden frame."""

    __slots__ = ("pop",)

    def __init__(self, pop: Callable[[], Any]) -> None:
        self.pop = pop


_hears_ends = HERE is not None and HERE.hears_hidden_ends


@hide_start
def unheard() -> object:
    """Let this thread's profile function, if there is one, hear nothing while what this returns is there. For 3.11 only.

    It is for the caller to keep in its frame. If others have that frame, a profile function for example that heard of
    what it called, what it keeps outlives it: then None is returned, and the frame's end is heard.
    """
    if _get_profile() is None:
        return None
    deaf = deafen()
    if deaf is not None:
        read = _Deaf.pointer.from_address
        place = _Deaf.get_state()
        for offset in HERE.frame_link:  # type: ignore[union-attr]
            place = read(place + offset).value
        kept = read(read(place + _PREVIOUS).value + _FRAME_OBJECT).value
        if kept and read(kept).value > 1:  # its reference count
            return None
    return deaf


_PREVIOUS, _FRAME_OBJECT = 48, 40  # in _PyInterpreterFrame of 3.11


class _Deaf:
    """What makes a thread deaf, and what ends that.

    Attributes:
        found: whether the rest could be found; None before anybody asked.
        pointer: the type that reads an address from memory.
        get_state: gives the address of this thread's state.
        enter, leave: count the reasons to tell nobody anything.
        kinds: for each thread state a class whose instances leave when they die.
        calls: for each thread state a class of calls that enter when they die.
    """

    found: bool | None = None
    pointer: Any = None
    get_state: Any = None
    enter: Any = None
    leave: Any = None
    kinds: dict[int, type] = {}
    calls: dict[int, type] = {}


def prepare() -> None:
    """Find what makes a thread deaf: now, if a profiler in C may come, which would hear how that goes."""
    found = thread_state.find_functions("Get", "EnterTracing", "LeaveTracing")
    _Deaf.found = found is not None
    if found is not None:
        _Deaf.pointer, _Deaf.get_state, _Deaf.enter, _Deaf.leave = found
