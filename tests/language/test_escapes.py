"""Escape sequences that mean nothing: 3.14's warning, once, on 3.14's line, whatever the host says."""

from __future__ import annotations

import warnings

import pytest

from morrow import language
from morrow.host import HERE
from morrow.language import parse

pytestmark = pytest.mark.skipif(HERE is None or HERE.parses_template_strings, reason="this host words it itself")

TEXT = '"\\{0}" is an invalid {1}escape sequence. Such sequences will not work in the future. ' + (
    'Did you mean "\\\\{0}"? A raw string is also an option.'
)


def said(source: str) -> list[tuple[str, int]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parse(source, "name.py")
    assert all((w.category, w.filename) == (SyntaxWarning, "name.py") for w in caught)
    return [(str(w.message), w.lineno) for w in caught]


@pytest.mark.parametrize(
    ("source", "sequences"),
    [
        (r"'\d'", ["d"]),
        (r"b'\d'", ["d"]),
        (r"'\d\e'", ["d"]),
        (r"'\d' '\e'", ["d", "e"]),
        (r"r'\d' f'\x41' '\N{DIGIT ONE}' '\377\78'", []),
        (r"f'\d{x}\e'", ["d", "e"]),
        (r"f'{{\d{{\e'", ["d", "e"]),
        (r"f'\{x}'", ["{"]),
        (r"f'a\}}'", ["}"]),
        (r"t'{x:\d}'", ["d"]),
        (r"""f'{"\d"}{f"\e"}'""", ["d", "e"]),
        (r"rf'\d'", []),
        (r"b'\N'", ["N"]),
        (r"'\é'", []),
        (r"# '\d'", []),
    ],
)
def test_each_token_is_warned_about_once(source, sequences):
    assert [text for text, _ in said(source)] == [TEXT.format(sequence, "") for sequence in sequences]


def test_an_octal_that_is_too_large():
    assert said(r"'\400'") == [(TEXT.format("400", "octal "), 1)]


@pytest.mark.parametrize(("source", "line"), [("'''\n\n\\d'''", 3), ("x = 1\ny = '\\d'", 2), ("f'''{x\n:\n\\d}'''", 3)])
def test_the_line_is_that_of_the_sequence(source, line):
    assert [where for _, where in said(source)] == [line]


def test_as_an_error_it_is_a_syntax_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        with pytest.raises(SyntaxError) as caught:
            parse("x = 1\ny = '\\d'", "name.py")
    error = caught.value
    assert error.msg == '"\\d" is an invalid escape sequence. Did you mean "\\\\d"? A raw string is also an option.'
    assert (error.filename, error.lineno, error.text) == ("name.py", 2, "y = '\\d'\n")


def test_compile_says_it_too():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        code = language.compile("x = '\\d'", "name.py")
    assert [str(w.message) for w in caught] == [TEXT.format("d", "")]
    space: dict[str, object] = {}
    exec(code, space)
    assert space["x"] == "\\d"
