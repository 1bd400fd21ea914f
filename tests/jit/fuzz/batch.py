"""Run many programs in one process: ``python batch.py MODE FOLDER FIRST...``; prints each program's output behind a marker.

MODE is "off", or a mode of the jit. Runs as a script under the host that is tested; imports nothing of the tests.
"""

import contextlib
import io
import os
import sys
import traceback


def main() -> None:
    """Run the programs named on the command line."""
    mode, folder, *names = sys.argv[1:]
    if mode != "off":
        import morrow.jit

        if not morrow.jit.start(mode=mode):
            sys.exit(f"the jit is off: {morrow.jit.explain()}")
        if mode == "eager":
            morrow.jit._worker.only = os.environ.get("FUZZ_ONLY", "p")  # the programs, not the standard library
    os.chdir(folder)
    real = sys.stdout
    for name in names:
        print(f"\x00{name}", file=real, flush=True)
        with open(name, encoding="utf-8") as file:
            source = file.read()
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            try:
                exec(compile(source, name, "exec"), {"__name__": "__main__"})
            except BaseException:
                lines = traceback.format_exc().splitlines()
                print("uncaught:", *[line for line in lines if "batch.py" not in line], sep="\n")
        real.write(out.getvalue())
        real.flush()
    if os.environ.get("FUZZ_EXPLAIN") and mode != "off":
        sys.stderr.write(morrow.jit.explain())
    real.flush()


if __name__ == "__main__":
    main()
