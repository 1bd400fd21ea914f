"""Keep a host from freeing, at its end, what an interpreter with its own GIL has allocated.

A C function with keywords keeps a tuple of their names, made at its first call, by whichever interpreter calls first
(CPython 3.12, Python/getargs.c, parser_init). At the end the main interpreter frees all these tuples, and with its own
allocator: ``free(): invalid pointer``. Emptying the list before that costs nothing, since the process is over.
"""

from __future__ import annotations

import os
import struct

from morrow.host import HERE

_KWTUPLE, _NEXT = 56, 64  # in struct _PyArg_Parser
_TYPE = 8  # in every object


def forget() -> bool:
    """Empty the list, if this host needs it and the list is where it should be. Return whether it was emptied."""
    if HERE is None or not HERE.parsers_list:
        return False
    try:
        import ctypes

        runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
        with open("/proc/self/mem", "rb", 0) as memory:
            if not _is_the_list(memory.fileno(), runtime + HERE.parsers_list):
                return False
    except (ImportError, OSError, ValueError):  # no ctypes, no such symbol, no such folder, an address outside memory
        return False
    ctypes.c_void_p.from_address(runtime + HERE.parsers_list).value = None
    return True


def _is_the_list(memory: int, place: int) -> bool:
    """Whether a list of parsers, all with a tuple of names, starts at *place*. Reads wrong addresses without harm."""

    def word(address: int) -> int:
        return struct.unpack("Q", os.pread(memory, 8, address))[0]  # type: ignore[no-any-return]

    parser, number = word(place), 0
    while parser and number < 100_000:
        names = word(parser + _KWTUPLE)
        if not names or word(names + _TYPE) != id(tuple):
            return False
        parser, number = word(parser + _NEXT), number + 1
    return number > 0 and not parser
