"""The line of the program that an error shows."""

from __future__ import annotations

from morrow.language.source import read


def line_of_file(filename: str, line: int) -> str | None:
    """Return a line of the file with its newline, or None if there is no such file or line.

    CPython shows the file's line when the name given to compile() is one of a file that can be read, and of a long one the
    beginning (Python/errors.c, err_programtext: what a buffer holds).
    """
    if not filename or filename.startswith("<") or line < 1:
        return None
    try:
        with open(filename, "rb") as file:
            text = read(file.read())
    except (OSError, ValueError, LookupError):
        # Not a file, or not text: nothing to show, which is what CPython shows.
        return None
    found = text.line(line)
    if len(found) > _LONGEST // 4 and len(data := found.encode()) > _LONGEST:
        found = data[:_LONGEST].decode(errors="replace")
    return found or None


_LONGEST = 999
