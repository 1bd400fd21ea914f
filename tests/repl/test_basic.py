"""The plain prompt ends when nobody is there any more."""

import os
import subprocess
import sys

import pytest


def test_it_ends_when_its_input_and_its_reader_are_gone(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "morrow", "-i"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    process.stderr.close()
    process.stdin.write(b"1 + 1\n")
    process.stdin.close()
    assert process.wait(30) is not None


def test_it_runs_what_is_piped_in(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "morrow", "-q", "-i"], cwd=tmp_path, input="x = 6\nx * 7\n", capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "42\n"


def test_a_closed_input_is_the_end(tmp_path):
    command = f"exec {sys.executable} -m morrow -q -i <&-"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=30, env=os.environ)
    assert done.returncode == 0


def run_piped(tmp_path, text):
    return subprocess.run([sys.executable, "-m", "morrow", "-q", "-i"], cwd=tmp_path, input=text, capture_output=True, text=True, timeout=30)


def test_a_failing_excepthook_is_said_beside_the_exception(tmp_path):
    done = run_piped(tmp_path, "import sys\nsys.excepthook = 1\n1/0\nprint('on')\n")
    assert done.stdout == "on\n"
    assert "Error in sys.excepthook:" in done.stderr and "'int' object is not callable" in done.stderr
    assert "Original exception was:" in done.stderr and "division by zero" in done.stderr and "basic.py" not in done.stderr


def test_an_error_at_the_end_of_a_line_has_its_mark_there(tmp_path):
    assert '  File "<stdin>", line 1\n    x==\n       ^\nSyntaxError: invalid syntax\n' in run_piped(tmp_path, "x==\n").stderr


def test_what_the_compiler_refuses_is_said_when_the_block_has_ended(tmp_path):
    done = run_piped(tmp_path, "def f(x, x): ...\n\n")
    assert done.stderr.startswith(">>> ... ")
    assert "    def f(x, x): ...\n             ^\nSyntaxError: duplicate argument 'x' in function definition\n" in done.stderr


def test_an_input_that_ends_in_the_middle_of_something_says_what_is_missing(tmp_path):
    assert "SyntaxError: '(' was never closed" in run_piped(tmp_path, "from a import (").stderr


def test_tracebacks_show_what_was_typed(tmp_path):
    done = run_piped(tmp_path, "def f(x):\n    return 1 / x\n\nf(0)\n")
    assert '    f(0)\n    ~^^^\n' in done.stderr
    assert '  File "<stdin>", line 2, in f\n    return 1 / x\n           ~~^~~\n' in done.stderr


def test_a_warning_is_given_once(tmp_path):
    done = run_piped(tmp_path, "'\\d'\n1 is 1\ndef f():\n  try: pass\n  finally: return 1\n\n")
    assert done.stdout == "'\\\\d'\nTrue\n" and done.stderr.count("SyntaxWarning") == 3
    assert """"is" with 'int' literal""" in done.stderr and "5: SyntaxWarning: 'return' in a 'finally' block" not in done.stderr


def test_without_any_memory_it_ends_as_python_does(tmp_path):
    pytest.importorskip("_testcapi", reason="it can take all memory away")
    done = run_piped(tmp_path, "import sys, _testcapi\n_testcapi.set_nomemory(0, 0)\nsys.exit(0)\n")
    assert done.returncode in (1, 120)  # as CPython's test_repl has it
