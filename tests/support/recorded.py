"""Programs with the recorded outcome of a real 3.14 beside them: the judge of what a 3.14 program does.

A program is ``NAME.py`` in tests/same, or a folder ``NAME`` with a ``main.py``. Its outcome under a real 3.14 is in
``NAME.314``: exit status, stdout, stderr. ``pytest tests/same --update`` records it again where a real 3.14 is found;
without one the recorded text is the judge.

A first line ``# command: -W error NAME.py arg`` gives another command line than ``NAME.py``; ``# stdin: text`` gives
one line of input. Programs run in tests/same, so that paths in tracebacks are the same everywhere.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.support.same import Outcome, run, run_morrow

FOLDER = Path(__file__).parent.parent / "same"
_FRAME_OF_STDLIB = re.compile(r'^  File "(?!main\.py|[\w/]+\.py")[^"]*[\\/](lib[\\/]python3\.\d+[\\/][^"]*)"', re.M)


def programs() -> list[str]:
    """Return the names of all programs."""
    files = {path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith(("test_", "_", "conftest"))}
    return sorted(files | {path.parent.name for path in FOLDER.glob("*/main.py")})


def command(name: str) -> tuple[list[str], str]:
    """Return the arguments after ``python``, and what to type in."""
    path = FOLDER / f"{name}.py"
    script = path.name if path.exists() else f"{name}/main.py"
    arguments, stdin = [script], ""
    for line in (FOLDER / script).read_text(encoding="utf-8", errors="replace").splitlines()[:2]:
        if line.startswith("# command: "):
            arguments = shlex.split(line.removeprefix("# command: "))
        elif line.startswith("# stdin: "):
            stdin = line.removeprefix("# stdin: ") + "\n"
    return arguments, stdin


def recorded(name: str) -> str:
    """Return what a real 3.14 did with the program when it was recorded.

    Raises:
        FileNotFoundError: it never was; run with ``--update``.
    """
    return (FOLDER / f"{name}.314").read_text(encoding="utf-8")


def record(name: str, real: Path) -> str:
    """Run the program under a real 3.14, keep the outcome, and return it."""
    text = run_real(name, real)
    (FOLDER / f"{name}.314").write_text(text, encoding="utf-8")
    return text


def run_real(name: str, real: Path) -> str:
    """Return what the program does under a real 3.14."""
    arguments, stdin = command(name)
    return shown(run([real, *arguments], cwd=FOLDER, stdin=stdin, env={"PYTHONDONTWRITEBYTECODE": "1"}))


def run_here(name: str) -> str:
    """Return what the program does under morrow on this host."""
    arguments, stdin = command(name)
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    return shown(run_morrow(arguments, jit="off", cwd=FOLDER, stdin=stdin, env=env))


def shown(outcome: Outcome) -> str:
    """Return an outcome as text without what differs from run to run: addresses, and where the library is installed."""
    text = re.sub(r"0x[0-9a-f]{6,}", "0x...", str(outcome)).replace(f"{FOLDER}/", "")
    return _FRAME_OF_STDLIB.sub(r'  File "\1"', text)
