"""Grammar text -> functions that match it: parsing expressions with memory (PEP 617).

The notation is that of the grammar in the language reference, one rule to a paragraph:

    expression (memo):
        d=disjunction 'if' disjunction 'else' expression   => IfExp
        disjunction

An alternative that starts with ``=> Kind`` after its items makes a `Node` of that kind from the named items; ``=> {...}``
is a Python expression over the named items and ``p``, the recogniser. Without either, the value is the only item's
value. A result of None from ``{...}`` ends the rule without a match and without trying the alternatives after it, as in
CPython's parser: several messages depend on that. ``(memo)`` remembers results, ``(left)`` allows left recursion by
growing a seed, ``(plain)`` matches with the error alternatives switched off. ``~`` commits to the alternative, ``&&'x'``
raises "expected 'x'".

Rules called ``invalid_...`` describe mistakes; alternatives with one are looked at in the second pass only.

Which token was the furthest one looked at decides where "invalid syntax" points, so an alternative is skipped only when
the current token alone proves that it cannot match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from morrow.language.syntax_errors.scanner import Token

Match = Callable[[Any], Any]

_LEXEME = re.compile(
    r"""\s*(?:
      (?P<action>=>\s*(?:\{(?:[^{}"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{[^{}]*\})*\}|\w+))
    | (?P<hard>'[^']+') | (?P<soft>"[^"]+") | (?P<bind>[a-z]\w*=(?!>)) | (?P<name>\w+)
    | (?P<op>&&|[()\[\]|*+?&!~.])
    )""",
    re.VERBOSE,
)
_HEADER = re.compile(r"^(\w+)(?: \((\w+)\))?:$", re.MULTILINE)

FAIL_FOR_GOOD = object()
"""What an alternative answers when no later one may be tried: after ``~``, or when its action gave None."""


class Node:
    """What was recognised: just enough of a syntax tree to word the errors."""

    __slots__ = ("kind", "parts", "lineno", "col_offset", "end_lineno", "end_col_offset")

    def __init__(self, kind: str, parts: list[Any], first: Any, last: Any) -> None:
        self.kind = kind
        self.parts = parts
        self.lineno = first.lineno
        self.col_offset = first.col_offset
        self.end_lineno = last.end_lineno
        self.end_col_offset = last.end_col_offset

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(map(repr, self.parts))})"


class Element:
    """A piece of an alternative: how to match it, and which tokens it can start with."""

    __slots__ = ("match", "first", "nullable", "peeks", "invalid", "bound", "looks")

    def __init__(self, match: Match, first: Callable[[], Iterable[str]] | None, *, nullable: bool = False, peeks: bool = False) -> None:
        self.match = match
        self.first = first  # None: cannot be told from one token
        self.nullable = nullable
        self.peeks = peeks  # looks at more than the current token without matching it
        self.looks = False  # a lookahead: matches nothing itself
        self.invalid = False
        self.bound = ""


class Alternative:
    __slots__ = ("match", "elements", "invalid", "first")

    def __init__(self, match: Match, elements: list[Element]) -> None:
        self.match = match
        self.elements = elements
        # CPython guards an alternative that *is* an error rule; one that merely contains it runs in both passes.
        self.invalid = len(elements) == 1 and elements[0].invalid
        self.first: frozenset[str] | None = None


class Grammar:
    """A set of rules, ready to match. ``grammar["file"](p)`` matches at ``p.mark``."""

    def __init__(self, texts: Iterable[str], names: dict[str, Any]) -> None:
        self.names = names
        self.rules: dict[str, Match] = {}
        self.alternatives: dict[str, list[Alternative]] = {}
        self._firsts: dict[str, frozenset[str] | None] = {}
        self._groups: list[list[Alternative]] = []
        bodies: dict[str, tuple[str, str]] = {}
        for text in texts:
            headers = list(_HEADER.finditer(text))
            for header, following in zip(headers, [*headers[1:], None]):
                bodies[header[1]] = header[2] or "", text[header.end() : following.start() if following else len(text)]
        self.bodies = bodies
        for number, (name, (flag, body)) in enumerate(bodies.items()):
            lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("#")]
            joined: list[str] = []
            for line in lines:
                if line.startswith("     "):  # deeper than an alternative: the line before goes on
                    joined[-1] += " " + line.strip()
                else:
                    joined.append(line.strip())
            self.alternatives[name] = [_AlternativeParser(self, line).alternative() for line in joined]
            self.rules[name] = self._rule(name, number, flag)
        self._settle_firsts()

    def __getitem__(self, name: str) -> Match:
        return self.rules[name]

    def _rule(self, name: str, number: int, flag: str) -> Match:
        alternatives = self.alternatives[name]
        plain = [a for a in alternatives if not a.invalid]
        match = choose(alternatives, plain)
        if flag == "memo":
            return _remember(match, number)
        if flag == "left":
            return _grow(match, number)
        if flag == "plain":
            return _without_errors(match)
        return match

    def reference(self, name: str) -> Match:
        """Return a function that matches the rule called *name*, which may not be there yet."""
        rules = self.rules

        def match(p: Any) -> Any:
            return rules[name](p)

        return match

    def group(self, alternatives: list[Alternative]) -> None:
        self._groups.append(alternatives)

    # -- which tokens can come first ---------------------------------------------------------------------------------

    def _settle_firsts(self) -> None:
        """Find the first tokens of every rule: grow the sets until they stop growing."""
        firsts: dict[str, set[str] | None] = {name: set() for name in self.alternatives}
        self._firsts = firsts  # type: ignore[assignment]
        changed = True
        while changed:
            changed = False
            for name, alternatives in self.alternatives.items():
                before = firsts[name]
                if before is None:
                    continue
                for alternative in alternatives:
                    found = first_of(alternative)
                    if found is None:
                        firsts[name] = None
                        changed = True
                        break
                    if not found <= before:
                        before |= found
                        changed = True
        for alternatives in [*self.alternatives.values(), *self._groups]:
            for alternative in alternatives:
                found = first_of(alternative)
                alternative.first = None if found is None else frozenset(found)

    def first(self, name: str) -> Iterable[str] | None:
        return self._firsts[name]


def first_of(alternative: Alternative) -> set[str] | None:
    """Return the tokens *alternative* can start with, or None when one token does not tell."""
    found: set[str] = set()
    for element in alternative.elements:
        if element.peeks:
            return None
        if element.first is not None:
            more = element.first()
            if more is None:
                return None
            found |= set(more)
        if not element.nullable:
            return found
    return None


def choose(alternatives: list[Alternative], plain: list[Alternative]) -> Match:
    """Return the ordered choice between alternatives; *plain* are those without error rules."""
    if len(alternatives) == 1 and len(plain) == 1:
        only = alternatives[0]

        def match_one(p: Any) -> Any:
            mark = p.mark
            if mark == len(p.tokens):
                p.fetch()
            first = only.first
            if first is not None and p.tokens[mark].kind not in first:
                return None
            value = only.match(p)
            if value is None or value is FAIL_FOR_GOOD:
                p.mark = mark
                return None
            return value

        return match_one

    def match(p: Any) -> Any:
        mark = p.mark
        if mark == len(p.tokens):
            p.fetch()
        kind = p.tokens[mark].kind
        for alternative in alternatives if p.with_errors else plain:
            first = alternative.first
            if first is not None and kind not in first:
                continue
            value = alternative.match(p)
            if value is None:
                p.mark = mark
                continue
            return None if value is FAIL_FOR_GOOD else value
        return None

    return match


def _remember(match: Match, number: int) -> Match:
    def remembered(p: Any) -> Any:
        mark = p.mark
        if mark == len(p.tokens):
            p.fetch()
        memo = p.tokens[mark].memo
        if number in memo:
            value, p.mark = memo[number]
            return value
        value = match(p)
        memo[number] = (value, p.mark)
        return value

    return remembered


def _grow(match: Match, number: int) -> Match:
    """Left recursion: fail at first, then let the rule use its own last result until it gets no further."""

    def grown(p: Any) -> Any:
        mark = p.mark
        if mark == len(p.tokens):
            p.fetch()
        memo = p.tokens[mark].memo
        if number in memo:
            value, p.mark = memo[number]
            return value
        best, best_mark = None, mark
        while True:
            memo[number] = (best, best_mark)
            p.mark = mark
            value = match(p)
            if value is None or p.mark <= best_mark:
                break
            best, best_mark = value, p.mark
        p.mark = best_mark
        memo[number] = (best, best_mark)
        return best

    return grown


def _without_errors(match: Match) -> Match:
    def plain(p: Any) -> Any:
        before = p.with_errors
        p.with_errors = False
        try:
            return match(p)
        finally:
            p.with_errors = before

    return plain


# -- elements --------------------------------------------------------------------------------------------------------


def token(kind: str) -> Match:
    def match(p: Any) -> Token | None:
        mark = p.mark
        tokens = p.tokens
        if mark == len(tokens):
            p.fetch()
        found: Token = tokens[mark]
        if found.kind == kind:
            p.mark = mark + 1
            return found
        return None

    return match


def soft_keyword(words: frozenset[str]) -> Match:
    name = token("NAME")

    def match(p: Any) -> Token | None:
        mark = p.mark
        found = name(p)
        if found is not None and found.string not in words:
            p.mark = mark
            return None
        return found  # type: ignore[no-any-return]

    return match


def forced(kind: str) -> Match:
    match = token(kind)

    def must(p: Any) -> Token:
        found = match(p)
        if found is None:
            p.at(p.tokens[p.mark], f"expected '{kind}'")
        return found  # type: ignore[no-any-return]

    return must


def optional(match: Match) -> Match:
    def maybe(p: Any) -> Any:
        mark = p.mark
        value = match(p)
        if value is None:
            p.mark = mark
            return False
        return value

    return maybe


def repeated(match: Match, least: int) -> Match:
    def many(p: Any) -> Any:
        values = []
        while True:
            mark = p.mark
            value = match(p)
            if value is None:
                p.mark = mark
                break
            values.append(value)
        return values if len(values) >= least else None

    return many


def separated(separator: Match, match: Match) -> Match:
    def many(p: Any) -> Any:
        value = match(p)
        if value is None:
            return None
        values = [value]
        while True:
            mark = p.mark
            if separator(p) is None or (value := match(p)) is None:
                p.mark = mark
                return values
            values.append(value)

    return many


def ahead(match: Match, wanted: bool) -> Match:
    def look(p: Any) -> Any:
        mark = p.mark
        found = match(p) is not None
        p.mark = mark
        return True if found == wanted else None

    return look


_CUT = object()


class _AlternativeParser:
    """Reads one alternative's text and builds its matching function."""

    def __init__(self, grammar: Grammar, text: str) -> None:
        self.grammar = grammar
        self.lexemes: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            found = _LEXEME.match(text, place)
            if not found:
                raise ValueError(f"cannot read the grammar at {text[place:]!r}")
            assert found.lastgroup
            self.lexemes.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self.lexemes.append(("end", ""))
        self.place = 0

    def alternative(self) -> Alternative:
        elements: list[Element] = []
        cut: int | None = None
        while True:
            kind, text = self.lexemes[self.place]
            if kind in ("end", "action") or text in ("|", ")", "]") and kind == "op":
                break
            if text == "~":
                self.place += 1
                cut = len(elements)
                continue
            elements.append(self._element())
        action = None
        if self.lexemes[self.place][0] == "action":
            action = self.lexemes[self.place][1][2:].strip()
            self.place += 1
        return Alternative(self._matcher(elements, cut, action), elements)

    def _matcher(self, elements: list[Element], cut: int | None, action: str | None) -> Match:
        matches = [element.match for element in elements]
        finish = self._finish(elements, action)
        counting = [place for place, element in enumerate(elements) if not element.looks]
        if finish is None and len(matches) > 1 and len(counting) == 1:
            only = counting[0]

            def finish(p: Any, mark: int, values: list[Any]) -> Any:
                return values[only]

        if len(matches) == 1 and finish is None:
            return matches[0]
        if cut is not None:
            before, after = matches[:cut], matches[cut:]

            def match_cut(p: Any) -> Any:
                mark = p.mark
                values = []
                for match in before:
                    value = match(p)
                    if value is None:
                        p.mark = mark
                        return None
                    values.append(value)
                for match in after:
                    value = match(p)
                    if value is None:
                        p.mark = mark
                        return FAIL_FOR_GOOD
                    values.append(value)
                return finish(p, mark, values) if finish else values

            return match_cut

        def match(p: Any) -> Any:
            mark = p.mark
            values = []
            for match in matches:
                value = match(p)
                if value is None:
                    p.mark = mark
                    return None
                values.append(value)
            return finish(p, mark, values) if finish else values

        return match

    def _finish(self, elements: list[Element], action: str | None) -> Callable[[Any, int, list[Any]], Any] | None:
        if action is None:
            return None
        bound = [(place, element.bound) for place, element in enumerate(elements) if element.bound]
        if action.startswith("{"):
            function = eval(f"lambda p, {', '.join(name for _, name in bound)}: {action[1:-1].strip()}", self.grammar.names)

            def call(p: Any, mark: int, values: list[Any]) -> Any:
                value = function(p, *[values[place] for place, _ in bound])
                return FAIL_FOR_GOOD if value is None else value

            return call
        places = [place for place, _ in bound]

        def make(p: Any, mark: int, values: list[Any]) -> Node:
            return Node(action, [values[place] for place in places], p.tokens[mark], p.last_token())

        return make

    def _element(self) -> Element:
        kind, text = self.lexemes[self.place]
        if kind == "bind":
            self.place += 1
            element = self._element()
            element.bound = text[:-1]
            return element
        if text == "&&":
            _, wanted = self.lexemes[self.place + 1]
            self.place += 2
            return Element(forced(wanted[1:-1]), lambda: None, nullable=True)
        if kind == "op" and text in "&!":
            self.place += 1
            inner = self._element()
            simple = inner.first is not None and not inner.peeks and _is_one_token(inner)
            if text == "&" and simple:
                element = Element(ahead(inner.match, True), inner.first)
            else:
                element = Element(ahead(inner.match, text == "&"), None, nullable=True, peeks=not simple)
            element.invalid = inner.invalid
            element.looks = True
            return element
        element = self._atom()
        while True:
            kind, text = self.lexemes[self.place]
            if kind != "op" or text not in "*+?.":
                return element
            self.place += 1
            before = element
            if text == "?":
                element = Element(optional(before.match), before.first, nullable=True, peeks=before.peeks)
            elif text == ".":
                item = self._atom()
                assert self.lexemes[self.place][1] == "+"
                self.place += 1
                before = item
                element = Element(separated(element.match, item.match), item.first, nullable=item.nullable, peeks=item.peeks)
            else:
                least = text == "+"
                element = Element(
                    repeated(before.match, least), before.first, nullable=not least or before.nullable, peeks=before.peeks
                )
            element.invalid = before.invalid

    def _atom(self) -> Element:
        kind, text = self.lexemes[self.place]
        self.place += 1
        if kind == "hard":
            word = text[1:-1]
            return _single(token(word), word)
        if kind == "soft":
            return _single(soft_keyword(frozenset(text[1:-1].split("|"))), "NAME")
        if kind == "name" and text.isupper():
            return _single(token(text), text)
        if kind == "name":
            grammar = self.grammar
            element = Element(grammar.reference(text), lambda: grammar.first(text))  # type: ignore[arg-type,return-value]
            element.invalid = text.startswith("invalid_")
            return element
        assert text in ("(", "["), (kind, text)
        alternatives = [self.alternative()]
        while self.lexemes[self.place][1] == "|":
            self.place += 1
            alternatives.append(self.alternative())
        assert self.lexemes[self.place][1] in (")", "]"), self.lexemes
        self.place += 1
        self.grammar.group(alternatives)
        match = choose(alternatives, [a for a in alternatives if not a.invalid])

        def first() -> set[str] | None:
            found: set[str] = set()
            for alternative in alternatives:
                more = first_of(alternative)
                if more is None:
                    return None
                found |= more
            return found

        element = Element(optional(match) if text == "[" else match, first, nullable=text == "[")
        element.invalid = all(alternative.invalid for alternative in alternatives)
        if all(len(a.elements) == 1 and _is_one_token(a.elements[0]) for a in alternatives) and text == "(":
            _SINGLE.add(element.match)
        return element


_SINGLE: set[Match] = set()


def _single(match: Match, kind: str) -> Element:
    element = Element(match, lambda: {kind})
    _SINGLE.add(match)
    return element


def _is_one_token(element: Element) -> bool:
    return element.match in _SINGLE
