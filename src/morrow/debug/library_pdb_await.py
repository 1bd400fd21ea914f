"""``await pdb.set_trace_async()`` on hosts before 3.14: a prompt in a coroutine, where lines may ``await``.

    (Pdb) item = await queue.get()   the event loop runs until it is done; then the prompt is back, in the same frame

The prompt opens in a coroutine of ours that the program awaits. A line with ``await`` ends it for a moment: what it was compiled
to is awaited, and the prompt opens again. Commands that go on (``next``, ``continue``) begin to trace when the last one is done.
"""

from __future__ import annotations

import ast
import bdb
import inspect
import sys
from types import FrameType, ModuleType
from typing import Any

from morrow.debug.library_pdb_stop import go_on, outermost, write_back
from morrow.host import HERE


def complete(pdb: ModuleType) -> None:
    """Add `set_trace_async` to the host's `pdb` and its `Pdb`."""
    kind: Any = pdb.Pdb  # type: ignore[attr-defined]
    plain_default = kind.default

    def default(self: Any, line: str) -> Any:
        code = _compiled(line) if getattr(self, "_awaits", False) else None
        if code is None:
            return plain_default(self, line)
        names = getattr(self, "curframe_locals", None)  # up to 3.13, where reading f_locals again would undo what was set
        self._awaited = _run(code, self.curframe, self.curframe.f_locals if names is None else names)
        return True  # which ends the prompt

    async def set_trace_in_coroutine(self: Any, frame: FrameType | None = None, *, commands: list[str] | None = None) -> None:
        if getattr(self, "_awaits", False):
            return  # what is awaited at a prompt has come to another one
        frame = frame or sys._getframe().f_back
        self.rcLines.extend(commands or ())
        self.reset()
        self.botframe, self._awaits = outermost(frame), True
        try:
            while True:
                self._awaited = None
                sys.settrace(None)  # nobody wants to see the prompt itself
                self.interaction(frame, None)
                write_back(frame)
                if self._awaited is None:
                    break
                try:
                    if self.breaks:  # they stop what runs meanwhile
                        self.set_continue()
                        go_on(self, frame)
                    await self._awaited
                except Exception as error:
                    sys.settrace(None)
                    self.message(f"*** {pdb.traceback.format_exception_only(error)[-1].strip()}")  # type: ignore[attr-defined]
        finally:
            self._awaits = False
        if self.quitting:
            raise bdb.BdbQuit
        go_on(self, frame)

    async def set_trace_async(*, header: str | None = None, commands: list[str] | None = None) -> None:
        """Enter the debugger at the calling stack frame, in a coroutine; see 3.14's documentation of pdb."""
        debugger = getattr(kind, "_last_pdb_instance", None) or kind(mode="inline", backend="monitoring", colorize=True)
        if header is not None:
            debugger.message(header)
        await debugger.set_trace_async(sys._getframe().f_back, commands=commands)

    for name, function, place in (("set_trace_async", set_trace_async, pdb), ("set_trace_async", set_trace_in_coroutine, kind)):
        function.__name__, function.__module__ = name, "pdb"
        function.__qualname__ = name if place is pdb else f"Pdb.{name}"
        setattr(place, name, function)
    kind.default = default
    pdb.__all__ = [*pdb.__all__, "set_trace_async"]


def _compiled(line: str) -> Any:
    """Return what to await for a line; None when it can do without, or is wrong anyway: then pdb itself deals with it."""
    text = line.removeprefix("!").strip()
    if "await" not in text and "async" not in text:
        return None
    try:
        code = compile(text + "\n", "<stdin>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return code if code.co_flags & inspect.CO_COROUTINE else None


async def _run(code: Any, frame: Any, names: Any) -> None:
    try:
        await eval(code, frame.f_globals, names)
    finally:
        if HERE is not None and not HERE.pushes_locals:
            # Copied: asking for f_locals, without which nothing is written back, reads the variables into the same dict.
            values = dict(names)
            frame.f_locals.update(values)
            write_back(frame)
