"""Every CPython build on this machine that can be attached to, and whether attaching can work here at all."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hosts import hosts_folder

NAMES = ("3.11", "debian-3.11", "3.12", "3.13", "3.13-pgo", "3.13t", "3.14", "3.15")


@functools.cache
def find_build(name: str) -> Path | None:
    """Return the executable of a build, or None when this machine lacks it."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    if name == "debian-3.11":
        candidates = [Path("/usr/bin/python3.11")]
    elif name.endswith("-pgo"):
        candidates = [hosts_folder() / name[:-4] / "bin" / "python3"]
    elif name in ("3.11", "3.12", "3.13"):
        candidates = sorted(pyenv.glob(f"{name}.*/bin/python3"))
    else:
        candidates = [hosts_folder() / name / "bin" / "python3"]
    for candidate in candidates:
        if candidate.exists() and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return candidate
    return None


def get_build(name: str) -> Path:
    """Return the executable of a build; skip the test when this machine lacks it."""
    found = find_build(name)
    if found is None:
        pytest.skip(f"no CPython {name} on this machine")
    return found


def others() -> list[str]:
    """Return one build to attach to besides the host under test: the other end of the range."""
    return ["3.14"] if sys.version_info[:2] < (3, 14) else ["3.11"]


linux_only = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="attaching has been run on x86-64 Linux only"
)
