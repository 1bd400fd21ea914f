"""Nodes that the host lacks work with the tools of `ast`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from morrow.language import tree
from morrow.language.grammar import parse
from morrow.language.unparse import unparse
from tests.support.trees import read_cases, readable

NAMES = ("type_param", "TypeVar", "ParamSpec", "TypeVarTuple", "TypeAlias", "TemplateStr", "Interpolation")


def test_every_name_is_the_hosts_or_offered():
    offered = tree.names()
    for name in NAMES:
        assert (name in offered) != hasattr(ast, name)
        assert offered.get(name) or getattr(ast, name) is getattr(tree, name)


def test_offered_types_look_like_asts_own():
    for name, offered in tree.names().items():
        assert (offered.__module__, offered.__name__, issubclass(offered, ast.AST)) == ("ast", name, True)


def test_a_type_parameter_has_314s_fields():
    assert tree.TypeVar._fields == ("name", "bound", "default_value")
    assert tree.TypeVar("T").bound is None and tree.TypeVar("T").default_value is None
    assert tree.ParamSpec("P").default_value is None
    assert ast.dump(tree.TypeVar(name="T", default_value=ast.Name("x", ast.Load()))).startswith("TypeVar(name='T'")


def test_a_function_made_by_the_host_has_its_own_empty_type_params():
    first, second = parse("def f(): pass\ndef g(): pass").tree.body
    assert first.type_params == second.type_params == []
    assert first.type_params is first.type_params is not second.type_params
    assert "type_params" in ast.FunctionDef._fields


def test_a_function_made_by_hand_takes_type_params():
    made = ast.ClassDef("C", [], [], [ast.Pass()], [], [tree.TypeVar("T")])
    assert unparse(made).strip() == "class C[T]:\n    pass"


def test_walk_and_visitors_reach_new_nodes():
    parsed = parse("class C[T: t'{x}']: pass\ntype A[U = y] = z").tree
    assert {n.id for n in ast.walk(parsed) if isinstance(n, ast.Name)} == {"x", "y", "A", "z"}
    seen = []

    class Visitor(ast.NodeVisitor):
        def visit_TypeVar(self, node):
            seen.append(node.name)

    Visitor().visit(parsed)
    assert seen == ["T", "U"]


def test_dump_shows_new_nodes():
    (statement,) = parse("t'{x!r}'").tree.body
    assert ast.dump(statement.value) == (
        "TemplateStr(values=[Interpolation(value=Name(id='x', ctx=Load()), str='x', conversion=114)])"
    )


CASES = [
    pytest.param(source, id=f"{path.stem}: {title}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.case"))
    for title, source, _ in read_cases(path)
]


def _without_places(node: ast.AST) -> str:
    # The pieces between 3.14's tokens are not to be seen in a tree without places.
    return "\n".join(word for word in readable(node).split() if ":" not in word or "-" not in word)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
@pytest.mark.parametrize("source", CASES)
def test_unparsed_source_makes_the_same_tree(source):
    once = parse(unparse(parse(source).tree)).tree
    again = parse(unparse(once)).tree
    assert _without_places(once) == _without_places(again)


@pytest.mark.parametrize(
    "source",
    [
        "type X[T: int, *U = *V, **P = [int]] = dict[T, *U]",
        "def f[T](a: T) -> T:\n    return f\"{a['b']}\"",
        "async def f[T]():\n    pass",
        "@d\nclass C[T](B, m=M):\n    pass",
        "t'{x!r:>{w}} {{}}'",
        '''f"{'\\n'.join(a)}"''',
        'f"it\'s {x}"',
        "try:\n    pass\nexcept (A, B):\n    pass",
    ],
)
def test_unparse_gives_back(source):
    assert unparse(parse(source).tree).strip() == source
