"""Small pieces of trees that features put together, and what they must know about scopes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TypeVar

from morrow.language import tree as nodes
from morrow.language.tree import children

RUNTIME = "__morrow__"
"""The built-in name of morrow_runtime; rewritten code uses no other global name of ours."""

CLASS_NAMESPACE = ".classdict"
"""The variable that holds the namespace of the class around a scope of type parameters. Called ``__classdict__`` in the
finished code, as in CPython, which is also what annotationlib looks for."""

LOAD, STORE = ast.Load(), ast.Store()
Node = TypeVar("Node", bound=ast.AST)
_POSITION = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def at(node: Node, place: ast.AST) -> Node:
    """Give *node* and everything in it that has no position the position of *place*; return it."""
    position = {name: getattr(place, name, 1 if "line" in name else 0) for name in _POSITION}
    todo: list[ast.AST] = [node]
    while todo:
        each = todo.pop()
        if "lineno" in each._attributes and not hasattr(each, "lineno"):
            each.__dict__.update(position)
            if isinstance(each, ast.Attribute) and position["end_lineno"] != position["lineno"]:
                # The compiler gives an attribute the line where it ends (compile.c, update_start_location_to_match_attr):
                # of a whole function that is its last, which tracing and coverage would then see run.
                each.end_lineno, each.end_col_offset = each.lineno, each.col_offset
        elif "lineno" in each._attributes and each is not node:
            continue  # the user's own node: everything below it has its position
        todo += children(each)
    return node


def load(name: str) -> ast.Name:
    """``name``"""
    return ast.Name(name, LOAD)


def runtime(name: str) -> ast.Attribute:
    """``__morrow__.name``"""
    return ast.Attribute(load(RUNTIME), name, LOAD)


def call(function: ast.expr, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
    """``function(*arguments, **keywords)``"""
    return ast.Call(function, list(arguments), [ast.keyword(name, value) for name, value in keywords.items()])


def tuple_of(items: Iterable[ast.expr]) -> ast.Tuple:
    """``(items,)``"""
    return ast.Tuple(list(items), LOAD)


def parameters(*names: str) -> ast.arguments:
    """Positional-only parameters."""
    return ast.arguments(
        posonlyargs=[ast.arg(name) for name in names], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]
    )


def function(name: str, arguments: ast.arguments, body: list[ast.stmt], decorators: list[ast.expr]) -> ast.FunctionDef:
    """``def name(arguments): body``"""
    made = ast.FunctionDef(name=name, args=arguments, body=body, decorator_list=decorators, returns=None)
    made.type_params = []  # type: ignore[attr-defined,unused-ignore]
    return made


def evaluator(value: ast.expr, name: str) -> ast.Lambda:
    """A function that evaluates *value* when it is asked to in a format it can give, else raises NotImplementedError.

    The finished code object is called *name* and its parameter ``.format``, as 3.14's evaluators are (codenames.py).
    """
    format = f".format {name}"
    arguments = parameters(format)
    arguments.defaults = [ast.Constant(1)]
    supported = ast.Compare(load(format), [ast.LtE()], [ast.Constant(2)])
    return ast.Lambda(arguments, ast.IfExp(supported, value, call(runtime("no_format"))))


def mangle(name: str, class_name: str | None) -> str:
    """Return *name* as the compiler writes it inside class *class_name* (Python/compile.c: _Py_Mangle)."""
    if class_name is None or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    stripped = class_name.lstrip("_")
    return f"_{stripped}{name}" if stripped else name


class ClassNames:
    """What a class body does with names.

    Attributes:
        bound: names it binds; declared_global, declared_nonlocal: names it declares.
        shadowed: names that functions around the class bind.
    """

    def __init__(self, node: ast.ClassDef, shadowed: frozenset[str] | LazyNames) -> None:
        self.shadowed = shadowed
        self._body = node.body

    def __getattr__(self, name: str) -> set[str]:
        # Looked for when first asked for: most classes have no scope inside that would ask.
        if name not in ("bound", "declared_global", "declared_nonlocal"):
            raise AttributeError(name)
        self.bound, self.declared_global, self.declared_nonlocal = names_of(self._body)
        found: set[str] = self.__dict__[name]
        return found


class LazyNames:
    """A set of names that is put together when it is first asked for.

    Args:
        outer: names around, which belong to it.
        find: gives the others.
    """

    def __init__(self, outer: frozenset[str] | LazyNames, find: Callable[[], Iterable[str]]) -> None:
        self._outer, self._find = outer, find

    def names(self) -> frozenset[str]:
        """Return all of them."""
        found: frozenset[str] | None = self.__dict__.get("_names")
        if found is None:
            outer = self._outer
            found = self._names = frozenset(self._find()) | (outer.names() if isinstance(outer, LazyNames) else outer)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __rsub__(self, other: set[str]) -> set[str]:
        return other - self.names()

    def __or__(self, other: frozenset[str]) -> LazyNames:
        return LazyNames(self, lambda: other)


def names_of(body: Iterable[ast.AST]) -> tuple[set[str], set[str], set[str]]:
    """Return the names that a class or function body binds itself, declares global, and declares nonlocal."""
    bound: set[str] = set()
    declared_global: set[str] = set()
    declared_nonlocal: set[str] = set()
    todo = list(body)
    while todo:
        each = todo.pop()
        if isinstance(each, ast.Name):
            if not isinstance(each.ctx, ast.Load):
                bound.add(each.id)
        elif isinstance(each, DEFINITIONS):
            bound.add(each.name)
            todo += each.decorator_list
            continue
        elif isinstance(each, ast.Global):
            declared_global.update(each.names)
        elif isinstance(each, ast.Nonlocal):
            declared_nonlocal.update(each.names)
        elif isinstance(each, ast.alias):
            bound.add((each.asname or each.name).partition(".")[0])
        elif isinstance(each, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and each.name:
            bound.add(each.name)
        elif isinstance(each, ast.MatchMapping) and each.rest:
            bound.add(each.rest)
        elif isinstance(each, SCOPES):
            # Names bound inside stay there, but for := in a comprehension.
            bound |= {walrus.target.id for walrus in ast.walk(each) if isinstance(walrus, ast.NamedExpr)}
            continue
        todo += children(each)
    return bound - declared_global - declared_nonlocal, declared_global, declared_nonlocal


SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
HAS_TYPE_PARAMETERS = (*DEFINITIONS, nodes.TypeAlias)


class ClassScope(ast.NodeTransformer):
    """Let the names of an expression be looked up in a class namespace first.

    ``x`` -> ``(.classdict['x'] if 'x' in .classdict else x)``, which is what LOAD_FROM_DICT_OR_GLOBALS and
    LOAD_FROM_DICT_OR_DEREF do for scopes of annotations and type parameters directly inside a class. Names inside a
    lambda or a comprehension are left alone: such scopes do not see the class.

    Args:
        own: names that belong to the scope itself, its type parameters.
        class_name: the class around it, for private names.
        around: what the class body does with names; without it, no name is declared global or nonlocal.
    """

    def __init__(self, own: Iterable[str], class_name: str | None, around: ClassNames | None = None) -> None:
        self.own, self.class_name, self.around = frozenset(own), class_name, around

    def visit_Name(self, node: ast.Name) -> ast.expr:
        name = node.id
        if name in self.own or name.startswith(".") or name == RUNTIME or not isinstance(node.ctx, ast.Load):
            return node
        outside: ast.expr = node
        if self.around is not None:
            if name in self.around.declared_nonlocal:
                return node
            if name in self.around.shadowed and (name in self.around.bound or name in self.around.declared_global):
                # The class makes the name its own, or global: the variable of a function around it is not meant.
                outside = at(call(runtime("load_global"), ast.Constant(name)), node)
            if name in self.around.declared_global:
                return outside
        key = mangle(name, self.class_name)
        found = ast.Subscript(load(CLASS_NAMESPACE), ast.Constant(key), LOAD)
        known = ast.Compare(ast.Constant(key), [ast.In()], [load(CLASS_NAMESPACE)])
        return at(ast.IfExp(known, found, outside), node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        arguments = node.args
        arguments.defaults = [self.visit(each) for each in arguments.defaults]
        arguments.kw_defaults = [each and self.visit(each) for each in arguments.kw_defaults]
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        node.generators[0].iter = self.visit(node.generators[0].iter)
        return node

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # type: ignore[assignment]
