"""Python's own plain prompt, over the compiler of this process: one line after another, no editing beyond readline's.

What python does at its prompt when it has nothing better: Modules/main.c pymain_run_stdin, Python/pythonrun.c
PyRun_InteractiveLoop.
"""

from __future__ import annotations

import codeop
import os
import sys

from morrow.host.frames import hide
from morrow.language import host_exec


def prompt(namespace: dict[str, object], greet: bool) -> None:
    """Read and run statements in *namespace* until the end of the input.

    Args:
        namespace: the dict of ``__main__``.
        greet: whether nothing has run before: then the banner is shown (not under -q) and PYTHONSTARTUP is run.

    Raises:
        SystemExit: a statement raised it.
    """
    if greet:
        say_hello(namespace)
    if _is_terminal():
        run_hook()
    for name, text in (("ps1", ">>> "), ("ps2", "... ")):
        if not hasattr(sys, name):
            setattr(sys, name, text)
    _loop(namespace, codeop.CommandCompiler())


def say_hello(namespace: dict[str, object]) -> None:
    """Show the banner, unless under -q, and run PYTHONSTARTUP."""
    if not sys.flags.quiet:
        sys.stderr.write(f"Python {sys.version} on {sys.platform}\n")
        if not sys.flags.no_site:
            sys.stderr.write('Type "help", "copyright", "credits" or "license" for more information.\n')
    _run_startup(namespace)


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()


def _run_startup(namespace: dict[str, object]) -> None:
    path = None if sys.flags.ignore_environment else os.environ.get("PYTHONSTARTUP")
    if not path:
        return
    try:
        with open(path, "rb") as file:
            exec(compile(file.read(), path, "exec"), namespace)
    except OSError as error:
        sys.stderr.write(f"Could not open PYTHONSTARTUP\n{type(error).__name__}: {error}\n")
    except Exception as error:  # whatever the user's file does, the prompt opens
        sys.excepthook(type(error), error, error.__traceback__)


def run_hook() -> None:
    """Set up readline, history and completion, as site arranged (sys.__interactivehook__)."""
    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None:
        try:
            hook()
        except Exception as error:  # python warns and goes on as well
            sys.stderr.write(f"Failed calling sys.__interactivehook__\n{type(error).__name__}: {error}\n")


def _read(prompt_text: str) -> str | None:
    """Return the next line with its newline, or None at the end of the input."""
    if _is_terminal():
        try:
            return input(prompt_text) + "\n"
        except EOFError:
            return None
    _tell(prompt_text)
    if sys.stdin is None or sys.stdin.closed:
        return None
    try:
        return sys.stdin.readline() or None
    except OSError:
        return None  # whoever wrote to us is gone: the end of the input


def _tell(text: str) -> None:
    """Write a prompt. That nobody can read it is no reason to stop, nor one to try again."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # closed, broken, or None; the input says when to end


@hide
def _loop(namespace: dict[str, object], compiler: codeop.CommandCompiler) -> None:
    lines: list[str] = []
    while True:
        try:
            line = _read(str(sys.ps2 if lines else sys.ps1))  # type: ignore[attr-defined]
            if line is None and not lines:
                _tell("\n")
                return
            lines.append((line or "").rstrip("\n"))
            code = _compile(compiler, lines, line is None)
            if code is None and line is not None:
                continue
            lines.clear()
            if code is not None:
                host_exec(code, namespace)
            sys.stdout.flush()
        except SystemExit:
            raise
        except KeyboardInterrupt:
            lines.clear()
            _tell("\nKeyboardInterrupt\n")
        except BaseException as error:
            lines.clear()
            sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
            _show(error)


def _show(error: BaseException) -> None:
    traceback = None if isinstance(error, SyntaxError) and error.filename == "<stdin>" else error.__traceback__
    sys.excepthook(type(error), error, traceback)


def _compile(compiler: codeop.CommandCompiler, lines: list[str], is_end: bool) -> object:
    """Return the code of *lines*, or None if more must follow; at the end of the input nothing can."""
    text = "\n".join(lines)
    try:
        if is_end:
            return compile(text + "\n", "<stdin>", "single")
        return compiler(text, "<stdin>", "single")
    except (SyntaxError, ValueError, OverflowError) as error:
        # It is about what was typed: where in the compiler it was found is nobody's business.
        error.__traceback__ = None
        raise error.with_traceback(None) from None
