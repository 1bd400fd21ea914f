"""Ratios that a machine's moods do not change: ``python benchmarks/calibrated.py [--host PYTHON] [--seconds S] NAME...``.

A pyperformance program (installed, unmodified; its `pyperf` is replaced) is run again and again in one process for some
seconds, and each value is divided by the time that a fixed loop in C takes just before and after it. So a processor that
is shared, or changes its speed for seconds at a time, counts for both kinds of run alike. Printed per program: plain
Python's mean over the whole run by the jit's (compiling and what it takes from the processor included), and the same of
the median of the last third. The kind "plain2" is plain again: how far the measurement itself is off.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import types
from pathlib import Path

from run import EXTRA

NAMES = (
    "richards deltablue nbody fannkuch spectral_norm float chaos raytrace go hexiom nqueens pidigits mdp pyflate scimark deepcopy logging "
    "comprehensions generators json_dumps telco meteor_contest regex_compile pprint richards_super barnes_hut coroutines"
).split()
_LOOP = range(40_000)


def _loop_in_c() -> float:
    began = time.perf_counter()
    sum(_LOOP)
    middle = time.perf_counter()
    sum(_LOOP)
    return min(middle - began, time.perf_counter() - middle)


def measure(work: object, seconds: float) -> dict[str, float]:
    """Run *work* for so many seconds; return its mean and steady time in units of the loop in C."""
    work()  # type: ignore[operator]
    began = time.perf_counter()
    work()  # type: ignore[operator]
    times = max(1, int(0.03 / (time.perf_counter() - began)))
    values = []
    end = time.perf_counter() + seconds
    before = _loop_in_c()
    while time.perf_counter() < end:
        began = time.perf_counter()
        for _ in range(times):
            work()  # type: ignore[operator]
        taken = time.perf_counter() - began
        after = _loop_in_c()
        values.append(taken / times / (before + after) * 2)
        before = after
    return {"mean": statistics.fmean(values), "steady": statistics.median(values[len(values) * 2 // 3 :])}


def run_here(kind: str, name: str, seconds: float) -> None:
    """In a process of its own: run one program and print what `measure` gives."""
    if kind == "jit":
        import morrow.jit

        morrow.jit.start(mode="on")
    found: list[dict[str, float]] = []

    class Runner:
        def __init__(self, *_: object, **__: object) -> None:
            self.metadata: dict[str, object] = {}
            self.argparser = argparse.ArgumentParser()
            self.args = argparse.Namespace()

        def parse_args(self, *_: object) -> argparse.Namespace:
            self.args = self.argparser.parse_args(EXTRA.get(name, []))
            return self.args

        def bench_func(self, _: str, function, *arguments: object, **__: object) -> None:  # type: ignore[no-untyped-def]
            found.append(measure(lambda: function(*arguments), seconds))
            raise SystemExit

        def bench_time_func(self, _: str, function, *arguments: object, **__: object) -> None:  # type: ignore[no-untyped-def]
            self.bench_func("", lambda: function(1, *arguments))

        def bench_async_func(self, _: str, function, *arguments: object, **__: object) -> None:  # type: ignore[no-untyped-def]
            import asyncio

            self.bench_func("", lambda: asyncio.run(function(*arguments)))

    sys.modules["pyperf"] = types.SimpleNamespace(Runner=Runner, perf_counter=time.perf_counter, python_implementation=lambda: "cpython")  # type: ignore[assignment]
    import runpy

    import pyperformance

    path = Path(pyperformance.__path__[0]) / "data-files" / "benchmarks" / f"bm_{name}" / "run_benchmark.py"
    sys.argv = [str(path), *EXTRA.get(name, [])]
    sys.path.insert(0, str(path.parent))
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit:
        pass
    print("measured", json.dumps(found[0]))


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Ratios to plain CPython, each value by a loop in C around it.")
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--host", default=sys.executable, help="python that has llvmlite and pyperformance")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--here", choices=("plain", "plain2", "jit"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.here:
        run_here(given.here, given.names[0], given.seconds)
        return 0
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[1] / "src"), "PYTHONHASHSEED": "0"}
    ratios: dict[str, list[float]] = {"mean": [], "steady": []}
    for name in given.names:
        measured: dict[str, list[dict[str, float]]] = {"plain": [], "plain2": [], "jit": []}
        for _ in range(given.rounds):
            for kind, values in measured.items():
                command = [given.host, __file__, "--here", kind, "--seconds", str(given.seconds), name]
                done = subprocess.run(command, env=environment, capture_output=True, text=True)
                line = next((line for line in done.stdout.splitlines() if line.startswith("measured ")), None)
                if line is None:
                    print(f"{name}: {kind} failed: {done.stderr.strip()[-200:]}")
                    break
                values.append(json.loads(line.partition(" ")[2]))
        if not all(measured.values()):
            continue
        middle = {kind: {what: statistics.median(value[what] for value in values) for what in ratios} for kind, values in measured.items()}
        shown = {kind: {what: middle["plain"][what] / middle[kind][what] for what in ratios} for kind in ("plain2", "jit")}
        for what, found in ratios.items():
            found.append(shown["jit"][what])
        print(f"{name:20} whole {shown['jit']['mean']:.2f}x  steady {shown['jit']['steady']:.2f}x   (plain again: {shown['plain2']['mean']:.2f}x, {shown['plain2']['steady']:.2f}x)", flush=True)
    if ratios["mean"]:
        print(f"geometric means of {len(ratios['mean'])}: whole {statistics.geometric_mean(ratios['mean']):.2f}x, steady {statistics.geometric_mean(ratios['steady']):.2f}x")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
