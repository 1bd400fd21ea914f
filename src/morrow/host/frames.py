"""Hide a function's own frame: programs then see their frames as under plain python, and none of ours.

CPython leaves a frame out of ``f_back``, tracebacks, tracing and monitoring while it has not yet reached its code's
first RESUME instruction (``_PyFrame_IsIncomplete``, Include/internal/pycore_frame.h, pycore_interpframe.h in 3.14).
A function whose RESUME has been replaced stays in that state until it returns. What walks the raw chain still finds it:
faulthandler, and frame objects of 3.11; `from_bottom` takes the chain itself apart. On 3.11 a profile function hears such
a frame end all the same: there `hidden_ends` rewrites the code once more.
"""

from __future__ import annotations

import sys
from _functools import partial
from _weakref import ref

from morrow.host import thread_state
from morrow.host.deaf import deafen, hide_start
from morrow.host.facts import HERE

TYPE_CHECKING = False  # mypy takes this for typing's; importing typing at every start would cost 5 ms
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])


def hide(function: F) -> F:
    """Hide every frame of *function*, where the host is known to allow it; return the same function.

    The function must be an ordinary one without cells: its code then starts with RESUME. It should do little: an
    error raised in it has no line of its own in the traceback.
    """
    code = function.__code__
    if HERE is None or HERE.hidden_start is None:
        return function
    if code.co_cellvars or code.co_freevars:
        raise TypeError(f"{function.__qualname__} has cells: its code does not start with RESUME")
    if HERE.hears_hidden_ends:
        from morrow.host import hidden_ends

        function.__code__ = hidden_ends.end_unheard(code)
    return hide_start(function)


@hide
def _is_bottom() -> bool:
    """Whether there are but hidden frames on this thread's stack."""
    try:
        sys._getframe(1)  # 0 would be this one, hidden or not
    except ValueError:
        return True
    return False


@hide
def from_bottom(function: Callable[..., Any], *arguments: object) -> tuple[Any, BaseException | None]:
    """Call a function with an empty stack below it if there are but hidden frames; return what it returns, and what it raised.

    For as long as *function* runs, the thread's link to its innermost frame is empty, as before a program's first one.
    What walks the raw chain sees nothing of ours then. On 3.11 that is a matter of life: a frame object that outlives
    its frame takes ``f_back`` along, but when it finds no frame to be shown down that way, the raw link is left in place
    (frameobject.c, take_ownership), and reading ``f_back`` at exit or from another thread follows it to whatever is
    there by then.

    An error is returned because it must not be raised here: from 3.12 on a program's trace function hears of every error
    that comes to a frame, hidden or not, and CPython finds no frame to tell it of (legacy_tracing.c, call_trace_func).
    At the bottom trace and profile functions are there for *function* only, and put away before its error comes here.
    """
    can_cut = HERE is not None and HERE.frame_link is not None and _is_callable(function)
    state = thread_state.find() if can_cut and _is_bottom() else None
    value = error = None
    link = None
    if state is not None:
        # By C functions only, in this very frame: one in Python might run in an evaluator of its own, with a link of its own.
        address = state.address
        for offset in HERE.frame_link:  # type: ignore[union-attr]
            link = state.pointer.from_address(address + offset)
            address = link.value
        code = state.pointer.from_address(address + HERE.frame_code).value & ~3  # type: ignore[union-attr]  # 3.14 marks links
        if code != id(from_bottom.__code__):  # a build that keeps its frames elsewhere
            link = None
    if link is None:
        try:
            value = function(*arguments)
        except BaseException as caught:
            error = caught
        return value, error
    task = [partial(function, *arguments)]  # in C: a frame of ours would be linked to this one
    end = ref(task[0], put_tracers_away)  # it dies as soon as it has been called, before this frame hears of an error
    cut = partial(setattr, link, "value", None)
    try:
        # In this order: taken out, and nobody else's; tracers back; the link cut, and nothing called that they might hear of.
        value = task.pop()(*(bring_tracers_back() or cut() or ()))
    except BaseException as caught:
        error = caught
    link.value = address
    del end
    return value, error


class _Away:
    """The trace and profile functions of a program while frames of ours are at the bottom of its stack.

    Debuggers and profilers that listen by sys.monitoring stay where they are: the thread tells them nothing (`deaf`).
    """

    trace: Any = None
    profile: Any = None
    deaf: object = None


# Not by their names: 3.11 tells a profile function of every function written in C that a frame calls, but not of these.
_get_trace, _get_profile, _is_callable = partial(sys.gettrace), partial(sys.getprofile), partial(callable)
_set_trace, _set_profile = partial(sys.settrace), partial(sys.setprofile)


@hide
def put_tracers_away(ended: object = None) -> None:
    """Take the program's trace and profile functions off this thread, until they are brought back.

    One that is written in C and cannot be called, such as cProfile's, could not be brought back, and so stays. What
    listens by sys.monitoring would hear an error pass hidden frames, where there is no frame to be told of.
    """
    profile, trace = _get_profile(), _get_trace()
    if _is_callable(profile):
        _set_profile(None)
        _Away.profile = profile
    if _is_callable(trace):
        _set_trace(None)
        _Away.trace = trace
    if HERE is not None and HERE.has_monitoring:
        _Away.deaf = deafen()


@hide
def hear_again() -> None:
    """Let what listens by sys.monitoring hear this thread again: it goes on with the program's code."""
    _Away.deaf = None


@hide
def bring_tracers_back() -> None:
    """Put them back, those that have been put away."""
    _Away.deaf = None
    trace, profile = _Away.trace, _Away.profile
    _Away.trace = _Away.profile = None
    if profile is not None:
        _set_profile(profile)
    if trace is not None:
        _set_trace(trace)


@hide
def quietly(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function of ours while trace functions, profilers and debuggers look away; return what it returns."""
    _deaf = deafen()
    return function(*arguments)
