"""`Interpreter` objects, beside what CPython's own tests say of them (tests/stdlib)."""

from __future__ import annotations

import subprocess
import sys
import threading

from morrow.interpreters import engine
from tests.support.same import clean_environment


def test_the_main_interpreter_runs_whatever_its_threads_do():
    started, end = threading.Event(), threading.Event()
    threads = [threading.Thread(target=lambda: (started.set(), end.wait())) for _ in range(3)]
    for thread in threads:
        thread.start()
        assert engine.is_running(engine.MAIN)
    end.set()
    for thread in threads:
        thread.join()
        assert engine.is_running(engine.MAIN)


def test_a_traceback_shows_the_method_that_raised_as_3_14s_does(tmp_path):
    path = tmp_path / "program.py"
    path.write_text("from concurrent import interpreters\ninterp = interpreters.create()\ntry:\n    interp.exec('1/0')\nfinally:\n    interp.close()\n")
    done = subprocess.run([sys.executable, "-m", "morrow", path], capture_output=True, text=True, env=clean_environment(), timeout=60)
    lines = done.stderr.splitlines()
    assert lines[1].endswith("line 4, in <module>"), done.stderr
    assert lines[4].endswith(", in exec") and lines[5] == "    raise ExecutionFailed(excinfo)", done.stderr
    assert lines[6] == "concurrent.interpreters.ExecutionFailed: ZeroDivisionError: division by zero"
