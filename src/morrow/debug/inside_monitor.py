# mypy: ignore-errors
"""What is executed, by sys.monitoring (3.12+): code without a breakpoint runs at full speed, in every thread.

Its text is sent to the agent (attach/agent.py); nothing of morrow is imported there. Lines are reported only in code
that has a breakpoint or that somebody steps through, and lines without one are switched off (DISABLE) when first met.
"""

import _thread
import sys

_m = getattr(sys, "monitoring", None)
if _m is not None:
    _e = _m.events
    _START = _e.PY_START | _e.PY_RESUME | _e.PY_THROW
    _LEAVE = _e.PY_RETURN | _e.PY_YIELD


class BackEnd:
    """Reports to `stops` (inside_stops.Stops) what it wants to know."""

    def __init__(self, stops):
        self.stops = stops
        self.tool = None
        self._local = {}  # id(code) -> (code, events)
        self._change = _thread.RLock()

    def begin(self):
        """Take a tool's number; return whether one was free."""
        for number in (_m.DEBUGGER_ID, 4, 3, _m.OPTIMIZER_ID, _m.PROFILER_ID, _m.COVERAGE_ID):
            if _m.get_tool(number) is None:
                _m.use_tool_id(number, "morrow debugger")
                self.tool = number
                break
        else:
            return False
        for event, function in (
            (_e.PY_START, self._start), (_e.PY_RESUME, self._resume), (_e.PY_THROW, self._throw), (_e.LINE, self._line),
            (_e.PY_RETURN, self._return), (_e.PY_YIELD, self._yield), (_e.PY_UNWIND, self._unwind), (_e.RAISE, self._raise),
        ):  # fmt: skip
            _m.register_callback(self.tool, event, function)
        return True

    def stop(self):
        """Take everything away again."""
        tool, self.tool = self.tool, None
        if tool is None:
            return
        with self._change:
            _m.set_events(tool, 0)
            for code, _ in self._local.values():
                _m.set_local_events(tool, code, 0)
            self._local.clear()
            for event in (_e.PY_START, _e.PY_RESUME, _e.PY_THROW, _e.LINE, _e.PY_RETURN, _e.PY_YIELD, _e.PY_UNWIND, _e.RAISE):
                _m.register_callback(tool, event, None)
            _m.free_tool_id(tool)

    def renew_locks(self):
        """In a forked child: another thread may have held it."""
        self._change = _thread.RLock()

    def update(self):
        """Ask the interpreter for what `stops` wants to know now."""
        if self.tool is None:
            return
        stops = self.stops
        with self._change:
            steps = list(stops.steps.values())
            events = 0
            if stops.lines or stops.functions:
                events |= _START
            if steps:
                events |= _e.PY_UNWIND
            if any(step.kind == "in" or step.frame is None for step in steps):
                events |= _START
            if "raised" in stops.filters:
                events |= _e.RAISE
            if "uncaught" in stops.filters or "userUnhandled" in stops.filters:
                events |= _e.PY_UNWIND
            if stops.parking:
                events |= _e.LINE
            wanted = {}
            for code in self._running() if stops.lines else ():
                if stops.spots(code):
                    wanted[id(code)] = code, _e.LINE
            for key, (code, _) in self._local.items():
                if key not in wanted and stops.spots(code):
                    wanted[key] = code, _e.LINE
            for step in steps:
                if step.frame is not None:
                    code = step.frame.f_code
                    wanted[id(code)] = code, _e.LINE | _LEAVE
            for key, (code, _) in list(self._local.items()):
                if key not in wanted:
                    _m.set_local_events(self.tool, code, 0)
            for key, (code, new) in wanted.items():
                if self._local.get(key, (code, 0))[1] != new:
                    _m.set_local_events(self.tool, code, new)
            self._local = wanted
            _m.set_events(self.tool, events)
            _m.restart_events()

    def _running(self):
        """Return the code of all frames on all stacks."""
        found = {}
        for frame in sys._current_frames().values():
            while frame is not None:
                found[id(frame.f_code)] = frame.f_code
                frame = frame.f_back
        return [code for code in found.values() if not code.co_filename.startswith("<")] + [
            code for code in found.values() if code.co_filename.startswith("<") and not code.co_filename.startswith("<morrow ")
        ]

    def watch(self, frame):
        """Report the lines and the end of a frame from now on."""
        self._add(frame.f_code, _e.LINE | _LEAVE)
        with self._change:
            if self.tool is not None:
                _m.restart_events()  # lines switched off before

    def _add(self, code, events):
        with self._change:
            old = self._local.get(id(code), (code, 0))[1]
            if self.tool is not None and old | events != old:
                self._local[id(code)] = code, old | events
                _m.set_local_events(self.tool, code, old | events)

    def raise_here(self, error):
        """Raise in the program what its signal handler has raised while a thread waited; called by a callback."""
        raise error

    # -- callbacks: on the thread that runs, its frame is the caller -----------------------------------------------------

    def _start(self, code, offset, resumed=False):
        stops = self.stops
        if code.co_filename.startswith("<morrow "):
            return _m.DISABLE
        if stops.lines and id(code) not in self._local and stops.spots(code):
            self._add(code, _e.LINE)
        if stops.steps or stops.parking or not resumed and stops.functions and stops.named(code):
            frame = _find_frame(code)
            if frame is not None:
                stops.report(stops.start, frame, resumed)
            return None
        return _m.DISABLE

    def _resume(self, code, offset):
        return self._start(code, offset, True)

    def _throw(self, code, offset, error):
        self._start(code, offset, True)

    def _line(self, code, line):
        stops = self.stops
        if code.co_filename.startswith("<morrow "):
            return _m.DISABLE
        here = stops.lines.get(stops.real(code.co_filename))
        if stops.steps or stops.parking or here and line in here:
            frame = _find_frame(code)
            if frame is not None:
                stops.report(stops.line, frame, line)
            return None
        return _m.DISABLE

    def _return(self, code, offset, value):
        if self.stops.steps and (frame := _find_frame(code)) is not None:
            self.stops.report(self.stops.leave, frame, value, False)

    def _yield(self, code, offset, value):
        if self.stops.steps and (frame := _find_frame(code)) is not None:
            self.stops.report(self.stops.leave, frame, value, True)

    def _unwind(self, code, offset, error):
        if (frame := _find_frame(code)) is not None:
            self.stops.report(self.stops.unwind, frame, error)

    def _raise(self, code, offset, error):
        if (frame := _find_frame(code)) is not None:
            self.stops.report(self.stops.raised, frame, error)


def _find_frame(code):
    """Return the frame that a callback is about; None for one that CPython shows to nobody (a frame of morrow's own)."""
    try:
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename == "<morrow monitor>":
            frame = frame.f_back
    except ValueError:
        return None
    return frame if frame is not None and frame.f_code is code else None
