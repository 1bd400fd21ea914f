"""``(consider renaming 'random.py' since it has the same name as the standard library module ...)``

    module 'random' has no attribute 'randint'    ->    the same, with what to do about it

Rules: Objects/moduleobject.c and Python/ceval.c of 3.14, where the advice is part of the message. Older hosts make the
message in C, so here it is given when the exception is shown, and only if its message is still the host's.
"""

from __future__ import annotations

import os
import re
import sys
from types import ModuleType

from morrow.language.tracebacks import uncaught

_NO_ATTRIBUTE = re.compile(
    r"(?P<partial>partially initialized )?module '(?P<module>[^']+)'(?: from '[^']*')? has no attribute '(?P<name>[^']*)'"
    r"(?(partial) \(most likely due to a circular import\))"
)
_CANNOT_IMPORT = re.compile(
    r"cannot import name '(?P<name>[^']*)' from (?P<partial>partially initialized module )?'(?P<module>[^']+)'"
    r"(?(partial) \(most likely due to a circular import\))(?: \(.*\))?"
)


def message(error: BaseException, said: str) -> str:
    """Return what 3.14 says instead of *said*, the message of an AttributeError or ImportError of the host's."""
    if isinstance(error, ImportError):
        match = _CANNOT_IMPORT.fullmatch(said)
        module = sys.modules.get(match["module"]) if match else None
    else:
        match = _NO_ATTRIBUTE.fullmatch(said)
        module = getattr(error, "obj", None) if match else None
    if match is None or not isinstance(module, ModuleType):
        return said
    spec = module.__dict__.get("__spec__")
    origin = getattr(spec, "origin", None) if getattr(spec, "has_location", False) else None
    if not isinstance(origin, str):
        return said
    name = match["module"]
    if isinstance(error, ImportError):
        start = f"cannot import name '{match['name']}' from '{name}'"
    else:
        start = f"module '{name}' has no attribute '{match['name']}'"
    if _is_in_first_folder(origin):
        if name in sys.stdlib_module_names:
            library = f"the standard library module named '{name}'"
            return f"{start} (consider renaming {origin!r} since it has the same name as {library} and prevents importing that standard library module)"
        if match["partial"]:
            return f"{start} (consider renaming {origin!r} if it has the same name as a library you intended to import)"
    if match["partial"] and not isinstance(error, ImportError):
        return f"partially initialized module '{name}' from {origin!r} has no attribute '{match['name']}' (most likely due to a circular import)"
    return said


def _is_in_first_folder(origin: str) -> bool:
    """Whether a file, or the package it is the ``__init__.py`` of, is where the program's own modules are looked up first."""
    first = uncaught.first_folder
    if first is None:
        return False
    folder, file = os.path.split(origin)
    if file == "__init__.py":
        folder = os.path.dirname(folder)
    try:
        return folder == (first or os.getcwd())
    except OSError:  # that folder is gone
        return False
