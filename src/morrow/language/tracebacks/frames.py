"""What a traceback knows of each frame: 3.14's `FrameSummary`, and how one is made from a traceback object.

Frames that 3.14 does not have are left out: those of morrow, but for what stands for its library, and those of
comprehensions on hosts that call them (PEP 709 runs them in the function around).
"""

from __future__ import annotations

import collections
import itertools
import linecache
import os
import sys
import textwrap
import traceback
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType, TracebackType
from typing import Any

import morrow_runtime
from morrow.host import HERE
from morrow.language.tracebacks import uncaught

Position = tuple[int | None, int | None, int | None, int | None]
"""lineno, end_lineno, column and end column in bytes: as code.co_positions gives them."""

BUILTIN_LIMIT: Any = getattr(traceback, "BUILTIN_EXCEPTION_LIMIT", object())
"""Given as a limit: sys.tracebacklimit counts from the innermost frame, as when the interpreter prints."""

_OWN = tuple(os.path.dirname(path) + os.sep for path in (os.path.dirname(os.path.dirname(__file__)), morrow_runtime.__file__))
_LIBRARY = tuple(os.path.join(_OWN[0], "interpreters", name) for name in ("interpreter.py", "queues.py", "executor.py"))
"""What stands for files of 3.14's library: 3.14 shows their frames."""
_COMPREHENSIONS = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>"))
_Host: Any = traceback.FrameSummary


class FrameSummary(_Host):  # type: ignore[misc]
    """Information about a single frame from a traceback.

    - :attr:`filename` The filename for the frame.
    - :attr:`lineno` The line within filename for the frame that was active when the frame was captured.
    - :attr:`name` The name of the function or method that was executing when the frame was captured.
    - :attr:`line` The text from the linecache module for the line of code that was running when the frame was captured.
    - :attr:`locals` Either None if locals were not supplied, or a dict mapping the name to the repr() of the variable.
    """

    __slots__ = tuple(name for name in ("_lines", "_lines_dedented", "_code") if not hasattr(_Host, name))

    def __init__(
        self,
        filename: str,
        lineno: int | None,
        name: str,
        *,
        lookup_line: bool = True,
        locals: dict[str, Any] | None = None,
        line: str | None = None,
        end_lineno: int | None = None,
        colno: int | None = None,
        end_colno: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.filename = filename
        self.lineno = lineno
        self.end_lineno = lineno if end_lineno is None else end_lineno
        self.colno = colno
        self.end_colno = end_colno
        self.name = name
        self._code = kwargs.get("_code")
        self._lines = line
        self._lines_dedented = None
        if lookup_line:
            self.line  # reads it now: the file may change
        self.locals = {key: safely(value, "local", repr) for key, value in locals.items()} if locals else None

    def _set_lines(self) -> None:
        if self._lines is None and self.lineno is not None and self.end_lineno is not None:
            numbers = range(self.lineno, self.end_lineno + 1)
            self._lines = "\n".join(map(self._find_line, numbers)) + "\n"

    def _find_line(self, number: int) -> str:
        try:
            line = linecache.getline(self.filename, number).rstrip()
        except ImportError:  # the interpreter is ending and imports nothing more
            return ""
        if not line and self._code is not None and self.filename.startswith("<"):
            line = line_of_code(self._code, number)
        return line

    @property
    def _original_lines(self) -> str | None:
        self._set_lines()
        return self._lines

    @property
    def _dedented_lines(self) -> str | None:
        self._set_lines()
        if self._lines_dedented is None and self._lines is not None:
            self._lines_dedented = textwrap.dedent(self._lines)
        return self._lines_dedented

    @property
    def line(self) -> str | None:
        """The first of its lines, without the blanks around it."""
        self._set_lines()
        return None if self._lines is None else self._lines.partition("\n")[0].strip()


FrameSummary.__module__ = "traceback"


def safely(value: object, what: str, function: Any = str) -> str:
    """Return *function* of a value, whatever it raises."""
    try:
        return function(value)  # type: ignore[no-any-return]
    except BaseException:  # as in 3.14: a traceback is shown, whatever the program's __str__ does
        return f"<{what} {function.__name__}() failed>"


def line_of_code(code: CodeType, number: int) -> str:
    """Return a line of a text that is in no file; of the one that came last where several have the same names."""
    for main, text in reversed(uncaught.texts):
        if _key(code) in map(_key, _with_nested(main)):
            lines = text.splitlines()
            return lines[number - 1].rstrip() if 0 < number <= len(lines) else ""
    find = getattr(linecache, "_getline_from_code", None)
    return find(code, number).rstrip() if find is not None else ""


def _key(code: CodeType) -> tuple[str, str, int]:
    # What 3.14's linecache knows texts by: code that exec() makes may be taken for that of -c, in 3.14 too.
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _with_nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_nested(constant)


# -- from a traceback object -----------------------------------------------------------------------------------------------


def walk(tb: TracebackType | None) -> Iterator[tuple[FrameType, Position]]:
    """Yield the frames of a traceback, outermost first, and what each was doing."""
    entries = [(tb.tb_frame, _position(tb)) for tb in _entries(tb)]
    shown = [entry for entry in entries if not _is_own(entry[0].f_code.co_filename)] or entries
    if HERE is not None and not HERE.inlines_comprehensions:
        shown = _without_comprehensions(shown)
    yield from shown


def _is_own(path: str) -> bool:
    return path.startswith(_OWN) and path not in _LIBRARY


def _entries(tb: TracebackType | None) -> Iterator[TracebackType]:
    while tb is not None:
        yield tb
        tb = tb.tb_next


def innermost(tb: TracebackType | None) -> tuple[FrameType, dict[str, Any]] | None:
    """Return the frame that raised, as 3.14 has it, and its variables."""
    frames = [frame for frame, _ in walk(tb)]
    return (frames[-1], frames[-1].f_locals) if frames else None


def _without_comprehensions(entries: list[tuple[FrameType, Position]]) -> list[tuple[FrameType, Position]]:
    shown: list[tuple[FrameType, Position]] = []
    calling: CodeType | None = None  # the code that the last frame kept was really running
    for frame, position in entries:
        code = frame.f_code
        if calling is not None and code.co_name in _COMPREHENSIONS and code in calling.co_consts:
            shown[-1] = shown[-1][0], position
        else:
            shown.append((frame, position))
        calling = code
    return shown


def _position(tb: TracebackType) -> Position:
    code, index = tb.tb_frame.f_code, tb.tb_lasti
    if index < 0:
        return tb.tb_lineno, None, None, None
    found: Position = next(itertools.islice(code.co_positions(), index // 2, None))
    if HERE is not None and not HERE.places_statement_parts and isinstance(code, CodeType):
        try:
            from morrow.language.tracebacks import positions

            found = positions.corrected(code, index // 2, found)
        except ImportError:  # the interpreter is ending and imports nothing more: the host's position has to do
            pass
    return (tb.tb_lineno, *found[1:]) if found[0] is None else found


def extract_stack(
    cls: Any,
    frame_gen: Iterable[tuple[FrameType, int]],
    *,
    limit: int | None = None,
    lookup_lines: bool = True,
    capture_locals: bool = False,
) -> Any:
    """Create a StackSummary from frames and their line numbers, as walk_stack gives them."""
    frames: Iterable[tuple[FrameType, Position]] = ((frame, (line, None, None, None)) for frame, line in frame_gen)
    if HERE is not None and not HERE.inlines_comprehensions:
        frames = _without_running_comprehensions(frames)
    return cls._extract_from_extended_frame_gen(
        frames, limit=limit, lookup_lines=lookup_lines, capture_locals=capture_locals
    )


def walk_stack(f: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    """Walk a stack yielding the frame and line number for each frame, innermost first: that of the caller if None."""
    frame = sys._getframe().f_back if f is None else f

    def outwards(frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
        while frame is not None:
            yield frame, frame.f_lineno
            frame = frame.f_back

    return outwards(frame)


def _without_running_comprehensions(entries: Iterable[tuple[FrameType, Position]]) -> Iterator[tuple[FrameType, Position]]:
    """As `_without_comprehensions`, innermost first."""
    inner: tuple[CodeType, Position] | None = None
    for frame, position in entries:
        if inner is not None and inner[0] in frame.f_code.co_consts:
            position = inner[1]
        outer = frame.f_back if frame.f_code.co_name in _COMPREHENSIONS else None
        is_part = outer is not None and frame.f_code in outer.f_code.co_consts
        inner = (frame.f_code, position) if is_part else None
        if not is_part:
            yield frame, position


def extract(
    cls: Any,
    frames: Iterable[tuple[FrameType, Position]],
    *,
    limit: Any = None,
    lookup_lines: bool = True,
    capture_locals: bool = False,
) -> Any:
    """Return a StackSummary of frames. Arguments as for StackSummary.extract; *frames* tells whole positions."""
    builtin = limit is BUILTIN_LIMIT
    if limit is None or builtin:
        limit = getattr(sys, "tracebacklimit", None)
        limit = max(limit, 0) if limit is not None else None
    if limit is not None:
        if builtin:
            frames = tuple(frames)
            frames = frames[len(frames) - limit :]
        elif limit >= 0:
            frames = itertools.islice(frames, limit)
        else:
            frames = collections.deque(frames, maxlen=-limit)
    result = cls()
    files = set()
    for frame, (lineno, end_lineno, colno, end_colno) in frames:
        code = frame.f_code
        files.add(code.co_filename)
        linecache.lazycache(code.co_filename, frame.f_globals)
        result.append(
            FrameSummary(
                code.co_filename,
                lineno,
                code.co_name,
                lookup_line=False,  # not before all files have been checked for changes
                locals=frame.f_locals if capture_locals else None,
                end_lineno=end_lineno,
                colno=colno,
                end_colno=end_colno,
                _code=code if code.co_filename.startswith("<") else None,
            )
        )
    for file in files:
        linecache.checkcache(file)
    if lookup_lines:
        for summary in result:
            summary.line
    return result
