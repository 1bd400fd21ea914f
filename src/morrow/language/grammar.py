"""Parse Python 3.14 with the host's parser.

Takes what `ast.parse` takes, gives `Parsed`: the tree that 3.14 gives, positions included. The host parses what it can;
what it cannot is hidden from it (`blanking`), parsed apart (`holes`) and put back (`grafting`). A host that takes all
of 3.14 is handed the source as it is.
"""

from __future__ import annotations

import ast

from morrow.host import HERE
from morrow.language import blanking
from morrow.language import host_compile as _compile
from morrow.language import source as sources
from morrow.language.grafting import Grafter, Ungrafted
from morrow.language.holes import parse_holes
from morrow.language.source import Source
from morrow.language.tokens import Wrong


class Parsed:
    """A tree, and whether it is more than the host makes of the source by itself.

    Attributes:
        tree: as `ast.parse` returns it.
        rewritten: the host refuses the source or places parts of it wrongly: compile the tree, not the source.
    """

    __slots__ = ("tree", "rewritten")

    def __init__(self, tree: ast.AST, rewritten: bool) -> None:
        self.tree, self.rewritten = tree, rewritten

    def __repr__(self) -> str:
        return f"Parsed({self.tree!r}, rewritten={self.rewritten})"


def parse(
    source: str | bytes,
    filename: str = "<unknown>",
    mode: str = "exec",
    *,
    type_comments: bool = False,
    feature_version: int | tuple[int, int] | None = None,
    flags: int = 0,
) -> Parsed:
    """Parse a source as 3.14 does.

    Args:
        source: text, or bytes with an optional mark or coding line.
        filename: for messages.
        mode: exec, eval, single or func_type.
        type_comments, feature_version: as for `ast.parse`.
        flags: more compiler flags, such as those of `codeop`; ``ast.PyCF_ONLY_AST`` is always added.

    Warnings are the host's; `syntax_errors.compile_checked` puts 3.14's in their place.

    Raises:
        SyntaxError: the source is not Python 3.14. Positions and text are those of *source*.
        ValueError, MemoryError, RecursionError, UnicodeEncodeError: as the host's `compile`.
    """
    host = _Host(filename, mode, type_comments, feature_version, flags)
    if HERE is None or HERE.parses_template_strings or not isinstance(source, (str, bytes)) or _has_null(source):
        return Parsed(host.parse(source, mode), False)
    try:
        text = sources.read(source)
    except (UnicodeError, LookupError) as error:
        problem = error
    else:
        return _parse(source, text, host)
    # Not in the handler: what the host raises would have that error behind it.
    host.parse(source, mode)  # says it in its words, but a comment it may leave undecoded
    raise _undecodable(source, problem, filename)


def _parse(source: str | bytes, text: Source, host: _Host) -> Parsed:
    assert HERE is not None
    found = blanking.plan(text, HERE)
    if found.edits or found.wrong:
        return Parsed(_parse_blanked(text, found, host), True)
    return Parsed(host.parse(source, host.mode), False)


class _Host:
    """The host's parser, with what stays the same for all parts of one source."""

    def __init__(
        self, filename: str, mode: str, type_comments: bool, feature_version: int | tuple[int, int] | None, flags: int
    ) -> None:
        self.filename, self.mode = filename, mode
        self.flags = flags | ast.PyCF_ONLY_AST | (ast.PyCF_TYPE_COMMENTS if type_comments else 0)
        if isinstance(feature_version, tuple):
            major, minor = feature_version
            if major != 3:
                raise ValueError(f"Unsupported major version: {major}")
            feature_version = minor
        self.feature_version = -1 if feature_version is None else feature_version

    def parse(self, source: str | bytes, mode: str) -> ast.AST:
        return _compile(  # type: ignore[call-overload,no-any-return]
            source, self.filename, mode, self.flags, dont_inherit=True, _feature_version=self.feature_version
        )

    def parse_text(self, text: bytes, mode: str) -> ast.AST:
        """Parse UTF-8 whatever a coding line says."""
        return self.parse(text.decode(), mode)


def _has_null(source: str | bytes) -> bool:
    return ("\0" if isinstance(source, str) else b"\0") in source  # type: ignore[operator]


def _undecodable(source: str | bytes, error: UnicodeError | LookupError, filename: str) -> Exception:
    """Return 3.14's error for bytes that are not what they should be."""
    if not isinstance(source, bytes):
        return error
    if not isinstance(error, UnicodeDecodeError):
        return SyntaxError(str(error), (filename, 1, 0, None))
    before = source[: error.start + (3 if source.startswith(b"\xef\xbb\xbf") else 0)]
    line = before.count(b"\n") + 1
    column = len(before) - before.rfind(b"\n") - 1
    message = (
        f"Non-UTF-8 code starting with '\\x{error.object[error.start]:02x}' on line {line}, but no encoding declared; "
        "see https://peps.python.org/pep-0263/ for details"
    )
    return SyntaxError(message, (filename, line, column + 1, None))


def _parse_blanked(text: Source, found: blanking.Plan, host: _Host) -> ast.AST:
    error: SyntaxError | None = None
    if found.wrong is not None:
        error = _wrong(found.wrong, text, host.filename)
        raise error
    blanked = blanking.apply(text.text, found.edits)
    try:
        tree = host.parse_text(blanked, host.mode)
        parse_more = lambda holes: parse_holes(text, holes, host.parse_text, found.is_ours)
        parse_more(found.holes())
        Grafter(text, found, parse_more).graft(tree)
        too_new = found.too_new(host.feature_version) if host.feature_version >= 0 else None
        if too_new is not None:
            raise too_new
    except Wrong as wrong:
        error = _wrong(wrong, text, host.filename)
    except Ungrafted as ungrafted:
        error = _wrong(Wrong("invalid syntax", ungrafted.offset), text, host.filename)
    except SyntaxError as refused:
        error = _relocated(refused, text)
    else:
        return tree
    raise error


def _wrong(wrong: Wrong, text: Source, filename: str) -> SyntaxError:
    line, column = text.position(wrong.start)
    end_line, end_column = text.position(wrong.end)
    shown = text.line(line)
    return SyntaxError(
        wrong.message,
        (
            filename,
            line,
            _characters(text, line, column) + 1,
            shown,
            end_line,
            _characters(text, end_line, end_column) + 1,
        ),
    )


def _relocated(error: SyntaxError, text: Source) -> SyntaxError:
    """Return the host's error about a blanked text as one about the source: same bytes, other characters."""
    line, end_line = error.lineno, error.end_lineno
    if line is None or error.offset is None or not 0 < line <= len(text.starts):
        return error
    parsed, shown = error.text or "", text.line(line)

    def moved(offset: int | None) -> int | None:
        if offset is None or offset < 1:
            return offset
        column = len(parsed[: offset - 1].encode())
        return len(shown.encode()[:column].decode("utf-8", "replace")) + 1 + max(0, offset - 1 - len(parsed))

    end_offset = moved(error.end_offset) if end_line == line else error.end_offset
    return type(error)(error.msg, (error.filename, line, moved(error.offset), shown, end_line, end_offset))


def _characters(text: Source, line: int, column: int) -> int:
    start = text.starts[line - 1]
    return len(text.text[start : start + column].decode("utf-8", "replace"))
