"""Look at a running program's threads every few milliseconds: who had a CPU, at which line, and who waited for what.

A thread's own CPU clock says how long it ran since the last look, Linux how long it was ready to run and had no CPU; what is
left, when it was neither waiting for a lock nor in a call that blocks, it waited for the GIL (or, without one, for CPython's own
locks). Written as JSON at exit.
"""

from __future__ import annotations

import _thread
import atexit
import json
import os
import sys
import threading
import time
from typing import Any

from morrow.host import HERE
from morrow.threads import contended

PERIOD = 0.01
"""Seconds between two looks."""
_BLOCKING = ("threading.py", "queue.py", "selectors.py", "socket.py", "subprocess.py", "connection.py", "ssl.py")
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_IDLE_AFTER = 4


class Thread:
    """What is known of one thread.

    Attributes:
        cpu, locks, queue, gil, seconds: CPU time, time waited for locks, a CPU and the GIL, time seen busy.
        quiet: looks in a row at which it had not run.
    """

    __slots__ = ("name", "clock", "native", "cpu", "locks", "queue", "gil", "seconds", "quiet", "first", "last_cpu", "last_waited", "last_queued")

    def __init__(self, name: str, clock: int, native: int) -> None:
        self.name, self.clock, self.native = name, clock, native
        self.cpu = self.locks = self.queue = self.gil = self.seconds = 0.0
        self.last_queued = _queued(native)
        self.quiet = _IDLE_AFTER
        self.first = self.last_cpu = time.clock_gettime(clock)
        self.last_waited = 0.0


class Observer:
    """Looks at the threads of this process until `stop`."""

    def __init__(self) -> None:
        self.threads: dict[int, Thread] = {}
        self.every: list[Thread] = []
        self.lines: dict[tuple[str, int, str], list[float]] = {}
        self.shared: dict[tuple[str, str, int], set[int]] = {}
        self.began = time.perf_counter()
        self.began_cpu = time.process_time()
        self.most = 1
        self._stopped = False
        self._done = _thread.allocate_lock()
        self._done.acquire()
        _thread.start_new_thread(self._run, ())

    def stop(self) -> None:
        """Look a last time; return when nobody looks any more."""
        self._stopped = True
        self._done.acquire(timeout=5)

    def _run(self) -> None:
        me, last = _thread.get_ident(), time.perf_counter()
        try:
            while not self._stopped:
                time.sleep(PERIOD)
                now = time.perf_counter()
                self._look(me, now, now - last)
                last = now
        finally:
            self._done.release()

    def _look(self, me: int, now: float, passed: float) -> None:
        frames = sys._current_frames()
        frames.pop(me, None)
        names = {thread.ident: (thread.name, thread.native_id) for thread in threading.enumerate()}
        running = 0
        for ident, frame in frames.items():
            known = self.threads.get(ident)
            name, native = names.get(ident, ("?", None))
            if native is None:  # it has not begun, or has ended, or threading does not know it
                continue
            try:
                if known is None or known.native != native:
                    known = Thread(name, _clock(native), native)
                    self.every.append(known)
                    self.threads[ident] = known
                cpu = time.clock_gettime(known.clock)
            except (OSError, AttributeError):  # it has ended; a system without such clocks
                continue
            ran = min(max(0.0, cpu - known.last_cpu), passed)
            known.last_cpu = cpu
            known.cpu += ran
            in_lock = contended.waited.get(ident, 0.0)
            since = contended.waiting.get(ident)
            total = in_lock + (now - since if since is not None else 0.0)
            locked = min(max(0.0, total - known.last_waited), passed)
            known.last_waited = total
            known.locks += locked
            queued = _queued(known.native)
            no_cpu = min(max(0.0, queued - known.last_queued), max(0.0, passed - ran - locked))
            known.last_queued = queued
            blocks = os.path.basename(frame.f_code.co_filename) in _BLOCKING
            known.quiet = 0 if ran > passed * 0.02 else known.quiet + 1
            if known.quiet < _IDLE_AFTER and not blocks or locked:
                known.seconds += passed
                running += 1
                known.queue += no_cpu
                known.gil += max(0.0, passed - ran - locked - no_cpu)
            self._note(frame, ident, ran)
        self.most = max(self.most, running)

    def _note(self, frame: Any, ident: int, ran: float) -> None:
        """Note at which of the program's lines the thread is."""
        while frame is not None and (frame.f_code.co_filename.startswith((_OWN, "<frozen")) or _is_library(frame.f_code.co_filename)):
            frame = frame.f_back
        if frame is None or not ran:
            return
        code = frame.f_code
        entry = self.lines.setdefault((code.co_filename, frame.f_lineno or code.co_firstlineno, code.co_qualname), [0.0])
        entry[0] += ran
        if code.co_argcount and code.co_varnames[0] == "self":
            owner = frame.f_locals.get("self")
            if owner is not None:
                self.shared.setdefault((type(owner).__qualname__, code.co_qualname, id(owner)), set()).add(ident)

    def result(self) -> dict[str, Any]:
        """Return what was seen, ready for JSON."""
        return {
            "seconds": time.perf_counter() - self.began,
            "cpu": time.process_time() - self.began_cpu,
            "most": self.most,
            "gil": bool(getattr(sys, "_is_gil_enabled", lambda: True)()),
            "free_threaded": bool(HERE and HERE.free_threaded),
            "threads": [
                {"name": each.name, "cpu": each.cpu, "locks": each.locks, "queue": each.queue, "gil": each.gil, "seconds": each.seconds}
                for each in self.every
            ],
            "lines": [[*place, seconds[0]] for place, seconds in sorted(self.lines.items(), key=lambda item: -item[1][0])[:30]],
            "locks": [[*place, *entry] for place, entry in sorted(contended.waits.items(), key=lambda item: -item[1][0])[:30]],
            "shared": [
                [kind, function, len(idents)]
                for (kind, function, _), idents in sorted(self.shared.items(), key=lambda item: -len(item[1]))[:10]
                if len(idents) > 1
            ],
            "uncompiled": _uncompiled(),
        }


def _clock(native: int) -> int:
    """Return the number of a thread's CPU clock, made as Linux does (CPUCLOCK_SCHED and CPUCLOCK_PERTHREAD_MASK, posix-timers.h).

    `time.pthread_getcpuclockid` would have to be told of a thread that is there still: it reads what an ended one has left.
    """
    return ~native << 3 | 6


def _queued(native: int) -> float:
    """Return how many seconds a thread has been ready to run without a CPU, 0 where the system does not say."""
    try:
        with open(f"/proc/self/task/{native}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # no Linux, or not told; or the thread has ended
        return 0.0


def _is_library(path: str) -> bool:
    return path.startswith(_LIBRARY) and "site-packages" not in path


_LIBRARY = os.path.dirname(os.__file__) + os.sep


def _uncompiled() -> list[list[Any]] | None:
    """Return [file, line, why] of what the jit left to CPython; None when there is no jit."""
    jit = sys.modules.get("morrow.jit")
    if jit is None:
        return None
    from morrow.jit import report as reports

    report = reports.gather(jit._worker, "", 0.0)
    return [[row.file, left.line, left.why] for row in report.rows for left in row.left][:30]


def start(path: str) -> None:
    """Observe this process; write what was seen to *path* at exit."""
    contended.install()
    observer = Observer()

    def end() -> None:
        observer.stop()
        with open(path, "w", encoding="utf-8") as file:
            json.dump(observer.result(), file)

    atexit.register(end)
