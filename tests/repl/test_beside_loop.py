"""``morrow -m asyncio``: a prompt beside a running event loop."""

import os
import signal
import subprocess
import sys
import time

import pytest

from morrow.host import HERE

pytestmark = pytest.mark.slow
ours = pytest.mark.skipif(HERE is not None and HERE.awaits_in_context, reason="without a terminal, this host's own -m asyncio is used")
FIRST = ">>> import asyncio"


def piped(text, *arguments, folder, env=None):
    return subprocess.run(
        [sys.executable, "-m", "morrow", *arguments, "-m", "asyncio"],
        cwd=folder, input=text, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHON_HISTORY": str(folder / "h"), **(env or {})},
    )  # fmt: skip


@pytest.fixture
def prompt(start):
    terminal = start(arguments=("-m", "asyncio"), wait=FIRST)
    terminal.wait(lambda _: b"\x1b[?2004h" in terminal.raw)
    return terminal


def wait_for(path, size=0):
    deadline = time.monotonic() + 30
    while not path.exists() or path.stat().st_size < size:
        assert time.monotonic() < deadline, f"{path.name} did not grow to {size} bytes"
        time.sleep(0.01)


def test_tasks_go_on_while_nobody_types(prompt, tmp_path):
    prompt.send("async def tick():", "Enter", "with open('ticks', 'ab', 0) as file:", "Enter", "while True:", "Enter")
    prompt.send("await asyncio.sleep(0.01); file.write(b'x')", "Enter", "Enter")
    prompt.send("task = asyncio.create_task(tick())", "Enter")
    wait_for(tmp_path / "ticks", 3)


def test_ctrl_c_cancels_what_is_awaited_and_the_prompt_goes_on(prompt):
    prompt.send("print('begun'); await asyncio.sleep(1000)", "Enter")
    prompt.wait("\nbegun")
    prompt.send("C-c")
    prompt.wait("KeyboardInterrupt\n>>>")
    prompt.send("await asyncio.sleep(0, 'still here')", "Enter")
    prompt.wait("'still here'\n>>>")


def test_ctrl_c_stops_a_loop_that_awaits_nothing(prompt, tmp_path):
    prompt.send("while True: open('busy', 'w').close()", "Enter", "Enter")
    wait_for(tmp_path / "busy")
    os.kill(prompt.pid, signal.SIGINT)
    prompt.wait("KeyboardInterrupt\n>>>")


def test_a_traceback_shows_the_programs_frames_only(prompt):
    prompt.send("async def f(): return 1/0", "Enter", "Enter", "await f()", "Enter")
    shown = prompt.wait("ZeroDivisionError: division by zero\n>>>")
    assert shown.count("File ") == 2 and "morrow" not in shown.split("Traceback")[1] and "concurrent" not in shown


def test_exit_ends_the_process_with_its_status(prompt):
    prompt.send("exit(3)", "Enter")
    assert prompt.wait_for_end() == 3
    assert "exiting asyncio REPL..." in prompt.text


def test_the_end_of_the_input_is_the_end(prompt):
    prompt.send("C-d")
    assert prompt.wait_for_end() == 0


@ours
def test_blocks_share_one_context(tmp_path):
    text = "from contextvars import ContextVar\nv = ContextVar('v', default='no')\nasync def set(): v.set('yes')\nawait set()\nv.get()\n"
    done = piped(text, folder=tmp_path)
    assert (done.stdout.replace(">>> ", ""), done.returncode) == ("'yes'\n", 0)


@ours
def test_what_is_piped_in_may_have_blocks_of_several_lines(tmp_path):
    done = piped("async def f():\n    return 5\n\nawait f()\nexit(2)\n", folder=tmp_path)
    assert (done.stdout.replace("... ", ""), done.returncode) == (">>> >>> 5\n>>> ", 2)


@ours
def test_a_broken_startup_file_is_shown_and_the_prompt_opens(tmp_path):
    (tmp_path / "startup.py").write_text("1/0\n")
    done = piped("print('user code')\n", "-q", folder=tmp_path, env={"PYTHONSTARTUP": str(tmp_path / "startup.py")})
    assert done.stdout == ">>> user code\n>>> "
    assert "ZeroDivisionError" in done.stderr and "startup.py" in done.stderr


@ours
def test_new_syntax_is_understood(tmp_path):
    assert piped("t'{1}'.values\ntype A = int\n", folder=tmp_path).stdout == ">>> (1,)\n>>> >>> "


@ours
def test_what_is_piped_in_is_prompted_for_and_named_as_3_14_does(tmp_path):
    # Its prompt asks `input`, which writes to the standard output.
    done = piped("1 + 1\n1/0\n", "-q", folder=tmp_path)
    assert done.stdout == ">>> 2\n>>> >>> "
    assert done.stderr.startswith('>>> import asyncio\nTraceback (most recent call last):\n  File "<stdin>", line 1, in <module>\n')
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n\nexiting asyncio REPL...\n")
