"""Deferred annotations: evaluated when somebody asks (PEP 649, PEP 749), on hosts that evaluate where they stand.

    def f(a: Later) -> int: ...     ->   @__morrow__.defer
                                         def f(a) -> (lambda .format, /: {'a': Later, 'return': int}): ...

    class C:                        ->   class C:
        a: Later = 1                         a = 1
                                             __annotations__, __annotate__ = __morrow__.class_annotations(
                                                 lambda .format, /: {'a': Later}, (('a', 'Later'),))

The annotate function of a function travels as its return annotation, because that is the place from which it sees what
3.14's sees: the enclosing scopes and the function's type parameters, wherever those come from. `name_annotate_functions`
then gives the lambdas the names and argument names they have in 3.14. The first thing such a function does is to refuse
a format above 2, in 3.14's way; a name of the program cannot clash with ``.format``.

A name that the class body binds is looked up in the class first (PEP 649). The annotate function then gets the class's
namespace from the place it stands at, under the name that CPython uses for it as well:

    (lambda __classdict__, /: lambda .format, /: {'a': __classdict__['T'] if 'T' in __classdict__ else T})(namespace())

Limits: names that a class body gets at run time only are looked up in the class if the body mentions exec, locals or
vars or has a metaclass of its own, otherwise not.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Iterable, Iterator

FORMAT = ".format"
"""Begins the argument name of an annotate function: ``.format.f`` in the one of ``f``, ``.format.`` in a class or module."""

_RUNTIME = "__morrow__"
_NAMESPACE = ".classdict"
_CONDITIONAL = "__conditional_annotations__"
_LOAD, _STORE = ast.Load(), ast.Store()
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

_CLASS_TARGETS = ("__annotations__", "__annotate__")
_Item = tuple[str, ast.expr, "int | None"]
Refuse = Callable[[str, ast.AST], SyntaxError]
"""Makes the error for a message and the node it is about."""


def defer_annotations(tree: ast.AST, refuse: Refuse) -> None:
    """Rewrite all annotations below *tree*, in place.

    Args:
        tree: a Module, Interactive or other root; without ``from __future__ import annotations``.
        refuse: how to report what 3.14 forbids in annotations.

    Raises:
        SyntaxError: made by *refuse*.
    """
    if not isinstance(tree, (ast.Module, ast.Interactive)):
        return  # an expression has no annotations
    scope = _Scope("module", refuse)
    tree.body = scope.rewrite(tree.body, in_block=False)
    if scope.items:
        start = _after_docstring_and_future(tree.body)
        reference = tree.body[0]
        tree.body[start:start] = [_new_set(reference), *scope.module_annotations(reference)]


def name_annotate_functions(code: types.CodeType) -> types.CodeType:
    """Return *code* with its annotate functions named as in 3.14: ``f.__annotate__(format)``."""
    return _named(code, "")


class _Scope:
    """One module, class body or function body, and what was annotated directly in it.

    Attributes:
        kind: module, class or function.
        private: name of the innermost class around, for the mangling of ``__name``; empty outside classes.
        around: names bound by the functions around.
        bound: in a class, the names its body binds.
        items: (key, annotation, number) of each annotated name; the number is None where it is always annotated.
    """

    def __init__(
        self, kind: str, refuse: Refuse, private: str = "", around: frozenset[str] = frozenset(), node: ast.ClassDef | None = None
    ) -> None:
        self.kind, self.refuse, self.private, self.around = kind, refuse, private, around
        self.items: list[_Item] = []
        self.bound: frozenset[str] = frozenset()
        self.declared: dict[str, str] = {}
        self.looks_up_everything = False
        self.numbers = 0
        if node is not None:
            self.bound, self.declared, dynamic = _bound_in_class(node)
            self.looks_up_everything = dynamic or bool(node.keywords)

    # -- statements ----------------------------------------------------------------------------------------------------

    def rewrite(self, body: list[ast.stmt], in_block: bool) -> list[ast.stmt]:
        """Return the statements of a body with every annotation below them rewritten."""
        out: list[ast.stmt] = []
        for statement in body:
            if isinstance(statement, _FUNCTIONS):
                self._function(statement)
            elif isinstance(statement, ast.ClassDef):
                self._class(statement)
            elif isinstance(statement, ast.AnnAssign):
                out += self._annotated(statement, in_block)
                continue
            else:
                for block in _blocks(statement):
                    block[:] = self.rewrite(block, in_block=True)
            out.append(statement)
        return out

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        pairs: list[_Item] = []
        arguments = _arguments(node.args)
        for argument in arguments:
            if (annotation := argument.annotation) is not None:
                self._check(annotation)
                if isinstance(annotation, ast.Starred):  # `*args: *Ts` is the one item of `*Ts`
                    first = ast.Subscript(ast.Tuple([annotation], _LOAD), ast.Constant(0), _LOAD)
                    annotation = _at(first, annotation)
                pairs.append((_mangled(argument.arg, self.private), annotation, None))
                argument.annotation = None
        if node.returns is not None:
            self._check(node.returns)
            pairs.append(("return", node.returns, None))
        inner = _Scope("function", self.refuse, self.private, self.around | _bound_in_function(node, arguments))
        node.body = inner.rewrite(node.body, in_block=False)
        if not pairs:
            return
        names = self._class_names(pairs)
        for parameter in getattr(node, "type_params", ()):
            names.discard(parameter.name)
        annotate = _annotate(_in_class(pairs, names, self.private), node.name)
        decorators = node.decorator_list
        if getattr(node, "type_params", None):
            # Type parameters have a scope of their own, where the namespace of the class is at hand.
            decorators = node.inner_decorators = []  # type: ignore[union-attr]
        elif names:
            annotate = _with_namespace(annotate)
        node.returns = _at(annotate, node)
        decorators.append(_at(_runtime("defer"), node))

    def _class(self, node: ast.ClassDef) -> None:
        parameters = frozenset(parameter.name for parameter in getattr(node, "type_params", ()))
        scope = _Scope("class", self.refuse, node.name, self.around | parameters, node)
        node.body = scope.rewrite(node.body, in_block=False) or [_at(ast.Pass(), node)]
        if not scope.items:
            if "__annotate__" in scope.bound and "__annotations__" not in scope.bound:
                lazy = _call(_runtime("class_annotations"), ast.Name("__annotate__", _LOAD), ast.Constant(()))
                first = ast.Subscript(lazy, ast.Constant(0), _LOAD)
                node.body.append(_at(ast.Assign([ast.Name("__annotations__", _STORE)], first), node))
            return
        if any(number is not None for _, _, number in scope.items):
            node.body.insert(_after_docstring_and_future(node.body), _new_set(node))
        node.body += scope.class_annotations(node)

    def _annotated(self, node: ast.AnnAssign, in_block: bool) -> list[ast.stmt]:
        """Return what is left of ``target: annotation = value`` where it stands."""
        self._check(node.annotation)
        target = node.target
        if self.kind == "function":
            # Never evaluated, in any Python; but the host would let its names reach into enclosing scopes.
            node.annotation = _at(ast.Constant(None), node.annotation)
            return [node]
        out: list[ast.stmt] = []
        if node.value is not None:
            out.append(ast.copy_location(ast.Assign([target], node.value), node))
        if isinstance(target, ast.Name) and node.simple:
            name = target.id
            if name in self.declared:
                raise self.refuse(f"annotated name '{name}' can't be {self.declared[name]}", node)
            number = None
            if in_block or self.kind == "module":
                number, self.numbers = self.numbers, self.numbers + 1
                note = _call(_runtime("note"), ast.Name(_CONDITIONAL, _LOAD), ast.Constant(number))
                out.append(_at(ast.Expr(note), node))
            self.items.append((_mangled(name, self.private), node.annotation, number))
            if node.value is None and name in self.around:
                # Annotated, so local to the class, though nothing is bound: `if 0:` leaves no code behind.
                local = ast.If(ast.Constant(0), [ast.Assign([target], ast.Constant(None))], [])
                out.append(_at(local, node))
        elif node.value is None and not isinstance(target, ast.Name):
            parts: list[ast.expr] = [target.value]
            if isinstance(target, ast.Subscript):
                parts += _slice_parts(target.slice)
            out += [ast.copy_location(ast.Expr(part), node) for part in parts]
        return out or [_at(ast.Pass(), node)]

    # -- annotate functions --------------------------------------------------------------------------------------------

    def module_annotations(self, reference: ast.AST) -> list[ast.stmt]:
        annotate = ast.Assign([ast.Name("__annotate__", _STORE)], _annotate(self.items, ""))
        lazy = _call(_runtime("module_annotations"), ast.Name("__annotate__", _LOAD))
        annotations = ast.Assign([ast.Name("__annotations__", _STORE)], lazy)
        return [_at(annotate, reference), _at(annotations, reference)]

    def class_annotations(self, node: ast.ClassDef) -> list[ast.stmt]:
        strings = tuple((key, _source(annotation)) for key, annotation, _ in self.items)
        names = self._class_names(self.items)
        annotate = _annotate(_in_class(self.items, names, self.private), "")
        if "__annotate__" in self.bound:
            annotate = ast.Name("__annotate__", _LOAD)  # written by hand: 3.14 asks this one
        conditional = any(number is not None for _, _, number in self.items)
        if (names or conditional) and isinstance(annotate, ast.Lambda):
            annotate = _with_namespace(annotate, conditional)
        made = _call(_runtime("class_annotations"), annotate, ast.Constant(strings))
        # What the body binds itself stays: `__annotations__ = {...}`, `def __annotate__(format)`.
        wanted = {name: index for index, name in enumerate(_CLASS_TARGETS) if name not in self.bound}
        out: list[ast.stmt] = []
        if len(wanted) == 2:
            out.append(ast.Assign([ast.Tuple([ast.Name(name, _STORE) for name in wanted], _STORE)], made))
        elif wanted:
            ((name, index),) = wanted.items()
            out.append(ast.Assign([ast.Name(name, _STORE)], ast.Subscript(made, ast.Constant(index), _LOAD)))
        if conditional:
            out.append(ast.Delete([ast.Name(_CONDITIONAL, ast.Del())]))
        return [_at(statement, node) for statement in out]

    def _class_names(self, pairs: Iterable[_Item]) -> set[str]:
        """Return the names in annotations that have to be looked up in this class."""
        if self.kind != "class":
            return set()
        used = {node.id for _, annotation, _ in pairs for node in ast.walk(annotation) if isinstance(node, ast.Name)}
        wanted = used & self.bound
        if self.looks_up_everything:
            wanted |= used - self.around - self.declared.keys()
        return wanted - {_RUNTIME}

    def _check(self, annotation: ast.expr) -> None:
        """Refuse what 3.14 refuses in an annotation, in the order it stands.

        The rules and wording are CPython 3.14's Python/symtable.c (symtable_raise_if_annotation_block).
        """
        for node in _own_expressions(annotation):
            if isinstance(node, (ast.Yield, ast.YieldFrom)):
                raise self.refuse("yield expression cannot be used within an annotation", node)
            if isinstance(node, ast.Await):
                raise self.refuse("await expression cannot be used within an annotation", node)
            if isinstance(node, ast.NamedExpr):
                raise self.refuse("named expression cannot be used within an annotation", node)


def _annotate(pairs: list[_Item], name: str) -> ast.expr:
    """Return the annotate function as an expression: each annotation in its order, the conditional ones if noted."""
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    for key, annotation, number in pairs:
        if number is None:
            keys.append(ast.Constant(key))
            values.append(annotation)
            continue
        is_noted = ast.Compare(ast.Constant(number), [ast.In()], [ast.Name(_CONDITIONAL, _LOAD)])
        keys.append(None)
        values.append(ast.IfExp(is_noted, ast.Dict([ast.Constant(key)], [annotation]), ast.Dict([], [])))
    argument = f"{FORMAT}.{name}"
    too_high = ast.Compare(ast.Name(argument, _LOAD), [ast.Gt()], [ast.Constant(2)])
    body = ast.IfExp(too_high, _call(_runtime("not_supported")), ast.Dict(keys, values))
    return ast.Lambda(_parameters([argument]), body)


def _with_namespace(annotate: ast.expr, conditional: bool = False) -> ast.expr:
    names = [_NAMESPACE, _CONDITIONAL] if conditional else [_NAMESPACE]
    values: list[ast.expr] = [_call(_runtime("namespace")), ast.Name(_CONDITIONAL, _LOAD)]
    return _call(ast.Lambda(_parameters(names), annotate), *values[: len(names)])


def _in_class(pairs: list[_Item], names: set[str], private: str) -> list[_Item]:
    """Let *names* be looked up in the class's namespace first."""
    if not names:
        return pairs
    return [(key, _InClass(names, private).visit(annotation), number) for key, annotation, number in pairs]


class _InClass(ast.NodeTransformer):
    """``x`` -> ``(.classdict['x'] if 'x' in .classdict else x)``, not in the scopes of lambdas and comprehensions."""

    def __init__(self, names: set[str], private: str) -> None:
        self.names, self.private = names, private

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names or not isinstance(node.ctx, ast.Load):
            return node
        key = _mangled(node.id, self.private)
        known = ast.Compare(ast.Constant(key), [ast.In()], [ast.Name(_NAMESPACE, _LOAD)])
        found = ast.Subscript(ast.Name(_NAMESPACE, _LOAD), ast.Constant(key), _LOAD)
        return _at(ast.IfExp(known, found, node), node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        arguments = node.args
        arguments.defaults = [self.visit(default) for default in arguments.defaults]
        arguments.kw_defaults = [default and self.visit(default) for default in arguments.kw_defaults]
        return node

    def visit_ListComp(self, node: ast.expr) -> ast.expr:
        first = node.generators[0]  # type: ignore[attr-defined]
        first.iter = self.visit(first.iter)
        return node

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp


def _parameters(names: list[str]) -> ast.arguments:
    return ast.arguments(
        posonlyargs=[ast.arg(name) for name in names], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]
    )


def _runtime(name: str) -> ast.expr:
    return ast.Attribute(ast.Name(_RUNTIME, _LOAD), name, _LOAD)


def _call(function: ast.expr, *arguments: ast.expr) -> ast.Call:
    return ast.Call(function, list(arguments), [])


def _new_set(reference: ast.AST) -> ast.stmt:
    empty = ast.Set([ast.Starred(ast.Tuple([], _LOAD), _LOAD)])
    return _at(ast.Assign([ast.Name(_CONDITIONAL, _STORE)], empty), reference)


def _at(node, reference):
    """Give *node* and what is new below it the position of *reference*, on its first line only."""
    line, column = reference.lineno, reference.col_offset
    for child in ast.walk(node):
        if "lineno" in child._attributes and not hasattr(child, "lineno"):
            child.lineno = child.end_lineno = line
            child.col_offset = child.end_col_offset = column
    return node


# -- looking at a tree -------------------------------------------------------------------------------------------------


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the bodies of a compound statement that belong to the scope it stands in."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if isinstance(block, list) and block:
            yield block
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Return all arguments in the order in which 3.14 lists their annotations."""
    out = [*arguments.posonlyargs, *arguments.args]
    if arguments.vararg is not None:
        out.append(arguments.vararg)
    out += arguments.kwonlyargs
    if arguments.kwarg is not None:
        out.append(arguments.kwarg)
    return out


def _bound_in_class(node: ast.ClassDef) -> tuple[frozenset[str], dict[str, str], bool]:
    """Return the names a class body binds, those it declares global or nonlocal, and whether it may bind others."""
    bound: set[str] = set()
    declared: dict[str, str] = {}
    dynamic = False
    for child in _own_nodes(node.body):
        if isinstance(child, (ast.Global, ast.Nonlocal)):
            declared.update(dict.fromkeys(child.names, type(child).__name__.lower()))
        elif isinstance(child, ast.Name) and child.id in ("exec", "locals", "vars"):
            dynamic = True
        else:
            bound.update(_bound_by(child))
    return frozenset(bound - declared.keys()), declared, dynamic


def _bound_in_function(node: ast.FunctionDef | ast.AsyncFunctionDef, arguments: list[ast.arg]) -> frozenset[str]:
    bound = {argument.arg for argument in arguments}
    bound.update(parameter.name for parameter in getattr(node, "type_params", ()))
    declared: set[str] = set()
    for child in _own_nodes(node.body):
        if isinstance(child, ast.Global):
            declared.update(child.names)
        else:
            bound.update(_bound_by(child))
    return frozenset(bound - declared)


def _bound_by(node: ast.AST) -> Iterator[str]:
    """Yield the names that one node, taken by itself, binds in its scope."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        if node.name:
            yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def _own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a body that belong to its own scope; of nested scopes, the statement that makes them."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting += node.decorator_list
        elif isinstance(node, _COMPREHENSIONS):
            # `:=` in a comprehension binds outside it (PEP 572).
            waiting += [child.target for child in ast.walk(node) if isinstance(child, ast.NamedExpr)]
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _own_expressions(annotation: ast.expr) -> Iterator[ast.AST]:
    """Yield the parts of an annotation, in order, that are evaluated in its own scope."""
    yield annotation
    if isinstance(annotation, ast.Lambda):
        return
    if isinstance(annotation, _COMPREHENSIONS):
        yield from _own_expressions(annotation.generators[0].iter)
        return
    for child in ast.iter_child_nodes(annotation):
        yield from _own_expressions(child)  # type: ignore[arg-type]


def _slice_parts(index: ast.expr) -> list[ast.expr]:
    if isinstance(index, ast.Slice):
        return [part for part in (index.lower, index.upper, index.step) if part is not None]
    if isinstance(index, ast.Tuple) and any(isinstance(item, ast.Slice) for item in index.elts):
        return [part for item in index.elts for part in _slice_parts(item)]
    return [index]


def _after_docstring_and_future(body: list[ast.stmt]) -> int:
    index = 0
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        index = int(isinstance(body[0].value.value, str))
    while index < len(body):
        statement = body[index]
        if not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            break
        index += 1
    return index


def _mangled(name: str, private: str) -> str:
    """Return ``__name`` as the compiler stores it inside the class *private* (reference manual, "Private name mangling")."""
    private = private.lstrip("_")
    if not private or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    return f"_{private}{name}"


def _source(annotation: ast.expr) -> str:
    """Return an annotation as PEP 563 would store it; what the host cannot write as text stands as ``...``."""
    try:
        return ast.unparse(annotation)
    except (AttributeError, RecursionError, ValueError):
        return "..."  # a node of newer grammar: only readers that go round Python see this text


# -- code objects ------------------------------------------------------------------------------------------------------


def _named(code: types.CodeType, owner: str) -> types.CodeType:
    changed: dict[str, object] = {}
    inside = owner
    first = code.co_varnames[0] if code.co_argcount else ""
    if code.co_name == "<lambda>" and first == _NAMESPACE:
        # Only brings the class's namespace in: the annotate function inside belongs to the scope around it.
        changed = {"co_cellvars": _renamed(code.co_cellvars), "co_varnames": _renamed(code.co_varnames)}
    elif code.co_name == "<lambda>" and first.startswith(FORMAT + "."):
        name = code.co_varnames[0][len(FORMAT) + 1 :]
        parts = [owner, name, "__annotate__"]
        inside = ".".join(part for part in parts if part)
        changed = {
            "co_name": "__annotate__",
            "co_qualname": inside,
            "co_varnames": ("format", *code.co_varnames[1:]),
            "co_freevars": _renamed(code.co_freevars),
        }
        inside += ".<locals>"
    elif code.co_name.startswith("<generic parameters of "):
        pass
    elif code.co_name != "<module>" or owner:
        inside = code.co_qualname + (".<locals>" if code.co_flags & 2 else "")  # CO_NEWLOCALS
    constants = tuple(_named(item, inside) if isinstance(item, types.CodeType) else item for item in code.co_consts)
    if any(new is not old for new, old in zip(constants, code.co_consts)):
        changed["co_consts"] = constants
    return code.replace(**changed) if changed else code  # type: ignore[arg-type]


def _renamed(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("__classdict__" if name == _NAMESPACE else name for name in names)
