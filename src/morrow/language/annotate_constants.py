"""Let a function's annotate function travel as a constant: nothing is made when the function is defined.

    LOAD_CONST 'return'                               NOP
    LOAD_CONST <code f.__annotate__>             ->   LOAD_CONST ('return', <code f.__annotate__>)
    MAKE_FUNCTION 0                                   NOP
    BUILD_TUPLE 2                                     NOP

This is what the host makes of ``-> (lambda ...)`` (`features.deferred_annotations`). An annotate function without cells
differs from its code only in the globals, and these are the function's own: `morrow_runtime.annotation_attributes` puts
it together when somebody asks. With this a definition costs as much as one without annotations, and with
MAKE_FUNCTION half as much again. No instruction moves, so lines, positions and exception tables stay right.
"""

from __future__ import annotations

import opcode
from types import CodeType

_LOAD_CONST, _EXTENDED_ARG = opcode.opmap["LOAD_CONST"], opcode.opmap["EXTENDED_ARG"]
_MAKE_FUNCTION, _BUILD_TUPLE, _NOP = opcode.opmap["MAKE_FUNCTION"], opcode.opmap["BUILD_TUPLE"], opcode.opmap["NOP"]
_KEY = "return"


def fold(code: bytes, constants: list[object], wanted: dict[int, CodeType]) -> bytes:
    """Return *code* with the annotate functions in *wanted* as constants; changes *constants* to match.

    Args:
        code: instructions of one code object, two bytes each.
        constants: its constants.
        wanted: index in *constants* -> code of an annotate function that has no cells.
    """
    out = bytearray(code)
    argument = start = 0
    before: tuple[int, int, int] | None = None  # start, opcode and argument of the instruction before this one
    for at in range(0, len(code), 2):
        argument = argument << 8 | code[at + 1]
        if code[at] == _EXTENDED_ARG:
            continue
        if code[at] == _LOAD_CONST and argument in wanted and before is not None:
            follows = code[at + 2], code[at + 4 : at + 6]
            is_key = before[1] == _LOAD_CONST and constants[before[2]] == _KEY
            if is_key and follows == (_MAKE_FUNCTION, bytes([_BUILD_TUPLE, 2])) and not code[at + 3]:
                constants[argument] = (_KEY, wanted[argument])
                for place in (*range(before[0], start, 2), at + 2, at + 4):
                    out[place : place + 2] = bytes([_NOP, 0])
        before = (start, code[at], argument)
        argument, start = 0, at + 2
    return bytes(out)
