"""Do two threads in compiled loops use two cores? python benchmarks/threads.py [rounds]

Each program's work once in one thread, once in each of two threads, and once in each of two processes of plain Python; all in
turn. Throughput of two against one: 2.0 is perfect, 1.0 is what a GIL gives. On a machine that is busy with other things, the
ratio of threads to processes says more than either, and so does how much CPU time a thread gets while another one holds the GIL
and does not let go. Functions are compiled before; what is measured is the loop.
"""

from __future__ import annotations

import multiprocessing
import os
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


def mixing(n: int) -> int:
    a, b, c = 0x67452301, 0xEFCDAB89, 0x98BADCFE
    for i in range(n):
        f = (a & b) ^ (c & 0x5A827999)
        a, b, c = (b + f + i) & 0xFFFFFFFF, ((a << 5) | (a >> 27)) & 0xFFFFFFFF, (b ^ a) & 0xFFFFFFFF
    return a ^ b ^ c


PROGRAMS: dict[Callable[..., object], tuple[tuple[int, ...], tuple[int, ...]]] = {
    mandelbrot: ((700, 400, 300), (120, 70, 100)),
    pi: ((20_000_000,), (300_000,)),
    primes: ((400_000,), (9_000,)),
    mixing: ((30_000_000,), (300_000,)),
}
"""Program -> arguments when compiled, and when interpreted by the processes of plain Python."""


def in_threads(function: Callable[..., object], arguments: tuple[int, ...], count: int) -> float:
    """Return the seconds it takes to do the work in each of *count* threads."""
    threads = [threading.Thread(target=function, args=arguments) for _ in range(count)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def without_gil(function: Callable[..., object], arguments: tuple[int, ...]) -> float:
    """Return the CPU seconds that another thread used of a second in which this one held the GIL: 0 if it needs it."""
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    time.sleep(0.05)
    try:
        clock = time.pthread_getcpuclockid(thread.ident)  # type: ignore[arg-type]
        before, interval = time.clock_gettime(clock), sys.getswitchinterval()
        sys.setswitchinterval(1000)
        until = time.perf_counter() + 0.2
        while time.perf_counter() < until:
            pass
        used = (time.clock_gettime(clock) - before) / 0.2
        sys.setswitchinterval(interval)
    except (OSError, AttributeError):  # it has ended already; a system without such clocks
        used = 0.0
    thread.join()
    return used


def _timed(function: Callable[..., object], arguments: tuple[int, ...], go: object, out: object) -> None:
    go.wait()  # type: ignore[attr-defined]
    began = time.perf_counter()
    function(*arguments)
    out.put((began, time.perf_counter()))  # type: ignore[attr-defined]


def in_processes(function: Callable[..., object], arguments: tuple[int, ...], count: int) -> float:
    """The same in processes, from the first beginning to the last end."""
    context = multiprocessing.get_context("spawn")
    go, out = context.Event(), context.Queue()
    processes = [context.Process(target=_timed, args=(function, arguments, go, out)) for _ in range(count)]
    for process in processes:
        process.start()
    time.sleep(0.5)
    go.set()
    times = [out.get() for _ in processes]
    for process in processes:
        process.join()
    return max(end for _, end in times) - min(begin for begin, _ in times)


def main() -> None:
    """Print one line per program."""
    from morrow.jit import compile as pipeline, install, release

    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{os.cpu_count()} CPUs; GIL {'let go of' if release.is_possible() else 'kept'} in compiled loops")
    for function, (arguments, short) in PROGRAMS.items():
        for _ in range(30):
            function(*(min(number, 20) for number in short))
        made = pipeline.compile_function(pipeline.Request(function, (int,) * len(arguments), level=2))  # type: ignore[arg-type]
        assert isinstance(made, pipeline.Compiled), made
        one, two, one_process, two_processes, most = [], [], [], [], 0.0
        for _ in range(rounds):
            one_process.append(in_processes(function, short, 1))
            two_processes.append(in_processes(function, short, 2))
            install.install(function, made.entry)  # type: ignore[arg-type]
            one.append(in_threads(function, arguments, 1))
            two.append(in_threads(function, arguments, 2))
            most = max(most, without_gil(function, arguments))
            install.remove(function)  # type: ignore[arg-type]
        threads, processes = 2 * min(one) / min(two), 2 * min(one_process) / min(two_processes)
        print(f"{function.__name__:12} threads {threads:5.2f}x  processes {processes:5.2f}x  ratio {threads / processes:5.2f}  while another holds the GIL {most:4.2f} s/s   (one thread {min(one):.3f} s)")


if __name__ == "__main__":
    main()
