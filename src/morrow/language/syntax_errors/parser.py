"""Find the mistake the parser of 3.14 would report.

Takes text, gives a `Complaint` or None. Two passes over the grammar, as in CPython: the first only finds out that the
text is wrong and how far a parser gets; the second, with the rules of `mistakes` switched on, stops at the first
mistake that has words of its own. An error of the tokenizer on the way ends either pass.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

from morrow.language.syntax_errors import literals
from morrow.language.syntax_errors.mistakes import FIELD_MISTAKES, MISTAKES
from morrow.language.syntax_errors.peg import Grammar, Node
from morrow.language.syntax_errors.rules import EXPRESSIONS, STATEMENTS
from morrow.language.syntax_errors.scanner import Refused, Scanner, Token

_NAMES = {
    "NAME": "name",
    "Attribute": "attribute",
    "Subscript": "subscript",
    "Starred": "starred",
    "List": "list",
    "Tuple": "tuple",
    "Lambda": "lambda",
    "Call": "function call",
    "BoolOp": "expression",
    "BinOp": "expression",
    "UnaryOp": "expression",
    "GeneratorExp": "generator expression",
    "Yield": "yield expression",
    "Await": "await expression",
    "ListComp": "list comprehension",
    "SetComp": "set comprehension",
    "DictComp": "dict comprehension",
    "Dict": "dict literal",
    "Set": "set display",
    "JoinedStr": "f-string expression",
    "TemplateStr": "t-string expression",
    "Constant": "literal",
    "NUMBER": "literal",
    "Compare": "comparison",
    "IfExp": "conditional expression",
    "NamedExpr": "named expression",
    "True": "True",
    "False": "False",
    "None": "None",
    "...": "ellipsis",
}

_MORE = re.compile(r"(?:[ \t\n\f]|#[^\n]*)*[^ \t\n\f#]")
_BESIDE = ("NEWLINE", "INDENT", "DEDENT", "ENDMARKER")


def name_of(expression: Any) -> str:
    """Return what messages call this kind of expression."""
    return _NAMES[expression.kind]


class Complaint(Exception):
    """A SyntaxError in the making: its type's name, message, range and the text to show."""

    def __init__(self, kind: str, message: str, lineno: int, offset: int, end_lineno: int, end_offset: int, text: str | None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.lineno = lineno
        self.offset = offset
        self.end_lineno = end_lineno
        self.end_offset = end_offset
        self.text = text


@cache
def grammar() -> Grammar:
    """Return the grammar, built at the first mistake in a process."""
    return Grammar([STATEMENTS, EXPRESSIONS, MISTAKES, FIELD_MISTAKES], {"name_of": name_of})


def find_mistake(
    text: str,
    rule: str = "file",
    line_of_file: Callable[[int], str | None] = lambda line: None,
    *,
    may_go_on: bool = False,
    imply_dedent: bool = True,
) -> tuple[Complaint | None, list[tuple[str, int, int, int]]]:
    """Return the parser's complaint about *text* (None: it parses), and the warnings given on the way.

    Args:
        text: the source, with "\\n" for newlines and one at the end.
        rule: "file", "eval" or "interactive".
        line_of_file: gives a line of the file the text is from, if it can be read: that one is shown.
        may_go_on: a text that only stops too early is "incomplete input" (what codeop asks for).
        imply_dedent: whether the end of a typed text ends its blocks.
    """
    parser = Parser(text, grammar(), rule, line_of_file)
    parser.may_go_on = may_go_on
    parser.imply_dedent = imply_dedent
    limit = sys.getrecursionlimit()
    # Deep nesting is legal (200 brackets); each level of it takes some 60 calls here.
    sys.setrecursionlimit(max(limit, 60_000))
    try:
        return parser.run(), parser.scanner.warnings
    finally:
        sys.setrecursionlimit(limit)


class Parser:
    """The state of one recognition. Rules see it as ``p``."""

    def __init__(self, text: str, rules: Grammar, rule: str, line_of_file: Callable[[int], str | None]) -> None:
        self.scanner = Scanner(text)
        self.rules = rules
        self.rule = rule
        self.line_of_file = line_of_file
        self.may_go_on = False
        self.imply_dedent = True
        self.ended_early = False
        self.refused = False
        self.started = False
        self.tokens: list[Token] = []
        self.mark = 0
        self.with_errors = False
        self.flufl_is_on = False

    def run(self) -> Complaint | None:
        """Return what is wrong, None if nothing is."""
        complaint = self._run()
        if complaint is not None and self.may_go_on and self.ended_early:
            if self.refused:
                self.tokens.append(Token("ERRORTOKEN", "", self.scanner.line, -1, self.scanner.line, -1, 0))
            return self._complaint(self.here, "incomplete input", "_IncompleteInputError")
        return complaint

    def _run(self) -> Complaint | None:
        start = self.rules[self.rule]
        try:
            if start(self) is not None:
                if self.rule == "interactive" and _MORE.match(self.scanner.source, self.scanner.cursor):
                    return self._complaint(self.here, "multiple statements found while compiling a single statement")
                return None
        except Refused as refused:
            self.refused = True
            self.ended_early = self.scanner.done == "eof"
            return self._tokenizer_error(refused)
        except Complaint as complaint:
            self.ended_early = self.scanner.done == "eof"
            return self._or_later(complaint)
        self.ended_early = self.scanner.done == "eof"
        last = self.tokens[-1]
        for token in self.tokens:
            token.memo = {}
        self.mark = 0
        self.with_errors = True
        warnings = len(self.scanner.warnings)
        try:
            start(self)
        except Refused as refused:
            return self._tokenizer_error(refused)
        except Complaint as complaint:
            return self._or_later(complaint)
        finally:
            del self.scanner.warnings[warnings:]
        if last.kind in ("INDENT", "DEDENT"):
            return self._complaint(self.indentation, "unexpected indent" if last.kind == "INDENT" else "unexpected unindent")
        return self._or_later(self._complaint(self.at, last, "invalid syntax"))

    def fetch(self) -> None:
        token = self.scanner.get()
        if self.rule == "interactive":
            if token.kind == "ENDMARKER" and self.started:
                # A line typed at the prompt ends where the text ends, and so do its blocks.
                token.kind = "NEWLINE"
                self.started = False
                if self.imply_dedent:
                    self.scanner.pending = -(len(self.scanner.indents) - 1)
                    del self.scanner.indents[1:], self.scanner.alternate_indents[1:]
            else:
                self.started = True
        self.tokens.append(token)

    def last_token(self) -> Token:
        """Return the last token matched that stands for something."""
        mark = self.mark - 1
        while mark > 0 and self.tokens[mark].kind in _BESIDE:
            mark -= 1
        return self.tokens[mark]

    # -- raising -----------------------------------------------------------------------------------------------------

    def at(self, node: Any, message: str) -> NoReturn:
        self.between(node, node, message)

    def between(self, first: Any, last: Any, message: str) -> NoReturn:
        self._raise("SyntaxError", message, first.lineno, first.col_offset + 1, last.end_lineno, last.end_col_offset + 1)

    def since(self, node: Any, message: str) -> NoReturn:
        scanner = self.scanner
        column = scanner.cursor - scanner.line_start
        self._raise("SyntaxError", message, node.lineno, node.col_offset + 1, scanner.line, column)

    def here(self, message: str, kind: str = "SyntaxError") -> NoReturn:
        self._at_token(self.tokens[-1], message, kind)

    def on_next(self, message: str) -> NoReturn:
        if self.mark == len(self.tokens):
            self.fetch()
        self._at_token(self.tokens[self.mark], message, "SyntaxError")

    def indentation(self, message: str) -> NoReturn:
        self.here(message, "IndentationError")

    def _at_token(self, token: Token, message: str, kind: str) -> NoReturn:
        if token.col_offset == -1:
            offset = self.scanner.cursor - self.scanner.line_start
        else:
            offset = token.col_offset + 1
        end = token.end_col_offset + 1 if token.end_col_offset != -1 else -1
        self._raise(kind, message, token.lineno, offset, token.end_lineno, end)

    def _raise(self, kind: str, message: str, line: int, offset: int, end_line: int, end_offset: int) -> NoReturn:
        text = self._text_of(line)
        limit = len(text) + 1
        if end_offset > 0 and end_line != line:
            # CPython measures the end in bytes of its own line, then counts these bytes out on the first line.
            before = self._line(end_line)[: end_offset - 1]
            end_offset = _characters(text, len(before.encode("utf-8", "surrogatepass")) + 1)
        raise Complaint(kind, message, line, min(offset, limit), end_line, min(end_offset, limit), text)

    def _text_of(self, line: int) -> str:
        """Return the line as CPython shows it: with its newline if the tokenizer has not gone beyond it."""
        scanner = self.scanner
        if self.rule == "file" and (text := self.line_of_file(line)) is not None:
            return text
        if scanner.line <= line and scanner.line_end > scanner.line_start:
            return scanner.source[scanner.line_start : scanner.line_end]
        return self._line(line)

    def _line(self, line: int) -> str:
        scanner = self.scanner
        start = 0
        for _ in range(line - 1):
            following = scanner.source.find("\n", start)
            if following < 0 or following + 1 > scanner.line_end:
                break
            start = following + 1
        end = scanner.source.find("\n", start)
        return scanner.source[start : len(scanner.source) if end < 0 else end]

    def _complaint(self, raiser: Any, *arguments: Any) -> Complaint:
        try:
            raiser(*arguments)
        except Complaint as complaint:
            return complaint
        raise AssertionError("a raiser raises")

    def _tokenizer_error(self, refused: Refused) -> Complaint:
        scanner = self.scanner
        if refused.kind == "error":
            return Complaint("SyntaxError", refused.message, refused.line, refused.offset, refused.line, refused.end_offset, refused.text)
        if refused.kind == "eof" and scanner.brackets:
            return self._never_closed()
        if refused.kind in ("eof", "dedent"):
            # The token that could not be read is the last one: it has a line, no columns.
            self.tokens.append(Token("ERRORTOKEN", "", scanner.line, -1, scanner.line, -1, 0))
            if refused.kind == "eof":
                return self._complaint(self.here, "unexpected EOF while parsing")
            return self._complaint(self.indentation, "unindent does not match any outer indentation level")
        column = 0
        kind = "SyntaxError"
        if refused.kind == "continuation":
            # CPython counts from the first line of what it holds in its buffer, not from this line.
            column = scanner.cursor - scanner.buffer - 1
            message = "unexpected character after line continuation character"
        elif refused.kind == "tabs":
            kind, message = "TabError", "inconsistent use of tabs and spaces in indentation"
        else:
            kind, message = "IndentationError", "too many levels of indentation"
        return self._complaint(self._raise, kind, message, scanner.line, column + 1, scanner.line, 0)

    def _never_closed(self) -> Complaint:
        opening, line, column = self.scanner.brackets[-1]
        return self._complaint(self._raise, "SyntaxError", f"'{opening}' was never closed", line, column + 1, line, 0)

    def _or_later(self, complaint: Complaint) -> Complaint:
        """Return the tokenizer's error in the rest of the text, if there is one, else *complaint*."""
        scanner = self.scanner
        last_line = self.tokens[-1].lineno
        later: Complaint | None = None
        try:
            while scanner.get().kind != "ENDMARKER":
                pass
        except Refused as refused:
            if refused.kind == "error":
                later = self._tokenizer_error(refused)
            elif scanner.brackets and last_line > scanner.brackets[-1][1]:
                later = self._never_closed()
        # In an f-string the mistake in the braces is worth more than that the braces do not close.
        return later if later is not None and not scanner.strings else complaint

    # -- what the rules of `mistakes` ask ----------------------------------------------------------------------------

    def bad_target(self, expression: Any, kind: str) -> None:
        """Complain about the part of *expression* that cannot be assigned to ("star", "for") or deleted ("del")."""
        bad = self._find_bad_target(expression, kind)
        if bad is not None:
            self.at(bad, f"cannot {'delete' if kind == 'del' else 'assign to'} {name_of(bad)}")

    def _find_bad_target(self, expression: Any, kind: str) -> Any:
        if expression.kind in ("List", "Tuple"):
            for element in expression.parts:
                if (bad := self._find_bad_target(element, kind)) is not None:
                    return bad
            return None
        if expression.kind == "Starred":
            return expression if kind == "del" else self._find_bad_target(expression.parts[0], kind)
        if expression.kind == "Compare" and kind == "for":
            # `for f() in x` reads as a comparison when read as an expression.
            return self._find_bad_target(expression.parts[0], kind) if expression.parts[1][0] == "in" else None
        return None if expression.kind in ("NAME", "Subscript", "Attribute") else expression

    def legacy(self, name: Token, rest: Any) -> None:
        if name.string in ("print", "exec"):
            word = name.string
            self.between(name, rest, f"Missing parentheses in call to '{word}'. Did you mean {word}(...)?")

    def forgotten_comma(self, first: Any, second: Any) -> None:
        legacy = first.kind == "NAME" and first.string in ("print", "exec")
        if not legacy and self.tokens[self.mark - 1].level:
            self.between(first, second, "invalid syntax. Perhaps you forgot a comma?")

    def bare_generator(self, arguments: Node, clauses: list[Any]) -> None:
        positional = arguments.parts[0]
        if len(positional) > 1:
            self.between(positional[-1], clauses[-1], "Generator expression must be parenthesized")

    def unpacks(self, arguments: Node) -> bool:
        return any(not keyword.parts for keyword in arguments.parts[1])

    def after_key(self, key: Any) -> None:
        # CPython's range here: one column, the last of the key, and no end.
        self._raise("SyntaxError", "':' expected after dictionary key", key.lineno, key.end_col_offset, key.end_lineno, 0)

    def string_letter(self) -> str:
        return self.scanner.strings[-1].letter if self.scanner.strings else "f"

    # -- nodes -------------------------------------------------------------------------------------------------------

    def tuple(self, first: Any, rest: list[Any]) -> Node:
        return Node("Tuple", [first, *(pair[1] for pair in rest)], first, self.last_token())

    def parenthesised_tuple(self, opening: Token, inside: Any) -> Node:
        return Node("Tuple", [inside[0], *(inside[2] or [])] if inside else [], opening, self.tokens[self.mark - 1])

    def listing(self, opening: Token, elements: Any) -> Node:
        return Node("List", elements or [], opening, self.tokens[self.mark - 1])

    def future_import(self, dots: list[Any], module: Any, names: Any) -> Any:
        """Note the one __future__ that changes the grammar (PEP 401)."""
        if not dots and isinstance(module, Token) and module.string == "__future__" and "barry_as_FLUFL" in repr(names):
            self.flufl_is_on = True
        return True

    def flufl(self, less: Token, greater: Token) -> str | None:
        return "<>" if self.flufl_is_on and _touch(less, greater) else None

    def old_inequality(self, less: Token, greater: Token) -> None:
        if not self.flufl_is_on and _touch(less, greater):
            self.between(less, greater, "invalid syntax.  Maybe you meant '!=' instead of '<>'?")

    def not_equal(self, token: Token) -> str:
        if self.flufl_is_on:
            self.here("with Barry as BDFL, use '<>' instead of '!='")
        return "!="

    def clause(self, iterable: Any, conditions: list[Any]) -> Any:
        return conditions[-1][1] if conditions else iterable

    def arguments(self, positional: list[Any], others: list[Any]) -> Node:
        positional = [*positional, *(node for node in others if node.kind == "Starred")]
        keywords = [node for node in others if node.kind != "Starred"]
        return Node("Arguments", [positional, keywords], self.tokens[0], self.tokens[0])

    # -- strings and numbers -----------------------------------------------------------------------------------------

    def real(self, number: Token) -> Token:
        if number.string[-1] in "jJ":
            self.at(number, "real number required in complex literal")
        return number

    def imaginary(self, number: Token) -> Token:
        if number.string[-1] not in "jJ":
            self.at(number, "imaginary number required in complex literal")
        return number

    def plain_string(self, token: Token) -> Node:
        literals.check_string(self, token)
        low = token.string[:2].lower()
        return Node("Constant", ["b" in low.split("'")[0].split('"')[0]], token, token)

    def strings(self, parts: list[Node]) -> Node:
        if len({part.kind == "Constant" and part.parts[0] for part in parts}) > 1:
            self.here("cannot mix bytes and nonbytes literals")
        kind = "JoinedStr" if any(part.kind == "JoinedStr" for part in parts) else "Constant"
        return Node(kind, parts[0].parts, parts[0], parts[-1])

    def tstrings(self, parts: list[Node]) -> Node:
        return Node("TemplateStr", [], parts[0], parts[-1])

    def joined(self, start: Token, middle: list[Any], kind: str) -> Node:
        for part in middle:
            if part.kind in ("FSTRING_MIDDLE", "TSTRING_MIDDLE"):
                literals.check_middle(self, part, "r" in start.string.lower())
        return Node(kind, [], start, self.tokens[self.mark - 1])

    def conversion(self, mark: Token, name: Token) -> Token:
        letter = self.string_letter()
        if mark.end_lineno != name.lineno or mark.end_col_offset != name.col_offset:
            self.between(mark, name, f"{letter}-string: conversion type must come right after the exclamation mark")
        if name.string not in ("s", "r", "a"):
            self.at(name, f"{letter}-string: invalid conversion character '{name.string}': expected 's', 'r', or 'a'")
        return name

    def format_spec(self, parts: list[Any]) -> Any:
        for part in parts:
            if part.kind in ("FSTRING_MIDDLE", "TSTRING_MIDDLE"):
                literals.check_middle(self, part, bool(self.scanner.strings and self.scanner.strings[-1].raw))
        return parts


def _characters(text: str, offset: int) -> int:
    """Return the 1-based character offset of a 1-based byte offset in *text*."""
    data = text.encode("utf-8", "surrogatepass")
    return len(data[: offset - 1].decode("utf-8", "replace")) + 1 if offset <= len(data) + 1 else len(text) + 1


def _touch(first: Token, second: Token) -> bool:
    return (first.end_lineno, first.end_col_offset) == (second.lineno, second.col_offset)
