"""Find the CPythons on this machine: the one under test, and a real 3.14 to compare with."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path


def hosts_folder() -> Path:
    """Return the folder where extra hosts are kept, one sub-folder per version."""
    return Path(os.environ.get("MORROW_HOSTS") or Path.home() / ".cache" / "morrow-hosts")


@functools.cache
def find_host(version: str) -> Path | None:
    """Return the executable of a CPython such as ``3.14`` or ``3.13t``, or None."""
    candidates = [hosts_folder() / version / "bin" / "python3"]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    if pyenv.is_dir():
        candidates += sorted(pyenv.glob(f"{version}.*/bin/python3"))
    for candidate in candidates:
        if candidate.exists() and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return candidate
    return None


def find_real_314() -> Path | None:
    """Return a CPython 3.14, the judge of what a 3.14 program does."""
    return Path(sys.executable) if sys.version_info[:2] == (3, 14) else find_host("3.14")
