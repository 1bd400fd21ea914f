"""Warn about leaving a ``finally`` block early (PEP 765).

    def f():
        try: ...
        finally: return 1        SyntaxWarning: 'return' in a 'finally' block
"""

from __future__ import annotations

import ast

from morrow.language.syntax_errors.findings import Warned

_LEAVES = {"Return": "return", "Break": "break", "Continue": "continue"}


def finally_warnings(tree: ast.AST) -> list[Warned]:
    """Return the warnings for *tree*, in the order 3.14 gives them."""
    found: list[Warned] = []
    _look(tree, False, False, found)
    return found


def _look(node: ast.AST, in_finally: bool, in_loop: bool, found: list[Warned]) -> None:
    """Go through the statements under *node*; a loop inside the ``finally`` makes its own breaks harmless."""
    kind = type(node).__name__
    word = _LEAVES.get(kind)
    if word is not None:
        if in_finally and (word == "return" or not in_loop):
            found.append(Warned(f"'{word}' in a 'finally' block", node))
        return
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        in_finally = in_loop = False
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        children = getattr(node, name, None)
        if not isinstance(children, list):
            continue
        loop = in_loop or name == "body" and kind in ("For", "AsyncFor", "While")
        inside = (True, False) if name == "finalbody" else (in_finally, loop)
        for child in children:
            _look(child, *inside, found)
