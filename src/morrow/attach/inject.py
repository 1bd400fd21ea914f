"""Run a script on the main thread of a Python that does not expect it, whatever that thread is doing.

    running        the script is queued (Py_AddPendingCall); the interpreter runs it at its next bytecode
    waiting        the script runs at once, on top of the system call, as a signal handler's would; then the call goes on
    neither        it stays queued, and the caller is told why (`Outcome.waiting_for`)

Rules (docs/design/attach.md gives the observed failure behind each):

1. One change. The thread is stopped, a slot of instructions is written where nothing else is, and ONE system call sends
   the thread there. From then on the thread needs nobody: this process may die at any step. The slot saves and puts back
   every register.
2. Nothing is mapped or allocated. Slots live in the unused end of a library's last code page, flags in the unused end
   of a last data page; both are put back afterwards.
3. Never on top of the wait for the interpreter's lock: no futex inside ``_PyRuntime``, and a futex only when the very
   same wait is seen again ten milliseconds later. Never when the thread is attached to the interpreter.
4. Never while anybody holds the lock of the pending calls, while the interpreter shuts down, on a stack without room, or
   on a thread that a signal has stopped.
5. The script runs exactly once, however often it was offered, and never raises.
"""

from __future__ import annotations

import os
import time
from types import ModuleType

from morrow import debuglog
from morrow.attach import registers as reg
from morrow.attach.elf import Room
from morrow.attach.errors import AttachError, NotReady
from morrow.attach.memory_linux import words
from morrow.attach.record import record
from morrow.attach.registers import Interrupted, Table, machine
from morrow.attach.stop_linux import Stopped, status_of
from morrow.attach.target import Target
from morrow.host.debug_offsets import has_global_current_thread, takes_pending_calls_per_interpreter

_MAGIC = b"morrow\x00\x01"
_HEAD = 24  # bytes in front of a slot: the magic, a number of its own, where its flags are
_FLAGS = 32  # bytes, behind the magic
_SECOND_LOOK = 0.010  # seconds before the same futex counts as a wait that lasts
_SECOND_LOOK_FREE_THREADED = 0.050  # its locks park on futexes of their own: be surer
# Code in which interrupting a computation could hold a lock that our script needs.
_UNSAFE_TO_INTERRUPT = (
    "libc.so",
    "libc-",
    "ld-",
    "ld.so",
    "libjemalloc",
    "libtcmalloc",
    "libmimalloc",
    "libpthread",
    "libasan",
    "[",
)


@record
class Outcome:
    """What became of a script.

    Attributes:
        started: the target has begun to run it.
        how: "queue", "on top of a system call", or "on top of native code".
        waiting_for: when it has not started: what the main thread is doing, in words.
        looks: how often the main thread was stopped.
    """

    started: bool = False
    how: str = ""
    waiting_for: str = ""
    looks: int = 0

    def __str__(self) -> str:
        return f"{'started' if self.started else 'queued'} ({self.how or self.waiting_for}), {self.looks} looks"


class Injection:
    """A script on its way into a target. `run` starts it, `clean` puts back what was changed in the target.

    Args:
        target: where to.
        script: Python source, without NUL; runs in ``__main__`` but shares no names with it.
    """

    def __init__(self, target: Target, script: str) -> None:
        self.target = target
        self.outcome = Outcome()
        self._script = _wrapped(script)
        self._slot: Room | None = None
        self._flags = 0
        self._before = (b"", b"")
        self._head = b""
        found = machine(target.binary.machine)
        if found is None:
            raise AttachError("attach-machine", target.pid, machine=target.binary.machine)
        self._machine: ModuleType = found

    # -- starting it ----------------------------------------------------------------------------------------------

    def run(self, patience: float = 1.0, *, native: bool = True, wanted: object = None) -> Outcome:
        """Get the script started.

        Args:
            patience: seconds to go on trying; a queued script may still start after that.
            native: whether it may run on top of native code that computes without the interpreter's lock.
            wanted: a callable; when it says False, give up early.

        Raises:
            AttachError, NotReady: nothing was changed in the target.
        """
        target, began = self.target, time.monotonic()
        self._check_library()
        place: tuple[object, ...] | None = None
        seen_at = began
        second_look = _SECOND_LOOK_FREE_THREADED if target.free_threaded else _SECOND_LOOK
        pause = 0.001
        while True:
            with Stopped(target.pid, [target.main_thread]) as stopped:
                self.outcome.looks += 1
                thread = target.main_thread
                now = time.monotonic()
                if self._slot is not None and self.started():
                    return self._started()
                self._settle()
                interrupted = self._machine.read(thread)
                if interrupted.place != place:
                    place, seen_at = interrupted.place, now
                step = self._decide(interrupted, now - seen_at, now - began, second_look, native)
                debuglog.log("attach", 2, f"look {self.outcome.looks}: {interrupted}: {step}")
                if step in ("queue", "run", "run native"):
                    self._enter(thread, interrupted, queue=step == "queue", stopped=stopped)
            if step in ("run", "run native"):
                self.outcome.how = "on top of native code" if step == "run native" else "on top of a system call"
                if self._wait_run():
                    return self._started()
                place = None
            elif step == "queue":
                self.outcome.how = "queue"
                self._wait_left()
                if self._flag(reg.QUEUED) == reg.QUEUE_FULL:
                    self.outcome.how = ""
                    self.clean()
            else:
                self.outcome.waiting_for = step
            end = time.monotonic() + (second_look if interrupted.futex else pause)
            pause = min(pause * 1.6, 0.1)
            while time.monotonic() < end:
                if self._slot is not None and self.started():
                    return self._started()
                time.sleep(0.0003)
            if time.monotonic() - began > patience or (callable(wanted) and not wanted()):
                if self.outcome.how != "queue" and self._slot is None:
                    raise NotReady("attach-busy", target.pid, why=self.outcome.waiting_for)
                self.outcome.waiting_for = self._in_words(interrupted)
                return self.outcome

    def started(self) -> bool:
        """Return whether the target has begun to run the script."""
        return self._slot is not None and self._flag(reg.CLAIMED) != 0

    def finished(self) -> bool:
        """Return whether the script has run to its end."""
        # A queued call may come to its turn while the script runs, and return at once: count both.
        return self.started() and self._flag(reg.CALLS) == self._flag(reg.RETURNED)

    def _started(self) -> Outcome:
        self.outcome.started = True
        debuglog.log("attach", 1, f"{self.target.pid}: {self.outcome}")
        return self.outcome

    def _decide(self, at: Interrupted, still: float, passed: float, second_look: float, native: bool) -> str:
        """Return "queue", "run", "run native", or in words why it must wait."""
        target = self.target
        if target.is_finalizing():
            raise AttachError("attach-finalizing", target.pid)
        if not target.is_initialized():
            return "its interpreter has not started yet"
        queued = self._slot is not None
        waits = at.system_call is not None
        if queued and self._flag(reg.STATE) == reg.ARMED:
            # It is inside the slot: written anew, it could not come back from the first time through.
            return "it is about to run the script, and waits for the interpreter"
        needs = self._machine.STACK_NEEDED * (4 if waits else 1)
        if not self._has_stack(at.sp, needs):
            return "its stack is almost used up"
        if self._holds_interpreter(target.main_thread):
            if queued or not self._may_queue(at):
                return "C code holds the interpreter's lock"
            return "queue"
        if waits:
            if self._in_signal_handler(at.sp):
                # Below the handler may be anything, also the wait for the interpreter's lock (rule 3).
                return "a signal handler runs" if queued or not self._may_queue(at) else "queue"
            if at.futex and self._is_runtime(at.first):
                return "it waits for the interpreter's lock" if queued or not self._may_queue(at) else "queue"
            if at.futex and still < second_look:
                return "a lock: looking again in a moment"
            return "run"
        if not queued and self._may_queue(at):
            return "queue"
        if queued and native and passed > 0.05 and self._native_is_safe(at):
            return "run native"
        return "it computes in native code"

    def _in_words(self, at: Interrupted) -> str:
        if self._holds_interpreter(self.target.main_thread):
            return "C code on the main thread holds the interpreter's lock, so no Python can run there"
        if at.system_call is not None:
            return "its main thread waits for the interpreter's lock"
        return "its main thread computes in native code that does not come back to Python"

    def _may_queue(self, at: Interrupted) -> bool:
        if at.system_call is None and not self._machine.INTERRUPTS_RUNNING:
            return False
        return not self._pending_lock_is_held() and not self._is_loader(at.pc)

    def _holds_interpreter(self, thread: int) -> bool:
        """Whether *thread* holds the interpreter's lock, as far as memory tells; free-threaded builds have none."""
        target, at = self.target, self.target.offsets
        if target.free_threaded:
            return False  # the slot itself asks whether the thread is attached
        try:
            for gil in gil_addresses(target):
                if target.memory.i32(gil + at["gil.locked"]) == 1:
                    holder = target.memory.u64(gil + at["gil.holder"])
                    if (
                        holder
                        and target.thread_here(target.memory.u64(holder + at["tstate.native_thread_id"])) == thread
                    ):
                        return True
        except OSError:
            return True  # in doubt, nothing runs
        return False

    def _is_runtime(self, address: int) -> bool:
        """Whether an address is in the runtime, which holds the interpreter's lock, or in a lock kept elsewhere."""
        symbol = self.target.symbols["_PyRuntime"]
        if symbol.address <= address < symbol.address + symbol.size:
            return True
        # An interpreter with a lock of its own (PEP 684) keeps it on the heap; struct _gil_runtime_state is smaller.
        return any(gil <= address < gil + 512 for gil in gil_addresses(self.target))

    def _is_loader(self, pc: int) -> bool:
        # Inside the dynamic loader a first call through the PLT could want the lock it holds.
        name = self._library_at(pc)
        return name.startswith(("ld-", "ld.so"))

    def _library_at(self, pc: int) -> str:
        for mapping in self.target.maps:
            if mapping.start <= pc < mapping.end:
                return os.path.basename(mapping.path) or "["
        return "["

    def _native_is_safe(self, at: Interrupted) -> bool:
        """Whether *at* is in some library's own computation.

        Not in the interpreter (which may be about to take or drop its lock), not in the C library or an allocator, and
        not while a signal is being handled (below the handler may be any of these: found by the stress test).
        """
        name = self._library_at(at.pc)
        if not self._machine.INTERRUPTS_RUNNING or name.startswith(_UNSAFE_TO_INTERRUPT):
            return False
        if any(m.start <= at.pc < m.end for m in self.target.binary.mappings):
            return False
        return not self._blocks_handled_signals()

    def _blocks_handled_signals(self) -> bool:
        """Whether the main thread blocks a signal it has a handler for, as it does while that handler runs."""
        status = status_of(self.target.main_thread)
        return bool(int(status.get("SigBlk", "0"), 16) & int(status.get("SigCgt", "0"), 16))

    def _in_signal_handler(self, sp: int) -> bool:
        """Whether a signal handler may be running: its signal is blocked, and the way back from it is on the stack."""
        if not self._blocks_handled_signals():
            return False
        back = self._machine.signal_return_addresses(self.target)
        return not back or not back.isdisjoint(self._stack(sp))

    def _has_stack(self, sp: int, needed: int) -> bool:
        for mapping in self.target.maps:
            if mapping.start <= sp < mapping.end:
                if mapping.path == "[stack]":  # grows by itself, down to the limit
                    return mapping.end - sp + needed < _stack_limit(self.target.pid)
                return sp - mapping.start > needed
        # Mapped after we looked, or grown: only the main stack does that.
        stacks = [mapping for mapping in self.target.maps if mapping.path == "[stack]"]
        return bool(stacks) and stacks[0].end - _stack_limit(self.target.pid) + needed < sp < stacks[0].end

    def _pending_lock_is_held(self) -> bool:
        """Whether anybody holds the lock Py_AddPendingCall takes: if the thread we stopped does, calling would hang it."""
        target, at, memory = self.target, self.target.offsets, self.target.memory
        if "pending.lock" in at:  # a pointer to a semaphore, whose value is 1 when free
            base = target.interpreters()[0] if "interp.pending" in at else target.runtime
            where = base + at["interp.pending" if "interp.pending" in at else "runtime.pending"]
            lock = memory.u64(where + at["pending.lock"])
            return lock == 0 or memory.u32(lock) == 0
        found = _find_pending(target)
        return found is None or memory.read(found + at["pending.mutex"], 1)[0] & 3 != 0

    def withdraw(self) -> None:
        """Take back a script that has been queued and not started: its turn will come and nothing will happen."""
        if self._slot is not None and self.target.is_alive():
            self.target.memory.write(self._flags + 4 * reg.CLAIMED, (1).to_bytes(4, "little"))

    # -- the slot -------------------------------------------------------------------------------------------------

    def _check_library(self) -> None:
        names = [os.path.basename(binary.path) for binary in self.target.loaded]
        if any(name.startswith(("ld-musl", "libc.musl")) for name in names):
            # musl's loader gives the ends of data pages to malloc: rule 2 has no room there.
            raise AttachError("attach-musl", self.target.pid)
        missing = [
            name
            for name in ("Py_AddPendingCall", "PyRun_SimpleString", "PyGILState_Ensure")
            if name not in self.target.symbols
        ]
        if missing:
            raise AttachError("attach-static", self.target.pid, exe=self.target.binary.path)

    def _enter(self, thread: int, at: Interrupted, *, queue: bool, stopped: Stopped) -> None:
        target = self.target
        if not self._machine.can_save_vectors(thread):
            raise AttachError("attach-machine", target.pid, machine="x86-64 without XSAVE")
        if queue and takes_pending_calls_per_interpreter(target.release[:2]) and len(target.interpreters()) > 1:
            # 3.11 queues for whichever interpreter runs at the moment: let none but the main one run meanwhile.
            if not self._current_is_main():
                self.outcome.waiting_for = "another interpreter runs just now"
                return
        if self._slot is None:
            self._take_room(at)
        assert self._slot is not None
        current = target.symbols.get("PyThreadState_GetUnchecked") or target.symbols["_PyThreadState_UncheckedGet"]
        one_per_process = has_global_current_thread(target.release[:2])
        symbols = target.symbols
        table = Table(
            flags=self._flags,
            errno_location=self._errno_location(),
            add_pending_call=symbols["Py_AddPendingCall"].address if queue else 0,
            current_thread=current.address,
            this_thread=symbols["PyGILState_GetThisThreadState"].address if one_per_process else 0,
            ensure=symbols["PyGILState_Ensure"].address,
            release=symbols["PyGILState_Release"].address,
            sp=at.sp,
            pc=at.pc,
            run_string=symbols["PyRun_SimpleString"].address,
        )
        target.memory.write_code(self._slot.address + _HEAD, self._machine.slot(table, self._script))
        target.memory.write(self._flags + 4 * reg.STATE, reg.ARMED.to_bytes(4, "little"))
        if not queue and self._flag(reg.QUEUED) != reg.IS_QUEUED:
            target.memory.write(self._flags + 4 * reg.QUEUED, bytes(4))
        self._need(1)
        self._machine.enter(thread, at, self._slot.address + _HEAD)

    def _current_is_main(self) -> bool:
        target, at, memory = self.target, self.target.offsets, self.target.memory
        current = memory.u64(target.runtime + at["runtime.tstate_current"])
        return current == 0 or memory.u64(current + at["tstate.interp"]) == target.interpreters()[0]

    def _errno_location(self) -> int:
        for binary in self.target.loaded:
            if os.path.basename(binary.path).startswith(("libc.so", "libc-")):
                return binary.find_symbols(["__errno_location"])["__errno_location"].address
        raise AttachError("attach-static", self.target.pid, exe=self.target.binary.path)

    def _take_room(self, at: Interrupted) -> None:
        """Choose a slot and flags, and mark both as ours. The main thread is stopped, so no other morrow is at it."""
        memory = self.target.memory
        size = _HEAD + self._machine.slot_size(self._script)
        wanted = len(_MAGIC) + _FLAGS
        for used in self._rooms(code=True):
            self._reclaim(used, at)
        room, flags = self._find_room(size, code=True), self._find_room(wanted, code=False)
        self._before = memory.read(room.address, size), memory.read(flags.address, wanted)
        self._head = _MAGIC + os.urandom(8) + (flags.address + len(_MAGIC)).to_bytes(8, "little")
        try:
            memory.write_code(room.address, self._head)
        except PermissionError:
            raise AttachError("attach-selinux", self.target.pid, path=room.path) from None
        memory.write(flags.address, _MAGIC + bytes(_FLAGS))
        self._slot, self._flags = Room(room.address, size, room.path), flags.address + len(_MAGIC)
        debuglog.log("attach", 2, f"slot: {self._slot}, flags at {self._flags:#x} behind {flags.path}")

    def _rooms(self, *, code: bool) -> list[Room]:
        main = os.stat(f"/proc/{self.target.pid}/exe").st_ino
        rooms = []
        for binary in self.target.loaded:
            # The loader uses the end of its own data page; the heap begins right behind the program's (seen).
            name = os.path.basename(binary.path)
            if name.startswith(("ld-", "ld.so")) or (not code and binary.mappings[0].inode == main):
                continue
            rooms += binary.rooms(code=code)
        return sorted(rooms, key=lambda room: -room.size)

    def _need(self, more: int) -> None:
        now = self._flag(reg.NEEDED) + more
        self.target.memory.write(self._flags + 4 * reg.NEEDED, now.to_bytes(4, "little"))

    def _reclaim(self, room: Room, at: Interrupted) -> None:
        """Put back the slots in *room* that nobody needs any more: left by morrows that were killed.

        The main thread is stopped: nobody can be about to use one. One that is still queued, or that the thread is
        inside, stays.
        """
        memory = self.target.memory
        present = memory.read(room.address, room.size)
        start = present.find(_MAGIC)
        while start >= 0:
            flags = int.from_bytes(present[start + 16 : start + 24], "little")
            address = room.address + start
            following = present.find(_MAGIC, start + 8)
            size = (following if following >= 0 else room.size) - start
            try:
                count = [memory.u32(flags + 4 * index) for index in range(6)]
            except OSError:
                count = []
            inside = address <= at.pc < address + size or not self._machine.return_addresses(
                address + _HEAD
            ).isdisjoint(self._stack(at.sp))
            if count and not inside and count[reg.CALLS] == count[reg.RETURNED] >= _still_needed(count):
                memory.write_code(address, bytes(size))
                memory.write(flags - len(_MAGIC), bytes(len(_MAGIC) + _FLAGS))
                debuglog.log("attach", 1, f"took back {size} bytes at {address:#x}, left by a morrow that was killed")
            start = following

    def _stack(self, sp: int) -> tuple[int, ...]:
        depth = min(64 * 1024, max(0, self._stack_end(sp) - sp)) // 8 * 8
        return words(self.target.memory.read(sp, depth)) if depth else ()

    def _find_room(self, size: int, *, code: bool) -> Room:
        """Return *size* unused bytes: zero, so that no other morrow, alive or killed, has them."""
        step = (size + 63) & -64
        for room in self._rooms(code=code):
            present = self.target.memory.read(room.address, room.size)
            for start in range(0, room.size - size + 1, step):
                if not any(present[start : start + size]):
                    return Room(room.address + start, size, room.path)
        raise AttachError("attach-no-room", self.target.pid, needed=size)

    def _flag(self, index: int) -> int:
        try:
            return self.target.memory.u32(self._flags + 4 * index)
        except ProcessLookupError:
            raise AttachError("attach-gone", self.target.pid) from None

    def _wait_left(self, seconds: float = 1.0) -> bool:
        """Wait until the thread has gone through the slot and is back at its own work."""
        end = time.monotonic() + seconds
        while self._flag(reg.STATE) != reg.LEFT:
            if time.monotonic() > end:
                return False
            time.sleep(0.0002)
        return True

    def _wait_run(self, seconds: float = 3.0) -> bool:
        """Wait until the script has started, or the thread turned out to be attached after all."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._flag(reg.CLAIMED):
                return True
            if self._flag(reg.QUEUED) == reg.WAS_ATTACHED:
                self._wait_left()
                self._settle()
                return False
            time.sleep(0.0002)
        # It waits for the interpreter's lock (held by C code elsewhere): it will start when that is let go.
        return False

    def _settle(self) -> None:
        """Count a call that turned out to be none as no longer needed, once the thread is out of the slot."""
        if self._slot is not None and self._flag(reg.STATE) == reg.LEFT and self._flag(reg.QUEUED) == reg.WAS_ATTACHED:
            # In this order: if we end in between, it counts as needed for ever, never as done too early.
            self.target.memory.write(self._flags + 4 * reg.QUEUED, bytes(4))
            self._need(-1)

    # -- putting everything back --------------------------------------------------------------------------------------

    def clean(self, seconds: float = 0.5) -> bool:
        """Put the slot and the flags back as they were, once nobody needs them; return whether that was possible.

        A queued script that has not come to its turn still needs its slot, and so does a thread that is inside it.
        """
        if self._slot is None:
            return True
        end = time.monotonic() + seconds
        try:
            while True:
                if self._is_unused() and self._erase():
                    return True
                if time.monotonic() > end:
                    return False
                time.sleep(0.002)
        except (AttachError, ProcessLookupError):
            return True  # the process has gone, and the slot with it

    def _is_unused(self) -> bool:
        count = [self._flag(index) for index in range(6)]
        return count[reg.STATE] == reg.LEFT and count[reg.CALLS] == count[reg.RETURNED] >= _still_needed(count)

    def _erase(self) -> bool:
        assert self._slot is not None
        target, room = self.target, self._slot
        try:
            with Stopped(target.pid, [target.main_thread]):
                at = self._machine.read(target.main_thread)
                first, last = room.address, room.address + room.size
                ours = self._machine.return_addresses(first + _HEAD)
                if target.memory.read(first, _HEAD) != self._head:
                    self._slot = None  # somebody has put it back already
                    return True
                if not self._is_unused() or first <= at.pc < last or not ours.isdisjoint(self._stack(at.sp)):
                    return False
                target.memory.write_code(room.address, self._before[0])
                target.memory.write(self._flags - len(_MAGIC), self._before[1])
        except NotReady:
            return False
        self._slot = None
        return True

    def _stack_end(self, sp: int) -> int:
        for mapping in self.target.maps:
            if mapping.start <= sp < mapping.end or (
                mapping.path == "[stack]" and sp < mapping.end and sp > mapping.end - (1 << 26)
            ):
                return mapping.end
        return sp


def _still_needed(count: list[int]) -> int:
    """Return how many calls must have come back, by a slot's flags.

    One that the slot did not make (the queue was full, the thread attached after all) will not come. A call queued before
    may have started the script at that very moment: then nobody looked at what became of the later one (seen free-threaded).
    """
    return count[reg.NEEDED] - (count[reg.QUEUED] in (reg.QUEUE_FULL, reg.WAS_ATTACHED))


def gil_addresses(target: Target) -> list[int]:
    """Return where the interpreter locks of a target are: one, or one per interpreter (PEP 684)."""
    at = target.offsets
    if "runtime.gil" in at:
        return [target.runtime + at["runtime.gil"]]
    read = target.memory.u64
    return sorted({read(interpreter + at["interp.ceval_gil"]) for interpreter in target.interpreters()} - {0})


def _find_pending(target: Target) -> int | None:
    """Return the address of the main thread's queue of pending calls (3.13+, struct _pending_calls), or None.

    Patch releases move it, so it is looked for around where it was: ``max`` is 32 and ``maxloop`` 0
    (Include/internal/pycore_ceval_state.h, MAXPENDINGCALLS_MAIN), the count fits, the indices are in range.
    """
    usual = target.offsets["runtime.pending"]
    start = max(usual - 512, 0)
    raw = target.memory.read(target.runtime + start, 1024 + 7300)
    number = lambda position: int.from_bytes(raw[position : position + 4], "little")
    candidates = []
    for position in range(0, 1024, 8):
        if (
            number(position + 16) == 32
            and number(position + 20) == 0
            and number(position + 12) <= 32
            and number(position + 8) <= 3
        ):
            first, after = number(position + 24 + 7200), number(position + 24 + 7204)
            if first < 300 and after < 300 and (after - first) % 300 == number(position + 12):
                candidates.append(start + position)
    return target.runtime + candidates[0] if len(candidates) == 1 else None


def _stack_limit(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            for line in file:
                if line.startswith("Max stack size"):
                    soft = line.split()[3]
                    return 1 << 40 if soft == "unlimited" else int(soft)
    except OSError:
        pass  # gone, or not ours to read: the usual limit will do
    return 8 << 20


def _wrapped(script: str) -> bytes:
    # PyRun_SimpleString must not fail: it would print, or, for SystemExit, end the process.
    return f"try:\n exec({script!r},{{'__name__':'_morrow_boot'}})\nexcept BaseException:\n pass\n".encode() + b"\0"


def seccomp_mode(pid: int) -> int:
    """Return 0 when the process is not sandboxed, 1 for seccomp's strict mode, 2 for a filter."""
    return int(status_of(pid).get("Seccomp", "0"))
