"""Template strings (PEP 750).

    t"hello {name!r:>{width}}"    ->    __morrow__.Template('hello ', __morrow__.Interpolation(name, 'name', 'r', f'>{width}'))
"""

from __future__ import annotations

import ast

from morrow.host import HERE
from morrow.language import tree as nodes
from morrow.language.features import _TEMPLATE, Context, may_hold
from morrow.language.features.build import at, call, runtime


def wanted(source: str | bytes | ast.AST, context: Context) -> bool:
    """True when the text may hold a template string and the host has none."""
    if HERE is None or HERE.parses_template_strings:
        return False
    if isinstance(source, ast.AST):
        return any(isinstance(node, nodes.TemplateStr) for node in ast.walk(source))
    return may_hold(_TEMPLATE, source)


def lower(tree: ast.AST, context: Context) -> ast.AST:
    """Replace every template string by a call that makes its value."""
    return _Lowering().visit(tree)  # type: ignore[no-any-return]


class _Lowering(ast.NodeTransformer):
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


