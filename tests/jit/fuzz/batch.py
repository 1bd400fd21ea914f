"""Run many programs, each in a fork of one prepared process: ``python batch.py MODE FOLDER FIRST...``

Prints ``\\0NAME``, the program's output, then ``\\1STATUS`` for each. MODE is "off", a mode of the jit, or "sampled": mode "on"
with all patience taken away, so that loops are entered while they run. Runs as a script under the host that is tested;
imports nothing of the tests. FUZZ_ONLY=: also compile the library the programs use. FUZZ_EXPLAIN=1: say what was compiled.
"""

import contextlib
import gc
import io
import os
import signal
import sys
import time
import traceback

SECONDS = 20
"""CPU seconds after which a program is ended (SIGVTALRM)."""


def start(mode):
    """Switch the jit on, as it is for programs or with less patience."""
    import morrow.jit
    from morrow.jit import hot, worker

    if mode == "sampled":
        from morrow.jit import compile as compiler
        from morrow.jit import hot_sampling

        hot.HOT_SAMPLES, hot.LOOP_SAMPLES = 1, 1
        hot_sampling.INTERVAL = 0.0005
        worker.START_BUSY, worker.BUDGET, worker.ALLOWANCE, worker.REVIEW_EVERY = 0, 100, 100, 0.02
        compiler.LEAST_GAIN = 0
    patience, worker.START_BUSY = worker.START_BUSY, 1e9  # prepared here, not by the sampler
    started = morrow.jit.start(mode="on" if mode == "sampled" else mode)
    made = morrow.jit._get_worker()
    made.only = os.environ.get("FUZZ_ONLY", "p")  # the programs, not the standard library
    if not started or not made.prepare():
        sys.exit(f"the jit is off: {made.off} {morrow.jit.explain()}")
    worker.START_BUSY = patience


def run(name, times):
    """Run one program (several times, so that some runs find warm code) and write what it printed."""
    real = sys.stdout
    with open(name, encoding="utf-8") as file:
        source = file.read()
    out = io.StringIO()
    code = compile(source, name, "exec")
    with contextlib.redirect_stdout(out):
        for _ in range(times):
            try:
                exec(code, {"__name__": "__main__", "__builtins__": __builtins__})
            except BaseException:
                lines = traceback.format_exc().splitlines()
                print("uncaught:", *[line for line in lines if "batch.py" not in line and "Previous line repeated" not in line], sep="\n")
    real.write(out.getvalue())
    real.flush()


def main():
    """Run the programs named on the command line."""
    mode, folder, *names = sys.argv[1:]
    times = int(os.environ.get("FUZZ_TIMES", "1"))
    if mode != "off":
        start(mode)
    os.chdir(folder)
    gc.collect()
    for name in names:
        print(f"\x00{name}", flush=True)
        child = os.fork()
        if child == 0:
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
            try:
                run(name, times)
                if os.environ.get("FUZZ_EXPLAIN") and mode != "off":
                    import morrow.jit

                    sys.stderr.write(morrow.jit.explain())
            except BaseException:
                traceback.print_exc()
            if name.endswith("0.py"):
                sys.exit()  # now and then the whole end of an interpreter
            os._exit(0)
        until = time.monotonic() + 6 * SECONDS
        status = None
        while status is None and time.monotonic() < until:
            done, status = os.waitpid(child, os.WNOHANG)
            if not done:
                status = None
                time.sleep(0.002)
        if status is None:
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
        print(f"\x01{os.waitstatus_to_exitcode(status)}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
