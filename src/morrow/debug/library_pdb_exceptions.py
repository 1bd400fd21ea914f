"""``exceptions`` at the prompt of a post-mortem, on 3.11 and 3.12: what the exception came from.

    (Pdb) exceptions                 list it with its causes and contexts
    (Pdb) exceptions 0               look at the first of them

For post-mortems of an exception, not of a traceback alone: `pdb.post_mortem` and `pdb.pm` take one, ``-m pdb`` has one.
"""

from __future__ import annotations

import sys
from types import FrameType, ModuleType, TracebackType
from typing import Any

_DEPTH = 999
_NONE = (
    "Did not find chained exceptions. To move between exceptions, pdb/post_mortem must be given an exception object "
    "rather than a traceback."
)


def complete(pdb: ModuleType) -> None:
    """Add the command to the host's `pdb`, if it lacks it."""
    kind: Any = pdb.Pdb  # type: ignore[attr-defined]
    if hasattr(kind, "do_exceptions"):
        return
    kind.MAX_CHAINED_EXCEPTION_DEPTH = _DEPTH
    kind._chained_exceptions, kind._chained_exception_index = (), 0
    kind.do_exceptions = _do_exceptions
    _complete_interaction(kind)
    _complete_post_mortem(pdb, kind)


def _do_exceptions(self: Any, arg: str) -> None:
    """exceptions [number]

    List or change current exception in an exception chain.

    Without arguments, list all the current exception in the exception
    chain. Exceptions will be numbered, with the current exception indicated
    with an arrow.

    If given an integer as argument, switch to the exception at that index.
    """
    chain = self._chained_exceptions
    if not chain:
        self.message(_NONE)
        return
    if not arg:
        for number, error in enumerate(chain):
            shown = repr(error)
            shown = shown[:77] + "..." if len(shown) > 80 else shown
            arrow = ">" if number == self._chained_exception_index else " "
            self.message(f"{arrow} {'  -' if error.__traceback__ is None else f'{number:>3}'} {shown}")
        return
    try:
        number = int(arg)
    except ValueError:
        self.error("Argument must be an integer")
        return
    if not 0 <= number < len(chain):
        self.error("No exception with that number")
    elif chain[number].__traceback__ is None:
        self.error("This exception does not have a traceback, cannot jump to it")
    else:
        self._chained_exception_index = number
        self.setup(None, chain[number].__traceback__)
        self.print_stack_entry(self.stack[self.curindex])


def _complete_interaction(kind: Any) -> None:
    plain, plain_setup = kind.interaction, kind.setup

    def setup(self: Any, frame: FrameType | None, traceback: TracebackType | None) -> Any:
        result = plain_setup(self, frame, traceback)
        if self._chained_exceptions and self.curframe is not None:
            self.set_convenience_variable(self.curframe, "_exception", self._chained_exceptions[self._chained_exception_index])
        return result

    kind.setup = setup

    def interaction(self: Any, frame: FrameType | None, tb_or_exc: TracebackType | BaseException | None) -> None:
        traceback: Any = tb_or_exc
        chain: list[BaseException] = []
        if isinstance(tb_or_exc, BaseException):
            traceback, chain = tb_or_exc.__traceback__, _chain(self, tb_or_exc)
            assert traceback is not None, "main exception must have a traceback"
        self._chained_exceptions, self._chained_exception_index = tuple(chain), len(chain) - 1
        try:
            plain(self, frame, traceback)
        finally:
            self._chained_exceptions, self._chained_exception_index = (), 0

    kind.interaction = interaction


def _chain(debugger: Any, error: BaseException) -> list[BaseException]:
    """Return an exception and what it came from, the first of them first."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and not any(current is one for one in found):
        found.append(current)
        cause, context = current.__cause__, current.__context__
        current = cause if cause is not None else None if current.__suppress_context__ else context
        if len(found) >= debugger.MAX_CHAINED_EXCEPTION_DEPTH:
            debugger.message(
                f"More than {debugger.MAX_CHAINED_EXCEPTION_DEPTH} chained exceptions found, not all exceptions"
                "will be browsable with `exceptions`."
            )
            break
    return found[::-1]


def _complete_post_mortem(pdb: ModuleType, kind: Any) -> None:
    def _post_mortem(t: TracebackType | BaseException | None, pdb_instance: Any) -> None:
        if t is None:
            t = sys.exc_info()[2]
        if t is None or isinstance(t, BaseException) and t.__traceback__ is None:
            raise ValueError("A valid traceback must be passed if no exception is being handled")
        pdb_instance.reset()
        pdb_instance.interaction(None, t)

    def post_mortem(t: TracebackType | BaseException | None = None) -> None:
        """Enter post-mortem debugging of the given *traceback*, or *exception* object.

        If no traceback is given, it uses the one of the exception that is
        currently being handled (an exception must be being handled if the
        default is to be used).

        If `t` is an exception object, the `exceptions` command makes it possible to
        list and inspect its chained exceptions (if any).
        """
        _post_mortem(t, kind())

    def pm() -> None:
        """Enter post-mortem debugging of the traceback found in sys.last_exc."""
        last = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
        post_mortem(last if last is not None else sys.last_traceback)

    for function in (_post_mortem, post_mortem, pm):
        function.__module__, function.__qualname__ = "pdb", function.__name__
        setattr(pdb, function.__name__, function)
