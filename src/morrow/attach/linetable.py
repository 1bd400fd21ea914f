"""Which line does an instruction belong to? The location table of code objects (CPython Objects/locations.md, PEP 626)."""

from __future__ import annotations


def line_of(table: bytes, first_line: int, offset: int) -> int | None:
    """Return the line of the instruction at *offset* (bytes), None for one that belongs to no line."""
    line, at, position = first_line, 0, 0
    while position < len(table):
        head = table[position]
        position += 1
        kind, units = head >> 3 & 15, (head & 7) + 1
        found: int | None = None
        if kind == 15:  # no location
            pass
        elif kind in (13, 14):  # a signed change of line; 14 adds an end line and two columns
            change, position = _number(table, position)
            line += -(change >> 1) if change & 1 else change >> 1
            if kind == 14:
                for _ in range(3):
                    _, position = _number(table, position)
            found = line
        elif kind >= 10:  # a line 0 to 2 further on, two columns
            line += kind - 10
            position += 2
            found = line
        else:  # the same line, columns in one byte
            position += 1
            found = line
        at += 2 * units
        if at > offset:
            return found
    return None


def _number(table: bytes, position: int) -> tuple[int, int]:
    """Return a variable-length number (six bits a byte, least significant first) and what comes behind it."""
    value = shift = 0
    while position < len(table):
        byte = table[position]
        position += 1
        value |= (byte & 63) << shift
        shift += 6
        if not byte & 64:
            break
    return value, position
