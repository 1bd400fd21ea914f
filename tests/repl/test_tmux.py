"""The prompt in tmux: a terminal that other people wrote."""

import shutil
import subprocess
import sys
import time

import pytest

from tests.support.same import clean_environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


class Tmux:
    """A session of a tmux server of its own."""

    def __init__(self, folder, *command):
        self.name = ["tmux", "-L", f"morrow-{folder.name}", "-f", "/dev/null"]
        env = {**clean_environment(), "HOME": str(folder), "PYTHON_HISTORY": str(folder / "history")}
        env.pop("TMUX", None)
        subprocess.run([*self.name, "new-session", "-d", "-x", "100", "-y", "40", "-s", "s", *command], cwd=folder, env=env, check=True)

    def send(self, *keys):
        subprocess.run([*self.name, "send-keys", "-t", "s", *keys], check=True)

    def paste(self, text):
        subprocess.run([*self.name, "load-buffer", "-"], input=text, text=True, check=True)
        subprocess.run([*self.name, "paste-buffer", "-p", "-t", "s"], check=True)

    @property
    def screen(self):
        return subprocess.run([*self.name, "capture-pane", "-p", "-t", "s"], capture_output=True, text=True).stdout

    def wait(self, wanted, seconds=30):
        deadline = time.monotonic() + seconds
        while wanted not in (screen := self.screen):
            assert time.monotonic() < deadline, f"not on the screen: {wanted!r}\n{screen}"
            time.sleep(0.05)
        return screen

    def close(self):
        subprocess.run([*self.name, "kill-server"], capture_output=True)


@pytest.fixture
def tmux(tmp_path):
    session = Tmux(tmp_path, sys.executable, "-m", "morrow")
    session.wait(">>>")
    session.send("6 * 7", "Enter")  # the first prompt is there before the editor is, which asks for marks around pasted text
    session.wait("\n42\n>>>")
    session.send("C-l")
    yield session
    session.close()


def test_a_block_runs_and_comes_back(tmux):
    tmux.send("def twice(x):", "Enter", "return 2 * x", "Enter", "Enter", "twice(21)", "Enter")
    tmux.wait("\n42\n")
    tmux.send("Up", "Up")
    assert tmux.wait("twice(21)\n42\n>>> def twice(x):\n...     return 2 * x").count("def twice") == 2


def test_new_syntax_errors_and_interrupts(tmux):
    tmux.send("t'{1}'.values", "Enter")
    tmux.wait("(1,)")
    tmux.send("1 / 0", "Enter")
    tmux.wait("    1 / 0\n    ~~^~~\nZeroDivisionError: division by zero\n>>>")
    tmux.send("while True: pass", "Enter", "Enter")
    tmux.wait("while True: pass\n...\n")
    tmux.send("C-c")
    tmux.wait("KeyboardInterrupt\n>>>")


def test_a_pasted_session_waits_for_enter(tmux):
    tmux.send("x")
    tmux.wait(">>> x")  # the editor has the terminal
    tmux.send("BSpace")
    tmux.paste(">>> for i in range(2):\n...     print('turn', i)\n...\nturn 0\nturn 1\n")
    tmux.wait("print('turn', i)")
    assert "\nturn 0" not in tmux.screen
    tmux.send("Enter")
    tmux.wait("\nturn 0\nturn 1\n")


def test_completion_and_the_end(tmux):
    tmux.send("import itertools", "Enter", "itertools.accum", "Tab")
    tmux.wait("itertools.accumulate")
    tmux.send("C-c")
    tmux.wait("KeyboardInterrupt\n>>>")  # between two prompts the terminal is nobody's, and Ctrl-D means nothing
    tmux.send("C-d")
    deadline = time.monotonic() + 30
    while tmux.screen:
        assert time.monotonic() < deadline, "still there after Ctrl-D"
        time.sleep(0.05)
