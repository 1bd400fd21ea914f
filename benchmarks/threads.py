"""Do two threads of an unmodified program use two cores? Run by morrow with the jit on, against plain Python on the same host.

    python benchmarks/threads.py [--rounds N] [--programs NAME,...]

Each program is a function that `threading` runs, once in one thread and once in each of two; nothing is compiled by hand: the
child runs it for some seconds first, as a service would have. Printed per program:

    threads     throughput of two threads against one, under morrow: 2.0 is perfect, 1.0 is what a GIL gives
    processes   the same for two processes of plain Python: what the machine can do at the moment
    ratio       threads / processes
    one, two    how many times plain Python's throughput with as many threads

Everything alternates, and the best of the rounds counts. What the jit left to CPython is printed with its reason.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable


def mandelbrot(w: int, h: int, most: int) -> int:
    total = 0
    for py in range(h):
        for px in range(w):
            x0 = px / w * 3.5 - 2.5
            y0 = py / h * 2.0 - 1.0
            x = 0.0
            y = 0.0
            i = 0
            while x * x + y * y <= 4.0 and i < most:
                x, y = x * x - y * y + x0, 2.0 * x * y + y0
                i += 1
            total += i
    return total


def pi(n: int) -> float:
    seed = 42
    inside = 0
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) & 2147483647
        x = seed / 2147483648.0
        seed = (seed * 1103515245 + 12345) & 2147483647
        y = seed / 2147483648.0
        if x * x + y * y <= 1.0:
            inside += 1
    return 4.0 * inside / n


def primes(n: int) -> int:
    found = 0
    for number in range(2, n):
        d = 2
        prime = 1
        while d * d <= number:
            if number % d == 0:
                prime = 0
                break
            d += 1
        found += prime
    return found


def queens(n: int) -> int:
    rows = [0] * n
    found = 0
    row = 0
    rows[0] = -1
    while row >= 0:
        column = rows[row] + 1
        while column < n:
            free = True
            for other in range(row):
                if rows[other] == column or rows[other] - column == other - row or rows[other] - column == row - other:
                    free = False
                    break
            if free:
                break
            column += 1
        if column == n:
            row -= 1
        else:
            rows[row] = column
            if row == n - 1:
                found += 1
            else:
                row += 1
                rows[row] = -1
    return found


def matrix(n: int) -> float:
    a = [[float(i * j % 7) for j in range(n)] for i in range(n)]
    b = [[float((i + j) % 5) for j in range(n)] for i in range(n)]
    c = [[0.0] * n for _ in range(n)]
    for i in range(n):
        row, out = a[i], c[i]
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += row[k] * b[k][j]
            out[j] = total
    return c[n // 2][n // 3]


def nbody(steps: int) -> float:
    xs, ys, zs = [0.0, 4.84, 8.34, 12.89, 15.37], [0.0, -1.16, 4.12, -15.11, -25.9], [0.0, -0.1, -0.4, -0.22, 0.17]
    us, vs, ws = [0.0, 0.6, -1.01, 1.08, 0.97], [0.0, 2.81, 1.82, 0.86, 0.59], [0.0, -0.02, 0.008, -0.01, -0.03]
    masses = [39.47, 0.037, 0.011, 0.0017, 0.002]
    for _ in range(steps):
        for i in range(5):
            for j in range(i + 1, 5):
                dx, dy, dz = xs[i] - xs[j], ys[i] - ys[j], zs[i] - zs[j]
                distance = dx * dx + dy * dy + dz * dz
                size = 0.01 / (distance * distance**0.5)
                us[i] -= dx * masses[j] * size
                vs[i] -= dy * masses[j] * size
                ws[i] -= dz * masses[j] * size
                us[j] += dx * masses[i] * size
                vs[j] += dy * masses[i] * size
                ws[j] += dz * masses[i] * size
        for i in range(5):
            xs[i] += 0.01 * us[i]
            ys[i] += 0.01 * vs[i]
            zs[i] += 0.01 * ws[i]
    return xs[0] + ys[1] + zs[2]


def spectral(n: int) -> float:
    u = [1.0] * n
    for _ in range(4):
        v = [0.0] * n
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += u[j] / ((i + j) * (i + j + 1) // 2 + i + 1)
            v[i] = total
        u = v
    return u[n // 2]


def levenshtein(n: int) -> int:
    a, b = bytes(i * i % 251 for i in range(n)), bytes(i * 7 % 251 for i in range(n))
    before = list(range(n + 1))
    for i in range(n):
        after = [i + 1] * (n + 1)
        x = a[i]
        for j in range(n):
            cost = before[j] if x == b[j] else before[j] + 1
            if after[j] + 1 < cost:
                cost = after[j] + 1
            if before[j + 1] + 1 < cost:
                cost = before[j + 1] + 1
            after[j + 1] = cost
        before = after
    return before[n]


def numpy_loop(n: int) -> float:
    import numpy

    values = numpy.arange(n, dtype=numpy.float64)
    total = 0.0
    for i in range(n):
        total += values[i] * 0.5
    return float(total)


def mixing(n: int) -> int:
    a, b, c = 0x67452301, 0xEFCDAB89, 0x98BADCFE
    for i in range(n):
        f = (a & b) ^ (c & 0x5A827999)
        a, b, c = (b + f + i) & 0xFFFFFFFF, ((a << 5) | (a >> 27)) & 0xFFFFFFFF, (b ^ a) & 0xFFFFFFFF
    return a ^ b ^ c


PROGRAMS: dict[str, tuple[Callable[..., object], tuple[int, ...]]] = {
    function.__name__: (function, arguments)
    for function, *arguments in (
        (mandelbrot, 600, 60, 300), (pi, 500_000), (primes, 25_000), (queens, 8), (matrix, 90), (nbody, 6_000), (spectral, 250),
        (levenshtein, 600), (numpy_loop, 400_000), (mixing, 500_000),
    )  # fmt: skip
}
"""Name -> function and arguments: a few tenths of a second of plain Python."""

AT_LEAST = 0.4
"""Seconds that each thread works for in one measurement."""


def repeat(function: Callable[..., object], arguments: tuple[int, ...], times: int) -> None:
    for _ in range(times):
        function(*arguments)


def in_threads(function: Callable[..., object], arguments: tuple[int, ...], times: int, count: int) -> float:
    """Return the seconds in which each of *count* threads does the work *times* times."""
    threads = [threading.Thread(target=repeat, args=(function, arguments, times)) for _ in range(count)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def child(name: str, warm: float) -> None:
    """Answer each line of standard input, a number of threads, with the seconds for one unit of work in each."""
    function, arguments = PROGRAMS[name]
    until = time.perf_counter() + warm
    while time.perf_counter() < until:
        function(*arguments)
    once = math.inf
    for _ in range(3):  # the first of them may have begun before its machine code was there
        began = time.perf_counter()
        function(*arguments)
        once = min(once, time.perf_counter() - began)
    times = max(1, math.ceil(AT_LEAST / once))
    print("ready", flush=True)
    for line in sys.stdin:
        print(in_threads(function, arguments, times, int(line)) / times, flush=True)


class Child:
    """A Python that runs one of the programs when told to.

    Args:
        command: the interpreter and its options.
        name: which program.
        warm: seconds to run it before.
    """

    def __init__(self, command: list[str], name: str, warm: float) -> None:
        arguments = [*command, __file__, "--child", name, str(warm)]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", self.process.stderr.read()  # type: ignore[union-attr]

    def start(self, count: int) -> None:
        self.process.stdin.write(f"{count}\n")  # type: ignore[union-attr]
        self.process.stdin.flush()  # type: ignore[union-attr]

    def seconds(self) -> float:
        return float(self.process.stdout.readline())  # type: ignore[union-attr]

    def end(self) -> str:
        """End it; return what it said to standard error."""
        return self.process.communicate()[1]


def measure(name: str, rounds: int, warm: float) -> tuple[dict[str, float], str]:
    """Return the seconds for one unit of work by who did it, and morrow's account of what it compiled."""
    plain, other = (Child([sys.executable], name, 0.0) for _ in range(2))
    ours = Child([sys.executable, "-m", "morrow", "--explain", "-X", "jit=on"], name, warm)
    best: dict[str, float] = {}

    def note(key: str, seconds: float) -> None:
        best[key] = min(seconds, best.get(key, math.inf))

    for _ in range(rounds):
        for count in (1, 2):
            for one, key in ((plain, "plain"), (ours, "ours")):
                one.start(count)
                note(f"{key} {count}", one.seconds())
        for one in (plain, other):
            one.start(1)
        note("processes", max(plain.seconds(), other.seconds()))
    plain.end(), other.end()
    return best, ours.end()


def main() -> None:
    """Print one line per program, and the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each is measured (default 3)")
    parser.add_argument("--programs", default=",".join(PROGRAMS), metavar="NAME,...", help="which programs (default: all)")
    parser.add_argument("--warm", type=float, default=4.0, metavar="SECONDS", help="how long morrow runs a program before (default 4)")
    parser.add_argument("--json", metavar="FILE", help="write the seconds there too")
    parser.add_argument("--child", nargs=2, metavar=("NAME", "WARM"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], float(arguments.child[1]))
        return
    names = arguments.programs.split(",")
    unknown = [name for name in names if name not in PROGRAMS]
    if unknown:
        parser.error(f"no such program: {', '.join(unknown)}; there are {', '.join(PROGRAMS)}")
    print(f"CPython {sys.version.split()[0]}, {os.cpu_count()} CPUs, {arguments.rounds} rounds")
    print(f"{'':12} {'threads':>8} {'processes':>10} {'ratio':>6} {'one':>8} {'two':>8}")
    results, twos, good = {}, [], 0
    for name in names:
        if name == "numpy_loop" and subprocess.run([sys.executable, "-c", "import numpy"], capture_output=True).returncode:
            print(f"{name:12} numpy is not installed")
            continue
        best, said = measure(name, arguments.rounds, arguments.warm)
        results[name] = best
        threads, processes = 2 * best["ours 1"] / best["ours 2"], 2 * best["plain 1"] / best["processes"]
        one, two = best["plain 1"] / best["ours 1"], best["plain 2"] / best["ours 2"]
        twos.append(two)
        good += threads >= 0.95 * processes
        print(f"{name:12} {threads:7.2f}x {processes:9.2f}x {threads / processes:6.2f} {one:7.1f}x {two:7.1f}x")
        left = [line.strip() for line in said.splitlines() if f" {name}:" in line or f" {name} " in line or line.strip().startswith(name)]
        if threads < 0.95 * processes:
            print("".join(f"{'':12} {line}\n" for line in left[:3]), end="")
    if twos:
        mean = math.exp(sum(map(math.log, twos)) / len(twos))
        print(f"ratio at least 0.95: {good} of {len(twos)}; two threads against plain Python's two: {mean:.1f}x (geometric mean)")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"python": sys.version.split()[0], "seconds": results}, file, indent=1)


if __name__ == "__main__":
    main()
