"""Python's own plain prompt, over the compiler of this process: one line after another, no editing beyond readline's.

What python does at its prompt when it has nothing better: Modules/main.c pymain_run_stdin, Python/pythonrun.c
PyRun_InteractiveLoop.
"""

from __future__ import annotations

import ast
import codeop
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from morrow.host import HERE
from morrow.host.frames import hide
from morrow.language import host_exec
from morrow.language.tracebacks import uncaught

BLOCKS = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.For | ast.AsyncFor | ast.While | ast.With
    | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match
)  # fmt: skip

Compiler = Callable[[str, str, str], Any]
"""Takes a source, a file name and "single"; returns its code, or None when it is only the beginning of something."""


def prompt(
    namespace: dict[str, Any],
    greet: bool,
    compiler: Compiler | None = None,
    execute: Callable[[Any, dict[str, Any]], object] = host_exec,
) -> None:
    """Read and run statements in *namespace* until the end of the input.

    Args:
        namespace: the dict of ``__main__``.
        greet: whether nothing has run before: then the banner is shown (not under -q) and PYTHONSTARTUP is run.
        compiler: what compiles a statement, if not the usual one.
        execute: what runs its code.

    Raises:
        SystemExit: a statement raised it.
    """
    if greet:
        say_hello()
        run_startup(namespace)
    if _is_terminal():
        run_hook()
    for name, text in (("ps1", ">>> "), ("ps2", "... ")):
        if not hasattr(sys, name):
            setattr(sys, name, text)
    _loop(namespace, compiler or codeop.CommandCompiler(), execute)


def say_hello() -> None:
    """Show the banner, unless under -q."""
    if not sys.flags.quiet:
        sys.stderr.write(f"Python {sys.version} on {sys.platform}\n")
        if not sys.flags.no_site:
            sys.stderr.write('Type "help", "copyright", "credits" or "license" for more information.\n')


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()


def run_startup(namespace: dict[str, Any]) -> None:
    """Run the file that PYTHONSTARTUP names, if it names one."""
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
def _loop(
    namespace: dict[str, Any], compiler: Compiler, execute: Callable[[Any, dict[str, Any]], object]
) -> None:
    lines: list[str] = []
    while True:
        try:
            line = _read(str(sys.ps2 if lines else sys.ps1))  # type: ignore[attr-defined]
            if line is None:
                _tell("\n")
                if not lines:
                    return
            else:
                lines.append(line.rstrip("\n"))
                if not line.endswith("\n"):
                    continue  # the last line of all, unfinished: python asks for the rest of it
            code = _compile(compiler, lines, line is None)
            if code is None and line is not None:
                continue
            text = "".join(f"{line}\n" for line in lines)
            lines.clear()
            if code is not None:
                remember(code, text)
                execute(code, namespace)
            sys.stdout.flush()
        except SystemExit:
            raise
        except KeyboardInterrupt:
            lines.clear()
            _tell("\nKeyboardInterrupt\n")
        except BaseException as error:
            lines.clear()
            sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
            sys.last_exc = error  # type: ignore[attr-defined]
            _show(error)


def remember(code: Any, text: str) -> None:
    """Let tracebacks show the lines of what was typed (in 3.14: Python/pythonrun.c, pyrun_one_parse_ast)."""
    if HERE is not None and HERE.shows_tracebacks:
        import linecache

        linecache._register_code(code, text, "<stdin>")  # type: ignore[attr-defined]
    else:
        uncaught.texts.append((code, text))


def _show(error: BaseException) -> None:
    if isinstance(error, SyntaxError) and error.filename == "<stdin>":
        error.__traceback__ = None  # nothing ran; and the host's hook shows what it finds there
    show_exception(error, error.__traceback__, lambda error, tb: sys.__excepthook__(type(error), error, tb))


def show_exception(
    error: BaseException, tb: TracebackType | None, show: Callable[[BaseException, TracebackType | None], None]
) -> None:
    """Let the program's `sys.excepthook` show an exception. Where it has none of its own, or that one fails, *show* does.

    Raises:
        SystemExit: the program's hook asked to leave.
    """
    hook = sys.excepthook
    if hook is not sys.__excepthook__:
        try:
            hook(type(error), error, tb)
            return
        except SystemExit:
            raise
        except BaseException as trouble:  # order and words: CPython's Lib/code.py, _excepthook
            trouble.__context__ = None
            trouble.__traceback__ = trouble.__traceback__ and trouble.__traceback__.tb_next
            print("Error in sys.excepthook:", file=sys.stderr)
            show(trouble, trouble.__traceback__)
            print("\nOriginal exception was:", file=sys.stderr)
    show(error, tb)


def _compile(compiler: Compiler, lines: list[str], is_end: bool) -> object:
    """Return the code of *lines*, or None if more must follow; at the end of the input nothing can."""
    text = "\n".join(lines)
    try:
        code = compiler(text + "\n" if is_end else text, "<stdin>", "single")
        if code is None and is_end:
            return compile(text + "\n", "<stdin>", "single")  # the error that says what is missing
        return code
    except (SyntaxError, ValueError, OverflowError) as refusal:
        error: Exception = refusal
    # python's prompt reads whole lines, and compiles a block only when a blank line has ended it. codeop does neither.
    try:
        tree = compile(text + "\n", "<stdin>", "single", ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError, OverflowError) as refusal:
        raise refusal.with_traceback(None) from None  # where in the compiler it was found is nobody's business
    if not is_end and lines[-1].strip() and isinstance(tree.body[-1], BLOCKS):
        return None
    if isinstance(error, SyntaxError) and error.text is None and 0 < (error.lineno or 0) <= len(lines):
        error.text = lines[error.lineno - 1] + "\n"  # type: ignore[operator]
    raise error.with_traceback(None) from None
