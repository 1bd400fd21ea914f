"""After an editor or a prompt has left, a process has every module, file, socket, thread and setting it had, and no other."""

from __future__ import annotations

import ast
import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from morrow.attach.errors import AttachError
from morrow.debug.session import attach
from tests.debug.dap import Client
from tests.support.builds import NAMES, get_build, others

PROGRAM = """\
import os, sys, threading, time
def work(n):
    total = n
    return total
def turn():
    while True:
        work(1)
        time.sleep(0.001)
threading.Thread(target=turn, daemon=True).start()
def files():
    for name in os.listdir("/proc/self/fd"):
        try: yield name + " " + os.readlink("/proc/self/fd/" + name)
        except OSError: pass  # the one that lists them
def traced():
    for frame in sys._current_frames().values():
        while frame is not None:
            if frame.f_trace is not None: yield frame.f_code.co_name
            frame = frame.f_back
def tools():
    monitoring = getattr(sys, "monitoring", None)
    return monitoring and [monitoring.get_tool(n) for n in range(6)]
def report():
    return {
        "modules": sorted(sys.modules), "files": sorted(files()), "tasks": len(os.listdir("/proc/self/task")),
        "threads": len(sys._current_frames()), "traced": list(traced()), "functions": [sys.gettrace(), sys.getprofile(), threading._trace_hook],
        "tools": tools(), "hook": sys.breakpointhook is sys.__breakpointhook__, "switch": sys.getswitchinterval(),
        "limit": sys.getrecursionlimit(), "globals": sorted(globals()), "main": sorted(vars(sys.modules["__main__"])),
    }
report()
print("ready", flush=True)
for line in sys.stdin:
    print(report(), flush=True)
"""


@contextlib.contextmanager
def _reporting(python: str | Path, path: Path):
    """Start the program; give (pid, function that returns its report)."""
    path.write_text(PROGRAM)
    with subprocess.Popen([python, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "ready\n"

        def report() -> dict[str, object]:
            process.stdin.write("\n")
            process.stdin.flush()
            return ast.literal_eval(process.stdout.readline())

        try:
            yield process.pid, report
        finally:
            process.kill()


def _by_editor(pid: int, path: Path) -> None:
    with Client() as editor:
        editor.begin("attach", {str(path): [{"line": 4}]}, processId=pid, filters=["raised", "uncaught"])
        thread = editor.event("stopped", reason="breakpoint")["threadId"]
        assert editor.value("total + 1", thread) == "2"
        assert editor.ask("completions", text="tot", column=4, frameId=editor.top(thread)["id"])["targets"]
        editor.ask("next", threadId=thread)
        editor.event("stopped", reason="step")
        editor.ask("pause", threadId=1)
        editor.ask("disconnect")


def _by_prompt(pid: int, path: Path) -> None:
    with attach(pid) as session:
        lines = iter(["where", "break work", "p 1 + 1", "pp report", "detach"])
        with contextlib.suppress(AttachError):
            while (message := session.receive(20)) is not None:
                if "prompt" in message:
                    session.answer(next(lines))


# Parts of packages that the process had, and C code that cannot be loaded a second time.
STAY = {"importlib.machinery", "collections.abc", "_sre", "_opcode", "_tokenize"}


def _rest(report: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in report.items() if name != "modules"}


def _check(python: str | Path, visit, path: Path, *, counts: bool = True) -> None:
    with _reporting(python, path) as (pid, report):
        before = report()
        for _ in range(2):
            visit(pid, path)
            end = time.monotonic() + 10  # our thread ends a moment after the editor has its answer
            while _rest(after := report()) != _rest(before) and time.monotonic() < end:
                time.sleep(0.01)
            assert _rest(after) == _rest(before)
            left = set(after["modules"]) - set(before["modules"])
            assert set(before["modules"]) <= set(after["modules"])
            if not counts:
                continue  # a free-threaded build does not tell who holds a module
            assert not {"pdb", "bdb", "cmd", "_morrow_agent"} & left
            # 3.14's pdb imports asyncio, whose C code keeps it, and what it came from.
            assert left <= STAY or "_asyncio" in left


@pytest.mark.parametrize("visit", [_by_editor, _by_prompt])
@pytest.mark.parametrize("build", ["this", *others()])
def test_nothing_is_left(build, visit, tmp_path):
    _check(sys.executable if build == "this" else get_build(build), visit, tmp_path / "app.py")


@pytest.mark.long
@pytest.mark.parametrize("visit", [_by_editor, _by_prompt])
@pytest.mark.parametrize("build", NAMES)
def test_nothing_is_left_in_any_build(build, visit, tmp_path):
    _check(get_build(build), visit, tmp_path / "app.py", counts=not build.endswith("t"))
