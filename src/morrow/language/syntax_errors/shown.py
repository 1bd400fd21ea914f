"""The line of the program that an error shows."""

from __future__ import annotations

from morrow.language.source import read


def line_of_file(filename: str, line: int) -> str | None:
    """Return a line of the file with its newline, or None if there is no such file or line.

    CPython shows the file's line when the name given to compile() is one of a file that can be read.
    """
    if not filename or filename.startswith("<") or line < 1:
        return None
    try:
        with open(filename, "rb") as file:
            text = read(file.read())
    except (OSError, ValueError, LookupError):
        # Not a file, or not text: nothing to show, which is what CPython shows.
        return None
    return text.line(line) or None
