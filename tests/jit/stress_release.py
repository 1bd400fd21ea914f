"""Eight threads in compiled loops that let go of the GIL, under signals: python -m tests.jit.stress_release [seconds] [seed]

Not part of the test suite: run by hand for as long as there is time. Results are compared with the interpreter's; a difference,
a crash or a hang is a mistake.
"""

from __future__ import annotations

import ctypes
import faulthandler
import random
import signal
import sys
import threading
import time

from tests.jit import test_release as programs
from tests.jit.native import call, compiled

from morrow.jit import natives, release


def mixing(n: int) -> int:
    a, b = 0x67452301, 0xEFCDAB89
    for i in range(n):
        a, b = (b + (a & 0x5A827999) + i) & 0xFFFFFFFF, ((a << 5) | (a >> 27)) & 0xFFFFFFFF
    return a ^ b


def collatz(n: int) -> int:
    most = 0
    for start in range(1, n):
        x, steps = start, 0
        while x != 1:
            x = x // 2 if x % 2 == 0 else 3 * x + 1
            steps += 1
        if steps > most:
            most = steps
    return most


def main() -> None:
    """Run; print how much was done."""
    faulthandler.enable()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    chance = random.Random(seed)
    made = []
    for function, warm, arguments in (
        (programs.count, (5,), [(n,) for n in (0, 1, 100, 20_000, 400_000)]),
        (programs.nested, (2, 2), [(0, 5), (30, 10), (50, 2000), (300, 300)]),
        (programs.appends, (5,), [(n,) for n in (0, 1000, 30_000)]),
        (programs.overflows, (5,), [(100,), (200_000,)]),
        (mixing, (5,), [(n,) for n in (1, 5000, 200_000)]),
        (collatz, (5,), [(30,), (3000,)]),
    ):
        code = compiled(function, *warm)
        made += [(code, given, function(*given)) for given in arguments]
    ctypes.c_int64.from_address(natives.runtime()["morrow_contended"]).value = 1
    calls, signals, wrong = [0] * 8, [0], []
    until = time.monotonic() + seconds

    def work(number: int, own: random.Random) -> None:
        while time.monotonic() < until and not wrong:
            code, given, expected = own.choice(made)
            got = call(code, *given)
            if got != expected:
                wrong.append((str(code), given, expected, got))
            calls[number] += 1

    def on_signal(*_: object) -> None:
        signals[0] += 1

    signal.signal(signal.SIGALRM, on_signal)
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
    threads = [threading.Thread(target=work, args=(n, random.Random(chance.random()))) for n in range(7)]
    for thread in threads:
        thread.start()
    released = 0
    while any(thread.is_alive() for thread in threads):
        released += release.is_any_released()
        work(7, chance) if chance.random() < 0.02 else time.sleep(0.001)
    signal.setitimer(signal.ITIMER_REAL, 0, 0)
    print(f"seed {seed}: {sum(calls)} calls, {signals[0]} signals, released at {released} looks, wrong: {wrong or 'none'}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
