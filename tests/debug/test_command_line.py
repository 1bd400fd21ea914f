"""`morrow -m pdb --attach PID` and the read-only commands, through morrow's own command line and a real terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.targets import running
from tests.support.terminal import Terminal


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MORROW_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("src")), "TERM": "xterm"}


def _morrow(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "morrow", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=_environment(), timeout=60)


@pytest.mark.parametrize("option", ["--attach", "-p", "--pid"])
def test_pdb_attaches(option):
    with running(sys.executable, "sleep") as target:
        done = _morrow("-m", "pdb", option, str(target.pid), stdin="p state\n")
        assert done.returncode == 0, done.stderr
        assert "'sleep'" in done.stdout
        assert target.alive


def test_pdb_without_a_process_is_the_hosts_own(tmp_path):
    script = tmp_path / "app.py"
    script.write_text("x = 1\n")
    done = _morrow("-m", "pdb", "-c", "continue", str(script), "-p", "3")
    assert "attach" not in done.stdout + done.stderr


def test_dump_and_ps_are_morrows():
    with running(sys.executable, "sleep") as target:
        assert (
            "time.sleep" in _morrow("--dump", "--locals", str(target.pid)).stdout
            or "in main" in _morrow("--dump", str(target.pid)).stdout
        )
        assert str(target.pid) in _morrow("--ps").stdout


def _terminal(tmp_path: Path, pid: int, **env: str) -> Terminal:
    history = {"HOME": str(tmp_path), "PYTHON_HISTORY": str(tmp_path / "history")}
    path = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("src"))}
    return Terminal([sys.executable, "-m", "morrow", "-m", "pdb", "--attach", str(pid)], cwd=tmp_path, env={**path, **history, **env})


def test_a_person_at_a_terminal_has_the_prompts_editor(tmp_path):
    with running(sys.executable, "busy") as target:
        with _terminal(tmp_path, target.pid) as screen:
            screen.wait("(Pdb)")
            screen.send("p 6 * 7", "Enter")
            screen.wait("\n42")
            screen.send("continue", "Enter")
            screen.wait("running; Ctrl-C breaks in")
            screen.send("C-c")
            screen.wait(lambda text: text.count("busy()") >= 2 and text.rstrip().endswith("(Pdb)"))
            screen.send("Up", "Up", "C-a", "C-k", "wher", "Tab")  # completed from what the target offers
            screen.wait(lambda text: text.rstrip().endswith("(Pdb) where"))
            screen.send("Enter")
            screen.wait(lambda text: "main(sys.argv[1])" in text and text.rstrip().endswith("(Pdb)"))
            screen.send("p 'blue', 5")
            screen.wait(lambda text: text.rstrip().endswith("p 'blue', 5"))
            assert ("'blue'", "green", False) in screen.colours(screen.screen.cursor.y)
            screen.send("C-c", "C-d")
            assert screen.wait_for_end() == 0
        assert target.alive
    assert "p 6 * 7" in (tmp_path / "history").read_text()


def test_a_terminal_without_an_editor_is_enough(tmp_path):
    with running(sys.executable, "sleep") as target:
        with _terminal(tmp_path, target.pid, PYTHON_BASIC_REPL="1") as screen:
            screen.wait("(Pdb)")
            screen.send("p 6 * 7", "Enter")
            screen.wait("\n42")
            screen.send("C-d")
            assert screen.wait_for_end() == 0
        assert target.alive
