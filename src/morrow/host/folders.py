"""Where morrow keeps what it has found out or made, for this user and for this user only."""

from __future__ import annotations

import os
import sys


def cache_folder() -> str:
    """Return morrow's cache folder: MORROW_CACHE, else the user's cache folder. It need not exist."""
    given = os.environ.get("MORROW_CACHE")
    if given and not sys.flags.ignore_environment:
        return given
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA") or os.path.expanduser("~"), "morrow", "cache")
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Caches/morrow")
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "morrow")


def is_safe(folder: str) -> bool:
    """Return whether a folder (made if it is not there) belongs to this user alone: what is kept there is run."""
    if not folder:
        return False
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.stat(folder)
    except OSError:
        return False
    if not hasattr(os, "geteuid"):
        return True  # Windows: the user's own profile
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022  # writable by the group or by others
