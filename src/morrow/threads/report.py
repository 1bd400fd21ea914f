"""What the runs of ``--scale`` come to: the table, what holds the program back, what to change; as data and as text."""

from __future__ import annotations

import linecache
import os
from typing import Any


def summarize(best: dict[int, dict[str, Any]], command: str) -> dict[str, Any]:
    """Return the result as data: ``rows``, one for each number of threads, and ``causes``, the worst first.

    Args:
        best: number of threads -> what `observe` saw in the fastest run.
    """
    first = best[min(best)]
    rows = []
    for number, seen in sorted(best.items()):
        rows.append(
            {
                "threads": number,
                "seconds": seen["seconds"],
                "speedup": first["seconds"] / seen["seconds"] if seen["seconds"] else 1.0,
                "cores": seen["cpu"] / seen["seconds"] if seen["seconds"] else 0.0,
                "locks": sum(thread["locks"] for thread in seen["threads"]),
                "queue": sum(thread["queue"] for thread in seen["threads"]),
                "gil": sum(thread["gil"] for thread in seen["threads"]),
                "busy": seen["most"],
            }
        )
    most = best[max(best)]
    return {
        "command": command,
        "rows": rows,
        "causes": causes(most, max(best)),
        "lines": most["lines"][:8],
        "shared": most["shared"],
        "uncompiled": most["uncompiled"],
        "free_threaded": most["free_threaded"],
        "gil": most["gil"],
    }


def causes(seen: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """Return what the threads of one run waited for, the longest first and what is not the program's doing last: each with ``what``, ``seconds``, ``advice``."""
    found = []
    for path, line, made_path, made_line, seconds, times in seen["locks"]:
        if seconds >= 0.01:
            what = f"the lock taken at {short(path)}:{line} (made at {short(made_path)}:{made_line})"
            advice = "do less while holding it: compute first, take it only to store; or give each thread (or part of the data) its own"
            found.append(_cause("lock", seconds, what, advice, path, line, times))
    waited = sum(thread["gil"] for thread in seen["threads"])
    if waited >= 0.01:
        if seen["gil"]:
            line = seen["lines"][0] if seen["lines"] else None
            who = f"; most of it was held at {short(line[0])}:{line[1]} in {line[2]}" if line else ""
            advice = "compile what is hot (-X jit=on), use processes or interpreters, or a free-threaded Python"
            found.append(_cause("gil", waited, f"the GIL{who}", advice, line[0] if line else "", line[1] if line else 0))
        else:
            found.append(
                _cause("inside", waited, "each other inside CPython (containers and reference counts that threads share)", "let each thread work on objects of its own")
            )
    no_cpu = sum(thread["queue"] for thread in seen["threads"])
    if no_cpu >= 0.01:
        found.append(_cause("cpu", no_cpu, "a CPU: the machine has none free", "fewer threads than CPUs; measure on an idle machine"))
    found.sort(key=lambda cause: (cause["kind"] == "cpu", -cause["seconds"]))  # what the program cannot change comes last
    if seen["most"] < number:
        what = f"nothing: at most {seen['most']} of {number} threads were at work at once"
        found.append(_cause("threads", 0.0, what, "split the work into more parts; let the number of threads follow os.cpu_count() or MORROW_THREADS"))
    return found


def _cause(kind: str, seconds: float, what: str, advice: str, path: str = "", line: int = 0, times: int = 0) -> dict[str, Any]:
    return {"kind": kind, "path": path, "line": line, "what": what, "seconds": seconds, "times": times, "advice": advice}


def as_text(result: dict[str, Any]) -> str:
    """Return the result for a terminal."""
    lines = [f"scale: {result['command']}", "", "threads   seconds   speed-up   CPUs used   waiting for: locks     a CPU   " + _third(result)]
    for row in result["rows"]:
        lines.append(
            f"{row['threads']:7}   {row['seconds']:7.2f}   {row['speedup']:7.2f}x   {row['cores']:9.2f}   {row['locks']:16.2f} s  {row['queue']:6.2f} s   {row['gil']:6.2f} s"
        )
    lines += ["", f"what {result['rows'][-1]['threads']} threads waited for, all together:"]
    for cause in result["causes"]:
        times = f", {cause['times']:,} times" if cause["times"] else ""
        seconds = f"{cause['seconds']:.2f} s{times}: " if cause["seconds"] else ""
        lines.append(f"  {seconds}{cause['what']}")
        source = linecache.getline(cause["path"], cause["line"]).strip() if cause["path"] else ""
        lines += [f"      {source}"] if source else []
        lines.append(f"      to change: {cause['advice']}")
    if not result["causes"]:
        lines.append("  nothing that could be seen")
    lines += ["", "where the CPU time went:"]
    lines += [f"  {seconds:.2f} s  {short(path)}:{line} in {function}" for path, line, function, seconds in result["lines"]]
    if result["shared"]:
        lines += ["", "objects whose methods several threads ran (on a free-threaded build they share its reference count):"]
        lines += [f"  one {kind} in {function}, by {count} threads" for kind, function, count in result["shared"]]
    if result["uncompiled"]:
        lines += ["", "left to CPython by the jit:"]
        lines += [f"  {short(path)}:{line}: {why}" for path, line, why in result["uncompiled"]]
    return "\n".join(lines) + "\n"


def _third(result: dict[str, Any]) -> str:
    return " the GIL" if result["gil"] else "each other"


def short(path: str) -> str:
    """Return a path as seen from the working directory."""
    here = os.getcwd() + os.sep
    return path.removeprefix(here)
