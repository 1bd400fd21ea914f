"""A wrong program is refused with 3.14's message, at 3.14's place.

The table (cases/syntax_errors.json: source, the error's attributes, warnings) was recorded from CPython 3.14 with
``python -m tests.support.wrong_programs record``; it needs no 3.14 to be checked.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from morrow import language
from morrow.host import HERE
from morrow.language import syntax_errors
from morrow.language.syntax_errors import mistakes, parser, peg, what_314_says
from tests.support.hosts import find_real_314
from tests.support.oracle import Oracle
from tests.support.wrong_programs import mutations

Row = tuple[str, list[object] | None, list[list[object]]]
TABLE: list[Row] = json.loads((Path(__file__).parent / "cases" / "syntax_errors.json").read_text("utf-8"))
WRONG = [row for row in TABLE if row[1]]

# Found by 3.14 while it inlines comprehensions; needs as many blocks as no program has.
ORIGIN = Path(syntax_errors.__file__).parent


def test_every_row_of_the_table_is_said_as_recorded() -> None:
    different = []
    for source, error, _ in WRONG:
        said = what_314_says(source, "<oracle>", "exec")
        if said is None or list(said[:7]) != error:
            different.append((source, error, said))
    assert not different, f"{len(different)} of {len(WRONG)}, the first: {different[0]}"


@pytest.mark.skipif(HERE is not None and HERE.parses_template_strings, reason="this host words its errors itself")
def test_compiling_a_wrong_program_raises_what_is_recorded() -> None:
    for source, error, _ in WRONG[::7]:
        with pytest.raises(SyntaxError) as caught:
            language.compile(source, "<oracle>")
        e = caught.value
        assert [type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset, e.text] == error


WARNED = [(source, given) for source, error, given in TABLE if given and not error]


@pytest.mark.skipif(HERE is not None and HERE.words_warnings, reason="this host words its warnings itself")
@pytest.mark.parametrize(("source", "given"), WARNED)
def test_warnings_are_those_of_314(source: str, given: list[list[object]]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        language.compile(source, "<oracle>")
    assert [[str(w.message), w.lineno] for w in caught] == given
    assert {w.category for w in caught} == {SyntaxWarning}


@pytest.mark.skipif(HERE is not None and HERE.words_warnings, reason="this host words its warnings itself")
@pytest.mark.parametrize(
    ("source", "error"),
    [
        ('x = 1; "a" "\\d"', ("\\d", 1, 13, 1, 15, 'x = 1; "a" "\\d"\n')),
        ('"""\n\n\\d"""', ("\\d", 3, 1, 3, 3, '\\d"""\n')),
        ('f"a{x}\\d"', ("\\d", 1, 10, 1, 11, 'f"a{x}\\d"\n')),
        ('f"{x}\\}}"', ("\\}", 1, 7, 1, 7, 'f"{x}\\}}"')),
        ("x = 1if y else 2", ("invalid decimal literal", 1, 5, 1, 5, "x = 1if y else 2")),
        ("x is 1", ("\"is\" with 'int' literal", 1, 1, 1, 7, None)),
        ("def f():\n try: pass\n finally: return 1", ("'return' in a 'finally' block", 3, 11, 3, 19, None)),
    ],
)
def test_a_warning_that_is_an_error_is_a_syntax_error(source: str, error: tuple[object, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        with pytest.raises(SyntaxError) as caught:
            language.compile(source, "<oracle>")
    e = caught.value
    assert str(error[0]) in str(e.msg) and "in the future" not in str(e.msg)
    assert (e.lineno, e.offset, e.end_lineno, e.end_offset, e.text) == error[1:]


@pytest.mark.parametrize(
    "quiet",
    [
        "try: pass\nfinally:\n    for x in (): break\n",
        "try: pass\nfinally:\n    def f(): return 1\n",
        "def f():\n    try: pass\n    finally: pass\n    return 1\n",
        "x = y is None\n",
        "x = y is -1 or 1 + 2 is y\n",
        "x = r'\\d'; y = rb'\\d'; z = rf'\\d{y}'\n",
        "x = '\\\\d'\n",
        "# 1if x is 1 and '\\d'\n",
    ],
)
def test_what_is_fine_gives_no_warning(quiet: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        language.compile(quiet, "<oracle>")


def test_what_the_parser_warns_of_comes_before_what_the_compiler_warns_of() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        language.compile("1is x", "<oracle>")
    assert [str(each.message) for each in caught] == ["invalid decimal literal", '"is" with \'int\' literal. Did you mean "=="?']


def test_a_program_that_only_newer_pythons_refuse_is_refused() -> None:
    for source in ("__debug__: int", "x.__debug__: int", "from __future__ import barry_as_FLUFL\na != b"):
        with pytest.raises(SyntaxError) as caught:
            language.compile(source, "<oracle>")
        assert caught.value.msg in ("cannot assign to __debug__", "with Barry as BDFL, use '<>' instead of '!='")


def messages() -> Iterator[tuple[str, str]]:
    """Yield (where, pattern) for every message that the sources of syntax_errors can make."""
    for path in sorted(ORIGIN.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in ("Misplaced", "error", "at", "here", "between", "_raise", "warn", "Warned", "Undecodable"):
                    for argument in node.args:
                        yield from patterns(path.name, argument)
    for action in re.findall(r"=> \{(p\..*)\}$", mistakes.MISTAKES + mistakes.FIELD_MISTAKES, re.MULTILINE):
        for node in ast.walk(ast.parse(action, mode="eval")):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr != "bad_target":
                for argument in node.args[-1:]:
                    yield from patterns("mistakes", argument)


def patterns(where: str, node: ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.IfExp):
        yield from patterns(where, node.body)
        yield from patterns(where, node.orelse)
    elif isinstance(node, ast.BinOp):
        parts = [part.value if isinstance(part, ast.Constant) else None for part in (node.left, node.right)]
        if any(isinstance(part, str) for part in parts):
            yield where, "".join(re.escape(part) if isinstance(part, str) else ".+" for part in parts)
    elif isinstance(node, ast.JoinedStr):
        yield where, "".join(re.escape(p.value) if isinstance(p, ast.Constant) else "(?s:.*)" for p in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        yield where, re.escape(node.value)


# Messages of which no snippet is kept in the table, and why.
WITHOUT_ROW = (
    "decoding.py",  # about bytes: tested below
    re.escape("too many expressions in star-unpacking assignment"),  # 256 names
    re.escape("too many nested f-strings or t-strings"),  # 150 deep
    re.escape("with Barry as BDFL, use '<>' instead of '!='"),  # tested below
    re.escape("multiple statements found while compiling a single statement"),  # tested below
    re.escape("incomplete input"),  # tested below
)


def test_every_message_has_a_row() -> None:
    recorded = [str(row[1][1]) for row in WRONG if row[1]] + [str(w[0]) for row in TABLE for w in row[2]]
    missing = {
        (where, pattern)
        for where, pattern in messages()
        if pattern not in ("", "(?s:.*)", ".+")
        and where not in WITHOUT_ROW
        and pattern not in WITHOUT_ROW
        and not any(re.fullmatch(pattern, message) for message in recorded)
    }
    assert not missing


def said(source: str | bytes, mode: str = "exec", flags: int = 0) -> tuple[object, ...]:
    found = what_314_says(source, "<oracle>", mode, flags=flags)
    assert found is not None
    return found


def test_bytes_that_are_no_text_are_refused() -> None:
    hint = "on line 2, but no encoding declared; see https://peps.python.org/pep-0263/ for details"
    assert said(b"x\n\xc3\xa9X\x80")[1:5] == (f"Non-UTF-8 code starting with '\\x80' {hint}", 2, 3, 2)
    assert said(b"# coding: no-such\n")[1] == "unknown encoding: no-such"
    assert said(b"\xef\xbb\xbf# coding: latin-1\n")[1] == "encoding problem: iso-8859-1 with BOM"


def test_bytes_are_read_in_the_encoding_they_name() -> None:
    assert said("# coding: latin-1\n\xe9 $".encode("latin-1"))[1:5] == ("invalid syntax", 2, 3, 2)


def test_a_null_byte_is_refused() -> None:
    assert said("a\x00b")[:3] == ("SyntaxError", "source code string cannot contain null bytes", None)


def test_a_single_statement_is_one() -> None:
    message = "multiple statements found while compiling a single statement"
    assert said("a = 13\nb = 187", "single")[1] == message
    assert what_314_says("if a:\n  b", "<oracle>", "single") is None


def test_an_expression_is_not_ended_by_a_newline() -> None:
    assert said("a b", "eval")[1:7] == ("invalid syntax", 1, 3, 1, 4, "a b")


def test_barry_is_remembered() -> None:
    assert said("from __future__ import barry_as_FLUFL\na != b")[1] == "with Barry as BDFL, use '<>' instead of '!='"


def test_unfinished_input_is_told_from_wrong_input() -> None:
    for unfinished in ("if a:", "(a,", "x = '''", "def f():\n  a"):
        assert said(unfinished, "single", 0x4200)[1] == "incomplete input"
    assert said("a b\n", "single", 0x4200)[1] == "invalid syntax"


def test_the_line_shown_is_the_one_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text("x = 1\nreturn  # here\n")
    found = what_314_says(file.read_bytes(), str(file), "exec")
    assert found and found[6] == "return  # here\n"


def test_a_right_program_has_no_error() -> None:
    assert what_314_says("def f[T](x: T, *, y=1) -> T:\n    return t'{x!r:>{y}}'\n", "<oracle>", "exec") is None


def test_nesting_as_deep_as_the_tokenizer_allows_is_followed() -> None:
    deep = "(" * 199 + "a b" + ")" * 199
    assert said(deep)[1] == "invalid syntax. Perhaps you forgot a comma?"


def test_every_rule_of_the_grammar_is_there_and_used() -> None:
    grammar = parser.grammar()
    words = re.compile(r"\b[a-z]\w+\b")
    used: set[str] = set()
    for _, body in grammar.bodies.values():
        for line in body.splitlines():
            used |= set(words.findall(re.sub(r"=> .*|'[^']*'|\"[^\"]*\"|\b\w+=", " ", line)))
    assert used <= set(grammar.rules)
    assert set(grammar.rules) - used == {"file", "interactive", "eval"}


def test_a_cut_keeps_later_alternatives_from_being_tried() -> None:
    text = "file:\n    NAME '=' ~ NUMBER\n    NAME '=' NAME\n"
    assert parser.Parser("a = b\n", peg.Grammar([text], {}), "file", lambda line: None).run() is not None
    text = text.replace("~ ", "")
    assert parser.Parser("a = b\n", peg.Grammar([text], {}), "file", lambda line: None).run() is None


@pytest.mark.slow
@pytest.mark.skipif(find_real_314() is None, reason="needs a real CPython 3.14: see tests/support/hosts.py")
def test_mutated_programs_are_worded_as_the_real_314_words_them() -> None:
    """One token of a piece of the standard library deleted, added or replaced."""
    programs = mutations(150, seed=314)
    with Oracle() as oracle:
        verdicts = oracle.ask(programs)
    for program, theirs in zip(programs, verdicts):
        assert what_314_says(program, "<oracle>", "exec") == theirs.error, program


@pytest.mark.long
@pytest.mark.skipif(find_real_314() is None, reason="needs a real CPython 3.14: see tests/support/hosts.py")
def test_many_mutated_programs_are_worded_as_the_real_314_words_them() -> None:
    programs = mutations(3000, seed=42)
    with Oracle() as oracle:
        verdicts = oracle.ask(programs)
    agreed = sum(what_314_says(p, "<oracle>", "exec") == v.error for p, v in zip(programs, verdicts))
    assert agreed >= 0.99 * len(programs)
