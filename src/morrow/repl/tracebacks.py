"""Print an exception at the prompt, in the colours of its theme, if whoever reads it can see colours."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import TextIO

from morrow.host import HERE
from morrow.language.tracebacks import colours, errors, frames
from morrow.repl.themes import get_theme

_worn = "default"


def print_exception(error: BaseException, tb: TracebackType | None, stream: TextIO | None = None, theme: str = "default") -> None:
    """Print an exception.

    Args:
        tb: where its traceback starts; frames further out are not shown.
        stream: sys.stderr if None; nothing is printed when that is None too.
        theme: name of a theme, which must exist.
    """
    stream = sys.stderr if stream is None else stream
    if stream is None:
        return
    errors.update()
    _wear(theme)
    summary = traceback.TracebackException(type(error), error, tb, limit=frames.BUILTIN_LIMIT, compact=True)
    stream.write("".join(summary.format(colorize=colours.can_colour(stream))))  # type: ignore[call-arg]
    stream.flush()


def _wear(name: str) -> None:
    """Give tracebacks the colours of a theme: in this process's own printer, or in the host's where that colours."""
    global _worn
    if name == _worn:
        return
    _worn = name
    chosen = {piece: colour for piece, colour in get_theme(name).items() if piece in colours.PIECES}
    colours.current.update(chosen)
    if HERE is not None and HERE.shows_tracebacks:
        import _colorize

        sections = ("filename", "line_no", "frame", "type", "message", "error_highlight", "error_range")
        worn = {section: f"\x1b[{colour}m" for section, colour in zip(sections, chosen.values(), strict=True)}
        _colorize.set_theme(_colorize.get_theme(force_color=True).copy_with(traceback=_colorize.Traceback(**worn)))
