"""``morrow --ps``: the Python processes of this machine, and whether each can be attached to."""

from __future__ import annotations

import os

from morrow.attach.cooperative import find_offer
from morrow.attach.errors import AttachError
from morrow.attach.optout import switched_off
from morrow.attach.record import asdict, record
from morrow.attach.stop_linux import status_of, user_of
from morrow.attach.target import find


@record(frozen=True, slots=True)
class Process:
    """One Python process. ``attachable`` is "" when it can be attached to, else the short name of the refusal."""

    pid: int
    user: str
    version: str
    build: str
    threads: int
    attachable: str
    why: str
    command: str


def list_processes() -> list[Process]:
    """Return the Python processes this user can see. Stops nobody, changes nothing."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            process = _look(int(name))
            if process is not None:
                found.append(process)
    return sorted(found, key=lambda process: process.pid)


def _look(pid: int) -> Process | None:
    status = status_of(pid)
    command = _command(pid)
    if not status or not command:
        return None  # ended, or a thread of the kernel
    threads = int(status.get("Threads", "0"))
    version, build, refusal, why = "?", "", "", ""
    try:
        with find(pid) as target:
            version, build = target.version, target.binary.path
            where = switched_off(target)
            if where:
                refusal, why = "attach-disabled", where
            elif status["State"].startswith(("T", "t")) and status.get("TracerPid", "0") == "0":
                refusal, why = "attach-stopped", "stopped by a signal"
            elif status.get("TracerPid", "0") != "0":
                refusal, why = "attach-traced", f"traced by process {status['TracerPid']}"
    except AttachError as error:
        if error.name in ("attach-not-python", "attach-gone", "attach-zombie"):
            return None
        if error.name not in ("attach-static", "attach-unknown", "attach-not-ready") and "python" not in command[:200]:
            return None  # not ours to look at, and nothing says that it is a Python
        offer = find_offer(pid)
        if offer is not None:
            version = offer.version
            offer.close()
            return Process(pid, user_of(pid), version, build, threads, "", "", command)
        refusal, why = error.name, str(error).partition("\n")[0].partition("  [")[0].partition(": ")[2]
    return Process(pid, user_of(pid), version, build, threads, refusal, why, command)


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def as_table(processes: list[Process], width: int = 120) -> str:
    """Return the list as people read it."""
    rows = [("PID", "USER", "PYTHON", "THREADS", "ATTACH", "COMMAND")]
    for one in processes:
        rows.append((str(one.pid), one.user, one.version, str(one.threads), one.attachable or "yes", _one_line(one.command)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row in rows:
        line = "  ".join(text.ljust(size) for text, size in zip(row, widths, strict=False)) + "  " + row[5]
        lines.append(line[: width - 1] + "\u2026" if len(line) > width else line)
    return "\n".join(lines) + "\n"


def _one_line(command: str) -> str:
    """Return a command as one line that does nothing to a terminal: programs given with -c have several."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(command.split()))


def as_data(processes: list[Process]) -> list[dict[str, object]]:
    """Return the list as programs read it."""
    return [asdict(one) for one in processes]
