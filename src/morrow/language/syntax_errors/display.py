"""Show a SyntaxError as 3.14's traceback module shows it: the caret's range, and the keyword that was meant.

    fur x in y:
    ^^^
    SyntaxError: invalid syntax. Did you mean 'for'?

`install` gives the host's `traceback.TracebackException` these habits, once the first error in 3.14's words is made. The
exception itself stays as it was raised: only what is printed names the keyword, as in 3.14. Rules: Lib/traceback.py.
"""

from __future__ import annotations

import difflib
import sys
import textwrap
import traceback
from collections.abc import Iterator
from typing import Any

from morrow.language.syntax_errors import what_314_says
from morrow.language.syntax_errors.parser import find_mistake
from morrow.language.syntax_errors.scanner import KEYWORDS, Refused, Scanner

_KEYWORDS = sorted(KEYWORDS)
_LONGEST = 1024  # characters of program that are tried
_MOST_NAMES = 10
_MOST_MATCHES = 3

_host_init = traceback.TracebackException.__init__
_host_format: Any = traceback.TracebackException._format_syntax_error  # type: ignore[attr-defined]


def install() -> None:
    """Let the host's traceback module show SyntaxErrors as 3.14 does. Doing it twice does it once."""
    shown = traceback.TracebackException
    shown.__init__ = _init  # type: ignore[method-assign]
    shown._format_syntax_error = _format  # type: ignore[attr-defined]


def show(error: BaseException) -> None:
    """Print an uncaught error to sys.stderr, as the interpreter does (some hosts do it without the traceback module)."""
    install()
    traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)


def _init(self: Any, exc_type: Any, exc_value: Any, *args: Any, **kwargs: Any) -> None:
    _host_init(self, exc_type, exc_value, *args, **kwargs)
    if isinstance(exc_value, SyntaxError):
        self._exc_metadata = getattr(exc_value, "_metadata", None)


_init.__qualname__, _init.__module__ = "TracebackException.__init__", "traceback"


def _format(self: Any, stype: str, **kwargs: Any) -> Iterator[str]:
    """Yield the lines that show where the problem was found."""
    if kwargs.get("colorize"):
        _find_keyword(self)
        yield from _host_format(self, stype, **kwargs)
        return
    suffix = ""
    if self.lineno is not None:
        yield f'  File "{self.filename or "<string>"}", line {self.lineno}\n'
    elif self.filename is not None:
        suffix = f" ({self.filename})"
    if isinstance(self.text, str):
        _find_keyword(self)
        yield from _line_and_carets(self)
    yield f"{stype}: {self.msg or '<no detail available>'}{suffix}\n"


def _line_and_carets(self: Any) -> Iterator[str]:
    line = self.text.rstrip("\n")
    shown = line.lstrip(" \n\f")
    yield f"    {shown}\n"
    offset = self.offset
    if not isinstance(offset, int):
        return
    if self.lineno == self.end_lineno:
        end = self.end_offset if isinstance(self.end_offset, int) and self.end_offset != 0 else offset
    else:
        end = len(line) + 1  # only the first line is shown: mark it to its end
    if self.text and offset > len(self.text):
        offset = len(line) + 1
    if self.text and end > len(self.text):
        end = len(line) + 1
    if offset >= end or end < 0:
        end = offset + 1
    column = offset - 1 - (len(line) - len(shown))
    if column >= 0:
        # Tabs and their like stay, so that the carets stand under what they mark.
        indent = "".join(c if c.isspace() else " " for c in shown[:column])
        yield f"    {indent}{'^' * (end - offset)}\n"


def _find_keyword(self: Any) -> None:
    """If one name in place of a keyword would make the program right, show that name and say so."""
    if self.msg != "invalid syntax" and "Perhaps you forgot a comma" not in str(self.msg):
        return
    metadata = getattr(self, "_exc_metadata", None)
    if not metadata or not isinstance(self.text, str):
        return
    first, _, source = metadata
    last = int(self.lineno) if self.lineno is not None else 0
    lines = (source if source is not None else self.text).splitlines()
    code = textwrap.dedent("\n".join(lines[first - 1 if first > 0 else 0 : last]))
    if len(code) > _LONGEST:
        return
    names = 0
    for token in _tokens(code):
        if token.kind != "NAME":
            continue
        names += 1
        if names > _MOST_NAMES:
            return
        for keyword in _matches(token.string):
            changed = code.split("\n")
            line = changed[token.lineno - 1]
            changed[token.lineno - 1] = line[: token.col_offset] + keyword + line[token.end_col_offset :]
            if not _may_be_right("\n".join(changed)):
                continue
            self.text = line + "\n" if token.lineno < len(changed) else line
            self.offset, self.end_offset = token.col_offset + 1, token.end_col_offset + 1
            self.lineno = self.end_lineno = token.lineno
            self.msg = f"invalid syntax. Did you mean '{keyword}'?"
            return


def _tokens(code: str) -> Iterator[Any]:
    scanner = Scanner(code + "\n")
    try:
        while (token := scanner.get()).kind != "ENDMARKER":
            yield token
    except Refused:
        return  # what comes before the place that cannot be read was looked at


def _may_be_right(code: str) -> bool:
    complaint = find_mistake(code + "\n", may_go_on=True)
    if complaint is not None:
        return complaint.message == "incomplete input"
    return what_314_says(code, "<input>", "exec") is None


def _matches(name: str) -> list[str]:
    closest = _closest(name)
    found = [closest] if closest else []
    found += difflib.get_close_matches(name, _KEYWORDS, n=_MOST_MATCHES, cutoff=0.5)
    return [keyword for keyword in found[:_MOST_MATCHES] if keyword != name]


def _closest(name: str) -> str | None:
    """Return the keyword with the smallest edit distance, if it is near enough (Python/suggestions.c)."""
    best, limit = None, float("inf")
    for keyword in _KEYWORDS:
        allowed = min((len(name) + len(keyword) + 3) * 2 // 6, limit - 1)
        distance = _distance(name, keyword)
        if distance <= allowed:
            best, limit = keyword, distance
    return best


def _distance(first: str, second: str) -> int:
    """Return the edit distance: 2 for a letter added, lost or changed, 1 if only its case is."""
    row = [2 * n for n in range(len(second) + 1)]
    for i, a in enumerate(first, 1):
        before, row[0] = row[0], 2 * i
        for j, b in enumerate(second, 1):
            cost = 0 if a == b else 1 if a.lower() == b.lower() else 2
            before, row[j] = row[j], min(before + cost, row[j] + 2, row[j - 1] + 2)
    return row[len(second)]
