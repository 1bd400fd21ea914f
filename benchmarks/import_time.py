"""What importing a whole package through morrow's compiler costs, as a ratio to plain python: cold and warm.

    python benchmarks/import_time.py sympy [rounds]

The package must be importable by this python. Both ways alternate within one run; each cold round starts with an empty
cache folder. CPU time of the child, user and system; the best of all rounds counts.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"


def main() -> None:
    package = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        project.mkdir()
        Path(project, "pyproject.toml").write_text(f'[tool.morrow]\ninclude = ["{package}"]\n')
        Path(project, "main.py").write_text(f"import {package}\n")
        commands = {
            "python": [sys.executable, "main.py"],
            "morrow": [sys.executable, str(SOURCE / "morrow"), "-X", "jit=off", "main.py"],
        }
        best: dict[tuple[str, str], float] = {}
        for number in range(rounds):
            for name, command in commands.items():
                cache = Path(folder, f"cache-{name}-{number}")
                for state in ("cold", "warm"):
                    took = _cpu(command, project, cache)
                    key = (name, state)
                    best[key] = min(best.get(key, took), took)
        for state in ("cold", "warm"):
            plain, ours = best["python", state], best["morrow", state]
            print(f"import {package}, {state}: python {plain:.2f} s, morrow {ours:.2f} s of CPU, ratio {ours / plain:.2f}")


def _cpu(command: list[str], project: Path, cache: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=project, env=_environment(cache), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _environment(cache: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPYCACHEPREFIX": str(cache)}


if __name__ == "__main__":
    main()
