"""An editor attaches to a program whose hot functions run as machine code: they stop at breakpoints like all others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.debug.dap import Client
from tests.support.same import clean_environment
from tests.support.targets import started

pytest.importorskip("llvmlite")

HOT = """\
import sys, time

def inner(n):
    total = 0
    for i in range(n):
        total += i % 7
    return total

def forever():
    total = 0
    while True:
        total += 1
        if total > 1 << 40:
            break

if sys.argv[2] == "on":
    from morrow.jit import install
    end = time.monotonic() + 60
    while not any(f is inner for f in install.installed()):
        inner(20_000)
        if time.monotonic() > end:
            print("not compiled", flush=True)
            sys.exit(1)
else:
    for _ in range(100):
        inner(100)
print("ready", flush=True)
if sys.argv[1] == "calls":
    while True:
        inner(50)
else:
    forever()
"""


def _line(text: str) -> int:
    return next(number for number, line in enumerate(HOT.split("\n"), 1) if text in line)


@pytest.fixture
def hot(tmp_path: Path) -> Path:
    path = tmp_path / "hot.py"
    path.write_text(HOT)
    return path


def _started(mode: str, path: Path, what: str):
    env = {name: value for name, value in clean_environment().items() if name == "PYTHONPATH"}
    return started([sys.executable, "-m", "morrow", "-X", f"jit={mode}", path, what, mode], env=env)


@pytest.mark.slow
@pytest.mark.parametrize("mode, what", [("on", "calls"), ("on", "loop"), ("eager", "calls")])
def test_machine_code_stops_at_breakpoints(mode, what, hot):
    name, line = ("inner", "total += i % 7") if what == "calls" else ("forever", "total += 1")
    with _started(mode, hot, what) as target:
        with Client() as editor:
            editor.begin("attach", {str(hot): [{"line": _line(line)}]}, processId=target.pid)
            assert editor.event("stopped")["reason"] == "breakpoint"
            assert editor.top(1)["name"] == name and editor.top(1)["line"] == _line(line)
            assert int(editor.value("total", 1)) >= 0
            editor.ask("next", threadId=1)
            assert editor.event("stopped")["reason"] == "step"
            editor.ask("disconnect")
        assert target.alive
