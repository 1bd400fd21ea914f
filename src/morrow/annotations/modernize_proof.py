"""What `modernize` may change: every answer is yes, or the reason why not in the user's words."""

from __future__ import annotations

import ast
import builtins
import importlib
import sys
from collections.abc import Iterator

from morrow.annotations.modernize_project import Module, Project

NO_IMPORT = "the guard holds something else than imports"
HAS_ELSE = "the guard has an else branch"
STAR = "`import *` may bind anything"
NOT_THERE = "{module} has no {name!r} when the program runs"
NOT_KNOWN = "{module} cannot be imported here to see whether it has {name!r}: {error}"
FOREIGN = "nothing in the project imports {name!r} when it is imported: it may not be installed"
REBOUND = "{name!r} is bound at line {line} too"
CYCLE = "a plain import would close the cycle {chain}"
EAGER_CYCLE = "a plain import would close the cycle {chain}, and {name!r} is used while the module is imported"
UNKNOWN_NAME = "the annotation uses {name!r}, which is not bound when the program runs"
UNSURE_NAME = "the annotation uses {name!r}, which is bound at line {line} only if something is so"
SHADOWED = "in the class body {name!r} means something else (line {line})"
NOT_PLAIN = "the text is not written as one plain string"
NOT_A_HINT = "text in {base}[...] may mean something else than a hint"
NOT_AN_EXPRESSION = "the text is not an expression that a hint may be"
HAS_COMMENT = "there is a comment in the text"
NOT_A_MODULE = "without the quotes it would not be Python any more"


def why_not_move(
    node: ast.stmt, module: Module, project: Project, *, accept_late: bool = False
) -> str | None:
    """Return why an import cannot leave its TYPE_CHECKING guard, or None: then the import graph has its edges."""
    if not isinstance(node, (ast.Import, ast.ImportFrom)):
        return NO_IMPORT
    if any(alias.name == "*" for alias in node.names):
        return STAR
    for alias in node.names:
        name = (alias.asname or alias.name).partition(".")[0]
        if lines := module.bound.get(name):
            return REBOUND.format(name=name, line=lines[0])
    targets = project.resolve(module, node)
    for target in targets:
        if target in project.modules:
            continue
        top = target.partition(".")[0]
        if any(name.partition(".")[0] == top for name in project.modules) and top not in project.always:
            continue  # a part of the project that was not given, or a name in one of its packages
        if top not in sys.stdlib_module_names and top not in project.always:
            return FOREIGN.format(name=top)
    if isinstance(node, ast.ImportFrom) and (missing := _missing_name(node, module, project)):
        return missing
    inside = [target for target in targets if target in project.modules and target != module.name]
    already = project.edges[module.name]
    for target in inside:
        if target in already:
            continue
        chain = project.find_path(target, module.name)
        if chain is not None:
            if accept_late and isinstance(node, ast.ImportFrom):
                used = names_used_at_import(module)
                for alias in node.names:
                    if (alias.asname or alias.name) in used:
                        return EAGER_CYCLE.format(chain=" -> ".join([module.name, *chain]), name=alias.name)
                continue
            return CYCLE.format(chain=" -> ".join([module.name, *chain]))
    already.update(inside)
    return None


def _missing_name(node: ast.ImportFrom, module: Module, project: Project) -> str | None:
    """Return why an import would fail when the program runs: stubs declare more than there is."""
    source = (project.resolve(module, ast.ImportFrom(node.module, [], node.level)) or [""])[-1]
    for alias in node.names:
        if f"{source}.{alias.name}" in project.modules:
            continue
        if (target := project.modules.get(source)) is not None:
            if alias.name not in target.sure and "__getattr__" not in target.sure and "*" not in target.bound:
                return NOT_THERE.format(module=source, name=alias.name)
            continue
        if any(name.partition(".")[0] == source.partition(".")[0] for name in project.modules):
            return NOT_KNOWN.format(module=source, name=alias.name, error="it was not given")
        try:
            found = importlib.import_module(source)
            if not hasattr(found, alias.name):
                importlib.import_module(f"{source}.{alias.name}")
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and source in sys.modules:
                return NOT_THERE.format(module=source, name=alias.name)
            return NOT_KNOWN.format(module=source, name=alias.name, error=error)
    return None


def origin_of(expression: ast.expr, module: Module) -> str | None:
    """Return what an expression such as ``t.Literal`` was imported as, ``typing.Literal``; None if it was not imported."""
    if isinstance(expression, ast.Attribute):
        before = origin_of(expression.value, module)
        return f"{before}.{expression.attr}" if before else None
    if not isinstance(expression, ast.Name):
        return None
    for statement in ast.walk(module.tree):
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias in statement.names:
                if isinstance(statement, ast.ImportFrom):
                    if (alias.asname or alias.name) == expression.id:
                        return f"{statement.module}.{alias.name}"
                elif (alias.asname or alias.name.partition(".")[0]) == expression.id:
                    return alias.name if alias.asname else expression.id
    return None


_GENERIC_MODULES = ("typing", "typing_extensions", "collections", "collections.abc", "contextlib", "builtins")
_GENERIC_BUILTINS = frozenset("list dict tuple set frozenset type".split())
_TEXT_IS_TEXT = ("Literal", "Annotated")


def holds_hints(base: ast.expr, module: Module) -> bool | None:
    """Return whether text between the brackets of *base* is a hint; None for Annotated, where the first item is."""
    if isinstance(base, ast.Name) and base.id in _GENERIC_BUILTINS and base.id not in module.bound:
        return True
    where, _, name = (origin_of(base, module) or "").rpartition(".")
    if name in _TEXT_IS_TEXT:
        return None if name == "Annotated" else False
    return where in _GENERIC_MODULES


def names_used_at_import(module: Module) -> set[str]:
    """Return the names that are loaded while the module is imported: not those in function bodies and annotations."""
    used: set[str] = set()
    waiting: list[ast.AST] = list(module.tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.Lambda):
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.AnnAssign):
            waiting += [node.target, *([node.value] if node.value else [])]
        elif type(node).__name__ != "TypeAlias":
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.add(node.id)
            waiting += ast.iter_child_nodes(node)
    return used


class Annotation:
    """One annotation and the scopes it stands in.

    Attributes:
        node: the expression.
        classes: the class body it stands in directly, or None.
        names: names bound by enclosing functions and type parameters.
    """

    __slots__ = ("node", "class_", "names")

    def __init__(self, node: ast.expr, class_: ast.ClassDef | None, names: frozenset[str]) -> None:
        self.node, self.class_, self.names = node, class_, names


def annotations_of(tree: ast.Module) -> Iterator[Annotation]:
    """Yield every annotation that is kept at run time, in the order of the file. Those of local variables are not."""
    yield from _annotations(tree.body, None, frozenset(), False)


def why_not_evaluate(expression: ast.expr, annotation: Annotation, module: Module) -> tuple[int, str] | None:
    """Return why an annotation cannot be evaluated when the program runs as the text was, or None."""
    in_class = _bound_in(annotation.class_) if annotation.class_ is not None else {}
    for node in ast.walk(expression):
        if not isinstance(node, ast.Name):
            continue
        name = node.id
        if name in in_class and in_class[name] != "nested class" and name not in annotation.names:
            if name in module.bound or name in module.guarded or hasattr(builtins, name):
                line = annotation.class_.lineno if annotation.class_ is not None else 0
                return line, SHADOWED.format(name=name, line=in_class[name])
            continue
        known = name in module.sure or name in annotation.names or name in in_class or hasattr(builtins, name)
        if name in module.guarded or not known:
            if name not in module.guarded and name in module.bound:
                return node.lineno, UNSURE_NAME.format(name=name, line=module.bound[name][0])
            return node.lineno, UNKNOWN_NAME.format(name=name)
    return None


def _annotations(
    body: list[ast.stmt], class_: ast.ClassDef | None, names: frozenset[str], local: bool
) -> Iterator[Annotation]:
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inner = names | _type_parameters(statement)
            arguments = statement.args
            every = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
            for argument in every:
                if argument is not None and argument.annotation is not None:
                    yield Annotation(argument.annotation, class_, inner)
            if statement.returns is not None:
                yield Annotation(statement.returns, class_, inner)
            bound = {argument.arg for argument in every if argument is not None} | set(_stored(statement.body))
            yield from _annotations(statement.body, None, inner | bound, True)
        elif isinstance(statement, ast.ClassDef):
            yield from _annotations(statement.body, statement, names | _type_parameters(statement), False)
        elif isinstance(statement, ast.AnnAssign):
            if not local and isinstance(statement.target, ast.Name):
                yield Annotation(statement.annotation, class_, names)
        else:
            for field in ("body", "orelse", "finalbody"):
                yield from _annotations(getattr(statement, field, []), class_, names, local)
            for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                yield from _annotations(part.body, class_, names, local)


def _type_parameters(node: ast.AST) -> frozenset[str]:
    return frozenset(parameter.name for parameter in getattr(node, "type_params", ()))


def _stored(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield node.name
            elif isinstance(node, ast.alias):
                yield (node.asname or node.name).partition(".")[0]


def _bound_in(class_: ast.ClassDef) -> dict[str, int | str]:
    """Return the names that a class body binds, with the line; a class defined in it means itself."""
    bound: dict[str, int | str] = {}
    for statement in class_.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            bound[statement.name] = statement.lineno
        elif isinstance(statement, ast.ClassDef):
            bound[statement.name] = "nested class"
        else:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    bound[node.id] = node.lineno
                elif isinstance(node, ast.alias):
                    bound[(node.asname or node.name).partition(".")[0]] = statement.lineno
    # `x: int` without a value binds nothing that could hide a name.
    for statement in class_.body:
        if isinstance(statement, ast.AnnAssign) and statement.value is None and isinstance(statement.target, ast.Name):
            if bound.get(statement.target.id) == statement.target.lineno:
                del bound[statement.target.id]
    return bound
