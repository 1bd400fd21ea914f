"""One frame of a traceback as text: where it is, the lines, and the marks under them.

      File "app.py", line 3, in <module>
        total = price["cake"] + tax
                ~~~~~^^^^^^^^

What is marked is where the instruction that was running comes from; ``^`` marks its operator or its brackets, if it has
any, and ``~`` the rest. Nothing is marked when that would say nothing: the marks would be under the whole line, or
under the call of a ``return f(x)`` or ``x = f(x)``. Rules: Lib/traceback.py of 3.14.
"""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections import namedtuple
from itertools import groupby, zip_longest
from typing import Any

from morrow.language import ONLY_AST, grammar, host_compile
from morrow.language.tracebacks.colours import painter

Anchors = namedtuple("Anchors", "line column end_line end_column")  # not a dataclass: those take ten milliseconds to import
Anchors.__doc__ = "What is marked with ``^`` inside a range marked with ``~``: lines from 0, columns in characters."


def frame_text(frame: Any, coloured: bool) -> str:
    """Return the lines that show a FrameSummary, each with its newline."""
    paint = painter(coloured)
    filename = "<stdin>" if frame.filename.startswith("<stdin-") and frame.filename.endswith(">") else frame.filename
    file, number = paint(f'"{filename}"', "traceback_file"), paint(str(frame.lineno), "traceback_line")
    text = f"  File {file}, line {number}, in {paint(str(frame.name), 'traceback_frame')}\n"
    dedented = frame._dedented_lines
    if dedented and dedented.strip():
        if frame.colno is None or frame.end_colno is None:
            text += textwrap.indent(frame.line, "    ") + "\n"
        else:
            text += textwrap.indent(textwrap.dedent(_excerpt(frame, paint if coloured else None)), "    ", lambda line: True)
    for name, value in sorted((frame.locals or {}).items()):
        text += f"    {name} = {value}\n"
    return text


def _excerpt(frame: Any, paint: Any) -> str:
    """Return the lines of the program that matter, with their marks."""
    count = frame.end_lineno - frame.lineno + 1
    original = frame._original_lines.splitlines()
    lines = frame._dedented_lines.splitlines()[:count]
    indent = len(original[0]) - len(lines[0])
    start = max(0, _characters(original[0], frame.colno) - indent)
    end = max(0, _characters(original[count - 1], frame.end_colno) - indent)
    whole = "\n".join(lines)
    anchors = find_anchors(whole[start : len(whole) - (len(lines[-1]) - end)])
    marked = _are_worth_it(lines, start, end, anchors)
    shown = {0, len(lines) - 1}
    if anchors is not None:
        # From here on columns are those of the lines shown, as wide as they are on a terminal.
        column = anchors.column + (start if anchors.line == 0 else 0)
        end_column = anchors.end_column + (start if anchors.end_line == 0 else 0)
        shown |= {*range(anchors.line - 1, anchors.line + 2), *range(anchors.end_line - 1, anchors.end_line + 2)}
        anchors = Anchors(
            anchors.line, _width(lines[anchors.line], column), anchors.end_line, _width(lines[anchors.end_line], end_column)
        )
    start, end = _width(lines[0], start), _width(lines[-1], end)
    text = []
    last = None
    for line in sorted(shown & set(range(len(lines)))):
        if last is not None and line - last > 2:
            text.append(f"...<{line - last - 1} lines>...\n")
        for number in (line - 1, line) if last is not None and line - last == 2 else (line,):
            marks = _marks(lines, number, start, end, anchors) if marked else None
            text += _with_marks(lines[number], marks, paint)
        last = line
    return "".join(text)


def _marks(lines: list[str], number: int, start: int, end: int, anchors: Anchors | None) -> str:
    """Return what goes under a line."""
    line = lines[number]
    first = max(len(line) - len(line.lstrip()), start if number == 0 else 0)
    last = end if number == len(lines) - 1 else _width(line)
    marks = []
    for column in range(last):
        if column < first:
            marks.append(" ")
        elif anchors is not None and not (
            (anchors.line, anchors.column) <= (number, column) < (anchors.end_line, anchors.end_column)
        ):
            marks.append("~")
        else:
            marks.append("^")
    return "".join(marks)


def _with_marks(line: str, marks: str | None, paint: Any) -> list[str]:
    if marks is None:
        return [f"{line}\n"]
    if paint is None:
        return [f"{line}\n", f"{marks}\n"]
    pieces = {"^": "traceback_range", "~": "traceback_range_soft"}
    over = under = ""
    # Column by column, not character by character: behind wide characters the colour runs on, to beyond the line's end.
    for mark, group in groupby(zip_longest(f"{line}\n", marks, fillvalue=""), key=lambda pair: pair[1]):
        characters, below = map("".join, zip(*group))
        over += paint(characters, pieces[mark]) if mark in pieces else characters
        under += paint(below, pieces[mark]) if mark in pieces else below
    return [over, f"{under}\n"]


# -- what to mark ---------------------------------------------------------------------------------------------------------


def find_anchors(segment: str) -> Anchors | None:
    """Return what is to be marked inside an expression: a binary operator, or the brackets of a call or of an index."""
    try:
        body = _parse(f"(\n{segment}\n)").body
        expression = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
        lines = segment.splitlines()
        if isinstance(expression, ast.BinOp):
            return _operator(expression, lines)
        if isinstance(expression, (ast.Subscript, ast.Call)):
            subscript = isinstance(expression, ast.Subscript)
            before = expression.value if isinstance(expression, ast.Subscript) else expression.func
            opening = _find(lines, *_end(before, lines), lambda char: char == ("[" if subscript else "("))
            return Anchors(*opening, *_end(expression, lines))
    except Exception:  # not an expression by itself, or too deep a one: the whole range is marked alike
        pass
    return None


def _operator(expression: ast.BinOp, lines: list[str]) -> Anchors:
    line, column = _find(lines, *_end(expression.left, lines), lambda char: not char.isspace() and char != ")")
    end = column + 1
    right = expression.right
    # One character or two: the second one is not yet the right side.
    belongs = right.lineno - 2 > line or end < _characters(lines[right.lineno - 2], right.col_offset)
    if end < len(lines[line]) and belongs and not lines[line][end].isspace() and lines[line][end] not in "\\#":
        end += 1
    return Anchors(line, column, line, end)


def _end(node: Any, lines: list[str]) -> tuple[int, int]:
    # Two lines less: lines count from 1, and there is one more before the segment.
    return node.end_lineno - 2, _characters(lines[node.end_lineno - 2], node.end_col_offset)


def _find(lines: list[str], line: int, column: int, wanted: Any) -> tuple[int, int]:
    """Return the first place from there on with a character that is wanted, comments and line ends left out."""
    while True:
        while column >= len(lines[line]):
            line, column = line + 1, 0
        char = lines[line][column]
        if char in "\\#":
            line, column = line + 1, 0
        elif wanted(char):
            return line, column
        else:
            column += 1


def _are_worth_it(lines: list[str], start: int, end: int, anchors: Anchors | None) -> bool:
    """Whether marks tell more than the lines alone do."""
    try:
        body = _parse("\n".join(lines)).body
    except Exception:  # part of a statement
        body = None
    if body is not None:
        if not body:
            return False
        call = _plain_call(body[0])
        if call is not None and (call.lineno, call.end_lineno, call.col_offset, call.end_col_offset) == (1, len(lines), start, end):
            return False
    return anchors is not None or bool(lines[0][:start].lstrip() or lines[-1][end:].rstrip())


def _plain_call(statement: ast.stmt) -> ast.Call | None:
    """Return the call of ``return f(...)`` and ``x = f.g(...)``."""
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.Call):
        return None
    if isinstance(statement, ast.Return) and isinstance(value.func, ast.Name):
        return value
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return value
    return None


def _parse(text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the program's text has been warned about when it was compiled
        try:
            return host_compile(text, "<traceback>", "exec", ONLY_AST, True)
        except SyntaxError:  # part of a statement, or today's grammar
            return grammar.parse(text, "<traceback>", "exec").tree


def _characters(line: str, offset: int) -> int:
    """Return how many characters the first *offset* bytes of a line are."""
    return len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace"))


def _width(line: str, characters: int | None = None) -> int:
    """Return how many columns of a terminal the first characters of a line take."""
    if line.isascii():
        return len(line) if characters is None else characters
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line[:characters])
