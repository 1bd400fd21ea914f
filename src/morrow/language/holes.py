"""Have the host parse all holes of one source at once, each at its own place.

    f"{a} and {b + 1}"  ->  [  a  ,     b + 1,     parsed as one list display, in mode eval

The text around the holes is left out, the lines and columns stay. What a list display cannot hold (a tuple without
parentheses, a yield) is parsed alone, in parentheses; so is everything when the list is refused, to find which hole is
wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from morrow.language.blanking import apply, hide_strings
from morrow.language.fstrings import FString, Hole, fields
from morrow.language.source import Source
from morrow.language.tokens import Wrong

Parse = Callable[[bytes, str], ast.AST]
"""Parse a text in a mode (exec, eval, ...) with the host."""


def parse_holes(source: Source, holes: list[Hole], parse: Parse, is_ours: Callable[[FString], bool]) -> None:
    """Fill ``node`` of the holes and of the holes inside them. *holes* are in the order of the text.

    Raises:
        SyntaxError: one of them is wrong; line and column are those of the source.
        Wrong: one of them is something that may not stand there.
    """
    while holes:
        texts = [_text(source, hole, is_ours) for hole in holes]
        together: list[tuple[Hole, bytes]] = []
        alone: list[tuple[Hole, bytes]] = []
        for hole, text in zip(holes, texts):
            (alone if hole.bare or hole.field and b"yield" in text else together).append((hole, text))
        try:
            nodes = parse(_layout(source, together, b"[", b",") + b"]", "eval").body.elts  # type: ignore[attr-defined]
        except SyntaxError:
            nodes = []
        if len(nodes) == len(together):
            for (hole, _), node in zip(together, nodes):
                hole.node = node
        else:
            alone = list(zip(holes, texts))
        for hole, text in alone:
            hole.node = _parse_alone(source, hole, text, parse)
        holes = [field.hole for hole in holes for field in fields([s for s in hole.strings if is_ours(s)])]


def _text(source: Source, hole: Hole, is_ours: Callable[[FString], bool]) -> bytes:
    if not hole.strings:
        return source.text[hole.start : hole.end]
    ours = [string for string in hole.strings if is_ours(string)]
    return apply(source.text, hide_strings(source.text, ours, hole.start, 1), hole.start, hole.end)


def _layout(source: Source, holes: list[tuple[Hole, bytes]], opening: bytes, separator: bytes) -> bytes:
    """Return *opening* and then each hole's text at its own line and column, with *separator* after it."""
    if not holes:
        return opening
    line, column = source.position(holes[0][0].start)
    # A line earlier there is room for certain; on the first line there is a prefix or a keyword before the hole.
    pieces = [b"\n" * (line - 2), opening, b"\n" * min(1, line - 1)]
    line, column = (line, 0) if line > 1 else (1, 1)
    for hole, text in holes:
        to_line, to_column = source.position(hole.start)
        if to_line > line:
            pieces.append(b"\n" * (to_line - line))
            column = 0
        pieces += (b" " * (to_column - column), text, separator)
        line, column = (to_line, to_column + len(text)) if b"\n" not in text else source.position(hole.end)
        column += 1
    return b"".join(pieces)


def _parse_alone(source: Source, hole: Hole, text: bytes, parse: Parse) -> ast.AST:
    if not hole.field or text.lstrip(b" \t\f\n").startswith(b"*") and not hole.bare:
        tree = parse(_layout(source, [(hole, text)], b"[", b",") + b"]", "eval")
        return tree.body.elts[0]  # type: ignore[attr-defined,no-any-return]
    tree = parse(_layout(source, [(hole, text)], b"(", b")"), "eval")
    node: ast.expr = tree.body  # type: ignore[attr-defined]
    line, _ = source.position(hole.start)
    if (node.lineno, node.col_offset) == (max(1, line - 1), 0):
        if isinstance(node, ast.GeneratorExp):
            raise Wrong("invalid syntax", hole.start, hole.end)
        if isinstance(node, ast.Tuple):
            node.lineno, node.col_offset = source.position(hole.first)
            node.end_lineno, node.end_col_offset = source.position(hole.last)
    return node
