"""Compile what is hot, put it in place, look after it: everything that happens on the jit's own thread.

The sampler tells `Worker.found` what is hot; `Worker.tick`, called at every look, compiles one thing at a time. A decision
is kept per code object for the report: compiled, or declined with a reason. Compiled code rests (`rest`) while a tracer
watches, and is looked at again (`Compiled.review`) while it works, because what it assumed may have stopped being so.

Nothing is ever freed while the process lives: a thread may be inside code that was taken out of service.
"""

from __future__ import annotations

import _thread
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import cpu_count
from time import monotonic, perf_counter, thread_time
from types import CodeType, FrameType, FunctionType

from morrow import settings
from morrow.debuglog import log
from morrow.host import HERE
from morrow.jit.feedback import Feedback
from morrow.jit.own_imports import ImportsAreOurs, ShadowedImport, is_installed

START_BUSY = 0.3
"""Seconds of CPU a process must have used before anything is brought for compiling: short scripts never pay."""

START_BUSY_HERE = 1.0
"""The same where the compiler and LLVM must be brought into this process."""

BRING_BUSY = 3.0
"""Seconds of CPU after which a program that machine code was seen to pay for has the compiler brought, which takes each copy 0.1 s."""

MEMORY_LIMIT = 64 << 20
"""Bytes of machine code after which nothing more is compiled."""

BUDGET = 0.15
"""Seconds that compiling may cost the program per second of CPU it uses, beyond `ALLOWANCE` at the start, once it is known to pay."""

ALLOWANCE = 0.5

UNPROVEN = 0.04, 0.2
"""The same before anything compiled has been measured to pay."""

PAYS = 1.25
"""How many times faster something must be to be a proof that this program is worth compiling."""

CALLER_SAMPLES = 3
"""How often a function must be seen waiting for hot ones to be compiled in their place."""

REST = 1.0
"""Seconds for which compiled code rests at least: it is told of a tracer before that one can be seen."""

BESIDE = 0.5 if (cpu_count() or 1) > 1 else 0.0
"""Part of LLVM's time that is not counted."""

ASIDE = 0.45
"""Part of the CPU time of copies of the process that they cost the program: that much where processors share a core (measured on two
virtual ones: a loop took 1.4 to 1.5 times as long beside another), less where they do not."""

MOST_TRIES = 3
"""How often something is begun again because a copy could not know what it needed."""

LIFTING = (0.12, 0.25)
"""Seconds of CPU in which functions are taken into one compile, before and after anything compiled has been seen to pay."""

LEAST_SHARE = 0.052
"""Part of a function's operations that must be faster as machine code for it to be made at all. Of 24 trials of functions of pyperformance on 3.12
six were of functions below it, of which one was won (1.07x); above it ten were won and eight lost."""

PROMISING = 0.75
"""How many times faster code that LLVM made quickly must be to be made well and tried again."""

TRIAL_SECONDS = 8.0
"""Seconds of CPU after which a function that is called too rarely for a verdict keeps its compiled code."""

TURN = 0.01
"""Seconds between looks at trials, see `trial`."""

AGAIN = 2.0
"""Seconds of CPU after which what stays in place is measured again, then after four times as long, and so on: work changes."""

AGAIN_STOCK = 0.125
"""Part of the calls that are interpreted then."""

AGAIN_MOST = 3.0, 1e7
"""What is this many times faster, or takes so many nanoseconds a call in CPython, is not measured again: it would cost too much."""

MEND_CALLS = 500, 50_000_000
"""Compiled calls, or their nanoseconds, after which a trial without a verdict looks whether its code leaves for a reason that can be avoided."""

MOST_LOSSES = 2
"""Trials that code without exits to be mended may lose before its function is left alone."""

LOOP_LEAST = 3000
"""Nanoseconds that a loop entered often must stay in its compiled code on average, or it does not pay."""

LOOK_EVERY = 3
"""Ticks between looks at the inline caches of what may be compiled, see `feedback`."""

REVIEW_EVERY = 0.25
"""Seconds between reviews of the code in place."""

MAKES = 6
"""How often one code object may be compiled anew, and how many functions that share it get code of their own."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from morrow.jit.aside import Again, Aside, Off
    from morrow.jit.made import Compiled, Declined, Request
    from morrow.jit.osr import Entrances
    from morrow.jit.running import Loop
    from morrow.jit.trial import Trial, Trials


class Decision:
    """What became of one code object, for the report.

    Attributes:
        code: the code object.
        samples: how often it was seen running.
        waits: how often it was seen waiting for a function that had become hot.
        compiled: what is or was in place, oldest first.
        declined: (line, reason, detail) of each time it was left to CPython.
        seconds: time spent compiling it.
        makes: how often it was compiled.
        resting: True once it was left for good.
        refused: whether it was declined as a whole before.
        only_loops: whether that was for what stands before its loops.
        covered: code in place for another function that this one's is a part of.
        lost: heads of loops that were measured to be no faster.
        losses: how many trials its functions lost.
        doubted: whether the code in place was measured again because it leaves often.
        kept: the last code that won a trial, by how much, and the function it was made for.
        gain: how many times faster a call was measured to be compiled, 0 if that is not known.
    """

    __slots__ = ("code", "samples", "waits", "compiled", "declined", "seconds", "makes", "resting", "functions", "loops", "gain", "refused", "only_loops", "covered", "lost", "losses", "doubted", "kept")

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.samples = 0
        self.waits = 0
        self.compiled: list[Compiled] = []
        self.declined: list[tuple[int, str, str]] = []
        self.seconds = 0.0
        self.makes = 0
        self.resting = False
        self.gain = 0.0
        self.refused = False
        self.only_loops = False
        self.covered: Compiled | None = None
        self.functions: list[tuple[weakref.ref[FunctionType], Compiled]] = []
        self.loops: dict[int, Compiled | None] = {}
        self.lost: set[int] = set()
        self.losses = 0
        self.doubted = False
        self.kept: tuple[Compiled, float, weakref.ref[FunctionType]] | None = None

    @property
    def name(self) -> str:
        """The function's qualified name."""
        return self.code.co_qualname

    def decline(self, line: int, reason: str, detail: str) -> None:
        """Note a reason once."""
        if (line, reason, detail) not in self.declined:
            self.declined.append((line, reason, detail))


class Task:
    """One thing to compile. Functions are held weakly: waiting must not keep what the program has dropped."""

    __slots__ = ("code", "function", "arguments", "loop", "types", "thread", "level", "profile", "quick", "tries")

    def __init__(self, code: CodeType, function: FunctionType, arguments: tuple[type | None, ...] | None = None, loop: Loop | None = None,
                 types: tuple[type | None, ...] | None = None, thread: int = 0, level: int = 1, profile: bool = False, quick: Compiled | None = None) -> None:  # fmt: skip
        self.code = code
        self.tries = 0
        self.quick = quick  # code of this function that LLVM made quickly and is to make well now
        self.function = weakref.ref(function)
        self.arguments, self.loop, self.types, self.thread, self.level, self.profile = arguments, loop, types, thread, level, profile

    def __repr__(self) -> str:
        return f"{self.code.co_qualname}{f', {self.loop}' if self.loop else ''} ({self.code.co_filename}:{self.code.co_firstlineno})"


class OnTrial:
    """A function that is on trial, or will be.

    Attributes:
        decision: about its code.
        function: a weak reference to it.
        made: the code that is tried.
        trial: its trial, None while it waits.
        since: seconds of CPU the process had used when the trial began, or those at which it is to begin.
        again: seconds of CPU for which the code has been in place when it is measured again, 0 the first time.
        looked: whether it was looked at for reasons to compile it anew.
    """

    __slots__ = ("decision", "function", "made", "trial", "since", "again", "looked")

    def __init__(self, decision: Decision, function: weakref.ref[FunctionType], made: Compiled, since: float, again: float = 0.0) -> None:
        self.decision, self.function, self.made, self.since, self.again = decision, function, made, since, again
        self.trial: Trial | None = None
        self.looked = again > 0


class Worker:
    """The jit of this process.

    Attributes:
        decisions: code object -> `Decision`.
        measures: whether functions are put on trial before they keep their compiled code.
        pause_counting: told True when compiled code begins to rest and False when it ends; `hot_eager` puts its own here.
        off: a sentence when nothing can be compiled in this process, else "".
        size: bytes of machine code made so far.
        paid: whether anything compiled has been measured to be faster than CPython.
        spent: seconds of CPU spent compiling on the jit's own thread.
        copies: whether to compile in copies of this process.
        only: compile nothing but code of files whose name begins so (or with one of these); for hunting bugs.
    """

    def __init__(self) -> None:
        self.decisions: dict[CodeType, Decision] = {}
        self.off = ""
        self.size = 0
        self.load_seconds = 0.0
        self.spent = 0.0
        self.resting = ""
        self.paid = False
        self._trials: Trials | None = None
        self._on_trial: list[OnTrial] = []
        self._untried: list[OnTrial] = []
        self._busy = 0.0
        self._rested = 0.0
        self._queue: list[Task] = []
        self._ready = False
        self._wanted = False
        self._pending: object = None
        self._lock = _thread.allocate_lock()
        self._held = False
        self._own_threads: set[int] = set()
        self._entrances: Entrances | None = None
        self._waiting: dict[int, float] = {}
        self._reviewed = 0.0
        self._ticks = 0
        self.feedback = Feedback()
        self._has_compiler = False
        self._needs_llvm = False
        self._asked_llvm = False
        self._background = 0
        self.measures = True
        self.copies = False
        self._making: tuple[Task, Aside] | None = None
        self.pause_counting: Callable[[bool], None] = lambda resting: None
        self.only: str | tuple[str, ...] = ""

    # -- told by whoever finds hot code ----------------------------------------------------------------------------------

    def found(self, what: str, frame: FrameType, thread: int = 0) -> bool:
        """Take note of a candidate, reading what is needed from the frame. Returns False to be told again later."""
        if self.off or _is_ours(frame.f_code):
            return True
        self.feedback.watch(frame.f_globals)
        if self.resting or not self._ready:
            self._wanted = True
            return False
        with self.working():
            return self._take(what, frame, thread)

    def _take(self, what: str, frame: FrameType, thread: int) -> bool:
        from morrow.jit import running

        code = frame.f_code
        decision = self.decision(code)
        decision.samples += 1
        if decision.resting or any(task.code is code and bool(task.loop) == (what == "loop") for task in self._tasks()):
            return True
        if what == "function" and code.co_flags & 0x03 != 0x03:  # CO_OPTIMIZED | CO_NEWLOCALS: a module's or class's body
            return True
        if code.co_flags & 0x2A0:  # CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
            decision.decline(code.co_firstlineno, "GENERATOR", "")
            return True
        if what == "function" and (code.co_flags & 0x0C or code.co_kwonlyargcount):  # CO_VARARGS | CO_VARKEYWORDS
            decision.decline(code.co_firstlineno, "ARGUMENTS", code.co_name)
            return True
        offset = frame.f_lasti
        loop = running.stands_on_back_edge(code, offset) if what == "loop" else None
        if what == "loop" and loop is None:
            return False  # in the middle of the body: another look may find it on the way back to the head
        if loop is not None:
            loop = self._outermost(decision, loop, running.loops_around(code, loop))
            if loop.head in decision.lost:
                return True
        seen = self._look(frame, code, offset, loop)
        if seen is None:
            return False
        function, types = seen
        if what == "function" and (self.paid or not self.measures) and self._take_caller(frame):
            return True
        if self._runs_although_compiled(decision, function):
            return True
        if what == "function" and decision.covered is not None:
            decision.covered = None  # once: hot also without what covers it, it will be seen again, after twice as many samples
            return True
        if what == "function":
            arguments = types[: running.count_arguments(code)]
            self._queue.append(Task(code, function, None if None in arguments else arguments))
        elif loop is not None and not self.enter_again(code, loop.head, thread):
            self._queue.append(Task(code, function, None, loop, types, thread))
        return True

    def _tasks(self) -> list[Task]:
        """Return what waits to be compiled and what is being compiled in a copy."""
        return [*self._queue, *([self._making[0]] if self._making is not None else [])]

    def _outermost(self, decision: Decision, innermost: Loop, around: list[Loop]) -> Loop:
        """Return which of the loops around a place to compile: the outermost, unless it was declined or is never reached.

        An inner loop pays for being entered each time around the outer one, and what is between them stays interpreted.
        """
        for loop in around:
            if loop.head not in decision.loops:
                return loop
            made = decision.loops[loop.head]
            if made is not None and self._entrances is not None and self._entrances.counts(decision.code, loop.head)[0]:
                return loop
        return innermost

    def _take_caller(self, frame: FrameType) -> bool:
        """Count the functions that wait for a hot one; compile the outermost that is seen often rather than each it calls.

        Compiled code calls compiled code directly, so a caller is worth more than what it calls. Returns whether a caller
        is going to be compiled now.
        """
        chosen = None
        for function in self._look.callers(frame):
            code = function.__code__
            if _is_ours(code) or code.co_flags & 0x03 != 0x03 or code.co_flags & 0x2A0:
                break
            decision = self.decision(code)
            decision.waits += 1
            if decision.makes:
                break
            if decision.waits >= CALLER_SAMPLES and not decision.makes and not decision.resting:
                chosen = function
        if chosen is None or any(task.code is chosen.__code__ for task in self._tasks()):
            return False
        self._queue.insert(0, Task(chosen.__code__, chosen))
        return True

    def _runs_although_compiled(self, decision: Decision, function: FunctionType) -> bool:
        """Deal with a function whose code is in place and which the interpreter is nevertheless seen running.

        It has left its compiled code and went on in CPython for long: one such exit is enough to compile it without
        assuming what failed. Returns whether there is nothing more to do about it.
        """
        from morrow.jit import install

        if any(item.function() is function for item in self._on_trial):
            return True  # half of the time it is interpreted on purpose
        made = next((made for reference, made in decision.functions if reference() is function), None)
        if made is None or made is not decision.compiled[-1] or made.profile or not install.is_installed(function):
            return False
        if made.review(often=1) == "recompile" and decision.makes < MAKES:
            self._queue.append(Task(decision.code, function))
            return True
        return False

    @contextmanager
    def working(self) -> Iterator[None]:
        """While active, what this thread does is ours: its calls are not counted, its audit events not listened to."""
        ident = _thread.get_ident()
        outermost = ident not in self._own_threads
        self._own_threads.add(ident)
        try:
            yield
        finally:
            if outermost:
                self._own_threads.discard(ident)

    def is_working(self) -> bool:
        """Return whether this thread is inside `working`."""
        return _thread.get_ident() in self._own_threads

    def before_fork(self) -> None:
        """Wait until no thread is compiling: the child would have LLVM's locks as they are, and not the thread that holds them."""
        self._held = not self.is_working() and self._lock.acquire(timeout=10)

    def after_fork(self) -> None:
        """Let threads compile again, in parent and child."""
        if self._held:
            self._held = False
            self._lock.release()
        if self._making is not None and not self._making[1].is_ours:
            self._making[1].forget()
            self._making = None

    def decision(self, code: CodeType) -> Decision:
        """Return the decision about a code object, making one."""
        found = self.decisions.get(code)
        if found is None:
            found = self.decisions[code] = Decision(code)
        return found

    # -- the jit's thread ------------------------------------------------------------------------------------------------

    def tick(self, busy: float) -> float:
        """Do what is due: compile one task, review, wake up. *busy*: seconds of CPU the process has used.

        Returns after how many seconds there is more to do, 0 when nothing waits.
        """
        with self.working():
            return self._tick(busy)

    def _tick(self, busy: float) -> float:
        if self.off:
            return 0
        self._background = _thread.get_ident()
        if self.resting:
            self._wake_up()
            return 0
        self._busy = busy
        self._ticks += 1
        if self._ticks % LOOK_EVERY == 0:
            self.feedback.look()
        if self._waiting:
            self._look_at_waiting()
        if self._untried:
            self._try()
        if self._on_trial:
            self._judge()
        if self._wanted and busy >= START_BUSY and not self._ready and self._may_prepare(busy):
            with _quick_switches():
                self.prepare()
        # before the next compile, which may take long: code that only costs must not stay in place meanwhile
        now = monotonic()
        if self._ready and now - self._reviewed > REVIEW_EVERY:
            self._reviewed = now
            self.review()
        if self.paid and busy > BRING_BUSY and self.copies and not self._has_compiler and self._asked_llvm:
            self.bring_compiler()  # once, for all copies that are made from now on
        if self._making is not None:
            self._finish()
        elif self._queue and self.spent < self._budget():
            self._begin(self._queue.pop(0))
        if self._queue and self._making is None and not self.off and self.spent < self._budget():
            return 0.001
        return TURN if self._on_trial else 0

    def _begin(self, task: Task) -> None:
        """Compile a task: in a copy of the process, where one can be made; else here and now."""
        if self.copies and not self._held:
            request = self._admit(task, LIFTING[self.paid])
            if request is None:
                return
            aside: Aside | None
            if task.quick is not None:
                aside = self._aside.begin_better(task.quick.product)
            else:
                aside = self._aside.begin(request, self.decisions)
            del request  # the program may drop the function meanwhile
            if aside is not None:
                if task.quick is None:
                    self._count(task)
                log("jit", 1, f"{'improving' if task.quick else 'compiling'} {task!r} in a copy of the process")
                self._making = task, aside
                return
        if not self.bring_compiler():
            self._queue.insert(0, task)  # threading is on its way, or nothing is compiled any more
            return
        from morrow.jit import object_code

        began, without = thread_time(), object_code.seconds
        with _quick_switches():
            self.run(task)
        # beside LLVM the program goes on, on another processor if there is one
        self.spent += thread_time() - began - BESIDE * (object_code.seconds - without)

    def _finish(self) -> None:
        """Put in place what a copy has made, if it is ready."""
        assert self._making is not None
        task, aside = self._making
        decision = self.decision(task.code)
        made: Compiled | Declined | Again | Off | None
        try:
            made = aside.finish()
            if made is None:
                return
        except RuntimeError as error:
            log("jit", 1, f"failed on {task!r}: {error}")
            self.copies = self.copies and not aside.hung
            if aside.hung:
                self._queue.insert(0, task)  # a lock that a thread of the program held: compile here from now on
                decision.makes -= task.quick is None
            elif task.quick is None:
                self._failed(task, decision, str(error))
            made = None
        self._making = None
        self.spent += ASIDE * aside.seconds
        decision.seconds += aside.seconds
        if made is None:
            return
        if isinstance(made, self._aside.Off):
            self.off = made.why
            log("jit", 1, f"off: {made.why}")
        elif isinstance(made, self._aside.Again):
            log("jit", 1, f"not yet: {task!r}: {made.why}")
            self._take_again(task, made)
        else:
            self._settle(task, decision, task.function(), made)

    def _take_again(self, task: Task, why: Again) -> None:
        """Deal with something that a copy could not compile: begin once more, knowing better, or compile it here."""
        from morrow.jit import layout

        self.decision(task.code).makes -= task.quick is None
        scope = getattr(sys.modules.get(why.module), "__dict__", None) if why.module else None
        task.tries += 1
        if task.tries < MOST_TRIES and (why.unchanged or scope is not None):
            if scope is not None:
                layout.make_keys_version(scope)
            self._queue.insert(0, task)
            return
        if not self.bring_compiler():
            self._queue.insert(0, task)
            return
        with _quick_switches():
            self.run(task)

    def bring_compiler(self) -> bool:
        """Import the compiler into this process, where something cannot be compiled in a copy. Returns whether it is there."""
        if not self._has_compiler:
            if not self._threading_is_there():
                return False
            try:
                with _quick_switches(), ImportsAreOurs():
                    from morrow.jit import compile, llvm  # noqa: F401
            except Exception as error:  # also of an llvmlite that is not as expected: the program runs without
                if _checking():
                    raise
                self.off = why_off(error)
                log("jit", 1, f"off: {self.off}")
                return False
            self._has_compiler = True
        return True

    def _budget(self) -> float:
        """Return the seconds of CPU that compiling may have cost by now."""
        part, start = (BUDGET, ALLOWANCE) if self.paid else UNPROVEN
        return start + part * self._busy

    def _may_prepare(self, busy: float) -> bool:
        """Return whether it is time to get ready: at once where copies compile, else when it is likely to pay."""
        from morrow.host import copies

        light = settings.get("aside") == "1" and not copies.find_reason_against()
        return light and (not self._needs_llvm or self._threading_is_there()) or busy >= START_BUSY_HERE and self._threading_is_there()

    def _threading_is_there(self) -> bool:
        """Have threading imported by the main thread, where it must be first (see `Facts.threading_finds_main`).

        Returns False until the main thread has done so. Not done at every start: a program can see that it is there.
        """
        if "threading" in sys.modules or HERE is None or HERE.threading_finds_main or _thread.get_ident() != self._background:
            return True
        if self._pending is None:
            with ImportsAreOurs():
                import ctypes

            def bring(_: object) -> int:
                with self.working(), ImportsAreOurs():
                    try:
                        import threading  # noqa: F401  # it is this that is wanted
                    except ImportError as error:  # the program has its own
                        self.off = f"{error}"
                return 0

            self._pending = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(bring)
            _keep_for_ever(self._pending)
            ctypes.pythonapi.Py_AddPendingCall(self._pending, None)
        return False

    def prepare(self) -> bool:
        """Import the compiler and prove the host, once. Returns whether code can be compiled; `off` says why not."""
        if self._ready:
            return True
        if self.off:
            return False
        began = perf_counter()
        self._needs_llvm = False
        try:
            self.off = self._prepare()
        except Exception as error:  # a bug of ours or of LLVM's: the program runs without
            if _checking():
                raise
            from morrow.jit.reasons import sentence

            self.off = sentence("LLVM_BROKEN", f"{type(error).__name__}: {error}".partition("\n")[0])
        self.load_seconds = perf_counter() - began
        self._ready = not self.off and not self._needs_llvm
        if self._needs_llvm:
            return False
        log("jit", 1, f"off: {self.off}" if self.off else f"ready after {self.load_seconds * 1e3:.0f} ms")
        return self._ready

    def _prepare(self) -> str:
        from morrow.jit.reasons import sentence

        try:
            with ImportsAreOurs():
                from morrow.host import probe

                proven, why = probe.is_proven()
                if not proven:
                    return sentence("HOST_UNKNOWN", why)
                from morrow.jit import tracers

                if not tracers.is_main_interpreter():
                    return sentence("SUBINTERPRETER")
                if tracers.evaluates_frames_itself():
                    return sentence("EVAL_FRAME")
                if not is_installed("llvmlite"):
                    return sentence("NO_LLVM")
                from morrow.jit import aside, history, install, made, natives, osr, running, trial  # noqa: F401  # install: imports are ours here

                natives.may_import = self._threading_is_there
                against = "" if self.measures and settings.get("aside") == "1" else "it is not wanted"
                against = against or aside.prepare()
                if against:
                    from morrow.jit import compile, llvm  # noqa: F401

                    self._has_compiler = True
                self._entrances = osr.Entrances(natives.load)
                self._look = running.Look(natives.load)
                if self.measures and trial.has_clock():
                    self._trials = trial.Trials(natives.load, natives.library_address("clock_gettime"))
                if not tracers.watch(self._tracer_changed, natives.load):
                    log("jit", 1, "another audit hook refused ours: tracers are noticed late")
        except (ImportError, OSError) as error:
            return why_off(error)
        except natives.NotYet:
            self._needs_llvm = True
            return ""
        for thing in (self._entrances, self._trials):
            _keep_for_ever(thing)
        self._made, self._aside, self._osr, self._count_compile = made, aside, osr, history.count_compile
        self.copies = not against
        log("jit", 1, f"compiles in this process: {against}" if against else "compiles in copies of this process")
        tracer = tracers.find_tracer()
        if tracer:
            self.resting = tracer
            self._set_watched(1)
        return ""

    def _admit(self, task: Task, seconds: float) -> Request | None:
        """Return what is to be compiled, in at most so many seconds of lifting; None if there is nothing to do, or no room for it."""
        decision = self.decision(task.code)
        function = task.function()
        if function is None or function.__code__ is not task.code or decision.resting or self._held:
            return None  # held: hooks of a fork are running, perhaps in the child
        if not task.code.co_filename.startswith(self.only):
            return None
        if self.size > MEMORY_LIMIT:
            decision.decline(task.code.co_firstlineno, "MEMORY_FULL", f"{MEMORY_LIMIT >> 20} MiB")
            return None
        if task.quick is not None:
            if decision.compiled[-1] is not task.quick:
                return None
        elif decision.makes >= MAKES or (decision.only_loops and task.loop is None):
            return None
        elif decision.compiled:
            decision.compiled[-1].remember_classes()
        return self._made.Request(
            function=function,
            arguments=task.arguments,
            loop=task.loop.head if task.loop else None,
            frame_types=task.types,
            level=task.level,
            profile=task.profile,
            copies=self.feedback.seen,
            seconds=seconds,
            least_share=LEAST_SHARE if self.measures else 0.0,
        )

    def _count(self, task: Task) -> None:
        """Count one more compile of a task's code, against every limit."""
        function = task.function()
        self.decision(task.code).makes += 1
        if function is not None:
            self._count_compile(function.__code__)

    def run(self, task: Task) -> bool:
        """Compile one task in this process and put the result in place. Returns whether there is new code in place."""
        request = self._admit(task, LIFTING[self.paid] if self.measures else 60.0)
        if request is None:
            return False
        decision = self.decision(task.code)
        if task.quick is not None:
            del request  # it holds the function
            return self._make_better(task, decision)
        self._count(task)
        log("jit", 1, f"compiling {task!r}")
        began = perf_counter()
        from morrow.jit.compile import lower_function

        function: FunctionType | None
        with self._lock, self.working():
            if self.off:
                return False
            try:
                made = lower_function(request)
                function = request.function
                del request
                if not isinstance(made, self._made.Declined):
                    function = None  # LLVM takes its time, and the program may drop the function meanwhile
                    made = made.build()
                    function = task.function()
            except Exception as error:  # a bug in the compiler must cost the user speed, not the program
                log("jit", 1, f"failed on {task!r}: {error!r}")
                if _checking():
                    raise
                self._failed(task, decision, f"{type(error).__name__}: {error}")
                return False
            finally:
                decision.seconds += perf_counter() - began
        return self._settle(task, decision, function, made)

    def _failed(self, task: Task, decision: Decision, what: str) -> None:
        decision.decline(task.loop.line if task.loop else task.code.co_firstlineno, "INTERNAL", what.partition("\n")[0])
        if task.loop is not None:
            decision.loops[task.loop.head] = None
        else:
            decision.resting = True

    def _settle(self, task: Task, decision: Decision, function: FunctionType | None, made: Compiled | Declined) -> bool:
        """Put what was made in place, or note why nothing was. Returns whether there is new code in place."""
        if isinstance(made, self._made.Declined):
            decision.decline(made.where or task.code.co_firstlineno, made.reason, made.detail)  # type: ignore[attr-defined]
            if task.loop:
                decision.loops[task.loop.head] = None
            elif not decision.compiled:
                if decision.refused:  # twice is enough: the host has learnt no more
                    decision.only_loops = made.reason == "LEAVES_FIRST"  # type: ignore[attr-defined]
                    decision.makes = decision.makes if decision.only_loops else MAKES
                decision.refused = True
            elif decision.compiled and decision.compiled[-1].profile:
                from morrow.jit import install

                if function is not None:
                    install.remove(function)  # it was only made to find out for this
            log("jit", 1, f"left to CPython: {task!r}: {made}")
            return False
        if function is None:
            return False
        return self._put_in_place(task, function, decision, made)  # type: ignore[arg-type]

    def _make_better(self, task: Task, decision: Decision) -> bool:
        """Let LLVM do well what it did quickly before."""
        assert task.quick is not None
        log("jit", 1, f"improving {task!r}")
        began = perf_counter()
        try:
            with self._lock, self.working():
                if self.off:
                    return False
                made = task.quick.made_better()
        except Exception as error:  # as in run: what is in place stays
            log("jit", 1, f"failed on {task!r}: {error!r}")
            if _checking():
                raise
            return False
        finally:
            decision.seconds += perf_counter() - began
        function = task.function()
        return function is not None and self._put_in_place(task, function, decision, made)

    def _put_in_place(self, task: Task, function: FunctionType, decision: Decision, made: Compiled) -> bool:
        from morrow.jit import install
        from morrow.jit.trial import LEAST_GAIN

        decision.compiled.append(made)
        decision.doubted = False
        self.size += made.size
        self._asked_llvm |= not made.from_disk
        log("jit", 1, f"compiled {task!r} in {made.seconds * 1e3:.0f} ms, {made.size} bytes")
        if function.__code__ is not task.code:
            decision.decline(task.code.co_firstlineno, "CODE_CHANGED", "")
            return False
        if self.resting:
            if made.entry and not task.loop:
                decision.functions.append((weakref.ref(function), made))
            return False
        if made.entry and task.loop is None:
            reference = weakref.ref(function)
            decision.functions.append((reference, made))
            # a first compile's code is to find something out, not to be fast
            self._end_trials(function)
            # the calls that a recursion makes of itself take anything from a moment to its whole time: there is nothing to compare
            known = task.quick is not None and decision.gain >= LEAST_GAIN or made.recursive
            self.paid |= made.recursive
            if self._trials is not None and not known:
                self._untried.append(OnTrial(decision, reference, made, self._busy))
                self._try()
            else:
                install.install(function, made.entry)
                self._improve(decision, function)
        if made.osr and task.loop is not None:
            decision.loops[task.loop.head] = made
            self._arm(task.code, task.loop.head, made, task.thread)
        return True

    def _end_trials(self, function: FunctionType) -> None:
        """End the trials of a function's older code."""
        assert self._trials is not None or not self._on_trial
        self._untried = [item for item in self._untried if item.function() is not function]
        for item in list(self._on_trial):
            if item.function() is function:
                self._on_trial.remove(item)
                self._trials.end(item.trial, function, False)  # type: ignore[union-attr, arg-type]

    def _try(self) -> None:
        """Put on trial what is to be, as far as there is room."""
        from morrow.jit import install

        assert self._trials is not None
        for item in list(self._untried):
            if item.since > self._busy or self.resting:
                continue
            function = item.function()
            if function is None or item.made is not item.decision.compiled[-1] or item.again and not install.is_installed(function):
                self._untried.remove(item)
                continue
            if not self._trials.has_room():
                break
            self._untried.remove(item)
            item.trial = self._trials.begin(function, item.made.entry, AGAIN_STOCK if item.again else 0.5)
            if item.trial is not None:
                item.since = self._busy
                self._on_trial.append(item)

    def _judge(self) -> None:
        """End the trials that are decided."""
        from morrow.jit.trial import LEAST_GAIN

        assert self._trials is not None
        for item in list(self._on_trial):
            decision, trial, function = item.decision, item.trial, item.function()
            assert trial is not None
            gain = trial.verdict()
            late = self._busy - item.since > TRIAL_SECONDS
            if function is not None and not gain and not late:
                self._mend(item, function)
                continue
            self._on_trial.remove(item)
            keep = gain >= (1.0 if item.again else LEAST_GAIN) or not gain
            self._trials.end(trial, function, keep)
            log("jit", 1, f"trial of {decision.name}: {trial}, {'kept' if keep else 'taken out'}{' again' * bool(item.again)}")
            decision.gain = gain or decision.gain
            self.paid |= gain >= PAYS
            if function is None:
                continue
            if keep:
                if gain >= LEAST_GAIN:
                    decision.kept = item.made, gain, item.function
                if not item.again:
                    self._cover(decision)
                    self._improve(decision, function)
                if gain < AGAIN_MOST[0] and trial.nanoseconds(0) < AGAIN_MOST[1]:
                    again = 4 * item.again or AGAIN
                    self._untried.append(OnTrial(decision, item.function, item.made, self._busy + again, again))
                continue
            decision.losses += 1
            if self._take_back(item, function):
                continue
            if gain >= PROMISING and decision.compiled[-1].can_be_better() and not item.again:
                self._improve(decision, function)
            elif decision.losses < MOST_LOSSES and decision.makes < MAKES and decision.compiled[-1].review(often=1) == "recompile":
                self._queue.append(Task(decision.code, function))  # it lost time by leaving, and knows how not to
            else:
                decision.resting = True
                self._leave_loops(decision)
                detail = f"{trial.nanoseconds(1) / 1000:.1f} us a call, CPython {trial.nanoseconds(0) / 1000:.1f} us"
                decision.decline(decision.code.co_firstlineno, "NO_GAIN", detail)

    def _take_back(self, item: OnTrial, function: FunctionType) -> bool:
        """Put code that won a trial before back in place of newer code that lost. Returns whether there is any."""
        from morrow.jit import install

        decision = item.decision
        if decision.kept is None or decision.kept[0] is item.made or decision.kept[2]() is not function:
            decision.kept = None
            return False
        made, decision.gain, _ = decision.kept
        decision.compiled = [other for other in decision.compiled if other is not made] + [made]
        decision.doubted = False
        install.install(function, made.entry)
        log("jit", 1, f"back to older code of {decision.name}, {decision.gain:.2f} times as fast")
        self._untried.append(OnTrial(decision, item.function, made, self._busy + AGAIN, AGAIN))
        return True

    def _mend(self, item: OnTrial, function: FunctionType) -> None:
        """Compile anew, once, what leaves its code for a reason that can be avoided, while it is not yet clear what it is worth."""
        trial, decision = item.trial, item.decision
        assert trial is not None
        if item.looked or trial.calls(1) < MEND_CALLS[0] and trial.calls(1) * trial.nanoseconds(1) < MEND_CALLS[1]:
            return
        item.looked = True
        if decision.makes < MAKES and item.made.review(often=1) == "recompile" and not any(task.code is decision.code for task in self._tasks()):
            self._queue.append(Task(decision.code, function))

    def _leave_loops(self, decision: Decision) -> None:
        """Take the loops of a function out that was measured to be no faster as a whole."""
        if self._entrances is not None and decision.loops:
            self._entrances.disarm(decision.code)
            decision.lost |= set(decision.loops)
            decision.loops = dict.fromkeys(decision.loops)
        self._queue = [task for task in self._queue if task.code is not decision.code]

    def _cover(self, decision: Decision) -> None:
        """Do not compile what code that stays has inside for itself, only because it was seen running before or beside it."""
        inside = decision.compiled[-1].inside - {decision.code}
        self._queue = [task for task in self._queue if task.code not in inside or task.loop is not None]
        for code in inside:
            self.decision(code).covered = decision.compiled[-1]

    def _improve(self, decision: Decision, function: FunctionType) -> None:
        """Have code that LLVM made quickly made well."""
        if decision.compiled[-1].can_be_better():
            self._queue.append(Task(decision.code, function, quick=decision.compiled[-1]))

    def _arm(self, code: CodeType, head: int, made: Compiled, thread: int) -> None:
        assert self._entrances is not None and HERE is not None
        with self.working():
            armed = self._entrances.arm(code, head, made.osr, made.turns_address if self.measures else 0)
        if armed and not HERE.has_monitoring and thread and self._entrances.send(thread):
            self._waiting[thread] = monotonic() + 0.5

    def _look_at_waiting(self) -> None:
        """3.11: call back threads that did not come to their loop's head, because waiting costs them speed."""
        assert self._entrances is not None
        for thread, until in list(self._waiting.items()):
            if not self._entrances.is_waiting(thread):
                del self._waiting[thread]
            elif monotonic() > until:
                self._entrances.recall(thread)
                del self._waiting[thread]

    def enter_again(self, code: CodeType, head: int, thread: int) -> bool:
        """Let a thread that is back in a loop of its own enter the code made for that loop. Returns whether there is any."""
        made = self.decision(code).loops.get(head)
        if made is None or self.resting:
            return False
        self._arm(code, head, made, thread)
        return True

    def review(self) -> None:
        """Look at what is in place: widen what is left too often, take out what does not pay."""
        from morrow.jit import install
        from morrow.jit.trial import has_clock

        for decision in list(self.decisions.values()):
            for reference, made in list(decision.functions):
                function = reference()
                if function is not None and install.gave_way(function):
                    decision.resting = True
                    decision.decline(decision.code.co_firstlineno, "TOO_DEEP", "")
                if function is None or made is not decision.compiled[-1] or not install.is_installed(function):
                    continue
                verdict = made.review()
                if verdict == "recompile" and decision.makes < MAKES:
                    if not any(task.code is decision.code and task.loop is None for task in self._tasks()):
                        self._queue.append(Task(decision.code, function, None))
                    if made.profile or made.leaves_often():
                        install.remove(function)  # the interpreter is faster meanwhile
                elif verdict == "leave" and self._is_measured(decision, function, made):
                    pass  # leaving takes time, and time is what the trial is about
                elif verdict == "leave":
                    install.remove(function)
                    decision.resting = True
                    decision.decline(decision.code.co_firstlineno, "KEEPS_LEAVING", f"{_count_exits(made)} times")
            for head, made in list(decision.loops.items()):
                if made is None or self._entrances is None:
                    continue
                entered, declined, inside = self._entrances.counts(decision.code, head)
                short = has_clock() and entered > 200 and inside < LOOP_LEAST * entered
                state, plain, compiled = self._entrances.verdict(decision.code, head)
                self.paid |= entered > 0 and inside > 10**8 or state == self._osr.KEPT and plain > PAYS * compiled > 0
                if state == self._osr.LOST:
                    log("jit", 1, f"trial of {decision.name}, loop at {head}: {plain:.0f} ns a turn, compiled {compiled:.0f} ns, taken out")
                if state == self._osr.LOST or short or declined > 1000 + 10 * entered or made.review() == "leave":
                    self._entrances.disarm(decision.code)
                    decision.loops[head] = None
                    line = next((line for start, end, line in decision.code.co_lines() if start <= head < end), None) or 0
                    if state == self._osr.LOST:
                        decision.lost.add(head)
                        decision.decline(line, "NO_GAIN_LOOP", f"{compiled / 1000:.1f} us a turn, CPython {plain / 1000:.1f} us")
                    elif short:
                        decision.decline(line, "LOOP_SHORT", f"{inside / entered / 1000:.1f} us")
                    elif declined > 1000 + 10 * entered:
                        decision.decline(line, "LOOP_TYPES", f"{declined:,} times")

    def _is_measured(self, decision: Decision, function: FunctionType, made: Compiled) -> bool:
        """Return whether a trial says what code is worth that leaves often: one that goes on, or begins now if it is not yet known."""
        if self._trials is None or made.recursive:
            return False
        if any(item.function() is function for item in self._on_trial):
            return True
        if not decision.doubted:
            decision.doubted = True
            self._untried = [item for item in self._untried if item.function() is not function]
            self._untried.append(OnTrial(decision, weakref.ref(function), made, self._busy, AGAIN))
        return True

    # -- resting ---------------------------------------------------------------------------------------------------------

    def _tracer_changed(self) -> None:
        """Called in the thread that switches a tracer on or off, before it does."""
        if not self.is_working():
            self.rest("a tracer, profiler or monitoring tool")

    def rest(self, why: str) -> None:
        """Take all compiled code out of service until `find_tracer` finds nobody."""
        from morrow.jit import install

        if self.resting:
            return
        self.resting = why
        self._rested = monotonic()
        self._set_watched(1)
        with self.working():
            install.remove_all()
            for item in self._on_trial:
                assert self._trials is not None and item.trial is not None
                self._trials.end(item.trial, item.function(), False)
            self._on_trial.clear()
            self._untried.clear()
            for thread in list(self._waiting):
                if self._entrances is not None:
                    self._entrances.recall(thread)
            self._waiting.clear()
            if self._entrances is not None:
                self._entrances.disarm_all()
            self.pause_counting(True)
        log("jit", 1, f"resting: {why}")

    def _set_watched(self, value: int) -> None:
        """Tell code that is in the middle of a call whether to leave when it comes back."""
        import ctypes

        from morrow.jit import natives

        ctypes.c_int64.from_address(natives.runtime()["morrow_watched"]).value = value

    def _wake_up(self) -> None:
        from morrow.jit import install, tracers, trial

        if tracers.find_tracer() or monotonic() - self._rested < REST:
            return
        self.resting = ""
        self._set_watched(0)
        for decision in list(self.decisions.values()):
            if decision.resting:
                continue
            for reference, made in decision.functions:
                function = reference()
                if function is not None and made is decision.compiled[-1] and function.__code__ is decision.code:
                    if self._trials is None or made.recursive or decision.gain >= trial.LEAST_GAIN:
                        install.install(function, made.entry)
                    else:
                        self._untried.append(OnTrial(decision, reference, made, self._busy))
        self.pause_counting(False)
        log("jit", 1, "awake again")

    def close(self) -> None:
        """Take everything out of service for good."""
        if self._making is not None and self._making[1].is_ours:
            self._making[1].close()
        self._making = None
        if self._ready:
            self.rest("switched off")
        self.off = self.off or "switched off"
        if not self.is_working() and self._lock.acquire(timeout=10):
            # no thread is in LLVM any more, which a daemon thread under eager could be: the end of the process takes its modules away
            self._lock.release()


def _count_exits(made: Compiled) -> int:
    return sum(leave.count() for leave in made.exits)


@contextmanager
def _quick_switches() -> Iterator[None]:
    """Let this thread have the GIL sooner while it imports or calls LLVM, which gives it up hundreds of times."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, 0.0005))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def why_off(error: Exception) -> str:
    """Return the sentence that says why the jit is off after an import of its own failed."""
    from morrow.jit.reasons import sentence

    if isinstance(error, ShadowedImport):
        return sentence("SHADOWED", error)
    missing = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "llvmlite"
    return sentence("NO_LLVM") if missing else sentence("LLVM_BROKEN", error)


def _checking() -> bool:
    import os

    return bool(os.environ.get("MORROW_CHECK"))


def _keep_for_ever(thing: object) -> None:
    """Machine code must outlive the modules: finalizers run it after they are gone."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


_PACKAGE = __file__.rpartition("jit")[0]


def _is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(_PACKAGE)
