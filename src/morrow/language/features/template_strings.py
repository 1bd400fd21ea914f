"""Template strings (PEP 750).

    t"hello {name!r:>{width}}"    ->    __morrow__.Template('hello ', __morrow__.Interpolation(name, 'name', 'r', f'>{width}'))
"""

from __future__ import annotations

import ast

from morrow.host import HERE
from morrow.language import tree as nodes
from morrow.language.features import _TEMPLATE, Context, may_hold
from morrow.language.features.build import at, call, runtime

_TYPE = "string.templatelib.Template"


def wanted(source: str | bytes | ast.AST, context: Context) -> bool:
    """True when the text may hold a template string and the host has none."""
    if HERE is None or HERE.parses_template_strings:
        return False
    if isinstance(source, ast.AST):
        return any(isinstance(node, nodes.TemplateStr) for node in ast.walk(source))
    return context.rewritten and may_hold(_TEMPLATE, source)  # before that: the host refuses the text first


def lower(tree: ast.AST, context: Context) -> ast.AST:
    """Replace every template string by a call that makes its value."""
    return _Lowering(context.filename).visit(tree)  # type: ignore[no-any-return]


class _Lowering(ast.NodeTransformer):
    def __init__(self, filename: str) -> None:
        self.filename = filename

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, nodes.TemplateStr):
            self.warn(f"'{_TYPE}' object is not callable", node)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, nodes.TemplateStr):
            self.warn(f"'{_TYPE}' object is not subscriptable", node)
        elif isinstance(node.slice, nodes.TemplateStr) and (kind := _sequence(node.value)):
            self.warn(f"{kind} indices must be integers or slices, not {_TYPE}", node)
        return self.generic_visit(node)  # type: ignore[return-value]

    def warn(self, message: str, node: ast.expr) -> None:
        """Warn as CPython's compiler does of what cannot work (Python/codegen.c: check_caller, check_subscripter)."""
        import warnings

        # A warning turned into an error is a SyntaxError at that place.
        try:
            warnings.warn_explicit(f"{message}; perhaps you missed a comma?", SyntaxWarning, self.filename, node.lineno)
        except SyntaxWarning as warning:
            position = (self.filename, node.lineno, node.col_offset + 1, None, node.end_lineno, (node.end_col_offset or 0) + 1)
            raise SyntaxError(str(warning), position) from None

    def visit_TemplateStr(self, node: ast.expr) -> ast.expr:
        parts = [self.visit(each) if isinstance(each, nodes.Interpolation) else each for each in node.values]  # type: ignore[attr-defined]
        return at(call(runtime("Template"), *parts), node)

    def visit_Interpolation(self, node: ast.expr) -> ast.expr:
        arguments: list[ast.expr] = [self.visit(node.value), ast.Constant(node.str)]  # type: ignore[attr-defined]
        conversion, spec = node.conversion, node.format_spec  # type: ignore[attr-defined]
        if conversion > 0 or spec is not None:
            arguments.append(ast.Constant(chr(conversion) if conversion > 0 else None))
        if spec is not None:
            arguments.append(self.visit(spec))
        return at(call(runtime("Interpolation"), *arguments), node)


def _sequence(value: ast.expr) -> str | None:
    """Return the name of the type that an expression surely has, if it takes integers as indices."""
    if isinstance(value, ast.Constant) and isinstance(value.value, (str, bytes, tuple)):
        return type(value.value).__name__
    if isinstance(value, ast.JoinedStr):
        return "str"
    if isinstance(value, (ast.List, ast.ListComp)):
        return "list"
    return "tuple" if isinstance(value, ast.Tuple) else None
