# mypy: ignore-errors
"""What is executed, by settrace (3.11): only while there is something to stop at, only in frames that need it.

Its text is sent to the agent (attach/agent.py); nothing of morrow is imported there. The trace function of the program
itself, if it has one, is put back at the end.
"""

import _thread
import sys

_trace_all = agent.parts["morrow look"]["trace_all"]


class BackEnd:
    """Reports to `stops` (inside_stops.Stops) what it wants to know."""

    def __init__(self, stops):
        self.stops = stops
        self.on = False
        self._previous = sys.gettrace()
        self._failing = {}  # id(frame) -> the exception that passes through it
        self._global, self._local = self._call, self._event  # one object each: bound methods are made anew each time

    def begin(self):
        """Nothing is traced yet; settrace is always there. Called on the main thread."""
        import threading  # noqa: F401  # the thread that imports it first is its main thread

        return True

    def stop(self):
        """Take everything away again."""
        if self.on:
            self._switch(False)
        self._failing.clear()

    def renew_locks(self):
        """In a forked child: there are none here."""

    def update(self):
        """Trace, or stop tracing, according to what `stops` wants to know now."""
        stops = self.stops
        wanted = bool(stops.active and (stops.lines or stops.functions or stops.filters or stops.steps or stops.parking))
        if wanted != self.on:
            self._switch(wanted)
        if wanted:
            for frame in sys._current_frames().values():
                while frame is not None:
                    if self._needs(frame):
                        self._follow(frame)
                    frame = frame.f_back

    def _switch(self, on):
        self.on = on
        _trace_all(self._global if on else None)
        if _thread.get_ident() == self.stops.session.own_ident:
            sys.settrace(None)
        if not on:
            for frame in list(sys._current_frames().values()):
                while frame is not None:
                    if frame.f_trace is self._local:
                        frame.f_trace = None
                    frame = frame.f_back

    def _needs(self, frame):
        stops, code = self.stops, frame.f_code
        if code.co_filename.startswith("<morrow "):
            return False
        return bool(
            stops.parking
            or stops.filters and stops.is_mine(code)
            or any(step.frame is frame for step in list(stops.steps.values()))
            or stops.lines and stops.spots(code)
        )

    def watch(self, frame):
        """Report the lines and the end of a frame from now on."""
        self._follow(frame)

    def _follow(self, frame):
        if frame.f_trace is not self._local and not frame.f_code.co_filename.startswith("<morrow "):
            frame.f_trace = self._local

    def raise_here(self, error):
        """Have the program see what its signal handler has raised while a thread waited.

        Not from here: CPython takes the trace function of a thread away when it raises.
        """
        agent.raise_later(error)

    # -- trace functions ---------------------------------------------------------------------------------------------------

    def _call(self, frame, event, arg):
        stops = self.stops
        if event != "call" or not stops.active or frame.f_code.co_filename.startswith("<morrow "):
            return None
        if stops.steps or stops.functions:
            code, resumed = frame.f_code, False
            if code.co_flags & 0x2A0:  # a generator or coroutine: RESUME 0 is its start, 1 and more come after a yield
                resumed = bool(code.co_code[frame.f_lasti + 1] & 3)
            stops.report(stops.start, frame, resumed)
        return self._local if stops.active and self._needs(frame) else None

    def _event(self, frame, event, arg):
        stops = self.stops
        if not stops.active:
            frame.f_trace = None
            return None
        if event == "line":
            self._failing.pop(id(frame), None)
            stops.report(stops.line, frame, frame.f_lineno)
        elif event == "return":
            error = self._failing.pop(id(frame), None)
            if error is not None and arg is None:
                stops.report(stops.unwind, frame, error)
            else:
                stops.report(stops.leave, frame, arg, _is_yield(frame))
        elif event == "exception":
            error = arg[1]
            if not isinstance(error, BaseException):
                error = arg[0]() if error is None else arg[0](error)
            error.__traceback__ = arg[2]  # which CPython does when it is caught
            self._failing[id(frame)] = error
            stops.report(stops.raised, frame, error)
        # What is returned is put into f_trace: not when the session has ended while this thread was stopped.
        return self._local if stops.active else None


def _is_yield(frame):
    """Whether a generator's or coroutine's frame is left by a yield: YIELD_VALUE comes next, or an await suspends."""
    code = frame.f_code
    if not code.co_flags & 0x2A0:
        return False
    return code.co_code[frame.f_lasti] not in _RETURNS


_RETURNS = {__import__("opcode").opmap["RETURN_VALUE"]}
