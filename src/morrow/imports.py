"""Imports: the program's own modules go through `language`; everybody else's stay with the host.

Changes two methods of the host's own `SourceFileLoader`, so that finders, specs and types stay exactly python's. Which
modules are the program's own is decided by `scope`; what was compiled is kept by `cache`, next to the host's files.
A file of somebody else's that the host refuses is tried with today's grammar, which cannot change one that works.
"""

from __future__ import annotations

import _frozen_importlib_external as _external
import builtins
import os
import sys

import morrow_runtime
from morrow import settings
from morrow.debuglog import log
from morrow.host import HERE, deaf
from morrow.host.deaf import deafen, last_call
from morrow.host.frames import hide, quietly
from morrow.imports_cache import Cache
from morrow.imports_scope import Scope, find_scope, is_library
from morrow.language import host_exec
from morrow_runtime import late_imports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType, ModuleType

_Loader = _external.SourceFileLoader
_host_get_code = _Loader.get_code
_host_compile = builtins.compile

scope: Scope | None = None
"""What the program's own modules are; None while imports are the host's."""

_cache: Cache
_native = False
_race: ModuleType | None = None
"""morrow.race while it watches: the program's own modules are then rewritten for it, and kept in no cache."""


def start(root: str) -> None:
    """Look after the imports of this process from now on. *root* is the folder that the program starts in."""
    global scope, _cache, _native, _race
    if scope is not None:
        return
    scope = find_scope(settings.get("root") or root)
    settings.set_project(scope.settings)
    _cache = Cache(_options())
    # The host's own importing keeps the host's compiler, also when builtins.compile understands more.
    _external.compile = _host_compile_or_refuse  # type: ignore
    _native = is_native()
    start_language()
    _Loader.get_code = _get_code  # type: ignore
    _Loader.exec_module = _exec_module  # type: ignore
    if settings.get("race"):
        from morrow import race

        _race = race
        race.start(root)
    log("imports", 1, f"the program's own: {scope}")


def stop() -> None:
    """Leave imports to the host again."""
    global scope
    if scope is None:
        return
    scope = None
    _Loader.get_code = _host_get_code  # type: ignore
    # It inherits exec_module, which a program may replace above it: taking ours away shows the inherited one again.
    del _Loader.exec_module
    del _external.compile  # type: ignore
    if not _native:
        from morrow.language import builtins_patch

        builtins_patch.uninstall()
        from morrow.language.tracebacks import uncaught

        uncaught.uninstall()


def start_language() -> None:
    """Let compile, exec, eval and ast.parse of this process understand the language, where the host does not."""
    if is_native():
        return
    from morrow.language import builtins_patch

    builtins_patch.install(deferred=settings.get("deferred") != "0", is_program=_compiles_for_program)
    from morrow.language import library_names

    library_names.install()
    if HERE is not None and not HERE.shows_tracebacks and settings.get("tracebacks") != "0":
        from morrow.language.tracebacks import uncaught

        uncaught.install()


def is_native() -> bool:
    """Whether the host's own compiler does everything: then its code and its cache are used as they are."""
    return HERE is not None and HERE.parses_template_strings and HERE.defers_annotations and settings.get("deferred") != "0"


def _compiles_for_program(frame: FrameType, filename: str) -> bool:
    """Whether the text called *filename* that *frame* compiles is the program's own, not a library's."""
    name = frame.f_globals.get("__name__") or ""
    path = frame.f_code.co_filename
    if scope is None or not isinstance(name, str):
        return False
    if name == "morrow.interpreters.interpreter":
        return True
    if name.partition(".")[0] in _ON_BEHALF:
        # What pytest rewrites, say, may be a plugin of its own: whose file it is decides.
        return not is_library(filename)
    # Text in <...> was compiled by the program before, unless a library says so by its name.
    return scope.holds(name, path) if os.sep in path else not path.startswith("<frozen")


# Library modules that compile what the program hands them, not text of their own.
_ON_BEHALF = frozenset(
    "ast bdb code codeop cProfile coverage doctest inspect pdb profile runpy symtable timeit trace unittest _pytest".split()
)


def compile_source(source: bytes | str, path: str, *, fullname: str = "__main__", late: bool = False) -> CodeType:
    """Compile a file of the program's own.

    Raises:
        SyntaxError: it is wrong.
    """
    deferred = settings.get("deferred") != "0"
    if _race is not None:
        from morrow import language

        tree = _race.watched(language.parse(source, path), path, fullname)
        return language.compile(tree, path, "exec", deferred=deferred, late=late)
    if not late and is_native():
        return _host_compile(source, path, "exec", dont_inherit=True)  # type: ignore[no-any-return]
    if not late and _is_plain(source):
        try:
            return _host_compile(source, path, "exec", dont_inherit=True)  # type: ignore[no-any-return]
        except SyntaxError:  # today's grammar, or a mistake to be worded as today
            pass
    from morrow import language

    return language.compile(source, path, "exec", deferred=deferred, late=late)


def compile_script(source: bytes, path: str) -> CodeType:
    """Compile the file that a command names, or take what was kept of it (`script_cache`).

    Raises:
        SyntaxError: it is wrong.
    """
    if _race is not None or is_native() or _is_plain(source):
        return compile_source(source, path)
    from morrow.script_cache import compile_kept

    return compile_kept(source, path, _cache._stamp, compile_source)


def _is_plain(source: bytes | str) -> bool:
    """Whether nothing in *source* can mean more today than on this host, seen without a regular expression.

    Loading what can tell exactly costs more than python's whole start: a one-liner shall not pay for it.
    """
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    if ":" in text or "type" in text or not text.isascii():
        return False  # not ASCII: 3.11 does not look whether a comment can be decoded
    if "\\" in text or any(word in text for word in ("and ", "or ", "if ", "in ", "is ")):
        return False  # 3.14 may warn about an escape, about `x is 1` or `1if x else y`
    folded = text.lower()
    return not any(prefix in folded for prefix in ("t'", 't"', "r'", 'r"', "0x"))  # a number may run into a word


def stamp() -> str:
    """Return a few letters that change whenever the same source would be compiled to something else."""
    return _cache._stamp.hex()[:8]


def _options() -> str:
    """Return everything besides source and host that a compiled file depends on."""
    return f"deferred={settings.get('deferred')}"


# -- the two methods ---------------------------------------------------------------------------------------------------


def _get_code(self: _Loader, fullname: str) -> CodeType | None:
    """Give the code of a module: SourceLoader.get_code, with our compiler and cache for the program's own files."""
    _deaf = deafen()
    if scope is not None and _reads_as_the_host(self) and _is_own(scope, fullname, self.path):
        return _get_own_code(self, fullname)
    del _deaf
    call = last_call(_host_get_code, self, fullname)
    try:
        return _host_get_code(self, fullname) if call is None else call.pop()()  # type: ignore[no-any-return]
    except SyntaxError as refused:
        if type(self) is not _Loader or scope is None or _native:
            raise
        return quietly(_try_again, self, fullname, refused)  # type: ignore[no-any-return]


def _reads_as_the_host(loader: _Loader) -> bool:
    """Whether a loader is the host's own, or one of the program's that finds and keeps code as that one does."""
    kind = type(loader)
    return kind is _Loader or all(getattr(kind, name) is getattr(_Loader, name) for name in _KEEPING)


_KEEPING = ("source_to_code", "path_stats", "set_data", "_cache_bytecode")


def _get_own_code(self: _Loader, fullname: str) -> CodeType | None:
    code = _host_get_code(self, fullname) if _native and _race is None else _load(self, fullname, False)
    if late_imports.loading and settings.get("late") != "0" and _may_meet_a_cycle(code) and _meets_a_cycle(code, self, fullname):
        morrow_runtime.install()  # where the host needs nothing else rewritten, nobody has
        code = _load(self, fullname, True)
    return code


def _exec_module(self: _Loader, module: ModuleType) -> None:
    """Run a module: as the host does, and then bind what others have been promised from it."""
    _deaf = deafen()
    is_own = scope is not None and type(self) is _Loader and scope.holds(module.__name__, self.path)
    if not is_own and module.__name__ in PROFILERS:
        module.exec = host_exec  # type: ignore[attr-defined]
    elif is_own:
        if not _native:
            _point_to_cache(module, self.path)
        late_imports.loading.append(module)
    del _deaf
    execute = _external.SourceLoader.exec_module
    call = last_call(execute, self, module)
    try:
        execute(self, module) if call is None else call.pop()()
    finally:
        _deaf = deafen()
        if is_own:
            late_imports.loading.remove(module)
    if is_own:
        late_imports.finished(module)
        return
    if module.__name__ == "_pytest.assertion.rewrite" and not _native and hasattr(module, "PYC_TAIL"):
        # What pytest keeps from here on, of its plugins too, a plain pytest could not run.
        module.PYC_TAIL = f"{module.PYC_TAIL.removesuffix(module.PYC_EXT)}-morrow-{stamp()}{module.PYC_EXT}"
    if _race is not None:
        _race.imported(module)


# They account for the call of exec that starts what they measure: it must be the one written in C.
PROFILERS = frozenset(("profile", "cProfile"))


def warm_up() -> None:
    """Load what compiling needs, so that a profile of the program does not list how that came about."""
    deaf.prepare()
    compile_source("def f[T](a: T = 1, *b: int) -> T:\n    try: return f'{a!r:>{b}}', t'{a}'\n    except A, B: pass\n", "<warm>")


def _load(self: _Loader, fullname: str, late: bool) -> CodeType:
    code = _cache.read(self, self.path, late) if _race is None else None
    if code is None:
        source = self.get_data(self.path)
        try:
            code = compile_source(source, self.path, fullname=fullname, late=late)
        except Exception as error:
            error.__traceback__ = None  # it is about the source: where in the compiler it was found is nobody's business
            _refusals[self.path] = error
            try:
                _host_get_code(self, fullname)
            finally:
                _refusals.pop(self.path, None)
            raise  # the host had a compiled file, and did not look at the source
        if _race is None:
            _cache.write(self, self.path, late, code, source)
    return code


@hide
def _host_compile_or_refuse(source: object, path: str, *arguments: object, **named: object) -> object:
    """Stand in for `compile` in the host's importing: what our compiler has refused is refused there.

    CPython takes importlib's frames off a traceback, or leaves them in it, by what it finds at their end (import.c,
    remove_importlib_frames): an error has to come from where its own come from.
    """
    if path in _refusals:
        raise _refusals[path]
    if not _native and _asked_by_py_compile():
        return quietly(_compile_for_py_compile, source, path, *arguments, named)
    return _host_compile(source, path, *arguments, **named)  # type: ignore[call-overload]


def _asked_by_py_compile() -> bool:
    frame = sys._getframe(1)  # source_to_code and what is called on its behalf are between
    for _ in range(4):
        if frame is None:
            return False
        if os.path.basename(frame.f_code.co_filename) == "py_compile.py":
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _compile_for_py_compile(source: bytes, path: str, mode: str, named: dict[str, object]) -> object:
    """Compile for a file that plain python may read: what the host takes it gets, the rest needs morrow to run anyway."""
    try:
        return _host_compile(source, path, mode, **named)  # type: ignore[call-overload]
    except SyntaxError:
        pass
    from morrow import language

    return language.compile(source, path, mode, optimize=named.get("optimize", -1))  # type: ignore[arg-type]


_refusals: dict[str, Exception] = {}


def _is_own(own: Scope, fullname: str, path: str) -> bool:
    return own.holds(fullname, path) or (_race is not None and _race.watches(fullname))


def _try_again(self: _Loader, fullname: str, refused: SyntaxError) -> CodeType:
    """Compile a file that the host refused with today's grammar; if that refuses it too, the host's words stand."""
    code = _cache.read(self, self.path, False)
    if code is not None:
        return code
    source = self.get_data(self.path)
    from morrow import language

    try:
        # What works stays as it is: annotations of somebody else's file are evaluated as the host does.
        code = language.compile(source, self.path, "exec", deferred=False, late=False)
    except SyntaxError:
        raise refused from None
    log("imports", 1, f"{fullname}: {self.path} is not for this host; compiled with today's grammar")
    _cache.write(self, self.path, False, code, source)
    return code


def _point_to_cache(module: ModuleType, path: str) -> None:
    """Name the compiled file that is really used (``__cached__``, ``__spec__.cached``)."""
    try:
        cached = _cache.path_of(path, False)
    except NotImplementedError:  # sys.implementation.cache_tag is None: nothing is cached, as for the host
        return
    if module.__spec__ is not None:
        module.__spec__.cached = cached
    if getattr(module, "__cached__", None) is not None:
        module.__cached__ = cached  # type: ignore[attr-defined]


def _may_meet_a_cycle(code: CodeType | None) -> bool:
    """Whether this module names one that is still being imported, in a way that could be an import of it."""
    if code is None:
        return False
    names = code.co_names
    for module in late_imports.loading:
        parts = module.__name__.split(".")
        if "" in names or any(".".join(parts[start:]) in names for start in range(len(parts))):
            return True
    return False


def _meets_a_cycle(code: CodeType | None, loader: _Loader, fullname: str) -> bool:
    from morrow import imports_cycles  # brings opcode along: not for programs without cycles

    assert code is not None
    return imports_cycles.meets(code, loader, fullname)


if HERE is not None and not HERE.free_threaded:
    # Not on free-threaded hosts: there RESUME gives each thread its own copy of the instructions.
    for _function in (_get_code, _get_own_code, _exec_module, _load, _try_again):
        hide(_function)
