"""What deferred annotations cost, as ratios to the host's eager ones, alternated in one run.

    PYTHONPATH=src python benchmarks/annotations.py [--imports]

Without options: defining a function and a class, calling, and reading. With ``--imports``: importing generated packages
of 200 pydantic and 200 SQLAlchemy models, `morrow` against `python` of the same host (needs both libraries installed).
A ratio below 1.00 means that deferring is cheaper.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SOURCE = """
def function():
    def f(a: int, b: list[str], c: dict[str, int] = None, *, k: float = 1) -> tuple[int, ...]: return a
    return f

def plain():
    def f(a: int, b: str) -> int: return a
    return f

def fields():
    class C:
        x: int
        y: list[str]
        z: dict[str, int] = {}
    return C

called = plain()
def call():
    return called(1, "b")

def read():
    return called.__annotations__["a"]
"""


def main() -> None:
    if "--imports" in sys.argv:
        imports()
        return
    import morrow_runtime
    from morrow import language
    from morrow_runtime import annotation_attributes

    morrow_runtime.install()
    annotation_attributes.install()
    eager: dict[str, object] = {}
    deferred: dict[str, object] = {}
    exec(compile(SOURCE, "eager", "exec", dont_inherit=True), eager)
    exec(language.compile(SOURCE, "deferred"), deferred)
    for name, what in (
        ("function", "define a function with 5 annotations"),
        ("plain", "define a function with 3 plain annotations"),
        ("fields", "define a class with 3 annotated fields"),
        ("call", "call an annotated function"),
        ("read", "read f.__annotations__['a'] the second time"),
    ):
        ratio, before, after = compare(eager[name], deferred[name], 3000 if name == "fields" else 30000)  # type: ignore[arg-type]
        print(f"{what:45} {ratio:5.2f}x   ({before:7.0f} ns eager, {after:7.0f} ns deferred)")


def compare(first: Callable[[], object], second: Callable[[], object], number: int) -> tuple[float, float, float]:
    """Return the median ratio of alternated rounds, and the best time of each in nanoseconds."""
    ratios, times = [], ([], [])  # type: ignore[var-annotated]
    for _ in range(15):
        taken = []
        for index, function in enumerate((first, second)):
            start = time.process_time()
            for _ in range(number):
                function()
            taken.append((time.process_time() - start) / number * 1e9)
            times[index].append(taken[-1])
        ratios.append(taken[1] / taken[0])
    return statistics.median(ratios), min(times[0]), min(times[1])


PYDANTIC = "from pydantic import BaseModel\n" + "".join(
    f"class Model{n}(BaseModel):\n    a: int\n    b: list[str] = []\n    c: dict[str, int] | None = None\n    d: tuple[int, str] = (1, 'a')\n"
    for n in range(200)
)
SQLALCHEMY = (
    "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\nclass Base(DeclarativeBase): pass\n"
    + "".join(
        f"class Row{n}(Base):\n    __tablename__ = 't{n}'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        f"    name: Mapped[str | None]\n    size: Mapped[float]\n"
        for n in range(200)
    )
)


USE = """import time
import {library}
start = time.process_time()
import {name}_models
print(time.process_time() - start)
"""


def imports() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, text, library in (("pydantic", PYDANTIC, "pydantic.main"), ("sqlalchemy", SQLALCHEMY, "sqlalchemy.orm")):
            package = Path(folder, f"{name}_models")
            package.mkdir()
            (package / "__init__.py").write_text(text)
            Path(folder, f"use_{name}.py").write_text(USE.format(library=library, name=name))
        for name in ("pydantic", "sqlalchemy"):
            commands = ([sys.executable, f"use_{name}.py"], [sys.executable, "-m", "morrow", f"use_{name}.py"])
            package_ratios, whole_ratios = [], []
            for round_ in range(12):
                (package, whole), (package_after, whole_after) = (_cpu(command, folder) for command in commands)
                if round_:  # the first fills the caches
                    package_ratios.append(package_after / package)
                    whole_ratios.append(whole_after / whole)
            print(
                f"import a package of 200 {name} models: {statistics.median(package_ratios):5.2f}x of python, "
                f"with {name} and the start of the process {statistics.median(whole_ratios):5.2f}x (CPU time)"
            )


def _cpu(command: list[str], folder: str) -> tuple[float, float]:
    """Return the CPU seconds that the import took, and the whole process."""
    before = os.times()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Warm caches are what is measured.
    done = subprocess.run(command, cwd=folder, check=True, env=environment, capture_output=True, text=True)
    after = os.times()
    return float(done.stdout), after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
