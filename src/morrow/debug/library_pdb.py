"""Names that 3.14's pdb has and this host's lacks: `complete(pdb)` adds them to the module.

    pdb.set_default_backend, pdb.get_default_backend        kept and checked as in 3.14; what the second does: library_pdb_monitoring
    pdb.Pdb(..., mode=, backend=, colorize=)                taken; colours: library_pdb_colours
    pdb.set_trace(commands=), Pdb.set_trace(commands=)      commands to run first
    $_exception, $_asynctask, $_frame, $_retval             convenience variables, on 3.11 all of them

    quit and its other names                                ask first, where the program is not pdb's own, as 3.14's do
    pdb.set_trace, breakpoint()                             stop at the call: library_pdb_stop
    pdb.set_trace_async, Pdb.set_trace_async                library_pdb_await
    where COUNT, statements of several lines, closures      library_pdb_commands
    exceptions                                              library_pdb_exceptions
    where to stop, what ``break`` takes                     library_pdb_places
    arguments that commands need, or do not take            library_pdb_arguments
    the command line of -m pdb                              library_pdb_main

Not here: pdb's own attaching (``morrow -m pdb --attach`` is ours).
"""

from __future__ import annotations

import re
import sys
from types import FrameType, ModuleType
from typing import Any

from morrow.debug import (
    library_pdb_arguments,
    library_pdb_await,
    library_pdb_colours,
    library_pdb_commands,
    library_pdb_exceptions,
    library_pdb_main,
    library_pdb_monitoring,
    library_pdb_places,
    library_pdb_stop,
)

_BACKENDS = ("settrace", "monitoring")
_VARIABLE = re.compile(r"\$([a-zA-Z_][a-zA-Z0-9_]*)")
_NAMES = "__pdb_convenience_variables"  # CPython's name for the dict in a frame's globals


def complete(pdb: ModuleType) -> None:
    """Add to the host's `pdb` what 3.14's has."""
    if hasattr(pdb, "set_default_backend"):
        return
    default = ["settrace"]

    def set_default_backend(backend: str) -> None:
        """Set the default backend to use for Pdb instances."""
        if backend not in _BACKENDS:
            raise ValueError(f"Invalid backend: {backend}")
        default[0] = backend

    def get_default_backend() -> str:
        """Get the default backend to use for Pdb instances."""
        return default[0]

    for function in (set_default_backend, get_default_backend):
        function.__module__, function.__qualname__ = "pdb", function.__name__
        setattr(pdb, function.__name__, function)
    pdb.__all__ = [*pdb.__all__, "set_default_backend", "get_default_backend"]
    _complete_start(pdb.Pdb, default)
    library_pdb_commands.complete(pdb)  # before what takes hold of `default`
    library_pdb_exceptions.complete(pdb)
    _complete_variables(pdb.Pdb)
    _complete_set_trace(pdb)
    library_pdb_places.complete(pdb)
    library_pdb_arguments.complete(pdb)
    library_pdb_main.complete(pdb)
    _complete_quit(pdb.Pdb)
    library_pdb_monitoring.complete(pdb.Pdb)
    library_pdb_await.complete(pdb)
    library_pdb_colours.complete(pdb)


def _complete_start(kind: Any, default: list[str]) -> None:
    plain, kind.last_made = kind.__init__, None

    def __init__(
        self: Any, completekey: str = "tab", stdin: Any = None, stdout: Any = None, skip: Any = None, nosigint: bool = False,
        readrc: bool = True, mode: str | None = None, backend: str | None = None, colorize: bool = False,
    ) -> None:  # fmt: skip
        if backend is not None and backend not in _BACKENDS:
            raise ValueError(f"Invalid backend: {backend}")
        plain(self, completekey, stdin, stdout, skip, nosigint, readrc)
        self.mode, self.colorize = mode, colorize
        kind.last_made = self
        self.backend = backend or default[0]

    kind.__init__ = __init__


def _complete_variables(kind: Any) -> None:
    has_variables = hasattr(kind, "set_convenience_variable")
    setup, default, getval = kind.setup, kind.default, kind._getval
    user_return, user_exception = kind.user_return, kind.user_exception

    def set_convenience_variable(self: Any, frame: FrameType, name: str, value: object) -> None:
        frame.f_globals.setdefault(_NAMES, {})[name] = value

    def note_place(self: Any) -> None:
        if self.curframe is not None:
            self.set_convenience_variable(self.curframe, "_frame", self.curframe)
            events = sys.modules.get("asyncio.events")
            loop = events._get_running_loop() if events is not None else None
            if loop is not None:
                self.set_convenience_variable(self.curframe, "_asynctask", sys.modules["asyncio.tasks"].current_task(loop))

    def setup_all(self: Any, frame: Any, traceback: Any) -> Any:
        result = setup(self, frame, traceback)
        note_place(self)
        return result

    if hasattr(kind, "execRcLines"):  # up to 3.12 `setup` itself runs the first commands
        run_first = kind.execRcLines

        def exec_rc_lines(self: Any) -> Any:
            note_place(self)
            return run_first(self)

        kind.execRcLines = exec_rc_lines

    def note_exception(self: Any, frame: FrameType, info: Any) -> None:
        self.set_convenience_variable(frame, "_exception", info[1])
        user_exception(self, frame, info)

    kind.setup, kind.user_exception = setup_all, note_exception
    if has_variables:
        return

    def note_return(self: Any, frame: FrameType, value: object) -> None:
        self.set_convenience_variable(frame, "_retval", value)
        user_return(self, frame, value)

    kind.set_convenience_variable, kind.user_return = set_convenience_variable, note_return
    kind.default = lambda self, line: default(self, _replaced(line))
    kind._getval = lambda self, arg: getval(self, _replaced(arg))


def _replaced(line: str) -> str:
    return _VARIABLE.sub(rf'{_NAMES}["\1"]', line)


def _complete_quit(kind: Any) -> None:
    plain = kind.do_quit

    def do_quit(self: Any, arg: str) -> Any:
        """q(uit) | exit

        Quit from the debugger. The program being executed is aborted.
        """
        # sys.ps1 is there only in an interactive python, which goes on.
        if getattr(self, "mode", None) != "inline" or hasattr(sys, "ps1"):
            return plain(self, arg)
        while True:
            try:
                reply = input("Quitting pdb will kill the process. Quit anyway? [y/n] ").lower().strip()
            except EOFError:
                reply = "y"
                self.message("")
            if reply in ("y", ""):
                sys.exit(1)
            if reply == "n":
                return None

    def do_EOF(self: Any, arg: str) -> Any:
        """EOF

        Handles the receipt of EOF as a command.
        """
        self.message("")
        return self.do_quit(arg)

    for name, function in (("quit", do_quit), ("q", do_quit), ("exit", do_quit), ("EOF", do_EOF)):
        setattr(kind, f"do_{name}", function)


def _complete_set_trace(pdb: ModuleType) -> None:
    library_pdb_stop.complete(pdb.Pdb)
    plain = pdb.Pdb.set_trace

    def set_trace_here(self: Any, frame: FrameType | None = None, *, commands: list[str] | None = None) -> None:
        if self.stopped_in is not None:
            return
        if commands is not None:
            self.rcLines.extend(commands)
        plain(self, frame or sys._getframe().f_back)

    set_trace_here.__name__, set_trace_here.__qualname__ = "set_trace", "Pdb.set_trace"
    pdb.Pdb.set_trace = set_trace_here  # type: ignore[attr-defined]

    def set_trace(*, header: str | None = None, commands: list[str] | None = None) -> None:
        """Enter the debugger at the calling stack frame; see 3.14's documentation of pdb."""
        last = pdb.Pdb.last_made
        if last is not None and last.stopped_in is not None:
            return  # typed at its prompt
        debugger = getattr(pdb.Pdb, "_last_pdb_instance", None) or pdb.Pdb(mode="inline", backend="monitoring", colorize=True)
        if header is not None:
            debugger.message(header)
        debugger.set_trace(sys._getframe().f_back, commands=commands)

    set_trace.__module__ = "pdb"
    pdb.set_trace = set_trace  # type: ignore[attr-defined]
