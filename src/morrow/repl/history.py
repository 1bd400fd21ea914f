"""What was typed before: a file that Python's own prompts read too, with one entry per block.

The format is readline's, a line each; a block's inner lines end with CR LF, as CPython 3.13's prompt writes them.
An entry is appended the moment it is entered, under a lock, so that killing a session loses nothing and two sessions
at once lose nothing either. A file that libedit wrote (first line ``_HiStOrY_V2_``) is read and extended in its own
escaping.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

_LIBEDIT = "_HiStOrY_V2_"
_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0)  # a named pipe would have to be opened from both sides


def find_history_file() -> Path:
    """Return the file to use: PYTHON_HISTORY, else ~/.python_history, as CPython 3.13's site module has it."""
    named = os.environ.get("PYTHON_HISTORY")
    return Path(named) if named else Path("~").expanduser() / ".python_history"


class History:
    """The entries of one session, oldest first: those of the file, then its own.

    Attributes:
        entries: every entry; a block is one entry with newlines in it.
        trouble: why the file cannot be read or written, or None; told once by whoever shows messages.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.entries: list[str] = []
        self.trouble: OSError | None = None
        self._libedit = False
        if path is not None:
            self._read(path)

    def append(self, entry: str) -> None:
        """Add an entry to the session and, at once, to the file. A repetition of the last entry is not added."""
        entry = entry.rstrip("\n")
        if not entry.strip() or (self.entries and self.entries[-1] == entry):
            return
        self.entries.append(entry)
        if self.path is None:
            return
        line = (_escape(entry) if self._libedit else entry.replace("\n", "\r\n")) + "\n"
        try:
            _append_locked(self.path, line.encode("utf-8", "surrogateescape"))
        except OSError as error:
            self.trouble, self.path = error, None  # told once: from here on the session remembers by itself

    def _read(self, path: Path) -> None:
        try:
            self.path = path = path.absolute()  # the program may change directory
            with open(path, "rb", opener=lambda path, flags: os.open(path, flags | _NEVER_WAIT)) as file:
                is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)  # /dev/zero has no end
                text = file.read().decode("utf-8", "surrogateescape") if is_file else ""
        except FileNotFoundError:
            return
        except OSError as error:
            self.trouble, self.path = error, None
            return
        lines = text.split("\n")
        if lines and lines[0].rstrip("\r") == _LIBEDIT:
            self._libedit = True
            self.entries = [_unescape(line) for line in lines[1:] if line]
        else:
            self.entries = list(_joined(lines))


def _joined(lines: Iterable[str]) -> Iterable[str]:
    """Put together the lines of a block: all but its last end with a carriage return."""
    block: list[str] = []
    for line in lines:
        if line.endswith("\r"):
            block.append(line[:-1])
            continue
        block.append(line)
        entry = "\n".join(block)
        block = []
        if entry:
            yield entry
    if any(block):
        yield "\n".join(block)  # cut off in the middle: what is there is better than nothing


def _append_locked(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NEVER_WAIT, 0o600)
    try:
        try:
            import fcntl
        except ImportError:
            pass  # Windows: one write to a file opened for appending does not mix with another's
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def _escape(entry: str) -> str:
    """libedit's vis(3) form: white space and backslashes as three octal digits."""
    return re.sub(r"[\s\\]", lambda match: f"\\{ord(match.group()):03o}", entry)


def _unescape(line: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), line.rstrip("\r"))
