"""Let hidden frames of 3.11 end unheard by profile functions.

    return x        ->      keep = unheard()      on every way out, errors included; then what it was
                            return x

A profile function of 3.11 is told of every frame that ends (ceval.c, trace_function_exit), of a hidden one too, of whose
start it was not told: cProfile and profile take that for the end of the frame below, and lose count. The variable is gone,
and the thread hears again, when the end has been told.
"""

from __future__ import annotations

from morrow.host.deaf import unheard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

# Opcodes and caches of 3.11, the only host that needs this.
_RETURN, _JUMP_FORWARD, _EXTENDED_ARG, _RERAISE = bytes((83, 0)), 110, 144, 119
_PUSH_NULL, _LOAD_CONST, _PRECALL, _CALL, _STORE_FAST = 2, 100, 166, 171, 125
_CACHE = bytes(2)
_FARTHEST = 255


def end_unheard(code: CodeType) -> CodeType:
    """Return a code without cells that calls `unheard` before it ends, by a return or an error.

    A return that is too far from the end goes there by way of later ones. One that has none near enough stays as it is.
    """
    body = bytearray(code.co_code)
    count = len(body) // 2
    ways = [count]
    found = len(body)
    while (found := body.rfind(_RETURN, 0, found + 1)) >= 0:  # caches are zero in co_code
        place = found // 2
        if found % 2 == 0 and ways[-1] - place - 1 <= _FARTHEST:
            farthest = next(way for way in ways if way - place - 1 <= _FARTHEST)
            body[found : found + 2] = bytes((_JUMP_FORWARD, farthest - place - 1))
            ways.append(place)
    constant, variable = len(code.co_consts), code.co_nlocals
    call = bytes((_PUSH_NULL, 0)) + _with_argument(_LOAD_CONST, constant)
    call += bytes((_PRECALL, 0)) + _CACHE + bytes((_CALL, 0)) + 4 * _CACHE + _with_argument(_STORE_FAST, variable)
    body += call + _RETURN
    handler = len(body) // 2
    body += call + bytes((_RERAISE, 0))
    return code.replace(
        co_code=bytes(body),
        co_consts=(*code.co_consts, unheard),
        co_varnames=(*code.co_varnames, "unheard"),
        co_nlocals=variable + 1,
        co_stacksize=code.co_stacksize + 3,
        co_exceptiontable=_catching_all(code.co_exceptiontable, count, handler),
    )


def _with_argument(opcode: int, argument: int) -> bytes:
    return bytes((_EXTENDED_ARG, argument >> 8, opcode, argument & 255) if argument > 255 else (opcode, argument))


def _catching_all(table: bytes, count: int, handler: int) -> bytes:
    """Return an exception table with an entry for all that has none yet (Objects/exception_handling_notes.txt)."""
    entries, reached, place = bytearray(), 0, 0
    while place < len(table):
        begin = place
        start, place = _number(table, place)
        length, place = _number(table, place)
        for _ in ("target", "depth"):
            _, place = _number(table, place)
        if start > reached:
            entries += _entry(reached, start - reached, handler)
        entries += table[begin:place]
        reached = start + length
    return bytes(entries + _entry(reached, count - reached, handler)) if reached < count else bytes(entries)


def _number(table: bytes, place: int) -> tuple[int, int]:
    """Return the number that is at a place, six bits to a byte, and the place behind it."""
    value = table[place] & 63
    while table[place] & 64:
        place += 1
        value = value << 6 | table[place] & 63
    return value, place + 1


def _entry(start: int, length: int, target: int) -> bytes:
    """Return an entry whose handler finds nothing on the stack but the error."""
    entry = bytearray()
    for number in (start, length, target, 0):
        sixes = [number & 63]
        while number := number >> 6:
            sixes.insert(0, number & 63 | 64)
        entry += bytes(sixes)
    entry[0] |= 128
    return bytes(entry)
