"""A SyntaxError is printed as 3.14 prints it. Expected texts: recorded from CPython 3.14."""

from __future__ import annotations

import traceback

import pytest

from morrow import language
from morrow.host import HERE

pytestmark = pytest.mark.skipif(HERE is not None and HERE.words_warnings, reason="this host's own traceback module")


def shown(source: str) -> list[str]:
    with pytest.raises(SyntaxError) as caught:
        language.compile(source, "<shown>")
    return "".join(traceback.format_exception_only(caught.value)).splitlines()


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("fur a in b:\n  pass", ["    fur a in b:", "    ^^^", "SyntaxError: invalid syntax. Did you mean 'for'?"]),
        ("if x:\n  y\nelso:\n  pass", ["    elso:", "    ^^^^", "SyntaxError: invalid syntax. Did you mean 'else'?"]),
        ("whille True:\n  pass", ["    whille True:", "    ^^^^^^", "SyntaxError: invalid syntax. Did you mean 'while'?"]),
        ("improt os", ["    improt os", "    ^^^^^^", "SyntaxError: invalid syntax. Did you mean 'import'?"]),
        ("[a fo a in b]", ["    [a fo a in b]", "       ^^", "SyntaxError: invalid syntax. Did you mean 'for'?"]),
        ("(mat x)", ["    (mat x)", "     ^^^^^", "SyntaxError: invalid syntax. Perhaps you forgot a comma?"]),
        ("x = 1 1", ["    x = 1 1", "          ^", "SyntaxError: invalid syntax"]),
        ("x = (1,\n 2", ["    x = (1,", "        ^", "SyntaxError: '(' was never closed"]),
        ("f(a\n  b)", ["    f(a", "    ^", "SyntaxError: invalid syntax. Did you mean 'if'?"]),
        ("{1:2, 3}", ["    {1:2, 3}", "          ^", "SyntaxError: ':' expected after dictionary key"]),
        ("if x:\n\t  y $ z", ["    \t  y $ z", "    \t    ^", "SyntaxError: invalid syntax"]),
        ("  x", ["    x", "IndentationError: unexpected indent"]),
        ("x = '''a\nb", ["    x = '''a", "        ^", "SyntaxError: unterminated triple-quoted string literal (detected at line 2)"]),
    ],
)
def test_the_line_the_carets_and_the_message(source: str, lines: list[str]) -> None:
    assert shown(source)[1:] == lines


def test_the_exception_itself_keeps_its_message() -> None:
    with pytest.raises(SyntaxError) as caught:
        language.compile("improt os", "<shown>")
    assert caught.value.msg == "invalid syntax"
    assert str(caught.value) == "invalid syntax (<shown>, line 1)"
