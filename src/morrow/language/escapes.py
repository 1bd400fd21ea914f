r"""Warn about escape sequences that mean nothing, in 3.14's words.

    "\d"    SyntaxWarning: "\d" is an invalid escape sequence. Such sequences will not work in the future. ...

Older hosts say it in other words, at other lines, or (3.11) not at all unless asked; `quiet` keeps them from saying it
too. The rules are those of warn_invalid_escape_sequence in CPython 3.14's Parser/string_parser.c: one warning for each
token, about its first such sequence, on the line where it stands; an error when warnings are errors.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from morrow.language.fstrings import Field, FString, walk
from morrow.language.source import Source
from morrow.language.tokens import split_opening

_INVALID = rb"\\(?:[^\n\\'\"abfnrtvxNuU0-7\x80-\xff]|[4-7][0-7][0-7])"
_SUSPECT = re.compile(_INVALID + rb"|\\[NuU].*?[bB]['\"]|[bB]['\"].*?\\[NuU]").search
_IN_TEXT = re.compile(
    rb"(?:[^\\]++|\\(?:[\n\\'\"abfnrtvxNuU\x80-\xff]|[0-3]?[0-7]{1,2}(?![0-7])|[0-3][0-7][0-7]))*+(\\)", re.S
).match
_IN_BYTES = re.compile(
    rb"(?:[^\\]++|\\(?:[\n\\'\"abfnrtvx\x80-\xff]|[0-3]?[0-7]{1,2}(?![0-7])|[0-3][0-7][0-7]))*+(\\)", re.S
).match
_TOKENS = re.compile(rb"(?:[^\\{}]++|\\N\{[^}]*\}|\\[^{}]|\\(?=[{}]|\Z))*+(?:\{\{|\}\}|\Z)", re.S)

_SHORT = '"\\{0}" is an invalid {1}escape sequence. '
_SOON = "Such sequences will not work in the future. "
_ADVICE = 'Did you mean "\\\\{0}"? A raw string is also an option.'


def may_have_invalid(text: bytes) -> bool:
    """Return whether it is worth looking closer: False is certain."""
    return b"\\" in text and _SUSPECT(text) is not None


class quiet(warnings.catch_warnings):
    """While this context is entered, the host says nothing about escape sequences."""

    def __enter__(self) -> None:  # type: ignore[override]
        super().__enter__()
        warnings.filterwarnings("ignore", message="invalid (octal )?escape sequence")


def warn(source: Source, filename: str) -> None:
    """Issue the warnings for a source that is right otherwise.

    Raises:
        SyntaxError: a warning filter makes errors of them.
    """
    for at, line in _invalid(source):
        sequence = source.text[at + 1 : at + 4]
        octal = sequence[:1] in b"4567"
        shown = sequence.decode() if octal else sequence.decode("utf-8", "ignore")[:1]
        kind = "octal " if octal else ""
        try:
            warnings.warn_explicit((_SHORT + _SOON + _ADVICE).format(shown, kind), SyntaxWarning, filename, line)
        except SyntaxWarning:
            problem = _error((_SHORT + _ADVICE).format(shown, kind), source, filename, at)
        else:
            continue
        raise problem


def _error(message: str, source: Source, filename: str, at: int) -> SyntaxError:
    line, column = source.position(at)
    shown = source.line(line)
    offset = len(shown.encode()[:column].decode()) + 1
    return SyntaxError(message, (filename, line, offset, shown, line, offset + 2))


def _invalid(source: Source) -> Iterator[tuple[int, int]]:
    """Give (offset of the backslash, line to name) of each token's first invalid sequence."""
    for kind, start, end, string in walk(source.text, 0):
        if string is not None:
            yield from _in_parts(source, string, string.parts)
        elif kind == "string":
            yield from _in_plain(source, start, end)


_OPENING = re.compile(rb"\w*(?:'''|\"\"\"|'|\")").match


def _in_plain(source: Source, start: int, end: int) -> Iterator[tuple[int, int]]:
    opening = _OPENING(source.text, start).group()  # type: ignore[union-attr]
    prefix, quote = split_opening(opening)
    if b"r" not in prefix:
        body = start + len(opening)
        found = (_IN_BYTES if b"b" in prefix else _IN_TEXT)(source.text[body : end - len(quote)])
        if found:
            at = body + found.start(1)
            yield at, source.position(at)[0]


def _in_parts(
    source: Source, string: FString, parts: list[tuple[int, int] | Field], spec: bool = False
) -> Iterator[tuple[int, int]]:
    text = source.text
    for part in parts:
        if isinstance(part, Field):
            for kind, start, end, inner in walk(text[: part.hole.end], part.hole.start):
                if inner is not None:
                    yield from _in_parts(source, inner, inner.parts)
                elif kind == "string":
                    yield from _in_plain(source, start, end)
            yield from _in_parts(source, string, part.spec or [], spec=True)
        elif not string.raw:
            for token in _TOKENS.finditer(text, *part):
                found = _IN_TEXT(token.group())
                if found:
                    at = token.start() + found.start(1)
                    # CPython counts from the line where such a token ends; in a format spec, where it starts.
                    counted_from = token.start() if spec else token.end()
                    yield at, source.position(counted_from)[0] + text.count(b"\n", token.start(), at)
