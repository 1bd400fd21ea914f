"""Errors about names and scopes: what 3.14 finds while it builds its symbol tables.

Takes a tree, raises `Misplaced` for the first error. Two walks, as in CPython: the first collects what each scope does
with each name and stops at declarations that come too late, the second knows all scopes and resolves ``nonlocal``.
Order of visiting and wording: Python/symtable.c of 3.14, by experiment.
"""

from __future__ import annotations

import ast
from typing import NoReturn

from morrow.language.syntax_errors.findings import Misplaced, fields

GLOBAL, LOCAL, PARAMETER, NONLOCAL, USED, IMPORTED, ANNOTATED, ITERATES, TYPE_PARAMETER = (1 << n for n in range(9))
BOUND = LOCAL | PARAMETER | IMPORTED | TYPE_PARAMETER

_COMPREHENSIONS = {
    "ListComp": "list comprehension",
    "SetComp": "set comprehension",
    "DictComp": "dict comprehension",
    "GeneratorExp": "generator expression",
}


class Scope:
    """What a block does with names.

    ``kind`` is module, class, function, comprehension, annotation, "type variable", "type alias" or "type parameters".
    """

    def __init__(self, kind: str, parent: Scope | None, private: str | None = None, what: str = "") -> None:
        self.kind = kind
        self.parent = parent
        self.private = private
        self.what = what
        self.names: dict[str, int] = {}
        self.declared: list[tuple[str, ast.AST]] = []
        self.children: list[Scope] = []
        self.is_async = False
        self.reads_target = False
        self.reads_iterable = parent.reads_iterable if parent is not None else 0
        if parent is not None:
            parent.children.append(self)

    @property
    def is_function(self) -> bool:
        return self.kind not in ("module", "class")


def check_scopes(tree: ast.AST, *, await_anywhere: bool = False) -> None:
    """Raise `Misplaced` for the first error about scopes in *tree*."""
    collector = _Collector(await_anywhere)
    collector.module(tree)
    _resolve(collector.scope, None, set(), set())


class _Collector:
    def __init__(self, await_anywhere: bool) -> None:
        self.scope = Scope("module", None)
        self.await_anywhere = await_anywhere
        self.future_annotations = False

    def module(self, tree: ast.AST) -> None:
        for node in fields(tree, ("body",)):
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                self.future_annotations |= any(alias.name == "annotations" for alias in node.names)
            self.visit(node)

    # -- bookkeeping -------------------------------------------------------------------------------------------------

    def visit(self, node: ast.AST) -> None:
        method = getattr(self, type(node).__name__, None)
        if method is not None:
            method(node)
        else:
            self.visit_all(node, node._fields)

    def visit_all(self, node: ast.AST, names: tuple[str, ...]) -> None:
        for child in fields(node, names):
            self.visit(child)

    def enter(self, kind: str, what: str = "", private: str | None = None) -> Scope:
        self.scope = Scope(kind, self.scope, private or self.scope.private, what)
        return self.scope

    def leave(self) -> None:
        assert self.scope.parent is not None
        self.scope = self.scope.parent

    def define(self, name: str, flag: int, node: ast.AST, scope: Scope | None = None) -> None:
        scope = scope or self.scope
        mangled = mangle(scope.private, name)
        flags = scope.names.get(mangled, 0)
        if flag & PARAMETER and flags & PARAMETER:
            raise Misplaced(f"duplicate argument '{name}' in function definition", node)
        if flag & TYPE_PARAMETER and flags & TYPE_PARAMETER:
            raise Misplaced(f"duplicate type parameter '{name}'", node)
        flags |= flag
        if scope.reads_target:
            # `[[(x := 0) for x in y] for ...]`: an inner loop may not take over a name that := gave to the function.
            if flags & (GLOBAL | NONLOCAL):
                raise Misplaced(
                    f"comprehension inner loop cannot rebind assignment expression target '{name}'", node
                )
            flags |= ITERATES
        scope.names[mangled] = flags

    def forbid(self, name: str, node: ast.AST, context: str) -> None:
        if name == "__debug__" and context != "Load":
            raise Misplaced("cannot delete __debug__" if context == "Del" else "cannot assign to __debug__", node)

    def flags(self, name: str) -> int:
        return self.scope.names.get(mangle(self.scope.private, name), 0)

    def not_in_annotation(self, what: str, node: ast.AST) -> None:
        scope = self.scope
        if scope.kind == "annotation":
            raise Misplaced(f"{what} cannot be used within an annotation", node)
        if scope.kind == "type variable":
            raise Misplaced(f"{what} cannot be used within {scope.what}", node)
        if scope.kind == "type alias":
            raise Misplaced(f"{what} cannot be used within a type alias", node)
        if scope.kind == "type parameters":
            raise Misplaced(f"{what} cannot be used within the definition of a generic", node)

    # -- statements --------------------------------------------------------------------------------------------------

    def FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.forbid(node.name, node, "Store")
        self.define(node.name, LOCAL, node)
        self.visit_all(node.args, ("defaults", "kw_defaults"))
        self.visit_all(node, ("decorator_list",))
        generic = self.type_parameters(node)
        self.annotations_of(node)
        scope = self.enter("function")
        scope.is_async = isinstance(node, ast.AsyncFunctionDef)
        self.parameters(node.args)
        self.visit_all(node, ("body",))
        self.leave()
        if generic:
            self.leave()

    AsyncFunctionDef = FunctionDef

    def annotations_of(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.enter("annotation")
        arguments = node.args
        for argument in (
            *arguments.posonlyargs, *arguments.args, arguments.vararg, arguments.kwarg, *arguments.kwonlyargs
        ):  # fmt: skip
            if argument is not None and argument.annotation is not None:
                self.visit(argument.annotation)
        if node.returns is not None:
            self.visit(node.returns)
        self.leave()

    def type_parameters(self, node: ast.AST) -> bool:
        parameters = getattr(node, "type_params", None)
        if not parameters:
            return False
        self.enter("type parameters")
        for parameter in parameters:
            self.type_parameter(parameter)
        return True

    def type_parameter(self, node: ast.AST) -> None:
        name: str = node.name  # type: ignore[attr-defined]
        kind = type(node).__name__
        self.forbid(name, node, "Store")
        if name == "__classdict__":
            raise Misplaced(f"reserved name '{name}' cannot be used for type parameter", node)
        self.define(name, TYPE_PARAMETER | LOCAL, node)
        bound = getattr(node, "bound", None)
        if bound is not None:
            what = "a TypeVar constraint" if isinstance(bound, ast.Tuple) else "a TypeVar bound"
            self.enter("type variable", what)
            self.visit(bound)
            self.leave()
        default = getattr(node, "default_value", None)
        if default is not None:
            self.enter("type variable", f"a {kind} default")
            self.visit(default)
            self.leave()

    def ClassDef(self, node: ast.ClassDef) -> None:
        self.forbid(node.name, node, "Store")
        self.define(node.name, LOCAL, node)
        self.visit_all(node, ("decorator_list",))
        before = self.scope.private
        generic = self.type_parameters(node)
        if generic:
            # Names of type parameters belong to the class when it comes to private names.
            self.scope.private = node.name
        self.visit_all(node, ("bases",))
        self.keywords(node.keywords)
        self.enter("class", private=node.name)
        self.visit_all(node, ("body",))
        self.leave()
        if generic:
            self.leave()
        self.scope.private = before

    def TypeAlias(self, node: ast.AST) -> None:
        self.visit(node.name)  # type: ignore[attr-defined]
        generic = self.type_parameters(node)
        self.enter("type alias")
        self.visit(node.value)  # type: ignore[attr-defined]
        self.leave()
        if generic:
            self.leave()

    def AnnAssign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Name):
            name = node.target.id
            self.forbid(name, node.target, "Store")
            flags = self.flags(name)
            if node.simple and self.scope.kind != "module" and flags & (GLOBAL | NONLOCAL):
                raise Misplaced(f"annotated name '{name}' can't be {'global' if flags & GLOBAL else 'nonlocal'}", node)
            if node.simple:
                self.define(name, ANNOTATED | LOCAL, node.target)
            elif node.value is not None:
                self.define(name, LOCAL, node.target)
        else:
            self.visit(node.target)
        self.enter("annotation")
        self.visit(node.annotation)
        self.leave()
        if node.value is not None:
            self.visit(node.value)

    def NamedExpr(self, node: ast.NamedExpr) -> None:
        self.not_in_annotation("named expression", node)
        if self.scope.reads_iterable > 0:
            raise Misplaced("assignment expression cannot be used in a comprehension iterable expression", node)
        if self.scope.kind == "comprehension":
            self.bind_outside(node)
        self.visit(node.value)
        self.visit(node.target)

    def bind_outside(self, node: ast.NamedExpr) -> None:
        """A := in a comprehension binds in the function or module around it (PEP 572)."""
        name = node.target.id
        scope: Scope | None = self.scope
        while scope is not None:
            flags = scope.names.get(mangle(scope.private, name), 0)
            if scope.kind == "comprehension":
                if flags & ITERATES and flags & LOCAL:
                    raise Misplaced(f"assignment expression cannot rebind comprehension iteration variable '{name}'", node.target)
            elif scope.kind == "function":
                self.define(name, GLOBAL if flags & GLOBAL else NONLOCAL, node)
                self.scope.declared.append((name, node))
                self.define(name, LOCAL, node, scope)
                return
            elif scope.kind == "module":
                self.define(name, GLOBAL, node)
                self.scope.declared.append((name, node))
                self.define(name, GLOBAL, node, scope)
                return
            elif scope.kind == "class":
                raise Misplaced("assignment expression within a comprehension cannot be used in a class body", node.target)
            else:
                where = {
                    "type parameters": "within the definition of a generic",
                    "type alias": "in a type alias",
                    "type variable": "in a TypeVar bound",
                    "annotation": "in an annotation",
                }[scope.kind]
                raise Misplaced(f"assignment expression within a comprehension cannot be used {where}", node.target)
            scope = scope.parent

    def Global(self, node: ast.Global) -> None:
        self.declare(node, node.names, GLOBAL, "global")

    def Nonlocal(self, node: ast.Nonlocal) -> None:
        self.declare(node, node.names, NONLOCAL, "nonlocal")

    def declare(self, node: ast.AST, names: list[str], flag: int, word: str) -> None:
        for name in names:
            flags = self.flags(name)
            if flags & PARAMETER:
                raise Misplaced(f"name '{name}' is parameter and {word}", node)
            if flags & USED:
                raise Misplaced(f"name '{name}' is used prior to {word} declaration", node)
            if flags & ANNOTATED:
                raise Misplaced(f"annotated name '{name}' can't be {word}", node)
            if flags & LOCAL:
                raise Misplaced(f"name '{name}' is assigned to before {word} declaration", node)
            self.define(name, flag, node)
            self.scope.declared.append((name, node))

    def Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                if self.scope.kind != "module":
                    raise Misplaced("import * only allowed at module level", alias)
                continue
            name = alias.asname or alias.name.partition(".")[0]
            self.forbid(name, alias, "Store")
            self.define(name, IMPORTED | LOCAL, alias)

    ImportFrom = Import

    def ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.visit_all(node, ("type",))
        if node.name:
            self.forbid(node.name, node, "Store")
            self.define(node.name, LOCAL, node)
        self.visit_all(node, ("body",))

    # -- patterns ----------------------------------------------------------------------------------------------------

    def MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.visit_all(node, ("pattern",))
        if node.name:
            self.forbid(node.name, node, "Store")
            self.define(node.name, LOCAL, node)

    MatchStar = MatchAs

    def MatchMapping(self, node: ast.MatchMapping) -> None:
        self.visit_all(node, ("keys", "patterns"))
        if node.rest:
            self.forbid(node.rest, node, "Store")
            self.define(node.rest, LOCAL, node)

    def MatchClass(self, node: ast.MatchClass) -> None:
        self.visit_all(node, ("cls", "patterns"))
        for name, pattern in zip(node.kwd_attrs, node.kwd_patterns):
            self.forbid(name, pattern, "Store")
        self.visit_all(node, ("kwd_patterns",))

    # -- expressions -------------------------------------------------------------------------------------------------

    def Name(self, node: ast.Name) -> None:
        context = type(node.ctx).__name__
        self.forbid(node.id, node, context)
        self.define(node.id, USED if context == "Load" else LOCAL, node)

    def Attribute(self, node: ast.Attribute) -> None:
        self.forbid(node.attr, node, type(node.ctx).__name__)
        self.visit(node.value)

    def Call(self, node: ast.Call) -> None:
        self.visit(node.func)
        self.visit_all(node, ("args",))
        self.keywords(node.keywords)

    def keywords(self, keywords: list[ast.keyword]) -> None:
        for keyword in keywords:
            if keyword.arg:
                self.forbid(keyword.arg, keyword, "Store")
        for keyword in keywords:
            self.visit(keyword.value)

    def Lambda(self, node: ast.Lambda) -> None:
        self.visit_all(node.args, ("defaults", "kw_defaults"))
        self.enter("function")
        self.parameters(node.args)
        self.visit(node.body)
        self.leave()

    def parameters(self, arguments: ast.arguments) -> None:
        for argument in (
            *arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg
        ):  # fmt: skip
            if argument is not None:
                self.forbid(argument.arg, argument, "Store")
                self.define(argument.arg, PARAMETER, argument)

    def Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self.not_in_annotation("yield expression", node)
        self.visit_all(node, ("value",))
        if self.scope.kind == "comprehension":
            raise Misplaced(f"'yield' inside {self.scope.what}", node)

    YieldFrom = Yield

    def Await(self, node: ast.Await) -> None:
        self.not_in_annotation("await expression", node)
        if not self.await_anywhere:
            if not self.scope.is_function:
                raise Misplaced("'await' outside function", node)
            if not self.scope.is_async and self.scope.kind != "comprehension":
                raise Misplaced("'await' outside async function", node)
        self.visit(node.value)

    def ListComp(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        first, *others = node.generators
        self.scope.reads_iterable += 1
        self.visit(first.iter)
        self.scope.reads_iterable -= 1
        self.enter("comprehension", _COMPREHENSIONS[type(node).__name__])
        self.target(first.target)
        self.visit_all(first, ("ifs",))
        for clause in others:
            self.target(clause.target)
            self.scope.reads_iterable += 1
            self.visit(clause.iter)
            self.scope.reads_iterable -= 1
            self.visit_all(clause, ("ifs",))
        self.visit_all(node, ("value",))
        self.visit_all(node, ("key", "elt"))
        self.leave()

    SetComp = DictComp = GeneratorExp = ListComp

    def target(self, node: ast.expr) -> None:
        self.scope.reads_target = True
        self.visit(node)
        self.scope.reads_target = False


def _resolve(scope: Scope, bound: set[str] | None, type_parameters: set[str], global_: set[str]) -> None:
    """Check the declarations of *scope* against the names bound in functions around it (None: there are none)."""
    local: set[str] = set()
    here = set(bound) if bound is not None else set()
    parameters = set(type_parameters)
    for name, flags in scope.names.items():
        if flags & GLOBAL:
            if flags & NONLOCAL:
                _refuse(scope, name, f"name '{name}' is nonlocal and global")
            here.discard(name)
        elif flags & NONLOCAL:
            if bound is None:
                _refuse(scope, name, "nonlocal declaration not allowed at module level")
            if name not in here:
                _refuse(scope, name, f"no binding for nonlocal '{name}' found")
            if name in parameters:
                _refuse(scope, name, f"nonlocal binding not allowed for type parameter '{name}'")
        elif flags & BOUND:
            local.add(name)
            if flags & TYPE_PARAMETER:
                parameters.add(name)
            else:
                parameters.discard(name)
    for_children = here if scope.kind in ("module", "class") else here | local
    for child in scope.children:
        _resolve(child, for_children, parameters, global_)


def _refuse(scope: Scope, name: str, message: str) -> NoReturn:
    for declared, node in scope.declared:
        if mangle(scope.private, declared) == name:
            raise Misplaced(message, node)
    raise AssertionError(f"{name} was never declared")


def mangle(private: str | None, name: str) -> str:
    """Return *name* as it is stored in a class body called *private*."""
    if private is None or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    stripped = private.lstrip("_")
    return f"_{stripped}{name}" if stripped else name
