"""Python's own plain prompt, over the compiler of this process: one line after another, no editing beyond readline's.

What python does at its prompt when it has nothing better: Modules/main.c pymain_run_stdin, Python/pythonrun.c
PyRun_InteractiveLoop. A program's trace functions see the statements, and nothing of what is here.
"""

from __future__ import annotations

import codeop
import io
import linecache
import os
import sys

from morrow.host import HERE
from morrow.host.frames import hide, quietly
from morrow.language import host_exec
from morrow.uncaught import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    ShowSyntaxError = Callable[[SyntaxError], None]


@hide
def prompt(namespace: dict[str, object], greet: bool, show_syntax_error: ShowSyntaxError) -> bool:
    """Read and run statements in *namespace* until the end of the input.

    Args:
        namespace: the dict of ``__main__``.
        greet: whether nothing has run before: then the banner is shown (not under -q) and PYTHONSTARTUP is run.
        show_syntax_error: shows one in 3.14's words.

    Returns:
        Whether the last statement ended by an interrupt.

    Raises:
        SystemExit: a statement raised it.
    """
    if greet:
        say_hello(namespace, show_syntax_error)
    reader = quietly(_Reader)
    return _loop(namespace, reader, show_syntax_error)


@hide
def say_hello(namespace: dict[str, object], show_syntax_error: ShowSyntaxError) -> None:
    """Show the banner, unless under -q, and run PYTHONSTARTUP."""
    if not sys.flags.quiet:
        _tell(f"Python {sys.version} on {sys.platform}\n")
        if not sys.flags.no_site:
            _tell('Type "help", "copyright", "credits" or "license" for more information.\n')
    path = None if sys.flags.ignore_environment else os.environ.get("PYTHONSTARTUP")
    if path:
        _run_startup(path, namespace, show_syntax_error)


@hide
def _run_startup(path: str, namespace: dict[str, object], show_syntax_error: ShowSyntaxError) -> None:
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        _tell(f"Could not open PYTHONSTARTUP\n{type(error).__name__}: {error}\n")
        return
    namespace["__file__"], namespace["__cached__"] = path, None
    try:
        try:
            code = compile(source, path, "exec")
        except Exception as error:
            report(error.with_traceback(None), show_syntax_error)
        else:
            host_exec(code, namespace)
    except SystemExit:
        raise
    except BaseException as error:  # whatever the user's file does, the prompt opens
        report(error, show_syntax_error)
    namespace.pop("__file__", None)
    namespace.pop("__cached__", None)


def run_hook() -> None:
    """Set up readline, history and completion, as site arranged (sys.__interactivehook__)."""
    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None:
        try:
            hook()
        except Exception as error:  # python warns and goes on as well
            _tell(f"Failed calling sys.__interactivehook__\n{type(error).__name__}: {error}\n")


_INCOMPLETE = 0x4000 | 0x200  # PyCF_ALLOW_INCOMPLETE_INPUT, PyCF_DONT_IMPLY_DEDENT (Include/cpython/compile.h)
_ONLY_AST = 0x400  # PyCF_ONLY_AST


class _Reader:
    """The lines that are typed, and the compiler that tells whether they are complete.

    Without a terminal python reads file descriptor 0 by itself, in blocks, past `sys.stdin`: what it has read ahead,
    the program's own reading does not get. So does this.
    """

    def __init__(self) -> None:
        self.compiler = codeop.CommandCompiler()
        self.lines: list[str] = []
        self.count = 0
        self._file: io.BufferedReader | None = None
        for name, text in (("ps1", ">>> "), ("ps2", "... ")):
            if not hasattr(sys, name):
                setattr(sys, name, text)
        if _is_terminal():
            run_hook()
        else:
            try:
                self._file = open(0, "rb", buffering=4096, closefd=False)  # open for as long as the process
            except OSError:  # closed: the end of the input
                self._file = io.BufferedReader(io.BytesIO())  # type: ignore[arg-type]

    def read(self) -> str | None:
        """Return the next line with its newline, or None at the end of the input."""
        text = str(sys.ps2 if self.lines else sys.ps1)  # type: ignore[attr-defined]
        if self._file is None:
            try:
                return input(text) + "\n"
            except EOFError:
                return None
        _tell(text)
        try:
            line = self._file.readline()
        except OSError:
            return None  # whoever wrote to us is gone: the end of the input
        return line.decode(getattr(sys.stdin, "encoding", None) or "utf-8", "replace") or None

    def next(self) -> object:
        """Return the code of the next statement, or None at the end of the input.

        Raises:
            SyntaxError, ValueError, OverflowError: what was typed is none.
        """
        self.lines.clear()
        while True:
            line = self.read()
            if line is None:
                _tell("\n")
                return self._compile(True) if self.lines else None
            self.lines.append(line.rstrip("\n"))
            # A line that the end of the input has cut off is read on, as python does.
            if line.endswith("\n") and (code := self._compile(False)) is not None:
                return code

    def _compile(self, is_end: bool) -> object:
        """Return the code of what has been typed, or None when more must follow; at the end of the input nothing can."""
        text = "\n".join(self.lines)
        if not is_end:
            try:
                if self.compiler(text, "<stdin>", "single") is None:
                    return None
            except SyntaxError:  # said below, of the text as it was typed
                pass
        flags = self.compiler.compiler.flags & ~_INCOMPLETE
        source = text + "\n" if any(not line.lstrip().startswith("#") and line.strip() for line in self.lines) else "pass\n"
        if HERE is None or not HERE.shows_command_lines:
            return compile(source, "<stdin>", "single", flags, True)
        # pythonrun.c, run_mod: the parser knows it as <stdin>, the code by a name of its own, whose lines linecache keeps.
        tree = compile(source, "<stdin>", "single", flags | _ONLY_AST, True)
        named = hasattr(linecache, "_interactive_cache")  # 3.13.0 is the older one
        name = f"<stdin-{self.count}>" if named else f"<stdin>-{self.count}"
        self.count += 1
        if not named:
            linecache._register_code(name, text + "\n", "<stdin>")  # type: ignore[attr-defined]
        try:
            code = compile(tree, name, "single", flags, True)
        except SyntaxError as error:
            if error.text is None and error.lineno and error.lineno <= len(self.lines):
                error.text = self.lines[error.lineno - 1]
            raise
        if named:
            linecache._register_code(code, text + "\n", "<stdin>")  # type: ignore[attr-defined]
        return code


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()


@hide
def _tell(text: str) -> None:
    """Write a prompt. That nobody can read it is no reason to stop, nor one to try again."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # closed, broken, or None; the input says when to end


@hide
def _loop(namespace: dict[str, object], reader: _Reader, show_syntax_error: ShowSyntaxError) -> bool:
    interrupted = False
    while True:
        try:
            code = quietly(reader.next)
        except KeyboardInterrupt:
            _tell("\nKeyboardInterrupt\n")
            continue
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
            # It is about what was typed: where in the compiler it was found is nobody's business.
            report(error.with_traceback(None), show_syntax_error)
            continue
        if code is None:
            return interrupted
        interrupted = interrupted and HERE is not None and HERE.keeps_interrupts
        try:
            host_exec(code, namespace)  # type: ignore[arg-type]
        except SystemExit:
            raise
        except BaseException as error:
            interrupted = interrupted or type(error) is KeyboardInterrupt
            report(error, show_syntax_error)
        _flush()


@hide
def _flush() -> None:
    try:
        sys.stdout.flush()
    except Exception:  # closed or replaced by the program: python looks away too
        pass
