"""Find annotations in a text whose code is already there: the host's compiler has read them, and says what they are.

    def f(a: Later, *, b: int = 1) -> bool:      `of_function` gives the spans of ``Later``, ``int`` and ``bool``
    a: Later = 1                                 `of_statement` gives the span of ``Later``

The host kept each annotation as text of its own (PEP 563). What is found here must be that text but for space, brackets
and the kind of quotes; whenever anything is not as expected, it is `Unfit`. So nothing wrong can be taken for an annotation.
"""

from __future__ import annotations

import itertools
import re

from morrow.language.instructions import Unfit

_STRINGS = (
    rb'[a-zA-Z]*+(?:"""(?:[^"\\]++|\\.|"(?!""))*+"""|"(?!"")(?:[^"\\\n]++|\\.)*+"|""(?!")'
    rb"|'''(?:[^'\\]++|\\.|'(?!''))*+'''|'(?!'')(?:[^'\\\n]++|\\.)*+'|''(?!'))"
)
_STRING = re.compile(_STRINGS, re.S)
_TOKEN = re.compile(rb"#[^\n]*+|%b|->|[=!<>:]=|[\[\](){},:=]|lambda(?<![\w\x80-\xff]lambda)(?![\w\x80-\xff])|['\"]" % _STRINGS, re.S)
_SPACE = rb"(?:[\s\\]|#[^\n]*\n)*+"
_PARAMETER = re.compile(rb"%b(?:\*\*?|/)?%b([^\W\d]\w*)?%b" % (_SPACE, _SPACE, _SPACE))
_FIELDS = re.compile(rb"[a-zA-Z]*[fFtT][a-zA-Z]*['\"]")
_ASSIGNED = re.compile(rb"([^\W\d]\w*)[ \t]*:")
_ARROW = re.compile(rb"%b(->)?" % _SPACE)
_FORMS = b" \t\n\r\f()'\"\\,"
# What makes scopes of its own, or belongs to the scope that it stands in, or is told otherwise by the host.
_DIFFICULT = re.compile(rb"\b(?:lambda|for|await|yield)\b|__|:=|[^\x00-\x7f]|^\*")

Span = tuple[int, int]


def of_function(text: bytes, start: int, name: str, told: tuple[str, ...]) -> tuple[int, dict[str, Span]]:
    """Return where the ``def`` of a function stands, and the spans of its annotations by their keys.

    Args:
        start: the offset of the line that its code begins at, which is that of the first decorator.
        told: the host's keys and texts, in turns.
    """
    match = _find(_FUNCTION, text, start, name)
    keys: list[str] = []
    spans: list[Span] = []
    at = match.end()
    while True:
        parameter = _PARAMETER.match(text, at)
        assert parameter is not None
        at = parameter.end()
        mark = text[at : at + 1]
        if mark == b":" and parameter[1]:
            span, mark, at = _span(text, at + 1, _ENDS_ANNOTATION)
            keys.append(parameter[1].decode())
            spans.append(span)
        else:
            at += 1
        if mark == b"=":
            _, mark, at = _span(text, at, _ENDS_DEFAULT)
        if mark == b")":
            break
        if mark != b",":
            raise Unfit("an unknown parameter")
    arrow = _ARROW.match(text, at)
    if arrow is not None and arrow[1]:
        span, mark, at = _span(text, arrow.end(), _ENDS_ANNOTATION)
        if mark != b":":
            raise Unfit("an unknown header")
        keys.append("return")
        spans.append(span)
    # The host tells of positional-only parameters after the other ones.
    said = dict(zip(told[::2], told[1::2], strict=True))
    if len(keys) != len(said) or len(said) != len(told) // 2:
        raise Unfit("other parameters")
    named = [next((full for full in said if _is_key(full, key)), "") for key in keys]
    if not all(named):
        raise Unfit("other parameters")
    _compare(text, spans, [said[key] for key in named])
    return match.end() - len(match[0].lstrip()), dict(zip(named, spans, strict=True))


def _is_key(told: str, name: str) -> bool:
    """Return whether the host calls *name* so, which in a class may be private."""
    return told == name or name.startswith("__") and told.startswith("_") and told.endswith(name)


def of_class(text: bytes, start: int, name: str) -> int:
    """Return where a ``class`` stands whose code begins at the line at *start*. One with keywords may have names of its own."""
    match = _find(_CLASS, text, start, name)
    at, mark = match.end(), match[2]
    while mark in (b"(", b","):
        (begin, end), mark, at = _span(text, at, _ENDS_ANNOTATION)
        if mark == b"=" and text[begin:end] == b"metaclass" or text.startswith(b"**", begin):
            raise Unfit("a class with a metaclass of its own")
        if mark == b"=":
            _, mark, at = _span(text, at, _ENDS_DEFAULT)
    return match.end() - len(match[0].lstrip())


def _find(header: re.Pattern[bytes], text: bytes, start: int, name: str) -> re.Match[bytes]:
    """Return the header of *name* that stands behind decorators, but not in a string of theirs."""
    wanted, at = name.encode(), start
    while (found := header.search(text, at)) is not None:
        at = found.end()
        if found[1] == wanted:
            before = itertools.takewhile(lambda token: token.start() < found.start(), _TOKEN.finditer(text, start))  # noqa: B023
            if not any(token.end() > found.start() for token in before):
                return found
    raise Unfit("no such header")


_FUNCTION = re.compile(rb"^[ \t\f]*+(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(", re.M)
_CLASS = re.compile(rb"^[ \t\f]*+class[ \t]+(\w+)[ \t]*([(:])", re.M)


def of_statement(text: bytes, start: int, end: int, key: str, told: str) -> Span:
    """Return the span of the annotation in ``key: annotation = value``, which is text[start:end]."""
    match = _ASSIGNED.match(text, start, end)
    if match is None or not _is_key(key, match[1].decode()):
        raise Unfit("another statement")
    span, _, _ = _span(text, match.end(), _ENDS_ANNOTATION, end)
    _compare(text, [span], [told])
    return span


def _span(text: bytes, start: int, ends: frozenset[bytes], end: int = -1) -> tuple[Span, bytes, int]:
    """Return the span of an expression, what it is followed by and where that ends."""
    depth = lambdas = 0
    at = start
    last = len(text) if end < 0 else end
    while (token := _TOKEN.search(text, at, last)) is not None:
        mark, at = token[0], token.end()
        if mark in _OPENERS:
            depth += 1
        elif mark in _CLOSERS and depth:
            depth -= 1
        elif mark in (b"'", b'"') or _FIELDS.match(mark):
            raise Unfit("a string of which it is not sure where it ends")
        elif depth:
            continue
        elif mark == b"lambda":
            lambdas += 1
        elif lambdas:
            lambdas -= mark == b":"
        elif mark in ends:
            return _trimmed(text, start, token.start()), mark, at
    if end < 0:
        raise Unfit("no end")
    return _trimmed(text, start, end), b"", end


_OPENERS, _CLOSERS = frozenset((b"(", b"[", b"{")), frozenset((b")", b"]", b"}"))
_ENDS_ANNOTATION, _ENDS_DEFAULT = frozenset((b",", b":", b"=", b")")), frozenset((b",", b")"))


def _trimmed(text: bytes, start: int, end: int) -> Span:
    piece = text[start:end]
    stripped = piece.strip()
    begin = start + len(piece) - len(piece.lstrip())
    return begin, begin + len(stripped)


def _compare(text: bytes, spans: list[Span], told: list[str]) -> None:
    for (start, end), said in zip(spans, told, strict=True):
        here, there = text[start:end], said.encode()
        if b"'" in here or b'"' in here:
            if any(map(_FIELDS.match, _STRING.findall(here))):
                raise Unfit("an annotation with a string with fields")
            here, there = _STRING.sub(b"", here), _STRING.sub(b"", there)
        if _DIFFICULT.search(here) or here.translate(None, _FORMS) != there.translate(None, _FORMS):
            raise Unfit("an annotation that is not plain")


def names(text: bytes, span: Span) -> set[str]:
    """Return the words of an annotation: its names are among them."""
    here = text[slice(*span)]
    if b"'" in here or b'"' in here:
        here = _STRING.sub(b"", here)
    return set(_WORD.findall(here.decode()))


_WORD = re.compile(r"[^\W\d]\w*")
