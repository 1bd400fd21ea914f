"""``morrow -m pdb`` with 3.14's command line, on hosts before it.

    -m pdb [-c command] app.py --any options -m of -c its own      commands may come after the program, too
    -m pdb -m package.module, -m pdb app.pyz, -m pdb -- -odd.py

`complete` puts `main` in the place of the host's. What it runs is described by a `_Target`, as `Pdb._run` takes it.
"""

from __future__ import annotations

import builtins
import io
import itertools
import os
import sys
import traceback
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from types import CodeType, ModuleType
from typing import Any

from morrow.host.frames import hide

_USAGE = """\
Debug the Python program given by pyfile. Alternatively,
an executable module or package to debug can be specified using
the -m switch. You can also attach to a running Python process
using the -p option with its PID.

Initial commands are read from .pdbrc files in your home directory
and in the current directory, if they exist.  Commands supplied with
-c are executed after commands from .pdbrc files.

To let the script run until an exception occurs, use "-c continue".
To let the script run up to a given line X in the debugged file, use
"-c 'until X'"."""


def complete(pdb: ModuleType) -> None:
    """Put 3.14's `main` in the place of the host's."""
    main.__module__, main.__qualname__ = "pdb", "main"
    pdb.main, pdb._usage = main, _USAGE  # type: ignore[attr-defined]


@hide
def main() -> None:
    """Debug what the command line says."""
    commands, module, arguments = _parse(sys.argv[1:])
    if module is not None:
        target = _module(module)
    else:
        target = _zip(arguments[0]) if arguments[0].endswith(".pyz") else _Script(arguments[0])
    sys.argv[:] = arguments  # what the program sees
    _run(sys.modules["pdb"], commands, target)


@hide
def _run(pdb: ModuleType, commands: list[str], target: _Target) -> None:
    kind: Any = pdb.Pdb  # type: ignore[attr-defined]
    restart = pdb.Restart  # type: ignore[attr-defined]
    debugger = kind(mode="cli", backend="monitoring", colorize=True)
    debugger.rcLines.extend(commands)
    while True:
        try:
            try:
                debugger._run(target)
            except SystemExit as error:
                # In most cases that does not warrant a post-mortem.
                print("The program exited via sys.exit(). Exit status:", error)
            except restart:
                raise
            except BaseException as error:
                traceback.print_exception(error)
                print("Uncaught exception. Entering post mortem debugging")
                print("Running 'cont' or 'step' will restart the program")
                debugger.interaction(None, error)
        except restart:
            print("Restarting", target, "with arguments:")
            print("\t" + " ".join(sys.argv[1:]))
            continue
        if debugger._user_requested_quit:
            break
        print("The program finished and will be restarted")


def _parse(words: list[str]) -> tuple[list[str], str | None, list[str]]:
    """Return the commands to run first, the module to run if it is one, and what becomes of sys.argv."""
    name = f"{os.path.basename(sys.executable)} -m pdb"
    parser = ArgumentParser(
        prog=name, usage="%(prog)s [-h] [-c command] (-m module | -p pid | pyfile) [args ...]", description=_USAGE,
        formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument(
        "-c", "--command", action="append", default=[], metavar="command", dest="commands",
        help="pdb commands to execute as if given in a .pdbrc file",
    )  # fmt: skip
    options, rest = parser.parse_known_args(words)
    if not rest:
        parser.add_argument("-m", metavar="module", dest="module", default=SUPPRESS)
        parser.add_argument("-p", "--pid", type=int, help="attach to the specified PID", default=None)
        parser.print_help()
        sys.exit(2)
    module = None
    if rest[0] == "-m":
        parser.add_argument("-m", metavar="module", dest="module")
        module = parser.parse_args(rest[:2]).module
        rest = [module, *rest[2:]]
    elif rest[0] == "--":
        rest = rest[1:]
        if not rest:
            parser.error("missing script or module to run")
    elif rest[0].startswith("-"):
        wrong = itertools.takewhile(lambda word: word.startswith("-"), rest)
        parser.error(f"unrecognized arguments: {' '.join(wrong)}")
    return options.commands, module, rest


class _Target:
    """What is debugged: `filename` tells where to stop first, `code` runs in a ``__main__`` of `namespace`."""

    filename: str
    code: CodeType | str
    namespace: dict[str, Any]
    name: str

    def __repr__(self) -> str:
        return self.name


class _Script(_Target):
    def __init__(self, path: str) -> None:
        if not os.path.exists(path):
            print(f"Error: {path} does not exist")
            sys.exit(1)
        if os.path.isdir(path):
            print(f"Error: {path} is a directory")
            sys.exit(1)
        real = os.path.realpath(path)
        # A link to an anonymous pipe leads nowhere that has a name.
        self.filename = self.name = real if os.path.exists(real) else path
        if not sys.flags.safe_path:
            sys.path[0] = os.path.dirname(self.filename)

    @property
    def code(self) -> str:  # type: ignore[override]
        # Read each time: it may have been edited before it is started again.
        with io.open_code(self.filename) as file:
            return f"exec(compile({file.read()!r}, {self.filename!r}, 'exec'))"

    @property
    def namespace(self) -> dict[str, Any]:  # type: ignore[override]
        return {"__name__": "__main__", "__file__": self.filename, "__builtins__": builtins, "__spec__": None}


class _Found(_Target):
    def __init__(self, name: str, spec: Any, code: CodeType) -> None:
        self.name, self.code, self.filename, self._spec = name, code, code.co_filename, spec

    @property
    def namespace(self) -> dict[str, Any]:  # type: ignore[override]
        return {
            "__name__": "__main__", "__file__": os.path.normcase(os.path.abspath(self.filename)), "__package__": self._spec.parent,
            "__loader__": self._spec.loader, "__spec__": self._spec, "__builtins__": builtins,
        }  # fmt: skip


def _module(name: str) -> _Target:
    import runpy

    return _find(name, lambda: runpy._get_module_details(name))  # type: ignore[attr-defined]


def _zip(path: str) -> _Target:
    import runpy

    path = os.path.realpath(path)
    sys.path.insert(0, path)
    return _find(path, lambda: runpy._get_main_module_details())  # type: ignore[attr-defined]


def _find(name: str, look: Any) -> _Target:
    try:
        _, spec, code = look()
    except ImportError as error:
        print(f"ImportError: {error}")
        sys.exit(1)
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    return _Found(name, spec, code)
