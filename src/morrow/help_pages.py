"""What ``-h``, ``--help-xoptions``, ``--help-env``, ``--help-all`` and ``-V`` print: the host's own page, then ours."""

from __future__ import annotations

import subprocess
import sys
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
    if line.question == "help":
        print(_front_page(commands))
    sys.stdout.flush()
    status = subprocess.call([sys.executable, f"--{line.question}" if line.question != "help" else "-h"])
    if line.question in ("help-xoptions", "help-all"):
        print(f"\nmorrow's own -X options:\n{settings_page()}")
    if line.question in ("help-env", "help-all"):
        print(f"\nmorrow's own environment variables (ignored under -E and -I):\n{variables_page()}")
    sys.stdout.flush()
    return status


def _front_page(commands: dict[str, Row]) -> str:
    lines = [
        f"morrow {__version__}: your program, unchanged, on the Python you already have.",
        "",
        "usage: morrow [option] ... [-c cmd | -m mod | file | -] [arg] ...",
    ]
    lines += [f"       morrow {name} {row.usage}" for name, row in commands.items()]
    lines += ["", "Runs what python would run, in the same way and with the same options, which are listed below."]
    if commands:
        lines += ["", "Options of morrow's own (first on the line; each has its own --help):"]
        lines += [f"{name:15}: {row.help}" for name, row in commands.items()]
    lines += [
        "",
        "Settings of morrow's own are given as -X name=value, as MORROW_NAME=value, or in [tool.morrow] of the",
        "project's pyproject.toml, in that order; --help-xoptions lists them:",
        ", ".join(SETTINGS),
        "",
        f"What follows is the page of the python that runs your program, {sys.executable}:",
        "",
    ]
    return "\n".join(lines)


def settings_page() -> str:
    """Return one line or two per setting, in the manner of python's own page."""
    return "\n".join(
        f"-X {row.name}={'|'.join(row.values) or 'TEXT'}\n         {row.help} (default: {row.default or 'nothing'})"
        for row in SETTINGS.values()
    )


def variables_page() -> str:
    """Return one line per environment variable."""
    lines = [f"{row.variable:17}: the same as -X {row.name}" for row in SETTINGS.values()]
    return "\n".join([*lines, f"{'MORROW_DEBUG_FILE':17}: append what -X debug prints to this file"])
