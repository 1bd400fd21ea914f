"""When a traceback is coloured, and how: the rules and the colours of 3.14's ``_colorize``.

A colour is the numbers of an SGR sequence, such as "1;31".
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PIECES = {
    "traceback_file": "35",
    "traceback_line": "35",
    "traceback_frame": "35",
    "traceback_type": "1;35",
    "traceback_message": "35",
    "traceback_range": "1;31",
    "traceback_range_soft": "31",
}
"""What a traceback is made of, in the colours of 3.14's default theme (Lib/_colorize.py)."""

current = dict(PIECES)
"""What `painter` uses now."""


def painter(coloured: bool, colours: dict[str, str] | None = None):  # type: ignore[no-untyped-def]
    """Return ``paint(text, piece)``, which gives the text in the colour of that piece of a traceback, or as it is."""
    if not coloured:
        return lambda text, piece: text
    chosen = current if colours is None else colours
    return lambda text, piece: paint(text, chosen[piece])


def paint(text: str, colour: str) -> str:
    """Return *text* in a colour of a theme."""
    return f"\x1b[{colour}m{text}\x1b[0m" if colour != "0" else text


def can_colour(stream: Any) -> bool:
    """Say whether to colour what goes to *stream*, by the rules of 3.14's ``_colorize.can_colorize``.

    PYTHON_COLORS=0 or 1 decides, unless python is told to ignore its variables (-E, -I); else NO_COLOR, FORCE_COLOR and
    TERM=dumb do; else whether it is a terminal.
    """
    told = None if sys.flags.ignore_environment else os.environ.get("PYTHON_COLORS")
    if told in ("0", "1"):
        return told == "1"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    if os.environ.get("TERM") == "dumb" or stream is None:
        return False
    try:
        return os.isatty(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return False  # no file descriptor behind it: nobody sees colours there
