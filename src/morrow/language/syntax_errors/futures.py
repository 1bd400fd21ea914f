"""Errors in ``from __future__ import ...``: the first thing 3.14 looks at in a tree."""

from __future__ import annotations

import ast

from morrow.language.syntax_errors.findings import Misplaced

# `__future__.all_feature_names` of 3.14; the host's own list may grow.
_FEATURES = frozenset(
    "nested_scopes generators division absolute_import with_statement print_function unicode_literals barry_as_FLUFL"
    " generator_stop annotations".split()
)


def check_futures(tree: ast.AST) -> None:
    """Raise `Misplaced` for the first feature that is none."""
    if not isinstance(tree, (ast.Module, ast.Interactive)):
        return
    for place, node in enumerate(tree.body):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level:
            for alias in node.names:
                if alias.name == "braces":
                    raise Misplaced("not a chance", alias)
                if alias.name not in _FEATURES:
                    raise Misplaced(f"future feature {alias.name[:100]} is not defined", alias)
            continue
        docstring = place == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (docstring and isinstance(node.value.value, str)):  # type: ignore[attr-defined]
            return
