"""What a stopped thread was doing, and how to make it run a few instructions of ours: the part both machines share.

`registers_x86_64` and `registers_aarch64` offer the same names:

    read(thread) -> Interrupted          of a thread stopped by `stop_linux`
    enter(thread, interrupted, slot)     let it run `slot` when it goes on, and then what it was doing before
    slot(address, table) -> bytes        the instructions, for that address
    INTERRUPTS_RUNNING                   may a thread be sent there in the middle of any computation?
"""

from __future__ import annotations

from types import ModuleType

from morrow.attach.record import record


@record(frozen=True, slots=True)
class Interrupted:
    """A thread at the moment it was stopped.

    Attributes:
        pc: where it goes on, once a system call it was in has been put back.
        sp: its stack pointer.
        system_call: number of the interruptible system call it waits in; None when it was computing.
        first: that call's first argument (a futex's address).
        futex: whether the call waits for a lock, or goes on with a wait that may be one.
        raw: the machine's registers as they are to be when it goes on.
    """

    pc: int
    sp: int
    system_call: int | None
    first: int
    futex: bool
    raw: bytes

    @property
    def place(self) -> tuple[object, ...]:
        """Equal for two stops when the thread has not moved in between, as far as can be told."""
        return self.pc, self.sp, self.system_call, self.first

    def __str__(self) -> str:
        doing = "computing" if self.system_call is None else f"in system call {self.system_call}({self.first:#x})"
        return f"{doing} at {self.pc:#x}, stack {self.sp:#x}"


@record(frozen=True, slots=True)
class Table:
    """The addresses the instructions in a slot use, in the order they stand behind them; 0 for "not this one"."""

    flags: int  # 32 bytes the slot writes: see FLAGS below
    errno_location: int
    add_pending_call: int  # 0: run the script now instead of queueing it
    current_thread: int  # PyThreadState_GetUnchecked, by whatever name
    this_thread: int  # PyGILState_GetThisThreadState where the current thread state is one per process, else 0
    ensure: int
    release: int
    sp: int
    pc: int
    run_string: int

    def words(self) -> tuple[int, ...]:
        """The table as the instructions read it."""
        return (
            self.flags, self.errno_location, self.add_pending_call, self.current_thread, self.this_thread,
            self.ensure, self.release, self.sp, self.pc, self.run_string,
        )  # fmt: skip


# What stands at Table.flags, as 32-bit words.
STATE, QUEUED, CALLS, CLAIMED, RETURNED, NEEDED = range(6)  # NEEDED is ours: how many calls are on their way
ARMED, LEFT = 1, 2  # STATE
IS_QUEUED, QUEUE_FULL, WAS_ATTACHED = 1, 2, 3  # QUEUED


def machine(name: str) -> ModuleType | None:
    """Return the module for a machine as `elf.Binary` names it, or None for one we cannot write for."""
    if name == "x86_64":
        from morrow.attach import registers_x86_64

        return registers_x86_64
    if name == "aarch64":
        from morrow.attach import registers_aarch64

        return registers_aarch64
    return None
