"""The grammar: cases/*.case give source and 3.14's tree; here are the sources that are refused, and odd texts.

The trees were written by a real 3.14 (``python3.14 tests/support/trees.py cases tests/language/cases/*.case``), so these
tests need none.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from morrow.host import HERE
from morrow.language.grammar import parse
from tests.support.trees import read_cases, readable

CASES = [
    pytest.param(source, expected, id=f"{path.stem}: {title}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.case"))
    for title, source, expected in read_cases(path)
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
@pytest.mark.parametrize(("source", "expected"), CASES)
def test_the_tree_is_the_one_314_wrote_down(source, expected):
    assert readable(parse(source).tree) == expected


@pytest.mark.parametrize(
    "source",
    [
        "try: pass\nexcept A, B as e: pass",
        "try: pass\nexcept A, *B: pass",
        "try: pass\nexcept *A, B: pass\nexcept C: pass",
        "try: pass\nexcept A,, B: pass",
        "try: pass\nexcept , A: pass",
        "try: pass\nexcept A, x for x in y: pass",
        "try: pass\nexcept A, yield: pass",
        "try: pass\nexcept A, B := C: pass",
        "f''  t''",
        "'a' t''",
        "t'' b''",
        "f'' b''",
        "f'{}'",
        "f'{ }'",
        "f'{x!}'",
        "f'{x!z}'",
        "f'{x! r}'",
        "f'{x'",
        "f'}'",
        "f'{a b}'",
        "f'{a; b}'",
        "f'{a = b}'",
        "f'{lambda x: 1}'",
        "f'{x for x in y}'",
        "f'{pass}'",
        "f'{**a}'",
        "f'{a)}'",
        "f'{(a]}'",
        "f'{a:{b:{c:{d}}}}'",
        "f'{a:\n}'",
        "f'\\N{no such character name}'",
        "f'\\x1'",
        "type X = a, b",
        "type X = yield",
        "type X = *a",
        "type X = a = b",
        "type X = a := b",
        "x = type Y = 1",
        "x: type Y = 1",
        "type None = 1",
        "type X.y = 1",
        "type X[T].y = 1",
        "def f[](): pass",
        "def f[T: pass",
        "def f[T]: pass",
        "def f[T,, U](): pass",
        "def f[T U](): pass",
        "def f[*T: int](): pass",
        "def f[T = *U](): pass",
        "def f[T: x for x in y](): pass",
        "def f[T = yield](): pass",
        "def f[None](): pass",
        "class C[T] D: pass",
        "lambda[T]: 1",
        "x = f'{(\n\n)''}\\\n'\"",
    ],
)
def test_what_314_refuses_is_refused(source):
    with pytest.raises(SyntaxError):
        parse(source)


@pytest.mark.parametrize("source", ["f'{a}' b", "é = f'é{a b}'", "type X = é +", "if f'é':\nx", "f'{\na b\n}'"])
def test_an_error_shows_the_line_of_the_source(source):
    with pytest.raises(SyntaxError) as caught:
        parse(source, "name.py")
    error = caught.value
    assert error.filename == "name.py"
    # a host from 3.12 on that refused the source itself leaves out the line end
    assert error.text.rstrip("\n") == source.split("\n")[error.lineno - 1]
    assert 1 <= error.offset <= len(error.text) + 1


def test_an_error_points_at_characters_not_bytes():
    with pytest.raises(SyntaxError) as caught:
        parse("type X = f'éé{a}' é b")
    assert caught.value.text[caught.value.offset - 1 :].startswith(("é b", "b", "f'éé"))


def test_columns_count_utf8_bytes():
    (statement,) = parse("é = t'é{é}é'").tree.body
    text, field, more = statement.value.values
    assert [(n.col_offset, n.end_col_offset) for n in (text, field, more)] == [(7, 9), (9, 13), (13, 15)]


def _refused(source: bytes, **more: object) -> str:
    with pytest.raises(SyntaxError) as caught:
        parse(source, **more)
    return caught.value.msg


class TestBytes:
    def test_a_coding_line_says_what_the_bytes_mean(self):
        (statement,) = parse("# -*- coding: latin-1 -*-\ntype é = t'é'".encode("latin-1")).tree.body
        assert (statement.name.id, statement.value.values[0].value, statement.value.end_col_offset) == ("é", "é", 15)

    def test_a_mark_is_left_out(self):
        (statement,) = parse(b"\xef\xbb\xbftype X = 1").tree.body
        assert statement.col_offset == 0

    def test_a_mark_and_another_coding_disagree(self):
        assert "encoding problem" in _refused(b"\xef\xbb\xbf# coding: latin-1\ntype X = 1")

    def test_an_unknown_coding_is_refused(self):
        assert "nope" in _refused(b"# coding: nope\ntype X = 1")

    def test_a_comment_that_is_not_utf8_is_refused(self):
        assert "Non-UTF-8 code starting with '\\xe9' on line 2" in _refused(b"x = 1\n# \xe9\n")

    def test_null_bytes_are_refused(self):
        with pytest.raises((SyntaxError, ValueError), match="null bytes"):
            parse(b"type X = 1\0")

    @pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"])
    def test_any_line_end_will_do(self, end):
        source = end.join([b"type X[", b"T] = 1", b"f'''{a}", b"{", b"b}'''", b"t'a\\", b"b'", b""])
        alias, joined, template = parse(source).tree.body
        assert (alias.type_params[0].lineno, joined.value.end_lineno) == (2, 5)
        assert joined.value.values[1].value == "\n"
        assert template.value.values[0].value == "ab"

    def test_form_feeds_and_tabs_count_as_one_column(self):
        (function,) = parse("def f():\n\x0c\ttype\tX = 1\n\t\x0c\n\treturn t'{a}'").tree.body
        assert [(n.lineno, n.col_offset) for n in function.body] == [(2, 2), (4, 1)]


class TestModes:
    def test_eval_takes_one_expression(self):
        assert isinstance(parse("t'{x}'", mode="eval").tree.body, ast.AST)
        _refused("type X = 1", mode="eval")

    def test_single_takes_one_statement(self):
        (statement,) = parse("type X = 1\n", mode="single").tree.body
        assert type(statement).__name__ == "TypeAlias"
        _refused("t''\nt''\n", mode="single")

    def test_a_function_type_may_hold_a_template(self):
        tree = parse("(int) -> t'a'", mode="func_type").tree
        assert type(tree.returns).__name__ == "TemplateStr"

    def test_type_comments_are_kept(self):
        (statement,) = parse("x = t''  # type: int", type_comments=True).tree.body
        assert statement.type_comment == "int"

    @pytest.mark.parametrize(
        ("minor", "source", "what"),
        [
            (11, "type X = 1", "Type statement is only supported in Python 3.12 and greater"),
            (11, "def f[T](): pass", "Type parameter lists are only supported in Python 3.12 and greater"),
            (12, "def f[T=1](): pass", "Type parameter defaults are only supported in Python 3.13 and greater"),
            (13, "t''", "t-strings are only supported in Python 3.14 and greater"),
            (
                13,
                "try: pass\nexcept A, B: pass",
                "except expressions without parentheses are only supported in Python 3.14 and greater",
            ),
        ],
    )
    def test_an_older_feature_version_refuses_newer_grammar(self, minor, source, what):
        assert _refused(source, feature_version=(3, minor)) == what
        parse(source, feature_version=(3, 14))


class TestDeepAndLong:
    def test_strings_nest_149_deep(self):
        assert parse('f"{' * 148 + "''" + '}"' * 148).tree.body
        assert "too many nested" in _refused('f"{' * 150 + "''" + '}"' * 150)

    @pytest.mark.parametrize(
        "source", ["x = " + "(" * 250 + "t''" + ")" * 250, "t'{" + "(" * 250 + "x" + ")" * 250 + "}'"]
    )
    def test_too_many_parentheses_are_refused_not_a_crash(self, source):
        assert _refused(source) == "too many nested parentheses"

    def test_a_million_columns(self):
        (statement,) = parse("x = ['" + "a" * 1_000_000 + "', t'{y}']").tree.body
        assert statement.value.elts[1].col_offset == 1_000_009

    def test_many_fields_and_many_strings_side_by_side(self):
        (statement,) = parse("t'" + "{x}" * 10_000 + "'" + " t'{y}'" * 1_000).tree.body
        assert len(statement.value.values) == 11_000


@pytest.mark.skipif(HERE is None or HERE.parses_template_strings, reason="this host takes all of it")
def test_rewritten_tells_whether_the_host_would_make_the_same_tree():
    assert parse("t''").rewritten
    assert parse("try: pass\nexcept A, B: pass").rewritten
    assert not parse("try: pass\nexcept (A, B): pass").rewritten
    assert parse("type X = 1").rewritten == (not HERE.parses_type_parameters)
    assert parse("f'{x}'").rewritten == (not HERE.places_fstring_parts)
