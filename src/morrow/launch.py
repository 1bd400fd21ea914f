"""Run a file, a module, a string, stdin, a directory, a zip or the prompt as ``__main__``, exactly as python does.

Takes a `CommandLine`; ends with the program's own exit status. Between the two it makes this process look as if python
had been given that command line (`sys.argv`, `sys.path`, ``__main__``, ...), starts morrow's systems, and then lets
everything of ours leave the stack before the program starts, so that no frame of ours is below the program's first:
`Unwind` is raised to the top, where CPython calls `sys.excepthook` on an empty stack, and there the program runs
(pythonrun.c, _PyErr_PrintEx: a SystemExit raised by the hook ends the process as one raised by a program does).
"""

from __future__ import annotations

import builtins
import os
import sys

import morrow
from morrow import command_line, settings
from morrow.command_line import COMMAND, FILE, MODULE, NOTHING, STDIN, CommandLine
from morrow.debuglog import log
from morrow.host import HERE, recursion
from morrow.host.frames import bring_tracers_back, from_bottom, hear_again, hide, put_tracers_away, quietly
from morrow.language import host_exec
from morrow.unhandled import report, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

MAIN_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
"""What a python is given to run in order to be morrow: works wherever it starts and under -I, -E and -S."""

_execve = getattr(os, "execve", None)  # the host's own: `children` would make what it starts morrow again
_DEBUGGED_VARIABLE = "_MORROW_DEBUGGED"  # debug.launched.VARIABLE: set by a debug adapter that starts this program

SYSTEMS: tuple[tuple[str, str, str], ...] = (
    ("language", "0", "morrow.imports:start"),
    ("race", "", "morrow.imports:start"),  # which lets race rewrite what it imports
    ("deferred", "0", "morrow.annotations:start"),
    ("doors", "0", "morrow.imports_doors:start"),
    ("children", "0", "morrow.children:start"),
    ("jit", "off", "morrow.jit:start"),
    ("scale", "", "morrow.threads:start"),
    ("attach", "off", "morrow.attach.offer:start"),
    ("explain", "", "morrow.jit:start"),  # which has a word to say when it is off, too
)
"""What is started before the program, in this order: the setting, its value that means off, and module:function, which is
given the folder that the program starts in."""


class Unwind(BaseException):
    """Raised to take everything of ours off the stack; never seen by a program."""


class NothingToRun(Exception):
    """There is no program to run.

    Attributes:
        text: what python says about it.
        status: the exit status it leaves with.
    """

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.text, self.status = text, status


class Program:
    """What is about to run as ``__main__``.

    Attributes:
        line: the command line that asked for it.
        path: the file's absolute path, '' when it is no file.
        importer: the path hook's finder when the target is a directory or a zip, else None.
        root: the folder whose modules are the program's own, before pyproject.toml is looked for.
        is_prompt: whether there is nothing to run but what the user types.
    """

    __slots__ = ("line", "path", "importer", "root", "is_prompt")

    def __init__(self, line: CommandLine) -> None:
        self.line = line
        self.path = _absolute(line.target) if line.kind == FILE else ""
        self.importer = _find_importer(self.path) if self.path else None
        self.root = (self.path if self.importer else _folder_of(line)) if self.path else os.getcwd() if _has_cwd() else os.sep
        self.is_prompt = line.kind in (NOTHING, STDIN) and (line.inspect or _is_terminal())


_waiting: list[Program] = []


def start(line: CommandLine, given: list[str], restarted: bool = False) -> None:
    """Run the program; does not return.

    Args:
        line: the command line.
        given: the command line as it was written, for `sys.orig_argv`.
        restarted: whether the host was started with the options of *line* that only a starting python can obey.

    Raises:
        SystemExit: it has run, below the caller's frames, because the caller is somebody's program.
        Unwind: it will run as soon as the stack is empty.
    """
    before = command_line.parse(_own_options(given))
    line.inspect, before.inspect = line.inspect or before.inspect, False
    if not restarted and (line.host or sys.flags.inspect):
        # A host that was told of -i or PYTHONINSPECT opens its own prompt at the end: start it without being told.
        restart(line, before, given)
    program = Program(line)
    _set_process(line, given, restarted)
    for name in settings.SETTINGS:
        settings.get(name)  # a value that a setting does not have is said now, not in the middle of the program
    start_systems(program.root)
    debugger = os.environ.pop(_DEBUGGED_VARIABLE, "") or settings.inherited("debugger")
    if debugger:
        from morrow.debug import launched

        launched.start(debugger)
    if line.inspect:
        _set_flags("inspect", "interactive")
    elif os.environ.get("PYTHONINSPECT") and not sys.flags.ignore_environment:
        _set_flags("inspect")
    if _everything_below_is_ours():
        _waiting[:] = [program]
        _Hook.previous = sys.excepthook
        sys.excepthook = _on_an_empty_stack
        raise Unwind
    main = _new_main()
    error = _run(program, main.__dict__)
    if "morrow.race" in sys.modules:
        sys.modules["morrow.race"].note_ending(error)
    if isinstance(error, NothingToRun):
        sys.stderr.write(error.text)
        raise SystemExit(error.status)
    if error is not None:
        raise error
    raise SystemExit(0)


def start_systems(folder: str) -> None:
    """Start all systems that are on, for a program that starts in *folder*. Doing it twice does it once."""
    for name, off, where in SYSTEMS:
        if settings.get(name) != off:
            module, _, function = where.partition(":")
            getattr(__import__(module, fromlist=["*"]), function)(folder)
    _pass_on(folder)
    if settings.get("repl") != "basic" and _is_terminal():
        from morrow.repl import editor

        editor.start()


def _pass_on(folder: str) -> None:
    path0 = sys.path[0] if sys.path and not sys.flags.safe_path else None
    arguments = f"{folder!r}, {path0!r}, {sys.argv!r}"
    morrow.for_interpreters = f"from morrow import launch\nlaunch.start_in_interpreter({arguments})"


def start_in_interpreter(folder: str, path0: str | None, argv: list[str]) -> None:
    """Make an interpreter beside the main one like it: what it finds in `sys`, and what its source code may say.

    The other systems are the process's: the main interpreter has started them, or, like the jit, they are for it only.

    Args:
        folder: the folder that the program starts in.
        path0: the first entry of sys.path; the host knows only where morrow itself was started from.
        argv: as python would have set `sys.argv`.
    """
    sys.argv = argv
    if path0 is not None:
        replaced = HERE is not None and HERE.passes_path0
        sys.path[: int(replaced)] = [path0]
    for name, off, where in SYSTEMS:
        if name in ("language", "deferred", "doors") and settings.get(name) != off:
            module, _, function = where.partition(":")
            getattr(__import__(module, fromlist=["*"]), function)(folder)
    _pass_on(folder)
    agent = sys.modules.get("morrow.interpreters.agent")
    imports = sys.modules.get("morrow.imports")
    if agent is not None and imports is not None:
        agent.compile_main = lambda source, path: imports.compile_source(source, path)  # type: ignore[attr-defined]


def restart(line: CommandLine, before: CommandLine, given: list[str]) -> None:
    """Replace this process by a python that was started with the options only a starting python can obey.

    *before* holds the options that this python was started with, before it was told to be morrow.
    """
    own = _own_options(given)
    options = [*before.for_host(), *before.for_morrow(), *line.for_host()]
    environment = os.environ.copy()
    again = [command_line.RESTARTED, str(len(own)), environment.pop("PYTHONINSPECT", ""), *own, *given]
    command = [sys.executable, *options, MAIN_FILE, *settings.inheritance(), *again]
    log("launch", 1, f"restart: {command}")
    if os.name == "nt":  # execv there starts a child and leaves at once: the shell would not wait for it
        import subprocess

        sys.exit(subprocess.run(command, env=environment).returncode)
    assert _execve is not None  # missing on Windows only
    _execve(sys.executable, command, environment)


# -- what the program sees of its process ---------------------------------------------------------------------------


def _set_process(line: CommandLine, given: list[str], restarted: bool) -> None:
    """Make sys what it would be had python itself been given this command line."""
    sys._xoptions.update(line.settings)
    if line.warnings and not restarted:
        _add_warnings(line.warnings)
    first = {FILE: line.target, COMMAND: "-c", MODULE: "-m", STDIN: "-", NOTHING: ""}[line.kind]
    sys.argv[:] = [first, *line.arguments]
    sys.orig_argv[:] = [*sys.orig_argv[:1], *_own_options(given), *given]
    if not sys.flags.safe_path and sys.path:
        sys.path[0] = {FILE: _folder_of(line), MODULE: os.getcwd() if _has_cwd() else ""}.get(line.kind, "")
        if not _has_cwd():
            # A folder that is named from one that is gone: looking there would end in an error, for what we import too.
            sys.path_importer_cache.setdefault(sys.path[0], None)


def _own_options(given: list[str]) -> list[str]:
    """Return the options this python was started with before it was told to be morrow."""
    before = sys.orig_argv[1 : len(sys.orig_argv) - len(given)]
    if before[-2:] == ["-m", "morrow"]:
        return before[:-2]
    return before[:-1]


def _add_warnings(options: list[str]) -> None:
    # What Python/pylifecycle.c does at start: the list first, then the module, which reads the list when imported.
    sys.warnoptions.extend(options)
    if "warnings" in sys.modules:
        sys.modules["warnings"]._processoptions(options)  # type: ignore[attr-defined]
    else:
        import warnings  # noqa: F401


def _set_flags(*names: str) -> None:
    """Set fields of sys.flags to 1, where ctypes is there to do it."""
    try:
        import ctypes
    except ImportError:  # a python built without it: only the program's view of sys.flags is missing
        return
    set_item = ctypes.pythonapi.PyStructSequence_SetItem
    set_item.argtypes, set_item.restype = (ctypes.py_object, ctypes.c_ssize_t, ctypes.py_object), None
    for name in names:
        # The call takes over a reference; 1 is immortal or shared, so the one ctypes keeps is never the last.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(1))
        set_item(sys.flags, type(sys.flags).__match_args__.index(name), 1)  # type: ignore[attr-defined]


def _has_cwd() -> bool:
    try:
        os.getcwd()
    except OSError:  # deleted under us; python goes on without it as well
        return False
    return True


def _absolute(path: str) -> str:
    """Return *path* from the root, otherwise as it was written: what python puts into ``__file__``."""
    if os.path.isabs(path) or not _has_cwd():
        return path
    if path in ("", "."):
        return os.getcwd()
    return os.path.abspath(path) if os.name == "nt" else os.path.join(os.getcwd(), path)


def _find_importer(path: str) -> object:
    """Return the finder of a directory or zip, None for any other file (PyImport_GetImporter)."""
    try:
        return sys.path_importer_cache[path]
    except KeyError:
        pass
    importer = None
    for hook in sys.path_hooks:
        try:
            importer = hook(path)
            break
        except ImportError:
            continue
    sys.path_importer_cache[path] = importer
    return importer


def _folder_of(line: CommandLine) -> str:
    """Return sys.path[0] for a file (Python/pathconfig.c, _PyPathConfig_ComputeSysPath0): one link is followed."""
    path = line.target
    try:
        link = os.readlink(path)
    except OSError:
        pass
    else:
        path = link if os.path.isabs(link) else os.path.join(os.path.dirname(path), link)
    try:
        return os.path.dirname(os.path.realpath(path))
    except OSError:
        return os.path.dirname(path)


# -- running ----------------------------------------------------------------------------------------------------------


def _everything_below_is_ours() -> bool:
    """Whether the stack holds nothing but the way into morrow: its modules, runpy, the console script."""
    frame = sys._getframe(1)
    here = os.path.dirname(MAIN_FILE)
    while frame is not None:
        path = frame.f_code.co_filename
        if not (
            os.path.dirname(os.path.abspath(path)) == here
            or path == "<frozen runpy>"
            or os.path.basename(path) in ("runpy.py", "morrow", "morrow-script.py")
            or (os.path.basename(os.path.dirname(path)).lower() == "morrow.exe")
        ):
            return False
        frame = frame.f_back  # type: ignore[assignment]
    return True


class _Hook:
    """What must outlive the unwinding: the hook that was there, and the ``__main__`` that python started with."""

    previous = sys.excepthook
    main: ModuleType


@hide
def _on_an_empty_stack(kind: type, unwind: BaseException, traceback: object) -> None:
    """Stand in for sys.excepthook while `Unwind` passes: run the program."""
    sys.excepthook = _Hook.previous
    if kind is not Unwind:
        sys.excepthook(kind, unwind, traceback)  # type: ignore[arg-type]
        return
    _forget_unwind(unwind)
    program = _waiting.pop()
    main = _new_main()
    interrupted = raised = None
    try:
        # As in _run, here and now: one hidden frame fewer on the raw stack.
        run, arguments = _prepare(program, main.__dict__)
        recursion.take_back_frames(2, int(run is host_exec))
    except BaseException as error:
        raised = error
    else:
        interrupted, raised = from_bottom(run, *arguments)
    _end(raised, program, interrupted is True)


def _new_main() -> ModuleType:
    """Put an empty ``__main__`` in place. The old one must not die: CPython goes back to its dict when the hook returns,
    without a reference of its own (pythonrun.c, pyrun_simple_file)."""
    _Hook.main = sys.modules["__main__"]
    main = sys.modules["__main__"] = type(sys)("__main__")
    main.__dict__.clear()
    return main


def _forget_unwind(error: BaseException) -> None:
    error.__traceback__ = None
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)


@hide
def _run(program: Program, namespace: dict[str, object]) -> BaseException | None:
    """Run the program in *namespace*, below the caller's frames; return what it raised."""
    try:
        run, arguments = _prepare(program, namespace)
        run(*arguments)
    except BaseException as error:
        return error
    return None


@hide
def _prepare(program: Program, namespace: dict[str, object]) -> tuple[Callable[..., object], tuple[object, ...]]:
    """Fill ``__main__``; return what to call, and with what, to run the program."""
    line = program.line
    if line.kind == MODULE or program.importer is not None:
        return _prepare_module(program, namespace)
    if program.is_prompt:
        _prepare_main(namespace)
        return _open_prompt, (namespace, True)
    return host_exec, (_prepare_code(program, namespace), namespace)


def _prepare_main(namespace: dict[str, object], path: str | None = None, loader: object = None) -> None:
    """Fill ``__main__`` in the order python does."""
    import _frozen_importlib

    namespace.update(
        __name__="__main__",
        __doc__=None,
        __package__=None,
        __loader__=loader or _frozen_importlib.BuiltinImporter,
        __spec__=None,
    )
    if HERE is None or (not HERE.defers_annotations and settings.get("deferred") == "0"):
        namespace["__annotations__"] = {}  # 3.14 makes it when somebody asks
    namespace["__builtins__"] = builtins
    if path is not None:
        namespace["__file__"] = path
        namespace["__cached__"] = None


def _prepare_module(program: Program, namespace: dict[str, object]) -> tuple[Callable[..., object], tuple[object, ...]]:
    import runpy

    runpy.exec = host_exec  # type: ignore[attr-defined]  # it runs code objects only: no frame of ours for that
    _prepare_main(namespace)
    if program.importer is None:
        if _has_door(program.line):
            from morrow.imports_doors import MainFinder

            sys.meta_path.insert(0, MainFinder(program.line.target))  # type: ignore[arg-type]
        imports = sys.modules.get("morrow.imports")
        if imports is not None and program.line.target in imports.PROFILERS:
            namespace["exec"] = host_exec
            imports.warm_up()
        return runpy._run_module_as_main, (program.line.target, True)  # type: ignore[attr-defined]
    # Inserted whatever -P and -I say (Modules/main.c, pymain_run_python).
    if sys.flags.safe_path:
        sys.path.insert(0, program.path)
    else:
        sys.path[0] = program.path
    return runpy._run_module_as_main, ("__main__", False)  # type: ignore[attr-defined]


def _has_door(line: CommandLine) -> bool:
    """Whether -m of this package runs our module: where ours has an editor, or the host's is older than 3.14's."""
    if line.target != "asyncio" or line.arguments or HERE is None or settings.get("doors") == "0":
        return False
    from morrow.repl import why_basic

    return why_basic() is None or not HERE.awaits_in_context


@hide
def _prepare_code(program: Program, namespace: dict[str, object]) -> object:
    """Read and compile what is to run; fill ``__main__``. Errors in the source leave without a frame of ours."""
    line = program.line
    if line.kind == COMMAND:
        _prepare_main(namespace)
        text = _command_text(line.target)
        code = _compile(text, "<string>")
        _remember_lines(code, text)
        return code
    if line.kind != FILE:
        _prepare_main(namespace, "<stdin>")
        return _compile(_read_stdin(line), "<stdin>")
    path, source = _read_file(line)
    if path.endswith(".pyc"):
        return _load_pyc(path, source, namespace)
    _prepare_main(namespace, path, _source_loader(path))
    return _compile(source, path, is_file=True)


@hide
def _compile(source: bytes | str, path: str, is_file: bool = False) -> object:
    """Compile what is to run. An error is about the program's source: where in the compiler it was found is left out."""
    try:
        if isinstance(source, bytes) and b"\0" in source:
            source = _before_null_byte(source, path)
        if settings.get("language") == "0" and not settings.get("race"):
            return compile(source, path, "exec", dont_inherit=True)
        from morrow.imports import compile_script, compile_source

        code, refused = from_bottom(compile_script if is_file and isinstance(source, bytes) else compile_source, source, path)
        if refused is not None:
            raise refused
        return code
    except Exception as error:
        error.__traceback__ = None
        if isinstance(error, SyntaxError) and isinstance(source, bytes):
            _name_file(error, path, source)
            _place_at_end(error, source)
            if HERE is not None and HERE.shows_tracebacks and getattr(error, "_metadata", None):
                # python reads files by line: whoever looks for misspelt keywords finds no text with the error
                error._metadata = (*error._metadata[:2], None)  # type: ignore[attr-defined]
        raise


@hide
def _before_null_byte(source: bytes, path: str) -> bytes:
    """Refuse a file with a null byte, which python looks for before anything but the encoding of what is before it.

    Returns the text before it when that is what is wrong.
    """
    text = source[: source.index(b"\0")]
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    try:
        last = lines[-1].decode()
    except UnicodeDecodeError:
        return text
    raise SyntaxError("source code cannot contain null bytes", (path, len(lines), 0, last, len(lines), 0))


def _name_file(error: SyntaxError, path: str, source: bytes) -> None:
    """Word an error about the encoding as python words it for a file, not for a text."""
    said = str(error.msg)
    if not said.startswith("Non-UTF-8 code starting with") or f" in file {path}" in said:
        return
    from morrow.language.source import find_coding

    error.msg = said.replace(" on line ", f" in file {path} on line ", 1)
    marked = source.startswith(b"\xef\xbb\xbf")
    if (marked or find_coding(source) is not None) and error.lineno:
        line = source[3 * marked :].splitlines(keepends=True)[error.lineno - 1]
        try:
            line.decode()
        except UnicodeDecodeError as problem:
            error.msg = f"(unicode error) {problem}"
            error.text, error.offset, error.end_offset = line.decode(errors="replace"), 0, -1
    where = path, error.lineno, error.offset, error.text, error.end_lineno, error.end_offset
    error.args = (error.msg, where)
    error.filename = path


def _place_at_end(error: SyntaxError, source: bytes) -> None:
    """Place an error that the end of a file is: nowhere in its last line, as python reads files, not behind it as in a text."""
    if error.end_offset != -1 or error.text is None or not error.msg.startswith(("expected ", "unexpected EOF ")):
        return
    lines = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").count(b"\n") + 1
    text = error.text.rstrip("\n")
    if text.endswith("\\") and text[:-1].strip():
        return  # an end behind a backslash is where it is
    if error.lineno == lines and error.offset == len(text) + 1:
        error.offset = 0
        error.args = (error.msg, (error.filename, error.lineno, 0, error.text, error.end_lineno, error.end_offset))


def _command_text(text: str) -> str:
    """Return the text of -c with its newline, without common leading blanks, as 3.14 takes it."""
    if text.lstrip("\n")[:1] in (" ", "\t"):
        import textwrap  # brings re along: only for text that may need it

        text = textwrap.dedent(text)
    try:
        text.encode()
        return text + "\n"
    except UnicodeEncodeError as error:
        problem = f"Unable to decode the command from the command line:\nUnicodeEncodeError: {error}\n"
    raise NothingToRun(problem, 1)


def _remember_lines(code: object, text: str) -> None:
    """Let tracebacks show the lines of -c, as 3.14 does (pythonrun.c, run_mod)."""
    if HERE is None or not HERE.shows_command_lines:
        from morrow.language.tracebacks import uncaught

        uncaught.texts.append((code, text))  # type: ignore[arg-type]
        return
    import linecache

    # 3.13.0 keeps the lines by file name, later ones by code.
    key = code if hasattr(linecache, "_interactive_cache") else "<string>"
    linecache._register_code(key, text, "<string>")  # type: ignore[attr-defined]


def _read_stdin(line: CommandLine) -> bytes:
    return sys.stdin.buffer.read() if sys.stdin is not None else b""


def _read_file(line: CommandLine) -> tuple[str, bytes]:
    path = _absolute(line.target)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        problem = error
    else:
        return path, _without_first_line(source) if line.skip_first_line else source
    program = sys.orig_argv[0] if sys.orig_argv else "python"
    raise NothingToRun(f"{program}: can't open file {path!r}: [Errno {problem.errno}] {problem.strerror}\n", 2)


def _without_first_line(source: bytes) -> bytes:
    """Return *source* for -x: the newline stays, so that line numbers do."""
    return source[source.find(b"\n") :] if b"\n" in source else b""


def _source_loader(path: str) -> object:
    from importlib.machinery import SourceFileLoader

    return SourceFileLoader("__main__", path)


@hide
def _load_pyc(path: str, data: bytes, namespace: dict[str, object]) -> object:
    import marshal
    from importlib.machinery import SourcelessFileLoader
    from importlib.util import MAGIC_NUMBER

    _prepare_main(namespace, path, SourcelessFileLoader("__main__", path))
    if data[:4] != MAGIC_NUMBER:
        raise RuntimeError("Bad magic number in .pyc file")
    try:
        code = marshal.loads(memoryview(data)[16:])
    except (EOFError, ValueError, TypeError):  # damaged
        code = None
    if not hasattr(code, "co_code"):
        raise RuntimeError("Bad code object in .pyc file")
    return code


# -- ending -----------------------------------------------------------------------------------------------------------


@hide
def _end(error: BaseException | None, program: Program, interrupted: bool) -> None:
    """Do what python does after the last line: print the error, open the prompt under -i, give the exit status.

    *interrupted* says that the program was the prompt, and that the last statement there ended by an interrupt.

    Returning means status 1: CPython takes it that the hook has reported an error. A program's trace and profile
    functions have been put away; a profiler that is written in C may still be there, and shall see little of us.
    """
    if "morrow.race" in sys.modules:
        sys.modules["morrow.race"].note_ending(error)
    main = sys.modules.get("__main__")
    if program.line.kind in (FILE, STDIN, NOTHING) and program.importer is None and main is not None:
        # PyRun_SimpleFile takes them away again: atexit functions and the prompt do not see them.
        main.__dict__.pop("__file__", None)
        main.__dict__.pop("__cached__", None)
    # The prompt that was the program has had its turn.
    inspect = (program.line.inspect or _asked_to_inspect()) and not program.is_prompt
    if isinstance(error, SystemExit) and not inspect:
        _leave(error)
    status: object = 0
    if isinstance(error, NothingToRun):
        say(error.text)
        status, error = error.status, None
    elif error is not None:
        status = report(error)
        if status is not None and not inspect:
            _leave(SystemExit(status))
    if isinstance(error, KeyboardInterrupt):
        interrupted = type(error) is KeyboardInterrupt or HERE is not None and HERE.interrupts_by_subclass
    if inspect and main is not None:
        kept = interrupted and HERE is not None and HERE.keeps_interrupts
        hear_again()
        error, status, interrupted = None, 0, _open_prompt(main.__dict__, False) or kept
    if interrupted:
        quietly(_note_interrupt)
    elif error is None:
        _leave(SystemExit(status))
    bring_tracers_back()


@hide
def _leave(leaving: SystemExit) -> None:
    """End the process as *leaving* says: by raising it, past hidden frames, which CPython must not tell a tracer of."""
    put_tracers_away()
    raise _Leaving(leaving.code)


class _Leaving(SystemExit):
    """Gives a program its trace and profile functions back as soon as no frame is left: what runs at exit is traced."""

    def __init__(self, status: object) -> None:
        self.kept = status

    @property
    @hide
    def code(self) -> object:  # type: ignore[override]
        bring_tracers_back()
        return self.kept


@hide
def _asked_to_inspect() -> bool:
    """Whether the program itself, or the environment, asks for the prompt (Modules/main.c, pymain_repl)."""
    if sys.flags.ignore_environment:
        return False
    # Its dict, because asking os.environ itself runs Python, which a trace function would see.
    variables = getattr(os.environ, "_data", {})
    if not (variables.get(b"PYTHONINSPECT") or variables.get("PYTHONINSPECT")):
        return False
    return _is_terminal()


@hide
def _is_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False


@hide
def _open_prompt(namespace: dict[str, object], greet: bool) -> bool:
    """Open the prompt; return whether the last statement there ended by an interrupt."""
    prompt = quietly(_load_prompt)
    return prompt(namespace, greet)  # type: ignore[no-any-return]


def _load_prompt() -> Callable[..., bool]:
    from morrow.repl import open_prompt

    return open_prompt




def _note_interrupt() -> None:
    """Let CPython know that an interrupt was not handled: it then dies by SIGINT after cleaning up.

    The mark is set where CPython itself runs a string as a program and prints what that raises (pythonrun.c); up to
    3.13 any string that is run will do. Without ctypes there, the status is 1 instead.
    """
    hook = sys.excepthook
    try:
        import ctypes

        sys.excepthook = _print_nothing
        ctypes.pythonapi.PyRun_SimpleStringFlags(b"raise KeyboardInterrupt", None)
    except ImportError:  # a python built without it
        try:
            host_exec("raise KeyboardInterrupt", {})
        except KeyboardInterrupt:  # that was its whole purpose
            pass
    finally:
        sys.excepthook = hook


def _print_nothing(*_: object) -> None:
    """Stand in for sys.excepthook: the error has been shown."""
