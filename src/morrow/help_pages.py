"""What ``-h``, ``--help-xoptions``, ``--help-env``, ``--help-all`` and ``-V`` print: the host's own page, then ours."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import Protocol

from morrow import __version__
from morrow.command_line import CommandLine
from morrow.settings import SETTINGS


class Row(Protocol):
    """What this module needs to know of a command of `cli`."""

    usage: str
    help: str


def answer(line: CommandLine, commands: dict[str, Row]) -> int:
    """Print what *line* asks for; return the exit status."""
    if line.versions and line.question in ("version", ""):
        return subprocess.call([sys.executable, *["-V"] * line.versions])
    try:
        _print_pages(line.question, commands)
    except BrokenPipeError:
        # `morrow -h | head`: python's own page ends without a word too. What is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _print_pages(question: str, commands: dict[str, Row]) -> None:
    host = subprocess.run([sys.executable, f"--{question}" if question != "help" else "-h"], capture_output=True, text=True).stdout
    if question in ("help", "help-all"):
        print(_own_page(commands))
        print(f"\nWhat follows is the page of the python that runs your program, {sys.executable}:\n")
    print(host, end="")
    if question in ("help-xoptions", "help-all"):
        print(f"\nmorrow's own -X options:\n{settings_page()}")
    if question in ("help-env", "help-all"):
        print(f"\nmorrow's own environment variables (ignored under -E and -I):\n{variables_page()}")
    sys.stdout.flush()


def _own_page(commands: dict[str, Row]) -> str:
    lines = ["usage: morrow [option] ... [-c cmd | -m mod | file | -] [arg] ..."]
    lines += [f"       morrow {name} {row.usage}" for name, row in commands.items()]
    lines += ["", f"morrow {__version__}: your program, unchanged, on the Python you already have."]
    lines += ["Runs what python would run, in the same way and with the same options, which are listed below."]
    lines += ["", "Options of morrow's own (first on the line; each has its own --help):"]
    lines += [f"{name:15}: {row.help}" for name, row in commands.items()]
    lines += [
        "",
        "Settings of morrow's own are given as -X name=value, as MORROW_NAME=value, or in [tool.morrow] of the",
        "project's pyproject.toml, in that order; --help-xoptions lists them:",
        *textwrap.wrap(", ".join(SETTINGS), 100),
    ]
    return "\n".join(lines)


def settings_page() -> str:
    """Return one line or two per setting, in the manner of python's own page."""
    return "\n".join(
        f" -X {row.name}={'|'.join(row.values) or 'TEXT'}\n         {row.help} (default: {row.default or 'nothing'})"
        for row in SETTINGS.values()
    )


def variables_page() -> str:
    """Return one line per environment variable."""
    lines = [f"{row.variable:17}: the same as -X {row.name}" for row in SETTINGS.values()]
    return "\n".join([*lines, f"{'MORROW_DEBUG_FILE':17}: append what -X debug prints to this file"])
