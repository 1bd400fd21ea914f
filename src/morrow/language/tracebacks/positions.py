"""Where an instruction comes from as 3.14 has it, on hosts that give it the position of the whole statement.

    with open(name) as file, lock:          assert total == 3, "sum"
         ~~~~^^^^^^                                ^^^^^^^^^^

The test of an ``if``, what a ``for`` goes over and what a ``with`` enters has been computed by the instruction before;
the rest is asked of the statement's tree.
"""

from __future__ import annotations

import ast
import dis
import linecache
import opcode
import warnings
from types import CodeType
from typing import Any

from morrow.language import ONLY_AST, grammar, host_compile
from morrow.language.tracebacks import fstring_positions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from morrow.language.tracebacks.frames import Position

_TAKES_THE_LAST = frozenset(("BEFORE_WITH", "BEFORE_ASYNC_WITH", "GET_ITER", "GET_AITER"))


def corrected(code: CodeType, instruction: int, position: Position) -> Position:
    """Return where an instruction of *code* comes from, given what the host says."""
    if position[0] is None:
        return position
    names = [opcode.opname[code.co_code[index]] for index in range(0, len(code.co_code), 2)]
    name = names[instruction]
    if name in _TAKES_THE_LAST or name.startswith("POP_JUMP_"):
        before = instruction - 1
        while before > 0 and names[before] in ("CACHE", "EXTENDED_ARG"):
            before -= 1
        found = list(code.co_positions())[before]
        return found if found[0] is not None else position
    if name == "RAISE_VARARGS" and "LOAD_ASSERTION_ERROR" in names[:instruction]:
        return _test_of_assert(code, position)
    node = _node(code, position)
    if isinstance(node, (ast.With, ast.AsyncWith)):
        entered = min(_count_entered(code, names, instruction, position), len(node.items) - 1)
        return _place(node.items[entered].context_expr, position)
    if isinstance(node, ast.For):
        return _place(node.iter, position) if name == "FOR_ITER" else position
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)) and name == "FOR_ITER":
        places = list(code.co_positions())
        outer = sum(names[i] == "FOR_ITER" and places[i] == position for i in range(instruction))
        return _place(node.generators[min(outer, len(node.generators) - 1)].iter, position)
    return fstring_positions.corrected(code, instruction, position)


def _test_of_assert(code: CodeType, position: Position) -> Position:
    tree = fstring_positions.tree_of(code.co_filename)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Assert):
            first, last = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
            if first <= (position[0], position[2]) and (position[1], position[3]) <= last:  # type: ignore[operator]
                test = node.test
                return test.lineno, test.end_lineno, test.col_offset, test.end_col_offset
    return position


def _node(code: CodeType, position: Position) -> Any:
    """Return the statement or comprehension at a position, if it is of a kind that may have to be looked into."""
    line, end_line, column, end_column = position
    if line is None or end_line is None or column is None:
        return None
    lines = [text.encode() for text in linecache.getlines(code.co_filename)[line - 1 : end_line]]
    if not lines:
        return None
    indent, first = lines[0][:column], lines[0][column:]
    is_statement = first.startswith((b"with", b"async", b"for"))
    if not is_statement and not first.startswith((b"[", b"{", b"(")):
        return None
    # Other statements before it on its line, or what the expression is part of, are left out; columns stay.
    blank = b" " * column if not is_statement or indent.strip() else indent
    if not is_statement:
        lines[-1] = lines[-1][:end_column]
    opening = b"(" if not is_statement else b"if 1:" if column else b""
    text = opening + b"\n" + blank + lines[0][column:] + b"".join(lines[1:])
    tree = _parsed((text + (b"" if is_statement else b"\n)")).decode())
    if tree is None or not tree.body:
        return None
    node = tree.body[0]
    if not is_statement:
        node = getattr(node, "value", None)
    elif column:
        node = node.body[0]
    if node is None or (node.end_lineno + line - 2, node.end_col_offset) != (end_line, end_column):
        return None
    return node


def _parsed(text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for parse in (_host_parse, grammar.parse):
            try:
                found: Any = parse(text, "<traceback>", "exec")
            except SyntaxError:  # today's grammar; or not the text that runs
                continue
            return getattr(found, "tree", found)
    return None


def _host_parse(text: str, filename: str, mode: str) -> Any:
    return host_compile(text, filename, mode, ONLY_AST, True)


def _place(node: Any, position: Position) -> Position:
    """Return a node's position; the text it was parsed from starts a line before the statement."""
    assert position[0] is not None
    lines = position[0] - 2
    return node.lineno + lines, node.end_lineno + lines, node.col_offset, node.end_col_offset


def _count_entered(code: CodeType, names: list[str], instruction: int, position: Position) -> int:
    """Return how many items of the `with` at *position* will be left if an instruction raises."""
    places = list(code.co_positions())
    entries = dis._parse_exception_table(code)  # type: ignore[attr-defined]
    count, offset, seen = 0, instruction * 2, set()
    while offset not in seen:
        seen.add(offset)
        for entry in entries:
            if entry.start <= offset < entry.end:
                offset = entry.target
                leaves = offset // 2 + 1
                count += names[leaves] == "WITH_EXCEPT_START" and places[leaves] == position
                break
    return count
