"""What the jit did, for people: gathered once, printed as text (`as_text`) or as a page (`report_html`)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from morrow.jit.reasons import sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from morrow.jit.worker import Decision, Worker


@dataclass(frozen=True, slots=True)
class Left:
    """One place where something was left to CPython: while compiling, or while running compiled code."""

    line: int
    why: str
    times: int = 0

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}{f' ({self.times:,} times)' if self.times else ''}"


@dataclass(frozen=True, slots=True)
class Row:
    """One code object.

    Attributes:
        state: "compiled", "partly" (compiled, but left often), or "interpreted".
        entries: how often compiled loops of it were entered from the interpreter.
        milliseconds: time spent compiling it.
        size: bytes of machine code.
        from_disk: how many of its makes took their machine code from the cache on disk.
        gain: how many times faster a call was measured to be, 0 if that is not known.
    """

    name: str
    file: str
    line: int
    last_line: int
    state: str
    samples: int
    makes: int
    loops: int
    milliseconds: float
    size: int
    left: tuple[Left, ...] = ()
    exits: int = 0
    from_disk: int = 0
    gain: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is known at one moment.

    Attributes:
        off: why nothing was compiled in this process, or "".
        busy: seconds of CPU the program used while it was looked at.
        load_milliseconds: time to import the compiler, 0 if nothing was hot.
        aside: whether it compiled in copies of the process.
    """

    off: str
    busy: float
    load_milliseconds: float = 0.0
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = field(default=())
    aside: bool = False

    @property
    def milliseconds(self) -> float:
        """Time spent compiling, all together."""
        return sum(row.milliseconds for row in self.rows)


def gather(worker: Worker | None, off: str, busy: float) -> Report:
    """Collect what the worker knows into a `Report`."""
    if worker is None:
        return Report(off, busy)
    rows = [_row(decision) for decision in list(worker.decisions.values()) if decision.compiled or decision.declined]
    rows.sort(key=lambda row: (row.state == "interpreted", -row.samples, row.file, row.line))
    notes = (sentence("TRACED", worker.resting),) if worker.resting and worker.resting != "switched off" else ()
    reason = worker.off if worker.off != "switched off" else ""
    return Report(reason, busy, worker.load_seconds * 1e3, tuple(rows), notes, worker.copies)


def _row(decision: Decision) -> Row:
    code = decision.code
    lines = [line for _, _, line in code.co_lines() if line]
    left = [Left(line, sentence(reason, detail)) for line, reason, detail in decision.declined]
    exits = 0
    if decision.compiled:
        for leave in decision.compiled[-1].exits:
            times = leave.count()
            if times:
                exits += times
                left.append(Left(int(leave.line or 0), sentence(str(leave.reason)), times))
    for head, made in decision.loops.items():
        if made is not None and made is not (decision.compiled[-1] if decision.compiled else None):
            exits += sum(leave.count() for leave in made.exits)
    state = "interpreted" if not decision.compiled or decision.resting else "partly" if exits > 1000 else "compiled"
    return Row(
        decision.name, code.co_filename, code.co_firstlineno, max(lines, default=code.co_firstlineno), state, decision.samples, decision.makes,
        sum(made is not None for made in decision.loops.values()), decision.seconds * 1e3, sum(made.size for made in decision.compiled),
        tuple(sorted(left, key=lambda left: (left.line, -left.times))), exits, sum(made.from_disk for made in decision.compiled), decision.gain,
    )  # fmt: skip


def as_text(report: Report) -> str:
    """Return the report for a terminal."""
    if report.off:
        return f"jit: off: {report.off}\n"
    if not report.rows:
        return f"jit: nothing was hot long enough to be compiled ({report.busy:.2f} s of CPU looked at)\n"
    compiled = [row for row in report.rows if row.state != "interpreted"]
    kept = sum(row.from_disk for row in report.rows)
    lines = [
        f"jit: compiled {len(compiled)} of {len(report.rows)} hot functions, {sum(row.size for row in compiled) / 1024:.0f} KiB, "
        f"in {report.milliseconds:.0f} ms {'beside the program' if report.aside else 'on its own thread'} (and {report.load_milliseconds:.0f} ms to load LLVM)"
        + (f", {kept} from the cache on disk" if kept else ""),
        *report.notes,
    ]
    for title, rows in (("compiled", compiled), ("left to CPython", [row for row in report.rows if row.state == "interpreted"])):
        if rows:
            lines.append(f"  {title}:")
        for row in rows:
            loops = f", {row.loops} loop{'s' * (row.loops != 1)} entered while running" if row.loops else ""
            exits = f", left {row.exits:,} times" if row.exits else ""
            gain = f", {row.gain:.1f}x as fast" if row.gain else ""
            spent = f"  {row.milliseconds:.0f} ms{gain}{loops}{exits}" if row.state != "interpreted" else ""
            lines.append(f"    {_short(row.file)}:{row.line} {row.name}{spent}")
            lines += [f"        {left}" for left in row.left[:8]]
    return "\n".join(lines) + "\n"


def _short(path: str) -> str:
    """Return the path as seen from the working directory, when that is shorter."""
    try:
        relative = os.path.relpath(path)
    except (ValueError, OSError):
        return path  # another drive, or no working directory
    return relative if len(relative) < len(path) else path
