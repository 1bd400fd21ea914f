"""The stacks of a live process: which thread of which interpreter is where, with which local variables.

    read(target) -> Snapshot

Nothing runs in the target. Its threads are stopped for the few milliseconds it takes to copy what changes (thread
states and frames); what does not change (code objects, names) is read afterwards. Without the right to stop them, or
with ``pause=False``, everything is read from the running process, and a torn stack ends where it no longer makes sense.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time

from morrow.attach.errors import AttachError
from morrow.attach.inject import gil_addresses
from morrow.attach.linetable import line_of
from morrow.attach.memory_linux import words
from morrow.attach.objects import Objects, Unreadable
from morrow.attach.record import record
from morrow.attach.stop_linux import Stopped
from morrow.attach.target import Target

_DEEPEST = 20_000
_LONGEST_PAUSE = 0.015  # seconds: then the target goes on, and the values still missing are read from it as it runs


@record(frozen=True, slots=True)
class Frame:
    """One call: outermost last in `Thread.frames`.

    ``locals`` maps names to short descriptions; None when they were not asked for.
    """

    function: str
    file: str
    line: int | None
    locals: dict[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.function} ({self.file}:{self.line if self.line is not None else '?'})"


@record(frozen=True, slots=True)
class Thread:
    """One thread of one interpreter. ``doing`` is the kernel's word for it: running, sleeping, ..."""

    interpreter: int
    native_id: int
    ident: int
    name: str
    main: bool
    holds_gil: bool
    doing: str
    frames: list[Frame]

    def __str__(self) -> str:
        marks = ["main"] if self.main else []
        marks += ["holds the GIL"] if self.holds_gil else []
        where = f", interpreter {self.interpreter}" if self.interpreter else ""
        name = f" {self.name!r}" if self.name else ""
        return f"thread {self.native_id}{name} ({', '.join([*marks, self.doing])}{where})"


@record(slots=True)
class Snapshot:
    """What a process was doing at one moment.

    Attributes:
        paused: for how many seconds its threads were stopped; 0.0 when they were not.
        torn: whether some values were read while it ran on.
    """

    pid: int
    version: str
    threads: list[Thread]
    paused: float = 0.0
    torn: bool = False


@record(slots=True)
class _Code:
    function: str
    file: str
    first_line: int
    table: bytes
    names: list[str]
    start: int


@record(slots=True)
class _Raw:
    """A thread as copied: frames as (code object, instruction, thread-local code index, address of the locals)."""

    interpreter: int
    native_id: int
    ident: int
    frames: list[tuple[int, int, int, int]]
    copies: list[tuple[int, bytes]]


class Reader:
    """Reads one target again and again (a profiler does); remembers its code objects in between."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.objects = Objects(target.memory, target.offsets, target.release[:2])
        self._codes: dict[int, _Code | None] = {}

    def read(self, *, with_locals: bool = False, pause: bool = True) -> Snapshot:
        """Return what the process is doing now.

        Args:
            with_locals: describe local variables, too.
            pause: stop its threads while copying.

        Raises:
            AttachError: the process has gone, or may not be read.
        """
        target = self.target
        snapshot = Snapshot(target.pid, target.version, [])
        values: dict[tuple[int, int], dict[str, str]] = {}
        began = time.monotonic()
        stopped = Stopped(target.pid) if pause else contextlib.nullcontext()
        try:
            with stopped:
                began = time.monotonic()
                holder = self._holders()
                raws = self._copy()
                if with_locals and pause:
                    self._describe_locals(raws, values, began + _LONGEST_PAUSE)
            snapshot.paused = time.monotonic() - began if pause else 0.0
        except ProcessLookupError:
            raise AttachError("attach-gone", target.pid) from None
        if with_locals:
            before = len(values)
            self._describe_locals(raws, values, None)
            snapshot.torn = len(values) > before or not pause
        names = self._thread_names()
        for at, raw in enumerate(raws):
            frames = []
            for depth, (code, instruction, index, _) in enumerate(raw.frames):
                found = self._code(code)
                if found is not None and found.file != "<shim>":  # 3.12's own entry code
                    line = line_of(found.table, found.first_line, max(0, instruction - self._start(code, found, index)))
                    local = values.get((at, depth)) if with_locals else None
                    frames.append(Frame(found.function, found.file, line, local))
            here = target.thread_here(raw.native_id)
            main = here == target.main_thread and raw.interpreter == 0
            name = names.get(raw.ident, "") if raw.interpreter == 0 else ""
            doing = _doing(target.pid, here)
            snapshot.threads.append(
                Thread(raw.interpreter, raw.native_id, raw.ident, name, main, raw.native_id in holder, doing, frames)
            )
        snapshot.threads.sort(key=lambda thread: (thread.interpreter, not thread.main, thread.native_id))
        return snapshot

    # -- while the target stands still ---------------------------------------------------------------------------------

    def _holders(self) -> set[int]:
        target, at = self.target, self.target.offsets
        found = set()
        if not target.free_threaded:
            with contextlib.suppress(OSError):
                for gil in gil_addresses(target):
                    if target.memory.i32(gil + at["gil.locked"]) == 1:
                        thread = target.memory.u64(gil + at["gil.holder"])
                        found.add(target.memory.u64(thread + at["tstate.native_thread_id"]) if thread else 0)
        return found - {0}

    def _copy(self) -> list[_Raw]:
        target, at, memory = self.target, self.target.offsets, self.target.memory
        raws = []
        size = max(at["tstate.native_thread_id"], at["tstate.datastack_chunk"], at["tstate.exc_info"]) + 8
        for interpreter in target.interpreters():
            number = target.interpreter_id(interpreter)
            state = memory.u64(interpreter + at["interp.threads_head"])
            seen: set[int] = set()
            while state and state not in seen:
                seen.add(state)
                try:
                    block = memory.read(state, size)
                    word = lambda name, block=block: int.from_bytes(block[at[name] : at[name] + 8], "little")
                    frame = self._innermost(word)
                    copies = self._copy_stack(word("tstate.datastack_chunk"))
                    frames = self._walk(frame, copies)
                    raws.append(_Raw(number, word("tstate.native_thread_id"), word("tstate.thread_id"), frames, copies))
                    state = word("tstate.next")
                except OSError:
                    break  # the list moved: what has been read still holds
        return raws

    def _innermost(self, word) -> int:  # type: ignore[no-untyped-def]
        at = self.target.offsets
        if "tstate.cframe" in at:
            return self.target.memory.u64(word("tstate.cframe") + at["cframe.current"])
        return int(word("tstate.current_frame"))

    def _copy_stack(self, chunk: int) -> list[tuple[int, bytes]]:
        """Copy the chunks that hold a thread's frames: one read each."""
        at, memory = self.target.offsets, self.target.memory
        copies: list[tuple[int, bytes]] = []
        while chunk and len(copies) < 1000:
            head = memory.read(chunk, at["chunk.data"])
            size = int.from_bytes(head[at["chunk.size"] : at["chunk.size"] + 8], "little")
            if not 0 < size <= 1 << 26:
                break
            with contextlib.suppress(OSError):
                copies.append((chunk, memory.read(chunk, size)))
            chunk = int.from_bytes(head[at["chunk.previous"] : at["chunk.previous"] + 8], "little")
        return copies

    def _walk(self, frame: int, copies: list[tuple[int, bytes]]) -> list[tuple[int, int, int, int]]:
        at = self.target.offsets
        fixed = at["frame.localsplus"]
        frames: list[tuple[int, int, int, int]] = []
        seen: set[int] = set()
        while frame and frame not in seen and len(frames) < _DEEPEST:
            seen.add(frame)
            try:
                raw = self._from_copy(frame, fixed, copies)
            except OSError:
                break  # only without a pause: it was popped meanwhile
            code = int.from_bytes(raw[at["frame.executable"] : at["frame.executable"] + 8], "little") & ~3
            instruction = int.from_bytes(raw[at["frame.instr"] : at["frame.instr"] + 8], "little")
            index = 0
            if "frame.tlbc_index" in at and self.target.free_threaded:
                index = int.from_bytes(raw[at["frame.tlbc_index"] : at["frame.tlbc_index"] + 4], "little")
            frames.append((code, instruction, index, frame + fixed))
            frame = int.from_bytes(raw[at["frame.previous"] : at["frame.previous"] + 8], "little")
        return frames

    def _from_copy(self, address: int, size: int, copies: list[tuple[int, bytes]]) -> bytes:
        for start, data in copies:
            if start <= address and address + size <= start + len(data):
                return data[address - start : address - start + size]
        return self.target.memory.read(address, size)  # a generator's frame, or one on the C stack

    def _describe_locals(
        self, raws: list[_Raw], values: dict[tuple[int, int], dict[str, str]], deadline: float | None
    ) -> None:
        """Describe the locals of every frame that has not been, innermost frames of all threads first."""
        deepest = max((len(raw.frames) for raw in raws), default=0)
        for depth in range(deepest):
            for at, raw in enumerate(raws):
                if depth >= len(raw.frames) or (at, depth) in values:
                    continue
                if deadline is not None and time.monotonic() > deadline:
                    return
                code, _, _, place = raw.frames[depth]
                found = self._code(code)
                if found is None:
                    continue
                try:
                    held = words(self._from_copy(place, 8 * len(found.names), raw.copies)) if found.names else ()
                    described = {
                        name: self._cell(value) for name, value in zip(found.names, held, strict=True) if value > 1
                    }
                except OSError:
                    described = {}
                values[at, depth] = described

    def _cell(self, address: int) -> str:
        """Describe a local; what a cell holds rather than the cell, as Python shows it."""
        try:
            plain = address & ~3
            if address & 3 != 3 and self.objects.type_name(plain) == "cell":
                return self.objects.describe(self.target.memory.u64(plain + self.target.offsets["float.value"]))
        except (Unreadable, OSError):
            return "<?>"
        return self.objects.describe(address)

    # -- afterwards ----------------------------------------------------------------------------------------------------

    def _code(self, address: int) -> _Code | None:
        """Return a code object; None for the interpreter's own frames, which have none."""
        if address not in self._codes:
            try:
                self._codes[address] = self._read_code(address)
            except (Unreadable, OSError, UnicodeDecodeError, struct.error):
                self._codes[address] = None
        return self._codes[address]

    def _read_code(self, address: int) -> _Code | None:
        objects, at, memory = self.objects, self.target.offsets, self.target.memory
        if not address or objects.type_name(address) != "code":
            return None
        names = [
            objects.text(item, 200) for item in objects.tuple_items(memory.u64(address + at["code.localsplusnames"]))
        ]
        return _Code(
            objects.text(memory.u64(address + at["code.qualname"])),
            objects.text(memory.u64(address + at["code.filename"]), 4096),
            memory.i32(address + at["code.firstlineno"]),
            objects.bytes_value(memory.u64(address + at["code.linetable"])),
            names,
            address + at["code.code"],
        )

    def _start(self, address: int, code: _Code, index: int) -> int:
        """Return where the instructions begin that this frame runs: free-threaded 3.14+ has a copy for each thread."""
        if index and "code.tlbc" in self.target.offsets:
            with contextlib.suppress(OSError):
                array = self.target.memory.u64(address + self.target.offsets["code.tlbc"])
                if array:
                    return self.target.memory.u64(array + 8 + 8 * index)
        return code.start

    def _thread_names(self) -> dict[int, str]:
        """Return the names threading knows: its ``_active`` maps idents to Thread objects."""
        objects, found = self.objects, {}
        try:
            module = self.module("threading")
            active = objects.named(module, "_active").get("_active") if module else None
            for key, value in objects.dict_items(active) if active else ():
                name = objects.attributes(value).get("_name")
                if name:
                    found[objects.integer(key)] = objects.text(name, 100)
        except (Unreadable, OSError):
            pass  # names are a courtesy; idents remain
        return found

    def module(self, name: str) -> int | None:
        """Return the address of the dict of a module of the main interpreter, None when it is not imported."""
        target, at = self.target, self.target.offsets
        modules = target.memory.u64(target.interpreters()[0] + at["interp.modules"])
        found = self.objects.named(modules, name).get(name) if modules else None
        if not found or self.objects.type_name(found) != "module":
            return None
        return target.memory.u64(found + at["float.value"])  # md_dict comes right behind the object's head


def read(target: Target, *, with_locals: bool = False, pause: bool = True) -> Snapshot:
    """Return what a process is doing now; see `Reader.read`."""
    return Reader(target).read(with_locals=with_locals, pause=pause)


_STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting for the disk",
    "T": "stopped",
    "t": "traced",
    "Z": "ended",
    "I": "idle",
}


def _doing(pid: int, thread: int) -> str:
    try:
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8", errors="replace") as file:
            letter = file.read().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "ended" if os.path.exists(f"/proc/{pid}") else "gone"
    return _STATES.get(letter, letter)
