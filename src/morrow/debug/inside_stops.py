# mypy: ignore-errors
"""When to stop, and what happens then, inside the target: breakpoints, steps, exceptions, threads that wait.

Its text is sent to the agent (attach/agent.py); nothing of morrow is imported there. What is executed is reported by a
back end: inside_monitor (sys.monitoring, 3.12+) or inside_trace (settrace), which calls `start`, `line`, `leave`,
`unwind` and `raised` here on the thread that runs; what back ends shall report they ask `wants...`.

A thread that stops waits in `Place.wait` for the editor's side, and does there what has to be done on that very thread:
evaluate, jump. With ``all`` threads stopping together, the first to stop leads; the others wait at their next line.
"""

import _thread
import os


class Place:
    """Where a thread waits: its frame, and what it is asked to do there."""

    def __init__(self, frame, error=None, returned=()):
        self.frame, self.error, self.returned = frame, error, returned
        self.reason, self.jobs, self.gone_on = "", [], False
        self._wake = _thread.allocate_lock()
        self._wake.acquire()

    def ask(self, job):
        """Have *job* called on this thread. Called by another one."""
        self.jobs.append(job)
        self._rouse()

    def go(self):
        self.gone_on = True
        self._rouse()

    def _rouse(self):
        if self._wake.locked():
            try:
                self._wake.release()
            except RuntimeError:
                pass  # somebody else was faster

    def wait(self):
        """Wait until `go`. What a signal handler of the program raises meanwhile is returned, to be raised later."""
        foreign = None
        while not self.gone_on:
            try:
                self._wake.acquire()
                while self.jobs:
                    self.jobs.pop(0)()
            except BaseException as error:
                foreign = foreign or error
        return foreign


class Breakpoint:
    """One line, or one function (``line`` 0), to stop at."""

    def __init__(self, given):
        self.id = given["id"]
        self.line = given.get("line", 0)
        self.name = given.get("name", "")
        self.log = given.get("log")
        self.hits = 0
        self.condition = self.enough = None
        if given.get("condition"):
            self.condition = compile(given["condition"].strip(), "<condition>", "eval")
        if given.get("hits"):
            self.enough = _hit_test(given["hits"])


def _hit_test(text):
    """Return a test of the number of hits: ``5``, ``== 5``, ``>= 5``, ``> 5``, ``< 5``, ``<= 5``, ``% 5``."""
    text = text.strip()
    for sign in ("==", ">=", "<=", ">", "<", "%"):
        if text.startswith(sign):
            break
    else:
        sign, text = "==", "==" + text
    number = int(text[len(sign) :])
    if sign == "%" and number <= 0:
        raise ValueError("% needs a number above 0")
    tests = {
        "==": lambda n: n == number, ">=": lambda n: n >= number, "<=": lambda n: n <= number,
        ">": lambda n: n > number, "<": lambda n: n < number, "%": lambda n: n % number == 0,
    }  # fmt: skip
    return tests[sign]


class Step:
    """One thread's way to its next stop: ``in``, ``over`` or ``out`` of *frame*; without a frame, the next start."""

    def __init__(self, kind, frame, line, at=-1):
        self.kind, self.frame, self.line, self.at = kind, frame, line, at
        self.returned, self.reason = (), "step"


class Stops:
    """Everything that can stop a thread. One per session.

    Attributes:
        lines: {file's real path: {line: [Breakpoint]}}. functions: [Breakpoint].
        filters: {exception filter: test or None}. steps: {ident: Step}. places: {ident: Place}.
        leaders: idents of the threads whose stop has been reported.
        parking: threads shall wait at their next line.
    """

    def __init__(self, session, just_mine, all_threads):
        self.session, self.just_mine, self.all_threads = session, just_mine, all_threads
        self.lines, self.functions, self.filters = {}, [], {}
        self.steps, self.places, self.leaders = {}, {}, set()
        self._foreign = {}  # ident -> what a signal handler of the program raised while we had the thread
        self.parking = False
        self.active = True
        self.guard = _thread.allocate_lock()
        self._real, self._mine, self._spots = {}, {}, {}
        self.back_end = None

    # -- what is whose -------------------------------------------------------------------------------------------------

    def real(self, name):
        """Return the real path of a ``co_filename``."""
        found = self._real.get(name)
        if found is None:
            found = name if name.startswith("<") else os.path.realpath(name)
            self._real[name] = found
        return found

    def is_mine(self, code):
        """Return whether code belongs to the program, not to a library."""
        if code.co_filename.startswith("<morrow "):
            return False
        if not self.just_mine:
            return not code.co_filename.startswith("<frozen ")
        found = self._mine.get(code.co_filename)
        if found is None:
            found = self._mine[code.co_filename] = _is_programs(code.co_filename, self.real(code.co_filename))
        return found

    # -- what back ends ask ------------------------------------------------------------------------------------------------

    def spots(self, code):
        """Return {line: [Breakpoint]} of the lines of *code* that have one, None when there are none."""
        here = self.lines.get(self.real(code.co_filename))
        if not here:
            return None
        lines = {line for _, _, line in code.co_lines()}
        return here if not lines.isdisjoint(here) else None

    def named(self, code):
        """Return the function breakpoints that mean *code*."""
        if not self.functions or code.co_name == "<module>":
            return []
        name = code.co_qualname
        return [one for one in self.functions if one.name in (code.co_name, name) or one.name.endswith("." + name)]

    def report(self, about, frame, *rest):
        """Call one of the five below. Nothing of ours may raise into the program; what its signal handlers raised does."""
        foreign = None
        try:
            about(frame, *rest)
        except Gone:
            self.session.detach()
        except BaseException as error:
            traceback = error.__traceback__
            while traceback.tb_next is not None:
                traceback = traceback.tb_next
            if traceback.tb_frame.f_code.co_filename.startswith("<morrow "):
                self.session.failed(error)
            else:
                foreign = error
        foreign = foreign or self._foreign.pop(_thread.get_ident(), None)
        if foreign is not None:
            self.back_end.raise_here(foreign)

    # -- what back ends report -------------------------------------------------------------------------------------------

    def start(self, frame, resumed):
        """A frame starts, or goes on after a yield (*resumed*)."""
        code = frame.f_code
        step = self.steps.get(_thread.get_ident())
        if step is not None and (step.kind == "in" or step.frame is None) and frame is not step.frame and self.is_mine(code):
            step.frame, step.line, step.kind = frame, -1, "in"
            self.back_end.watch(frame)
        if resumed:
            return
        for one in self.named(code):
            module = frame.f_globals.get("__name__", "")
            if one.name in (code.co_name, code.co_qualname, "%s.%s" % (module, code.co_qualname)) and self._holds(one, frame):
                self.halt(frame, "function breakpoint", breakpoints=[one.id])
                return

    def line(self, frame, line):
        """A line begins."""
        ident = _thread.get_ident()
        step = self.steps.get(ident)
        if step is not None and step.frame is frame and step.kind != "out" and self._is_new(step, frame, line):
            self.steps.pop(ident, None)
            self.halt(frame, step.reason, returned=step.returned)
            return
        here = self.lines.get(self.real(frame.f_code.co_filename))
        found = here and here.get(line)
        if found:
            hit = [one.id for one in list(found) if self._holds(one, frame)]
            if hit:
                self.steps.pop(ident, None)
                self.halt(frame, "breakpoint", breakpoints=hit)
                return
        if self.parking:
            self.park(frame)

    def _is_new(self, step, frame, line):
        # The same line again counts only when the program has jumped back: the next round of a one-line loop.
        return line != step.line or frame.f_lasti <= step.at

    def leave(self, frame, value, suspended):
        """A frame returns or yields."""
        step = self.steps.get(_thread.get_ident())
        if step is None or step.frame is not frame:
            return
        if suspended and frame.f_code.co_flags & 0x280:  # CO_COROUTINE | CO_ASYNC_GENERATOR
            if frame.f_code.co_flags & 0x80 or type(value).__name__ != "async_generator_wrapped_value":
                step.at = -1
                return  # it waits for something: the step goes on when it does
        step.returned = (frame.f_code.co_name, value)
        self._outwards(step, frame)

    def unwind(self, frame, error):
        """A frame ends by an exception."""
        ident = _thread.get_ident()
        step = self.steps.get(ident)
        if step is not None and step.frame is frame:
            self._outwards(step, frame)
        if not self.filters or not self.is_mine(frame.f_code) or _is_quiet(error):
            return
        outer = frame.f_back
        while outer is not None and _runs_programs(outer):
            outer = outer.f_back
        if outer is None:
            if "uncaught" in self.filters and self._matches("uncaught", error, frame):
                self.halt(frame, "exception", error=error, mode="unhandled")
        elif "userUnhandled" in self.filters and not self.is_mine(frame.f_back.f_code):
            if self._matches("userUnhandled", error, frame):
                self.halt(frame, "exception", error=error, mode="userUnhandled")

    def raised(self, frame, error):
        """An exception is raised in a frame, or passes through it."""
        if "raised" not in self.filters or not self.is_mine(frame.f_code) or isinstance(error, (StopIteration, GeneratorExit)):
            return
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_next is not None and traceback.tb_frame is not frame:
            traceback = traceback.tb_next
        inner = traceback
        while inner is not None and inner.tb_next is not None:
            inner = inner.tb_next
            if self.is_mine(inner.tb_frame.f_code):
                return  # it was raised further in, and reported there
        if getattr(self, "_last_raised", None) == (id(error), id(frame), frame.f_lasti):
            return
        self._last_raised = id(error), id(frame), frame.f_lasti
        if self._matches("raised", error, frame):
            self.halt(frame, "exception", error=error, mode="always")

    def _matches(self, name, error, frame):
        test = self.filters[name]
        return test is None or test(error, frame)

    def _outwards(self, step, frame):
        """A step's frame is left: go on in the nearest caller that is the program's, or at the next start of one."""
        outer = frame.f_back
        while outer is not None and not self.is_mine(outer.f_code):
            outer = outer.f_back
        step.frame, step.line, step.at = outer, -1, -1
        if step.kind == "out":
            step.kind = "over"
        if outer is None:
            step.kind = "in"
            self.back_end.update()
        else:
            self.back_end.watch(outer)

    def _holds(self, one, frame):
        """Return whether a breakpoint stops here: condition, number of hits, log point."""
        names = None
        if one.condition is not None:
            names = self.session.names_of(frame)
            try:
                if not eval(one.condition, *names):
                    return False
            except Exception as error:
                self.session.say("console", "condition of line %d: %s: %s\n" % (one.line, type(error).__name__, error))
                return False
        one.hits += 1
        if one.enough is not None and not one.enough(one.hits):
            return False
        if one.log is not None:
            self.session.say("stdout", self.session.filled(one.log, names or self.session.names_of(frame)) + "\n", frame)
            return False
        return True

    # -- stopping ----------------------------------------------------------------------------------------------------------

    def halt(self, frame, reason, breakpoints=(), error=None, mode="", returned=()):
        """Report a stop of this thread and wait until it may go on."""
        ident = _thread.get_ident()
        if os.getpid() != self.session.pid:
            self.session.abandon_child()
            return
        if ident == self.session.own_ident:
            return  # evaluated for the editor: a stop here could not be ended
        place = Place(frame, error, returned)
        place.reason, place.mode = reason, mode
        while True:
            with self.guard:
                if not self.active:
                    return
                first = not (self.all_threads and self.leaders)
                if first:
                    self.leaders.add(ident)
                place.gone_on = False
                self.places[ident] = place
            if first:
                break
            place.wait()  # another thread's stop: ours is reported when that one has gone on
        if self.all_threads:
            self.parking = True
            self.back_end.update()
        self.session.stopped(ident, reason, breakpoints, error)
        self._wait(ident, place)

    def park(self, frame):
        """Wait, because another thread has stopped."""
        if os.getpid() != self.session.pid:
            self.session.abandon_child()
            return
        ident = _thread.get_ident()
        with self.guard:
            if not self.active or not self.parking or ident == self.session.own_ident:
                return
            if not self.all_threads and ident not in self.leaders:
                return
            place = Place(frame)
            self.places[ident] = place
            if not self.all_threads:
                self.parking = self._some_are_away()
        if not self.all_threads:
            self.back_end.update()
        self._wait(ident, place)

    def _some_are_away(self):
        """Whether a thread counts as stopped that has not come back from C code yet: it must not run on then."""
        return any(ident not in self.places for ident in self.leaders)

    def _wait(self, ident, place):
        foreign = place.wait()
        with self.guard:
            if self.places.get(ident) is place:
                del self.places[ident]
        place.frame = place.error = None
        if foreign is not None:
            self._foreign[ident] = foreign

    def claim(self, ident, reason):
        """Count a thread as stopped that runs no Python now: it waits in C code, and parks when it comes back."""
        with self.guard:
            self.leaders.add(ident)
            self.parking = True
        self.back_end.update()
        self.session.stopped(ident, reason, (), None)

    def go(self, ident, step=None):
        """Let the threads run again; *step* is what *ident* is to do."""
        with self.guard:
            if step is None and self.all_threads:
                self.steps.clear()
            if step is not None:
                self.steps[ident] = step
            else:
                self.steps.pop(ident, None)
            if self.all_threads:
                self.leaders.clear()
                self.parking = False
                places = list(self.places.values())
            else:
                self.leaders.discard(ident)
                self.parking = self._some_are_away()
                places = [self.places[ident]] if ident in self.places else []
        self.back_end.update()
        if step is not None and step.frame is not None:
            self.back_end.watch(step.frame)
        for place in places:
            place.go()

    def loosen(self, ident):
        """Let the threads that only wait along run; return whether there were any. `ident` evaluates something long."""
        with self.guard:
            places = [place for one, place in self.places.items() if one not in self.leaders and one != ident]
            if not places:
                return False
            self.parking = False
        self.back_end.update()
        for place in places:
            place.go()
        return True

    def tighten(self):
        """Have them wait again."""
        with self.guard:
            self.parking = bool(self.leaders) if self.all_threads else self._some_are_away()
        self.back_end.update()

    def end(self):
        """Take everything away, and let every thread run."""
        with self.guard:
            self.active = self.parking = False
            self.lines, self.functions, self.filters = {}, [], {}
            self.steps.clear()
            self.leaders.clear()
            places = list(self.places.values())
        self.back_end.stop()
        for place in places:
            place.go()


def _is_quiet(error):
    """Whether an exception is a way to end or to go on, rather than a failure."""
    if isinstance(error, SystemExit):
        return error.code in (None, 0)
    return isinstance(error, (StopIteration, StopAsyncIteration, GeneratorExit))


_RUNNERS = {
    "threading.py": ("_bootstrap", "_bootstrap_inner", "run"),
    "runpy.py": ("_run_module_as_main", "_run_code", "run_path", "run_module", "_run_module_code"),
    "<frozen runpy>": ("_run_module_as_main", "_run_code", "run_path", "run_module", "_run_module_code"),
}


def _runs_programs(frame):
    """Whether a frame is what runs a program or a thread: an exception that leaves what it calls is not handled."""
    code = frame.f_code
    return code.co_name in _RUNNERS.get(os.path.basename(code.co_filename), ()) or code.co_filename.startswith(_OURS)


_OURS = agent.given.get("home") or "\0"


def _is_programs(name, real):
    if name.startswith("<"):
        return name.startswith(("<string>", "<stdin>", "<python-input", "<ipython", "<evaluate"))
    library = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
    if real.startswith((library, _OURS)):
        return False
    return not any(os.sep + folder + os.sep in real for folder in ("site-packages", "dist-packages"))
