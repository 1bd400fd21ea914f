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


def run_batch(host: str, mode: str, folder: Path, names: list[str], timeout: float = 600) -> tuple[dict[str, str], str]:
    """Run programs; return name -> output and exit status of its process, and how the whole run ended badly ("" if it did not)."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "MORROW_"))}
    environment |= {"PYTHONPATH": os.environ.get("FUZZ_SOURCE", str(ROOT / "src")), "PYTHONHASHSEED": "0", "PYTHONFAULTHANDLER": "1", "PYTHONIOENCODING": "utf-8"}
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
    if os.environ.get("FUZZ_EXPLAIN"):
        sys.stderr.write(errors)
    crashed = any(not rest.endswith("\x010\n") for rest in found.values())
    ended = "timeout" if status == -99 else f"status {status}: {errors.strip()[:1500]}" if status else ""
    if crashed and not ended:
        found = {name: rest if rest.endswith("\x010\n") else f"{rest}{errors.strip()[:2500]}" for name, rest in found.items()}
    return found, ended


def differs(host: str, mode: str, folder: Path, name: str, timeout: float = 30) -> str:
    """Return how one program differs under the jit; "" if it does not, or not again."""
    expected, ended = run_batch(host, "off", folder, [name], timeout)
    if ended or not expected[name].endswith("\x010\n"):
        return ""  # the host alone fails: not our subject
    got, ended = run_batch(host, mode, folder, [name], timeout)
    if ended:
        return ended
    return _difference(expected[name], got.get(name, "")) if got.get(name) != expected[name] else ""


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
        got, ended = run_batch(host, mode, folder, [name for name in names if expected.get(name, "").endswith("\x010\n")])
        if ended:
            report(f"{host}: {ended} after {len(got)} programs")
            differences += 1
        for name, text in got.items():
            if text == expected[name]:
                continue
            how = differs(host, mode, folder, name)
            if not how:
                again, _ = run_batch(host, "off", folder, [name])
                if again.get(name) != expected[name]:
                    report(f"--- {name} under {host}: not the same twice under the host alone")
                    continue
            differences += 1
            report(f"--- {name} under {host}: {how or '(not again) ' + _difference(expected[name], text)}")
            if shrink and how:
                small = folder / "p_small.py"

                def fails(text: str, small: Path = small) -> bool:
                    small.write_text(text, encoding="utf-8")
                    return bool(differs(host, mode, folder, "p_small.py", 10))

                text = minimise((folder / name).read_text(encoding="utf-8"), fails, shrink)
                small.write_text(text, encoding="utf-8")
                report(f"smallest program:\n{text}\n{differs(host, mode, folder, 'p_small.py')}")
        for name in names:
            (folder / name).unlink(missing_ok=True)
    return differences


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.jit.fuzz", description="Compare random programs under the host and under the jit.")
    parser.add_argument("--seed", type=int, default=0, help="the first program")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--host", action="append", help="python to test; may be given several times; default: this one")
    parser.add_argument("--mode", default="eager", choices=("on", "eager", "sampled"))
    parser.add_argument("--batch", type=int, default=25, help="programs per prepared process")
    parser.add_argument("--shrink", type=float, default=60, help="seconds to spend on making a failing program small; 0: do not")
    parser.add_argument("--show", action="store_true", help="print the program of --seed and stop")
    given = parser.parse_args(arguments)
    if given.show:
        print(generate(given.seed))
        return 0
    total = 0
    if given.mode == "sampled":
        os.environ["FUZZ_TIMES"] = "3"  # for the host alone too
    for host in given.host or [sys.executable]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = compare(host, given.mode, range(given.seed, given.seed + given.count), Path(folder), batch=given.batch, shrink=given.shrink)
        print(f"{host} {given.mode}: {given.count} programs from seed {given.seed}, {found} differences, {time.monotonic() - began:.0f} s", flush=True)
        total += found
    return bool(total)


if __name__ == "__main__":
    raise SystemExit(main())
