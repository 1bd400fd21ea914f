"""Where 3.14's pdb stops, and where it puts breakpoints, when the host's does otherwise.

    for i in x: pass      ``next`` goes past a loop of one line; older ones stop at the line again for every turn (gh-136057)
    the program's end     one more step ends it; older ones show the frame of bdb that ran it (gh-125422)
    break C.attribute     refused when it is no function; older ones look for a function of the attribute's name
    break f               at its first line that runs, where 3.11 and 3.12 take the line of ``def``
    break zipped.f        works in modules that are not files
    breakpoint()          typed at the prompt does nothing
"""

from __future__ import annotations

import dis
import linecache
import re
import sys
import tokenize
from types import CodeType, FrameType, ModuleType
from typing import Any


def complete(pdb: ModuleType) -> None:
    """Let the host's `pdb` stop where 3.14's does. Before what wraps `dispatch_line`, after what wraps `set_trace`."""
    kind: Any = pdb.Pdb  # type: ignore[attr-defined]
    _complete_prompt(kind)
    _complete_steps(kind)
    _complete_breaks(kind)
    if not hasattr(pdb, "find_first_executable_line"):
        _complete_functions(pdb, kind)


def _complete_prompt(kind: Any) -> None:
    plain = kind.interaction

    def interaction(self: Any, frame: FrameType | None, *arguments: Any) -> Any:
        outer = getattr(self, "stopped_in", None)
        self.stopped_in = frame
        try:
            return plain(self, frame, *arguments)
        finally:
            self.stopped_in = outer

    kind.interaction, kind.stopped_in = interaction, None


def _complete_steps(kind: Any) -> None:
    plain_info, plain_line = kind._set_stopinfo, kind.dispatch_line
    plain_step, plain_next, plain_until = kind.set_step, kind.set_next, kind.set_until
    kind.cmdframe, kind.cmdlineno = None, None  # 3.14's names: where the last command was given

    def note(self: Any, frame: FrameType | None) -> None:
        self.cmdframe, self.cmdlineno = frame, frame.f_lineno if frame is not None else None

    def set_stopinfo(self: Any, *arguments: Any, **options: Any) -> None:
        plain_info(self, *arguments, **options)
        note(self, None)

    def set_step(self: Any) -> None:
        caller = self.frame_returning.f_back if self.frame_returning else None
        is_bottom = caller is not None and caller is self.botframe and caller.f_trace is None
        plain_step(self)
        if is_bottom:
            assert caller is not None
            del caller.f_trace
        note(self, self.stopped_in)

    def set_next(self: Any, frame: FrameType) -> None:
        plain_next(self, frame)
        note(self, frame)

    def set_until(self: Any, frame: FrameType, lineno: int | None = None) -> None:
        plain_until(self, frame, lineno)
        note(self, frame)

    def dispatch_line(self: Any, frame: FrameType) -> Any:
        if self.cmdframe is frame and self.cmdlineno == frame.f_lineno:
            self.stop_here(frame) or self.break_here(frame)  # it counts how often a breakpoint was hit
            return self.trace_dispatch
        return plain_line(self, frame)

    if hasattr(kind, "_set_caller_tracefunc"):
        plain_caller = kind._set_caller_tracefunc

        def set_caller_tracefunc(self: Any, frame: FrameType) -> None:
            if frame.f_back is not self.botframe:
                plain_caller(self, frame)

        kind._set_caller_tracefunc = set_caller_tracefunc
    for ours, plain in ((set_step, plain_step), (set_next, plain_next), (set_until, plain_until)):
        ours.__doc__ = plain.__doc__
    kind._set_stopinfo, kind.dispatch_line = set_stopinfo, dispatch_line
    kind.set_step, kind.set_next, kind.set_until = set_step, set_next, set_until


def _complete_breaks(kind: Any) -> None:
    plain_info, plain_check = kind.lineinfo, kind.checkline

    def lineinfo(self: Any, identifier: str) -> tuple[Any, ...]:
        quoted = identifier.split("'")
        parts = (quoted[1] if len(quoted) == 3 else quoted[0]).strip().split(".")
        if parts[0] == "self":
            del parts[0]
        if len(parts) > 1 and not self.lookupmodule(parts[0]):
            return None, None, None
        return plain_info(self, identifier)  # type: ignore[no-any-return]

    def checkline(self: Any, filename: str, lineno: int, module_globals: dict[str, Any] | None = None) -> Any:
        if not linecache.getlines(filename):
            for module in list(sys.modules.values()):
                if getattr(module, "__file__", None) == filename:
                    linecache.getlines(filename, module_globals or vars(module))
        return plain_check(self, filename, lineno)

    checkline.__doc__ = plain_check.__doc__
    kind.lineinfo, kind.checkline = lineinfo, checkline


def _complete_functions(pdb: Any, kind: Any) -> None:
    plain_break, plain_check = kind.do_break, kind.checkline

    def do_break(self: Any, arg: str, temporary: int = 0) -> None:
        self.first_line = 0
        place = arg.partition(",")[0].strip()
        if place and ":" not in place and not place.isdigit():
            try:
                found = eval(place, self.curframe.f_globals, self.curframe_locals)
                self.first_line = _first_line(getattr(found, "__func__", found).__code__)
            except Exception:
                pass  # the host's looks for it in files
        try:
            plain_break(self, arg, temporary)
        finally:
            self.first_line = 0

    def checkline(self: Any, filename: str, lineno: int, module_globals: dict[str, Any] | None = None) -> Any:
        return plain_check(self, filename, self.first_line or lineno, module_globals)

    do_break.__doc__, checkline.__doc__ = plain_break.__doc__, plain_check.__doc__
    kind.do_break = kind.do_b = do_break
    kind.checkline, kind.first_line = checkline, 0
    pdb.find_function = _find_function


def _first_line(code: CodeType) -> int:
    instructions = iter(dis.get_instructions(code))
    for instruction in instructions:
        if instruction.opname == "RESUME":
            following = next(instructions, None)
            positions = following.positions if following is not None else None
            return positions and positions.lineno or code.co_firstlineno
    return code.co_firstlineno


def _find_function(funcname: str, filename: str) -> tuple[str, str, int] | None:
    """Return (name, file, first line that runs) of a function that is written at the edge of a file."""
    begins = re.compile(rf"def\s+{re.escape(funcname)}(\s*\[.+\])?\s*[(]").match
    try:
        with tokenize.open(filename) as file:
            lines = file.readlines()
    except OSError:
        lines = linecache.getlines(filename)
    start, text = 0, ""
    for number, line in enumerate(lines, 1):
        if begins(line):
            start, text = number, line
        elif text:
            text += line
        if text:
            try:
                whole = compile(text, filename, "exec")
            except Exception:
                continue  # there is more of it
            code = next(item for item in whole.co_consts if isinstance(item, CodeType) and item.co_name == funcname)
            return funcname, filename, start + _first_line(code) - 1
    return None
