"""Hide a function's own frame: programs then see their frames as under plain python, and none of ours.

CPython leaves a frame out of ``f_back``, tracebacks, tracing and monitoring while it has not yet reached its code's
first RESUME instruction (``_PyFrame_IsIncomplete``, Include/internal/pycore_frame.h, pycore_interpframe.h in 3.14).
A function whose RESUME has been replaced stays in that state until it returns. faulthandler alone shows it, because
it walks the raw chain.
"""

from __future__ import annotations

import sys

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
