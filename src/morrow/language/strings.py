r"""What the text inside quotes means.

    decode(rb"a{{\x41", raw=False, doubled=True)  ->  "a{A"

The rules are those of CPython's Parser/string_parser.c: an unknown escape keeps its backslash, a lone backslash before
a brace is a backslash, and in the literal parts of an f-string a doubled brace is one brace.
"""

from __future__ import annotations

import re
import unicodedata

_ESCAPE = re.compile(
    r"\\(?:(?P<plain>[\n\\'\"abfnrtv])|(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{0,2})|u(?P<u>[0-9a-fA-F]{0,4})"
    r"|U(?P<U>[0-9a-fA-F]{0,8})|N(?:\{(?P<name>[^}]*)(?P<closed>\})?)?)"
)
_ESCAPE_OR_BRACES = re.compile(_ESCAPE.pattern + r"|\{\{|\}\}")
_PLAIN = {
    "\n": "", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b",
    "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
}  # fmt: skip
_KINDS = {"x": (2, r"truncated \xXX escape"), "u": (4, r"truncated \uXXXX escape"), "U": (8, r"truncated \UXXXXXXXX escape")}


class BadEscape(ValueError):
    """An escape that means nothing. ``str(error)`` is CPython's wording: "(unicode error) 'unicodeescape' codec ..."."""


def decode(literal: bytes, raw: bool, doubled: bool) -> str:
    """Return the value of a literal part.

    Args:
        literal: the text as it stands in the source, without quotes.
        raw: the string has an ``r`` prefix.
        doubled: ``{{`` and ``}}`` stand for one brace (literal parts, not format specs).

    Raises:
        BadEscape: an escape is cut off or names no character.
    """
    text = literal.decode()
    if raw or "\\" not in text:
        if doubled and ("{" in text or "}" in text):
            return text.replace("{{", "{").replace("}}", "}")
        return text
    return (_ESCAPE_OR_BRACES if doubled else _ESCAPE).sub(_replace, text)


def _replace(found: re.Match[str]) -> str:
    whole = found.group()
    if whole[0] != "\\":
        return whole[0]
    if found["plain"] is not None:
        return _PLAIN[found["plain"]]
    if found["octal"] is not None:
        return chr(int(found["octal"], 8))
    kind = whole[1]
    if kind == "N":
        if not found["closed"] or not found["name"]:
            raise _bad(found, len(whole), r"malformed \N character escape")
        try:
            return unicodedata.lookup(found["name"])
        except KeyError:
            raise _bad(found, len(whole), "unknown Unicode character name") from None
    width, message = _KINDS[kind]
    digits = found[kind]
    if len(digits) < width:
        raise _bad(found, len(whole), message)
    if int(digits, 16) > 0x10FFFF:
        raise _bad(found, len(whole), "illegal Unicode character")
    return chr(int(digits, 16))


def _bad(found: re.Match[str], length: int, message: str) -> BadEscape:
    # The codec counts in the text it is handed, where every other character is ten bytes (\U000000e9).
    start = sum(1 if character < "\x80" else 10 for character in found.string[: found.start()])
    return BadEscape(
        f"(unicode error) 'unicodeescape' codec can't decode bytes in position {start}-{start + length - 1}: {message}"
    )
