"""What importing a package costs: ``python benchmarks/imports.py sympy`` prints morrow's time as a ratio of python's.

Warm: everything is compiled. Cold: nothing is, and the package counts as the program's own (PYTHONPYCACHEPREFIX points to
an empty folder). CPU time, alternated.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import morrow

MAIN = str(Path(morrow.__file__).parent / "__main__.py")


def cpu(command: list[str], folder: str) -> float:
    """Return the CPU seconds of one run that keeps compiled files in *folder*."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(package: str, rounds: int, cold: bool, own: bool) -> float:
    """Return the median of morrow's time over python's."""
    ratios = []
    with tempfile.TemporaryDirectory() as project, tempfile.TemporaryDirectory() as kept:
        if own:
            Path(project, "pyproject.toml").write_text(f"[tool.morrow]\ninclude = [{package!r}]\n")
        Path(project, "app.py").write_text(f"import {package}\n")
        app = str(Path(project, "app.py"))
        for number in range(rounds + 1):
            times = []
            for name, command in (("python", [sys.executable, app]), ("morrow", [sys.executable, MAIN, app])):
                times.append(cpu(command, str(Path(kept, f"{name}{number if cold else ''}"))))
            if number:  # the first round fills the disk's cache, and ours
                ratios.append(times[1] / times[0])
    return statistics.median(ratios)


def main() -> None:
    """Measure and print."""
    package = sys.argv[1] if len(sys.argv) > 1 else "sympy"
    print(f"Python {sys.version.split()[0]}, import {package}: morrow / python, CPU")
    print(f"  warm, somebody else's      {ratio(package, 7, False, False):.3f}")
    print(f"  warm, the program's own    {ratio(package, 7, False, True):.3f}")
    print(f"  cold, somebody else's      {ratio(package, 2, True, False):.2f}")
    print(f"  cold, the program's own    {ratio(package, 2, True, True):.2f}")


if __name__ == "__main__":
    main()
