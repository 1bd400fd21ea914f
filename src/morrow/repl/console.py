"""Run what is typed: complete or not, one block at a time, in a program's ``__main__``.

Knows nothing of terminals. A block is compiled as a file named ``<python-input-N>`` whose lines linecache knows, so
that tracebacks show them (as CPython 3.13's prompt does). All its statements but the last run as in a file, the last
one as at a prompt, where an expression is shown and kept in ``_``. ``await`` may stand at the top.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import linecache
import sys
import types
from pathlib import Path
from typing import Any, Protocol

from morrow.host.frames import from_bottom, hide
from morrow.repl import tracebacks
from morrow.repl.basic import BLOCKS
from morrow.repl.highlight import State, scan_line
from morrow.unhandled import report

_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag
_INCOMPLETE = 0x4000 | 0x200  # PyCF_ALLOW_INCOMPLETE_INPUT, PyCF_DONT_IMPLY_DEDENT (Include/cpython/compile.h)
CO_COROUTINE = 0x80
TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_OURS = str(Path(__file__).parents[1])


class Compile(Protocol):
    """The builtin `compile`, or one that takes more."""

    def __call__(
        self, source: Any, filename: str, mode: str, flags: int = 0, dont_inherit: bool = False, optimize: int = -1
    ) -> Any: ...


class Console:
    """What is typed into a program, and what it did.

    Attributes:
        namespace: where the blocks run: the dict of ``__main__``.
        count: how many blocks have run.
    """

    def __init__(self, namespace: dict[str, Any], compile: Compile = builtins.compile, theme: str = "default") -> None:
        self.namespace = namespace
        self.count = 0
        self._compile = compile
        self._theme = theme
        self._flags = TOP_LEVEL_AWAIT
        self._runner: Any = None

    # -- is it finished? ------------------------------------------------------------------------------------------------

    def wants_more(self, text: str) -> bool:
        """Say whether Enter at the end of *text* starts another line rather than running it.

        A block goes on until a blank line ends it; what is wrong in a way that more text cannot mend is finished.
        """
        if not text.strip():
            return False
        if self._is_cut_off(text):
            return True
        *before, last = text.split("\n")
        if before and not last.strip():
            return False
        try:
            tree = self._compile(text + "\n", "<input>", "exec", self._flags | ast.PyCF_ONLY_AST, True)
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
            return bool(before)  # one more line to mend it in; a blank one shows the error
        return bool(tree.body) and isinstance(tree.body[-1], BLOCKS)

    def _is_cut_off(self, text: str) -> bool:
        """Say whether *text* is the beginning of something."""
        if _is_open(text) or text.endswith("\\"):
            return True
        source = text + "\n"
        try:
            builtins.compile(source, "<input>", "exec", self._flags | _INCOMPLETE | ast.PyCF_ONLY_AST, True)
        except SyntaxError as error:
            if "incomplete input" in str(error.msg) or type(error).__name__ == "_IncompleteInputError":
                return True
        except (ValueError, OverflowError, MemoryError, RecursionError):
            return False
        else:
            return False
        # The host refuses it: newer grammar, or wrong. What is wrong at its very end may become right.
        try:
            self._compile(source, "<input>", "exec", self._flags | ast.PyCF_ONLY_AST, True)
        except SyntaxError as error:
            at_end = error.lineno is not None and error.lineno > text.rstrip().count("\n") + 1
            return at_end or str(error.msg).startswith("expected an indented block")
        except (ValueError, OverflowError, MemoryError, RecursionError):
            return False
        return False

    # -- run it ---------------------------------------------------------------------------------------------------------

    @hide
    def run(self, text: str) -> None:
        """Run a block; print what goes wrong as a prompt does.

        Raises:
            SystemExit: the block asked to leave.
        """
        filename = f"<python-input-{self.count}>"
        self.count += 1
        linecache.cache[filename] = (len(text), None, [line + "\n" for line in text.split("\n")], filename)
        try:
            tree = self._compile(text + "\n", filename, "exec", self._flags | ast.PyCF_ONLY_AST, True)
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
            self._show_refusal(error, text)
            return
        for index, statement in enumerate(tree.body):
            last = index == len(tree.body) - 1
            try:
                if last:
                    code = self._compile(ast.Interactive([statement]), filename, "single", self._flags, True)
                else:
                    code = self._compile(ast.Module([statement], []), filename, "exec", self._flags, True)
            except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
                self._show_refusal(error, text)
                return
            self._flags |= code.co_flags & _FUTURES
            if not self._run_code(code, filename):
                return

    @hide
    def _run_code(self, code: types.CodeType, filename: str) -> bool:
        """Run one statement; return whether the block goes on."""
        try:
            self.execute(code)
        except SystemExit:
            raise
        except BaseException as error:  # whatever a program can raise is shown, and the prompt goes on
            self.show(error, filename)
            return False
        return True

    @hide
    def execute(self, code: types.CodeType) -> None:
        """Run the code of one statement, which may be a coroutine's; what it raises is passed on."""
        if code.co_flags & CO_COROUTINE:
            self._run_coroutine(code)
        else:
            _, error = from_bottom(exec, code, self.namespace)
            if error is not None:
                raise error

    def _run_coroutine(self, code: types.CodeType) -> None:
        """Run a statement with ``await`` in it, in an event loop that lives as long as the prompt."""
        if self._runner is None:
            import asyncio

            self._runner = asyncio.Runner()
        self._runner.run(types.FunctionType(code, self.namespace)())

    def close(self) -> None:
        """End the event loop, if a block needed one."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    # -- show what went wrong -------------------------------------------------------------------------------------------

    def _show_refusal(self, error: BaseException, text: str) -> None:
        """Show why a block was not even run: no traceback, since nothing ran."""
        error.__cause__ = error.__context__ = None  # how the compiler came to it
        if isinstance(error, SyntaxError) and error.text is None and error.lineno is not None:
            lines = text.split("\n")  # what the compiler finds in a tree has no text (3.14's Lib/code.py adds it, too)
            if 0 < error.lineno <= len(lines):
                error.text = lines[error.lineno - 1]
        self._show(error, None)

    def show(self, error: BaseException, filename: str | None = None) -> None:
        """Show an exception from where the program's own frames begin."""
        tb = error.__traceback__
        start = tb
        while start is not None and start.tb_frame.f_code.co_filename != filename:
            start = start.tb_next
        if start is None:  # it never got that far, or the block replaced its own traceback
            start = tb
            while start is not None and start.tb_frame.f_code.co_filename.startswith(_OURS):
                start = start.tb_next
        self._show(error, start)

    def _show(self, error: BaseException, tb: types.TracebackType | None) -> None:
        error.__traceback__ = tb
        sys.last_type, sys.last_value, sys.last_traceback = type(error), error, tb
        sys.last_exc = error  # type: ignore[attr-defined]
        status = report(error, lambda error: tracebacks.print_exception(error, error.__traceback__, theme=self._theme))
        if status is not None:
            raise SystemExit(status)  # the program's own hook said so


def _is_open(text: str) -> bool:
    """Say whether a string or a bracket is still open at the end of *text*."""
    state: State = ()
    depth = 0
    for line in text.split("\n"):
        pieces, state = scan_line(line, state)
        if state:
            continue
        for piece in pieces:
            if piece.kind == "op":
                char = line[piece.start : piece.end]
                depth += (char in ("(", "[", "{")) - (char in (")", "]", "}"))
    return bool(state) or depth > 0
