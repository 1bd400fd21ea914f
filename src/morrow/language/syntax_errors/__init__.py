"""What 3.14 says about a program that is wrong, to the letter and the column, on every host.

    explain(source, filename, mode, error)  ->  the SyntaxError 3.14 would raise, or None: nothing to add
    check(tree, filename)                   ->  what 3.14 refuses or warns about and the host lets pass

The stages are CPython's: `scanner` (text -> tokens), `parser` with `rules` and `mistakes` (tokens -> right or wrong),
then over the tree `futures`, `finally_warnings`, `scopes`, `placement`. The first error wins. `explain` runs only after a
program was refused, so it costs nothing to programs that are right.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

__all__ = ["explain", "check", "what_314_says"]

Said = tuple[str, str, int | None, int | None, int | None, int | None, str | None, str | None]
"""Type name, msg, lineno, offset, end_lineno, end_offset, text, filename."""

_RULES = {"exec": "file", "eval": "eval", "single": "interactive"}
TOP_LEVEL_AWAIT = 0x2000  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
ONLY_AST = 0x400
DONT_IMPLY_DEDENT = 0x200
INCOMPLETE_INPUT = 0x4000  # codeop's flag: an unfinished text is an error of its own kind


def explain(
    source: str | bytes, filename: str, mode: str, error: SyntaxError | None, flags: int = 0, optimize: int = 0
) -> SyntaxError | None:
    """Return the SyntaxError that 3.14 raises for *source*, or None if this morrow has nothing better than *error*.

    Args:
        source: as given to compile().
        filename: if it names a readable file, the line shown is read from it, as CPython does.
        mode: exec, eval or single.
        error: what the host or the front end said, if anything.
        flags: compile()'s flags.
        optimize: compile()'s level; assertions are not looked into above 0.
    """
    if mode not in _RULES or not isinstance(filename, str):
        return None
    try:
        said = what_314_says(source, filename, mode, flags=flags, optimize=optimize)
    except RecursionError:
        # Deeper than we can follow: the host's words are right, if not 3.14's.
        return None
    except SyntaxError:
        # The front end refuses what nothing here is against: its words are the better ones.
        return None
    return None if said is None else make(said)


def make(said: Said) -> SyntaxError:
    """Return the exception for what was said."""
    kind, message, lineno, offset, end_lineno, end_offset, text, filename = said
    type_ = getattr(builtins, kind, SyntaxError)  # _IncompleteInputError is a plain SyntaxError before 3.13
    if lineno is None:
        return type_(message)
    return type_(message, (filename, lineno, offset, text, end_lineno, end_offset))


def what_314_says(
    source: str | bytes, filename: str, mode: str, *, flags: int = 0, optimize: int = 0, parse_only: bool = False
) -> Said | None:
    """Return the attributes of 3.14's SyntaxError for *source*, or None if it has none.

    Raises:
        SyntaxError: the front end refuses what this folder sees nothing wrong with.
    """
    from morrow.language.syntax_errors.decoding import Undecodable, decode
    from morrow.language.syntax_errors.parser import find_mistake
    from morrow.language.syntax_errors.shown import line_of_file

    if isinstance(source, str):
        text = source
    else:
        try:
            text = decode(bytes(source))
        except Undecodable as problem:
            where = problem.lineno, problem.offset, *problem.end
            return "SyntaxError", problem.message, *where, problem.text, filename
    if "\x00" in text:
        return "SyntaxError", "source code string cannot contain null bytes", None, None, None, None, None, None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if mode == "exec" and not text.endswith("\n"):
        text += "\n"
    complaint, _ = find_mistake(
        text,
        _RULES[mode],
        lambda line: line_of_file(filename, line),
        may_go_on=bool(flags & INCOMPLETE_INPUT),
        imply_dedent=not flags & DONT_IMPLY_DEDENT,
    )
    if complaint is not None:
        c = complaint
        return c.kind, c.message, c.lineno, c.offset, c.end_lineno, c.end_offset, c.text, filename
    if parse_only or flags & ONLY_AST:
        return None
    from morrow.language import grammar

    return _after_parsing(grammar.parse(source, filename, mode).tree, filename, flags, optimize)


def _after_parsing(tree: ast.AST, filename: str, flags: int, optimize: int) -> Said | None:
    from morrow.language.syntax_errors.findings import Misplaced
    from morrow.language.syntax_errors.futures import check_futures
    from morrow.language.syntax_errors.placement import check_placement
    from morrow.language.syntax_errors.scopes import check_scopes
    from morrow.language.syntax_errors.shown import line_of_file

    await_anywhere = bool(flags & TOP_LEVEL_AWAIT)
    try:
        check_futures(tree)
        check_scopes(tree, await_anywhere=await_anywhere)
        check_placement(tree, await_anywhere=await_anywhere, optimize=optimize)
    except Misplaced as misplaced:
        node = misplaced.node
        line, end_line = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        start, end = node.col_offset + 1, node.end_col_offset + 1  # type: ignore[attr-defined]
        return "SyntaxError", misplaced.message, line, start, end_line, end, line_of_file(filename, line), filename
    return None


def check(tree: ast.AST, filename: str) -> None:
    """Placeholder until the comparison with each host is done."""
