"""Exceptions as text: what the host's traceback module does of this, done as 3.14 does it.

`update` changes the host's module in place: its classes stay the ones that others may have imported, and `str` of an
exception stays what it is. Rules: Lib/traceback.py of 3.14.
"""

from __future__ import annotations

import sys
import textwrap
import traceback
from collections.abc import Iterator, Sequence
from types import ModuleType, TracebackType
from typing import Any

from morrow import settings
from morrow.host import HERE
from morrow.language.tracebacks import frames, shadowing, suggestions
from morrow.language.tracebacks.colours import can_colour, painter
from morrow.language.tracebacks.frames import safely

_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"
_REPEATED = 3  # times that the same line is shown in a row

_Exception: Any = traceback.TracebackException
_Summary: Any = traceback.StackSummary
_keeps_type = not isinstance(getattr(_Exception, "exc_type", None), property)


def update(module: ModuleType = traceback) -> None:
    """Let the traceback module of this process show exceptions as 3.14 does. Doing it twice does it once."""
    if HERE is None or HERE.shows_tracebacks or module.FrameSummary is frames.FrameSummary or settings.get("tracebacks") == "0":
        return
    module.FrameSummary = frames.FrameSummary
    for owner, functions in (
        (_Summary, (format_frame_summary, format_stack)),
        (_Exception, (__init__, format_exception_only, format_syntax_error, format_all, print_all)),
    ):
        for function in functions:
            name = _NAMES.get(function.__name__, function.__name__)
            function.__name__, function.__qualname__, function.__module__ = name, f"{owner.__name__}.{name}", "traceback"
            setattr(owner, name, function)
    _Summary.extract = classmethod(frames.extract_stack)
    _Summary._extract_from_extended_frame_gen = classmethod(frames.extract)
    if not hasattr(_Exception, "exc_type_str"):
        _Exception.exc_type_str = exc_type_str
    module._walk_tb_with_full_positions = frames.walk
    for function in (print_exception, format_exception, final_exc_line, print_last, frames.walk_stack, _print_exception_bltin):
        name = _NAMES.get(function.__name__, function.__name__)
        function.__name__ = function.__qualname__ = name
        function.__module__ = "traceback"
        setattr(module, name, function)
    module._levenshtein_distance = suggestions.distance
    module.format_exception_only = only = _format_exception_only
    only.__name__ = only.__qualname__ = "format_exception_only"
    only.__module__ = "traceback"


_NAMES = {
    "format_stack": "format",
    "format_all": "format",
    "print_all": "print",
    "format_syntax_error": "_format_syntax_error",
    "final_exc_line": "_format_final_exc_line",
}


def show(error: BaseException, file: Any) -> None:
    """Print an uncaught exception, coloured if whoever reads *file* can see colours."""
    update()
    shown = _Exception(type(error), error, error.__traceback__, limit=frames.BUILTIN_LIMIT, compact=True)
    for line in list(shown.format(colorize=can_colour(file))):  # all of it before the first: there is another way to print
        print(line, file=file, end="")
    try:
        file.flush()
    except Exception:  # as in 3.14: whatever stands for a file may have no such thing
        pass


def plain_traceback(tb: TracebackType) -> str:
    """Return a traceback without marks, as 3.14 prints it where nothing can be raised."""
    update()
    summary = frames.extract(_Summary, frames.walk(tb), limit=frames.BUILTIN_LIMIT, lookup_lines=False)
    for frame in summary:
        frame.colno = frame.end_colno = None
    return "Traceback (most recent call last):\n" + "".join(summary.format())


# -- functions of the module ------------------------------------------------------------------------------------------------

_sentinel: Any = traceback._sentinel  # type: ignore[attr-defined]


def print_exception(exc, /, value=_sentinel, tb=_sentinel, limit=None, file=None, chain=True, **kwargs):  # type: ignore[no-untyped-def]
    """Print exception up to 'limit' stack trace entries from 'tb' to 'file'."""
    value, tb = traceback._parse_value_tb(exc, value, tb)  # type: ignore[attr-defined]
    shown = _Exception(type(value), value, tb, limit=limit, compact=True)
    shown.print(file=file, chain=chain, colorize=kwargs.get("colorize", False))


def format_exception(exc, /, value=_sentinel, tb=_sentinel, limit=None, chain=True, **kwargs):  # type: ignore[no-untyped-def]
    """Format a stack trace and the exception information: a list of strings, each ending in a newline."""
    value, tb = traceback._parse_value_tb(exc, value, tb)  # type: ignore[attr-defined]
    shown = _Exception(type(value), value, tb, limit=limit, compact=True)
    return list(shown.format(chain=chain, colorize=kwargs.get("colorize", False)))


def _format_exception_only(exc, /, value=_sentinel, *, show_group=False, **kwargs):  # type: ignore[no-untyped-def]
    """Format the exception part of a traceback: a list of strings, each ending in a newline."""
    if value is _sentinel:
        value = exc
    shown = _Exception(type(value), value, None, compact=True)
    return list(shown.format_exception_only(show_group=show_group, colorize=kwargs.get("colorize", False)))


def print_last(limit=None, file=None, chain=True):  # type: ignore[no-untyped-def]
    """This is a shorthand for 'print_exception(sys.last_exc, limit=limit, file=file, chain=chain)'."""
    if hasattr(sys, "last_exc"):
        print_exception(sys.last_exc, limit=limit, file=file, chain=chain)
    elif hasattr(sys, "last_type"):
        print_exception(sys.last_type, sys.last_value, sys.last_traceback, limit=limit, file=file, chain=chain)
    else:
        raise ValueError("no last exception")


def _print_exception_bltin(exc, /):  # type: ignore[no-untyped-def]
    show(exc, sys.stderr if sys.stderr is not None else sys.__stderr__)


def final_exc_line(etype, value, *, insert_final_newline=True, colorize=False):  # type: ignore[no-untyped-def]
    message = safely(value, "exception")
    paint = painter(colorize)
    end = "\n" if insert_final_newline else ""
    kind = paint(str(etype), "traceback_type")
    return f"{kind}: {paint(message, 'traceback_message')}{end}" if value is not None and message else f"{kind}{end}"


# -- methods of StackSummary ------------------------------------------------------------------------------------------------


def format_frame_summary(self: Any, frame_summary: Any, **kwargs: Any) -> str:
    """Format the lines for a single FrameSummary."""
    try:
        from morrow.language.tracebacks.marks import frame_text
    except ImportError:  # the interpreter is ending and imports nothing more
        return f'  File "{frame_summary.filename}", line {frame_summary.lineno}, in {frame_summary.name}\n'
    if not isinstance(frame_summary, frames.FrameSummary):  # made before this morrow looked after tracebacks
        frame_summary = frames.FrameSummary(
            frame_summary.filename, frame_summary.lineno, frame_summary.name, line=frame_summary.line
        )
    return frame_text(frame_summary, kwargs.get("colorize", False))


def format_stack(self: Any, **kwargs: Any) -> list[str]:
    """Format the stack ready for printing: one string per frame; of a long repetition, the first few and a count."""
    colorize = {"colorize": True} if kwargs.get("colorize") else {}
    result = []
    last: object = None
    count = 0
    for frame in self:
        text = self.format_frame_summary(frame, **colorize)
        if text is None:
            continue
        here = frame.filename, frame.lineno, frame.name
        if here != last or None in here:
            result += _repetition(count)
            last, count = here, 0
        count += 1
        if count <= _REPEATED:
            result.append(text)
    return result + _repetition(count)


def _repetition(count: int) -> list[str]:
    more = count - _REPEATED
    return [f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]\n"] if more > 0 else []


# -- methods of TracebackException ------------------------------------------------------------------------------------------


def __init__(  # type: ignore[no-untyped-def]
    self,
    exc_type,
    exc_value,
    exc_traceback,
    *,
    limit=None,
    lookup_lines=True,
    capture_locals=False,
    compact=False,
    max_group_width=15,
    max_group_depth=10,
    save_exc_type=True,
    _seen=None,
):
    is_outermost = _seen is None
    seen = set() if _seen is None else _seen
    seen.add(id(exc_value))
    self.max_group_width = max_group_width
    self.max_group_depth = max_group_depth
    self.stack = _Summary._extract_from_extended_frame_gen(
        frames.walk(exc_traceback), limit=limit, lookup_lines=lookup_lines, capture_locals=capture_locals
    )
    self._exc_type = exc_type if save_exc_type else None
    if _keeps_type:
        self.exc_type = self._exc_type
    self._str = safely(exc_value, "exception")
    try:
        self.__notes__ = getattr(exc_value, "__notes__", None)
    except Exception as error:
        self.__notes__ = [f"Ignored error getting __notes__: {safely(error, '__notes__', repr)}"]
    self._is_syntax_error = False
    self._have_exc_type = exc_type is not None
    self.exc_type_qualname = exc_type.__qualname__ if exc_type is not None else None
    self.exc_type_module = exc_type.__module__ if exc_type is not None else None
    if exc_type and issubclass(exc_type, SyntaxError):
        self.filename, self.text, self.msg = exc_value.filename, exc_value.text, exc_value.msg
        self.lineno = str(exc_value.lineno) if exc_value.lineno is not None else None
        self.end_lineno = str(exc_value.end_lineno) if exc_value.end_lineno is not None else None
        self.offset, self.end_offset = exc_value.offset, exc_value.end_offset
        self._is_syntax_error = True
        self._exc_metadata = getattr(exc_value, "_metadata", None)
    elif exc_type and issubclass(exc_type, (ImportError, NameError, AttributeError)):
        if not issubclass(exc_type, NameError):
            self._str = shadowing.message(exc_value, self._str)
        self._str += suggestions.hint(exc_value, frames.innermost(exc_traceback))
    if lookup_lines:
        self._load_lines()
    self.__suppress_context__ = exc_value.__suppress_context__ if exc_value is not None else False
    if is_outermost:
        options = {
            "limit": limit,
            "lookup_lines": lookup_lines,
            "capture_locals": capture_locals,
            "max_group_width": max_group_width,
            "max_group_depth": max_group_depth,
            "_seen": seen,
        }
        _add_related(self, exc_value, compact, options)


def _add_related(outermost: Any, error: Any, compact: bool, options: dict[str, Any]) -> None:
    """Give an exception its causes, contexts and members, and those theirs: by a list of what is left to do, since chains
    may be longer than the stack."""
    seen = options["_seen"]

    def wrapped(error: BaseException) -> Any:
        return _Exception(type(error), error, error.__traceback__, **options)

    todo = [(outermost, error)]
    while todo:
        shown, error = todo.pop()
        cause = context = members = None
        if error is not None:
            if error.__cause__ is not None and id(error.__cause__) not in seen:
                cause = wrapped(error.__cause__)
            wanted = not compact or (cause is None and not error.__suppress_context__)
            if error.__context__ is not None and wanted and id(error.__context__) not in seen:
                context = wrapped(error.__context__)
            if isinstance(error, BaseExceptionGroup):
                members = [wrapped(member) for member in error.exceptions]
        shown.__cause__, shown.__context__, shown.exceptions = cause, context, members
        if cause:
            todo.append((cause, error.__cause__))
        if context:
            todo.append((context, error.__context__))
        if members:
            todo += zip(members, error.exceptions)


@property  # type: ignore[misc]
def exc_type_str(self: Any) -> str | None:
    """The type's name, with its module unless that is builtins or __main__."""
    if not self._have_exc_type:
        return None
    name, module = self.exc_type_qualname, self.exc_type_module
    if module in ("__main__", "builtins"):
        return name  # type: ignore[no-any-return]
    return f"{module if isinstance(module, str) else '<unknown>'}.{name}"


def format_exception_only(self: Any, *, show_group: bool = False, _depth: int = 0, **kwargs: Any) -> Iterator[str]:
    """Format the exception part of the traceback: type, message and notes, and the members of a group if wanted."""
    colorize = kwargs.get("colorize", False)
    indent = 3 * _depth * " "
    if not self._have_exc_type:
        yield indent + final_exc_line(None, self._str, colorize=colorize)
        return
    kind = exc_type_str.fget(self)  # type: ignore[attr-defined]
    if self._is_syntax_error:
        for line in self._format_syntax_error(kind, colorize=colorize):
            yield indent + line
    elif _depth > 0:
        for line in final_exc_line(kind, self._str, insert_final_newline=False, colorize=colorize).split("\n"):
            yield f"{indent}{line}\n"
    else:
        yield final_exc_line(kind, self._str, colorize=colorize)
    notes = self.__notes__
    if isinstance(notes, Sequence) and not isinstance(notes, (str, bytes)):
        for note in notes:
            for line in safely(note, "note").split("\n"):
                yield f"{indent}{line}\n"
    elif notes is not None:
        yield f"{indent}{safely(notes, '__notes__', repr)}\n"
    if self.exceptions and show_group:
        for member in self.exceptions:
            yield from member.format_exception_only(show_group=show_group, _depth=_depth + 1, colorize=colorize)


def format_syntax_error(self: Any, stype: str, **kwargs: Any) -> Iterator[str]:
    """Yield the lines that show where the problem was found."""
    from morrow.language.syntax_errors import display

    return display.lines(self, stype, kwargs.get("colorize", False))


def print_all(self: Any, *, file: Any = None, chain: bool = True, **kwargs: Any) -> None:
    """Print the result of self.format(chain=chain) to 'file'."""
    file = sys.stderr if file is None else file
    for line in self.format(chain=chain, colorize=kwargs.get("colorize", False)):
        print(line, file=file, end="")


class _Margin:
    """Where on the page an exception stands: groups are drawn with a margin."""

    def __init__(self) -> None:
        self.depth = 0
        self.need_close = False

    @property
    def indent(self) -> str:
        return " " * (2 * self.depth)

    def lines(self, texts: str | list[str] | Iterator[str], char: str = "|") -> Iterator[str]:
        margin = f"{self.indent}{char} " if self.depth else self.indent
        for text in [texts] if isinstance(texts, str) else texts:
            yield textwrap.indent(text, margin, lambda line: True)


def format_all(self: Any, *, chain: bool = True, _ctx: Any = None, **kwargs: Any) -> Iterator[str]:
    """Format the exception: what it came from first, its message last. Strings that end in a newline."""
    colorize = kwargs.get("colorize", False)
    colour = {"colorize": True} if colorize else {}
    margin = _Margin() if _ctx is None else _ctx
    for said, shown in reversed(_chain(self) if chain else [("", self)]):
        if said:
            yield from margin.lines(said)
        if shown.exceptions is None:
            if shown.stack:
                yield from margin.lines("Traceback (most recent call last):\n")
                yield from margin.lines(shown.stack.format(**colour))
            yield from margin.lines(shown.format_exception_only(colorize=colorize))
        elif margin.depth > self.max_group_depth:
            yield from margin.lines(f"... (max_group_depth is {self.max_group_depth})\n")
        else:
            yield from _format_group(self, shown, margin, chain, colorize)


def _chain(shown: Any) -> list[tuple[str, Any]]:
    """Return an exception and those it came from, each with what is said before it."""
    found = []
    while shown is not None:
        if shown.__cause__ is not None:
            said, before = _CAUSE, shown.__cause__
        elif shown.__context__ is not None and not shown.__suppress_context__:
            said, before = _CONTEXT, shown.__context__
        else:
            said, before = "", None
        found.append((said, shown))
        shown = before
    return found


def _format_group(self: Any, group: Any, margin: Any, chain: bool, colorize: bool) -> Iterator[str]:
    is_outermost = margin.depth == 0
    if is_outermost:
        margin.depth += 1
    if group.stack:
        yield from margin.lines("Exception Group Traceback (most recent call last):\n", "+" if is_outermost else "|")
        yield from margin.lines(group.stack.format(**({"colorize": True} if colorize else {})))
    yield from margin.lines(group.format_exception_only(colorize=colorize))
    count, width = len(group.exceptions), self.max_group_width
    rows = count if count <= width else width + 1
    margin.need_close = False
    for index in range(rows):
        if index == rows - 1:
            margin.need_close = True  # a group that is the last member draws the line itself
        is_rest = index >= width
        yield f"{margin.indent}{'  ' if index else '+-'}+---------------- {'...' if is_rest else index + 1} ----------------\n"
        margin.depth += 1
        if is_rest:
            rest = count - width
            yield from margin.lines(f"and {rest} more exception{'s' if rest > 1 else ''}\n")
        else:
            yield from group.exceptions[index].format(chain=chain, _ctx=margin, colorize=colorize)
        if index == rows - 1 and margin.need_close:
            yield f"{margin.indent}+------------------------------------\n"
            margin.need_close = False
        margin.depth -= 1
    if is_outermost:
        margin.depth = 0
