"""A real terminal for tests: a program in a pty, keys in, a screen out."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

from tests.support.same import clean_environment

KEYS = {
    "Enter": "\r", "Tab": "\t", "Up": "\x1b[A", "Down": "\x1b[B", "Right": "\x1b[C", "Left": "\x1b[D", "Home": "\x1b[H",
    "End": "\x1b[F", "Backspace": "\x7f", "Escape": "\x1b", "F1": "\x1bOP", "F2": "\x1bOQ", "F3": "\x1bOR",
    "PageUp": "\x1b[5~", "PageDown": "\x1b[6~", **{f"C-{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}  # fmt: skip


class Terminal:
    """A program running in a pty, and the screen it draws. A context manager: the program ends with it."""

    def __init__(
        self, command: Sequence[str | Path], *, cwd: Path, env: dict[str, str] | None = None, columns: int = 100, lines: int = 30
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=5000)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        environment = {**clean_environment(), "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(lines), **(env or {})}
        self.pid, self._fd = os.forkpty()
        if not self.pid:
            try:
                os.chdir(cwd)
                os.execve(command[0], [str(part) for part in command], environment)
            finally:
                os._exit(127)
        os.set_blocking(self._fd, False)
        _resize(self._fd, lines, columns)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._fd < 0:
            return
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has ended, and somebody asked for its status
        else:
            try:
                os.waitpid(self.pid, 0)
            except ChildProcessError:
                pass
        os.close(self._fd)
        self._fd = -1

    def send(self, *keys: str) -> None:
        """Type: names of KEYS as keys, anything else as it stands."""
        data = "".join(KEYS.get(key, key) for key in keys).encode()
        while data:
            select.select([], [self._fd], [], 10)
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                self._read(0.01)

    def paste(self, text: str) -> None:
        """Paste as a terminal does: between the marks of bracketed paste."""
        self.send("\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~")

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False  # the program has closed its side
        # A program may ask where its cursor is; a terminal answers.
        for _ in range(data.count(b"\x1b[6n")):
            os.write(self._fd, f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R".encode())
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def resize(self, lines: int, columns: int) -> None:
        """Change the size of the window, which the program is told of by SIGWINCH."""
        self.screen.resize(lines, columns)
        _resize(self._fd, lines, columns)

    @property
    def text(self) -> str:
        """What is on the screen, and what has scrolled off it, without trailing blanks."""
        gone = ["".join(line[column].data for column in range(self.screen.columns)).rstrip() for line in self.screen.history.top]
        return "\n".join([*gone, *(line.rstrip() for line in self.screen.display)]).rstrip()

    def wait(self, wanted: str | Callable[[str], bool], seconds: float = 10) -> str:
        """Wait until the screen shows a text, or until a function of the screen is true; return the screen."""
        is_there = (lambda text: wanted in text) if isinstance(wanted, str) else wanted
        deadline = time.monotonic() + seconds
        while not is_there(self.text):
            if time.monotonic() > deadline:
                raise AssertionError(f"not on the screen after {seconds} s: {wanted!r}\n{self.text}")
            self._read(0.05)
        return self.text

    def wait_for_end(self, seconds: float = 20) -> int:
        """Wait until the program ends; return its exit status (negative: killed by that signal)."""
        deadline = time.monotonic() + seconds
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._read(0)
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline:
                raise AssertionError(f"still running after {seconds} s\n{self.text}")
            self._read(0.05)

    def colours(self, line: int) -> list[tuple[str, str, bool]]:
        """Return the runs of a screen line as (text, foreground colour, bold)."""
        runs: list[tuple[str, str, bool]] = []
        for column in range(self.screen.columns):
            char = self.screen.buffer[line][column]
            if runs and runs[-1][1:] == (char.fg, char.bold):
                runs[-1] = (runs[-1][0] + char.data, char.fg, char.bold)
            else:
                runs.append((char.data, char.fg, char.bold))
        return runs


def _resize(fd: int, lines: int, columns: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def python_command(*arguments: str) -> list[str]:
    """Return the command that runs the host under test."""
    return [sys.executable, *arguments]
