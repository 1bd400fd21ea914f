"""What goes wrong between interpreters: PEP 734's exceptions, the host's own where it has them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import SimpleNamespace

try:
    # What the host's concurrent.interpreters raises and what we raise is caught by the same `except`.
    from _interpqueues import QueueError, QueueNotFoundError  # type: ignore[import-not-found]
    from _interpreters import InterpreterError, InterpreterNotFoundError, NotShareableError  # type: ignore[import-not-found]

    if not issubclass(NotShareableError, TypeError):
        raise ImportError("those of a host before PEP 734: no module of the library raises them")
except ImportError:
    class InterpreterError(Exception):  # type: ignore[no-redef]
        """A cross-interpreter operation failed."""

    class InterpreterNotFoundError(InterpreterError):  # type: ignore[no-redef]
        """An interpreter was not found."""

    class NotShareableError(TypeError):  # type: ignore[no-redef]
        """An object cannot be sent to another interpreter."""

    class QueueError(RuntimeError):  # type: ignore[no-redef]
        """Indicates that a queue-related error happened."""

    class QueueNotFoundError(QueueError):  # type: ignore[no-redef]
        """No queue has this id (any more)."""

    for _kind in (InterpreterError, InterpreterNotFoundError, NotShareableError, QueueError, QueueNotFoundError):
        _kind.__module__ = "concurrent.interpreters"


class ExecutionFailed(InterpreterError):
    """An exception left the code that another interpreter ran.

    Attributes:
        excinfo: what is known of it: ``type`` (with ``__name__``, ``__qualname__`` and ``__module__``), ``msg``,
            ``formatted`` (one line) and ``errdisplay`` (the whole traceback). The object itself stayed there.
    """

    def __init__(self, excinfo: SimpleNamespace) -> None:
        text = excinfo.formatted
        if not text:
            name = excinfo.type.__name__
            text = f"{name}: {excinfo.msg}" if excinfo.type and excinfo.msg else name or excinfo.msg
        super().__init__(text)
        self.excinfo = excinfo

    def __str__(self) -> str:
        try:
            display = self.excinfo.errdisplay
        except AttributeError:
            return super().__str__()
        return f"{super().__str__()}\n\nUncaught in the interpreter:\n\n{display}"


class WorkerLost(InterpreterError):
    """The process behind an interpreter ended by itself: killed, out of memory, crashed.

    Attributes:
        pid: of the process.
        status: as from `os.waitstatus_to_exitcode`: negative for a signal.
    """

    def __init__(self, text: str, pid: int = 0, status: int | None = None) -> None:
        super().__init__(text)
        self.pid, self.status = pid, status

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.args[0], self.pid, self.status)


class Interrupted(InterpreterError):
    """The work was interrupted: a time limit, or somebody's ``interrupt()``.

    Attributes:
        seconds: the time limit, or None when somebody asked for it.
    """

    def __init__(self, text: str, seconds: float | None = None) -> None:
        super().__init__(text)
        self.seconds = seconds

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.args[0], self.seconds)


ExecutionFailed.__module__ = "concurrent.interpreters"
