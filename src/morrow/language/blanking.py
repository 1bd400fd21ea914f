"""Find what an older host would refuse, and hide it behind text of the same shape.

    type Row[T] = list[T]      ->  typ. Row[0] : list[T]
    def first[T](rows): ...    ->  def first(   rows): ...
    except OSError, KeyError:  ->  except [               ]:
    f"{a["b"]}" t"{c}"         ->  '         ' '     '

Takes a `Source`, gives a `Plan`: the edits, and what was found. No byte moves, so every position the host gives is a
position in the source; `grafting` puts the real nodes in. Blanked text is chosen so that the host refuses what 3.14
refuses: an alias's value is parsed as an annotation because the grammar asks for an `expression` in both places.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable

from morrow.host import Facts
from morrow.language.fstrings import FString, Hole, fields, scan_fstring, walk
from morrow.language.source import Source
from morrow.language.tokens import CLOSERS, NAME, OPENERS, SPACE, TEMPLATE_PREFIXES, Wrong, end_of_string, split_opening


class TypeParam:
    """One of ``[T: bound = default, *Ts, **P]``; *stars* tells which kind."""

    __slots__ = ("stars", "name", "start", "end", "bound", "default")

    def __init__(self, stars: int, name: str, start: int) -> None:
        self.stars, self.name, self.start, self.end = stars, name, start, start
        self.bound: Hole | None = None
        self.default: Hole | None = None


class Generic:
    """A ``def`` or ``class`` with type parameters; *start* is where its node starts."""

    __slots__ = ("start", "params", "closing")

    def __init__(self, start: int, params: list[TypeParam], closing: int) -> None:
        self.start, self.params, self.closing = start, params, closing


class Alias:
    """A ``type`` statement."""

    __slots__ = ("start", "name_start", "name_end", "params")

    def __init__(self, start: int, name_start: int, name_end: int, params: list[TypeParam]) -> None:
        self.start, self.name_start, self.name_end, self.params = start, name_start, name_end, params


class ExceptList:
    """The ``A, B`` of ``except A, B:``; *keyword* is where the handler starts."""

    __slots__ = ("keyword", "start", "end", "elements")

    def __init__(self, keyword: int, start: int, end: int, elements: list[Hole]) -> None:
        self.keyword, self.start, self.end, self.elements = keyword, start, end, elements


class Plan:
    """What was found in one source.

    Attributes:
        strings: the outermost f- and t-strings of the statements, `ours` or not.
        edits: (start, end, replacement), not overlapping.
        wrong: where the scan had to stop, when it had to.
    """

    __slots__ = ("strings", "generics", "aliases", "excepts", "edits", "wrong", "is_ours")

    def __init__(self, host: Facts) -> None:
        self.strings: list[FString] = []
        self.generics: list[Generic] = []
        self.aliases: list[Alias] = []
        self.excepts: list[ExceptList] = []
        self.edits: list[tuple[int, int, bytes]] = []
        self.wrong: Wrong | None = None
        self.is_ours = functools.partial(_is_ours, host)

    def too_new(self, minor: int) -> Wrong | None:
        """Return what `ast.parse` with a *feature_version* of 3.minor says about the newer constructs in here."""
        since: list[tuple[int, str, int]] = []
        for generic in self.generics:
            since.append((12, "Type parameter lists are", generic.closing))
            if any(param.default is not None for param in generic.params):
                since.append((13, "Type parameter defaults are", generic.closing))
        since += [(12, "Type statement is", alias.name_start) for alias in self.aliases]
        since += [(14, "t-strings are", string.end - 1) for string in self.strings if string.templates]
        since += [(14, "except expressions without parentheses are", handler.end) for handler in self.excepts]
        too_new = [(at, what, version) for version, what, at in since if minor < version]
        if not too_new:
            return None
        at, what, version = min(too_new)
        return Wrong(f"{what} only supported in Python 3.{version} and greater", at, at + 1)

    def holes(self) -> list[Hole]:
        """Return the expressions that the edits hide, in the order of the text; those inside them are not listed."""
        found = [field.hole for field in fields([string for string in self.strings if self.is_ours(string)])]
        for params in [generic.params for generic in self.generics] + [alias.params for alias in self.aliases]:
            found += [hole for param in params for hole in (param.bound, param.default) if hole is not None]
        found += [hole for handler in self.excepts for hole in handler.elements]
        if self.generics or self.aliases or self.excepts:
            found.sort(key=lambda hole: hole.start)
        return found


def _is_ours(host: Facts, string: FString) -> bool:
    return string.templates or not host.places_fstring_parts or string.odd and not host.reads_odd_fields


def plan(source: Source, host: Facts) -> Plan:
    """Find what *host* would refuse or get wrong."""
    found = Plan(host)
    (search, takes), text, at = _finder(host), source.text, 0
    try:
        while (match := search(text, at)) is not None:
            at = match.end()
            if match.lastindex is not None:
                at = takes[match.lastindex - 1](text, match.start(), at, found, host)
    except Wrong as wrong:
        found.wrong = wrong
    try:
        found.edits += hide_strings(text, [string for string in found.strings if found.is_ours(string)], 0, 0)
    except Wrong as wrong:
        found.wrong = found.wrong or wrong
    found.edits.sort()
    return found


def apply(text: bytes, edits: list[tuple[int, int, bytes]], start: int = 0, end: int | None = None) -> bytes:
    """Return text[start:end] with the edits made, which must lie inside, in order, not overlapping."""
    pieces, at = [], start
    for edit_start, edit_end, replacement in edits:
        pieces += (text[at:edit_start], replacement)
        at = edit_end
    pieces.append(text[at:end])
    return b"".join(pieces)


_Take = Callable[[bytes, int, int, Plan, Facts], int]


@functools.cache
def _finder(host: Facts) -> tuple[Callable[[bytes, int], re.Match[bytes] | None], list[_Take]]:
    """Return a search, and who takes what it stopped at.

    The search also stops at comments and plain strings, which are stepped over; the rest has an empty group telling
    which it is. Every piece starts with a literal: that lets `re` skip quickly to where one may start.
    """
    pieces = [
        rb"\#[^\n]*+",
        rb'"(?<![fFtTrR]")(?:""(?:[^"\\]++|\\.|"(?!""))*+"""|(?!"")(?:[^"\\\n]++|\\.)*+")',
        rb"'(?<![fFtTrR]')(?:''(?:[^'\\]++|\\.|'(?!''))*+'''|(?!'')(?:[^'\\\n]++|\\.)*+')",
        rb'"()',
        rb"'()",
    ]
    takes: list[_Take] = [_string, _string]
    if not host.parses_type_defaults:
        for keyword in (b"def", b"class"):
            pieces.append(_keyword(keyword) + rb"(?=%b++%b%b*+\[)()" % (SPACE, NAME, SPACE))
        pieces.append(_keyword(b"type") + rb"(?=%b++(?!%b)%b%b*+[=\[])()" % (SPACE, _RESERVED, NAME, SPACE))
        takes += [_generic, _generic, _alias]
    if not host.parses_except_lists:
        # The usual clauses are stepped over here: no comma outside brackets.
        usual = rb"(?!%b*+(?:(?!lambda\b)[\w.]*+%b*+(?:as\b|:)|\([^()'\"#]*+\)%b*+(?:as\b|:)))" % (SPACE, SPACE, SPACE)
        pieces.append(_keyword(b"except") + usual + b"()")
        takes.append(_except_list)
    return re.compile(b"|".join(pieces), re.S).search, takes


def _keyword(word: bytes) -> bytes:
    return word + rb"(?<![\w.\x80-\xff]%b)(?![\w\x80-\xff])" % word


# `x is type is [...]` is no type statement
_RESERVED = (
    rb"(?:in|is|not|and|or|if|else|for|as|import|from|lambda|await|async|None|True|False|yield|return|raise|del|pass|"
    rb"with|while|try|global|nonlocal|def|class|assert|break|continue|elif|except|finally)(?![\w\x80-\xff])"
)
_RESERVED_WORD = re.compile(_RESERVED + rb"\Z").match
_NAME = re.compile(NAME + rb"\Z").match
_AFTER_SPACE = re.compile(SPACE + b"*+").match
_ASYNC = re.compile(rb"(?<![\w\x80-\xff])async(?:[ \t\f]|\\\n)++\Z").search
_PREFIX = re.compile(rb"(?<![\w\x80-\xff])[fFtTrR]{1,2}\Z").search
_ANY = re.compile(rb"[^\n]")


def _string(text: bytes, start: int, end: int, found: Plan, host: Facts) -> int:
    """Take the string whose quote is at *start*: it has an f, t or r before it, or is not closed."""
    quote = text[start : start + 3]
    if quote not in (b"'''", b'"""'):
        quote = quote[:1]
    end = start + len(quote)
    prefix = _PREFIX(text[max(0, start - 3) : start])
    if prefix is None or prefix.group().lower() not in TEMPLATE_PREFIXES:
        return end_of_string(text, end, quote)
    string = scan_fstring(text, start - len(prefix.group()), end)
    found.strings.append(string)
    return string.end


def _generic(text: bytes, start: int, end: int, found: Plan, host: Facts) -> int:
    """Take ``class Name[`` or ``def name[``."""
    opening = text.index(b"[", end)
    params, closing, after = _type_params(text, opening)
    if not _needs_us(params, host):
        return opening
    inside = _spaces(text, opening + 1, closing)
    if text[after : after + 1] == b"(":
        found.edits += [(opening, closing + 1, b"(" + inside + b" "), (after, after + 1, b" ")]
    elif text[start:end] == b"class":
        found.edits.append((opening, closing + 1, b"(" + inside + b")"))
    else:
        return opening  # the host says what is wrong
    found_async = _ASYNC(text, max(0, start - 200), start) if text[start:end] == b"def" else None
    found.generics.append(Generic(found_async.start() if found_async else start, params, closing))
    return closing + 1


def _alias(text: bytes, start: int, end: int, found: Plan, host: Facts) -> int:
    """Take ``type Name =`` or ``type Name[``."""
    _, name_start, name_end, _ = next(walk(text, end))
    params: list[TypeParam] = []
    edits = []
    after = _AFTER_SPACE(text, name_end).end()  # type: ignore[union-attr]
    if text[after : after + 1] == b"[":
        opening = after
        params, closing, after = _type_params(text, opening)
        first = params[0].start
        inside = _spaces(text, opening + 1, first) + b"0" + _spaces(text, first + 1, closing)
        edits.append((opening + 1, closing, inside))
    if text[after : after + 1] != b"=" or text[after : after + 2] == b"==":
        return name_end  # no type statement, or the host says what is wrong
    if not _needs_us(params, host):
        return name_end
    found.edits += [(start, end, b"typ."), *edits, (after, after + 1, b":")]
    found.aliases.append(Alias(start, name_start, name_end, params))
    return after + 1


def _needs_us(params: list[TypeParam], host: Facts) -> bool:
    return not host.parses_type_parameters or any(param.default is not None for param in params)


def _type_params(text: bytes, opening: int) -> tuple[list[TypeParam], int, int]:
    """Return the parameters, the offset of the closing bracket and that of the next token."""
    params: list[TypeParam] = []
    piece = _Piece()
    for kind, start, end, string in walk(text, opening + 1):
        if kind == "newline":
            continue
        mark = text[start:end] if kind in ("op", "name") else b""
        if piece.depth or piece.lambdas or mark not in (b",", b"]"):
            piece.add(mark, start, end, string)
            continue
        if piece.tokens:
            params.append(_type_param(text, piece))
        elif mark == b",":
            raise Wrong("invalid syntax", start)
        elif not params:
            raise Wrong("Type parameter list cannot be empty", opening, end)
        if mark == b"]":
            return params, start, _AFTER_SPACE(text, end).end()  # type: ignore[union-attr]
        piece = _Piece()
    raise Wrong("'[' was never closed", opening)


class _Piece:
    """The tokens up to a comma outside brackets, with the places of the first ``:`` and ``=`` outside them."""

    def __init__(self) -> None:
        self.tokens: list[tuple[bytes, int, int]] = []
        self.strings: list[FString] = []
        self.depth = self.lambdas = 0
        self.colon = self.equals = -1
        self.walrus = False

    def add(self, mark: bytes, start: int, end: int, string: FString | None) -> None:
        if string is not None:
            self.strings.append(string)
        if mark in OPENERS:
            self.depth += 1
        elif mark in CLOSERS:
            self.depth -= 1
        elif not self.depth:
            if mark == b"lambda":
                self.lambdas += 1
            elif mark == b":" and self.lambdas:
                self.lambdas -= 1
            elif mark == b":" and self.colon < 0 and self.equals < 0:
                self.colon = len(self.tokens)
            elif mark == b"=" and self.equals < 0 and not self.lambdas:
                self.equals = len(self.tokens)
            elif mark == b":=":
                self.walrus = True
        self.tokens.append((mark, start, end))

    def hole(self, first: int, last: int) -> Hole:
        """Return the tokens first..last-1 as a hole.

        Raises:
            Wrong: there are none, or they are no plain expression.
        """
        if first >= last:
            raise Wrong("invalid syntax", self.tokens[first - 1][2])
        if self.walrus:
            raise Wrong("invalid syntax", self.tokens[first][1])
        start, end = self.tokens[first][1], self.tokens[last - 1][2]
        return Hole(start, end, [s for s in self.strings if start <= s.start < end], field=False)


def _type_param(text: bytes, piece: _Piece) -> TypeParam:
    mark, start, _ = piece.tokens[0]
    stars = {b"*": 1, b"**": 2}.get(mark, 0)
    names = piece.tokens[1:2] if stars else piece.tokens[:1]
    if not names or not _NAME(names[0][0]) or _RESERVED_WORD(names[0][0]):
        raise Wrong("invalid syntax", start)
    param = TypeParam(stars, names[0][0].decode(), start)
    param.end = piece.tokens[-1][2]
    after_name = 2 if stars else 1
    total = len(piece.tokens)
    end_of_bound = piece.equals if piece.equals >= 0 else total
    if piece.colon >= 0:
        if stars or piece.colon != after_name:
            if not stars:
                raise Wrong("invalid syntax", piece.tokens[piece.colon][1])
            kind = "constraints" if _is_tuple(text, piece.hole(piece.colon + 1, end_of_bound)) else "bound"
            what = "TypeVarTuple" if stars == 1 else "ParamSpec"
            raise Wrong(f"cannot use {kind} with {what}", piece.tokens[piece.colon][1])
        param.bound = piece.hole(piece.colon + 1, end_of_bound)
    elif end_of_bound != after_name:
        raise Wrong("invalid syntax", piece.tokens[after_name][1])
    if piece.equals >= 0:
        param.default = piece.hole(piece.equals + 1, total)
    for hole in (param.bound, param.default):
        if hole is not None and text[hole.start : hole.start + 1] == b"*" and (hole is param.bound or stars != 1):
            raise Wrong("invalid syntax", hole.start)
    return param


def _is_tuple(text: bytes, hole: Hole) -> bool:
    try:
        return isinstance(ast.parse(text[hole.start : hole.end].decode(), mode="eval").body, ast.Tuple)
    except SyntaxError:
        return False  # of its own grammar's doing: the message is about the colon either way


def _except_list(text: bytes, start: int, end: int, found: Plan, host: Facts) -> int:
    """Take ``except`` with what may be several types without parentheses."""
    pieces = [_Piece()]
    last = end
    starred = False
    for kind, begin, stop, string in walk(text, end):
        piece = pieces[-1]
        mark = text[begin:stop] if kind in ("op", "name") else b""
        if not piece.depth and not piece.lambdas:
            if mark == b":":
                break
            if kind == "newline" or mark in (b"as", b":=") or mark in CLOSERS:
                return end  # the host knows what to do, or what is wrong
            if mark == b"*" and not piece.tokens:
                if starred or len(pieces) > 1:
                    return end
                starred = True
                continue
            if mark == b",":
                if not piece.tokens:
                    return end
                pieces.append(_Piece())
                last = stop
                continue
        if kind != "newline":
            piece.add(mark, begin, stop, string)
            last = stop
    else:
        return end
    if len(pieces) == 1:
        return end
    if not pieces[-1].tokens:
        pieces.pop()
    elements = [piece.hole(0, len(piece.tokens)) for piece in pieces]
    first = elements[0].start
    found.excepts.append(ExceptList(start, first, last, elements))
    found.edits.append((first, last, b"[" + _spaces(text, first + 1, last - 1) + b"]"))
    return last


def _spaces(text: bytes, start: int, end: int) -> bytes:
    return b" " * (end - start) if text.find(b"\n", start, end) < 0 else _ANY.sub(b" ", text[start:end])


def hide_strings(text: bytes, strings: list[FString], start: int, depth: int) -> list[tuple[int, int, bytes]]:
    """Return the edits that put plain strings of the same shape in the place of *strings*.

    Args:
        strings: in the order of the text.
        start, depth: an offset before them all, and how many brackets are open there.
    """
    edits: list[tuple[int, int, bytes]] = []
    for string in strings:
        if edits and string.start < edits[-1][1]:
            continue
        begin, end = string.start, string.end
        blank = _blank_string(text, begin, end)
        if blank is None:
            begin, end = _run(text, string, start, depth)
            while edits and edits[-1][0] >= begin:
                edits.pop()
            blank = b"''(" + _spaces(text, begin + 3, end - 1) + b")"
        edits.append((begin, end, blank))
    return edits


def _blank_string(text: bytes, start: int, end: int) -> bytes | None:
    """Return a plain string with nothing in it, of the shape of text[start:end]; None when there is none."""
    # After an empty '' without a space, another ' would open a triple-quoted string.
    quote = b'"' if text[start - 1 : start] == b"'" else b"'"
    if text.find(b"\n", start, end) < 0:
        return quote + b" " * (end - start - 2) + quote
    lines = text[start:end].split(b"\n")
    if len(lines[-1]) >= 3:
        return quote * 3 + _spaces(text, start + 3, end - 3) + quote * 3
    if all(lines):
        middle = [b" " * (len(line) - 1) + b"\\" for line in lines[:-1]]
        return quote + b"\n".join(middle)[1:] + b"\n" + b" " * (len(lines[-1]) - 1) + quote
    return None


def _run(text: bytes, string: FString, start: int, depth: int) -> tuple[int, int]:
    """Return the offsets of the strings side by side that *string* is one of.

    For a string with an empty line inside and no room for three quotes at its end. A call of an empty string is as
    long as it needs to be, but no string can stand beside it: it has to take the place of them all.
    """
    begin = end = -1
    for kind, at, stop, _ in walk(text, start):
        if kind == "string":
            begin, end = (at if begin < 0 else begin), stop
            continue
        if kind == "newline" and depth:
            continue
        if begin <= string.start < end:
            break
        begin = -1
        if kind == "op":
            depth += (text[at:stop] in OPENERS) - (text[at:stop] in CLOSERS)
    return begin, end
