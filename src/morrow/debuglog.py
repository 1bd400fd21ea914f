"""Print what morrow is doing, for people who look inside: ``-X debug=jit:2,imports:1`` or MORROW_DEBUG.

Levels: 1 one line per decision, 2 each stage's text, 3 everything. ``MORROW_DEBUG_FILE`` names a file to append to
instead of stderr. Off, a call site costs one dictionary look-up; hot code asks `level` once and keeps the answer.
"""

from __future__ import annotations

import os
import sys

from morrow import settings

_levels: dict[str, int] | None = None


def level(category: str) -> int:
    """Return how much to print about *category*: 0 (nothing) to 3."""
    global _levels
    if _levels is None:
        _levels = _parse(settings.get("debug"))
    return _levels.get(category, _levels.get("all", 0))


def log(category: str, needed: int, text: str) -> None:
    """Print *text* if *category* is being logged at level *needed* or above."""
    if level(category) < needed:
        return
    line = "".join(f"morrow.{category}: {part}\n" for part in text.split("\n"))
    path = os.environ.get("MORROW_DEBUG_FILE")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(line)
    elif sys.stderr is not None:
        sys.stderr.write(line)


def _parse(text: str) -> dict[str, int]:
    """'jit:2,imports' -> {'jit': 2, 'imports': 1}. A level that is no number counts as 1: this is a debugging aid."""
    found = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = item.partition(":")
        found[name] = int(number) if number.isdigit() else 1
    return found
