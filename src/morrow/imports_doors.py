"""Doors: ``import annotationlib`` and other names of 3.14's standard library, on hosts that lack them.

One finder, asked last: a name that the host has stays the host's. What is behind a door is a file of `morrow.stdlib`,
loaded under the standard name.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import spec_from_file_location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

DOORS: dict[str, str] = {
    "annotationlib": "annotationlib.py",
    "string.templatelib": "string/templatelib.py",
}
"""Standard name -> file in morrow/stdlib. A system adds its row when it lands."""

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stdlib")


class DoorFinder:
    """Finds what nobody else has found, if there is a door for it."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of the file behind the door *name*, or None."""
        if name not in DOORS:
            return None
        return spec_from_file_location(name, os.path.join(_FOLDER, *DOORS[name].split("/")))  # type: ignore[no-any-return]


def remote_exec(pid: int, script: object) -> None:
    """Executes a file containing Python code in a given remote Python process; see 3.14's documentation of sys.

    Unlike 3.14's, it reaches processes of every version from 3.11 on.
    """
    from morrow.attach.remote_exec import sys_remote_exec

    sys_remote_exec(pid, script)  # type: ignore[arg-type]


def is_remote_debug_enabled() -> bool:
    """Return True if remote debugging is enabled, False otherwise."""
    return not (os.environ.get("PYTHON_DISABLE_REMOTE_DEBUG") or "disable-remote-debug" in sys._xoptions)


ATTRIBUTES = (remote_exec, is_remote_debug_enabled)
"""What 3.14's sys has besides."""


def start(root: str) -> None:
    """Open the doors of this process. *root* is not asked: all systems are started in the same way."""
    for function in ATTRIBUTES:
        if not hasattr(sys, function.__name__):
            function.__module__ = "sys"
            setattr(sys, function.__name__, function)
    if DoorFinder not in sys.meta_path:
        sys.meta_path.append(DoorFinder)


def stop() -> None:
    """Close them again; what has been imported stays."""
    for function in ATTRIBUTES:
        if getattr(sys, function.__name__, None) is function:
            delattr(sys, function.__name__)
    if DoorFinder in sys.meta_path:
        sys.meta_path.remove(DoorFinder)
