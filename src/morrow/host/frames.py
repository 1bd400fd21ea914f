"""Hide a function's own frame: programs then see their frames as under plain python, and none of ours.

CPython leaves a frame out of ``f_back``, tracebacks, tracing and monitoring while it has not yet reached its code's
first RESUME instruction (``_PyFrame_IsIncomplete``, Include/internal/pycore_frame.h, pycore_interpframe.h in 3.14).
A function whose RESUME has been replaced stays in that state until it returns. What walks the raw chain still finds it:
faulthandler, and frame objects of 3.11; `from_bottom` takes the chain itself apart.
"""

from __future__ import annotations

import sys
from _operator import call

from morrow.host import thread_state
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
    stand_in = HERE.hidden_start if HERE is not None else None
    if stand_in is None:
        return function
    code = function.__code__
    if code.co_cellvars or code.co_freevars:
        raise TypeError(f"{function.__qualname__} has cells: its code does not start with RESUME")
    function.__code__ = code.replace(co_code=stand_in + code.co_code[len(stand_in) :])
    return function


@hide
def _is_bottom() -> bool:
    """Whether there are but hidden frames on this thread's stack."""
    try:
        sys._getframe(1)  # 0 would be this one, hidden or not
    except ValueError:
        return True
    return False


@hide
def from_bottom(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function with an empty stack below it if there are but hidden frames; return what it returns.

    For as long as *function* runs, the thread's link to its innermost frame is empty, as before a program's first one.
    What walks the raw chain sees nothing of ours then. On 3.11 that is a matter of life: a frame object that outlives
    its frame takes ``f_back`` along, but when it finds no frame to be shown down that way, the raw link is left in place
    (frameobject.c, take_ownership), and reading ``f_back`` at exit or from another thread follows it to whatever is
    there by then.
    """
    state = thread_state.find() if HERE is not None and HERE.frame_link is not None and _is_bottom() else None
    if state is None:
        return function(*arguments)
    # By C functions only, in this very frame: one in Python might run in an evaluator of its own, with a link of its own.
    address = state.address
    for offset in HERE.frame_link:  # type: ignore[union-attr]
        link = state.pointer.from_address(address + offset)
        address = link.value
    code = state.pointer.from_address(address + HERE.frame_code).value & ~3  # type: ignore[union-attr]  # 3.14 marks links
    if code != id(from_bottom.__code__):  # a build that keeps its frames elsewhere
        return function(*arguments)
    link.value = None
    try:
        return call(function, *arguments)  # in C: else the new frame's link would be to this one
    finally:
        link.value = address


@hide
def quietly(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function of ours while a program's trace and profile functions look away; return what it returns.

    One that is written in C and cannot be called, such as cProfile's, cannot be put back, and so goes on looking.
    """
    trace, profile = sys.gettrace(), sys.getprofile()
    traced, profiled = callable(trace), callable(profile)
    if traced:
        sys.settrace(None)
    if profiled:
        sys.setprofile(None)
    try:
        return function(*arguments)
    finally:
        if profiled:
            sys.setprofile(profile)
        if traced:
            sys.settrace(trace)
