"""Fixtures for tests of interpreters: real ones, and programs in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.same import clean_environment

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture
def program(tmp_path):
    """Run a program of its own with plain python; it must end by itself. Returns what it printed."""

    def run(source: str, *arguments: str, status: int = 0, errors: str | None = "", timeout: float = 60, environment: dict[str, str] | None = None) -> str:
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        env = {**clean_environment(), "PYTHONPATH": os.fspath(SOURCE), **(environment or {})}
        done = subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True, timeout=timeout, env=env, cwd=tmp_path)
        assert done.returncode == status, (done.returncode, done.stdout[-2000:], done.stderr[-3000:])
        if errors is not None:
            assert errors in done.stderr if errors else done.stderr == "", done.stderr[-3000:]
        return done.stdout

    return run
