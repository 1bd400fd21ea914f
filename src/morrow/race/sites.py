"""The places in the program where something is read or written: made while rewriting, looked up by number while running."""

from __future__ import annotations

import linecache

READ, WRITE, UPDATE, CONSTANT, LOOK, MUTATE, WALK = range(7)
"""How a variable is accessed. UPDATE reads and writes (``x += 1``), CONSTANT writes None, True, False or a number; LOOK,
MUTATE and WALK are for containers: one operation that CPython does as a whole, and iterating, which is many."""

VERBS = ("reads", "writes", "updates", "writes", "reads", "changes", "iterates over")


class Site:
    """One place.

    Attributes:
        path, line, function: where.
        name: the attribute, variable or method; '' for an item.
        span: first line, last line, first and last column (in UTF-8 bytes) of the expression.
        mode: one of the constants above.
        place: where in a timeline's ``seen`` to look; see `clocks`.
        value: the text of the constant that is written; '' if it is none.
        calls: the right side of an update calls something, where a thread switch is likely.
        changes: for a method, the types of containers that it changes as a whole.
    """

    __slots__ = ("path", "line", "function", "name", "span", "mode", "place", "value", "calls", "changes")

    def __init__(self, path: str, line: int, function: str, name: str, span: tuple[int, ...], mode: int, place: int) -> None:
        self.path, self.line, self.function, self.name = path, line, function, name
        self.span, self.mode, self.place = span, mode, place
        self.value = ""
        self.calls = False
        self.changes: frozenset[type] = frozenset()

    @property
    def text(self) -> str:
        """The expression as written, shortened to one line."""
        first, last, start, end = self.span
        line = linecache.getline(self.path, first).encode()
        text = (line[start:end] if first == last else line[start:]).decode(errors="replace").strip()
        return text if len(text) <= 60 and first == last else text[:57] + "..."

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {VERBS[self.mode]} {self.text}"


sites: list[Site] = []


def add(site: Site) -> int:
    """Put a site in the table; return its number."""
    sites.append(site)
    return len(sites) - 1
