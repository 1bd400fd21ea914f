"""Interpreters against the real 3.14's own, and against processes, alternated in one run.

    python benchmarks/interpreters.py [--native PYTHON3.14]

Each row is measured in turns, several rounds; the best of each side counts, since other work on the machine only adds. A side
that another Python runs (native 3.14) is measured in a process of its own, at the same time as ours in the same rounds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 5


def best(function, times: int) -> float:
    """Return the shortest of several runs of *function*, in microseconds."""
    shortest = 1e9
    for _ in range(times):
        start = time.perf_counter()
        function()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest * 1e6


def echo(there, back):
    while (value := there.get()) is not None:
        back.put(value)


def spin(n):
    total = 0
    for i in range(n):
        total += i
    return total


class Side:
    """What is measured on one side: a module with PEP 734's names, and an executor."""

    def __init__(self, module, executor) -> None:
        self.module, self.executor = module, executor
        self.interp = module.create()
        self.there, self.back = module.create_queue(), module.create_queue()
        self.partner = module.create()
        self.thread = self.partner.call_in_thread(echo, self.there, self.back)
        self.pool = executor(2)
        self.pool.submit(pow, 1, 1).result()

    def close(self) -> None:
        self.there.put(None)
        self.thread.join()
        self.pool.shutdown()
        self.interp.close()
        self.partner.close()

    def queue_round_trip(self) -> float:
        def trip():
            self.there.put(1)
            self.back.get()

        return best(trip, 20)

    def call(self) -> float:
        return best(lambda: self.interp.call(len, "abc"), 100)

    def pool_round_trip(self) -> float:
        return best(lambda: self.pool.submit(abs, -1).result(), 100)

    def pool_submit(self) -> float:
        return best(lambda: [future.result() for future in [self.pool.submit(abs, -1) for _ in range(200)]], 3) / 200

    def ten_megabytes(self) -> float:
        data = b"x" * 10_000_000
        return best(lambda: self.interp.call(len, data), 5)

    def first_call(self) -> float:
        """Creating and the first call, over creating alone: a ratio."""
        bare, used = [], []
        for _ in range(3):
            start = time.perf_counter()
            one = self.module.create()
            bare.append(time.perf_counter() - start)
            one.call(len, "abc")
            used.append(time.perf_counter() - start)
            one.close()
        return min(used) / min(bare)


ROWS = ("queue_round_trip", "call", "pool_round_trip", "pool_submit", "ten_megabytes", "first_call")


def serve() -> None:
    """Be the native side: measure what stdin names, print one number a line."""
    from concurrent import interpreters
    from concurrent.futures import InterpreterPoolExecutor

    side = Side(interpreters, InterpreterPoolExecutor)
    for line in sys.stdin:
        print(getattr(side, line.strip())(), flush=True)
    side.close()


def main() -> None:
    native = sys.argv[sys.argv.index("--native") + 1] if "--native" in sys.argv else os.path.expanduser("~/.cache/morrow-hosts/3.14/bin/python3")
    sys.path.insert(0, str(ROOT / "src"))
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context
    from types import SimpleNamespace

    from morrow import interpreters
    from morrow.interpreters import interpreter, queues
    from morrow.interpreters.executor import InterpreterPoolExecutor
    from morrow.interpreters.pool import Pool

    processes = ProcessPoolExecutor(2, mp_context=get_context("forkserver"))
    list(processes.map(abs, range(4)))
    ours = Side(SimpleNamespace(create=interpreter.create, create_queue=queues.create), InterpreterPoolExecutor)
    other = subprocess.Popen([native, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    results: dict[str, tuple[list[float], list[float]]] = {row: ([], []) for row in ROWS}
    for _ in range(ROUNDS):
        for row in ROWS:
            results[row][0].append(getattr(ours, row)())
            other.stdin.write(row + "\n")
            other.stdin.flush()
            results[row][1].append(float(other.stdout.readline()))
    print(f"{'us (first_call: times a bare create)':40} {'ours':>10} {'native':>10} {'ratio':>8}")
    for row, (mine, theirs) in results.items():
        print(f"{row:40} {min(mine):10.1f} {min(theirs):10.1f} {min(mine) / min(theirs):8.3f}")
    other.stdin.close()
    other.wait()

    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(best(lambda: list(ours.pool.map(abs, range(20_000), chunksize=100)), 1) / 20_000)
        theirs.append(best(lambda: list(processes.map(abs, range(20_000), chunksize=100)), 1) / 20_000)
    print(f"{'map, chunks of 100, against processes':40} {min(mine):10.2f} {min(theirs):10.2f} {min(mine) / min(theirs):8.3f}")

    with Pool(1) as pool:

        def clean():
            with pool.take() as interp:
                interp.call(len, "a")

        print(f"{'warm clean interpreter':40} {best(clean, 200):10.1f}")

    times = []
    for _ in range(ROUNDS):
        with interpreters.create() as one:
            thread = threading.Thread(target=lambda one=one: _swallow(one))
            thread.start()
            while not one.is_running():
                time.sleep(0.001)
            time.sleep(0.05)
            start = time.perf_counter()
            one.interrupt()
            thread.join()
            times.append((time.perf_counter() - start) * 1e6)
    print(f"{'interrupt of an endless loop (worst)':40} {max(times):10.1f}")

    n = 3_000_000
    alone = best(lambda: ours.pool.submit(spin, n).result(), 3)
    two = best(lambda: [f.result() for f in [ours.pool.submit(spin, n) for _ in range(2)]], 3)
    p_alone = best(lambda: processes.submit(spin, n).result(), 3)
    p_two = best(lambda: [f.result() for f in [processes.submit(spin, n) for _ in range(2)]], 3)
    print(f"{'speed-up of two: interpreters, processes':40} {2 * alone / two:10.2f} {2 * p_alone / p_two:10.2f} {(2 * alone / two) / (2 * p_alone / p_two):8.3f}")
    processes.shutdown()
    ours.close()
    print(json.dumps({"python": sys.version.split()[0]}))


def _swallow(one) -> None:
    from morrow.interpreters.errors import ExecutionFailed

    try:
        one.exec("while True: pass")
    except ExecutionFailed:
        pass


if __name__ == "__main__":
    serve() if "--serve" in sys.argv else main()
