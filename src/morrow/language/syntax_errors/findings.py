"""What the stages after the parser find: a place in the tree and words."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator


class Misplaced(Exception):
    """A SyntaxError that is about a node of the tree.

    Attributes:
        message: 3.14's wording.
        node: anything with a line and columns in bytes, as the nodes of `ast` have.
    """

    def __init__(self, message: str, node: ast.AST) -> None:
        super().__init__(message)
        self.message = message
        self.node = node


class Warned:
    """A SyntaxWarning in the making, about a node of the tree."""

    __slots__ = ("message", "node")

    def __init__(self, message: str, node: ast.AST) -> None:
        self.message = message
        self.node = node

    def __repr__(self) -> str:
        return f"line {getattr(self.node, 'lineno', 0)}: {self.message}"


def fields(node: ast.AST, names: Iterable[str]) -> Iterator[ast.AST]:
    """Yield the nodes in these fields, in this order, lists item by item, leaving out what is not there."""
    for name in names:
        value = getattr(node, name, None)
        if isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST):
                    yield item
        elif isinstance(value, ast.AST):
            yield value
