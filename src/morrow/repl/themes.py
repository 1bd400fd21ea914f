"""Colours by what a piece of code is. A theme is a dict from piece to an SGR sequence's numbers.

The default wears the colours of CPython 3.14's own prompt (Lib/_colorize.py). MORROW_THEME names another one, or a
TOML file whose keys are the pieces: ``keyword = "1;34"``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from morrow.language.tracebacks.colours import PIECES

THEMES: dict[str, dict[str, str]] = {
    "default": {
        "prompt": "1;35",
        "keyword": "1;34",
        "soft_keyword": "1;34",
        "builtin": "36",
        "definition": "1",
        "string": "32",
        "number": "33",
        "comment": "31",
        "op": "0",
        "name": "0",
        "error": "1;31",
        **PIECES,
    },
    "light": {
        "prompt": "1;34",
        "keyword": "1;35",
        "soft_keyword": "1;35",
        "builtin": "34",
        "definition": "1;34",
        "string": "32",
        "number": "31",
        "comment": "90",
    },
    "mono": {
        "prompt": "1",
        "keyword": "1",
        "soft_keyword": "1",
        "builtin": "0",
        "definition": "4",
        "string": "3",
        "number": "0",
        "comment": "2",
        "traceback_file": "0",
        "traceback_line": "0",
        "traceback_frame": "1",
        "traceback_type": "1",
        "traceback_message": "0",
        "traceback_range": "1;4",
        "traceback_range_soft": "4",
    },
}

_SGR = re.compile(r"\d{1,3}(;\d{1,3})*")


class BadTheme(ValueError):
    """A theme cannot be used.

    Attributes:
        name: as the user gave it.
        reason: what is wrong with it.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"theme {name!r}: {reason}")


def get_theme(name: str) -> dict[str, str]:
    """Return a theme by name or by the path of a TOML file, completed from the default theme.

    Raises:
        BadTheme: no such theme, the file cannot be read, or a colour is not SGR numbers such as "1;34".
    """
    if name in THEMES:
        return {**THEMES["default"], **THEMES[name]}
    path = Path(name).expanduser()
    if path.suffix != ".toml":
        raise BadTheme(name, f"not one of {', '.join(THEMES)}, and not a .toml file")
    import tomllib

    try:
        colours = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadTheme(name, str(error)) from error
    return {**THEMES["default"], **_checked(name, colours)}


def _checked(name: str, colours: Mapping[str, object]) -> dict[str, str]:
    found = {}
    for piece, colour in colours.items():
        if piece not in THEMES["default"]:
            raise BadTheme(name, f"{piece!r} is not one of {', '.join(THEMES['default'])}")
        if not isinstance(colour, str) or not _SGR.fullmatch(colour):
            raise BadTheme(name, f'{piece} = {colour!r} is not SGR numbers such as "1;34"')
        found[piece] = colour
    return found
