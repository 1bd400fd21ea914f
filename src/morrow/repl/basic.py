"""Python's own plain prompt, over the compiler of this process: one line after another, no editing beyond readline's.

What python does at its prompt when it has nothing better: Modules/main.c pymain_run_stdin, Python/pythonrun.c
PyRun_InteractiveLoop. A program's trace functions see the statements, and nothing of what is here.
"""

from __future__ import annotations

import ast
import codeop
import io
import linecache
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from morrow import settings
from morrow.host import HERE
from morrow.host.frames import from_bottom, hide, quietly
from morrow.language import host_exec, syntax_errors
from morrow.language.tracebacks import uncaught
from morrow.repl.compiling import get_compiler
from morrow.unhandled import report

BLOCKS = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.For | ast.AsyncFor | ast.While | ast.With
    | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match
)  # fmt: skip

Execute = Callable[[Any, dict[str, Any]], object]


@hide
def prompt(namespace: dict[str, Any], greet: bool, execute: Execute = host_exec, awaits: bool = False) -> bool:
    """Read and run statements in *namespace* until the end of the input.

    Args:
        namespace: the dict of ``__main__``.
        greet: whether nothing has run before: then the banner is shown (not under -q) and PYTHONSTARTUP is run.
        execute: runs the code of a statement.
        awaits: whether ``await`` may stand at the top; a block of one line then needs no blank one behind it, as in 3.14.

    Returns:
        Whether the last statement ended by an interrupt.

    Raises:
        SystemExit: a statement raised it.
    """
    if greet:
        say_hello()
        run_startup(namespace)
    reader = quietly(_Reader, awaits)
    return _loop(namespace, reader, execute)


@hide
def say_hello() -> None:
    """Show the banner, unless under -q."""
    if not sys.flags.quiet:
        _tell(f"Python {sys.version} on {sys.platform}\n")
        if not sys.flags.no_site:
            _tell('Type "help", "copyright", "credits" or "license" for more information.\n')


@hide
def run_startup(namespace: dict[str, Any]) -> None:
    """Run the file that PYTHONSTARTUP names, if it names one."""
    path = None if sys.flags.ignore_environment else os.environ.get("PYTHONSTARTUP")
    if path:
        _run_startup(path, namespace)


@hide
def _run_startup(path: str, namespace: dict[str, Any]) -> None:
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        _tell(f"Could not open PYTHONSTARTUP\n{type(error).__name__}: {error}\n")
        return
    before = {}  # of the program that has run
    for name in ("__file__", "__cached__"):
        if name in namespace:
            before[name] = namespace[name]
    namespace["__file__"], namespace["__cached__"] = path, None
    try:
        try:
            code = get_compiler()(source, path, "exec")
        except Exception as error:
            report(error.with_traceback(None))
        else:
            _, raised = from_bottom(host_exec, code, namespace)
            if raised is not None:
                raise raised
    except SystemExit:
        raise
    except BaseException as error:  # whatever the user's file does, the prompt opens
        report(error)
    namespace.pop("__file__", None)
    namespace.pop("__cached__", None)
    namespace.update(before)


def run_hook() -> None:
    """Set up readline, history and completion, as site arranged (sys.__interactivehook__)."""
    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None:
        try:
            hook()
        except Exception as error:  # python warns and goes on as well
            _tell(f"Failed calling sys.__interactivehook__\n{type(error).__name__}: {error}\n")


_INCOMPLETE = 0x4000 | 0x200  # PyCF_ALLOW_INCOMPLETE_INPUT, PyCF_DONT_IMPLY_DEDENT (Include/cpython/compile.h)


class _Reader:
    """The lines that are typed, and the compiler that tells whether they are complete.

    Without a terminal python reads file descriptor 0 by itself, in blocks, past `sys.stdin`: what it has read ahead,
    the program's own reading does not get. So does this. Where ``await`` may stand at the top, python's prompt is
    Lib/code.py's, which asks `input`, and knows every statement by the same name.
    """

    def __init__(self, awaits: bool = False) -> None:
        self.compiler = codeop.CommandCompiler()
        self.compile = get_compiler()
        self.awaits = awaits
        if awaits:
            self.compiler.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self.lines: list[str] = []
        self.count = 0
        self._file: io.BufferedReader | None = None
        for name, text in (("ps1", ">>> "), ("ps2", "... ")):
            if not hasattr(sys, name):
                setattr(sys, name, text)
        if _is_terminal():
            run_hook()
        elif not awaits:
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
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", SyntaxWarning)  # given below
                    if self.compiler(text, "<stdin>", "single") is None and not (self.awaits and self._is_whole()):
                        return None
            except SyntaxError:  # said below, of the text as it was typed
                pass
        flags = self.compiler.compiler.flags & ~_INCOMPLETE
        source = text + "\n" if any(not line.lstrip().startswith("#") and line.strip() for line in self.lines) else "pass\n"
        # pythonrun.c, run_mod: the parser knows it as <stdin>, the code by a name of its own, whose lines are kept.
        tree = self.compile(source, "<stdin>", "single", flags | ast.PyCF_ONLY_AST, True)
        if not is_end and not self.awaits and self.lines[-1].strip() and isinstance(tree.body[-1], BLOCKS):
            return None  # the compiler has something to say of it, but python asks it only when a blank line has ended the block
        name, keep = _naming(None if self.awaits else self.count, text + "\n")
        self.count += 1
        try:
            code = syntax_errors.compile_tree(lambda: self.compile(tree, name, "single", flags, True), source, tree, name)
        except SyntaxError as error:
            if error.text is None and error.lineno and error.lineno <= len(self.lines):
                error.text = self.lines[error.lineno - 1]
            raise
        keep(code)
        return code

    def _is_whole(self) -> bool:
        """Say whether the first line is a statement as it stands."""
        try:
            self.compiler.compiler(self.lines[0] + "\n", "<stdin>", "single", incomplete_input=False)
        except SyntaxError:
            return False
        return len(self.lines) == 1


def _naming(count: int | None, text: str) -> tuple[str, Callable[[Any], object]]:
    """Return what the code of a statement is to be called, numbered by *count*, and what lets tracebacks show its lines."""
    number = "" if count is None else f"-{count}"
    if HERE is not None and HERE.shows_command_lines and (HERE.shows_tracebacks or settings.get("tracebacks") == "0"):
        register: Any = linecache._register_code  # type: ignore[attr-defined]
        if hasattr(linecache, "_interactive_cache"):
            return f"<stdin{number}>", lambda code: register(code, text, "<stdin>")
        name = f"<stdin>{number}"  # 3.13.0 keeps the lines by file name, and shows the first part of it
        return name, lambda code: register(name, text, "<stdin>")
    return f"<stdin{number}>", lambda code: uncaught.texts.append((code, text))


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
def _loop(namespace: dict[str, Any], reader: _Reader, execute: Execute) -> bool:
    interrupted = False
    out_of_memory = 0
    while True:
        try:
            code = quietly(reader.next)
        except KeyboardInterrupt:
            _tell("\nKeyboardInterrupt\n")
            continue
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
            if type(error) is MemoryError:
                # Nothing is left to read with: pythonrun.c, PyRun_InteractiveLoop, gives up after as many in a row.
                out_of_memory += 1
                if out_of_memory > 16:
                    raise
            # It is about what was typed: where in the compiler it was found is nobody's business.
            _show(error.with_traceback(None))
            continue
        if code is None:
            return interrupted
        out_of_memory = 0
        interrupted = interrupted and HERE is not None and HERE.keeps_interrupts
        _, error = from_bottom(execute, code, namespace)
        if isinstance(error, SystemExit):
            raise error
        if error is not None:
            interrupted = interrupted or type(error) is KeyboardInterrupt
            _show(error)
        _flush()


@hide
def _show(error: BaseException) -> None:
    status = report(error)
    if status is not None:
        raise SystemExit(status)  # the program's own hook said so


@hide
def _flush() -> None:
    try:
        sys.stdout.flush()
    except Exception:  # closed or replaced by the program: python looks away too
        pass
