"""The asyncio tasks of a live process, read without running anything in it.

Where the tasks are kept differs: a set of weak references in ``asyncio.tasks`` (3.11-3.13), linked lists in the thread
and interpreter states, described by the ``.AsyncioDebug`` section of the _asyncio module (3.14+, Modules/_asynciomodule.c).
What a task waits for is read from its coroutine: the frame it is suspended in, and what that frame awaits.
"""

from __future__ import annotations

import contextlib
import struct

from morrow.attach.elf import file_section
from morrow.attach.linetable import line_of
from morrow.attach.memory_linux import words
from morrow.attach.objects import Unreadable
from morrow.attach.record import record
from morrow.attach.threads import Frame, Reader

_SECTION = ".AsyncioDebug"
# struct Py_AsyncioModuleDebugOffsets
_FIELDS = (
    "task.size", "task.name", "task.awaited_by", "task.is_task", "task.awaited_by_is_set", "task.coro", "task.node",
    "interp.size", "interp.tasks", "thread.size", "thread.loop", "thread.task", "thread.tasks",
)  # fmt: skip
_COROUTINES = ("coroutine", "generator", "async_generator")


@record(frozen=True, slots=True)
class Task:
    """One task. ``frames`` is the chain of awaits, innermost first; empty while it runs on some thread."""

    name: str
    coroutine: str
    running: bool
    awaits: str
    frames: list[Frame]

    def __str__(self) -> str:
        state = "running" if self.running else f"awaits {self.awaits}" if self.awaits else "suspended"
        return f"task {self.name!r} {self.coroutine} ({state})"


def read_tasks(reader: Reader) -> list[Task]:
    """Return the tasks of the main interpreter that are not done; [] where asyncio is not imported."""
    try:
        if reader.module("asyncio.tasks") is None:
            return []
        found = _from_lists(reader) if _described(reader) else {}
        found.update(dict.fromkeys(_from_sets(reader), 0))
    except (Unreadable, OSError):
        return []
    tasks = []
    for address in found:
        with contextlib.suppress(Unreadable, OSError, UnicodeDecodeError, struct.error):
            task = _task(reader, address)
            if task is not None:
                tasks.append(task)
    return sorted(tasks, key=lambda task: (len(task.name), task.name))


def _described(reader: Reader) -> dict[str, int]:
    for binary in reader.target.loaded:
        if "_asyncio" in binary.path or binary is reader.target.binary:
            section = file_section(reader.target.pid, binary, _SECTION)
            if section and len(section[1]) >= 8 * len(_FIELDS):
                return dict(zip(_FIELDS, words(reader.target.memory.read(section[0], 8 * len(_FIELDS))), strict=True))
    return {}


def _from_lists(reader: Reader) -> dict[int, int]:
    target, at = reader.target, _described(reader)
    read = target.memory.u64
    main = target.interpreters()[0]
    heads = [main + at["interp.tasks"]]
    thread = read(main + target.offsets["interp.threads_head"])
    while thread:
        heads.append(thread + at["thread.tasks"])
        thread = read(thread + target.offsets["tstate.next"])
    found: dict[int, int] = {}
    for head in heads:
        with contextlib.suppress(OSError):
            node = read(head)  # struct llist_node: next, prev
            while node and node != head and len(found) < 100_000:
                task = node - at["task.node"]
                if task in found:
                    break
                found[task] = 0
                node = read(node)
    return found


def _from_sets(reader: Reader) -> list[int]:
    objects, found = reader.objects, []
    module = reader.module("asyncio.tasks")
    assert module is not None
    for name, holder in objects.named(module, "_all_tasks", "_scheduled_tasks", "_eager_tasks").items():
        data = holder if name == "_eager_tasks" else objects.attributes(holder).get("data")
        for item in objects.set_items(data) if data else ():
            if name != "_eager_tasks":
                item = objects.memory.u64(item + objects.at["weakref.object"])
            if item:
                found.append(item)
    return found


def _task(reader: Reader, address: int) -> Task | None:
    objects, memory = reader.objects, reader.target.memory
    size = memory.u64(objects.type_of(address) + objects.at["type.basicsize"])
    fields = words(memory.read(address, min(size, 512) // 8 * 8))
    for index, word in enumerate(fields[2:], 2):  # the one coroutine it has; its name comes right behind
        with contextlib.suppress(Unreadable, OSError):
            if word and not word & 7 and objects.type_name(word) in _COROUTINES:
                name = _name(reader, fields[index + 1]) if index + 1 < len(fields) else ""
                return _suspended(reader, name, word)
    return None


def _name(reader: Reader, address: int) -> str:
    with contextlib.suppress(Unreadable, OSError):
        kind = reader.objects.type_name(address)
        if kind == "str":
            return reader.objects.text(address, 200)
        if kind == "int":  # 3.12+ makes the name when it is asked for
            return f"Task-{reader.objects.integer(address)}"
    return "?"


def _suspended(reader: Reader, name: str, coroutine: int) -> Task | None:
    objects, at, memory = reader.objects, reader.target.offsets, reader.target.memory
    frames: list[Frame] = []
    awaits, running, first = "", False, ""
    while coroutine and len(frames) < 200:
        kind = objects.type_name(coroutine)
        if kind not in _COROUTINES:
            awaits = {"FutureIter": "a Future"}.get(kind, kind)
            break
        state = int.from_bytes(memory.read(coroutine + at["gen.frame_state"], 1), "little", signed=True)
        frame = coroutine + at["gen.iframe"]
        code = reader._code(memory.u64(frame + at["frame.executable"]) & ~3)
        if code is None:
            break
        first = first or code.function
        if state >= at["gen.executing"]:  # FRAME_EXECUTING, or cleared; created and suspended come before
            running = state == at["gen.executing"]
            if not running:
                return None  # done
            break
        offset = memory.u64(frame + at["frame.instr"]) - code.start
        frames.append(Frame(code.function, code.file, line_of(code.table, code.first_line, max(0, offset))))
        coroutine = _awaited(reader, frame)
    return Task(name, first, running, awaits, frames[::-1])


def _awaited(reader: Reader, frame: int) -> int:
    """Return what a suspended frame awaits: the top of its stack (Objects/genobject.c, _PyGen_yf)."""
    at, memory = reader.target.offsets, reader.target.memory
    if "frame.stackpointer" in at:
        top = memory.u64(frame + at["frame.stackpointer"]) - 8
        if top < frame + at["frame.localsplus"]:
            return 0
        if memory.u64(top) < 4096:  # 3.15 has an index or nothing above it
            top -= 8
    else:
        depth = memory.i32(frame + at["frame.stacktop"])
        if not 0 < depth < 10_000:
            return 0
        top = frame + at["frame.localsplus"] + 8 * (depth - 1)
    return memory.u64(top) & ~3
