"""The judge: run a program under the plain host and under morrow, and compare what a person sees.

``same(program)`` compares output, exit status and traceback of the host with morrow under each of the jit's modes.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import morrow

JIT_MODES = ("off", "eager")
AS_THE_HOST = {"MORROW_TRACEBACKS": "0"}
"""The host is the judge here: what 3.14's tracebacks look like, tests/same is about."""
MORROW = str(Path(morrow.__file__).parent / "__main__.py")
"""Run by its path, morrow needs no PYTHONPATH, which the two runs would then not share."""


@dataclass(frozen=True)
class Outcome:
    """What a run left behind: everything a person at the terminal can see."""

    status: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit status {self.status}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def run(command: Sequence[str | Path], *, cwd: Path, stdin: str = "", env: dict[str, str] | None = None, timeout: float = 60) -> Outcome:
    """Run a command and return what it left behind."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=timeout,
        env={**clean_environment(), **(env or {})},
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def clean_environment() -> dict[str, str]:
    """Return the environment without anything that would make two runs differ."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MORROW_", "PYTHON"))}


def run_host(arguments: Sequence[str], **options: object) -> Outcome:
    """Run plain ``python`` of the host under test."""
    return run([sys.executable, *arguments], **options)  # type: ignore[arg-type]


def run_morrow(arguments: Sequence[str], *, jit: str = "on", **options: object) -> Outcome:
    """Run ``morrow`` on the host under test."""
    return run([sys.executable, MORROW, "-X", f"jit={jit}", *arguments], **options)  # type: ignore[arg-type]


class Same:
    """Callable given to tests by the ``same`` fixture; keeps its files in the test's own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        program: str,
        *,
        arguments: Sequence[str] = (),
        stdin: str = "",
        files: dict[str, str] | None = None,
        env: dict[str, str] | None = None,
        modes: Sequence[str] = JIT_MODES,
    ) -> Outcome:
        """Assert that *program* does the same under the host and under morrow; return what it did.

        Args:
            program: source of a script, indented as it stands in the test.
            files: more files beside it, by relative path.
            modes: the jit's modes to try.
        """
        self.write({"app.py": program, **(files or {})})
        command = ["app.py", *arguments]
        expected = run_host(command, cwd=self.folder, stdin=stdin, env=env)
        for mode in modes:
            got = run_morrow(command, cwd=self.folder, stdin=stdin, env={**AS_THE_HOST, **(env or {})}, jit=mode)
            _compare(str(got), str(expected), f"morrow -X jit={mode}")
        return expected

    def write(self, files: dict[str, str | bytes]) -> None:
        """Put *files* in the test's folder: text is indented as it stands in the test, bytes are kept."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())

    def command(
        self,
        *arguments: str,
        files: dict[str, str | bytes] | None = None,
        stdin: str = "",
        env: dict[str, str] | None = None,
        but: Callable[[str], str] = str,
    ) -> Outcome:
        """Assert that ``morrow arguments...`` does what ``python arguments...`` does; return what python did.

        Args:
            files: what is in the folder they run in.
            but: applied to both outcomes, as text, before they are compared: takes out what differs by nature.
        """
        self.write(files or {})
        expected = run_host(arguments, cwd=self.folder, stdin=stdin, env=env)
        got = run([sys.executable, MORROW, *arguments], cwd=self.folder, stdin=stdin, env={**AS_THE_HOST, **(env or {})})
        _compare(but(str(got)), but(str(expected)), f"morrow {' '.join(arguments)}")
        return expected



def _compare(got: str, expected: str, name: str) -> None:
    if got != expected:
        lines = difflib.unified_diff(expected.splitlines(), got.splitlines(), "python", name, lineterm="")
        raise AssertionError("\n".join(lines))
