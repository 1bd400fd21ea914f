"""sys.remote_exec's promise, kept on every version."""

from __future__ import annotations

import subprocess
import sys

import pytest

from morrow.attach import remote_exec
from morrow.attach.remote_exec import write_request
from morrow.attach.target import find
from tests.attach.conftest import wait_until
from tests.support.builds import get_build
from tests.support.same import clean_environment
from tests.support.targets import code, running


@pytest.mark.parametrize("state", ["sleep", "busy"])
def test_a_file_runs_in_a_namespace_of_its_own(state, tmp_path):
    script, result = tmp_path / "script.py", tmp_path / "result"
    script.write_text(f"import os, sys\nopen({str(result)!r}, 'w').write(f'{{__name__}} {{os.getpid()}}')\n")
    with running(sys.executable, state) as target:
        remote_exec(target.pid, str(script))
        wait_until(lambda: result.exists() and result.read_text() == f"builtins {target.pid}")
        assert target.alive


def test_errors_are_printed_by_the_target(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nsys.stderr.write('here\\n'); 1/0\n")
    with running(sys.executable, "sleep") as target:
        remote_exec(target.pid, script)
        assert target.process.stderr is not None
        assert target.process.stderr.readline() == "here\n"
        assert target.process.stderr.readline() == "Traceback (most recent call last):\n"
        assert target.alive


def test_sys_has_it_with_the_errors_and_audit_events_of_3_14(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print('ran', __name__, globals() is not __import__('__main__').__dict__, flush=True)\n")
    program = f"""
import os, sys, threading
def attempt(*given):
    try: print(sys.remote_exec(*given))
    except Exception as error: print(type(error).__name__, error.args)
script = {str(script)!r}
attempt(99999999, script); attempt(0, script); attempt(-1, script); attempt(os.getpid(), "/nowhere"); attempt(os.getpid(), 5); attempt("x", script)
attempt(2 ** 70, script)
sys.addaudithook(lambda event, given: print("audit", event, given) if "remote" in event else None)
attempt(os.getpid(), script)
print(sys.is_remote_debug_enabled(), sys.remote_exec.__module__)
"""
    done = subprocess.run([sys.executable, "-m", "morrow", "-c", program], capture_output=True, text=True, env=clean_environment())
    gone = "RuntimeError ('PyRuntime address lookup failed during debug offsets initialization',)"
    assert done.stderr == "" and done.stdout.splitlines()[:7] == [
        gone, gone, gone, "FileNotFoundError ('Script file does not exist',)",
        "TypeError ('expected str, bytes or os.PathLike object, not int',)", "TypeError (\"'str' object cannot be interpreted as an integer\",)",
        "OverflowError ('Python int too large to convert to C int',)",
    ]  # fmt: skip
    rest = done.stdout.splitlines()[7:]
    assert rest[0].startswith("audit sys.remote_exec (") and sorted(rest[1:4]) == sorted(
        [f"audit cpython.remote_debugger_script ({str(script)!r},)", "ran builtins True", "None"]
    )
    assert rest[4] == "True sys"


def test_a_thread_asks_its_own_process(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import threading; print(threading.current_thread() is threading.main_thread(), flush=True)\n")
    program = f"import os, sys, threading, time\nt = threading.Thread(target=lambda: sys.remote_exec(os.getpid(), {str(script)!r})); t.start(); t.join()\nfor _ in range(10): time.sleep(0.01)\n"
    done = subprocess.run([sys.executable, "-m", "morrow", "-c", program], capture_output=True, text=True, env=clean_environment())
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_another_process_is_told_which_script_and_may_refuse(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print('ran')\n")
    program = "import sys, time\nsys.addaudithook(lambda event, given: print(event, given, flush=True) if 'remote' in event else None)\nready()\ntime.sleep(100)"
    with code(sys.executable, program) as target:
        remote_exec(target.pid, script)
        assert target.line() == f"cpython.remote_debugger_script ({str(script)!r},)"
    with code(sys.executable, "import time; ready(); time.sleep(100)", env={"PYTHON_DISABLE_REMOTE_DEBUG": "1"}) as target:
        ask = f"import sys\ntry: sys.remote_exec({target.pid}, {str(script)!r})\nexcept RuntimeError as error: print(error)"
        done = subprocess.run([sys.executable, "-m", "morrow", "-c", ask], capture_output=True, text=True, env=clean_environment())
        assert done.stdout == "Remote debugging is not enabled in the remote process\n", done.stderr


def test_a_file_that_is_not_there_is_an_error_here():
    with pytest.raises(FileNotFoundError):
        remote_exec(1, "/nowhere/script.py")


def test_pep_768_is_used_as_it_stands(tmp_path):
    script, result = tmp_path / "script.py", tmp_path / "result"
    script.write_text(f"open({str(result)!r}, 'w').write('ran')\n")
    with running(get_build("3.14"), "busy") as process, find(process.pid) as target:
        write_request(target, str(script))
        wait_until(lambda: result.exists() and result.read_text() == "ran")
        assert process.alive
