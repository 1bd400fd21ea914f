"""``morrow --dump PID``: what every thread of a process is doing, as text or JSON. Nothing runs in the process."""

from __future__ import annotations

from morrow.attach.errors import AttachError
from morrow.attach.record import asdict
from morrow.attach.stop_linux import status_of
from morrow.attach.target import Target
from morrow.attach.tasks import Task, read_tasks
from morrow.attach.threads import Frame, Reader, Snapshot, Thread


def dump(target: Target, *, with_locals: bool = False) -> tuple[Snapshot, list[Task]]:
    """Return the threads and asyncio tasks of a process.

    Its threads are stopped for some milliseconds, unless another tracer has it or it may be read but not stopped: then
    it is read as it runs.
    """
    reader = Reader(target)
    # A stopped process stands still already; a traced one cannot be traced twice.
    status = status_of(target.pid)
    pause = status.get("TracerPid", "0") == "0"
    try:
        snapshot = reader.read(with_locals=with_locals, pause=pause)
    except AttachError as error:
        if error.name not in ("attach-traced", "attach-permission", "attach-unstoppable"):
            raise
        snapshot = reader.read(with_locals=with_locals, pause=False)
    return snapshot, read_tasks(reader)


def ask(pid: int, *, with_locals: bool = False) -> tuple[Snapshot, list[Task]] | None:
    """Return the same from a process that may not be read but offers itself (`offer`); None when it does not.

    Its main thread answers, between two of its own instructions.

    Raises:
        AttachError: it does not answer.
    """
    from morrow.attach.channel import cooperate, source_text
    from morrow.attach.cooperative import find_offer

    offer = find_offer(pid)
    if offer is None:
        return None
    texts = [("morrow dump", source_text("morrow.attach", "inside_dump.py"))]
    channel = cooperate(offer, texts, {"locals": with_locals}, exclusive=False)
    try:
        answer = channel.receive(10)
    finally:
        channel.let_go()
    if answer is None or "threads" not in answer:
        raise AttachError("attach-lost", pid, why=str((answer or {}).get("failed", "it did not answer")))
    threads = [
        Thread(0, one["native"], one["ident"], one["name"], one["main"], one["main"], "", _frames_of(one["frames"])) for one in answer["threads"]
    ]
    tasks = [Task(one["name"], one["coroutine"], one["running"], "", _frames_of(one["frames"])) for one in answer["tasks"]]
    return Snapshot(pid, offer.version, threads), tasks


def _frames_of(frames: list[tuple[str, str, int, dict[str, str] | None]]) -> list[Frame]:
    return [Frame(*frame) for frame in frames]


def as_text(snapshot: Snapshot, tasks: list[Task], colour: bool = False) -> str:
    """Return a dump as people read it: innermost call last, as in a traceback."""
    bold, faint, plain = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if colour else ("", "", "")
    how = f"paused for {snapshot.paused * 1000:.1f} ms" if snapshot.paused else "not paused"
    lines = [f"process {snapshot.pid}, CPython {snapshot.version}, {len(snapshot.threads)} threads ({how})", ""]
    for thread in snapshot.threads:
        lines.append(f"{bold}{thread}{plain}")
        if not thread.frames:
            lines.append("  no Python code")
        lines += _frames(thread.frames, faint, plain)
        lines.append("")
    for task in tasks:
        lines.append(f"{bold}{task}{plain}")
        lines += _frames(task.frames, faint, plain)
        lines.append("")
    if snapshot.torn:
        lines += ["some values were read while the process ran on; they may be newer than the stacks", ""]
    return "\n".join(lines)


def _frames(frames, faint: str, plain: str) -> list[str]:  # type: ignore[no-untyped-def]
    lines: list[str] = []
    shown: list[tuple[str, int]] = []
    for frame in reversed(frames):
        text = f'  File "{frame.file}", line {frame.line if frame.line is not None else "?"}, in {frame.function}'
        if shown and shown[-1][0] == text and not frame.locals:
            shown[-1] = (text, shown[-1][1] + 1)
            if shown[-1][1] > 3:
                continue
        else:
            _repeated(lines, shown)
            shown.append((text, 1))
        lines.append(text)
        for name, value in (frame.locals or {}).items():
            lines.append(f"{faint}      {name} = {value}{plain}")
    _repeated(lines, shown)
    return lines


def _repeated(lines: list[str], shown: list[tuple[str, int]]) -> None:
    # As traceback does for deep recursion.
    if shown and shown[-1][1] > 3:
        lines.append(f"  [Previous line repeated {shown[-1][1] - 3} more times]")


def as_data(snapshot: Snapshot, tasks: list[Task]) -> dict[str, object]:
    """Return a dump as programs read it."""
    return {**asdict(snapshot), "tasks": [asdict(task) for task in tasks]}
