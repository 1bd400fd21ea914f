"""`morrow -m pdb --attach PID` and the read-only commands, through morrow's own command line and a real terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time

import pytest

from tests.support.targets import running


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


class Terminal:
    """A person at a terminal."""

    def __init__(self, *arguments: str) -> None:
        self.child, self.end = pty.fork()
        if self.child == 0:
            os.execve(sys.executable, [sys.executable, "-m", "morrow", *arguments], _environment())
        self.seen = ""

    def wait(self, text: str, seconds: float = 20) -> str:
        """Wait until the screen shows *text*; return what came up to there."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, f"no {text!r} on the screen:\n{self.seen}"
            if select.select([self.end], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.end, 4096).decode("utf-8", "replace")
                except OSError:
                    raise AssertionError(f"it ended before {text!r}:\n{self.seen}") from None
        before, _, self.seen = self.seen.partition(text)
        return before

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def close(self) -> int:
        while True:
            try:
                if not os.read(self.end, 4096):
                    break
            except OSError:
                break
        _, status = os.waitpid(self.child, 0)
        os.close(self.end)
        return os.waitstatus_to_exitcode(status)


def test_a_person_at_a_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with running(sys.executable, "busy") as target:
        screen = Terminal("-m", "pdb", "--attach", str(target.pid))
        screen.wait("(Pdb) ")
        screen.type("p 6 * 7\n")
        screen.wait("42")
        screen.wait("(Pdb) ")
        screen.type("continue\n")
        screen.wait("running; Ctrl-C breaks in")
        screen.type("\x03")
        screen.wait("busy()")
        screen.wait("(Pdb) ")
        screen.type("wher\t\n")  # completed here, from what the target offers
        screen.wait("main(sys.argv[1])")
        screen.wait("(Pdb) ")
        screen.type("\x04")
        assert screen.close() == 0
        assert target.alive
    assert "p 6 * 7" in (tmp_path / ".morrow_pdb_history").read_text()
