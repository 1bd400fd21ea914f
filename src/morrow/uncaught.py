"""Show an error that nobody caught, as CPython's PyErr_Print does (Python/pythonrun.c, _PyErr_PrintEx).

A program's trace and profile functions may still be there, and shall see nothing of it: everything here is hidden, written
in C, or called `quietly`.
"""

from __future__ import annotations

import sys

from morrow.host import HERE
from morrow.host.frames import hide, quietly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


@hide
def report(error: BaseException, show_syntax_error: Callable[[SyntaxError], None]) -> object:
    """Show *error* by sys.excepthook; return the exit status if the program's own hook gives one, else None.

    *show_syntax_error* shows one that the hook is not asked about, since the host's words for it are not 3.14's.
    """
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
        sys.__excepthook__(type(second), second, second.__traceback__)
    if hook is None and not hasattr(sys, "excepthook"):
        say("sys.excepthook is missing\n")
        sys.__excepthook__(type(error), error, error.__traceback__)
        return None
    try:
        if isinstance(error, SyntaxError) and hook is sys.__excepthook__ and not (HERE and HERE.words_warnings):
            quietly(show_syntax_error, error)
            return None
        hook(type(error), error, error.__traceback__)  # type: ignore[misc]
    except SystemExit as leaving:
        return leaving.code if leaving.code is not None else 0
    except BaseException as second:
        say("Error in sys.excepthook:\n")
        sys.__excepthook__(type(second), second, second.__traceback__)
        say("\nOriginal exception was:\n")
        sys.__excepthook__(type(error), error, error.__traceback__)
    return None


@hide
def say(text: str) -> None:
    """Write to the program's sys.stderr, which may be anything, or fail, as PySys_WriteStderr does: without a word."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except Exception:  # closed, None, or the program's own: there is nobody left to be told
        pass
