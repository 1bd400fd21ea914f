"""Split what stands at the prompt into coloured pieces: finished, unfinished or wrong, it never raises.

A line and the state at its start give the pieces of that line and the state at its end, so an editor that keeps the
answers re-scans only the line that changed. Knows what the rest of morrow knows: f- and t-strings with code inside,
soft keywords, definitions.

    scan_line("f'{x}", ())  ->  [("string", 0, 2), ("op", 2, 3), ("name", 3, 4), ("op", 4, 5)], ()
"""

from __future__ import annotations

import builtins
import keyword
import re
from functools import lru_cache
from typing import NamedTuple

SOFT_KEYWORDS = frozenset({"match", "case", "type", "_"})
BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
CONSTANTS = frozenset({"True", "False", "None"})


class Piece(NamedTuple):
    """A stretch of a line: what it is and where it stands."""

    kind: str
    start: int
    end: int


class Inside(NamedTuple):
    """One thing still open: a string (``quote`` set) or the code of a replacement field in one.

    Attributes:
        quote: the closing quotes, or "" for the code part of a field.
        raw: whether backslashes are plain text.
        fields: whether ``{`` opens a field.
        depth: brackets open inside the field's code.
        spec: whether this is the format spec of a field.
    """

    quote: str
    raw: bool = False
    fields: bool = False
    depth: int = 0
    spec: bool = False


State = tuple[Inside, ...]

_PREFIX = r"(?:[rR][bBfFtT]?|[bBfFtT][rR]?|[uU])?"
_TOKEN = re.compile(
    rf"""(?P<space>[ \t\f]+)
    |(?P<comment>\#.*)
    |(?P<open>(?P<prefix>{_PREFIX})(?P<quote>'''|\"\"\"|'|"))
    |(?P<name>[^\W\d]\w*)
    |(?P<number>0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?)
    |(?P<op>->|:=|\*\*|//|<<|>>|==|!=|<=|>=|[-+*/%@&|^~<>=().,:;\[\]{{}}!])
    |(?P<error>.)""",
    re.X,
)


@lru_cache(maxsize=8192)
def scan_line(line: str, state: State) -> tuple[tuple[Piece, ...], State]:
    """Return the pieces of one line (without its newline) and the state at its end.

    Args:
        line: the text.
        state: what the line before left open; () for the first line.
    """
    pieces: list[Piece] = []
    stack = list(state)
    position = 0
    while position < len(line):
        if stack and stack[-1].quote:
            position = _scan_string(line, position, stack, pieces)
        else:
            position = _scan_code(line, position, stack, pieces)
    # A string in single quotes ends with its line, unless a backslash carries it over; code in a field may go on.
    if stack and len(stack[-1].quote) == 1 and not line.endswith("\\"):
        del stack[next(depth for depth, inside in enumerate(stack) if len(inside.quote) == 1) :]
    return tuple(_with_roles(line, pieces)), tuple(stack)


def scan(text: str) -> list[tuple[Piece, ...]]:
    """Return the pieces of every line of *text*."""
    lines = []
    state: State = ()
    for line in text.split("\n"):
        pieces, state = scan_line(line, state)
        lines.append(pieces)
    return lines


def _scan_string(line: str, position: int, stack: list[Inside], pieces: list[Piece]) -> int:
    """Scan inside the innermost open string; return where it stopped."""
    inside = stack[-1]
    start = position
    while position < len(line):
        char = line[position]
        if char == "\\" and not (inside.raw and inside.fields and line[position + 1 : position + 2] in ("{", "}")):
            position += 2
        elif line.startswith(inside.quote, position):
            position += len(inside.quote)
            _add(pieces, "string", start, min(position, len(line)))
            stack.pop()
            while stack and stack[-1].spec and stack[-1].quote == inside.quote and inside.spec:
                stack.pop()
            return position
        elif inside.fields and char == "{":
            if line.startswith("{{", position) and not inside.spec:
                position += 2
                continue
            _add(pieces, "string", start, position)
            _add(pieces, "op", position, position + 1)
            stack.append(Inside(""))
            return position + 1
        elif inside.spec and char == "}":
            _add(pieces, "string", start, position)
            _add(pieces, "op", position, position + 1)
            stack.pop()  # the spec ...
            if stack and not stack[-1].quote:
                stack.pop()  # ... and the field it belongs to
            return position + 1
        else:
            position += 1
    _add(pieces, "string", start, len(line))
    return len(line)


def _scan_code(line: str, position: int, stack: list[Inside], pieces: list[Piece]) -> int:
    """Scan one token of code, which may be inside a replacement field; return where it stopped."""
    match = _TOKEN.match(line, position)
    assert match is not None  # the last alternative takes anything
    end = match.end()
    kind = match.lastgroup or "error"
    if match["open"]:
        prefix = match["prefix"].lower()
        fields = "f" in prefix or "t" in prefix
        stack.append(Inside(match["quote"], raw="r" in prefix, fields=fields))
        _add(pieces, "string", position, end)
        return end
    if stack:
        field = stack[-1]
        text = match.group()
        if text in "([{" and kind == "op":
            stack[-1] = field._replace(depth=field.depth + 1)
        elif text in ")]" and kind == "op":
            stack[-1] = field._replace(depth=max(0, field.depth - 1))
        elif text == "}":
            if field.depth:
                stack[-1] = field._replace(depth=field.depth - 1)
            else:
                stack.pop()
        elif text.startswith(":") and not field.depth and len(stack) > 1:
            _add(pieces, "op", position, position + 1)
            stack.append(stack[-2]._replace(spec=True, fields=True))
            return position + 1
        elif text.startswith("!") and text != "!=" and not field.depth:
            _add(pieces, "op", position, position + 1)
            return position + 1
    if kind != "space":
        _add(pieces, kind, position, end)
    return end


def _add(pieces: list[Piece], kind: str, start: int, end: int) -> None:
    if end > start:
        pieces.append(Piece(kind, start, end))


def _with_roles(line: str, pieces: list[Piece]) -> list[Piece]:
    """Tell names apart: keywords, soft keywords where they act as such, definitions, builtins."""
    found = []
    before = ""
    for index, piece in enumerate(pieces):
        kind = piece.kind
        if kind == "name":
            text = line[piece.start : piece.end]
            if before in ("def", "class"):
                kind = "definition"
            elif before == ".":
                pass
            elif text in CONSTANTS or keyword.iskeyword(text):
                kind = "keyword"
            elif text in SOFT_KEYWORDS and _acts_as_keyword(line, pieces, index):
                kind = "soft_keyword"
            elif text in BUILTINS:
                kind = "builtin"
        before = line[piece.start : piece.end]
        found.append(Piece(kind, piece.start, piece.end))
    return found


def _acts_as_keyword(line: str, pieces: list[Piece], index: int) -> bool:
    """Say whether a soft keyword is one here: first on its line and followed by what it takes."""
    text = line[pieces[index].start : pieces[index].end]
    following = line[pieces[index + 1].start : pieces[index + 1].end] if index + 1 < len(pieces) else ""
    if text == "_":
        return any(line[piece.start : piece.end] == "case" for piece in pieces[:1]) and index > 0
    if index and line[pieces[index - 1].start : pieces[index - 1].end] not in (";", ":"):
        return False
    if not following:
        return False
    next_kind = pieces[index + 1].kind
    if text == "type":
        return next_kind == "name" and not keyword.iskeyword(following)
    if next_kind == "op" and following not in ("(", "[", "{", "-", "*", "~"):
        return False
    if next_kind == "name" and keyword.iskeyword(following):
        return following in ("not", "lambda", "await", "None", "True", "False")
    if next_kind == "op":
        return line.rstrip().endswith(":")  # match(x) is a call, match (x): a statement
    return True
