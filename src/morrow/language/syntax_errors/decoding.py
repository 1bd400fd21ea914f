"""Bytes -> text the way 3.14's tokenizer reads a source, and its complaints about encodings."""

from __future__ import annotations

import codecs
import re

from morrow.language.source import find_coding

_MARK = b"\xef\xbb\xbf"


class Undecodable(Exception):
    """The bytes are no text.

    Attributes:
        message, lineno, offset, text: as in the SyntaxError; the end is where the start is.
    """

    def __init__(self, message: str, lineno: int, offset: int, text: str | None, end: tuple[int | None, int | None]) -> None:
        super().__init__(message)
        self.message = message
        self.lineno = lineno
        self.offset = offset
        self.text = text
        self.end = end


def decode(source: bytes) -> str:
    """Return the text of a source given as bytes.

    Raises:
        Undecodable: with 3.14's words.
    """
    marked = source.startswith(_MARK)
    coding = find_coding(source.removeprefix(_MARK))
    first = source.removeprefix(_MARK).partition(b"\n")[0].rstrip(b"\r").decode("latin-1")
    if coding is not None:
        normal = coding.lower().replace("_", "-")
        is_utf8 = normal == "utf-8" or normal.startswith("utf-8-")
        if marked and not is_utf8:
            raise Undecodable(f"encoding problem: {_normal(coding)} with BOM", 1, 0, first, (1, len(first)))
        if not is_utf8:
            try:
                codecs.lookup(coding)
            except LookupError:
                raise Undecodable(f"unknown encoding: {coding}", 0, -1, None, (None, None)) from None
            try:
                return source.decode(coding)
            except (LookupError, UnicodeError) as error:  # the bytes are none of it, or it is no encoding of text
                raise Undecodable(str(error.__cause__ or error), 0, -1, None, (None, None)) from None
    data = source.removeprefix(_MARK)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        start = before.rfind(b"\n") + 1
        end = re.compile(b"[\r\n]|$").search(data, error.start)
        assert end
        text = data[start : end.start()].decode("utf-8", "replace")
        column = len(data[start : error.start].decode("utf-8")) + 1
        message = (
            f"Non-UTF-8 code starting with '\\x{data[error.start]:02x}' on line {line}, but no encoding declared; "
            "see https://peps.python.org/pep-0263/ for details"
        )
        raise Undecodable(message, line, column, text, (line, column)) from None


def _normal(coding: str) -> str:
    """Return the name that CPython calls an encoding by (Parser/tokenizer/helpers.c, get_normal_name)."""
    name = coding[:12].lower().replace("_", "-")
    latin = any(name == known or name.startswith(f"{known}-") for known in ("latin-1", "iso-8859-1", "iso-latin-1"))
    return "iso-8859-1" if latin else coding
