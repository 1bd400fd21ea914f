"""Type parameters and type aliases (PEP 695, 696).

    @decorate                          @decorate
    def first[T: Base](x: T = 0):      @__morrow__.generic((0,), None, None)   # calls what follows, without a frame
        ...                            def first(.defaults, .kwdefaults, .classdict, /):
                                           T = __morrow__.type_var('T', bound=lambda .format=1, /: Base)
                                           @__morrow__.function(.defaults, .kwdefaults, (T,))
                                           def .first(x: T): ...
                                           return .first

    class Box[T](Base): ...            the same, with `class Box(Base, generic_base((T,)))` inside
    type Pair[T] = tuple[T, T]         the same, with `return __morrow__.alias('Pair', lambda .format=1, /: tuple[T, T], (T,))`

The scopes are CPython's (Python/symtable.c, Python/codegen.c): one function around the definition that holds the type
parameters, one function per bound, default and aliased value. `codenames.rename` then gives the code objects CPython's
names: ``<generic parameters of first>`` for the scope, ``T`` for a bound, no trace of the scope in qualified names.

Hosts that have the syntax go the same way: they lack what an evaluator needs to be asked for a format, and the older of
them refuse a lambda inside such a scope in a class.
"""

from __future__ import annotations

import ast
from typing import NoReturn

from morrow.host import HERE
from morrow.language import tree as nodes
from morrow.language.features import _TYPE_PARAMETERS, Context, build, may_hold
from morrow.language.features.build import LOAD, STORE, at, call, load, mangle, runtime

PARAMETERS = (".defaults", ".kwdefaults", build.CLASS_NAMESPACE)
HIDDEN_FUNCTION = "."
# A class name decides how private names inside are written, and leading underscores do not count there: so this prefix
# hides the name without changing `__x`. No program spells it.
HIDDEN_CLASS = "_" * 24
_KINDS = {"TypeVar": "type_var", "ParamSpec": "param_spec", "TypeVarTuple": "type_var_tuple"}


def wanted(source: str | bytes | ast.AST, context: Context) -> bool:
    """True when the text may define something generic and the host does not do all of it."""
    if HERE is None or HERE.defers_annotations:
        return False
    if isinstance(source, ast.AST):
        return any(getattr(node, "type_params", None) or isinstance(node, nodes.TypeAlias) for node in ast.walk(source))
    if not HERE.parses_type_parameters and not context.rewritten:
        return False  # the host refuses the text first
    return may_hold(_TYPE_PARAMETERS, source)


def lower(tree: ast.AST, context: Context) -> ast.AST:
    """Replace every definition with type parameters, and every type alias.

    Raises:
        SyntaxError: what CPython's symbol table refuses: duplicate parameters, ``yield`` in a bound and the like.
    """
    if not any(getattr(each, "type_params", None) or isinstance(each, nodes.TypeAlias) for each in nodes.walk(tree)):
        return tree
    lowering = _Lowering(context, context.has_future_annotations(tree))
    if isinstance(getattr(tree, "body", None), list):
        tree.body = lowering.block(tree.body)  # type: ignore[attr-defined]
    if lowering.found:
        context.renames = True
    return tree


class _Lowering:
    """One pass over the statements of a tree; expressions cannot hold what it looks for."""

    def __init__(self, context: Context, strings: bool) -> None:
        self.context = context
        self.strings = strings  # annotations are strings: their names are nobody's business
        self.class_name: str | None = None  # of the class whose private names are in force
        self.names: build.ClassNames | None = None  # of the class directly around
        self.shadowed: frozenset[str] = frozenset()  # what functions around bind
        self.in_class = False  # directly, not in a method
        self.type_names: frozenset[str] = frozenset()  # type parameters that `nonlocal` could reach
        self.found = False

    # -- statements ---------------------------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [self.statement(each) for each in body]

    def statement(self, node: ast.stmt) -> ast.stmt:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self.function(node)
        if isinstance(node, ast.ClassDef):
            return self.class_(node)
        if isinstance(node, nodes.TypeAlias):
            return self.alias(node)
        if isinstance(node, ast.Nonlocal):
            for name in node.names:
                if name in self.type_names:
                    self.refuse(f"nonlocal binding not allowed for type parameter '{name}'", node)
            return node
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if inner:
                setattr(node, field, self.block(inner))
        for handler in getattr(node, "handlers", ()):
            handler.body = self.block(handler.body)
        for case in getattr(node, "cases", ()):
            case.body = self.block(case.body)
        return node

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
        type_params = getattr(node, "type_params", None) or []
        scope = self.in_class, self.type_names, self.shadowed, self.names
        own = {each.name for each in type_params}
        self.in_class, self.names = False, None
        if self.generic_below(node, own):
            bound = _bound_names(node)
            self.type_names = (self.type_names | own) - bound
            self.shadowed |= bound
        node.body = self.block(node.body)
        self.in_class, self.type_names, self.shadowed, self.names = scope
        if not type_params:
            node.decorator_list += getattr(node, "inner_decorators", ())
            return node
        self.check(type_params, node.args, node.returns)
        place, first = node, _first(node)
        defaults = build.tuple_of(node.args.defaults)
        given = [(arg.arg, value) for arg, value in zip(node.args.kwonlyargs, node.args.kw_defaults) if value is not None]
        keyword_defaults: ast.expr = ast.Constant(None)
        if given:
            keys: list[ast.expr | None] = [ast.Constant(mangle(name, self.class_name)) for name, _ in given]
            keyword_defaults = ast.Dict(keys, [value for _, value in given])
        node.args.defaults, node.args.kw_defaults = [], [None] * len(node.args.kwonlyargs)
        decorators, node.decorator_list = node.decorator_list, []
        complete = call(
            runtime("function"), load(PARAMETERS[0]), load(PARAMETERS[1]), build.tuple_of(load(name) for name in _names(type_params))
        )
        node.decorator_list = [at(complete, first), *getattr(node, "inner_decorators", ())]
        if self.in_class:
            _take_namespace(node)
            if not self.strings:
                self.see_class(type_params, node)
        name, node.name = node.name, HIDDEN_FUNCTION + node.name
        node.type_params = []  # type: ignore[union-attr,unused-ignore]
        body = [*self.assignments(type_params, None), node, at(ast.Return(load(node.name)), place)]
        return self.scope(name, body, decorators, place, defaults, keyword_defaults)

    def generic_below(self, node: ast.AST, own: set[str]) -> bool:
        """Return whether names bound by a function matter: they do to type parameters around it and scopes in it."""
        return bool(own or self.type_names) or any(
            getattr(each, "type_params", None) or isinstance(each, nodes.TypeAlias) for each in nodes.walk(node)
        )

    def class_(self, node: ast.ClassDef) -> ast.stmt:
        type_params = getattr(node, "type_params", None) or []
        scope = self.class_name, self.in_class, self.type_names, self.names
        self.class_name, self.in_class, self.names = node.name, True, build.ClassNames(node, self.shadowed)
        self.type_names |= {each.name for each in type_params}
        node.body = self.block(node.body)
        self.class_name, self.in_class, self.type_names, self.names = scope
        if not type_params:
            return node
        self.check(type_params, *node.bases, *(each.value for each in node.keywords))
        own = node.name
        variables = {each.name: mangle(each.name, own) for each in type_params}
        for index, base in enumerate(node.bases):
            node.bases[index] = self.inside(base, type_params, variables)
        for keyword in node.keywords:
            keyword.value = self.inside(keyword.value, type_params, variables)
        decorators, place, first = node.decorator_list, node, _first(node)
        node.decorator_list = [at(runtime("same"), first)]
        type_variable, base_variable = ".type_params", ".generic_base"
        node.bases.append(at(load(base_variable), node))
        at_start = 1 if ast.get_docstring(node, clean=False) is not None else 0
        node.body.insert(at_start, at(ast.Assign([ast.Name("__type_params__", STORE)], load(type_variable)), node))
        node.name, node.type_params = HIDDEN_CLASS + own, []  # type: ignore[attr-defined,unused-ignore]
        body = [
            *self.assignments(type_params, own),
            at(ast.Assign([ast.Name(type_variable, STORE)], build.tuple_of(map(load, variables.values()))), place),
            at(ast.Assign([ast.Name(base_variable, STORE)], call(runtime("generic_base"), load(type_variable))), place),
            node,
            at(ast.Return(load(node.name)), place),
        ]
        return self.scope(own, body, decorators, place)

    def alias(self, node: ast.stmt) -> ast.stmt:
        self.found = self.context.renames = True
        type_params, name = node.type_params, node.name.id  # type: ignore[attr-defined]
        self.check(type_params)
        self.forbid("a type alias", node.value)  # type: ignore[attr-defined]
        value = self.inside(node.value, type_params, {})  # type: ignore[attr-defined]
        made = call(runtime("alias"), ast.Constant(name), build.evaluator(value, name))
        if type_params:
            made.args.append(build.tuple_of(load(each) for each in _names(type_params)))
        elif not self.in_class:
            return at(ast.Assign([node.name], made), node)  # type: ignore[attr-defined]
        body = [*self.assignments(type_params, None), at(ast.Return(made), node)]
        return self.scope(name, body, [], node)

    # -- the scope of type parameters -----------------------------------------------------------------------------------

    def scope(
        self,
        name: str,
        body: list[ast.stmt],
        decorators: list[ast.expr],
        place: ast.stmt,
        defaults: ast.expr | None = None,
        keyword_defaults: ast.expr | None = None,
    ) -> ast.stmt:
        self.found = True
        namespace: ast.expr = ast.Constant(None)
        if self.in_class:
            namespace = call(runtime("class_namespace"), call(runtime("namespace")))
        enter = call(runtime("generic"), defaults or ast.Constant(None), keyword_defaults or ast.Constant(None), namespace)
        made = build.function(name, build.parameters(*PARAMETERS), body, [*decorators, at(enter, place)])
        return at(made, place)

    def assignments(self, type_params: list[ast.AST], class_name: str | None) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        variables = {name: mangle(name, class_name) for name in _names(type_params)} if class_name else {}
        for each in type_params:
            name: str = each.name  # type: ignore[attr-defined]
            keywords = {}
            bound = getattr(each, "bound", None)
            if bound is not None:
                kind = "constraints" if isinstance(bound, ast.Tuple) else "bound"
                keywords[kind] = build.evaluator(self.inside(bound, type_params, variables), name)
            default = getattr(each, "default_value", None)
            if default is not None:
                value = self.inside(default, type_params, variables)
                if isinstance(value, ast.Starred):
                    value = at(ast.Subscript(build.tuple_of([value]), ast.Constant(0), LOAD), value)
                keywords["default"] = build.evaluator(value, name)
            make = call(runtime(_KINDS[type(each).__name__]), ast.Constant(name), **keywords)
            made.append(at(ast.Assign([ast.Name(variables.get(name, name), STORE)], make), each))
        return made

    def inside(self, value: ast.expr, type_params: list[ast.AST], variables: dict[str, str]) -> ast.expr:
        """Return an expression of the user's as it must be written inside the scope."""
        if any(name != variable for name, variable in variables.items()):
            for each in ast.walk(value):
                if isinstance(each, ast.Name) and each.id in variables:
                    each.id = variables[each.id]
        if self.names is None:
            return value
        own = {*_names(type_params), *variables.values()}
        return build.ClassScope(own, self.class_name, self.names).visit(value)  # type: ignore[no-any-return]

    def see_class(self, type_params: list[ast.AST], node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Let eager annotations of a generic method see the class."""
        arguments = node.args
        for each in (*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg):
            if each is not None and each.annotation is not None:
                each.annotation = self.inside(each.annotation, type_params, {})
        if node.returns is not None:
            node.returns = self.inside(node.returns, type_params, {})

    # -- what CPython refuses --------------------------------------------------------------------------------------------

    def check(self, type_params: list[ast.AST], *inside: ast.AST | None) -> None:
        seen: set[str] = set()
        with_default = False
        for each in type_params:
            name: str = each.name  # type: ignore[attr-defined]
            kind = type(each).__name__
            if name in seen:
                self.refuse(f"duplicate type parameter '{name}'", each)
            seen.add(name)
            if name == "__classdict__":
                self.refuse("reserved name '__classdict__' cannot be used for type parameter", each)
            bound = getattr(each, "bound", None)
            if bound is not None:
                self.forbid("a TypeVar constraint" if isinstance(bound, ast.Tuple) else "a TypeVar bound", bound)
            default = getattr(each, "default_value", None)
            if default is not None:
                self.forbid(f"a {kind} default", default)
                with_default = True
            elif with_default:
                self.refuse(f"non-default type parameter '{name}' follows default type parameter", each)
        for value in inside:
            if isinstance(value, ast.arguments):
                # Defaults are evaluated outside.
                for argument in ast.iter_child_nodes(value):
                    if isinstance(argument, ast.arg) and argument.annotation is not None and type_params:
                        self.forbid("the definition of a generic", argument.annotation)
                continue
            if value is not None and type_params:
                self.forbid("the definition of a generic", value)

    def forbid(self, where: str, value: ast.AST) -> None:
        """Refuse what would need the frame of the scope: yield, await and := (Python/symtable.c)."""
        todo: list[ast.AST] = [value]
        while todo:
            node = todo.pop()
            if isinstance(node, ast.NamedExpr):
                self.refuse(f"named expression cannot be used within {where}", node)
            if isinstance(node, (ast.Yield, ast.YieldFrom)):
                self.refuse(f"yield expression cannot be used within {where}", node)
            if isinstance(node, ast.Await):
                self.refuse(f"await expression cannot be used within {where}", node)
            if isinstance(node, ast.Lambda):
                todo += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            elif isinstance(node, build.SCOPES):
                if any(each.is_async for each in node.generators):  # type: ignore[union-attr]
                    self.refuse(f"asynchronous comprehension cannot be used within {where}", node)
                todo.append(node.generators[0].iter)  # type: ignore[union-attr]
                todo += _walrus_in_comprehension(node)
            else:
                todo.extend(ast.iter_child_nodes(node))

    def refuse(self, message: str, node: ast.AST) -> NoReturn:
        import linecache

        line: int = node.lineno  # type: ignore[attr-defined]
        end: int = node.end_col_offset  # type: ignore[attr-defined]
        text = linecache.getline(self.context.filename, line) or None
        raise SyntaxError(
            message, (self.context.filename, line, node.col_offset + 1, text, node.end_lineno, end + 1)  # type: ignore[attr-defined]
        )


def _take_namespace(node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Let an annotate function, made by an earlier feature, find the class namespace now that a scope is in between."""
    for place in (node.returns, *node.decorator_list):
        for each in ast.walk(place) if place is not None else ():
            for index, argument in enumerate(each.args if isinstance(each, ast.Call) else ()):
                if isinstance(argument, ast.Call) and isinstance(argument.func, ast.Attribute):
                    if argument.func.attr == "namespace" and isinstance(argument.func.value, ast.Name):
                        if argument.func.value.id == build.RUNTIME:
                            each.args[index] = at(load(build.CLASS_NAMESPACE), argument)  # type: ignore[attr-defined]


def _walrus_in_comprehension(node: ast.AST) -> list[ast.AST]:
    """``:=`` in a comprehension binds in the scope around it, so it is refused there too."""
    return [each for each in ast.walk(node) if isinstance(each, ast.NamedExpr)]


def _names(type_params: list[ast.AST]) -> list[str]:
    return [each.name for each in type_params]  # type: ignore[attr-defined]


def _first(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
    """Return what a definition starts with: CPython counts its lines from the first decorator."""
    return node.decorator_list[0] if node.decorator_list else node


def _bound_names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Return the names that a function binds itself, its parameters included."""
    parameters = {each.arg for each in ast.iter_child_nodes(node.args) if isinstance(each, ast.arg)}
    return frozenset(parameters | build.names_of(node.body)[0])
