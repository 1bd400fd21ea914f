"""Write the terminal sessions of docs/guide/repl.md by playing them in a real terminal.

    python docs/sessions.py [--check]

Each block of the page that follows a ``<!-- session: NAME -->`` mark is replaced by what the screen shows after the
keys of that name. With --check nothing is written; the exit status says whether the page is up to date.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.terminal import Terminal  # noqa: E402

PAGE = ROOT / "docs" / "guide" / "repl.md"
# name -> the keys, and the text that says the screen is finished
SESSIONS: dict[str, tuple[list[str], str]] = {
    "language": (
        ["def first[T](items: list[T]) -> T:", "Enter", "return items[0]", "Enter", "Enter",
         "first(['a', 'b'])", "Enter", "name = 'you'", "Enter", "t'hello {name}'.values", "Enter"],
        "('you',)",
    ),
    "await": (
        ["import asyncio", "Enter", "await asyncio.sleep(0.1, 'done')", "Enter"],
        "\n'done'\n",
    ),
    "error": (
        ["def half(x):", "Enter", "return 1 / (x - x)", "Enter", "Enter", "half(3)", "Enter"],
        "ZeroDivisionError",
    ),
    "complete": (["import itertools", "Enter", "itertools.com", "Tab", "Tab"], "combinations_with"),
}  # fmt: skip


def play(name: str) -> str:
    """Return the screen after a session, without the banner, whose version would change the page."""
    keys, finished = SESSIONS[name]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "morrow", "-q"]
        with Terminal(command, cwd=Path(folder), env={"HOME": folder}, columns=76, lines=24) as terminal:
            terminal.wait(">>>")
            terminal.wait(lambda _: b"\x1b[?2004h" in terminal.raw)
            for key in keys:
                terminal.send(key)
                if key == "Enter":  # what is typed while a block runs would be echoed twice
                    while terminal._read(0.2) or not terminal.screen.display[terminal.screen.cursor.y].startswith((">>>", "...")):
                        pass
            terminal.wait(finished)
            terminal._read(0.2)
            return terminal.text


def write(page: str) -> str:
    """Return the page with its sessions as they are today."""

    def replaced(match: re.Match[str]) -> str:
        return f"{match['mark']}\n```text\n{play(match['name'])}\n```"

    return re.sub(r"(?P<mark><!-- session: (?P<name>\w+) -->)\n```text\n.*?\n```", replaced, page, flags=re.S)


def _plain(page: str) -> list[str]:
    """Return the lines that are the same on every host: not the marks under a line of a traceback."""
    return [line for line in page.split("\n") if not re.fullmatch(r"[ ~^]+", line)]


def main() -> int:
    """Update the page, or check it."""
    old = PAGE.read_text(encoding="utf-8")
    new = write(old)
    if "--check" in sys.argv[1:]:
        return int(_plain(new) != _plain(old))
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
