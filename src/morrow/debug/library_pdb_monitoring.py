"""``Pdb(backend="monitoring")`` on 3.12 and 3.13: `sys.monitoring` does the work of `sys.settrace`, as in 3.14.

    settrace         a call of Python for every line that runs, also far from any breakpoint
    monitoring       a line where nothing stops is looked at once; functions without a breakpoint run at full speed

bdb asks for a trace function as ever. When that is called for the first time it takes itself away again and has a `_Monitor`
call it from then on. What bdb keeps in ``f_trace`` of frames stays where it is and tells which code is to have lines.
"""

from __future__ import annotations

import bdb
import dis
import os
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

_NAME = "bdbtracer"  # CPython's
_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class _Monitor:
    """Calls a trace function (frame, event, argument) for what this thread does."""

    def __init__(self) -> None:
        self.active = False
        self._monitoring: Any = sys.monitoring
        self._tool: int = self._monitoring.DEBUGGER_ID
        self._trace: Any = None
        self._thread = 0
        self._disable = False
        self._lines: dict[int, CodeType] = {}  # code that has line events, by id: equal code of another place is another
        self._heard: list[int] = []

    def start(self, trace: Callable[..., Any], frame: FrameType) -> bool:
        """Begin, in *frame*; return False where another debugger has the tool."""
        monitoring = self._monitoring
        holder = monitoring.get_tool(self._tool)
        if holder not in (None, _NAME):
            return False
        if holder is None:
            monitoring.use_tool_id(self._tool, _NAME)
        events = monitoring.events
        self._local = events.LINE | events.JUMP | events.PY_RETURN | events.PY_YIELD | events.STOP_ITERATION
        for event, heard in (
            (events.PY_START, self._call), (events.PY_RESUME, self._call), (events.PY_THROW, self._call), (events.LINE, self._line),
            (events.JUMP, self._jump), (events.PY_RETURN, self._return), (events.PY_YIELD, self._return), (events.PY_UNWIND, self._unwind),
            (events.RAISE, self._exception), (events.STOP_ITERATION, self._exception),
        ):  # fmt: skip
            lasting = event in (events.PY_THROW, events.PY_UNWIND, events.RAISE)  # these cannot be switched off at one place
            monitoring.register_callback(self._tool, event, self._callback(heard, lasting))
            self._heard.append(event)
        self._trace, self._thread, self.active = trace, threading.get_ident(), True
        self._lines.clear()
        monitoring.set_events(self._tool, events.PY_START | events.PY_RESUME | events.PY_THROW | events.PY_UNWIND | events.RAISE)
        monitoring.restart_events()
        self._follow(frame, always=True)
        return True

    def stop(self) -> None:
        """End, and leave nothing instrumented."""
        if not self.active:
            return
        self.active = False
        monitoring = self._monitoring
        if monitoring.get_tool(self._tool) == _NAME:
            monitoring.set_events(self._tool, 0)
            for code in self._lines.values():
                monitoring.set_local_events(self._tool, code, 0)
            for event in self._heard:
                monitoring.register_callback(self._tool, event, None)
            monitoring.free_tool_id(self._tool)
        self._lines.clear()
        self._heard.clear()
        self._trace = None

    def disable(self) -> None:
        """Let the event that is being told about come no more at this place, until `restart`."""
        self._disable = True

    def restart(self) -> None:
        """Let all events come again."""
        if self.active:
            self._monitoring.restart_events()

    def _callback(self, heard: Callable[..., Any], lasting: bool) -> Callable[..., Any]:
        def callback(*arguments: Any) -> Any:
            if threading.get_ident() != self._thread or not self.active:
                return None
            try:
                frame = sys._getframe(1)
            except ValueError:
                return None  # hidden frames of ours are all that is left, below the program's end
            self._disable = False
            try:
                answer = heard(frame, *arguments)
            except BaseException:
                self.stop()
                frame.f_trace = None
                raise
            if self.active and frame.f_trace is not None:
                self._follow(frame)
            return self._monitoring.DISABLE if self._disable and not lasting else answer

        return callback

    def _follow(self, frame: FrameType | None, always: bool = False) -> None:
        """Let the code of all frames that are traced have lines, and *always* that of the first one."""
        while frame is not None:
            code = frame.f_code
            if (always or frame.f_trace is not None) and id(code) not in self._lines:
                self._lines[id(code)] = code
                self._monitoring.set_local_events(self._tool, code, self._local)
            frame, always = frame.f_back, False

    def _call(self, frame: FrameType, code: CodeType, *_: object) -> None:
        if code.co_filename.startswith(_FOLDER):
            self.disable()  # what ends a program is ours, too
            return
        traced = self._trace(frame, "call", None)
        if traced is not None:
            frame.f_trace = traced

    def _line(self, frame: FrameType, code: CodeType, line: int) -> None:
        if frame.f_trace is not None and frame.f_trace_lines:
            frame.f_trace(frame, "line", None)

    def _jump(self, frame: FrameType, code: CodeType, start: int, end: int) -> Any:
        if end > start or _line_of(code, start) != _line_of(code, end):
            return self._monitoring.DISABLE
        # Back to the same line, which is then no new one: ``while True: work()``
        self._line(frame, code, 0)
        return None

    def _return(self, frame: FrameType, code: CodeType, offset: int, value: object) -> None:
        if frame.f_trace is not None:
            frame.f_trace(frame, "return", value)

    def _unwind(self, frame: FrameType, code: CodeType, *_: object) -> None:
        if frame.f_trace is not None:
            frame.f_trace(frame, "return", None)

    def _exception(self, frame: FrameType, code: CodeType, offset: int, error: BaseException) -> None:
        if frame.f_trace is not None:
            frame.f_trace(frame, "exception", (type(error), error, error.__traceback__))


def _line_of(code: CodeType, offset: int) -> int | None:
    found = None
    for start, line in dis.findlinestarts(code):
        if offset < start:
            break
        found = line
    return found


def complete(kind: Any) -> None:
    """Give the host's `Pdb` (*kind*) the back end, and 3.14's look at which functions have breakpoints."""
    kind.break_anywhere = _break_anywhere
    kind.monitoring_tracer = None
    kind.start_trace, kind.stop_trace = _start_trace, _stop_trace
    if not hasattr(sys, "monitoring"):
        return
    plain_start = kind.__init__

    def __init__(self: Any, *arguments: Any, **options: Any) -> None:
        plain_start(self, *arguments, **options)
        self.monitoring_tracer = _Monitor() if self.backend == "monitoring" else None

    kind.__init__ = __init__
    _complete_dispatch(kind)
    for name in ("run", "runeval", "runcall", "set_quit"):
        setattr(kind, name, _stopping_after(getattr(kind, name), lambda debugger: True))
    kind.set_continue = _stopping_after(kind.set_continue, lambda debugger: not debugger.breaks)
    plain_interaction, plain_debug = kind.interaction, kind.do_debug

    def do_debug(self: Any, arg: str) -> Any:
        # Its own debugger is the one that hears of what runs there; afterwards it asks for our trace function again.
        if self.monitoring_tracer is not None:
            self.monitoring_tracer.stop()
        return plain_debug(self, arg)

    do_debug.__doc__ = plain_debug.__doc__
    kind.do_debug = do_debug

    def interaction(self: Any, *arguments: Any) -> Any:
        try:
            return plain_interaction(self, *arguments)
        finally:
            if self.monitoring_tracer is not None:
                self.monitoring_tracer.restart()  # what was of no interest may be now

    kind.interaction = interaction


def _break_anywhere(self: Any, frame: FrameType) -> bool:
    """Return True if there is any breakpoint in that frame"""
    code = frame.f_code
    lines = self.breaks.get(self.canonic(code.co_filename))
    if not lines:
        return False
    last = max((line for _, _, line in code.co_lines() if line), default=0)
    return any(code.co_firstlineno <= line <= last for line in lines)


def _start_trace(self: Any) -> None:
    sys.settrace(self.trace_dispatch)


def _stop_trace(self: Any) -> None:
    sys.settrace(None)
    if self.monitoring_tracer is not None:
        self.monitoring_tracer.stop()


def _complete_dispatch(kind: Any) -> None:
    plain, plain_call, plain_line = kind.trace_dispatch, kind.dispatch_call, kind.dispatch_line

    def trace_dispatch(self: Any, frame: FrameType, event: str, arg: Any) -> Any:
        monitor = self.monitoring_tracer
        if monitor is not None and not self.quitting and sys.gettrace() == self.trace_dispatch:
            if monitor.active or monitor.start(self.trace_dispatch, frame):
                sys.settrace(None)
            else:
                self.monitoring_tracer = None
        return plain(self, frame, event, arg)

    def dispatch_call(self: Any, frame: FrameType, arg: Any) -> Any:
        traced = plain_call(self, frame, arg)
        if traced is None and self.monitoring_tracer is not None:
            self.monitoring_tracer.disable()
        return traced

    def dispatch_line(self: Any, frame: FrameType) -> Any:
        if self.monitoring_tracer is None:
            return plain_line(self, frame)
        again = self.cmdframe is frame and self.cmdlineno == frame.f_lineno  # see library_pdb_places
        if (self.stop_here(frame) or self.break_here(frame)) and not again:
            self.user_line(frame)
            if self.quitting:
                raise bdb.BdbQuit
        elif not self.get_break(frame.f_code.co_filename, frame.f_lineno):
            self.monitoring_tracer.disable()
        return self.trace_dispatch

    kind.trace_dispatch, kind.dispatch_call, kind.dispatch_line = trace_dispatch, dispatch_call, dispatch_line


def _stopping_after(plain: Any, when: Callable[[Any], bool]) -> Any:
    def wrapped(self: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return plain(self, *arguments, **options)
        finally:
            if self.monitoring_tracer is not None and when(self):
                self.monitoring_tracer.stop()

    wrapped.__name__, wrapped.__doc__ = plain.__name__, plain.__doc__
    return wrapped
