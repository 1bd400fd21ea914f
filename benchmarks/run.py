"""Ratios to plain CPython on the same host: ``python benchmarks/run.py [--host PYTHON] [--only NAME...]``.

Each program is run as a whole, several times, plain and under the jit by turns; what counts is the wall time of the
whole process, compiling included, and its output must be the same. pyperformance's programs run from an installed
pyperformance (``pip install pyperformance``), unmodified, as one worker process of pyperf that takes about five seconds
under plain CPython; their per-value times give the steady state as well.

Writes a table to stdout, and with --out FOLDER results.json, results.md and results.svg.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
PYPERFORMANCE = (
    "richards deltablue nbody fannkuch spectral_norm float chaos raytrace go hexiom nqueens pidigits mdp pyflate crypto_pyaes scimark "
    "deepcopy unpack_sequence telco tomli_loads html5lib logging meteor_contest generators comprehensions coroutines regex_compile pprint "
    "richards_super json_dumps pickle barnes_hut async_tree typing_runtime_protocols sqlglot_v2"
).split()
EXTRA = {"pickle": ["--pure-python", "pickle"], "sqlglot_v2": ["normalize"], "scimark": ["sparse_mat_mult"], "logging": ["format"], "async_tree": ["none"]}
START = "import sys, runpy; import morrow.jit; morrow.jit.start(mode=sys.argv[1]); sys.argv = sys.argv[2:]; sys.path[0] = sys.argv[0].rpartition('/')[0]; runpy.run_path(sys.argv[0], run_name='__main__')"


@dataclass
class Result:
    """One program on one host. Times in seconds; ratios are plain / jit, so more is better."""

    name: str
    plain: float
    jit: float
    steady: float
    memory: float
    note: str = ""

    @property
    def whole(self) -> float:
        return self.plain / self.jit if self.jit else 0.0


def run_once(command: list[str], folder: str) -> tuple[float, str, int, float]:
    """Run a process; return its wall time, output, exit status and peak memory in MiB."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))}
    environment |= {"PYTHONPATH": str(HERE.parent / "src"), "PYTHONHASHSEED": "0"}
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - began, out, process.returncode, usage.ru_maxrss / 1024


def own_program(host: str, path: Path, rounds: int, mode: str) -> Result:
    """Measure one of our programs."""
    times: dict[str, list[float]] = {"plain": [], "jit": []}
    memory: dict[str, float] = {}
    output = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for kind, command in (("plain", [host, str(path)]), ("jit", [host, "-c", START, mode, str(path)])):
                seconds, out, status, peak = run_once(command, folder)
                if status:
                    return Result(path.stem, 0, 0, 0, 0, f"{kind} failed with {status}: {out.strip()[-200:]}")
                times[kind].append(seconds)
                memory[kind] = peak
                output[kind] = out
    note = "" if output["plain"] == output["jit"] else "DIFFERENT OUTPUT"
    plain, jit = statistics.median(times["plain"]), statistics.median(times["jit"])
    return Result(path.stem, plain, jit, 0.0, memory["jit"] - memory["plain"], note)


def pyperformance_program(host: str, name: str, rounds: int, mode: str, seconds: float) -> Result | None:
    """Measure one of pyperformance's programs; None when it is not installed."""
    found = subprocess.run([host, "-c", "import pyperformance; print(pyperformance.__path__[0])"], capture_output=True, text=True)
    script = Path(found.stdout.strip() or "/nowhere") / "data-files" / "benchmarks" / f"bm_{name}" / "run_benchmark.py"
    if not script.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        values, loops = 10, 1
        worker = lambda values, out: [str(script), *EXTRA.get(name, []), "--worker", f"-l{loops}", "-w0", f"-n{values}", "-o", out]  # noqa: E731
        probe = os.path.join(folder, "probe.json")
        _, out, status, _ = run_once([host, *worker(2, probe)], folder)
        if status:
            return Result(name, 0, 0, 0, 0, "cannot run: " + out.strip().splitlines()[-1][:120] if out.strip() else "cannot run")
        one = max(max(_values(probe)), 1e-6)
        if one < 0.05:
            loops = max(1, int(0.1 / one))
            began = time.perf_counter()
            run_once([host, *worker(1, probe)], folder)
            loops = max(1, int(loops * min(1.0, 0.3 / (time.perf_counter() - began))))  # some programs do each loop many times over
        values = max(4, min(200, int(seconds / (one * loops))))
        times: dict[str, list[float]] = {"plain": [], "jit": []}
        steady: dict[str, list[float]] = {"plain": [], "jit": []}
        memory = {"plain": 0.0, "jit": 0.0}
        for turn in range(rounds):
            for kind, before in (("plain", [host]), ("jit", [host, "-c", START, mode])):
                result = os.path.join(folder, f"{kind}{turn}.json")
                taken, out, status, peak = run_once([*before, *worker(values, result)], folder)
                if status:
                    return Result(name, 0, 0, 0, 0, f"{kind} failed with {status}: {out.strip()[-300:]}")
                times[kind].append(taken)
                memory[kind] = peak
                last = _values(result)
                steady[kind].append(statistics.median(last[len(last) * 2 // 3 :]))
    return Result(
        name, statistics.median(times["plain"]), statistics.median(times["jit"]), statistics.median(steady["plain"]) / statistics.median(steady["jit"]), memory["jit"] - memory["plain"]
    )  # fmt: skip


def _values(path: str) -> list[float]:
    data = json.loads(Path(path).read_text())
    return [value for bench in data["benchmarks"] for run in bench["runs"] for value in run.get("values", [])]


def table(results: list[Result], host: str) -> str:
    """Return the results as Markdown."""
    version = subprocess.run([host, "-c", "import sys; print(sys.version)"], capture_output=True, text=True).stdout.strip()
    good = [r for r in results if r.jit]
    lines = [f"Host: {version}", "", "| program | plain s | jit s | whole program | steady state | memory MiB | |", "| --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    for r in results:
        steady = f"{r.steady:.2f}x" if r.steady else ""
        lines.append(f"| {r.name} | {r.plain:.2f} | {r.jit:.2f} | {r.whole:.2f}x | {steady} | {r.memory:+.0f} | {r.note} |" if r.jit else f"| {r.name} | | | | | | {r.note} |")
    if good:
        lines.append(f"| **geometric mean** ({len(good)}) | | | **{_mean([r.whole for r in good]):.2f}x** | **{_mean([r.steady or r.whole for r in good]):.2f}x** | | |")
    return "\n".join(lines) + "\n"


def _mean(values: list[float]) -> float:
    return math.exp(sum(math.log(value) for value in values) / len(values))


def plot(results: list[Result], title: str) -> str:
    """Return a bar chart as SVG: whole-program ratio per program, on a logarithmic scale around 1x."""
    good = sorted((r for r in results if r.jit), key=lambda r: -r.whole)
    height, left, width = 22, 170, 620
    most = max([2.0, *(r.whole for r in good)])
    scale = lambda ratio: left + width * (math.log(max(ratio, 0.5)) - math.log(0.5)) / (math.log(most * 1.1) - math.log(0.5))  # noqa: E731
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{left + width + 90}' height='{height * len(good) + 60}' font-family='sans-serif' font-size='12'>",
        f"<rect width='100%' height='100%' fill='white'/><text x='8' y='18' font-size='14'>{title}: times faster than plain CPython, whole program</text>",
    ]
    for row, r in enumerate(good):
        y = 34 + row * height
        start, end = sorted((scale(1.0), scale(r.whole)))
        colour = "#2f8f4e" if r.whole >= 1.03 else "#c0392b" if r.whole < 0.97 else "#8a8f98"
        parts.append(f"<text x='{left - 8}' y='{y + 14}' text-anchor='end'>{r.name}</text><rect x='{start:.1f}' y='{y + 3}' width='{max(end - start, 1):.1f}' height='{height - 7}' fill='{colour}'/>")
        parts.append(f"<text x='{scale(r.whole) + 5 if r.whole >= 1 else scale(1.0) + 5:.1f}' y='{y + 14}'>{r.whole:.2f}x</text>")
    x = scale(1.0)
    parts.append(f"<line x1='{x:.1f}' x2='{x:.1f}' y1='28' y2='{34 + len(good) * height}' stroke='#333' stroke-dasharray='3 3'/></svg>")
    return "\n".join(parts) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Ratios to plain CPython on the same host.")
    parser.add_argument("--host", default=sys.executable, help="python that has llvmlite and pyperformance")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a pyperformance run under plain CPython")
    parser.add_argument("--mode", default="on", choices=("on", "off", "eager"))
    parser.add_argument("--only", nargs="*", default=[], help="names of programs")
    parser.add_argument("--own", action="store_true", help="only the programs in benchmarks/programs")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    results = []
    names = [path.stem for path in sorted((HERE / "programs").glob("*.py"))] + ([] if given.own else PYPERFORMANCE)
    for number, name in enumerate(names, 1):
        if given.only and name not in given.only:
            continue
        own = HERE / "programs" / f"{name}.py"
        result = own_program(given.host, own, given.rounds, given.mode) if own.exists() else pyperformance_program(given.host, name, given.rounds, given.mode, given.seconds)
        if result is not None:
            results.append(result)
            print(f"[{number}/{len(names)}] {name}: {f'{result.whole:.2f}x' if result.jit else result.note}{f' (steady {result.steady:.2f}x)' if result.steady else ''} {result.note if result.jit else ''}", file=sys.stderr, flush=True)
    text = table(results, given.host)
    print(text)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "results.md").write_text(text)
        (given.out / "results.json").write_text(json.dumps([asdict(r) for r in results], indent=1))
        (given.out / "results.svg").write_text(plot(results, "morrow"))
    return int(any("DIFFERENT" in r.note or "failed" in r.note for r in results))


if __name__ == "__main__":
    raise SystemExit(main())
