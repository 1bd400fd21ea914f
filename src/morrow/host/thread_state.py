"""Reach this thread's `PyThreadState` at start, for the fields of it that `morrow.host` knows the place of.

Not by ctypes, which would cost more than everything else morrow does at start: by the C module below it.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ThreadState:
    """Where the state of the thread that asked is, and what reads and sets memory there.

    Attributes:
        address: of the `PyThreadState`.
        pointer, integer: types whose ``from_address(address)`` has a ``value`` that is that ``void *`` or ``int``.
    """

    __slots__ = ("address", "pointer", "integer")

    def __init__(self, address: int, pointer: type[Any], integer: type[Any]) -> None:
        self.address, self.pointer, self.integer = address, pointer, integer


def find() -> ThreadState | None:
    """Return this thread's state; None where it cannot be reached."""
    if os.name == "nt":
        return None
    try:
        from _ctypes import FUNCFLAG_PYTHONAPI, CFuncPtr, _SimpleCData, dlopen, dlsym
    except ImportError:  # a python built without it
        return None

    class Pointer(_SimpleCData):  # type: ignore[type-arg]
        _type_ = "P"

    class Integer(_SimpleCData):  # type: ignore[type-arg]
        _type_ = "i"

    class GetThread(CFuncPtr):
        _flags_ = FUNCFLAG_PYTHONAPI
        _restype_ = Pointer

    try:
        address = GetThread(dlsym(dlopen(None, 0), "PyThreadState_Get"))()  # type: ignore[arg-type]
    except OSError:  # an executable that exports no symbols
        return None
    return ThreadState(address, Pointer, Integer)  # type: ignore[arg-type]


def find_functions(*names: str) -> tuple[Any, ...] | None:
    """Return the type of a pointer and CPython's functions ``PyThreadState_NAME``; None where they cannot be reached.

    "Get" returns an address, the others take one and return nothing.
    """
    try:
        from _ctypes import FUNCFLAG_PYTHONAPI, CFuncPtr, _SimpleCData, dlopen, dlsym
    except ImportError:  # a python built without it; on Windows it has no dlopen
        return None

    class Pointer(_SimpleCData):  # type: ignore[type-arg]
        _type_ = "P"

    class Get(CFuncPtr):
        _flags_ = FUNCFLAG_PYTHONAPI
        _restype_ = Pointer

    class Change(CFuncPtr):
        _flags_ = FUNCFLAG_PYTHONAPI
        _restype_ = None
        _argtypes_ = (Pointer,)

    try:
        python = dlopen(None, 0)
        functions = ((Get if name == "Get" else Change)(dlsym(python, f"PyThreadState_{name}")) for name in names)  # type: ignore[arg-type]
        return Pointer, *functions
    except OSError:  # an executable that exports no symbols
        return None
