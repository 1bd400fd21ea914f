"""Deferred annotations: evaluated when somebody asks (PEP 649, PEP 749), on hosts that evaluate where they stand.

    def f(a: Later) -> int: ...     ->   def f(a) -> (lambda .format, /: {'a': Later, 'return': int}): ...

    class C:                        ->   class C:
        a: Later = 1                         a = 1
                                             __annotations__, __annotate_func__ = __morrow__.class_annotations(
                                                 lambda .format, /: {'a': Later}, (('a', 'Later'),))

The annotate function of a function travels as its return annotation, because that is the place from which it sees what
3.14's sees: the enclosing scopes and the function's type parameters, wherever those come from. Its parameter is spelled
``.format f.__annotate__``, which tells `codenames` what to call it, and no name of the program can clash with it. The
first thing such a function does is to refuse a format above 2, in 3.14's way. Where it needs no cells, which is nearly
everywhere, `annotate_constants` lets its code alone travel, so that nothing is made when the function is defined.

A name that the class body binds is looked up in the class first (PEP 649). The annotate function then gets the class's
namespace from the place it stands at, under the name that CPython uses for it as well:

    (lambda __classdict__, /: lambda .format, /: {'a': __classdict__['T'] if 'T' in __classdict__ else T})(namespace())

Limits: names that a class body gets at run time only are looked up in the class if the body mentions exec, locals or
vars or has a metaclass of its own, otherwise not. And the namespace is that of the class body: a class attribute that is
set after the class statement is not seen by annotations of methods, as it is in 3.14.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator

from morrow.host import HERE
from morrow.language.features import Context, build, may_be_annotated
from morrow.language.features.build import LOAD, STORE, at, call, load, mangle, parameters, runtime
from morrow.language.tree import children, walk

_CONDITIONAL = "__conditional_annotations__"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

_CLASS_TARGETS = ("__annotations__", "__annotate_func__")
_Item = tuple[str, ast.expr, "int | None"]
# An annotation follows a colon, or an arrow. So do other things, but few files have no colon before a word.


def wanted(source: str | bytes | ast.AST, context: Context) -> bool:
    """True when the text may hold annotations and the host would evaluate them at once."""
    if HERE is None or HERE.defers_annotations or not context.deferred or context.mode == "eval":
        return False
    return isinstance(source, ast.AST) or may_be_annotated(source)


def lower(tree: ast.AST, context: Context) -> ast.AST:
    """Rewrite all annotations, unless ``from __future__ import annotations`` makes them text.

    Raises:
        SyntaxError: what 3.14 forbids in an annotation (Python/symtable.c: symtable_raise_if_annotation_block).
    """
    if not isinstance(tree, (ast.Module, ast.Interactive)) or context.has_future_annotations(tree):
        return tree
    scope = _Scope("module", context)
    tree.body = scope.rewrite(tree.body, in_block=False)
    if scope.items:
        start = _after_docstring_and_future(tree.body)
        reference = tree.body[0]
        tree.body[start:start] = [_new_set(reference), *scope.module_annotations(reference)]
    return tree


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
        self, kind: str, context: Context, private: str = "", around: frozenset[str] | build.LazyNames = frozenset(), node: ast.ClassDef | None = None
    ) -> None:
        self.kind, self.context, self.private, self.around = kind, context, private, around
        self.items: list[_Item] = []
        self.bound: frozenset[str] = frozenset()
        self.declared: dict[str, str] = {}
        self.looks_up_everything = False
        self.numbers = 0
        self.class_names: build.ClassNames | None = None
        if node is not None:
            self.bound, self.declared, dynamic = _bound_in_class(node)
            self.class_names = build.ClassNames(node, around)
            self.looks_up_everything = dynamic or any(keyword.arg in (None, "metaclass") for keyword in node.keywords)

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
                    first = ast.Subscript(ast.Tuple([annotation], LOAD), ast.Constant(0), LOAD)
                    annotation = at(first, annotation)
                pairs.append((mangle(argument.arg, self.private or None), annotation, None))
                argument.annotation = None
        if node.returns is not None:
            self._check(node.returns)
            pairs.append(("return", node.returns, None))
        around = build.LazyNames(self.around, functools.partial(_bound_in_function, node, arguments))
        inner = _Scope("function", self.context, self.private, around)
        node.body = inner.rewrite(node.body, in_block=False)
        if not pairs:
            return
        names = self._class_names(pairs)
        for parameter in getattr(node, "type_params", ()):
            names.discard(parameter.name)
        annotate = annotate_function(_in_class(pairs, names, self.private, self.class_names), f"{node.name}.")
        if names and not getattr(node, "type_params", None):
            # Type parameters have a scope of their own, where the namespace of the class is at hand.
            annotate = _with_namespace(annotate)
        node.returns = at(annotate, node)
        self.context.renames = True

    def _class(self, node: ast.ClassDef) -> None:
        parameters = frozenset(parameter.name for parameter in getattr(node, "type_params", ()))
        scope = _Scope("class", self.context, node.name, self.around | parameters, node)
        node.body = scope.rewrite(node.body, in_block=False) or [at(ast.Pass(), node)]
        if not scope.items:
            if "__annotate__" in scope.bound and "__annotations__" not in scope.bound:
                made = call(runtime("class_annotations"), load("__annotate__"), ast.Constant(()))
                targets = ast.Tuple([ast.Name(name, STORE) for name in _CLASS_TARGETS], STORE)
                node.body.append(at(ast.Assign([targets], made), node))
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
            node.annotation = at(ast.Constant(None), node.annotation)
            return [node]
        out: list[ast.stmt] = []
        if node.value is not None:
            out.append(ast.copy_location(ast.Assign([target], node.value), node))
        if isinstance(target, ast.Name) and node.simple:
            name = target.id
            if name in self.declared:
                raise self._refusal(f"annotated name '{name}' can't be {self.declared[name]}", node)
            number = None
            if in_block or self.kind == "module":
                number, self.numbers = self.numbers, self.numbers + 1
                note = call(runtime("note"), load(_CONDITIONAL), ast.Constant(number))
                out.append(at(ast.Expr(note), node))
            self.items.append((mangle(name, self.private or None), node.annotation, number))
            if node.value is None and name in self.around:
                # Annotated, so local to the class, though nothing is bound: `if 0:` leaves no code behind.
                local = ast.If(ast.Constant(0), [ast.Assign([target], ast.Constant(None))], [])
                out.append(at(local, node))
        elif node.value is None and not isinstance(target, ast.Name):
            parts: list[ast.expr] = [target.value]
            if isinstance(target, ast.Subscript):
                parts += _slice_parts(target.slice)
            out += [ast.copy_location(ast.Expr(part), node) for part in parts]
        return out or [at(ast.Pass(), node)]

    # -- annotate functions --------------------------------------------------------------------------------------------

    def module_annotations(self, reference: ast.AST) -> list[ast.stmt]:
        self.context.renames = True
        annotate = call(runtime("module_annotate"), annotate_function(self.items, ""))
        return [at(ast.Assign([ast.Name("__annotate__", STORE)], annotate), reference)]

    def class_annotations(self, node: ast.ClassDef) -> list[ast.stmt]:
        self.context.renames = True
        strings = tuple((key, _source(annotation)) for key, annotation, _ in self.items)
        names = self._class_names(self.items)
        annotate = annotate_function(_in_class(self.items, names, self.private, self.class_names), "")
        if "__annotate__" in self.bound:
            annotate = load("__annotate__")  # written by hand: 3.14 asks this one
        conditional = any(number is not None for _, _, number in self.items)
        if (names or conditional) and isinstance(annotate, ast.Lambda):
            annotate = _with_namespace(annotate, conditional)
        made = call(runtime("class_annotations"), annotate, ast.Constant(strings))
        # What the body binds itself stays: `__annotations__ = {...}`, `def __annotate__(format)`.
        wanted = {name: index for index, name in enumerate(_CLASS_TARGETS) if name not in self.bound}
        out: list[ast.stmt] = []
        if len(wanted) == 2:
            out.append(ast.Assign([ast.Tuple([ast.Name(name, STORE) for name in wanted], STORE)], made))
        elif wanted:
            ((name, index),) = wanted.items()
            out.append(ast.Assign([ast.Name(name, STORE)], ast.Subscript(made, ast.Constant(index), LOAD)))
        if conditional:
            out.append(ast.Delete([ast.Name(_CONDITIONAL, ast.Del())]))
        return [at(statement, node) for statement in out]

    def _class_names(self, pairs: Iterable[_Item]) -> set[str]:
        """Return the names in annotations that have to be looked up in this class."""
        if self.kind != "class":
            return set()
        used = {node.id for _, annotation, _ in pairs for node in walk(annotation) if isinstance(node, ast.Name)}
        wanted = used & self.bound
        if self.looks_up_everything:
            wanted |= used - self.around - self.declared.keys()
        return wanted - {build.RUNTIME}

    def _check(self, annotation: ast.expr) -> None:
        """Refuse what 3.14 refuses in an annotation, in the order it stands.

        Raises:
            SyntaxError: with the words of CPython 3.14's Python/symtable.c.
        """
        if _is_plain(annotation):
            return
        for node in _own_expressions(annotation):
            if isinstance(node, (ast.Yield, ast.YieldFrom)):
                raise self._refusal("yield expression cannot be used within an annotation", node)
            if isinstance(node, ast.Await):
                raise self._refusal("await expression cannot be used within an annotation", node)
            if isinstance(node, ast.NamedExpr):
                raise self._refusal("named expression cannot be used within an annotation", node)
            if isinstance(node, _COMPREHENSIONS[:3]) and _is_asynchronous(node):
                raise self._refusal("asynchronous comprehension outside of an asynchronous function", node)

    def _refusal(self, message: str, node: ast.expr | ast.stmt) -> SyntaxError:
        # As the host does for errors found after parsing: the line is shown if it can be read from a file.
        import linecache

        line = linecache.getline(self.context.filename, node.lineno) or None
        end = (node.end_col_offset or 0) + 1
        return SyntaxError(message, (self.context.filename, node.lineno, node.col_offset + 1, line, node.end_lineno, end))


def annotate_function(pairs: list[_Item], name: str) -> ast.expr:
    """Return the annotate function as an expression: each annotation in its order, the conditional ones if noted."""
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    for key, annotation, number in pairs:
        if number is None:
            keys.append(ast.Constant(key))
            values.append(annotation)
            continue
        is_noted = ast.Compare(ast.Constant(number), [ast.In()], [load(_CONDITIONAL)])
        keys.append(None)
        values.append(ast.IfExp(is_noted, ast.Dict([ast.Constant(key)], [annotation]), ast.Dict([], [])))
    argument = f".format {name}__annotate__"
    too_high = ast.Compare(load(argument), [ast.Gt()], [ast.Constant(2)])
    body = ast.IfExp(too_high, call(runtime("not_supported")), ast.Dict(keys, values))
    return ast.Lambda(parameters(argument), body)


def _with_namespace(annotate: ast.expr, conditional: bool = False) -> ast.expr:
    names = [build.CLASS_NAMESPACE, _CONDITIONAL] if conditional else [build.CLASS_NAMESPACE]
    values: list[ast.expr] = [call(runtime("namespace")), load(_CONDITIONAL)]
    return call(ast.Lambda(parameters(*names), annotate), *values[: len(names)])


def _in_class(pairs: list[_Item], names: set[str], private: str, around: build.ClassNames | None) -> list[_Item]:
    """Let *names* be looked up in the class's namespace first."""
    if not names:
        return pairs
    see = _InClass(names, private, around)
    return [(key, see.visit(annotation), number) for key, annotation, number in pairs]


class _InClass(build.ClassScope):
    """Look up only some names in the class: the others cannot be there."""

    def __init__(self, names: set[str], private: str, around: build.ClassNames | None) -> None:
        super().__init__((), private or None, around)
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return super().visit_Name(node) if node.id in self.names else node


def _new_set(reference: ast.AST) -> ast.stmt:
    empty = ast.Set([ast.Starred(ast.Tuple([], LOAD), LOAD)])
    return at(ast.Assign([ast.Name(_CONDITIONAL, STORE)], empty), reference)


# -- looking at a tree -------------------------------------------------------------------------------------------------


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the bodies of a compound statement that belong to the scope it stands in, in the order they are compiled."""
    parts = (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ()))
    blocks = [getattr(statement, "body", None), getattr(statement, "orelse", None)]
    blocks += [part.body for part in parts]
    blocks.append(getattr(statement, "finalbody", None))
    for block in blocks:
        if isinstance(block, list) and block:
            yield block


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
            waiting += [child.target for child in walk(node) if isinstance(child, ast.NamedExpr)]
        elif not isinstance(node, ast.Lambda):
            waiting += children(node)


def _own_expressions(annotation: ast.expr) -> Iterator[ast.AST]:
    """Yield the parts of an annotation, in order, that are evaluated in its own scope."""
    yield annotation
    if isinstance(annotation, ast.Lambda):
        return
    if isinstance(annotation, _COMPREHENSIONS):
        yield from _own_expressions(annotation.generators[0].iter)
        return
    for child in children(annotation):
        yield from _own_expressions(child)  # type: ignore[arg-type]


def _is_plain(annotation: ast.expr) -> bool:
    """Return whether an annotation is made of names, attributes, subscripts and ``|`` only, as nearly all are."""
    kind = type(annotation)
    if kind is ast.Name or kind is ast.Constant:
        return True
    if kind is ast.Subscript:
        return _is_plain(annotation.value) and _is_plain(annotation.slice)  # type: ignore[attr-defined]
    if kind is ast.Attribute:
        return _is_plain(annotation.value)  # type: ignore[attr-defined]
    if kind is ast.BinOp:
        return _is_plain(annotation.left) and _is_plain(annotation.right)  # type: ignore[attr-defined]
    if kind is ast.Tuple or kind is ast.List:
        return all(map(_is_plain, annotation.elts))  # type: ignore[attr-defined]
    return False


def _is_asynchronous(comprehension: ast.ListComp | ast.SetComp | ast.DictComp) -> bool:
    if any(generator.is_async for generator in comprehension.generators):
        return True
    first = comprehension.generators[0]
    waiting = [node for node in children(comprehension) if node is not first]
    waiting += [first.target, *first.ifs]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Await):
            return True
        if not isinstance(node, ast.Lambda):
            waiting += children(node)
    return False


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


def _source(annotation: ast.expr) -> str:
    """Return an annotation as PEP 563 would store it; what the host cannot write as text stands as ``...``."""
    try:
        return ast.unparse(annotation)
    except (AttributeError, RecursionError, ValueError):
        return "..."  # a node of newer grammar: only readers that go round Python see this text
