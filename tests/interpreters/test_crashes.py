"""What crashes or hangs hosts through their private modules cannot be reached through ours: the table, row by row.

Each program runs in a process of its own, which must end with status 0 and say what it did.
"""

from __future__ import annotations

import pytest

START = """
import threading, time
from morrow.interpreters import interpreter
from morrow.interpreters.errors import InterpreterError, ExecutionFailed
interp = interpreter.create()
"""
REMAINING = "remaining subinterpreters; close them with Interpreter.close()"


def test_an_interpreter_that_runs_is_not_destroyed(program):
    assert "interpreter running" in program(
        START
        + """
r, w = __import__("os").pipe()
thread = interp.call_in_thread(exec, f"import os; os.read({r}, 1)")
while not interp.is_running(): pass
try: interp.close()
except InterpreterError as error: print(error)
__import__("os").write(w, b"x"); thread.join(); interp.close()
"""
    )


def test_destroying_waits_for_background_threads(program):
    assert program(START + "interp.exec('import threading, time; threading.Thread(target=lambda: (time.sleep(.3), print(1))).start()')\ninterp.close(); print(2)") == "1\n2\n"


def test_daemon_threads_are_refused(program):
    text = "import threading; threading.Thread(target=print, daemon=True).start()"
    assert "daemon threads are disabled" in program(START + f"try: interp.exec({text!r})\nexcept ExecutionFailed as error: print(error)\ninterp.close()")


def test_fork_is_refused(program):
    assert "fork not supported" in program(START + "try: interp.exec('import os; os.fork()')\nexcept ExecutionFailed as error: print(error)\ninterp.close()")


def test_subprocesses_can_be_started(program):
    text = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'print(7)'], capture_output=True, text=True).stdout.strip(), flush=True)"
    assert program(START + f"interp.exec({text!r})\ninterp.close()") == "7\n"


def test_leaving_with_an_interpreter_open(program):
    assert program(START + "interp.exec('x = 1'); print('left')", errors=REMAINING) == "left\n"


def test_leaving_with_a_background_thread(program):
    source = "interp.exec('import threading, time; threading.Thread(target=lambda: (time.sleep(.3), print(1, flush=True))).start()'); print('left', flush=True)"
    assert program(START + source, errors=REMAINING) == "left\n1\n"


def test_leaving_while_a_daemon_thread_runs_one(program):
    source = "threading.Thread(target=interp.call, args=(time.sleep, 1), daemon=True).start()\nwhile not interp.is_running(): pass\nprint('left')"
    assert program(START + source, errors=REMAINING) == "left\n"


def test_running_and_destroying_the_same_one_from_many_threads(program):
    source = """
def run():
    try: interp.exec("1"); interp.close()
    except InterpreterError: pass
threads = [threading.Thread(target=run) for _ in range(200)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("ok")
"""
    assert program(START + source, errors=None) == "ok\n"


def test_many_at_once_create_import_and_close(program):
    source = """
def loop():
    for _ in range(5):
        mine = interpreter.create(); mine.exec("import json, re, logging"); mine.close()
threads = [threading.Thread(target=loop) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
interp.close(); print("ok")
"""
    assert program(START + source) == "ok\n"


def test_one_that_shares_the_gil_is_closed_when_it_has_worked_for_a_while(program):
    source = """
import os
from morrow.interpreters import create
for milliseconds in range(4, 12):  # where a second thread asks for the GIL, it is about to begin to, or has begun
    with create("shared-gil") as one:
        one.call(time.sleep, milliseconds / 1000)
    print(len(os.listdir("/proc/self/fd")))
interp.close()
"""
    # The first one leaves what all later ones use; after that nothing more stays open.
    assert len(set(program(START + source).split()[1:])) == 1


@pytest.mark.parametrize("module", ["datetime", "decimal", "zoneinfo", "sqlite3", "asyncio", "http.server"])
def test_modules_of_the_library_can_be_imported_and_closed_twice(program, module):
    source = f"interp.exec('import {module}'); interp.close(); interp = interpreter.create(); interp.exec('import {module}'); interp.close(); print('ok')"
    # Some libraries warn when they are loaded twice.
    assert program(START + source, errors=None) == "ok\n"


def test_asyncio_runs(program):
    assert program(START + "interp.exec('import asyncio; asyncio.run(asyncio.sleep(.01)); print(1, flush=True)'); interp.close()") == "1\n"


def test_threading_first_imported_by_a_thread_that_has_ended(program):
    source = "interp.call_in_thread(exec, 'import threading').join(); interp.close(); print('ok')"
    assert program(START + source) == "ok\n"


def test_functions_with_keywords_first_called_in_an_interpreter(program):
    source = "interp.exec('import pickle; pickle.dumps([], 5, buffer_callback=[].append)'); interp.close(); print('ok')"
    assert program(START + source) == "ok\n"


def test_system_exit_ends_nothing_but_the_code(program):
    source = "try: interp.exec('raise SystemExit(3)')\nexcept ExecutionFailed as error: print(error.excinfo.formatted)\ninterp.close()"
    assert program(START + source) == "SystemExit: 3\n"


def test_a_busy_interpreter_does_not_starve_the_others(program):
    source = """
spin = "import time\\nend = time.monotonic() + .5\\nwhile time.monotonic() < end: pass"
thread = interp.call_in_thread(exec, spin)
wakes = 0
while thread.is_alive():
    time.sleep(.005); wakes += 1
interp.close(); print(wakes >= 5)
"""
    assert program(START + source) == "True\n"
