"""Let ``compile``, ``exec``, ``eval`` and ``ast`` of this process understand 3.14.

`install` replaces the three built-in functions; everything in the standard library that turns text into code goes
through them (ast.parse, ast.literal_eval, code, codeop, doctest, runpy, timeit, pdb), so nothing else is touched. What
the replaced functions do for their caller stays: his future features, his globals and locals.

Which rules apply is decided by who asks. Text that the program compiles is the program's and goes through the whole
pipeline. Text that a library compiles for itself (dataclasses, namedtuple, attrs) means what it means on the host:
annotations there are evaluated at once, and only text that the host refuses is read as 3.14.
"""

from __future__ import annotations

import builtins
import os
import sys
from _functools import partial

import morrow_runtime
from morrow import language
from morrow.host import HERE
from morrow.host.deaf import deafen, last_call
from morrow.host.frames import hide, quietly
from morrow.language import ONLY_AST, OPTIMIZED_AST, library_names

# Kept: programs may take sys._getframe away. Not by its name: a profile function of 3.11 would be told of the call.
_getframe = partial(sys._getframe)
_host_compile, _host_exec, _host_eval = language.host_compile, builtins.exec, builtins.eval

_FUTURES = 0x1FF0000  # the flags of __future__'s features (Include/cpython/compile.h: PyCF_MASK)
_KNOWN_FLAGS = 0xFFFFFFF
_TYPE_COMMENTS = 0x1000
_OPTIMIZED_FRAME = 0x1  # CO_OPTIMIZED
# Library modules that compile what the program hands them, not text of their own.
_ON_BEHALF = frozenset(
    "ast bdb code codeop cProfile doctest inspect pdb profile runpy symtable timeit trace unittest".split()
)

# What compiling a text may raise: shown as raised by the caller's own line.
_REFUSALS = (SyntaxError, ValueError, TypeError, OverflowError, MemoryError, RecursionError)
_DEPTH = 1

TYPE_CHECKING = False  # mypy takes this for typing's: this module is imported at every start
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, ModuleType

    Owner = Callable[[FrameType, str], bool]
CodeType = type(hide.__code__)


def _is_program(frame: FrameType, filename: str) -> bool:
    """Return whether the text called *filename* that this frame compiles is the program's own, not a library's."""
    module = frame.f_globals.get("__name__") or ""
    on_behalf = isinstance(module, str) and module.partition(".")[0] in _ON_BEHALF
    if on_behalf and "/" not in filename and "\\" not in filename:
        return True
    filename = filename if on_behalf else frame.f_code.co_filename
    return not filename.startswith(("<frozen", _library())) and "site-packages" not in filename


def _library() -> str:
    global _library_folder
    if _library_folder is None:
        _library_folder = builtins.__import__("os").__file__.rpartition("os.py")[0]
    return _library_folder


_library_folder: str | None = None
# Whoever compiles an installed file, it is a library's: pytest does so for its plugins, and caches it for plain python too.
_FOREIGN = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_OWN_FILES = (language.__file__.rpartition("language")[0], morrow_runtime.__file__.rpartition("__init__")[0])
_owner: Owner = _is_program
_switches: dict[str, bool] = {"deferred": True, "late": False}


def install(*, deferred: bool = True, is_program: Owner | None = None) -> None:
    """Replace the built-in functions of this process. Doing it twice does it once.

    Args:
        deferred: annotations in text the program compiles are evaluated when asked for.
        is_program: says of the frame that compiles a text, and of the text's file name, whether the text is the program's.
    """
    global _owner
    morrow_runtime.install()
    morrow_runtime.__getattr__ = _find_quietly
    _owner = is_program or _is_program
    _switches["deferred"] = deferred
    builtins.compile, builtins.exec, builtins.eval = compile, exec, eval  # type: ignore[assignment]
    library_names.complete_when_loaded("ast", _complete_module)


_find = morrow_runtime.__getattr__


@hide
def _find_quietly(name: str) -> object:
    """Find what compiled code asks the runtime for. While a tracer listens, he does not hear how that is loaded and works."""
    _deaf = deafen()
    found = _find(name)
    if _deaf is not None and (isinstance(found, _Function) or name in _MAKES):
        found = partial(_call_unheard, found)
        setattr(morrow_runtime, name, found)
    return found


_Function = type(_find)
_MAKES = ("Interpolation", "Template", "field", "text")  # classes that compiled code calls, and does nothing else with


@hide
def _call_unheard(function: Callable[..., object], *arguments: object, **named: object) -> object:
    _deaf = deafen()
    made = function(*arguments, **named)
    # A decorator that completes a generic function.
    return partial(_call_unheard, made) if isinstance(made, _Function) and made.__name__ == "complete" else made


def uninstall() -> None:
    """Put the host's functions back. Code already compiled goes on working: the runtime's name stays known."""
    morrow_runtime.__getattr__ = _find
    builtins.compile, builtins.exec, builtins.eval = _host_compile, _host_exec, _host_eval


def complete_ast() -> None:
    """Give ``ast`` the names of 3.14's nodes that the host lacks, and an ``unparse`` that writes them."""
    import ast

    from morrow.language import tree

    for name, node in tree.names().items():
        if not hasattr(ast, name):
            setattr(ast, name, node)
    if ast.unparse.__module__ == "ast" and not (HERE is not None and HERE.parses_template_strings):
        unparse.__module__ = "ast"
        ast.unparse = unparse


def _complete_module(ast: ModuleType) -> None:
    from morrow.language import tree

    if hasattr(tree, "names"):
        complete_ast()
    else:  # it is what loads ast, and not there yet itself
        tree.when_loaded = complete_ast  # type: ignore[attr-defined]


@hide
def unparse(ast_obj: object) -> str:
    """Return the source that a tree stands for, as 3.14 writes it."""
    from morrow.language import unparse as unparser

    return quietly(unparser.unparse, ast_obj)  # type: ignore[no-any-return]


def compile(
    source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1
):  # type: ignore[no-untyped-def]
    """Compile source into a code object that can be executed by exec() or eval().

    The source code may represent a Python module, statement or expression.
    The filename will be used for run-time error messages.
    The mode must be 'exec' to compile a module, 'single' to compile a
    single (interactive) statement, or 'eval' to compile an expression.
    The flags argument, if present, controls which future statements influence
    the compilation of the code.
    The dont_inherit argument, if true, stops the compilation inheriting
    the effects of any future statements in effect in the code calling
    compile; if absent or false these statements do influence the compilation,
    in addition to any features explicitly specified.
    """
    _deaf = deafen()
    try:
        frame = _getframe(_DEPTH)
    except ValueError:
        frame = None
    if frame is None:  # called from C with nothing below, as by atexit; not in the handler: code would see its exception
        return _host_compile(source, filename, mode, flags, True, optimize, _feature_version=_feature_version)
    if not dont_inherit and isinstance(flags, int):
        flags |= frame.f_code.co_flags & _FUTURES
    try:
        return _compile(source, filename, mode, flags, optimize, _feature_version, frame)
    except _REFUSALS as error:
        raise error.with_traceback(None)


def exec(source, globals=None, locals=None, /, *, closure=None):  # type: ignore[no-untyped-def]
    """Execute the given source in the context of globals and locals.

    The source may be a string representing one or more Python statements
    or a code object as returned by compile().
    The globals must be a dictionary and locals can be any mapping,
    defaulting to the current globals and locals.
    If only globals is given, locals defaults to it.
    The closure must be a tuple of cellvars, and can only be used
    when source is a code object requiring exactly that many cellvars.
    """
    _deaf = None if type(source) is CodeType else deafen()  # code is run at once: there is nothing to hear
    try:
        frame = _getframe(_DEPTH)
    except ValueError:
        frame = None
    if frame is None:  # called from C with nothing below, as by atexit; not in the handler: code would see its exception
        del _deaf
        return _host_exec(source, globals, locals, closure=closure)
    if globals is None:
        globals = frame.f_globals
        if locals is None:
            locals = _locals(frame)
    elif locals is None:
        locals = globals
    if type(globals) is not dict and hasattr(type(globals), "__missing__"):
        # Such a mapping has an answer for every name, so it must have the right one for ours.
        globals.setdefault(morrow_runtime.NAME, morrow_runtime)
    if closure is None and type(source) is not CodeType:
        try:
            source = _code(source, "exec", globals, frame)
        except _REFUSALS as error:
            raise error.with_traceback(None)
    del _deaf
    call = last_call(_host_exec, source, globals, locals, closure=closure)
    return _host_exec(source, globals, locals, closure=closure) if call is None else call.pop()()


def eval(source, globals=None, locals=None, /):  # type: ignore[no-untyped-def]
    """Evaluate the given source in the context of globals and locals.

    The source may be a string representing a Python expression
    or a code object as returned by compile().
    The globals must be a dictionary and locals can be any mapping,
    defaulting to the current globals and locals.
    If only globals is given, locals defaults to it.
    """
    _deaf = None if type(source) is CodeType else deafen()  # code is run at once: there is nothing to hear
    try:
        frame = _getframe(_DEPTH)
    except ValueError:
        frame = None
    if frame is None:  # called from C with nothing below, as by atexit; not in the handler: code would see its exception
        del _deaf
        return _host_eval(source, globals, locals)
    if globals is None:
        globals = frame.f_globals
        if locals is None:
            locals = _locals(frame)
    elif locals is None:
        locals = globals
    if type(source) is not CodeType:
        try:
            source = _code(source, "eval", globals, frame)
        except _REFUSALS as error:
            raise error.with_traceback(None)
    del _deaf
    call = last_call(_host_eval, source, globals, locals)
    return _host_eval(source, globals, locals) if call is None else call.pop()()


@hide
def _locals(frame: FrameType) -> object:
    """The namespace that exec() and eval() take when they are given none."""
    found = frame.f_locals
    if frame.f_code.co_flags & _OPTIMIZED_FRAME and type(found) is not dict:
        # PEP 667: a function's frame shows its variables through a proxy that writes; exec() works on a snapshot.
        return dict(found)
    return found


def _code(source: object, mode: str, globals: object, frame: FrameType) -> object:
    """Return the code for a text; anything else goes to the host's function as it is, which knows how to complain."""
    if isinstance(source, CodeType) or not isinstance(globals, dict):
        return source
    if not isinstance(source, (str, bytes)):
        try:
            source = bytes(memoryview(source))  # type: ignore[arg-type]
        except TypeError:
            return source
    if mode == "eval":
        source = source.lstrip(" \t") if isinstance(source, str) else source.lstrip(b" \t")
    return _compile(source, "<string>", mode, frame.f_code.co_flags & _FUTURES, -1, -1, frame)


def _compile(source, filename, mode, flags, optimize, feature_version, frame):  # type: ignore[no-untyped-def]
    if isinstance(source, (bytearray, memoryview)):
        source = bytes(source)
    is_text = isinstance(source, (str, bytes))
    if isinstance(filename, str) and filename.startswith(_OWN_FILES):
        # The compiler cannot compile itself while it is being loaded: pytest parses the files of every plugin.
        return _host_compile(source, filename, mode, flags, True, optimize, _feature_version=feature_version)
    if mode not in ("exec", "eval", "single") or not isinstance(filename, str) or not isinstance(flags, int):
        return _host_compile(source, filename, mode, flags, True, optimize, _feature_version=feature_version)
    if flags & ONLY_AST and is_text:
        complete_ast()
        if feature_version != -1 or flags & (OPTIMIZED_AST & ~ONLY_AST):
            return _host_compile(source, filename, mode, flags, True, optimize, _feature_version=feature_version)
        return language.parse(source, filename, mode, flags=flags & ~ONLY_AST)
    if not _owner(frame, filename) or any(folder in filename for folder in _FOREIGN):
        try:
            return _host_compile(source, filename, mode, flags, True, optimize, _feature_version=feature_version)
        except SyntaxError:
            # A library may hold 3.14 text too: read it as such, with annotations as the host has them.
            if not is_text:
                raise
        return language.compile(source, filename, mode, flags, optimize=optimize, deferred=False, late=False)
    return language.compile(source, filename, mode, flags, optimize=optimize, **_switches)


def _depth() -> object:
    return _getframe(0)


# The functions stand in their callers' tracebacks no more than the ones written in C do, and what they raise starts
# there.
for _function in (compile, exec, eval, _depth):
    _function.__module__ = "builtins"
    hide(_function)
# Whether a hidden frame counts for sys._getframe when it asks itself differs from host to host.
_DEPTH = 1 if _depth().f_code is _depth.__code__ else 0  # type: ignore[attr-defined]
