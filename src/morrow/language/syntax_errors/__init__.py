"""What 3.14 says about a program that is wrong, to the letter and the column, on every host.

    explain(source, filename, mode, error)       the SyntaxError 3.14 would raise, or None: nothing to add
    compile_checked(compile, source, ...)        compile, and add what 3.14 refuses or warns about and the host lets pass

The stages are CPython's: `scanner` (text -> tokens), `parser` with `rules` and `mistakes` (tokens -> right or wrong),
then over the tree `futures`, `finally_warnings`, `scopes`, `placement`. The first error wins. `explain` runs only after a
program was refused; `compile_checked` costs programs that are right a search of their text.
"""

from __future__ import annotations

import builtins
import re
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import ast

    from morrow.host import Facts
    from morrow.language.syntax_errors.findings import Warned
    from morrow.language.syntax_errors.warned import TextWarning

__all__ = ["compile_checked", "compile_tree", "explain", "what_314_says"]

T = TypeVar("T")

Said = tuple[str, str, int | None, int | None, int | None, int | None, str | None, str | None]
"""Type name, msg, lineno, offset, end_lineno, end_offset, text, filename."""

_RULES = {"exec": "file", "eval": "eval", "single": "interactive"}
TOP_LEVEL_AWAIT = 0x2000  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
ONLY_AST = 0x400
DONT_IMPLY_DEDENT = 0x200
BARRY = 0x400000  # __future__.barry_as_FLUFL
INCOMPLETE_INPUT = 0x4000  # codeop's flag: an unfinished text is an error of its own kind

# What hosts before 3.14 let pass although 3.14 refuses it: more often than not there is nothing wrong, but a look is due.
# Each line is (words that must be there, what to search for then): every file pays for this, so that what cannot be there
# is found out by `in`, and patterns start with what `re` skips to quickly.
_DEEP_BRACKETS = re.compile(r"[\[({](?:\s*[\[({]){19}")  # comprehensions in comprehensions
_BROKEN_SPEC = re.compile(r"[fF](?<!\w[fF])[rR]?(['\"])(?!\1\1)[^'\"\n]*\{[^'\"\n}]*(?:\n[^'\"\n}:]*)*:[^'\"\n}]*\n")  # a newline in it
_ACCEPTED = (
    (("__debug__",), re.compile(r"__debug__[ ]*:[ ]*[^\s=]")),  # an annotation of __debug__
    (("barry_as_FLUFL",), re.compile(r"barry_as_FLUFL\b")),
    ((), _DEEP_BRACKETS),
    (("__future__",), re.compile(r"from[ ]+\.+[ ]*__future__\b")),
    ((":=", "__"), re.compile(r"__\w+[ ]*:=")),  # := and private names
    (("async", "for"), re.compile(r"\)[ ]*:.*\basync[ ]+for\b")),  # in an annotation that is not kept
    ((), _BROKEN_SPEC),
)
_DEEP = re.compile(r"[-+~(\[{]{1000}|(?:\bnot\s+){1000}")
# What may deserve a warning (`warned` looks closer): a backslash, a number running into a word, `is`, `finally`.
_SUSPICIOUS = (
    (("\\",), re.compile(r"\\[^\n\r'\"abfnrtvxNuU0-3]|[bB]['\"][^\n]*\\[NuU]")),
    ((), re.compile(r"[0-9.jJ_](?:and|else|for|if|in|is|or|not)\b")),
    (("0x",), re.compile(r"0x[0-9a-fA-F_]*(?:and|else|for|if|in|is|or|not)\b")),
    (("finally",), re.compile(r"finally\b")),
    (("is",), re.compile(r"is(?<!\wis)\b")),
)


def _holds(table: Sequence[tuple[tuple[str, ...], re.Pattern[str]]], text: str) -> bool:
    return any(all(word in text for word in words) and pattern.search(text) is not None for words, pattern in table)


def may_be_refused(text: str, host: Facts) -> bool:
    """Return whether 3.14 may refuse a text that *host* takes: a look at the text, no more.

    Comprehensions in comprehensions can be seen in the code of a host that does not inline them, and are left out there.
    """
    needless = set() if host.inlines_comprehensions else {_DEEP_BRACKETS}
    if not host.parses_nested_fstrings:
        needless.add(_BROKEN_SPEC)  # the host refuses it as well
    return _holds([line for line in _ACCEPTED if line[1] not in needless], text)


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
        said, metadata = _say(source, filename, mode, flags=flags, optimize=optimize)
    except RecursionError:
        # Deeper than we can follow: the host's words are right, if not 3.14's.
        return None
    if said is None:
        return None
    from morrow.language.syntax_errors import display

    display.install()
    worded = make(said)
    if metadata is not None:
        worded._metadata = metadata  # type: ignore[attr-defined]  # as in 3.14: what `display` looks for keywords in
    return worded


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

    What the front end refuses although this folder sees nothing wrong with it is said in the front end's words.
    """
    return _say(source, filename, mode, flags=flags, optimize=optimize, parse_only=parse_only)[0]


def _say(
    source: str | bytes, filename: str, mode: str, *, flags: int = 0, optimize: int = 0, parse_only: bool = False
) -> tuple[Said | None, tuple[int, int, str] | None]:
    """Return what is said and, for the parser's errors, the statement before it and the text."""
    from morrow.language.syntax_errors.decoding import Undecodable, decode
    from morrow.language.syntax_errors.parser import find_mistake
    from morrow.language.syntax_errors.shown import line_of_file

    if isinstance(source, str):
        text = source
    elif b"\0" in source:
        text = "\0"  # which is looked for first
    else:
        try:
            text = decode(bytes(source))
        except Undecodable as problem:
            where = problem.lineno, problem.offset, *problem.end
            return ("SyntaxError", problem.message, *where, problem.text, filename), None
    if "\x00" in text:
        return ("SyntaxError", "source code string cannot contain null bytes", *[None] * 6), None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if mode == "exec" and not text.endswith("\n"):
        text += "\n"
    complaint = find_mistake(
        text,
        _RULES[mode],
        lambda line: line_of_file(filename, line),
        flufl=bool(flags & BARRY),
        may_go_on=bool(flags & INCOMPLETE_INPUT),
        imply_dedent=not flags & DONT_IMPLY_DEDENT,
    )
    if complaint is not None:
        c = complaint
        said = c.kind, c.message, c.lineno, c.offset, c.end_lineno, c.end_offset, c.text, filename
        return said, (*c.statement, text)
    if parse_only or flags & ONLY_AST:
        return None, None
    from morrow.language import grammar

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the host has given them already
            tree = grammar.parse(source, filename, mode).tree
    except SyntaxError as e:
        text = line_of_file(filename, e.lineno or 0) or e.text  # older hosts show the end of a long line of a file
        return (type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset, text, e.filename), None
    return _after_parsing(tree, filename, flags, optimize), None


def _after_parsing(tree: ast.AST, filename: str, flags: int, optimize: int) -> Said | None:
    from morrow.language.syntax_errors.findings import Misplaced
    from morrow.language.syntax_errors.futures import check_futures
    from morrow.language.syntax_errors.placement import check_placement
    from morrow.language.syntax_errors.scopes import check_scopes

    await_anywhere = bool(flags & TOP_LEVEL_AWAIT)
    try:
        check_futures(tree)
        check_scopes(tree, await_anywhere=await_anywhere)
        check_placement(tree, await_anywhere=await_anywhere, optimize=optimize)
    except Misplaced as misplaced:
        return _at_node(misplaced.message, misplaced.node, filename)
    return None


def _at_node(message: str, node: ast.AST, filename: str) -> Said:
    from morrow.language.syntax_errors.shown import line_of_file

    line, end_line = node.lineno, node.end_lineno  # type: ignore[attr-defined]
    start, end = node.col_offset + 1, node.end_col_offset + 1  # type: ignore[attr-defined]
    return "SyntaxError", message, line, start, end_line, end, line_of_file(filename, line), filename


def compile_checked(
    compile_: Callable[[], T],
    source: str | bytes,
    filename: str,
    mode: str,
    flags: int = 0,
    optimize: int = 0,
) -> T:
    """Return what ``compile_()`` makes of *source*, with the warnings and refusals that 3.14 has and the host has not.

    Args:
        compile_: compiles *source* on the host; may raise SyntaxError.
        source, filename, mode, flags, optimize: what it compiles, as for compile().

    Raises:
        SyntaxError: 3.14 refuses the program, or warnings are errors; and whatever ``compile_`` raises.
    """
    from morrow.host import HERE

    if HERE is None or HERE.words_warnings or mode not in _RULES:
        return compile_()
    try:
        return _compile_checked(compile_, source, filename, mode, flags, optimize)
    except Checked as checked:
        worded: SyntaxError | None = checked.error
    except SyntaxError as error:
        worded = explain(source, filename, mode, error, flags, optimize)
        if worded is None:
            raise
        worded = _warn_of_refused(source, filename, mode, flags, optimize, worded)
    except UnicodeDecodeError:
        # The host found a mistake, and then could not decode the text to show it; 3.14 looks at the encoding first.
        worded = explain(source, filename, mode, None, flags, optimize)
        if worded is None:
            raise
    except MemoryError as error:
        # Some hosts say nothing when a text is nested too deeply for their parser.
        if error.args or not _DEEP.search(source if isinstance(source, str) else source.decode("latin-1")):
            raise
        raise MemoryError("Parser stack overflowed - Python source too complex to parse") from None
    # Outside the handlers: 3.14's error has no other error behind it.
    assert worded is not None
    raise worded


class Checked(Exception):
    """The host would go on, but 3.14 raises *error*."""

    def __init__(self, error: SyntaxError) -> None:
        super().__init__(error)
        self.error = error


def _compile_checked(
    compile_: Callable[[], T], source: str | bytes, filename: str, mode: str, flags: int, optimize: int
) -> T:
    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    accepted = _holds(_ACCEPTED, text) or ("\ufffd" in text and not _is_decodable(source))
    if not accepted and not _holds(_SUSPICIOUS, text):
        return compile_()
    from morrow.language.syntax_errors import warned

    if accepted:
        # Before the host compiles it: 3.12.1 crashes on comprehensions that 3.14 finds too deep.
        if (error := explain(source, filename, mode, None, flags, optimize)) is not None:
            raise Checked(error)
        return compile_()
    if not warned.suspicious(text.replace("\r", "\n") + "\n"):
        return compile_()
    found: list[Warned] | None = None

    def look(tree: ast.AST) -> None:
        nonlocal found
        found = warned.tree_warnings(text, tree, optimize, await_anywhere=bool(flags & TOP_LEVEL_AWAIT))

    _looks.append(look)
    try:
        with warned.without_the_hosts():
            made = compile_()
    finally:
        _looks.remove(look)
    _warn(source, filename, mode, flags, optimize, found)
    return made


def _is_decodable(source: str | bytes) -> bool:
    """Return whether *source* is a text, all of it: 3.11 leaves comments undecoded."""
    from morrow.language.syntax_errors.decoding import Undecodable, decode

    if isinstance(source, str):
        return True
    try:
        decode(source)
    except Undecodable:
        return False
    return True


_looks: list[Callable[[ast.AST], None]] = []


def parsed(tree: ast.AST) -> None:
    """Take a tree that was parsed on the way, before anything changes it: then it need not be parsed again for warnings."""
    if _looks:
        _looks[-1](tree)


def _warn(
    source: str | bytes, filename: str, mode: str, flags: int, optimize: int, found_in_tree: list[Warned] | None
) -> None:
    """Give 3.14's warnings for a program that is right."""
    from morrow.language import grammar
    from morrow.language.syntax_errors import warned
    from morrow.language.syntax_errors.decoding import Undecodable, decode

    try:
        text = source if isinstance(source, str) else decode(source)
    except Undecodable:
        return  # the host read it all the same
    text = text.replace("\r\n", "\n").replace("\r", "\n") + "\n"
    for warning in warned.text_warnings(text):
        _give(warning, text, filename)
    if flags & ONLY_AST:
        return
    if found_in_tree is None:
        with warned.without_the_hosts():
            tree = grammar.parse(source, filename, mode).tree
        await_anywhere = bool(flags & TOP_LEVEL_AWAIT)
        found_in_tree = warned.tree_warnings(text, tree, optimize, await_anywhere=await_anywhere)
    for found in found_in_tree:
        line: int = found.node.lineno  # type: ignore[attr-defined]
        if not warned.give(found.message, filename, line):
            raise Checked(make(_at_node(found.message, found.node, filename)))


def compile_tree(compile_: Callable[[], T], source: str, tree: ast.AST, filename: str) -> T:
    """Return what ``compile_()`` makes of *tree*, the tree of *source*, with the warnings about it that 3.14 has.

    Raises:
        SyntaxError: warnings are errors; and whatever ``compile_`` raises.
    """
    from morrow.host import HERE

    if HERE is None or HERE.words_warnings or not _holds(_SUSPICIOUS, source):
        return compile_()
    from morrow.language.syntax_errors import warned

    with warned.without_the_hosts():
        made = compile_()
    for found in warned.tree_warnings(source, tree, 0):
        if not warned.give(found.message, filename, found.node.lineno):  # type: ignore[attr-defined]
            raise make(_at_node(found.message, found.node, filename))
    return made


def _give(warning: TextWarning, text: str, filename: str) -> None:
    from morrow.language.syntax_errors import warned
    from morrow.language.syntax_errors.shown import line_of_file

    if warned.give(warning.message, filename, warning.line):
        return
    message, offset, end_offset, newline = warning.error
    shown = line_of_file(filename, warning.line) or text.splitlines(keepends=True)[warning.line - 1]
    shown = shown if newline else shown.rstrip("\n")
    raise Checked(SyntaxError(message, (filename, warning.line, offset, shown, warning.line, end_offset)))


def _warn_of_refused(
    source: str | bytes, filename: str, mode: str, flags: int, optimize: int, error: SyntaxError
) -> SyntaxError:
    """Give the warnings that 3.14 gives before it comes to what it refuses; return that, or the first warning that is an error."""
    from morrow.language import grammar
    from morrow.language.syntax_errors import warned
    from morrow.language.syntax_errors.decoding import Undecodable, decode

    try:
        text = source if isinstance(source, str) else decode(source)
    except Undecodable:
        return error
    text = text.replace("\r\n", "\n").replace("\r", "\n") + "\n"
    if flags & INCOMPLETE_INPUT:
        return error  # codeop only asks whether there is more to come
    if error.lineno is None or not _holds(_SUSPICIOUS, text) or not warned.suspicious(text):
        return error
    is_parsed = not hasattr(error, "_metadata")
    try:
        for warning in warned.text_warnings(text, is_right=is_parsed):
            # Numbers are warned about by the tokenizer, which looks at all the rest when the parser has no words of its own.
            is_reached = is_parsed or (warning.line, warning.error[1]) < (error.lineno, error.offset or 0)
            if is_reached or (error.msg == "invalid syntax" and warning.message.endswith(" literal")):
                _give(warning, text, filename)
        if not is_parsed or flags & ONLY_AST:
            return error
        with warned.without_the_hosts():
            tree = grammar.parse(source, filename, mode).tree
        for found in warned.tree_warnings(text, tree, optimize, await_anywhere=bool(flags & TOP_LEVEL_AWAIT), is_right=False):
            if not warned.give(found.message, filename, found.node.lineno):  # type: ignore[attr-defined]
                return make(_at_node(found.message, found.node, filename))
    except Checked as checked:
        return checked.error
    except SyntaxError:  # what the front end alone refuses
        pass
    return error
