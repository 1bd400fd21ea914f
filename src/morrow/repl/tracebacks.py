"""Colour the text of a traceback the way CPython 3.14 does, on hosts that print it plain.

Works on the finished text, so that whatever the host's traceback module prints keeps its wording.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TextIO

from morrow.repl.themes import can_colour, get_theme, paint

_FILE = re.compile(r'(?P<margin>[ |+-]*)File (?P<file>"[^"\n]*"), line (?P<line>\d+)(?:, in (?P<frame>.*))?$')
_RANGE = re.compile(r"(?P<margin>[ |]*?)(?P<marks>[ ]*[~^][~^ ]*)$")
_FINAL = re.compile(r"(?P<margin>[ |+-]*)(?P<type>[^\W\d][\w.]*)(?P<message>: .*)?$")
_HEAD = re.compile(r"[ |+-]*(Exception Group )?Traceback \(most recent call last\):$")


def colour_traceback(text: str, theme: dict[str, str]) -> str:
    """Return a traceback's text with a theme's colours: files, lines, frames, ranges, type and message."""
    return "\n".join(_coloured(text.split("\n"), theme))


def _coloured(lines: list[str], theme: dict[str, str]) -> Iterator[str]:
    index = 0
    inside = False  # below a head or a File line; only there is a line with a name at its start an exception
    while index < len(lines):
        line = lines[index]
        if match := _FILE.fullmatch(line):
            inside = True
            frame = f", in {paint(match['frame'], theme['traceback_frame'])}" if match["frame"] is not None else ""
            file, number = paint(match["file"], theme["traceback_file"]), paint(match["line"], theme["traceback_line"])
            yield f"{match['margin']}File {file}, line {number}{frame}"
            if index + 2 < len(lines) and (marks := _marks(lines[index + 2])) and not _FILE.fullmatch(lines[index + 1]):
                yield from _range(lines[index + 1], lines[index + 2], marks, theme)
                index += 2
        elif _HEAD.fullmatch(line):
            inside = True
            yield line
        elif inside and (match := _FINAL.fullmatch(line)) and not match["margin"].startswith("    "):
            message = match["message"] or ""
            colon, rest = message[:2], message[2:]
            yield match["margin"] + paint(match["type"], theme["traceback_type"]) + colon + (
                paint(rest, theme["traceback_message"]) if rest else ""
            )
        else:
            yield line
        index += 1


def _marks(line: str) -> re.Match[str] | None:
    return _RANGE.fullmatch(line) if set(line) & {"^", "~"} else None


def _range(source: str, marks_line: str, marks: re.Match[str], theme: dict[str, str]) -> Iterable[str]:
    """Colour a source line and the marks under it: ``^`` strongly, ``~`` softly."""
    painted_source, painted_marks = [], []
    for run in re.finditer(r"\^+|~+|[^~^]+", marks_line):
        text, under = source[run.start() : run.end()], run.group()
        if under[0] in "^~":
            colour = theme["traceback_range" if under[0] == "^" else "traceback_range_soft"]
            painted_source.append(paint(text, colour) if text else "")
            painted_marks.append(paint(under, colour))
        else:
            painted_source.append(text)
            painted_marks.append(under)
    return ["".join(painted_source) + source[marks.end() :], "".join(painted_marks)]


def format_exception(error: BaseException, tb: TracebackType | None) -> str:
    """Return what the host prints for an exception, without the frames above *tb*."""
    summary = traceback.TracebackException(type(error), error, tb, compact=True)
    return "".join(summary.format())


def print_exception(error: BaseException, tb: TracebackType | None, stream: TextIO | None = None, theme: str = "default") -> None:
    """Print an exception, coloured if its reader can see colours.

    Args:
        tb: where its traceback starts; frames further out are not shown.
        stream: sys.stderr if None; nothing is printed when that is None too.
        theme: name of a theme, which must exist.
    """
    stream = sys.stderr if stream is None else stream
    if stream is None:
        return
    text = format_exception(error, tb)
    stream.write(colour_traceback(text, get_theme(theme)) if can_colour(stream) else text)
    stream.flush()


def excepthook(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
    """A `sys.excepthook` that colours: for scripts run on hosts whose own hook does not."""
    print_exception(error, tb)
