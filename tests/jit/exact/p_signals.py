"""A signal is handled while hot code runs, in its frame, and what its handler raises comes out there."""
import os
import signal
import threading

hits = []


def handler(number, frame):
    hits.append(frame.f_code.co_name in ("spin", "spin_float"))
    if raising:
        raise KeyboardInterrupt("now")


def spin(limit):
    i = 0
    while not hits and i < limit:
        i += 1
    return bool(hits)


def spin_float(limit):
    x = 0.0
    while x < limit:
        x += 1.0
    return x


def guarded(f, *a):
    try:
        return f(*a)
    except KeyboardInterrupt as e:
        return "interrupted", e.args


signal.signal(signal.SIGUSR1, handler)
raising = False
for _ in range(40):  # eager compiles in this thread: all of it before a signal is due
    guarded(spin, 40), guarded(spin_float, 40.0)
for raising in (False, True):
    for f, limit in ((spin, 6 * 10**9), (spin_float, 6e9 if raising else 1e6)):
        hits.clear()
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        print(f.__name__, raising, guarded(f, limit))
        timer.join()
        guarded(spin, 0)
