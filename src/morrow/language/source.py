"""A source text the way the tokenizer sees it: UTF-8 bytes, one kind of line end, lines and columns.

Takes what `compile` takes (text, or bytes with an optional mark or coding line), gives a `Source`. Offsets into
``Source.text`` are what the rest of the folder works with; columns count UTF-8 bytes, as in the ast module.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_BLANK = re.compile(rb"^[ \t\f]*(?:#|$)")
_MARK = b"\xef\xbb\xbf"


class Source:
    """One source text.

    Attributes:
        text: UTF-8, lines ended by ``\\n`` only.
    """

    __slots__ = ("text", "_starts")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """The offset of each line's first byte."""
        if self._starts is None:
            starts, find, at = [0], self.text.find, 0
            while at := find(b"\n", at) + 1:
                starts.append(at)
            self._starts = starts
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Return (line, column) of an offset: the line from 1, the column in bytes from 0."""
        starts = self.starts
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1]

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a (line, column)."""
        return self.starts[line - 1] + column

    def line(self, number: int) -> str:
        """Return a line's text with its line end, or '' past the last line."""
        if not 0 < number <= len(self.starts):
            return ""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end].decode("utf-8", "replace")


def read(source: str | bytes) -> Source:
    """Return the text of a source.

    Raises:
        UnicodeDecodeError: the bytes are not valid in their encoding.
        UnicodeEncodeError: the text holds a lone surrogate.
        LookupError: the coding line names no known encoding, or not UTF-8 although the bytes have UTF-8's mark.
    """
    text = source.encode() if isinstance(source, str) else _utf8(bytes(source))
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return Source(text)


def find_coding(source: bytes) -> str | None:
    """Return the encoding that the first two lines name (PEP 263), or None."""
    for line in source[:1000].splitlines()[:2]:
        found = _CODING.match(line)
        if found:
            return found.group(1).decode("ascii")
        if not _BLANK.match(line):
            return None
    return None


def _utf8(source: bytes) -> bytes:
    coding = find_coding(source.removeprefix(_MARK))
    is_utf8 = coding is None or coding.lower().replace("_", "-") in ("utf-8", "utf8")
    if source.startswith(_MARK):
        source = source[len(_MARK) :]
        if not is_utf8:
            raise LookupError(f"encoding problem: {coding} with BOM")
    if is_utf8:
        source.decode()
        return source
    assert coding is not None
    return source.decode(coding).encode()
