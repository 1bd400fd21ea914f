"""Look at every thread each few milliseconds, from a thread of our own, and hand what is hot to the worker.

The thread is started with `_thread`, so that `threading` does not list it, and blocks every signal that the program's
own threads could take. It sleeps on a lock that `Sampler.stop` releases, because a fork must not find it alive: since
3.12 CPython warns about forking a process that has threads.

Sources: Lib/threading.py (what `_thread` leaves out), Modules/posixmodule.c (warn_about_fork_with_threads).
"""

from __future__ import annotations

import _thread
import sys
from time import monotonic, process_time, sleep, thread_time

from morrow.host import HERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from morrow.jit.hot import Hot

INTERVAL = 0.01
"""Seconds between looks while the program computes."""

IDLE_INTERVAL = 0.05
"""Seconds between looks while it waits."""

QUIET = 50
"""Looks that find nothing new before they become rarer."""


class Sampler:
    """The sampling thread.

    Attributes:
        busy: seconds of CPU the process has used while being looked at.
    """

    def __init__(self, found: Callable[[str, FrameType, int], bool], tick: Callable[[float], float], interval: float = INTERVAL) -> None:
        """*found* is told ("function" or "loop", frame, thread); it must let go of the frame, and returns whether it took it up.

        *tick* is called at every look with `busy`, and again after as many seconds as it returns, unless that is 0.
        """
        self._found = found
        self._tick = tick
        self._interval = interval
        self._wake = _thread.allocate_lock()
        self._ended = _thread.allocate_lock()
        self._native_id = 0
        self.hot: Hot | None = None  # made at the first look: most commands have ended by then
        self.busy = 0.0
        self.running = False
        self._read: Callable[[], dict[int, FrameType]] | None = None

    def start(self) -> None:
        """Start looking."""
        self._wake = _thread.allocate_lock()
        self._ended = _thread.allocate_lock()
        self._wake.acquire()
        self._ended.acquire()
        self.running = True
        try:
            _thread.start_new_thread(self._run, (self._wake, self._ended))
        except RuntimeError:
            self.running = False  # no thread to be had (limits, or the interpreter is ending): the program runs without

    def stop(self, timeout: float = 60.0) -> None:
        """Stop looking and wait until the thread is gone, also for the operating system.

        It may be in LLVM, which cannot be told to stop, and must not be there when the process takes LLVM down.
        """
        if not self.running:
            return
        self.running = False
        self._wake.release()
        if _thread.get_ident() == self._ident or not self._ended.acquire(timeout=timeout):
            return
        until = monotonic() + 0.1
        while _exists(self._native_id) and monotonic() < until:
            sleep(0.0002)

    _ident = 0

    def _run(self, wake: _thread.LockType, ended: _thread.LockType) -> None:
        self._ident = _thread.get_ident()
        self._native_id = _thread.get_native_id()
        _block_signals()
        own = self._ident
        last = process_time() - thread_time()
        pause = self._interval
        quiet = 0
        try:
            while not wake.acquire(timeout=pause):
                now = process_time() - thread_time()  # what our own work took is not the program's
                used, last = now - last, now
                self.busy += used
                if used < pause * 0.02:  # not 30 %: on a crowded machine a busy program gets little
                    pause = min(pause * 1.5, max(IDLE_INTERVAL, self._interval))
                elif self._look(own):
                    quiet, pause = 0, self._interval
                else:
                    # nothing new for long: looks become rarer, up to those of a program that waits
                    quiet += 1
                    pause = self._interval if quiet < QUIET else min(pause * 1.05, max(IDLE_INTERVAL, self._interval))
                soon = self._tick(self.busy)
                if soon:
                    quiet, pause = 0, soon
        finally:
            ended.release()

    def _look(self, own: int) -> bool:
        """Count where every thread stands; return whether something was taken up."""
        if self.hot is None:
            from morrow.jit.hot import Hot

            self.hot = Hot()
        if self._read is None:
            self._read = _frame_reader()
        frames = self._read()
        frames.pop(own, None)
        alone = len(frames) == 1
        taken = False
        while frames:
            thread, frame = frames.popitem()
            if alone or _moves(frame):
                what = self.hot.add(frame)
                if what and self._found(what, frame, thread):
                    self.hot.took(frame.f_code, what)
                    taken = True
            del frame
        return taken


def _frame_reader() -> Callable[[], dict[int, FrameType]]:
    """Return what gives each thread's frame, and nothing while there is another interpreter in the process.

    `sys._current_frames` makes frame objects for the threads of all interpreters (pystate.c, _PyThread_CurrentFrames), also of
    those with a memory allocator and a GIL of their own (3.12+): dropping them here corrupts memory. Asking and reading is one
    expression of C functions, because the GIL may change hands between any two calls made by Python code.
    """
    from _operator import call
    from itertools import compress

    try:
        interpreters = __import__(HERE.interpreters_module)  # type: ignore[union-attr]
    except (ImportError, AttributeError):
        return sys._current_frames  # a host that cannot have another one
    only = (1).__eq__

    def read() -> dict[int, FrameType]:
        found = list(map(call, compress((sys._current_frames,), map(only, map(len, map(call, (interpreters.list_all,)))))))
        return found[0] if found else {}

    return read


_last_places: dict[int, tuple[int, int]] = {}


def _moves(frame: FrameType) -> bool:
    """Return whether a frame, one of several threads', is at another place than when last seen: it may be waiting."""
    place = (frame.f_lasti, id(frame.f_code))
    if _last_places.get(id(frame)) == place:
        # The interpreter changes threads at back edges and calls only: a loop is often seen at the same place. A frame
        # that waits stands on a call.
        return "JUMP_BACKWARD" in _instruction(frame)
    if len(_last_places) > 1000:
        _last_places.clear()
    _last_places[id(frame)] = place
    return True


def _instruction(frame: FrameType) -> str:
    import opcode

    code = frame.f_code.co_code
    return opcode.opname[code[frame.f_lasti]] if 0 <= frame.f_lasti < len(code) else ""


def _exists(native_id: int) -> bool:
    import os

    return sys.platform == "linux" and os.path.exists(f"/proc/self/task/{native_id}")


def _block_signals() -> None:
    """A signal that the kernel hands to this thread would not wake the program's main thread from a system call."""
    import _signal

    if hasattr(_signal, "pthread_sigmask"):
        kept = {getattr(_signal, name, 0) for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGPROF")}
        _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals() - kept)
