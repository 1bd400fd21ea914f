"""The lexical rules of Python 3.14, as far as an older host needs help with them.

Regular expressions over UTF-8 bytes, and `tokens`, which walks a stretch of source token by token. Nothing here looks
at a host: what to do about a construct is `blanking`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SPACE = rb"(?:[ \t\f]|\\\n)"
"""What may stand between two tokens of a line."""
NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*+"
_PREFIX = rb"(?:[rR][bBfFtT]?|[bBfFtT][rR]?|[uU])"

TOKEN = re.compile(
    rb"[ \t\f]++|\\\n|\#[^\n]*+|(?P<newline>\n)"
    rb"|(?P<string>" + _PREFIX + rb"?(?:'''|\"\"\"|'|\"))"
    rb"|(?P<name>" + NAME + rb")"
    rb"|(?P<number>\.?\d[\w.]*+)"
    rb"|(?P<op>[:=!<>]=|->|\*\*|[^\s\w])"
).match  # fmt: skip

_BODIES = {
    quote: re.compile(pattern, re.S).match
    for quote, pattern in {
        b"'": rb"(?:[^'\\\n]++|\\.)*+'",
        b'"': rb'(?:[^"\\\n]++|\\.)*+"',
        b"'''": rb"(?:[^'\\]++|\\.|'(?!''))*+'''",
        b'"""': rb'(?:[^"\\]++|\\.|"(?!""))*+"""',
    }.items()
}

OPENERS = {b"(": b")", b"[": b"]", b"{": b"}"}
CLOSERS = {b")": b"(", b"]": b"[", b"}": b"{"}
TEMPLATE_PREFIXES = {b"f", b"fr", b"rf", b"t", b"tr", b"rt"}


class Wrong(Exception):
    """The source is not Python 3.14, told by the rule that was broken.

    Attributes:
        message: CPython 3.14's wording.
        start, end: the offsets that the caret marks.
    """

    def __init__(self, message: str, start: int, end: int | None = None) -> None:
        self.message, self.start, self.end = message, start, start if end is None else end
        super().__init__(message)


def split_opening(opening: bytes) -> tuple[bytes, bytes]:
    """Return (prefix in lower case, quote) of a string's opening such as ``Rb'''``."""
    quote = opening[-3:] if opening.endswith((b"'''", b'"""')) else opening[-1:]
    return opening[: -len(quote)].lower(), quote


def end_of_string(text: bytes, start: int, quote: bytes) -> int:
    """Return the offset after a plain string whose body starts at *start*.

    Raises:
        Wrong: it is not closed.
    """
    found = _BODIES[quote](text, start)
    if found is None:
        kind = "triple-quoted string" if len(quote) == 3 else "string"
        raise Wrong(f"unterminated {kind} literal", start - len(quote))
    return found.end()


def tokens(text: bytes, start: int, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """Give (kind, start, end) of each token from an offset on; blanks, comments and continuations are left out.

    Kinds are newline, string, name, number and op. Of a string only the opening is given: send back the offset where
    the scan is to go on, as `morrow.language.fstrings.walk` does.
    """
    at, stop = start, len(text) if end is None else end
    while at < stop:
        found = TOKEN(text, at)
        if found is None:
            raise Wrong("invalid syntax", at)
        at = found.end()
        if found.lastgroup:
            go_on = yield found.lastgroup, found.start(), at
            if go_on is not None:
                at = go_on
