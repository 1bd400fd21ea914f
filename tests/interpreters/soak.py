"""Use interpreters ten thousand times, and a pool a hundred thousand times, and say what is left over afterwards.

    python -m tests.interpreters.soak [--cycles 10000] [--tasks 100000] [--backend own-gil | shared-gil | process | pool]

A cycle is: make an interpreter, call something in it, close it; with ``pool``: take a clean one, use it, give it back. Every
tenth imports something too.
Memory is what the process has in RAM, and of it what the first tenth has already cost does not count: caches fill then.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

from morrow.interpreters import InterpreterPoolExecutor, Pool, create, engine
from morrow.interpreters.policy import Placed


def kilobytes() -> int:
    """Return how much memory this process has in RAM."""
    gc.collect()
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(("Private_", "Shared_Dirty")))


def descriptors() -> int:
    """Return how many files this process has open."""
    return len(os.listdir("/proc/self/fd"))


def use(interp: Placed, turn: int) -> int:
    """Do something in an interpreter; return how many times."""
    assert interp.call(pow, 2, 5) == 32
    interp.exec("import json; x = json.dumps([1])" if turn % 10 == 0 else "x = [1] * 1000")
    return 1


def soak(name: str, number: int, step: Callable[[], int]) -> None:
    """Do *step* until it has been done *number* times; print what has grown."""
    start = time.perf_counter()
    rows = []
    done = 0
    for tenth in range(10):
        while done < number * (tenth + 1) // 10:
            done += step()
        rows.append((kilobytes(), descriptors()))
        print(f"{name}: {done:7} {rows[-1][0]:9} KiB {rows[-1][1]:4} descriptors {time.perf_counter() - start:7.1f} s", flush=True)
    grown = (rows[-1][0] - rows[0][0]) / (done * 0.9)
    interpreters = len(engine.list_all())
    print(json.dumps({"what": name, "python": sys.version.split()[0], "times": done, "KiB each": round(grown, 3), "descriptors more": rows[-1][1] - rows[0][1], "interpreters": interpreters}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=10_000)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--backend", default="own-gil", choices=["own-gil", "shared-gil", "process", "pool"])
    given = parser.parse_args()
    turns = itertools.count()
    if given.cycles and given.backend == "pool":
        with Pool(1) as pool:

            def take() -> int:
                with pool.take() as interp:
                    return use(interp, next(turns))

            soak("clean interpreters of a pool", given.cycles, take)
    elif given.cycles:

        def cycle() -> int:
            with create(given.backend) as interp:
                return use(interp, next(turns))

        soak(f"{given.backend} interpreters", given.cycles, cycle)
    if given.tasks:
        with InterpreterPoolExecutor(2) as executor:

            def tasks() -> int:
                for future in [executor.submit(abs, -number) for number in range(100)]:
                    future.result()
                return 100

            soak("tasks of a pool", given.tasks, tasks)


if __name__ == "__main__":
    main()
