"""What a python prints of errors that nobody catches: at the end of the program, in threads, in finalizers.

`install` puts functions of ours where the host's are, which load what they need when there is something to print. What
3.14 prints without marks (errors in finalizers and callbacks) is printed without marks.
"""

from __future__ import annotations

import sys

from morrow.debuglog import log
from morrow.host.frames import hide, quietly

TYPE_CHECKING = False  # mypy takes this for typing's: this module is imported at every start
if TYPE_CHECKING:
    from types import CodeType, TracebackType
    from typing import Any

texts: list[tuple[CodeType, str]] = []
"""Code that is in no file, and its text: what ``-c`` runs, and what is typed at a prompt. Tracebacks show its lines."""

first_folder: str | None = None
"""What sys.path began with when the program started, "" for the current folder; None if it is not to be trusted (-P)."""

# Not the ones in place: sitecustomize or a .pth file may have put its own there before us.
_host_excepthook = sys.__excepthook__
_host_unraisablehook = sys.__unraisablehook__
_host_threads: Any = None

# Messages of hosts that 3.14 joins with what they are about: "... callback <function f at 0x...>:".
_JOINED = (
    "Exception ignored in atexit callback",
    "Exception ignored in thread started by",
    "Exception ignored on calling ctypes callback function",
)


def install() -> None:
    """Print uncaught errors as 3.14 does from now on. A hook that somebody has put in place stays."""
    global _host_threads, first_folder
    if not sys.flags.safe_path and sys.path:
        first_folder = sys.path[0]
    if sys.excepthook is _host_excepthook:
        sys.excepthook = excepthook
    sys.__excepthook__ = excepthook  # type: ignore[misc]
    if sys.unraisablehook is _host_unraisablehook:
        sys.unraisablehook = unraisablehook
    sys.__unraisablehook__ = unraisablehook  # type: ignore[misc]
    import _thread

    if _host_threads is None:
        _host_threads = _thread._excepthook
        _thread._excepthook = _excepthook
        threading = sys.modules.get("threading")
        if threading is not None:
            if threading.excepthook is _host_threads:  # type: ignore[attr-defined]
                threading.excepthook = _excepthook  # type: ignore[attr-defined]
            threading.__excepthook__ = _excepthook  # type: ignore[attr-defined]


def uninstall() -> None:
    """Let the host print again."""
    global _host_threads
    for name, ours, host in (("excepthook", excepthook, _host_excepthook), ("unraisablehook", unraisablehook, _host_unraisablehook)):
        if getattr(sys, name, None) is ours:
            setattr(sys, name, host)
        setattr(sys, f"__{name}__", host)
    if _host_threads is not None:
        import _thread

        _thread._excepthook = _host_threads  # type: ignore[attr-defined]
        threading = sys.modules.get("threading")
        if threading is not None:
            if threading.excepthook is _excepthook:  # type: ignore[attr-defined]
                threading.excepthook = _host_threads  # type: ignore[attr-defined]
            threading.__excepthook__ = _host_threads  # type: ignore[attr-defined]
        _host_threads = None


@hide
def excepthook(exctype: object, value: object, traceback: object, /) -> None:
    """Handle an exception by displaying it with a traceback on sys.stderr."""
    if exctype is MemoryError and not _has_memory():
        # Hosts before 3.14 go round in circles in a handler that can allocate nothing (CPython gh-134163); C code does not.
        _host_excepthook(exctype, value, traceback)  # type: ignore[arg-type]
        return
    try:
        quietly(_print, value, traceback)
    except Exception as problem:  # cannot be shown as in 3.14, at the interpreter's end for example: the host's is better than none
        log("language", 1, f"traceback left to the host: {problem!r}")
        _host_excepthook(exctype, value, traceback)  # type: ignore[arg-type]


def _has_memory() -> bool:
    """Return whether there is enough to print a traceback with."""
    try:
        bytearray(100_000)
    except MemoryError:
        return False
    return True


def _print(error: object, tb: object) -> None:
    file = sys.stderr
    if file is None:
        return
    if not isinstance(error, BaseException):
        raise TypeError  # for the host to complain about
    if error.__traceback__ is None and tb is not None:
        error.__traceback__ = tb  # type: ignore[assignment]
    from morrow.language.tracebacks import errors

    errors.show(error, file)


@hide
def _excepthook(args, /):  # type: ignore[no-untyped-def]
    """Handle uncaught Thread.run() exception."""
    if type(args) is not _arguments():
        _host_threads(args)
        return
    if args.exc_type is SystemExit:
        return
    file = sys.stderr
    if file is None:
        file = args.thread._stderr if args.thread is not None else None
        if file is None:
            return
    try:
        _print_of_thread(args, file)
    except Exception as problem:
        log("language", 1, f"traceback left to the host: {problem!r}")
        _host_threads(args)


def _arguments() -> type:
    import _thread

    return _thread._ExceptHookArgs  # type: ignore[attr-defined,no-any-return]


def _print_of_thread(args: Any, file: Any) -> None:
    import _thread

    from morrow.language.tracebacks import errors

    name = args.thread.name if args.thread is not None else _thread.get_ident()
    file.write(f"Exception in thread {name}:\n")
    error = args.exc_value if args.exc_value is not None else args.exc_type()
    if error.__traceback__ is None and args.exc_traceback is not None:
        error.__traceback__ = args.exc_traceback
    errors.show(error, file)


@hide
def unraisablehook(unraisable, /):  # type: ignore[no-untyped-def]
    """Handle an unraisable exception."""
    try:
        file = sys.stderr
        if file is not None:
            file.write(_text_of_unraisable(unraisable))
            if hasattr(file, "flush"):
                file.flush()
    except Exception as problem:
        log("language", 1, f"traceback left to the host: {problem!r}")
        _host_unraisablehook(unraisable)


def _text_of_unraisable(unraisable: Any) -> str:
    text = f"{_heading(unraisable.err_msg, unraisable.object)}:\n"
    if unraisable.exc_traceback is not None:
        try:
            from morrow.language.tracebacks import errors

            text += errors.plain_traceback(unraisable.exc_traceback)
        except ImportError:  # the interpreter is ending and imports nothing more
            text += _bare_traceback(unraisable.exc_traceback)
    return text + _final_line(unraisable.exc_type, unraisable.exc_value)


def _bare_traceback(tb: TracebackType | None) -> str:
    """Return a traceback without lines of the program, which nobody can read any more: so does 3.14 at its end."""
    text = "Traceback (most recent call last):\n"
    while tb is not None:
        code = tb.tb_frame.f_code
        text += f'  File "{code.co_filename}", line {tb.tb_lineno}, in {code.co_name}\n'
        tb = tb.tb_next
    return text


def _final_line(kind: type[BaseException], error: BaseException | None) -> str:
    """Return the line with type and message."""
    module = kind.__module__ if isinstance(kind.__module__, str) else "<unknown>"
    name = kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"
    if error is None:
        return f"{name}\n"
    try:
        return f"{name}: {error}\n"
    except BaseException:  # an error in a finalizer is shown, whatever the program's __str__ does
        return f"{name}: <exception str() failed>\n"


def _heading(message: str | None, about: Any) -> str:
    """Return what 3.14 says of an error that cannot be raised; hosts say less, and tell what it is about."""
    if about is None:
        return message or "Exception ignored in"
    try:
        shown = repr(about)
    except Exception:
        shown = "<object repr() failed>"
    if message is None:
        return f"Exception ignored {_occasion(about)}{shown}"
    return f"{message} {shown}" if message in _JOINED else f"{message}: {shown}"


def _occasion(about: Any) -> str:
    if getattr(about, "__name__", "") == "__del__":
        return "while calling deallocator "
    if type(about).__name__ in ("generator", "coroutine", "async_generator"):
        return "while closing generator "
    if callable(about):
        gc = sys.modules.get("gc") or __import__("gc")
        return "while calling GC callback " if about in gc.callbacks else "while calling weakref callback "
    return "in: "


for _function, _home in ((excepthook, "sys"), (unraisablehook, "sys"), (_excepthook, "_thread")):
    _function.__module__ = _home  # where they are found
