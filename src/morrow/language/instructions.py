"""Change finished code objects in place: put instructions in where nothing else has to move but tables.

    Sample(...)                   instructions as the host compiles them, to be put elsewhere
    put_at_start(code, made)      right after RESUME; the exception table moves along
    put_at_end(code, made, line)  before a class body hands itself over

Works on what ``co_code`` gives, two bytes per instruction. Nothing here knows a version: which instructions a statement
needs is found by compiling one, the rest is asked of `opcode`. What does not look as expected is `Unfit`.
"""

from __future__ import annotations

import opcode
from types import CodeType

from morrow.language import host_compile

_NUMBER = opcode.opmap
EXTENDED_ARG, LOAD_CONST, LOAD_NAME, STORE_NAME = (_NUMBER[name] for name in ("EXTENDED_ARG", "LOAD_CONST", "LOAD_NAME", "STORE_NAME"))
_RESUME, _RETURN_VALUE, _COPY = _NUMBER["RESUME"], _NUMBER["RETURN_VALUE"], _NUMBER["COPY"]
_RETURN_CONST = _NUMBER.get("RETURN_CONST", -1)
_JUMPS = frozenset(opcode.hasjrel) | frozenset(opcode.hasjabs)
_NAMES = frozenset(opcode.hasname)
_NO_PLACE, _LONG, _LINE_ONLY = 15, 14, 13  # kinds of entry in a table of locations (CPython's Objects/locations.md)


class Unfit(Exception):
    """The code is not of a shape that can be changed in place: another way has to be taken."""


def argument_of(words: bytes | bytearray, at: int) -> tuple[int, int]:
    """Return where the instruction at *at* starts, with what extends its argument, and that argument."""
    start, argument, shift = at, words[at + 1], 8
    while start >= 2 and words[start - 2] == EXTENDED_ARG:
        start -= 2
        argument |= words[start + 1] << shift
        shift += 8
    return start, argument


class Sample:
    """Instructions cut out of the code of a text.

    Args:
        source: the text; the instructions are those of its one class, if it has one.
        names: the names they use, in order: they end with the last one.
        start: where they begin; -1: at the first name.
    """

    def __init__(self, source: str, names: tuple[str, ...], start: int = -1) -> None:
        code = host_compile(source, "", "exec", dont_inherit=True)
        code = next((each for each in code.co_consts if isinstance(each, CodeType) and each.co_name != "<lambda>"), code)
        self.stack = code.co_stacksize
        self._parts: list[tuple[int, int, object]] = []  # opcode, how its argument is made, what from
        words, waiting = code.co_code, list(names)
        for at in range(max(start, 0), len(words), 2):
            number, argument = words[at], words[at + 1]
            if number in _NAMES and (shift := _shift(code.co_names, argument, waiting[0])) >= 0:
                self._parts.append((number, 1 + shift, (waiting.pop(0), argument & shift)))
                if not waiting:
                    return
            elif self._parts or start >= 0:
                is_constant = number == LOAD_CONST
                self._parts.append((number, 0, code.co_consts[argument]) if is_constant else (number, -1, argument))
        raise Unfit("a sample without all its names")

    def make(self, consts: list[object], names: list[str], code: CodeType, value: object = None) -> bytes:
        """Return the instructions, with *code* for the lambda of the sample and *value* for its number.

        *consts* and *names* are those of the code object they are for, and get what they lack.
        """
        out = bytearray()
        for number, kind, meant in self._parts:
            argument: int = meant  # type: ignore[assignment]
            if kind == 0:
                consts.append(code if isinstance(meant, CodeType) else value if isinstance(meant, float) else meant)
                argument = len(consts) - 1
            elif kind > 0:
                name, low = meant  # type: ignore[misc]
                if name not in names:
                    names.append(name)
                argument = names.index(name) << (kind - 1) | low
            put(out, number, argument)
        return bytes(out)


def _shift(names: tuple[str, ...], argument: int, wanted: str) -> int:
    """Return by how many bits an argument is to be shifted to name *wanted*; -1 if it does not."""
    return next((shift for shift in (0, 1) if names[argument >> shift : (argument >> shift) + 1] == (wanted,)), -1)


def put(out: bytearray, number: int, argument: int) -> None:
    """Add an instruction, and what it needs to have this argument."""
    for shift in (24, 16, 8):
        if argument >> shift:
            out += bytes((EXTENDED_ARG, argument >> shift & 255))
    out += bytes((number, argument & 255))


def extend(code: CodeType, words: bytes, places: bytes, wanted: list[tuple[int, int]]) -> tuple[bytes, bytes]:
    """Return instructions and locations with longer arguments: (where the instruction is, what comes before its byte)."""
    if wanted and (code.co_exceptiontable or has_jumps(words)):
        raise Unfit("too many constants in code with branches")
    for at, high in sorted(wanted, reverse=True):
        if high > 255:
            raise Unfit("too many constants")
        words = words[:at] + bytes((EXTENDED_ARG, high)) + words[at:]
        entry, units = 0, at // 2
        while (here := (places[entry] & 7) + 1) <= units:
            units -= here
            entry = _after(places, entry)
        if here < 8:
            places = places[:entry] + bytes((places[entry] + 1,)) + places[entry + 1 :]
        else:
            end = _after(places, entry)
            places = places[:end] + _again(places[entry:end]) + places[end:]
    return words, places


def _after(places: bytes, entry: int) -> int:
    """Return where the entry after one begins."""
    return next((at for at in range(entry + 1, len(places)) if places[at] & 0x80), len(places))


def _again(entry: bytes) -> bytes:
    """Return an entry for one more unit at the place of another: the same, but no line further on."""
    kind, rest = entry[0] >> 3 & 15, entry[1:]
    if 10 <= kind <= 12:  # columns, on the same line or one of the next two
        kind = 10
    elif kind in (_LINE_ONLY, _LONG):
        delta = next(at for at in range(len(rest)) if not rest[at] & 64)
        rest = b"\0" + rest[delta + 1 :]
    return bytes((0x80 | kind << 3,)) + rest


def has_jumps(words: bytes) -> bool:
    """Return whether the instructions are anything but one straight line."""
    return not _JUMPS.isdisjoint(words[::2])


def put_at_start(words: bytes, places: bytes, handlers: bytes, made: bytes) -> tuple[bytes, bytes, bytes]:
    """Return instructions, locations and exception table of a module with *made* as the first thing it does."""
    if words[0] != _RESUME or places[0] & 0x87 != 0x80:
        raise Unfit("does not begin with RESUME alone")
    end, count = _after(places, 0), len(made) // 2
    return words[:2] + made + words[2:], places[:end] + _entries(_NO_PLACE, count) + places[end:], _moved(handlers, count)


def put_at_end(code: CodeType, words: bytes, places: bytes, made: bytes, line: int) -> tuple[bytes, bytes]:
    """Return instructions and locations of a class body that does *made* at last, said to be on *line*.

    From there on everything is on that line, as it is when the host compiles such a statement.
    """
    if code.co_exceptiontable or has_jumps(words):
        raise Unfit("a class body with branches")
    at = _handing_over(code, words)
    grown = len(words) - len(code.co_code)
    entry, units = 0, at // 2
    lines = [number for start, _, number in code.co_lines() if start < at - grown and number is not None]
    last = lines[-1] if lines else code.co_firstlineno
    kept = bytearray(places)
    while units:
        here = (kept[entry] & 7) + 1
        if here > units:  # one location for more than what comes before
            kept[entry] -= here - units
            here = units
        units -= here
        entry = _after(places, entry)
    count = (len(made) + len(words) - at) // 2
    return words[:at] + made + words[at:], bytes(kept[:entry]) + _entries(_LINE_ONLY, count, line - last)


def _handing_over(code: CodeType, words: bytes) -> int:
    """Return the offset of what a class body does when all statements are done."""
    at = len(words) - 2
    if words[at] == _RETURN_VALUE:
        at -= 2
        if words[at] == STORE_NAME:  # of __classcell__
            at = _whole(words, at) - 2
            if words[at] != _COPY:
                raise Unfit("hands over something unknown")
            at -= 2
        elif words[at] != LOAD_CONST:
            raise Unfit("hands over something unknown")
    elif words[at] != _RETURN_CONST:
        raise Unfit("has an unknown end")
    at = _whole(words, at)
    before = at - 2
    if words[before] == STORE_NAME:
        argument = int.from_bytes(words[_whole(words, before) + 1 : at : 2], "big")
        if code.co_names[argument] == "__static_attributes__":
            at = _whole(words, _whole(words, before) - 2)
            if words[before] != STORE_NAME or LOAD_CONST not in words[at:before:2]:
                raise Unfit("stores __static_attributes__ in an unknown way")
    return at


def _whole(words: bytes, at: int) -> int:
    """Return where the instruction at *at* begins, with what makes its argument long."""
    while at >= 2 and words[at - 2] == EXTENDED_ARG:
        at -= 2
    return at


def _entries(kind: int, count: int, delta: int = 0) -> bytes:
    """Return the locations of *count* units: none, or one line that is *delta* after the line before."""
    out = bytearray()
    while count > 0:
        units = min(count, 8)
        out.append(0x80 | kind << 3 | units - 1)
        if kind == _LINE_ONLY:
            number = -delta << 1 | 1 if delta < 0 else delta << 1
            while number >= 64:
                out.append(64 | number & 63)
                number >>= 6
            out.append(number)
            delta = 0
        count -= units
    return bytes(out)


def _moved(handlers: bytes, count: int) -> bytes:
    """Return an exception table for code that begins *count* units later (CPython's Objects/exception_handling_notes.txt)."""
    numbers: list[int] = []
    numbers_go_on = 0
    for byte in handlers:
        if byte & 0x80 or not numbers_go_on:
            numbers.append(0)
        numbers[-1] = numbers[-1] << 6 | byte & 63
        numbers_go_on = byte & 64
    out = bytearray()
    for index, number in enumerate(numbers):
        number += count if index % 4 in (0, 2) else 0  # start, size, target, depth
        groups = [number & 63]
        while number := number >> 6:
            groups.insert(0, number & 63 | 64)
        groups[0] |= 0 if index % 4 else 0x80
        out += bytes(groups)
    return bytes(out)
