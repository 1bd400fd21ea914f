"""Latencies of attaching, beside py-spy and real 3.14's own ``pdb -p``, alternated in one run.

    python benchmarks/attach.py [--python PYTHON] [--states sleep,busy,...] [--times N]

Each round starts a process in a state and measures, in turn: morrow's command line from start to prompt, its dump, `py-spy
dump` (if installed) and, for a 3.14 target, `python3.14 -m pdb -p` (given up after 4 s). Prints medians in seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import select
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
from tests.support.targets import running  # noqa: E402

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": "dumb"}


def to_prompt(command: list[str], limit: float) -> float | None:
    """Return the seconds from starting *command* at a terminal to its ``(Pdb)`` prompt, None after *limit*."""
    began = time.monotonic()
    pid, end = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, ENVIRONMENT)
    seen, found = b"", None
    while time.monotonic() < began + limit:
        if select.select([end], [], [], 0.01)[0]:
            try:
                seen += os.read(end, 4096)
            except OSError:
                break
            if b"(Pdb)" in seen:
                found = time.monotonic() - began
                break
    if found is not None:
        os.write(end, b"detach\n" if "morrow" in command else b"q\n")
        time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(end)
    return found


def wall(command: list[str]) -> float:
    """Return the seconds a command takes."""
    began = time.monotonic()
    subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the target's python (default: this one)")
    parser.add_argument("--states", default="sleep,busy,lock,multijoin")
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    pyspy = shutil.which("py-spy")
    version = subprocess.run(
        [given.python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
    ).stdout.split()
    own = [sys.executable, "-m", "morrow"]
    print(f"{'state':12} {'prompt':>8} {'dump':>8} {'paused':>8} {'py-spy':>8} {'pdb -p':>8}")
    for state in given.states.split(","):
        rows: dict[str, list[float | None]] = {name: [] for name in ("prompt", "dump", "paused", "py-spy", "pdb -p")}
        for _ in range(given.times):
            with running(given.python, state) as target:
                pid = str(target.pid)
                rows["prompt"].append(to_prompt([*own, "-m", "pdb", "--attach", pid], 10))
                rows["dump"].append(wall([*own, "--dump", pid]))
                data = json.loads(
                    subprocess.run(
                        [*own, "--dump", "--json", pid], env=ENVIRONMENT, capture_output=True, text=True
                    ).stdout
                )
                rows["paused"].append(data["paused"])
                if pyspy:
                    rows["py-spy"].append(wall([pyspy, "dump", "--pid", pid]))
                assert target.alive
                if version == ["3", "14"]:  # last: where it gets no prompt it leaves its request behind
                    rows["pdb -p"].append(to_prompt([given.python, "-m", "pdb", "-p", pid], 4))
        shown = []
        for values in rows.values():
            known = [value for value in values if value is not None]
            shown.append(
                "-" if not values else "never" if len(known) * 2 <= len(values) else f"{statistics.median(known):.3f}"
            )
        print(f"{state:12} " + " ".join(f"{text:>8}" for text in shown), flush=True)


if __name__ == "__main__":
    main()
