"""What can be wrong inside a string literal: its escapes, and characters that bytes cannot have."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from morrow.language.syntax_errors.scanner import Token, invalid_escape

if TYPE_CHECKING:
    from morrow.language.syntax_errors.parser import Parser

_PARTS = re.compile(r"([a-zA-Z]*)('''|\"\"\"|'|\")(.*)\2", re.DOTALL)
_ESCAPES = re.compile(r"\\(\r?\n|[0-7]{1,3}|.)", re.DOTALL)
_KNOWN = frozenset("\n\r\\'\"abfnrtvx01234567")


def check_string(parser: Parser, token: Token) -> None:
    """Complain about the escapes of a plain string, or remember a warning."""
    found = _PARTS.fullmatch(token.string)
    if found is None:
        return
    prefix, quotes, body = found.groups()
    prefix = prefix.lower()
    if "b" in prefix and not body.isascii():
        parser.at(token, "bytes can only contain ASCII literal characters")
    if "r" in prefix or "\\" not in body:
        return
    _warn(parser, token, body, "b" in prefix, len(prefix) + len(quotes))
    _decode(parser, token, body, "b" in prefix)


def check_middle(parser: Parser, token: Token, raw: bool) -> None:
    """The same for a literal part of an f-string or t-string."""
    if raw or "\\" not in token.string:
        return
    # A backslash before a brace was warned about by the tokenizer; the brace is not part of this text.
    body = token.string + "\\" if token.string.endswith("\\") and not token.string.endswith("\\\\") else token.string
    _warn(parser, token, body[:-2] if body is not token.string else body, False, 0)
    _decode(parser, token, body, False)


def _warn(parser: Parser, token: Token, body: str, is_bytes: bool, start: int) -> None:
    """Remember the first invalid escape of the literal; CPython warns about no more than that."""
    for escape in _ESCAPES.finditer(body):
        what = escape[1]
        octal_too_big = what[0] in "01234567" and int(what, 8) > 0o377
        if octal_too_big or what[0] not in _KNOWN and (is_bytes or what[0] not in "NuU"):
            line = token.lineno + body.count("\n", 0, escape.start())
            parser.scanner.warnings.append((invalid_escape(what), line, token.col_offset, token.end_col_offset))
            return


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
