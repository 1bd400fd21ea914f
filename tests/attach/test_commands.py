"""--ps, --dump, --watch and --flame, as a person types them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

import pytest

from morrow.attach.dump import dump
from morrow.attach.target import find
from tests.support.builds import NAMES, get_build, others
from tests.support.targets import code, running

TASKS = """
import asyncio
async def leaf(n): await asyncio.sleep(1000)
async def middle(n): await leaf(n)
async def main():
    tasks = [asyncio.create_task(middle(n), name=f"job-{n}") for n in range(2)]
    asyncio.get_running_loop().call_later(.05, ready)
    await asyncio.gather(*tasks)
asyncio.run(main())
"""


def morrow(*arguments: str, cwd: str | None = None, module: str = "morrow.attach") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("src"))}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, env=environment, timeout=60, cwd=cwd
    )


def test_dump_prints_stacks_and_locals():
    with running(sys.executable, "sleep") as target:
        done = morrow("--dump", "--locals", str(target.pid))
        assert done.returncode == 0, done.stderr
        assert re.search(
            rf"process {target.pid}, CPython 3\.\d+\.\d+\w*, 1 threads \(paused for \d+\.\d ms\)", done.stdout
        )
        assert f"thread {target.pid} 'MainThread' (main, sleeping)" in done.stdout
        assert "in main\n      state = 'sleep'" in done.stdout
        assert target.alive


def test_dump_is_data_for_programs():
    with running(sys.executable, "csum") as target:
        data = json.loads(morrow("--dump", "--json", str(target.pid)).stdout)
        assert data["pid"] == target.pid
        assert data["threads"][0]["holds_gil"] is True
        assert data["threads"][0]["frames"][0]["function"] == "main"


def _check_tasks(python) -> None:
    with code(python, TASKS) as process, find(process.pid) as target:
        _, tasks = dump(target)
        assert [task.name for task in tasks] == ["job-0", "job-1", "Task-1"]
        assert [frame.function for frame in tasks[0].frames][-2:] == ["leaf", "middle"]
        assert tasks[2].coroutine == "main" and tasks[2].awaits
        assert process.alive


def test_dump_shows_asyncio_tasks():
    _check_tasks(sys.executable)


@pytest.mark.parametrize("build", others())
def test_dump_shows_asyncio_tasks_of_another_version(build):
    _check_tasks(get_build(build))


@pytest.mark.long
@pytest.mark.parametrize("build", NAMES)
def test_dump_shows_asyncio_tasks_of_every_build(build):
    _check_tasks(get_build(build))


def test_subinterpreters_are_shown():
    program = """
import threading
try: import _interpreters as interpreters
except ImportError: import _xxsubinterpreters as interpreters
other = interpreters.create()
threading.Thread(target=interpreters.run_string, args=(other, "import time\\ndef inside(): time.sleep(100)\\ninside()"), daemon=True).start()
import time; time.sleep(.3); ready(); time.sleep(100)
"""
    with code(sys.executable, program) as process, find(process.pid) as target:
        snapshot, _ = dump(target)
        other = [thread for thread in snapshot.threads if thread.interpreter != 0 and thread.frames]
        assert other[0].frames[0].function == "inside"
        assert snapshot.threads[0].main


def test_ps_gives_every_process_one_line_that_does_nothing_to_a_terminal():
    with code(sys.executable, "import time\nready()\nnote = '\x1b[2J'\ntime.sleep(100)\n") as target:
        table = morrow("--ps").stdout
        line = next(line for line in table.splitlines() if line.split()[0] == str(target.pid))
        assert "ready() note = '?[2J' time.sleep(100)" in line and "\x1b" not in table


def test_ps_lists_a_process_and_says_whether_it_can_be_attached_to():
    with running(sys.executable, "sleep") as target:
        rows = {row["pid"]: row for row in json.loads(morrow("--ps", "--json").stdout)}
        assert rows[target.pid]["attachable"] == "" and rows[target.pid]["threads"] == 1
        assert "targets.py sleep" in rows[target.pid]["command"]
        table = morrow("--ps").stdout.splitlines()
        assert table[0].split() == ["PID", "USER", "PYTHON", "THREADS", "ATTACH", "COMMAND"]
        assert any(line.startswith(str(target.pid)) and " yes " in line for line in table)


def test_flame_writes_one_page_that_needs_nothing_else(tmp_path):
    with running(sys.executable, "busy") as target:
        page = tmp_path / "flame.html"
        done = morrow("--flame", "0.5", "-o", str(page), str(target.pid))
        assert done.returncode == 0, done.stderr
        text = page.read_text()
        assert "busy (" in text and text.startswith("<!DOCTYPE html>")
        assert not re.search(r"(src|href)\s*=|https?://", text)
        assert target.alive


def test_watch_prints_once_into_a_pipe():
    with running(sys.executable, "busy") as target:
        done = morrow("--watch", str(target.pid))
        assert re.search(r"100\.0% 100\.0%  busy \(", done.stdout), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "name"),
    [(["--dump", "999999999"], "attach-gone"), (["--dump", "1" * 30], "attach-gone")],
)
def test_refusals_are_messages_and_a_status(arguments, name):
    done = morrow(*arguments)
    assert done.returncode == 1 and name in done.stderr and not done.stdout


def test_another_program_is_no_python():
    with subprocess.Popen(["sleep", "100"]) as process:
        try:
            time.sleep(0.05)
            done = morrow("--dump", str(process.pid))
            assert "attach-not-python" in done.stderr
        finally:
            process.kill()
