"""Source -> code object: today's grammar on any host.

`compile` is the whole pipeline, top to bottom. What the host can do itself is left to it; what it cannot is rewritten
to what it can, with every position kept, so that tracebacks, debuggers and coverage see the program as it was written.
"""

from __future__ import annotations

import sys
from builtins import compile as host_compile  # in a program under morrow, builtins has ours
from builtins import exec as host_exec

TYPE_CHECKING = False  # mypy takes this for typing's: this module is imported at every start
if TYPE_CHECKING:
    import ast
    from types import CodeType

__all__ = ["compile", "host_compile", "host_exec", "parse"]

ONLY_AST = 0x400  # ast.PyCF_ONLY_AST, without importing ast
OPTIMIZED_AST = 0x8000 | ONLY_AST
_ALLOW_INCOMPLETE_INPUT = 0x4000
_TYPE_COMMENTS = 0x1000


def compile(
    source: str | bytes | ast.AST,
    filename: str,
    mode: str = "exec",
    flags: int = 0,
    dont_inherit: bool = True,
    optimize: int = -1,
    *,
    deferred: bool = True,
    late: bool = True,
) -> CodeType:
    """Compile 3.14 source, or a tree of it, to a code object of this host.

    Args:
        source: text, bytes with an optional coding cookie, or a tree as `parse` gives it (which is left unchanged).
        filename: as in the tracebacks.
        mode: ``exec``, ``eval`` or ``single``.
        flags: compiler flags as for the built-in: future features of the calling code.
        dont_inherit: accepted for the built-in's sake. This function's own future features never count: a caller that
            wants its own to apply passes them in *flags*.
        optimize: as for the built-in.
        deferred: annotations are evaluated when asked for (PEP 649), as in 3.14.
        late: imports that only deferred code needs may be bound when the other module of a cycle finishes.

    Raises:
        SyntaxError: with the message and position that 3.14 gives.
        ValueError, TypeError, OverflowError, MemoryError: as the built-in.
    """

    def compile_it() -> CodeType:
        return _compile(source, filename, mode, flags, optimize, deferred, late)

    if not isinstance(source, (str, bytes)):
        return compile_it()
    import gc

    from morrow.language import quick, syntax_errors

    if mode == "exec" and not flags and not late and (code := quick.compile_text(source, filename, optimize, deferred=deferred)) is not None:
        return code
    # A tree is many objects that all stay until it is compiled: looking through them for garbage is a third of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        return syntax_errors.compile_checked(compile_it, source, filename, mode, flags, optimize)
    finally:
        if collects:
            gc.enable()


def _compile(  # type: ignore[no-untyped-def]
    source, filename, mode, flags, optimize, deferred, late
) -> CodeType:
    from morrow.language import features, syntax_errors

    context = features.Context(filename, mode, flags, deferred=deferred, late=late)
    wanted = features.wanted(source, context)
    if not wanted and not isinstance(source, (str, bytes)):
        return host_compile(source, filename, mode, flags, True, optimize)  # type: ignore[arg-type,no-any-return]
    if isinstance(source, (str, bytes)):
        refused: SyntaxError | None = None
        if not wanted:
            try:
                return host_compile(source, filename, mode, flags, True, optimize)  # type: ignore[no-any-return]
            except SyntaxError as error:
                # Either 3.14 grammar or a mistake: parsing tells which, and words a mistake as 3.14 does.
                refused = error
        parsed = _parse(source, filename, mode, flags)
        if refused is not None and not parsed.rewritten:
            raise refused  # the grammar is fine: what is wrong only shows later, such as `return` outside a function
        tree = parsed.tree
        syntax_errors.parsed(tree)
        if parsed.rewritten:
            context.rewritten = True
            wanted = features.wanted(source, context)
    else:
        tree = features.copy_tree(source)
    # What the host compiles may be nested deeper than Python's own calls may be: 700 times `elif`, say.
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 60_000))
    try:
        for feature in wanted:
            tree = feature.lower(tree, context)
    finally:
        sys.setrecursionlimit(limit)
    code = host_compile(tree, filename, mode, flags & ~_ALLOW_INCOMPLETE_INPUT, True, optimize)  # type: ignore[arg-type]
    if not context.renames:
        return code  # type: ignore[no-any-return]
    from morrow.language import codenames

    return codenames.rename(code)


def parse(
    source: str | bytes,
    filename: str = "<unknown>",
    mode: str = "exec",
    *,
    type_comments: bool = False,
    feature_version: int | tuple[int, int] | None = None,
    flags: int = 0,
) -> ast.AST:
    """Return the tree that 3.14's ``ast.parse`` gives, on any host.

    Raises:
        SyntaxError: with the message and position that 3.14 gives.
    """
    if type_comments:
        flags |= _TYPE_COMMENTS

    def parse_it() -> ast.AST:
        return _parse(source, filename, mode, flags, feature_version).tree

    if not isinstance(source, (str, bytes)) or feature_version is not None:
        return parse_it()
    from morrow.language import syntax_errors

    return syntax_errors.compile_checked(parse_it, source, filename, mode, flags | ONLY_AST)


def _parse(source, filename, mode, flags, feature_version=None):  # type: ignore[no-untyped-def]
    from morrow.language import grammar

    comments = bool(flags & _TYPE_COMMENTS)
    return grammar.parse(
        source, filename, mode, type_comments=comments, feature_version=feature_version, flags=flags & ~_TYPE_COMMENTS
    )
