"""Show an error that nobody caught, as CPython's PyErr_Print does (Python/pythonrun.c, _PyErr_PrintEx).

A program's trace and profile functions may still be there, and shall see nothing of it: everything here is hidden,
written in C, or called while they are away (host.frames).
"""

from __future__ import annotations

import sys

from morrow.host import HERE
from morrow.host.frames import from_bottom, hide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


@hide
def report(error: BaseException, show: Callable[[BaseException], None] | None = None) -> object:
    """Show *error* by sys.excepthook; return the exit status if the program's own hook gives one, else None.

    *show* stands in for the hook that every python starts with.
    """
    show = show or _show
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    if HERE is None or HERE.has_monitoring:
        sys.last_exc = error  # type: ignore[attr-defined]
    hook = getattr(sys, "excepthook", None)
    try:
        sys.audit("sys.excepthook", hook, type(error), error, error.__traceback__)
    except RuntimeError:  # an audit hook may forbid that the error is shown
        return None
    except BaseException as second:
        say("Exception ignored in audit hook:\n")
        show(second)
    if hook is None and not hasattr(sys, "excepthook"):
        say("sys.excepthook is missing\n")
        show(error)
        return None
    if hook is sys.__excepthook__:
        show(error)
        return None
    _, raised = from_bottom(hook, type(error), error, error.__traceback__)  # type: ignore[arg-type]
    if isinstance(raised, SystemExit):
        return raised.code if raised.code is not None else 0
    if raised is not None:
        say("Error in sys.excepthook:\n")
        raised.__context__ = None
        show(raised)
        say("\nOriginal exception was:\n")
        show(error)
    return None


@hide
def _show(error: BaseException) -> None:
    if type(sys.__excepthook__) is type(len):  # the host's, whose frames a program's trace function sees under python, too
        from_bottom(sys.__excepthook__, type(error), error, error.__traceback__)
    else:
        sys.__excepthook__(type(error), error, error.__traceback__)


@hide
def say(text: str) -> None:
    """Write to the program's sys.stderr, which may be anything, or fail, as PySys_WriteStderr does: without a word."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except Exception:  # closed, None, or the program's own: there is nobody left to be told
        pass
