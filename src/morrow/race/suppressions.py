"""Findings that somebody has decided to live with: a file of patterns, or a comment ``# race: ok`` in one of the lines.

A line of the file is a word and a pattern with ``*`` and ``?``; all words may be left out but the pattern:

    # why it is fine
    variable Counter.hits
    kind unordered-read
    function refresh_*
    file vendor/*
    at app.py:12
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from morrow.race.findings import Finding, Side, comment_of
from morrow.race.report import short

WORDS = ("variable", "kind", "function", "file", "at")


class BadLine(ValueError):
    """A line of a suppressions file means nothing.

    Attributes:
        number, line: which.
    """

    def __init__(self, number: int, line: str) -> None:
        self.number, self.line = number, line
        super().__init__(f"line {number}: {line!r} is not one of {', '.join(WORDS)} and a pattern")


def read(text: str) -> list[tuple[str, str]]:
    """Return the (word, pattern) pairs of a suppressions file.

    Raises:
        BadLine: a line is neither.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        word, _, pattern = line.partition(" ")
        if word not in WORDS or not pattern.strip():
            raise BadLine(number, line)
        found.append((word, pattern.strip()))
    return found


def matching(finding: Finding, patterns: list[tuple[str, str]]) -> str:
    """Return what suppresses *finding*: a comment or a line of the file; '' if nothing does."""
    comment = comment_of(finding)
    if comment:
        return comment
    for word, pattern in patterns:
        if any(fnmatchcase(text, pattern) for text in _texts(word, finding)):
            return f"{word} {pattern}"
    return ""


def _texts(word: str, finding: Finding) -> list[str]:
    if word == "variable":
        return [finding.variable]
    if word == "kind":
        return [finding.kind.name]
    return [text for side in (finding.first, finding.second) for text in _of_side(word, side)]


def _of_side(word: str, side: Side) -> list[str]:
    if word == "function":
        return [side.site.function, *(function for _, _, function in side.frames)]
    paths = {side.site.path, short(side.site.path)}
    if word == "file":
        return sorted(paths)
    return [f"{path}:{side.site.line}" for path in sorted(paths)]
