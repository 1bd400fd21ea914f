"""The console without a terminal: what is finished, and what a block does."""

import sys

import pytest

from morrow.repl.compiling import get_compiler
from morrow.repl.console import Console


@pytest.fixture
def console():
    return Console({"__name__": "__main__"})


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("", False),
        ("x = 1", False),
        ("if x:", True),
        ("if x:\n    y", True),
        ("if x:\n    y\n", False),
        ("if x:\n    y\nz", False),
        ("for i in x: pass", True),
        ("for i in x: pass\n", False),
        ("(1,", True),
        ("(1,\n", True),
        ("(1,\n2)", False),
        ("'''a", True),
        ("'''a\n", True),
        ("'''a'''", False),
        ("x = 1 + \\", True),
        ("@deco", True),
        ("try:\n    pass\n", True),
        ("x = = 1", False),
        ("'abc", False),
        ("x)", False),
        ("a = 1\nb = 2", False),
        ("class A: pass", True),
        ("match x:", True),
        ("elif x:", False),
        ("if x = 1:", False),
        ("def f(:", True),  # a bracket is open
        ("async def f():", True),
        ("\0", False),
        ("f'{x", True),
        ("f'''{x", True),
        ("# comment", False),
        ("if x: # comment", True),
    ],
)
def test_what_wants_more(console, text, more):
    assert console.wants_more(text) is more


def test_the_last_statement_is_shown_the_others_are_not(console, capsys):
    console.run("1\n2\n3")
    assert capsys.readouterr().out == "3\n"


def test_a_block_stops_at_the_first_error(console, capsys):
    console.run("a = 1\n1/0\nb = 2")
    assert "a" in console.namespace
    assert "b" not in console.namespace
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_the_last_exception_is_where_pdb_looks_for_it(console):
    console.run("1/0")
    assert isinstance(sys.last_exc, ZeroDivisionError)
    assert sys.last_traceback.tb_frame.f_code.co_filename == "<python-input-0>"


def test_chained_exceptions_are_shown_without_our_frames(console, capsys):
    console.run("try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise KeyError('k') from e")
    err = capsys.readouterr().err
    assert "direct cause" in err
    assert "console.py" not in err


def test_system_exit_leaves(console):
    with pytest.raises(SystemExit, match="7"):
        console.run("raise SystemExit(7)")


def test_null_bytes_are_a_message(console, capsys):
    console.run("x = '\0'")
    assert "null bytes" in capsys.readouterr().err


def test_too_deep_source_is_a_message(console, capsys):
    console.run("(" * 500 + ")" * 500)
    assert "too many nested parentheses" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["return 1", "from __future__ import braces", "def f(): await x"])
def test_what_the_compiler_finds_is_shown_with_its_line(console, capsys, text):
    console.run(text)
    file, line, mark, *_ = capsys.readouterr().err.splitlines()
    assert (file, line) == ('  File "<python-input-0>", line 1', f"    {text}")
    assert "^" in mark


def test_bytes_that_are_no_text_are_one_message(capsys):
    Console({"__name__": "__main__"}, get_compiler()).run("'\udcff'")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("UnicodeEncodeError: ")
