"""Compare random programs under the host and under the jit:

    python -m tests.jit.fuzz --seed 1 --count 1000 [--host PYTHON]... [--mode eager] [--keep FOLDER]

Prints every difference with the smallest program that still shows it. Exit status 1 when there is one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from tests.jit.fuzz.generate import generate

BATCH = Path(__file__).with_name("batch.py")
ROOT = Path(__file__).parents[3]


def run_batch(host: str, mode: str, folder: Path, names: list[str], timeout: float = 60) -> tuple[dict[str, str], str]:
    """Run programs in one process; return name -> output, and how the process ended badly ("" if it did not)."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "MORROW_"))}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": "0", "PYTHONFAULTHANDLER": "1", "PYTHONIOENCODING": "utf-8"}
    environment |= {key: value for key, value in os.environ.items() if key.startswith(("MORROW_", "FUZZ_"))}
    command = [host, "-W", "ignore", str(BATCH), mode, str(folder), *names]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = -99
        out.seek(0)
        err.seek(0)
        text = out.read().decode("utf-8", "replace")
        errors = err.read().decode("utf-8", "replace")
    found = {}
    for part in text.split("\x00")[1:]:
        name, _, rest = part.partition("\n")
        found[name] = rest
    ended = ""
    if status:
        ended = "timeout" if status == -99 else f"status {status}: {errors.strip()[:1500]}"
    return found, ended


def differs(host: str, mode: str, folder: Path, name: str, timeout: float = 15) -> str:
    """Return how one program, alone in its process, differs under the jit; "" if it does not."""
    expected, ended = run_batch(host, "off", folder, [name], timeout)
    if ended:
        return ""  # the host alone fails: not our subject
    got, ended = run_batch(host, mode, folder, [name], timeout)
    if ended:
        return ended
    if got.get(name) != expected.get(name):
        return _difference(expected.get(name, ""), got.get(name, ""))
    return ""


def _difference(expected: str, got: str) -> str:
    for number, (a, b) in enumerate(zip(expected.splitlines(), got.splitlines(), strict=False)):
        if a != b:
            return f"line {number + 1} of the output:\n  host {a[:600]}\n  jit  {b[:600]}"
    return f"length of the output: host {len(expected.splitlines())} lines, jit {len(got.splitlines())} lines"


def minimise(source: str, fails: Callable[[str], bool], seconds: float = 60) -> str:
    """Drop lines, then whole indented blocks, while the program still fails."""
    until = time.monotonic() + seconds
    lines = source.splitlines()
    size = max(1, len(lines) // 2)
    while size and time.monotonic() < until:
        start = 0
        while start < len(lines) and time.monotonic() < until:
            candidate = lines[:start] + lines[start + size :]
            text = "\n".join(candidate) + "\n"
            if _compiles(text) and fails(text):
                lines = candidate
            else:
                start += size
        size //= 2
    return "\n".join(lines) + "\n"


def _compiles(text: str) -> bool:
    warnings.simplefilter("ignore")
    try:
        compile(text, "candidate", "exec")
    except SyntaxError:
        return False
    return True


def compare(host: str, mode: str, seeds: range, folder: Path, *, batch: int = 25, report: Callable[[str], None] = print, shrink: float = 60) -> int:
    """Compare the programs of some seeds; return how many differ."""
    differences = 0
    for first in range(seeds.start, seeds.stop, batch):
        names = []
        for seed in range(first, min(first + batch, seeds.stop)):
            name = f"p{seed}.py"
            (folder / name).write_text(generate(seed), encoding="utf-8")
            names.append(name)
        expected, ended = run_batch(host, "off", folder, names)
        if ended:
            report(f"host alone: {ended} after {len(expected)} programs")
        names = [name for name in names if name in expected]
        left = names
        while left:
            got, ended = run_batch(host, mode, folder, left)
            done = [name for name in left if name in got]
            suspects = [name for name in done if got[name] != expected[name]]
            if ended and done and done[-1] not in suspects:
                suspects.append(done[-1])
            for name in suspects:
                how = differs(host, mode, folder, name) or f"(only after others in one process) {ended or _difference(expected[name], got[name])}"
                differences += 1
                report(f"--- {name} under {host}: {how}")
                alone = not how.startswith("(only")
                if shrink and alone:
                    small = folder / "p_small.py"

                    def fails(text: str, small: Path = small) -> bool:
                        small.write_text(text, encoding="utf-8")
                        return bool(differs(host, mode, folder, "p_small.py", 5))

                    text = minimise((folder / name).read_text(encoding="utf-8"), fails, shrink)
                    small.write_text(text, encoding="utf-8")
                    report(f"smallest program:\n{text}\n{differs(host, mode, folder, 'p_small.py')}")
            left = left[len(done) :] if ended and done else []
        for name in names:
            (folder / name).unlink(missing_ok=True)
    return differences


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.jit.fuzz", description="Compare random programs under the host and under the jit.")
    parser.add_argument("--seed", type=int, default=0, help="the first program")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--host", action="append", help="python to test; may be given several times; default: this one")
    parser.add_argument("--mode", default="eager", choices=("on", "eager"))
    parser.add_argument("--batch", type=int, default=25, help="programs per process")
    parser.add_argument("--shrink", type=float, default=60, help="seconds to spend on making a failing program small; 0: do not")
    parser.add_argument("--show", action="store_true", help="print the program of --seed and stop")
    given = parser.parse_args(arguments)
    if given.show:
        print(generate(given.seed))
        return 0
    total = 0
    for host in given.host or [sys.executable]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = compare(host, given.mode, range(given.seed, given.seed + given.count), Path(folder), batch=given.batch, shrink=given.shrink)
        print(f"{host}: {given.count} programs from seed {given.seed}, {found} differences, {time.monotonic() - began:.0f} s", flush=True)
        total += found
    return bool(total)


if __name__ == "__main__":
    raise SystemExit(main())
