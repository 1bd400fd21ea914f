"""Source code in colours in what pdb prints, as 3.14's does: ``list``, ``longlist`` and where it stops.

Only for debuggers made with ``colorize=True``, which is what ``breakpoint()``, `pdb.set_trace` and ``-m pdb`` make, and only
on a terminal that wants colours. The colours are those of the prompt (MORROW_THEME); a host whose pdb has its own keeps those.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any


def complete(pdb: ModuleType) -> None:
    """Let the host's `Pdb` colour the code it prints."""
    kind: Any = pdb.Pdb  # type: ignore[attr-defined]
    plain_lines, plain_entry = kind._print_lines, kind.format_stack_entry

    def _print_lines(self: Any, lines: list[str], start: int, breaks: Any = (), frame: Any = None) -> None:
        plain_lines(self, _coloured(lines) if _wants(self) else lines, start, breaks, frame)

    def format_stack_entry(self: Any, frame_lineno: Any, lprefix: str = ": ") -> str:
        text: str = plain_entry(self, frame_lineno, lprefix)
        head, found, code = text.partition(lprefix)
        return head + found + _coloured([code])[0] if found and _wants(self) else text

    kind._print_lines, kind.format_stack_entry = _print_lines, format_stack_entry


def _wants(debugger: Any) -> bool:
    if not getattr(debugger, "colorize", False):
        return False
    from morrow.language.tracebacks.colours import can_colour

    return bool(can_colour(debugger.stdout))


def _coloured(lines: list[str]) -> list[str]:
    """Return lines of code with their pieces in colours, without their newlines."""
    from morrow.repl.highlight import scan

    theme, found = _theme(), []
    plain = [line.rstrip("\n") for line in lines]
    for line, pieces in zip(plain, scan("\n".join(plain))):
        text, position = "", 0
        for piece in pieces:
            colour = theme.get(piece.kind, "0")
            word = line[piece.start : piece.end]
            text += line[position : piece.start] + (word if colour == "0" else f"\x1b[{colour}m{word}\x1b[0m")
            position = piece.end
        found.append(text + line[position:])
    return found


def _theme() -> dict[str, str]:
    """Return the prompt's colours; a theme that is none is the prompt's business to say."""
    from morrow import settings
    from morrow.repl.themes import THEMES, BadTheme, get_theme

    try:
        return get_theme(settings.get("theme"))
    except BadTheme:
        return THEMES["default"]
