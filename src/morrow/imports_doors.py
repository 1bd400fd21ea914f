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


def start(root: str) -> None:
    """Open the doors of this process. *root* is not asked: all systems are started in the same way."""
    if DoorFinder not in sys.meta_path:
        sys.meta_path.append(DoorFinder)


def stop() -> None:
    """Close them again; what has been imported stays."""
    if DoorFinder in sys.meta_path:
        sys.meta_path.remove(DoorFinder)
