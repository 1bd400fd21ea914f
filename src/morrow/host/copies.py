"""A copy of this process that works aside, with every object at the address it has here, and hands back some bytes.

    start(work)  ->  Copy          Copy.read()  ->  None: still at work          bytes: what work() returned

The program must not notice: no hook of a fork runs, no exit signal is sent, and its `os.wait` does not see the copy
(Linux: clone(2) with no exit signal in its flags; such a child is waited for with __WALL only). What CPython has to do
behind a fork is left to PyOS_AfterFork_Child, under two conditions that make it run no code of the program:

- the list of the program's own hooks is emptied, in the copy, beforehand;
- the thread that makes the copy is the interpreter's newest, so that it can be cut off from the list of threads: the states
  of the others would be cleared, and their thread-local objects finalised.

The copy has none of the program's files open, never collects garbage, and is a background process (nice).

Sources: Modules/posixmodule.c (PyOS_BeforeFork holds the import lock, PyOS_AfterFork_Child), Python/pystate.c
(_PyThreadState_DeleteExcept, from 3.13 on _PyThreadState_RemoveExcept), clone(2), wait(2).
"""

from __future__ import annotations

import _thread
import ctypes
import gc
import os
import sys
import time
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CLONE = {"x86_64": 56, "aarch64": 220}
"""Number of the system call by machine (Linux: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h)."""

_WALL = 0x40000000
"""__WALL of wait(2): also children without an exit signal."""

MOST_MEMORY = 1 << 30
"""Bytes of memory in use above which no copy is made: the kernel copies the tables that lead to it, some 10 ms for so much."""

CPU_SECONDS = 60
"""CPU time a copy may take."""

PATIENCE = 10.0
"""Seconds without any CPU time after which a copy is taken to hang: some lock was held by a thread that it does not have."""

_NICE = 5

_OK, _FAILED = b"\0", b"\1"

_ANOTHER_TIME = 3
"""Exit status of a copy whose thread was not the newest after all."""


class NotNow(Exception):
    """The copy could not begin, because a thread was started at the same time: make another one."""


class Copy:
    """A copy at work.

    Attributes:
        parent: the process that made it.
        seconds: CPU time it took, once it has been read to its end.
        hung: whether it was ended because it did not get on.
        status: its exit status, as `os.waitstatus_to_exitcode` gives it, once it has been read to its end.
    """

    def __init__(self, pid: int, fd: int) -> None:
        self.pid, self._fd = pid, fd
        self.parent = os.getpid()
        self.seconds = 0.0
        self.hung = False
        self.status: int | None = None
        self._data: list[bytes] = []
        self._moved = (time.monotonic(), -1)

    def read(self) -> bytes | None:
        """Return what the work gave, or None while it goes on.

        Raises:
            NotNow: it could not begin.
            RuntimeError: it ended without a result; the text says how.
        """
        if self.status is None:
            if self._fd < 0:
                raise RuntimeError("it belongs to another process")
            while True:
                try:
                    piece = os.read(self._fd, 1 << 20)
                except BlockingIOError:
                    if self._hangs():
                        self.hung = True
                        self.close()
                        raise RuntimeError(f"it did not get on for {PATIENCE:.0f} s") from None
                    return None
                if not piece:
                    break
                self._data.append(piece)
            self._reap(0)
        data = b"".join(self._data)
        if self.status == _ANOTHER_TIME:
            raise NotNow
        if self.status != 0 or data[:1] != _OK:
            what = data[1:].decode(errors="replace") if data[:1] == _FAILED else f"it ended with status {self.status}"
            raise RuntimeError(what)
        return data[1:]

    def close(self) -> None:
        """End it, whatever it is doing; nothing of it is left."""
        if self.status is None and self._fd >= 0:
            try:
                os.kill(self.pid, 9)
            except ProcessLookupError:
                pass
            self._reap(0)

    def forget(self) -> None:
        """In a child of the process that made it: let go of it, without a word to it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _reap(self, flags: int) -> None:
        os.close(self._fd)
        self._fd = -1
        try:
            _, status, usage = os.wait4(self.pid, _WALL | flags)
        except ChildProcessError:  # somebody waits for every kind of child
            self.status = 0
            return
        self.status = os.waitstatus_to_exitcode(status)
        self.seconds = usage.ru_utime + usage.ru_stime

    def _hangs(self) -> bool:
        try:
            with open(f"/proc/{self.pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return False
        used = int(fields[11]) + int(fields[12])  # utime, stime of proc(5)
        now = time.monotonic()
        if used != self._moved[1] or fields[0] != b"S":
            self._moved = (now, used)
        return now - self._moved[0] > PATIENCE


def find_reason_against() -> str:
    """Return why this process cannot be copied, "" if it can."""
    if sys.platform != "linux" or os.uname().machine not in _CLONE:
        return "not on this system"
    if _is_free_threaded():
        return "other threads run while this one makes the copy"
    try:
        if len(os.sched_getaffinity(0)) < 2:
            return "there is one processor"
        with open("/proc/self/statm", "rb") as file:
            used = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, AttributeError, ValueError) as error:
        return str(error)
    return f"the process takes {used >> 20} MiB" if used > MOST_MEMORY else ""


def start(work: Callable[[], bytes]) -> Copy | None:
    """Make a copy of this process that calls *work* and hands back what it returns; None where it cannot be made just now.

    What *work* changes stays in the copy. It must not take a lock that another thread may hold: those of imports are forgotten first
    (`jit/own_imports.let_go_of_locks`).
    """
    import _imp

    if find_reason_against() or _imp.lock_held():
        return None
    api = _api()
    if not _marked:
        os.register_at_fork(after_in_child=_marker)
        _marked.append(True)
    try:
        reading, writing = os.pipe()
    except OSError:
        return None
    made: list[int] = []
    done = _thread.allocate_lock()
    done.acquire()
    # everything the new thread needs is looked up here: it holds the GIL from its first instruction to the copy's
    copy = api.libc.syscall
    number = [ctypes.c_long(value) for value in (_CLONE[os.uname().machine], 0, 0, 0, 0, 0)]

    def make() -> None:
        try:
            _imp.acquire_lock()
            pid = copy(*number)
            if pid == 0:
                _be_the_copy(api, work, writing)
            _imp.release_lock()
            made.append(pid)
        finally:
            done.release()

    try:
        _thread.start_new_thread(make, ())
    except RuntimeError:
        os.close(reading)
        os.close(writing)
        return None
    done.acquire()
    os.close(writing)
    if not made or made[0] < 0:
        os.close(reading)
        return None
    os.set_blocking(reading, False)
    return Copy(made[0], reading)


_marked: list[bool] = []


def _marker() -> None:
    """Registered among the hooks of a fork, so that their list can be found."""


class _Api:
    def __init__(self) -> None:
        import resource

        self.resource = resource
        self.libc: Any = ctypes.PyDLL(None)
        self.libc.syscall.restype = ctypes.c_long
        python: Any = ctypes.PyDLL(None)  # not pythonapi: its prototypes are everybody's
        self.thread, self.interpreter = python.PyThreadState_Get, python.PyInterpreterState_Get
        self.head, self.next, self.after = python.PyInterpreterState_ThreadHead, python.PyThreadState_Next, python.PyOS_AfterFork_Child
        for function in (self.thread, self.interpreter, self.head, self.next):
            function.restype = ctypes.c_void_p
        self.head.argtypes = self.next.argtypes = [ctypes.c_void_p]
        self.after.restype = None


_apis: list[_Api] = []


def _api() -> _Api:
    if not _apis:
        _apis.append(_Api())
    return _apis[0]


def _be_the_copy(api: _Api, work: Callable[[], bytes], fd: int) -> None:
    """Do the work and end. Until PyOS_AfterFork_Child has made a new GIL, nothing may let go of the old one."""
    try:
        gc.disable()
        own = api.thread()
        place = ctypes.c_uint64.from_address(own + ctypes.sizeof(ctypes.c_void_p))  # struct _ts: prev, next, ... (cpython/pystate.h)
        if api.head(api.interpreter()) != own or place.value != (api.next(own) or 0):
            os._exit(_ANOTHER_TIME)
        for hooks in gc.get_referrers(_marker):
            if type(hooks) is list:
                hooks.clear()
        place.value = 0
        api.after()
        result = _isolate_and_work(api, work, fd)
        while result:
            result = result[os.write(fd, result) :]
        os._exit(0)
    finally:
        os._exit(4)


def _isolate_and_work(api: _Api, work: Callable[[], bytes], fd: int) -> bytes:
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            if standard != fd:
                os.dup2(nothing, standard)
        os.closerange(3, fd)
        os.closerange(fd + 1, os.sysconf("SC_OPEN_MAX"))
        limits = api.resource
        limits.setrlimit(limits.RLIMIT_CORE, (0, 0))
        _, most = limits.getrlimit(limits.RLIMIT_CPU)
        if most == limits.RLIM_INFINITY or most > CPU_SECONDS:
            limits.setrlimit(limits.RLIMIT_CPU, (CPU_SECONDS, most))  # a child's time begins at 0
        os.nice(_NICE)
        return _OK + work()
    except BaseException as error:  # whatever it is, it is told to the other side
        return _FAILED + f"{type(error).__name__}: {error}".encode(errors="replace")


def _is_free_threaded() -> bool:
    return bool(getattr(sys, "_is_gil_enabled", None)) and not sys._is_gil_enabled()  # type: ignore[attr-defined]
