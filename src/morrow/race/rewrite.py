"""Put a call of the detector beside each access of something that threads may share.

    x = p.value           ->   x = (p if id(p) in seen[40] else attribute(p, 17, seen)).value
    p.value += 1          ->   (p if id(p) in seen[41] else attribute(p, 18, seen)).value += 1
    t = d[k]              ->   t = d[key(d, k, 19, seen)]
    for x in self.items   ->   for x in contents(attribute(self, 20, seen).items, 21, seen)
    count += 1            ->   count += stored(1, -3, 22, seen)            a global, or shared with an inner function

The access itself stays where it is, in the program's own frame: its line, its error and its place under the caret are the
program's. What the detector needs of a thread, `seen`, is a local variable named ``.race_seen`` in functions that have
accesses; generators, coroutines and module level ask for it each time.
"""

from __future__ import annotations

import ast

from morrow.language.features.build import at, call, load
from morrow.race import access, containers
from morrow.race.clocks import ITEMS_READ, ITEMS_WRITTEN, LOOKED, WALKED, number_of
from morrow.race.scopes import find_scopes
from morrow.race.sites import CONSTANT, LOOK, READ, UPDATE, WALK, WRITE, Site, add

_SEEN = ".race_seen"
_LOOKING = frozenset("len list tuple set frozenset dict sorted sum min max any all bool enumerate zip map filter reversed iter".split())
_NAMESPACE_READERS = frozenset(("locals", "vars", "dir", "eval", "exec"))
_next_token = [0]


def rewrite(tree: ast.Module, path: str, module: str) -> ast.Module:
    """Rewrite the tree of a module in place; return it.

    Args:
        path: for reports.
        module: its name; `access` learns its namespace when it runs, from the first statement put into it.
    """
    _next_token[0] -= 1
    token = _next_token[0]
    access.tokens[token] = module
    return _Rewriter(tree, path, token).run(tree)


class _Rewriter(ast.NodeTransformer):
    def __init__(self, tree: ast.Module, path: str, token: int) -> None:
        self.path, self.token = path, token
        self.scopes = find_scopes(tree)
        self.scope = self.scopes[tree]
        self.names: list[str] = []  # of the functions and classes around
        self.classes: list[str] = []
        self.hidden: list[set[str]] = []
        self.late = 0  # inside generator expressions and lambdas
        self.counts = [0]

    def run(self, tree: ast.Module) -> ast.Module:
        after = 0
        for statement in tree.body:
            is_doc = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if not is_doc and not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
                break
            after += 1
        if after == len(tree.body):
            return tree  # nothing but a docstring
        begins = at(ast.Expr(call(load(".race_module"), call(load(".race_globals")), ast.Constant(self.token))), tree.body[after])
        ends = at(ast.Expr(call(load(".race_module_ends"), ast.Constant(self.token))), tree.body[-1])
        tree.body = [*tree.body[:after], begins, *self._block(tree.body[after:]), ends]
        return tree

    # -- pieces --------------------------------------------------------------------------------------------------------

    def _seen(self) -> ast.expr:
        self.counts[-1] += 1
        if self._has_local():
            return load(_SEEN)
        return ast.Subscript(load(".race_threads"), call(load(".race_ident")), ast.Load())

    def _has_local(self) -> bool:
        scope = self.scope
        return scope.is_function and not scope.is_lazy and not self.late and not scope.calls & _NAMESPACE_READERS

    def _site(self, node: ast.AST, name: str, mode: int, place: int, text: ast.AST | None = None) -> Site:
        function = ".".join(self.names) or "<module>"
        shown = node if text is None else text
        span = (shown.lineno, shown.end_lineno, shown.col_offset, shown.end_col_offset)  # type: ignore[attr-defined]
        return Site(self.path, node.lineno, function, name, span, mode, place)  # type: ignore[attr-defined]

    def _mangled(self, name: str) -> str:
        if self.classes and name.startswith("__") and not name.endswith("__") and self.classes[-1].strip("_"):
            return f"_{self.classes[-1].lstrip('_')}{name}"
        return name

    def _is_plain_name(self, node: ast.AST) -> bool:
        """Whether reading a name twice is the same as reading it once."""
        return isinstance(node, ast.Name) and self._token_of(node.id) is None

    def _token_of(self, name: str) -> ast.expr | None:
        """Return what stands for the shared variable *name*, None if it is none."""
        if any(name in names for names in self.hidden):
            return None
        owner = self.scope.owner_of(name)
        if owner is None or name not in owner.shared:
            return None
        if owner.parent is None:
            return ast.Constant(self.token)
        return call(load(".race_id"), load(owner.token))

    # -- attributes ----------------------------------------------------------------------------------------------------

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        mode = READ if isinstance(node.ctx, ast.Load) else WRITE
        return self._attribute(node, mode)

    def _attribute(self, node: ast.Attribute, mode: int, value: ast.expr | None = None) -> ast.AST:
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name) and node.value.func.id == "super":
            return self.generic_visit(node)
        if node.attr.startswith("__") and node.attr.endswith("__"):
            return self.generic_visit(node)
        name = self._mangled(node.attr)
        place = number_of(name) + (mode != READ)
        site = self._site(node, name, mode, place)
        _describe_value(site, value)
        number = add(site)
        node.value = self._watched(node.value, number, place, ".race_attribute")
        return node

    def _watched(self, owner: ast.expr, number: int, place: int, function: str) -> ast.expr:
        plain = self._is_plain_name(owner)
        inner = self.visit(owner)
        checked = call(load(function), inner, ast.Constant(number), self._seen())
        if not plain:
            return at(checked, owner)
        known = ast.Compare(
            call(load(".race_id"), _again(owner)), [ast.In()], [ast.Subscript(self._seen(), ast.Constant(place), ast.Load())]
        )
        return at(ast.IfExp(known, _again(owner), checked), owner)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in containers.METHODS:
            self._method(node, function, READ)
        elif isinstance(function, ast.Name) and function.id in _LOOKING and node.args:
            node.args = [
                self._contents(argument, WALK if function.id in ("enumerate", "zip", "map", "filter", "reversed", "iter") else LOOK)
                if _may_be_container(argument)
                else self.visit(argument)
                for argument in node.args
            ]
            node.keywords = [self.visit(each) for each in node.keywords]
            return node
        else:
            node.func = self.visit(function)
        node.args = [self.visit(each) for each in node.args]
        node.keywords = [self.visit(each) for each in node.keywords]
        return node

    def _method(self, node: ast.Call, function: ast.Attribute, mode: int) -> None:
        site = self._site(function, function.attr, mode, number_of(function.attr), function.value)
        site.changes = containers.CHANGING[function.attr]
        number = add(site)
        owner = function.value
        parts = [self.visit(owner), ast.Constant(number), self._seen()]
        if node.args and not node.keywords and self._is_repeatable(node.args[0]):
            parts.append(_again(node.args[0]))
        function.value = at(call(load(".race_method"), *parts), owner)

    def _is_repeatable(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Constant) or self._is_plain_name(node)

    # -- items and what there is in containers ---------------------------------------------------------------------------

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return self._item(node, READ if isinstance(node.ctx, ast.Load) else WRITE)

    def _item(self, node: ast.Subscript, mode: int, value: ast.expr | None = None) -> ast.AST:
        if isinstance(node.slice, ast.Slice):
            return self.generic_visit(node)
        site = self._site(node, "", mode, ITEMS_READ if mode == READ else ITEMS_WRITTEN)
        _describe_value(site, value)
        if self._is_plain_name(node.value):
            number = add(site)
            parts = [_again(node.value), self.visit(node.slice), ast.Constant(number), self._seen()]
            node.slice = at(call(load(".race_key"), *parts), node.slice)
        elif self._is_repeatable(node.slice):
            number = add(site)
            parts = [self.visit(node.value), _again(node.slice), ast.Constant(number), self._seen()]
            node.value = at(call(load(".race_holder"), *parts), node.value)
        elif self._has_local() and isinstance(node.slice, (ast.BinOp, ast.UnaryOp, ast.JoinedStr, ast.Attribute, ast.Subscript)):
            number = add(site)
            index = self.visit(node.slice)
            kept = ast.NamedExpr(ast.Name(".race_index", ast.Store()), index)
            parts = [self.visit(node.value), kept, ast.Constant(number), self._seen()]
            original = node.slice
            node.value = at(call(load(".race_holder"), *parts), node.value)
            node.slice = at(load(".race_index"), original)
        else:
            return self.generic_visit(node)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if len(node.ops) != 1 or not isinstance(node.ops[0], (ast.In, ast.NotIn)):
            return self.generic_visit(node)
        right = node.comparators[0]
        if self._is_repeatable(node.left) and _may_be_container(right):
            number = add(self._site(node, "", LOOK, ITEMS_READ, right))
            node.comparators = [at(call(load(".race_holder"), self.visit(right), _again(node.left), ast.Constant(number), self._seen()), right)]
        else:
            node.comparators = [self._contents(right, LOOK)] if _may_be_container(right) else [self.visit(right)]
        node.left = self.visit(node.left)
        return node

    def _contents(self, node: ast.expr, mode: int) -> ast.expr:
        """``node``, of which it matters what items it has."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "keys", "values") and not node.args:
            self._method(node, node.func, mode)
            return node
        number = add(self._site(node, "", mode, WALKED if mode == WALK else LOOKED))
        return at(call(load(".race_contents"), self.visit(node), ast.Constant(number), self._seen()), node)

    def _test(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.BoolOp):
            node.values = [self._test(each) for each in node.values]
            return node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self._test(node.operand)
            return node
        return self._contents(node, LOOK) if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) else self.visit(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        node.test = self._test(node.test)
        node.body, node.orelse = self._block(node.body), self._block(node.orelse)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        node.test = self._test(node.test)
        node.body, node.orelse = self._block(node.body), self._block(node.orelse)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test = self._test(node.test)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        node.iter = self._contents(node.iter, WALK) if _may_be_container(node.iter) else self.visit(node.iter)
        shared = [(name, self._token_of(name.id)) for name in ast.walk(node.target) if isinstance(name, ast.Name)]
        first = [self._named(name, token, WRITE) for name, token in shared if token is not None]
        node.target = self.visit(node.target)
        node.body = [*first, *self._block(node.body)]
        node.orelse = self._block(node.orelse)
        return node

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        node.target, node.iter = self.visit(node.target), self.visit(node.iter)
        node.body, node.orelse = self._block(node.body), self._block(node.orelse)
        return node

    def _comprehension(self, node: ast.AST) -> ast.AST:
        generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
        late = isinstance(node, ast.GeneratorExp)
        self.hidden.append({part.id for each in generators for part in ast.walk(each.target) if isinstance(part, ast.Name)})
        for index, each in enumerate(generators):
            if index or late:
                self.late += late
            each.iter = self._contents(each.iter, WALK) if _may_be_container(each.iter) and not each.is_async else self.visit(each.iter)
            if index or late:
                self.late -= late
            self.late += late
            each.ifs = [self.visit(test) for test in each.ifs]
            self.late -= late
        self.late += late
        for field in ("elt", "key", "value"):
            part = getattr(node, field, None)
            if part is not None:
                setattr(node, field, self.visit(part))
        self.late -= late
        self.hidden.pop()
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    # -- variables that functions share ----------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not isinstance(node.ctx, ast.Load):
            return node
        token = self._token_of(node.id)
        if token is None:
            return node
        return at(ast.BoolOp(ast.And(), [self._known(node, token, READ), node]), node)

    def _known(self, node: ast.Name, token: ast.expr, mode: int) -> ast.expr:
        place = number_of(node.id) + (mode != READ)
        number = add(self._site(node, node.id, mode, place))
        known = ast.Compare(token, [ast.In()], [ast.Subscript(self._seen(), ast.Constant(place), ast.Load())])
        checked = call(load(".race_name"), self._token_of(node.id) or token, ast.Constant(number), self._seen())
        return ast.BoolOp(ast.Or(), [known, checked])

    def _named(self, node: ast.Name, token: ast.expr, mode: int) -> ast.stmt:
        place = number_of(node.id) + 1
        number = add(self._site(node, node.id, mode, place))
        return at(ast.Expr(call(load(".race_name"), token, ast.Constant(number), self._seen())), node)

    def _stored(self, node: ast.Name, value: ast.expr, original: ast.expr, mode: int) -> ast.expr:
        token = self._token_of(node.id)
        if token is None:
            return value
        site = self._site(node, node.id, mode, number_of(node.id) + 1)
        _describe_value(site, original)
        return at(call(load(".race_stored"), value, token, ast.Constant(add(site)), self._seen()), original)

    # -- statements that store -------------------------------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        original = node.value
        modes = [self._mode_of(target, original) for target in node.targets]
        text = _Value(original)
        node.value = self.visit(original)
        node.targets = [self._target(target, mode, text) for target, mode in zip(node.targets, modes, strict=True)]
        for target, mode in zip(node.targets, modes, strict=True):
            for name in ast.walk(target) if isinstance(target, (ast.Tuple, ast.List, ast.Starred)) else (target,):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    node.value = self._stored(name, node.value, text.node, mode)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return node
        text = _Value(node.value)
        node.value = self.visit(node.value)
        if isinstance(node.target, ast.Name):
            node.value = self._stored(node.target, node.value, text.node, WRITE)
        else:
            node.target = self._target(node.target, WRITE, text)  # type: ignore[assignment]
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        text = _Value(node.value)
        text.updates = True
        node.value = self.visit(node.value)
        if isinstance(node.target, ast.Name):
            node.value = self._stored(node.target, node.value, text, UPDATE)  # type: ignore[arg-type]
        else:
            node.target = self._target(node.target, UPDATE, text)  # type: ignore[assignment]
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        original = node.value
        node.value = self._stored(node.target, self.visit(original), original, WRITE)
        return node

    def _mode_of(self, target: ast.expr, value: ast.expr) -> int:
        """``x = x + 1`` is an update, as ``x += 1`` is."""
        if isinstance(target, (ast.Tuple, ast.List, ast.Starred)):
            return WRITE
        if isinstance(value, ast.Constant):
            return CONSTANT
        wanted = ast.dump(target).replace("Store()", "Load()")
        return UPDATE if isinstance(value, ast.BinOp) and any(ast.dump(part) == wanted for part in ast.walk(value) if type(part) is type(target)) else WRITE

    def _target(self, target: ast.expr, mode: int, value: _Value) -> ast.expr:
        if isinstance(target, ast.Attribute):
            return self._attribute(target, mode, value)  # type: ignore[return-value,arg-type]
        if isinstance(target, ast.Subscript):
            return self._item(target, mode, value)  # type: ignore[return-value,arg-type]
        return self.visit(target)  # type: ignore[no-any-return]

    # -- scopes --------------------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(each) for each in node.decorator_list]
        self._defaults(node.args)
        outer, hidden, late = self.scope, self.hidden, self.late
        self.scope, self.hidden, self.late = self.scopes[node], [], 0
        self.names.append(node.name)
        self.counts.append(0)
        node.body = self._body(node)
        self.counts.pop()
        self.names.pop()
        self.scope, self.hidden, self.late = outer, hidden, late
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def _body(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
        first = node.body[0]
        is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
        documentation, rest = (node.body[:1], node.body[1:]) if is_doc else ([], node.body)
        place = rest[0] if rest else first
        body = self._block(rest)
        begin: list[ast.stmt] = []
        if self.scope.token:
            begin.append(at(ast.Assign([ast.Name(self.scope.token, ast.Store())], call(load(".race_cell"))), place))
        if self.counts[-1] and self._has_local():
            seen = ast.Subscript(load(".race_threads"), call(load(".race_ident")), ast.Load())
            begin.append(at(ast.Assign([ast.Name(_SEEN, ast.Store())], seen), place))
        if node.name == "__del__" and body:
            ends = [at(ast.Expr(call(load(".race_finalizer_ends"))), node.body[-1])]
            body = [at(ast.Expr(call(load(".race_finalizer_begins"))), place), at(ast.Try(body, [], [], ends), place)]
        return [*documentation, *begin, *body]

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._defaults(node.args)
        outer, hidden = self.scope, self.hidden
        self.scope, self.hidden = self.scopes[node], []
        node.body = self.visit(node.body)
        self.scope, self.hidden = outer, hidden
        return node

    def _defaults(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.visit(each) for each in arguments.defaults]
        arguments.kw_defaults = [each if each is None else self.visit(each) for each in arguments.kw_defaults]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = [self.visit(each) for each in node.decorator_list]
        node.bases = [self.visit(each) for each in node.bases]
        outer, hidden = self.scope, self.hidden
        self.scope, self.hidden = self.scopes[node], []
        self.names.append(node.name)
        self.classes.append(node.name)
        # What stands in the body itself runs once, before anybody knows the class.
        node.body = [
            self.visit(each) if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else each for each in node.body
        ]
        self.classes.pop()
        self.names.pop()
        self.scope, self.hidden = outer, hidden
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        node.guard = node.guard and self.visit(node.guard)
        node.body = self._block(node.body)
        return node

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [self.visit(each) for each in body]

    def visit_TypeAlias(self, node: ast.AST) -> ast.AST:
        return node


class _Value:
    """What is stored, as it was before rewriting."""

    def __init__(self, node: ast.expr) -> None:
        self.node = node
        self.constant = repr(node.value) if isinstance(node, ast.Constant) else ""
        self.calls = any(isinstance(part, (ast.Call, ast.Await, ast.Yield, ast.YieldFrom)) for part in ast.walk(node))
        self.updates = False
        self.lineno, self.col_offset = node.lineno, node.col_offset
        self.end_lineno, self.end_col_offset = node.end_lineno, node.end_col_offset


def _describe_value(site: Site, value: ast.expr | _Value | None) -> None:
    if isinstance(value, ast.expr):
        value = _Value(value)
    if value is not None:
        site.value, site.calls = value.constant, value.calls


def _may_be_container(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "keys", "values") and not node.args
    )


def _again(node: ast.expr) -> ast.expr:
    """Return a name or constant once more, to be read, at its place."""
    copy = ast.Name(node.id, ast.Load()) if isinstance(node, ast.Name) else ast.Constant(node.value)  # type: ignore[attr-defined]
    return ast.copy_location(copy, node)
