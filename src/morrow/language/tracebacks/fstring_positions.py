"""Where the expressions inside an f-string stand, on hosts whose compiler does not know.

    print(f"{name}: {1 / 0}")
                     ~~^~~

The program's text is read again as 3.14 reads it and compiled: the code is the same, only its positions are better.
Happens when a traceback is shown, and only for lines with an f-string.
"""

from __future__ import annotations

import ast
import linecache
import re
import warnings
from types import CodeType

from morrow.host import HERE
from morrow.language import grammar, host_compile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from morrow.language.tracebacks.frames import Position

_FSTRING = re.compile(r"(?<![^\W\d])(?:[fF][rR]?|[rR][fF])['\"]")
_trees: dict[str, tuple[str, ast.Module | None]] = {}
_compiled: dict[str, tuple[ast.Module, CodeType | None]] = {}


def corrected(code: CodeType, instruction: int, position: Position) -> Position:
    """Return where an instruction of *code* comes from: *position*, unless that is part of an f-string."""
    line, end_line = position[:2]
    if line is None or end_line is None or HERE is None or HERE.places_fstring_parts:
        return position
    lines = linecache.getlines(code.co_filename)
    if not any(map(_FSTRING.search, lines[line - 1 : end_line])) and not _may_be_inside(lines, line):
        return position
    whole = _compile_again(code.co_filename)
    same = _find_same(whole, code) if whole is not None else None
    if same is None:
        return position
    for index, better in enumerate(same.co_positions()):
        if index == instruction:
            return better if better[0] is not None else position
    return position


def _may_be_inside(lines: list[str], line: int) -> bool:
    """Whether a line may be in the middle of a string of several lines."""
    return any('f"""' in text.lower() or "f'''" in text.lower() for text in lines[:line])


def tree_of(filename: str) -> ast.Module | None:
    """Return the tree of a program's file, None if its text cannot be had or is not what runs."""
    text = "".join(linecache.getlines(filename))
    kept = _trees.get(filename)
    if kept is not None and kept[0] == text:
        return kept[1]
    tree: ast.Module | None = None
    if text:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = grammar.parse(text, filename, "exec").tree  # type: ignore[assignment]
        except Exception:  # the file has changed, or is nested too deeply: the host's positions have to do
            pass
    _trees[filename] = text, tree
    return tree


def _compile_again(filename: str) -> CodeType | None:
    tree = tree_of(filename)
    if tree is None:
        return None
    kept = _compiled.get(filename)
    if kept is None or kept[0] is not tree:
        code = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                code = host_compile(tree, filename, "exec", 0, True)
        except Exception:  # needs more than parsing: what was compiled from a tree has its positions
            pass
        _compiled[filename] = kept = tree, code
    return kept[1]


def _find_same(whole: CodeType, code: CodeType) -> CodeType | None:
    """Return the code object in *whole* that does what *code* does."""
    todo = [whole]
    while todo:
        found = todo.pop()
        if (found.co_qualname, found.co_firstlineno, found.co_code) == (code.co_qualname, code.co_firstlineno, code.co_code):
            return found
        todo += [constant for constant in found.co_consts if isinstance(constant, CodeType)]
    return None
