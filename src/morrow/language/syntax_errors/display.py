"""Show a SyntaxError as 3.14's traceback module shows it: the caret's range, and the keyword that was meant.

    fur x in y:
    ^^^
    SyntaxError: invalid syntax. Did you mean 'for'?

`lines` is what `tracebacks.errors` asks when the exception shown is a SyntaxError. The exception itself stays as it was
raised: only what is printed names the keyword, as in 3.14. Rules: Lib/traceback.py.
"""

from __future__ import annotations

import contextlib
import difflib
import textwrap
from collections.abc import Iterator
from typing import Any

from morrow.language.syntax_errors import what_314_says
from morrow.language.syntax_errors.parser import find_mistake
from morrow.language.syntax_errors.scanner import KEYWORDS, Refused, Scanner
from morrow.language.tracebacks import suggestions
from morrow.language.tracebacks.colours import painter

_KEYWORDS = sorted(KEYWORDS)
_LONGEST = 1024  # characters of program that are tried
_MOST_NAMES = 10
_MOST_MATCHES = 3


def install() -> None:
    """Let the host's traceback module show SyntaxErrors as 3.14 does. Doing it twice does it once."""
    from morrow.language.tracebacks import errors

    errors.update()


def lines(self: Any, stype: str, coloured: bool) -> Iterator[str]:
    """Yield the lines of a TracebackException that show where the problem was found, and the message."""
    paint = painter(coloured)
    suffix = ""
    if self.lineno is not None:
        file, number = paint(f'"{self.filename or "<string>"}"', "traceback_file"), paint(str(self.lineno), "traceback_line")
        yield f"  File {file}, line {number}\n"
    elif self.filename is not None:
        suffix = f" ({self.filename})"
    if isinstance(self.text, str):
        with contextlib.suppress(Exception):  # attributes may be anything
            _find_keyword(self)
        yield from _line_and_carets(self, paint)
    message = self.msg or "<no detail available>"
    yield f"{paint(stype, 'traceback_type')}: {paint(str(message), 'traceback_message')}{suffix}\n"


def _line_and_carets(self: Any, paint: Any) -> Iterator[str]:
    line = self.text.rstrip("\n")
    shown = line.lstrip(" \n\f")
    offset = self.offset
    if not isinstance(offset, int):
        if offset is None:
            yield f"    {shown}\n"
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
    if column < 0:
        yield f"    {shown}\n"
        return
    # Tabs and their like stay, so that the carets stand under what they mark.
    indent = "".join(c if c.isspace() else " " for c in shown[:column])
    last = column + end - offset
    marked = shown[column:last]
    yield f"    {shown[:column]}{paint(marked, 'traceback_range') if marked else ''}{shown[last:]}\n"
    yield f"    {indent}{paint('^' * (end - offset), 'traceback_range')}\n"


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
    closest = suggestions.closest(_KEYWORDS, name)
    found = [closest] if closest else []
    found += difflib.get_close_matches(name, _KEYWORDS, n=_MOST_MATCHES, cutoff=0.5)
    return [keyword for keyword in found[:_MOST_MATCHES] if keyword != name]
