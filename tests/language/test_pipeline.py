"""`language.compile` takes 3.14 source or a tree of it, and gives code that runs here."""

from __future__ import annotations

import ast
import textwrap

import pytest

import morrow_runtime
from morrow import language
from morrow.host import HERE
from morrow.language import features

OLD = HERE is not None and not HERE.defers_annotations
old_host = pytest.mark.skipif(not OLD, reason="this host does it itself")


@pytest.fixture(autouse=True)
def runtime():
    morrow_runtime.install()


def run(source, **options):
    space = {"__name__": "space"}
    exec(language.compile(textwrap.dedent(source), "<test>", **options), space)
    return space


def test_every_new_construct_runs():
    space = run(
        """
        def first[T](rows: list[T]) -> T:
            try:
                return rows[0]
            except IndexError, KeyError:
                return t"{rows!r}".values
        type Rows[T] = list[T]
        class Box[T = int]: pass
        """
    )
    assert space["first"]([3]) == 3 and space["first"]([]) == ([],)
    assert str(space["Rows"]) == "Rows"
    assert space["Box"].__type_params__[0].__default__ is int


def test_a_tree_is_compiled_and_left_as_it_was():
    tree = language.parse("def f[T: int](x): return t'{x}'\ny: int = 1\n")
    before = ast.dump(tree)
    space = {}
    exec(language.compile(tree, "<tree>"), space)
    assert space["f"](2).values == (2,)
    assert ast.dump(tree) == before


def test_eval_and_single_modes():
    assert eval(language.compile("t'{1 + 1}'", "<e>", "eval")).values == (2,)
    code = language.compile("type X = int\n", "<s>", "single")
    space = {"__name__": "space"}
    exec(code, space)
    assert space["X"].__value__ is int


def test_what_is_wrong_after_parsing_keeps_the_hosts_words():
    with pytest.raises(SyntaxError, match="'return' outside function"):
        language.compile("return 1\n", "<r>")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f[T, T](): pass", "duplicate type parameter 'T'"),
        ("class C[T = int, U]: pass", "non-default type parameter 'U' follows default type parameter"),
        ("def f[T: (yield)](): pass", "yield expression cannot be used within a TypeVar bound"),
        ("def f[T: (int, (yield))](): pass", "yield expression cannot be used within a TypeVar constraint"),
        ("def f[*Ts = (yield)](): pass", "yield expression cannot be used within a TypeVarTuple default"),
        ("type X = (y := 1)", "named expression cannot be used within a type alias"),
        ("class C[T]((x := object)): pass", "named expression cannot be used within the definition of a generic"),
        ("def f[T]():\n def g():\n  nonlocal T", "nonlocal binding not allowed for type parameter 'T'"),
    ],
)
def test_what_type_parameters_forbid_is_a_syntax_error(source, message):
    with pytest.raises(SyntaxError) as caught:
        language.compile(source, "<wrong>")
    assert caught.value.msg == message


@old_host
def test_annotations_are_evaluated_at_once_when_not_deferred():
    with pytest.raises(NameError):
        run("def f(x: Missing): pass", deferred=False)
    assert run("def f(x: int): pass", deferred=False)["f"].__annotations__ == {"x": int}


@pytest.mark.parametrize(
    "source",
    [
        "def f(a, b=(1, 2), *c): return {1: 2}",
        "x = {a: b for a, b in ()}\nif x: pass\nelse: pass",
        "'''\nx : int\n    def f(a: int) -> int:\n'''\ny = 1",
        "for i in x:  # a: b\n    print(i)",
        "lambda a: a",
    ],
)
def test_a_text_without_annotations_is_known_by_its_looks(source):
    assert not features.may_be_annotated(source)


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: int): pass",
        "def f(a='):', b: int = 2): pass",
        "def f(a) -> int: pass",
        "def f(\n    a,\n    b: int,\n): pass",
        "def \\\n f(a: int): pass",
        "x: int",
        "  self.x: int = 3",
        "class A: x: int",
        "if x: y: int = 3",
        "a = 1; b: int",
        "(x): int = 3",
        "x \\\n: int",
        "x: \\\n int",
        "def f(a): pass\ndef g(a: (1)): pass",
        "f'{d['a']}'\nx: int",
        "x\\\r\n: int",
        "\fx: int",
    ],
)
def test_a_text_with_annotations_is_never_overlooked(source):
    assert features.may_be_annotated(source)
    assert features.may_be_annotated(source.encode())
