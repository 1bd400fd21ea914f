"""What can be wrong inside a string literal: its escapes, and characters that bytes cannot have."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from morrow.language.syntax_errors.scanner import Token

if TYPE_CHECKING:
    from morrow.language.syntax_errors.parser import Parser

_PARTS = re.compile(r"([a-zA-Z]*)('''|\"\"\"|'|\")(.*)\2", re.DOTALL)
_ESCAPES = re.compile(r"\\(\r?\n|[0-7]{1,3}|.)", re.DOTALL)
_KNOWN = frozenset("\n\r\\'\"abfnrtvx01234567")


def check_string(parser: Parser, token: Token) -> None:
    """Complain about the escapes of a plain string."""
    found = _PARTS.fullmatch(token.string)
    if found is None:
        return
    prefix, _, body = found.groups()
    prefix = prefix.lower()
    if "b" in prefix and not body.isascii():
        parser.at(token, "bytes can only contain ASCII literal characters")
    if "r" in prefix or "\\" not in body:
        return
    _decode(parser, token, body, "b" in prefix)


def check_middle(parser: Parser, token: Token, raw: bool) -> None:
    """The same for a literal part of an f-string or t-string."""
    if raw or "\\" not in token.string:
        return
    # A backslash before a brace stays one; the brace is not part of this text.
    _decode(parser, token, token.string + "\\" * _ends_in_lone_backslash(token.string), False)


def find_invalid_escape(literal: str, *, plain: bool = False) -> tuple[str, int, int] | None:
    """Find the first invalid escape; CPython warns about no more than that.

    Args:
        literal: a string literal as written or, with *plain*, a literal part of an f-string.

    Returns:
        What follows the backslash, the number of newlines before it, and the column of the backslash: from the start of
        *literal*, or of its line if there are newlines before. None without an invalid escape.
    """
    start, is_bytes = 0, False
    if not plain:
        found = _PARTS.fullmatch(literal)
        if found is None or "r" in found[1].lower():
            return None
        start, is_bytes = found.start(3), "b" in found[1].lower()
        literal = literal[: found.end(3)]
    elif _ends_in_lone_backslash(literal):
        literal = literal[:-1]  # the tokenizer has warned about a backslash before a brace
    for escape in _ESCAPES.finditer(literal, start):
        what = escape[1]
        if plain and what in "{}":
            continue  # the tokenizer has warned about it
        if what[0] > "\x7f" and not is_bytes:
            continue  # beyond ASCII nothing is said (Parser/string_parser.c, decode_unicode_with_escapes)
        if what[0] in "01234567" and int(what, 8) > 0o377 or what[0] not in _KNOWN and (is_bytes or what[0] not in "NuU"):
            line_start = literal.rfind("\n", 0, escape.start()) + 1
            column = escape.start() - line_start if not is_bytes or line_start else 0
            return what, literal.count("\n", 0, escape.start()), column
    return None


def _ends_in_lone_backslash(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _decode(parser: Parser, token: Token, body: str, is_bytes: bool) -> None:
    try:
        if is_bytes:
            codecs.escape_decode(_quiet(body).encode("ascii"))
        else:
            # Characters beyond ASCII become ten-byte escapes first, which is what the positions in the message count.
            plain = "".join(c if c < "\x80" else f"\\U{ord(c):08x}" for c in _quiet(body))
            codecs.unicode_escape_decode(plain.encode("ascii"))
    except UnicodeDecodeError as error:
        parser.at(token, f"(unicode error) {error}")
    except ValueError as error:
        parser.at(token, f"(value error) {error}")


def _quiet(body: str) -> str:
    """Return *body* with the escapes that would make the host warn replaced by text of the same length."""

    def same_length(escape: re.Match[str]) -> str:
        what = escape[1]
        if what[0] in "01234567" or what[0] in _KNOWN or what[0] in "NuU":
            return escape[0] if what[0] not in "01234567" or int(what, 8) <= 0o377 else "xxxx"
        return "xx" if what[0] < "\x80" else "x" + what

    return _ESCAPES.sub(same_length, body)
