"""SyntaxWarnings of 3.14 that an older host does not give, or words differently.

`suspicious` looks at the text of every program that is compiled, so it is only a few searches; `warnings_of` reads a
program properly. Which of them the host gives as well is a fact of the host.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from morrow.language.syntax_errors.finally_warnings import finally_warnings
from morrow.language.syntax_errors.findings import Warned
from morrow.language.syntax_errors.literals import find_invalid_escape
from morrow.language.syntax_errors.placement import check_placement, warnings_before_an_error
from morrow.language.syntax_errors.scanner import Refused, Scanner, Token, invalid_escape
from morrow.language.tree import walk

_ESCAPE = re.compile(r"\\(?:[^\n\r\\'\"abfnrtvxNuU0-7{}]|[4-7][0-7][0-7])|\\[{}]|[bB]['\"][^\n]*\\[NuU]")
_NUMBER_START = re.compile(r"[0-9](?<![\w.][0-9])[0-9a-fA-FxXoObB_.]*(?:[eE][+-]?[0-9_]+)?[jJ]?(?:and|else|for|if|in|is|or|not)\b")
# Two patterns that start with what `re` skips to quickly, not one with alternatives.
_IS_LITERAL = re.compile(r"is(?<!\wis)\s+(?:not\s+)?(?:[bBrRuU]{0,2}[\"']|[-+~(0-9])")
_LITERAL_IS = re.compile(r"[\"'0-9)]\s*is\b")
_FINALLY = re.compile(r"^([ \t]*)finally[ \t]*:(.*\n(?:\1[ \t]+.*\n|[ \t]*(?:#.*)?\n)*)", re.MULTILINE)
_LEAVES = re.compile(r"\b(?:return|break|continue)\b")


class TextWarning:
    """A warning about a piece of text.

    Attributes:
        message: as a warning.
        line: where it is reported.
        error: the same as an error: message, offset, end_offset, and whether the line is shown with its newline.
    """

    __slots__ = ("message", "line", "error")

    def __init__(self, message: str, line: int, error: tuple[str, int, int, bool]) -> None:
        self.message = message
        self.line = line
        self.error = error

    def __repr__(self) -> str:
        return f"line {self.line}: {self.message}"


def warns_beyond_the_host(text: str) -> bool:
    """Return whether 3.14 may warn about *text* where no host before it does: in some way it leaves a ``finally``, or
    writes an octal escape that is too large."""
    return _leaves_finally(text) or _OCTAL.search(text) is not None


_OCTAL = re.compile(r"\\[4-7][0-7][0-7]")


def suspicious(text: str) -> bool:
    """Return whether 3.14 might warn about *text* in a way that *host* does not. Mostly False, and quick."""
    if not _looks_suspicious(text):
        return False
    # Docstrings and patterns are full of what looks suspicious: look again without them.
    code = _without_quiet_strings(text)
    return code is None or _looks_suspicious(code)


def _looks_suspicious(text: str) -> bool:
    return _about_literals(text) or _leaves_finally(text) or _compares_literal(text)


_PIECES = re.compile(
    r"#[^\n]*+"
    r'|(?:(?<!\w)([a-zA-Z]{1,2})|(?<!\w))(?:"""(?:[^"\\]++|\\.|"(?!""))*+"""|"(?!"")(?:[^"\\\n]++|\\.)*+"|""(?!")'
    r"|'''(?:[^'\\]++|\\.|'(?!''))*+'''|'(?!'')(?:[^'\\\n]++|\\.)*+'|''(?!'))",
    re.DOTALL,
)


def _without_quiet_strings(text: str) -> str | None:
    """Return *text* without comments, and with 0 for each string that 3.14 does not warn about; None if that is not certain.

    Strings with fields stay, as what is in a field is code. One that seems to end within a field holds the same quotes
    again (PEP 701): then nothing is certain.
    """
    made, at = [], 0
    for piece in _PIECES.finditer(text):
        between = text[at : piece.start()]
        if "'" in between or '"' in between:
            return None
        made.append(between)
        at = piece.end()
        string = piece[0]
        if string[0] == "#":
            continue
        prefix = (piece[1] or "").lower()
        if prefix not in _PREFIXES:
            return None
        if "f" in prefix or "t" in prefix:
            if string.count("{") != string.count("}"):
                return None
            made.append(string)
        elif "r" not in prefix and "\\" in string and _ESCAPE.search(string):
            made.append(string)
        else:
            made.append("0")
    rest = text[at:]
    return None if "'" in rest or '"' in rest else "".join(made) + rest


_PREFIXES = frozenset(("", "r", "u", "b", "br", "rb", "f", "fr", "rf", "t", "tr", "rt"))


def _compares_literal(text: str) -> bool:
    """Return whether `is` may stand next to a literal. What ends a call is none, where strings cannot hide a bracket."""
    if not _has_is_by_literal(text):
        return False
    if _IS_BY_QUOTE.search(text) or _IS_BEFORE_LITERAL.search(text):
        return True
    return any(text[found.start()] != ")" or not _ends_call(text, found.start()) for found in _IS_AFTER_LITERAL.finditer(text))


def _has_is_by_literal(text: str) -> bool:
    return "is" in text and (_IS_LITERAL.search(text) is not None or _LITERAL_IS.search(text) is not None)


_IS_BY_QUOTE = re.compile(r"\bis\s+(?:not\s+)?[bBrRuU]{0,2}[\"']|[\"']\s*is\b")
_IS_BEFORE_LITERAL = re.compile(r"\bis\s+(?:not\s+)?[-+~(0-9]")
_IS_AFTER_LITERAL = re.compile(r"[0-9)]\s*is\b")
_LAST_WORD = re.compile(r"\w+\Z")


def _ends_call(text: str, at: int) -> bool:
    """Return whether the bracket at *at* closes the arguments of a call, as far as no string or comment can hide a bracket."""
    depth = 0
    for here in range(at, max(at - 2000, 0), -1):
        if text[here] in "'\"#":
            return False
        if text[here] == ")":
            depth += 1
        elif text[here] == "(":
            depth -= 1
            if not depth:
                word = _LAST_WORD.search(text, max(here - 80, 0), here)
                return text[here - 1] in ")]" if word is None else not (word[0][0].isdigit() or keyword.iskeyword(word[0]))
    return False


def _about_literals(text: str) -> bool:
    return "\\" in text and _ESCAPE.search(text) is not None or _NUMBER_START.search(text) is not None


def _leaves_finally(text: str) -> bool:
    return "finally" in text and any(_LEAVES.search(block[2]) for block in _FINALLY.finditer(text))


def text_warnings(text: str, *, is_right: bool = True) -> list[TextWarning]:
    """Return 3.14's warnings about the literals of *text*, which must end in a newline: up to where it is wrong, if it is."""
    if not _about_literals(text):
        return []
    scanner = Scanner(text)
    found: list[TextWarning] = []
    raw: list[bool] = []
    # The text of an f-string is looked into when it, and all strings right after it, have been read.
    waiting: list[list[TextWarning]] = []
    ended: list[TextWarning] = []
    try:
        while (token := scanner.get()).kind != "ENDMARKER":
            if ended and token.kind not in ("STRING", "FSTRING_START", "TSTRING_START"):
                for warning in ended:
                    warning.error = warning.error[0], token.col_offset + 1, token.end_col_offset + 1, True
                found += ended
                ended = []
            if token.kind in ("FSTRING_START", "TSTRING_START"):
                raw.append("r" in token.string.lower())
                waiting.append([])
            elif token.kind in ("FSTRING_END", "TSTRING_END"):
                raw.pop()
                ended += waiting.pop()
            if "\\" not in token.string:
                continue
            if token.kind == "STRING":
                if (escape := find_invalid_escape(token.string)) is not None:
                    found.append(_escape_warning(token, escape))
            elif token.kind.endswith("STRING_MIDDLE") and not raw[-1]:
                if (escape := find_invalid_escape(token.string, plain=True)) is not None:
                    in_spec = scanner.strings[-1].in_spec
                    (found if in_spec else waiting[-1]).append(_escape_warning(token, escape))
    except Refused:
        if is_right:
            # The host took the text, so this is the scanner's mistake: say nothing rather than something wrong.
            return []
    for message, line, column in scanner.warnings:
        error = message
        if message[0] == "\\":
            message, error = invalid_escape(message[1]), invalid_escape(message[1], as_error=True)
        found.append(TextWarning(message, line, (error, column, column, False)))
    return sorted(found, key=lambda warning: warning.line)


def _escape_warning(token: Token, escape: tuple[str, int, int]) -> TextWarning:
    what, lines, column = escape
    offset = column + 1 + (0 if lines else token.col_offset)
    error = invalid_escape(what, as_error=True), offset, offset + 2, True
    return TextWarning(invalid_escape(what), token.lineno + lines, error)


def tree_warnings(
    text: str, tree: ast.AST, optimize: int, *, await_anywhere: bool = False, is_right: bool = True
) -> list[Warned]:
    """Return 3.14's warnings about *tree* that *host* does not give, those before what is wrong with it."""
    found = finally_warnings(tree) if _leaves_finally(text) else []
    if _has_is_by_literal(text) and any(map(_may_compare_literal, walk(tree))):
        if is_right:
            placed = check_placement(tree, optimize=optimize, await_anywhere=await_anywhere)
        else:
            placed = warnings_before_an_error(tree, optimize=optimize, await_anywhere=await_anywhere)
        found += [warned for warned in placed if warned.message.startswith(('"is" ', '"is not" '))]
    return found


_NO_LITERAL = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BoolOp, ast.Compare, ast.IfExp, ast.Await, ast.NamedExpr, ast.Yield
)  # fmt: skip


def _may_compare_literal(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare) or not any(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops):
        return False
    return any(
        not isinstance(side, _NO_LITERAL)
        and not (isinstance(side, ast.Constant) and any(side.value is one for one in (None, True, False, ...)))
        for side in (node.left, *node.comparators)
    )


@contextmanager
def without_the_hosts() -> Iterator[None]:
    """Keep the host from giving, in its own words, the warnings that are given in 3.14's words afterwards.

    Changes the process's filters for the time of one compilation; only programs that are `suspicious` go through here.
    """
    with warnings.catch_warnings():
        for category in (DeprecationWarning, SyntaxWarning):
            warnings.filterwarnings("ignore", r"invalid (octal )?escape sequence|invalid \w+ literal", category)
        # 3.11 does not name the literal's type; all of them take -1 for a literal, which 3.14 no longer does.
        warnings.filterwarnings("ignore", r'"is( not)?" with ', SyntaxWarning)
        yield


def give(message: str, filename: str, line: int) -> bool:
    """Give one SyntaxWarning; return False if the filters make it an error."""
    try:
        warnings.warn_explicit(message, SyntaxWarning, filename, line)
    except SyntaxWarning:
        return False
    return True
