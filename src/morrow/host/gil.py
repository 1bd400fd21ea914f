"""Where this process keeps the word that says whether the GIL is taken."""

from __future__ import annotations

import ctypes
import sys

from morrow.host.debug_offsets import layout
from morrow.host.facts import NoFacts


def locked_address() -> int:
    """Return the address of the main interpreter's ``gil->locked``, an int; 0 where it is not known.

    Called with the GIL held: a word that does not say so is not the one (Include/internal/pycore_gil.h).
    """
    free_threaded = bool(getattr(sys, "_is_gil_enabled", None)) and not sys._is_gil_enabled()  # type: ignore[attr-defined]
    try:
        offsets, _ = layout(sys.version_info[:2], free_threaded)
        if free_threaded or sys.implementation.name != "cpython":
            return 0
        if "runtime.gil" in offsets:
            gil = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime")) + offsets["runtime.gil"]
        else:
            main = ctypes.PyDLL(None).PyInterpreterState_Main
            main.restype = ctypes.c_void_p
            gil = ctypes.c_uint64.from_address(main() + offsets["interp.ceval_gil"]).value
        address = gil + offsets["gil.locked"]
        return address if ctypes.c_int.from_address(address).value == 1 else 0
    except (NoFacts, KeyError, ValueError, AttributeError, OSError):
        return 0
