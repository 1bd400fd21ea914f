"""Stop threads of another process for a moment: ptrace(2), the way that disturbs least.

PTRACE_SEIZE and PTRACE_INTERRUPT stop a thread without any signal. A signal that arrives meanwhile is handed on to the
thread at once, never kept, so that the death of this process at any point loses none: the kernel then lets the thread
go on by itself. What the kernel does on its own: epoll_wait(2), sigwait(3) and a few others return EINTR to a thread
that was stopped, under any debugger (signal(7)); Python retries them (PEP 475).
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import time
from collections.abc import Iterable

from morrow.attach.errors import AttachError, NotReady

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

_SEIZE, _INTERRUPT, _CONT, _DETACH, _GETREGSET, _SETREGSET = 0x4206, 0x4207, 7, 17, 0x4204, 0x4205
_WALL = 0x40000000
_EVENT_STOP = 128
_LONGEST_STOP = 2.0  # seconds
_LONGEST_STARVED = 20.0  # seconds that a thread which could run may wait for a processor: three hot threads of 3.13t beside, seen to take 2
_late: set[int] = set()  # threads that were to stop and had not, when we gave up: see `_detach_late`


class _Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def ptrace(request: int, thread: int, address: int = 0, data: int = 0) -> int:
    """Call ptrace(2); raise OSError when it fails."""
    ctypes.set_errno(0)
    result = _libc.ptrace(request, thread, address, data)
    if result == -1 and (number := ctypes.get_errno()):
        raise OSError(number, f"ptrace({request:#x}, {thread}): {os.strerror(number)}")
    return int(result)


def get_register_set(thread: int, kind: int, size: int) -> bytes:
    """Return one register set of a stopped thread, as the kernel lays it out."""
    buffer = ctypes.create_string_buffer(size)
    piece = _Piece(ctypes.addressof(buffer), size)
    ptrace(_GETREGSET, thread, kind, ctypes.addressof(piece))
    return buffer.raw[: piece.length]


def set_register_set(thread: int, kind: int, raw: bytes) -> None:
    """Set one register set of a stopped thread."""
    buffer = ctypes.create_string_buffer(raw, len(raw))
    piece = _Piece(ctypes.addressof(buffer), len(raw))
    ptrace(_SETREGSET, thread, kind, ctypes.addressof(piece))


class Stopped:
    """Threads of a process, stopped from ``with`` to the end of the block, whatever happens in between.

    Args:
        pid: the process.
        threads: kernel ids of the threads to stop; None stops all, also those that start meanwhile.
        patience: seconds to wait while another tracer holds the process (another morrow lets go within milliseconds).

    Raises:
        AttachError: attach-permission, attach-traced, attach-gone.
        NotReady: attach-stopped, the process is stopped by a signal (only when *threads* were named).
    """

    def __init__(self, pid: int, threads: Iterable[int] | None = None, *, patience: float = 2.0) -> None:
        self.pid = pid
        self.threads: list[int] = []
        self._named = None if threads is None else list(threads)
        self._deadline = time.monotonic() + patience

    def __enter__(self) -> Stopped:
        _detach_late()
        try:
            self._stop_named() if self._named is not None else self._stop_all()
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()

    def release(self, thread: int) -> None:
        """Let one thread go before the block ends."""
        self.threads.remove(thread)
        _detach(thread)

    def _stop_named(self) -> None:
        for thread in self._named or ():
            self._seize(thread)
            if self._wait(thread) != signal.SIGTRAP:
                raise NotReady("attach-stopped", self.pid)

    def _stop_all(self) -> None:
        seen: set[int] = set()
        while new := [thread for thread in _threads_of(self.pid) if thread not in seen]:
            fresh = []
            for thread in new:
                seen.add(thread)
                try:
                    self._seize(thread)
                    fresh.append(thread)
                except ProcessLookupError:
                    continue  # the thread ended between listing and seizing
            for thread in fresh:
                try:
                    self._wait(thread)
                except ProcessLookupError:
                    self.threads.remove(thread)
        if not self.threads:
            raise AttachError("attach-gone", self.pid)

    def _seize(self, thread: int) -> None:
        while True:
            try:
                ptrace(_SEIZE, thread)
                break
            except OSError as error:
                if error.errno == errno.ESRCH:
                    raise ProcessLookupError(error.errno, f"thread {thread} of process {self.pid} has ended") from None
                if error.errno != errno.EPERM:
                    raise
                tracer = tracer_of(thread)
                if not tracer:
                    raise AttachError("attach-permission", self.pid, user=user_of(self.pid), me=_me()) from None
                if time.monotonic() > self._deadline:
                    raise AttachError("attach-traced", self.pid, tracer=tracer, program=name_of(tracer)) from None
                time.sleep(0.002)
        self.threads.append(thread)
        ptrace(_INTERRUPT, thread)

    def _wait(self, thread: int) -> int:
        """Wait for the stop we asked for; return the signal it names: SIGTRAP, or that of a job-control stop."""
        end, pause = time.monotonic() + _LONGEST_STOP, 0.0
        while True:
            got, status = os.waitpid(thread, _WALL | os.WNOHANG)
            if got == 0:
                over = time.monotonic() - end
                if over > _LONGEST_STARVED or over > 0 and not _is_runnable(thread):
                    # In the kernel, beyond reach (a dead network disk, a vfork): the kernel lets go of it when we exit.
                    raise NotReady("attach-unstoppable", self.pid, thread=thread)
                time.sleep(pause)
                pause = min(pause + 0.00002, 0.001)
                continue
            if not os.WIFSTOPPED(status):
                raise ProcessLookupError(errno.ESRCH, f"thread {thread} of process {self.pid} has ended")
            if status >> 16 == _EVENT_STOP:
                return os.WSTOPSIG(status)
            # A signal was about to be delivered: pass it on untouched. Our own stop comes right behind it; it is asked for
            # once more because any stop takes a request back that is pending (kernel/signal.c, ptrace_stop).
            ptrace(_CONT, thread, 0, os.WSTOPSIG(status))
            ptrace(_INTERRUPT, thread)

    def _let_go(self) -> None:
        for thread in self.threads:
            _detach(thread)
        self.threads = []


def _detach(thread: int) -> None:
    try:
        ptrace(_DETACH, thread)
    except OSError as error:
        if error.errno != errno.ESRCH:  # ended, or killed while stopped: nothing is left to let go
            raise
        if tracer_of(thread) == os.getpid():
            _late.add(thread)  # not stopped yet: only then can it be let go


def _detach_late() -> None:
    """Let threads go that stopped after we had given them up; they would stay stopped until this process ends."""
    for thread in list(_late):
        _late.discard(thread)
        _detach(thread)


def _is_runnable(thread: int) -> bool:
    """Whether a thread waits for nothing but a processor."""
    return status_of(thread).get("State", "").startswith("R")


def _threads_of(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        raise AttachError("attach-gone", pid) from None


def status_of(pid: int) -> dict[str, str]:
    """Return /proc/PID/status as a dict; empty when there is no such process."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}
    except OSError:
        return {}


def tracer_of(pid: int) -> int:
    """Return the process that traces *pid*, or 0."""
    return int(status_of(pid).get("TracerPid", "0"))


def name_of(pid: int) -> str:
    """Return a process's short name."""
    return status_of(pid).get("Name", "?")


def user_of(pid: int) -> str:
    """Return the name of the user a process runs as, or the number where it has no name."""
    uid = status_of(pid).get("Uid", "-1").split()[0]
    return user_name(int(uid))


def user_name(uid: int) -> str:
    """Return a user's name, or the number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _me() -> str:
    return user_name(os.geteuid())
