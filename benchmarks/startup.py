"""What starting costs: ``python benchmarks/startup.py`` prints CPU milliseconds of morrow over python, alternated.

The console script is measured if it is installed beside the python that runs this.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import morrow

ROUNDS, STARTS = 15, 5


def cpu(command: list[str]) -> float:
    """Return the CPU milliseconds of one run, as the mean of a few."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(STARTS):
        subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / STARTS * 1000


def main() -> None:
    """Measure and print."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main_file = str(Path(morrow.__file__).parent / "__main__.py")
    script = Path(sys.executable).parent / "morrow"
    ways = {"python": [sys.executable], "by path": [sys.executable, main_file], "-m morrow": [sys.executable, "-m", "morrow"]}
    if script.exists():
        ways["morrow"] = [str(script)]
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, command in ways.items():
            times[name].append(cpu([*command, "-c", "pass"]))
    base = statistics.median(times["python"])
    print(f"Python {sys.version.split()[0]}: python -c pass takes {base:.1f} ms of CPU")
    for name in ways:
        over = statistics.median(mine - plain for mine, plain in zip(times[name], times["python"], strict=True))
        if name != "python":
            print(f"  {name:10} {over:+.1f} ms")


if __name__ == "__main__":
    main()
