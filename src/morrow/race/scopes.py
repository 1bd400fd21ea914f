"""Which variables functions share: found in the tree before it is rewritten.

A global is one when a function reads or writes it and it is bound more than once (or by a function, with ``global``); a
variable of a function is one when an inner function has it and it is bound more than once (or by the inner one, with
``nonlocal``). What is bound once, before anybody else can see it, cannot race.
"""

from __future__ import annotations

import ast

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Scope:
    """A module, class or function.

    Attributes:
        node: its node.
        parent: the scope around it, None for a module.
        bound: name -> how often; more than once when in a loop.
        used: names read or written here, not counting scopes inside.
        shared: the names of its own that others share.
        is_lazy: a generator or coroutine, which need not run on in the thread that it began in.
    """

    def __init__(self, node: ast.AST, parent: Scope | None) -> None:
        self.node, self.parent = node, parent
        self.is_function = isinstance(node, _FUNCTIONS)
        self.is_lazy = isinstance(node, (ast.AsyncFunctionDef, ast.Lambda))
        self.bound: dict[str, int] = {}
        self.used: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.shared: set[str] = set()
        self.calls: set[str] = set()
        self.token = ""

    def owner_of(self, name: str) -> Scope | None:
        """Return the scope whose variable *name* is here, None for a built-in or an unshared global's."""
        scope: Scope | None = self
        here = True
        while scope is not None:
            if scope.parent is None or name in scope.globals:
                while scope.parent is not None:
                    scope = scope.parent
                return scope
            if (scope.is_function or here) and name in scope.bound and name not in scope.nonlocals:
                return scope
            scope, here = scope.parent, False
        return None


def find_scopes(tree: ast.AST) -> dict[ast.AST, Scope]:
    """Return the scope that each module, class and function node of *tree* makes."""
    finder = _Finder(tree)
    scopes = finder.scopes
    for scope in scopes.values():
        for name in scope.used:
            owner = scope.owner_of(name)
            if owner is None or owner is scope or not scope.is_function or not (owner.is_function or owner.parent is None):
                continue
            declared = name in scope.nonlocals or name in scope.globals
            if owner.bound.get(name, 0) > 1 or (declared and name in scope.bound):
                owner.shared.add(name)
    for number, scope in enumerate(scopes.values()):
        if scope.is_function and scope.shared:
            scope.token = f".race_cell{number}"
    return scopes


class _Finder(ast.NodeVisitor):
    def __init__(self, tree: ast.AST) -> None:
        self.scopes: dict[ast.AST, Scope] = {}
        self.scope = self.scopes[tree] = Scope(tree, None)
        self.loops = 0
        self.hidden: list[set[str]] = []  # variables of the comprehensions around
        for child in ast.iter_child_nodes(tree):
            self.visit(child)

    def _bind(self, name: str, times: int = 1) -> None:
        self.scope.bound[name] = self.scope.bound.get(name, 0) + times + bool(self.loops)

    def visit_Name(self, node: ast.Name) -> None:
        if any(node.id in names for names in self.hidden):
            return
        self.scope.used.add(node.id)
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.globals.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.nonlocals.update(node.names)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._bind(node.name)
        for part in (*node.decorator_list, *node.args.defaults, *(part for part in node.args.kw_defaults if part is not None)):
            self.visit(part)
        self._inside(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in (*node.args.defaults, *(part for part in node.args.kw_defaults if part is not None)):
            self.visit(part)
        self._inside(node, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        self._inside(node, node.body)

    def _inside(self, node: ast.AST, body: list[ast.stmt] | list[ast.expr]) -> None:
        outer, loops, hidden = self.scope, self.loops, self.hidden
        self.scope = self.scopes[node] = Scope(node, outer)
        self.loops, self.hidden = 0, []
        arguments = getattr(node, "args", None)
        if arguments is not None:
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
                if argument is not None:
                    self._bind(argument.arg)
        for part in body:
            self.visit(part)
        self.scope, self.loops, self.hidden = outer, loops, hidden

    def _loop(self, node: ast.AST) -> None:
        self.loops += 1
        self.generic_visit(node)
        self.loops -= 1

    visit_For = visit_AsyncFor = visit_While = _loop

    def _comprehension(self, node: ast.AST) -> None:
        names = {part.id for each in node.generators for part in ast.walk(each.target) if isinstance(part, ast.Name)}  # type: ignore[attr-defined]
        self.hidden.append(names)
        self.generic_visit(node)
        self.hidden.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def _yields(self, node: ast.AST) -> None:
        self.scope.is_lazy = True
        self.generic_visit(node)

    visit_Yield = visit_YieldFrom = visit_Await = _yields

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            self.scope.calls.add(node.func.id)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        """An annotation is no access."""
