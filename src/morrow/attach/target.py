"""`Target`: a process id -> which Python runs there, where its interpreter is, and whether it may be looked at.

    find(pid) -> Target, or AttachError with the reason

Finding reads /proc and the process's memory; it stops nobody and changes nothing.
"""

from __future__ import annotations

import os
import re
from functools import cached_property

from morrow.attach.elf import Binary, Symbol, binaries
from morrow.attach.errors import AttachError
from morrow.attach.memory_linux import Mapping, Memory, read_maps, words
from morrow.attach.record import record
from morrow.attach.stop_linux import name_of, status_of, tracer_of, user_of
from morrow.host import NoFacts
from morrow.host.debug_offsets import COOKIE, is_free_threaded_table, layout
from morrow.host.facts import name_of as version_name

# Exported by every CPython since 3.11; the few that came later are asked for by both names.
_FUNCTIONS = (
    "_PyRuntime", "Py_Version", "Py_AddPendingCall", "PyRun_SimpleString", "PyGILState_Ensure", "PyGILState_Release",
    "PyGILState_GetThisThreadState", "_PyThreadState_UncheckedGet", "PyThreadState_GetUnchecked",
)  # fmt: skip
_NEEDED = ("_PyRuntime", "Py_Version")


@record
class Target:
    """A live CPython process.

    Attributes:
        pid: its process id, held by `pidfd` so that the number cannot come to mean another process.
        memory: its memory.
        binary: the executable or library that holds the interpreter.
        symbols: addresses of what the interpreter exports.
        release: e.g. (3, 12, 1).
        free_threaded: whether it is a free-threaded build (PEP 703).
        offsets: where things are in its structures (host.debug_offsets, the interpreter's own words first).
    """

    pid: int
    pidfd: int
    memory: Memory
    maps: list[Mapping]
    loaded: list[Binary]
    binary: Binary
    symbols: dict[str, Symbol]
    release: tuple[int, int, int]
    free_threaded: bool
    offsets: dict[str, int]
    _closed: bool = False

    @property
    def runtime(self) -> int:
        """Address of ``_PyRuntime``."""
        return self.symbols["_PyRuntime"].address

    @property
    def version(self) -> str:
        """The version as people write it: ``3.12.1``, ``3.13.15t``."""
        return ".".join(map(str, self.release)) + ("t" if self.free_threaded else "")

    def __str__(self) -> str:
        return f"process {self.pid}: CPython {self.version} in {self.binary.path}"

    def close(self) -> None:
        """Let go of the process id."""
        if not self._closed:
            self._closed = True
            os.close(self.pidfd)

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def is_alive(self) -> bool:
        """Return whether the process still runs (a zombie does not)."""
        import select

        return not select.select([self.pidfd], [], [], 0)[0]

    def interpreters(self) -> list[int]:
        """Return the addresses of its interpreters, the main one first."""
        at, read = self.offsets, self.memory.u64
        found: list[int] = []
        interpreter = read(self.runtime + at["runtime.interpreters_head"])
        while interpreter and len(found) < 100_000:
            found.append(interpreter)
            interpreter = read(interpreter + at["interp.next"])
        return sorted(found, key=self.interpreter_id)

    def interpreter_id(self, interpreter: int) -> int:
        """Return an interpreter's number; 0 is the main one."""
        return self.memory.u64(interpreter + self.offsets["interp.id"])

    def is_initialized(self) -> bool:
        """Return whether the interpreter has started: before that, no script can run.

        ``initialized`` is the int before the padding in front of ``_finalizing`` (struct pyruntimestate, 3.11 to 3.15).
        """
        return self.memory.i32(self.runtime + self.offsets["runtime.finalizing"] - 8) != 0

    def is_finalizing(self) -> bool:
        """Return whether the interpreter has begun to shut down."""
        return self.memory.u64(self.runtime + self.offsets["runtime.finalizing"]) != 0

    def thread_here(self, native_id: int) -> int:
        """Return our number for a thread, given the target's own: they differ in a PID namespace. 0: no such thread.

        The kernel says both in NSpid of /proc/PID/task/TID/status (proc(5)). A thread state made before a fork still
        has the parent's number: that is no thread of this process, either.
        """
        folder = f"/proc/{self.pid}/task"
        if len(status_of(self.pid).get("NSpid", "").split()) <= 1:
            return native_id if os.path.exists(f"{folder}/{native_id}") else 0
        for name in os.listdir(folder):
            numbers = status_of(int(name)).get("NSpid", "").split()
            if numbers and int(numbers[-1]) == native_id:
                return int(name)
        return 0

    @cached_property
    def main_thread(self) -> int:
        """The kernel id of the thread that Python calls its main one.

        Where Python is embedded this need not be the process's first thread.
        """
        at, memory = self.offsets, self.memory
        try:
            ident = memory.u64(self.runtime + at["runtime.main_thread"])
            thread = memory.u64(self.interpreters()[0] + at["interp.threads_head"])
            for _ in range(100_000):
                if not thread:
                    break
                if memory.u64(thread + at["tstate.thread_id"]) == ident:
                    return self.thread_here(memory.u64(thread + at["tstate.native_thread_id"])) or self.pid
                thread = memory.u64(thread + at["tstate.next"])
        except (OSError, IndexError):
            pass  # the list moved under our eyes: the usual answer is as good
        return self.pid


def find(pid: int) -> Target:
    """Return the Python of a process.

    Raises:
        AttachError: attach-gone, attach-zombie, attach-permission, attach-not-python, attach-static, attach-unknown.
    """
    if pid <= 0:
        raise AttachError("attach-gone", pid)
    process = int(status_of(pid).get("Tgid", pid)) if 0 < pid < 1 << 31 else pid
    if process != pid:
        raise AttachError("attach-thread", pid, process=process)
    try:
        pidfd = os.pidfd_open(pid)
    except (ProcessLookupError, OverflowError, ValueError):
        raise AttachError("attach-gone", pid) from None
    except OSError as error:
        raise AttachError("attach-kernel", pid, call="pidfd_open", error=error.strerror) from None
    try:
        return _find(pid, pidfd)
    except BaseException:
        os.close(pidfd)
        raise


def _find(pid: int, pidfd: int) -> Target:
    status = status_of(pid)
    if not status:
        raise AttachError("attach-gone", pid)
    if status["State"].startswith(("Z", "X")):
        raise AttachError("attach-zombie", pid, program=status["Name"])
    memory = Memory(pid)
    try:
        maps = read_maps(pid)
        if not maps:
            raise AttachError("attach-not-python", pid, why="it is part of the kernel")
        loaded = binaries(memory, maps)
        # Reading a word proves more than any rule could: it asks the kernel what attaching will ask it.
        memory.read(maps[0].start, 8) if maps[0].access.startswith("r") else None
    except PermissionError:
        raise refused(pid) from None
    except (FileNotFoundError, ProcessLookupError):
        raise AttachError("attach-gone", pid) from None
    if not loaded:
        try:
            memory.read(next(m.start for m in maps if m.access.startswith("r") and m.inode), 4)
        except PermissionError:
            raise refused(pid) from None
        except (OSError, StopIteration):
            pass  # nothing readable at all: no Python, as said below
    for binary in sorted(loaded, key=_likeliest):
        symbols = binary.find_symbols(_FUNCTIONS)
        if all(name in symbols for name in _NEEDED):
            return _describe(pid, pidfd, memory, maps, loaded, binary, symbols)
    raise _no_python(pid, status["Name"], maps)


def _likeliest(binary: Binary) -> tuple[bool, bool]:
    name = os.path.basename(binary.path)
    return not name.startswith("libpython"), "python" not in name


def _describe(
    pid: int,
    pidfd: int,
    memory: Memory,
    maps: list[Mapping],
    loaded: list[Binary],
    binary: Binary,
    symbols: dict[str, Symbol],
) -> Target:
    hexversion = memory.u64(symbols["Py_Version"].address) & 0xFFFFFFFF
    release = hexversion >> 24, hexversion >> 16 & 255, hexversion >> 8 & 255
    head = memory.read(symbols["_PyRuntime"].address, 24)
    free_threaded = is_free_threaded_table(head)
    try:
        table, order = layout(release[:2], free_threaded)
    except NoFacts:
        name = version_name(release[:2], free_threaded)
        raise AttachError("attach-unknown", pid, version=name, known="3.11 to 3.15") from None
    offsets = dict(table)
    if order:
        told = words(memory.read(symbols["_PyRuntime"].address + len(COOKIE), 8 * len(order)))
        if head[:8] != COOKIE or told[0] & 0xFFFFFF00 != hexversion & 0xFFFFFF00:
            raise AttachError("attach-not-ready", pid, why="its interpreter has not started yet")
        offsets.update(zip(order, told, strict=True))
    return Target(pid, pidfd, memory, maps, loaded, binary, symbols, release, free_threaded, offsets)


def _no_python(pid: int, name: str, maps: list[Mapping]) -> AttachError:
    exe = _link(f"/proc/{pid}/exe")
    names = [os.path.basename(mapping.path) for mapping in maps]
    if any(name.startswith("ld-") for name in names) and not any(name.startswith(("libc.so", "libc-")) for name in names):
        raise AttachError("attach-not-ready", pid, why="its libraries are being loaded")
    if re.search(r"python3?[.0-9]*t?( \(deleted\))?$", exe):
        if any(re.search(r"python(2|3\.([0-9]|10))([^0-9]|$)", os.path.basename(m.path)) for m in maps):
            return AttachError("attach-unknown", pid, version=os.path.basename(exe), known="3.11 to 3.15")
        return AttachError("attach-static", pid, exe=exe)
    return AttachError("attach-not-python", pid, why=f"{exe or name} exports no Python interpreter")


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def refused(pid: int) -> AttachError:
    """Return why the kernel does not let us look at a process, as exactly as can be found out."""
    status = status_of(pid)
    if not status:
        return AttachError("attach-gone", pid)
    uids = set(status["Uid"].split()[:3])
    me = str(os.geteuid())
    if uids != {me} and os.geteuid() != 0:
        return AttachError("attach-permission", pid, user=user_of(pid), me=_user(os.geteuid()))
    if os.geteuid() == 0:
        return AttachError("attach-container", pid, user=user_of(pid))
    scope = yama_scope()
    if scope > 0:
        return AttachError("attach-yama", pid, scope=scope)
    tracer = tracer_of(pid)
    if tracer:
        return AttachError("attach-traced", pid, tracer=tracer, program=name_of(tracer))
    return AttachError("attach-undumpable", pid, user=user_of(pid))


def _user(uid: int) -> str:
    from morrow.attach.stop_linux import user_name

    return user_name(uid)


def yama_scope() -> int:
    """Return the Yama module's ptrace_scope: 0 where it is absent or lets a user trace the user's own processes."""
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0
