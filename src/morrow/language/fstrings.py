"""f-strings and t-strings (PEP 701, PEP 750): where their parts are, and the nodes they make.

    f"a{x!r:>{w}}"  ->  FString(parts=[(2, 3), Field(hole "x", conversion "r", spec=[(8, 9), Field(hole "w")])])

A *hole* is a stretch of source that holds an expression; `holes` has the host parse all of them at once. What a
literal part, a field and a debug field (``{x=}``) become, and at which positions, are the rules of CPython 3.14's
Parser/lexer/lexer.c (tok_get_fstring_mode) and Parser/action_helpers.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from morrow.language.tokens import CLOSERS, OPENERS, TEMPLATE_PREFIXES, TOKEN, Wrong, end_of_string, split_opening, tokens

_NESTED_FIELDS = 3  # MAX_EXPR_NESTING in Parser/lexer/state.h: x:{y:{z}}
_NESTED_STRINGS = 149  # MAXFSTRINGLEVEL, same file, less the mode outside strings


class Hole:
    """A stretch of source that holds one expression.

    Attributes:
        start, end: its offsets.
        strings: the f- and t-strings inside, outermost only.
        bare: it is a tuple without parentheses.
        field: it is a field's, which may also be bare or a yield; elsewhere the grammar asks for one expression.
        first, last: offsets of its first token and after its last one, when a comma makes it a bare tuple.
        node: what the host made of it; filled by `holes`.
    """

    __slots__ = ("start", "end", "strings", "bare", "field", "first", "last", "node")

    def __init__(
        self, start: int, end: int, strings: list[FString], bare: bool = False, field: bool = True
    ) -> None:
        self.start, self.end, self.strings, self.bare, self.field = start, end, strings, bare, field
        self.first = self.last = -1
        self.node: object = None


class Field:
    """One ``{...}`` of a string.

    Attributes:
        start, end: offsets of its braces, the closing one included.
        hole: its expression.
        debug: the offset where the text of ``{x = }`` ends, or -1.
        conversion: the code of r, s or a, or -1.
        spec: the parts after the colon, or None.
        colon: the colon's offset, or -1.
    """

    __slots__ = ("start", "end", "hole", "debug", "conversion", "spec", "colon")

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.debug = self.conversion = self.colon = -1
        self.spec: list[tuple[int, int] | Field] | None = None
        self.hole: Hole


class FString:
    """One f- or t-string.

    Attributes:
        start, end: its offsets, prefix and quotes included.
        template: it is a t-string.
        raw: it has an ``r``.
        parts: literal parts as (start, end), and fields.
        odd: some field, at any depth, is ``{x=}``, or has a spec with fields or ``\\N{...}`` in it, or a spec in a raw
            string. Patch releases of 3.12 and 3.13 differ in what they make of those.
        templates: it is a t-string or some field, at any depth, holds one.
    """

    __slots__ = ("start", "end", "template", "raw", "parts", "odd", "templates", "quote")

    def __init__(self, start: int, prefix: bytes, quote: bytes) -> None:
        self.start = self.end = start
        self.quote = quote
        self.template = self.templates = b"t" in prefix
        self.raw = b"r" in prefix
        self.odd = False
        self.parts: list[tuple[int, int] | Field] = []


def _literal(quote: bytes, raw: bool, spec: bool) -> re.Pattern[bytes]:
    one = quote[:1]
    pieces = [rb"[^\\{}%b%b]++" % (one, b"" if len(quote) == 3 else rb"\n")]
    if not raw:
        pieces.append(rb"\\N\{[^{}%b\n]*+\}" % one)
    pieces += [rb"\\[^{}]", rb"\\(?=[{}])"]
    if not spec:
        pieces += [rb"\{\{", rb"\}\}"]
    if len(quote) == 3:
        pieces.append(rb"%b(?!%b%b)" % (one, one, one))
    return re.compile(b"(?:" + b"|".join(pieces) + b")*+", re.S)


_LITERALS = {
    (quote, raw, spec): _literal(quote, raw, spec).match
    for quote in (b"'", b'"', b"'''", b'"""')
    for raw in (False, True)
    for spec in (False, True)
}

# A field without anything that needs care: no nested f-string, brace, comment, newline or top-level comma.
_TEXT = rb"(?<![\w\x80-\xff'\"])(?:\"[^\"\\\n{}]++\"(?!\")|'[^'\\\n{}]++'(?!'))"
_GROUP = rb"(?:\((?:[^()\[\]{}'\"#\\\n]|%b)*+\)|\[(?:[^()\[\]{}'\"#\\\n]|%b)*+\])" % (_TEXT, _TEXT)
_EASY_FIELD = re.compile(
    rb"\{( *+(?:[\w.+\-*/%%\x80-\xff]|%b)(?:[\w. +\-*/%%\x80-\xff]|%b)*+)(?:!([rsa]))?+(?:(:)([^{}\\'\"\n]*+))?+\}"
    % (_GROUP, _GROUP)
).match
_AFTER_EQUALS = re.compile(rb"(?:[ \t\f\n]|\\\n|#[^\n]*+\n)*+(?=[}:]|!(?!=))").match
_CONVERSION = re.compile(rb"!([A-Za-z_\x80-\xff][\w\x80-\xff]*)?").match
_BLANKS = re.compile(rb"(?:[ \t\f\n]|\\\n|#[^\n]*+\n)*+").match


def scan_fstring(text: bytes, start: int, opening_end: int, depth: int = 0) -> FString:
    """Find the parts of the f- or t-string at *start*, whose opening (prefix and quote) ends at *opening_end*.

    Raises:
        Wrong: it is not a legal one.
    """
    prefix, quote = split_opening(text[start:opening_end])
    string = FString(start, prefix, quote)
    if depth >= _NESTED_STRINGS:
        raise Wrong("too many nested f-strings or t-strings", opening_end - len(quote))
    at = _scan_parts(text, opening_end, string, string.parts, 0, depth)
    string.end = at + len(quote)
    return string


def _scan_parts(
    text: bytes, at: int, string: FString, parts: list[tuple[int, int] | Field], level: int, depth: int
) -> int:
    """Fill *parts* from *at* on; return the offset of the closing quote, or of the closing brace in a format spec."""
    quote = string.quote
    literal = _LITERALS[quote, string.raw, level > 0]
    kind = "t" if string.template else "f"
    while True:
        end = literal(text, at).end()  # type: ignore[union-attr]
        if end > at:
            parts.append((at, end))
            at = end
        mark = text[at : at + 1]
        if mark == b"{":
            field = _scan_field(text, at, string, level, depth)
            parts.append(field)
            at = field.end
        elif mark == b"}":
            if level:
                return at
            raise Wrong(f"{kind}-string: single '}}' is not allowed", at)
        elif not level and text.startswith(quote, at):
            return at
        elif level and mark == b"\n":
            raise Wrong(
                f"{kind}-string: newlines are not allowed in format specifiers for single quoted {kind}-strings", at
            )
        elif level:
            raise Wrong(f"{kind}-string: expecting '}}', or format specs", at)
        else:
            long = "triple-quoted " if len(quote) == 3 else ""
            raise Wrong(f"unterminated {long}{kind}-string literal", string.start)


def _scan_field(text: bytes, start: int, string: FString, level: int, depth: int) -> Field:
    kind = "t" if string.template else "f"
    if level >= _NESTED_FIELDS:
        raise Wrong(f"{kind}-string: expressions nested too deeply", start)
    field = Field(start)
    easy = _EASY_FIELD(text, start)
    if easy is not None:
        field.end = easy.end()
        field.hole = Hole(easy.start(1), easy.end(1), [])
        if easy[2]:
            field.conversion = easy[2][0]
        if easy[3]:
            field.colon = easy.start(3)
            field.spec = [(easy.start(4), easy.end(4))] if easy[4] else []
            string.odd |= string.raw
        return field
    at = _scan_expression(text, field, string, depth)
    if text[at : at + 1] == b"=":
        after = _AFTER_EQUALS(text, at + 1)
        assert after is not None
        field.debug = at = after.end()
        string.odd = True
    if text[at : at + 1] == b"!":
        found = _CONVERSION(text, at)
        assert found is not None
        name = found[1]
        if name not in (b"r", b"s", b"a"):
            raise _wrong_conversion(text, kind, at, name)
        field.conversion = name[0]
        at = _BLANKS(text, found.end()).end()  # type: ignore[union-attr]
    if text[at : at + 1] == b":":
        field.colon, field.spec = at, []
        at = _scan_parts(text, at + 1, string, field.spec, level + 1, depth)
        string.odd |= string.raw or any(type(p) is Field or b"\\N{" in text[p[0] : p[1]] for p in field.spec)
    if text[at : at + 1] != b"}":
        raise Wrong(f"{kind}-string: expecting '}}'", at)
    field.end = at + 1
    return field


def _scan_expression(text: bytes, field: Field, string: FString, depth: int) -> int:
    """Fill the field's hole; return the offset of the ``=``, ``!``, ``:`` or ``}`` that ends it."""
    kind = "t" if string.template else "f"
    strings: list[FString] = []
    open_brackets: list[tuple[bytes, int]] = []
    first = last = -1
    bare = False
    walker = tokens(text, field.start + 1)
    go_on: int | None = None
    try:
        while True:
            what, start, end = walker.send(go_on)
            go_on = None
            if what == "newline":
                continue
            if what == "string":
                prefix, quote = split_opening(text[start:end])
                if prefix in TEMPLATE_PREFIXES:
                    inner = scan_fstring(text, start, end, depth + 1)
                    strings.append(inner)
                    string.odd |= inner.odd
                    string.templates |= inner.templates
                    end = inner.end
                else:
                    end = end_of_string(text, end, quote)
                go_on = end
            elif what == "op":
                mark = text[start:end]
                if mark in OPENERS:
                    open_brackets.append((mark, start))
                elif open_brackets:
                    if mark in CLOSERS:
                        opener, _ = open_brackets.pop()
                        if CLOSERS[mark] != opener:
                            raise Wrong(
                                f"closing parenthesis '{mark.decode()}' does not match opening parenthesis "
                                f"'{opener.decode()}'",
                                start,
                            )
                elif mark in (b"}", b":", b":=", b"!") or mark == b"=" and _AFTER_EQUALS(text, end):
                    if first < 0:
                        raise Wrong(f"{kind}-string: valid expression required before '{mark[:1].decode()}'", start)
                    field.hole = Hole(field.start + 1, start, strings, bare)
                    field.hole.first, field.hole.last = first, last
                    return start
                elif mark in CLOSERS:
                    raise Wrong(f"{kind}-string: unmatched '{mark.decode()}'", start)
                elif mark == b",":
                    bare = True
            if first < 0:
                first = start
            last = end
    except StopIteration:
        raise Wrong("'{' was never closed", field.start) from None


def _wrong_conversion(text: bytes, kind: str, at: int, name: bytes | None) -> Wrong:
    if name is not None:
        message = f"{kind}-string: invalid conversion character {name.decode()!r}: expected 's', 'r', or 'a'"
        return Wrong(message, at + 1, at + 1 + len(name))
    after = _BLANKS(text, at + 1)
    assert after is not None
    if text[after.end() : after.end() + 1] in b":}":
        return Wrong(f"{kind}-string: missing conversion character", at)
    if after.end() > at + 1:
        return Wrong(f"{kind}-string: conversion type must come right after the exclamation mark", at, after.end() + 1)
    return Wrong(f"{kind}-string: invalid conversion character", at)


def fields(strings: list[FString]) -> Iterator[Field]:
    """Give the fields of strings in the order of the text, those of format specs included, nested strings not."""
    for string in strings:
        for part in string.parts:
            if type(part) is Field:
                yield part
                if part.spec:
                    yield from _spec_fields(part.spec)


def _spec_fields(parts: list[tuple[int, int] | Field]) -> Iterator[Field]:
    for part in parts:
        if type(part) is Field:
            yield part
            if part.spec:
                yield from _spec_fields(part.spec)


def expression_text(text: bytes, start: int, end: int) -> str:
    """Return the text of a field's expression as ``{x=}`` and Interpolation.str show it: without its comments.

    What counts as a comment is decided as CPython decides it (set_ftstring_expr in Parser/lexer/lexer.c), which knows
    quotes but not string syntax.
    """
    piece = text[start:end]
    if b"#" not in piece:
        return piece.decode()
    kept = bytearray()
    quote = at = 0
    while at < len(piece):
        byte = piece[at]
        if byte in b"'\"":
            quote = byte if not quote else 0 if byte == quote else quote
        elif byte == ord("\\"):
            kept.append(byte)
            at += 1
        elif byte == ord("#") and not quote:
            at = piece.find(b"\n", at)
            if at < 0:
                break
        kept += piece[at : at + 1]
        at += 1
    return kept.decode()


def walk(text: bytes, start: int) -> Iterator[tuple[str, int, int, FString | None]]:
    """Give (kind, start, end, string) of each token from an offset on, strings whole; *string* for f- and t-strings.

    Raises:
        Wrong: a string is not closed or is wrong inside.
    """
    walker = tokens(text, start)
    go_on: int | None = None
    while True:
        try:
            kind, begin, end = walker.send(go_on)
        except StopIteration:
            return
        go_on = string = None
        if kind == "string":
            prefix, quote = split_opening(text[begin:end])
            if prefix in TEMPLATE_PREFIXES:
                string = scan_fstring(text, begin, end)
                end = string.end
            else:
                end = end_of_string(text, end, quote)
            go_on = end
        yield kind, begin, end, string
