"""``Did you mean: 'append'?``: the name that somebody who wrote a wrong one may have meant.

Rules: Lib/traceback.py and Python/suggestions.c of 3.14. The hint is no part of the exception: it is found when the
exception is shown.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

MOST_NAMES = 750
_LONGEST = 40  # characters
_MOVE = 2
_CASE = 1
# What ImportError.name_from says on hosts that have it.
_CANNOT_IMPORT = re.compile(r"cannot import name '([^\W\d]\w*)' from ")


def hint(error: BaseException, frame: tuple[Any, Mapping[str, Any]] | None) -> str:
    """Return what is said after an exception's message, '' if nothing is.

    Args:
        error: an ImportError, AttributeError or NameError; others get no hint.
        frame: where it was raised, with what that frame calls its variables.
    """
    if isinstance(error, ImportError):
        wrong = _name_from(error)
        found = _similar(error, frame, wrong) if wrong is not None else None
        return f". Did you mean: '{found}'?" if found else ""
    wrong = getattr(error, "name", None)
    if wrong is None or not isinstance(error, (AttributeError, NameError)):
        return ""
    found = _similar(error, frame, wrong)
    said = f". Did you mean: '{found}'?" if found else ""
    if isinstance(error, NameError) and wrong in sys.stdlib_module_names:
        said += f"{' Or did' if found else '. Did'} you forget to import '{wrong}'?"
    return said


def _name_from(error: ImportError) -> str | None:
    if hasattr(error, "name_from"):
        return error.name_from
    match = _CANNOT_IMPORT.match(str(error.msg))
    return match[1] if match else None


def _similar(error: Any, frame: tuple[Any, Mapping[str, Any]] | None, wrong: object) -> str | None:
    if not isinstance(wrong, str):
        return None
    try:
        names = _names(error, frame, wrong)
    except Exception:  # whatever a program's __dir__, module or namespace does: then there is no hint
        return None
    return names if isinstance(names, str) else closest(names, wrong)


def _names(error: Any, frame: tuple[Any, Mapping[str, Any]] | None, wrong: str) -> list[str] | str:
    """Return the names that were there, or the answer itself."""
    if isinstance(error, NameError):
        if frame is None:
            return []
        found, variables = frame
        if "self" in variables:
            try:
                if hasattr(variables["self"], wrong):
                    return f"self.{wrong}"
            except Exception:  # a property of the program's
                pass
        return [name for name in (*variables, *found.f_globals, *found.f_builtins) if isinstance(name, str)]
    owner = __import__(error.name) if isinstance(error, ImportError) else error.obj
    names = _dir(owner)
    inside = isinstance(error, AttributeError) and frame is not None and "self" in frame[1] and frame[1]["self"] is owner
    return names if wrong[:1] == "_" or inside else [name for name in names if name[:1] != "_"]


def _dir(owner: Any) -> list[str]:
    try:
        names = owner.__dir__()
    except TypeError:  # a class
        names = type(owner).__dir__(owner)
    return sorted(name for name in names if isinstance(name, str))


def closest(names: Iterable[str], wrong: str) -> str | None:
    """Return the name with the smallest edit distance to *wrong*, if any is near enough."""
    names = list(names)
    if len(names) >= MOST_NAMES:
        return None
    best, limit = None, sys.maxsize
    for name in names:
        if name == wrong:
            continue
        allowed = min((len(name.encode("utf-8", "replace")) + len(wrong.encode("utf-8", "replace")) + 3) * _MOVE // 6, limit - 1)
        far = distance(wrong, name, allowed)
        if far <= allowed:
            best, limit = name, far
    return best


def distance(first: str, second: str, allowed: int) -> int:
    """Return the edit distance: 2 for a byte added, lost or changed, 1 if only its case is; past *allowed*, just more."""
    a, b = first.encode("utf-8", "replace"), second.encode("utf-8", "replace")
    start = 0
    while start < len(a) and start < len(b) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    if not a or not b:
        return (len(a) + len(b)) * _MOVE
    if len(a) > _LONGEST or len(b) > _LONGEST or abs(len(a) - len(b)) * _MOVE > allowed:
        return allowed + 1
    row = [_MOVE * n for n in range(len(b) + 1)]
    for line, x in enumerate(a, 1):
        before, row[0] = row[0], _MOVE * line
        for column, y in enumerate(b, 1):
            before, row[column] = row[column], min(before + _cost(x, y), row[column] + _MOVE, row[column - 1] + _MOVE)
        if min(row) > allowed:
            return allowed + 1
    return row[-1]


def _cost(x: int, y: int) -> int:
    if x == y:
        return 0
    return _CASE if x ^ y == 0x20 and chr(x & ~0x20).isalpha() and x < 128 else _MOVE
