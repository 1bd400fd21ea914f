"""Let modules import names from each other when neither needs them at once.

    from other import Name              try:
                                            from other import Name
                                  ->    except ImportError:
                                            if not __morrow__.bind_later(globals(), 'other', 0, 1, (('Name', 'Name', 0),)):
                                                raise

The statement stays as it is and works as it does; only when it fails because *other* is itself still being imported,
and *Name* is used in annotations and function bodies only, is it bound later (morrow_runtime.late_imports). An import
that the program itself has put into a ``try`` or ``with`` is left alone: there the error may be what it waits for.
"""

from __future__ import annotations

import ast

from morrow.host import HERE
from morrow.language import tree as nodes
from morrow.language.features import Context
from morrow.language.features.build import at, call, load, runtime


def wanted(source: str | bytes | ast.AST, context: Context) -> bool:
    """True when the text may import names at its top level and the caller has asked for this."""
    if not context.late or context.mode != "exec":
        return False
    if isinstance(source, ast.AST):
        return True
    return (b"import" if isinstance(source, bytes) else "import") in source  # type: ignore[operator]


def lower(tree: ast.AST, context: Context) -> ast.AST:
    """Return the tree with a handler around each import that can wait."""
    if not isinstance(tree, ast.Module) or not any(isinstance(node, ast.ImportFrom) for node in _top(tree.body)):
        return tree
    deferred = context.deferred or (HERE is not None and HERE.defers_annotations) or context.has_future_annotations(tree)
    needed = _Needed(deferred)
    for statement in tree.body:
        needed.visit(statement)
    tree.body = _rewrite(tree.body, needed.lines)
    return tree


def _top(body: list[ast.stmt]):  # type: ignore[no-untyped-def]
    """The statements of a module that run in its own name, outside try and with."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If):
            yield from _top(statement.body)
            yield from _top(statement.orelse)


def _rewrite(body: list[ast.stmt], lines: dict[str, int]) -> list[ast.stmt]:
    made: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.If):
            statement.body, statement.orelse = _rewrite(statement.body, lines), _rewrite(statement.orelse, lines)
        elif isinstance(statement, ast.ImportFrom) and _can_wait(statement):
            made.append(_handler(statement, lines))
            continue
        made.append(statement)
    return made


def _can_wait(statement: ast.ImportFrom) -> bool:
    return statement.module != "__future__" and statement.names[0].name != "*"


def _handler(statement: ast.ImportFrom, lines: dict[str, int]) -> ast.stmt:
    names = tuple((alias.name, alias.asname or alias.name, lines.get(alias.asname or alias.name, 0)) for alias in statement.names)
    arguments = (statement.module or "", statement.level, statement.lineno, names)
    test = call(runtime("bind_later"), call(load("globals")), *(ast.Constant(argument) for argument in arguments))
    again = ast.If(ast.UnaryOp(ast.Not(), test), [ast.Raise()], [])
    handler = ast.ExceptHandler(load("ImportError"), None, [again])
    return at(ast.Try([statement], [handler], [], []), statement)


class _Needed(ast.NodeVisitor):
    """Finds the names that are read while the module itself runs, and where first.

    Not looked into: bodies of functions and lambdas, annotations where they are deferred, the values of type aliases
    and the bounds of type parameters. Class bodies, decorators, defaults and base classes run at once.
    """

    def __init__(self, deferred: bool) -> None:
        self.deferred = deferred
        self.lines: dict[str, int] = {}

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Store):
            self.lines.setdefault(node.id, node.lineno)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
            self.visit(part)
        if not self.deferred:
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            for part in (*(argument.annotation for argument in every if argument is not None), node.returns):
                if part is not None:
                    self.visit(part)

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
            self.visit(part)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords, *node.body):
            self.visit(part)

    def visit_If(self, node: ast.If) -> None:
        # if __name__ == "__main__": does not run in a module that is imported.
        self.visit(node.test)
        for part in (*([] if ast.unparse(node.test) == "__name__ == '__main__'" else node.body), *node.orelse):
            self.visit(part)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if not self.deferred:
            self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)

    def generic_visit(self, node: ast.AST) -> None:
        if not isinstance(node, nodes.TypeAlias):
            super().generic_visit(node)
