"""Machine code that the jit itself runs on, the same in every process of one build: helpers of compiled code, look-ups, callbacks.

It is LLVM text of ours like everything else, but made once for a build of Python and kept on disk, so that a program is
looked at, and what was compiled for it put in place, without LLVM in its process.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

from morrow.jit import guards, object_cache, release
from morrow.jit.link import Loaded, links_here


def c_address(name: str) -> int:
    """Return the address of a C API function or of a function of the C library.

    Raises:
        AttributeError: the host does not export it.
    """
    address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    assert address
    return address


@cache
def library_address(name: str) -> int:
    """Return the address of a function of the C library, such as pow."""
    library = ctypes.CDLL("ucrtbase" if hasattr(ctypes, "WinDLL") else None)
    try:
        function = getattr(library, name)
    except AttributeError:
        from ctypes.util import find_library  # imports subprocess

        function = getattr(ctypes.CDLL(find_library("m")), name)
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address
    return address


@cache
def _disk() -> object_cache.ObjectCache:
    """Return the cache for code that any processor of this kind can run, whatever LLVM made it."""
    import os

    machine = os.uname().machine if hasattr(os, "uname") else sys.platform
    return object_cache.open_cache(f"natives {machine}")


class NotYet(Exception):
    """Nothing is on disk for this build, and LLVM cannot be imported in this thread just now."""


def may_import() -> bool:
    """Return whether LLVM may be imported now; the worker puts its own answer here."""
    return True


_KEEP: list[Loaded] = []  # a thread may be in it at exit


def load(text: str, imports: dict[str, int], exports: tuple[str, ...]) -> dict[str, int]:
    """Return the addresses of functions given as LLVM text; they stay for as long as the process lives.

    Raises:
        NotYet: see there.
    """
    key = _disk().key(text, 2)
    code = _disk().find(key)
    if (code is None or not links_here()) and not may_import():
        raise NotYet
    if code is None:
        from morrow.jit import llvm

        code = llvm.emit_object(llvm.optimise(text, 2), 2, "generic")
        _disk().store(key, code)
    loaded = Loaded(f"morrow.{exports[0]}.{len(_KEEP)}", code, imports, exports)
    _KEEP.append(loaded)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(loaded))  # longer than this module: finalizers run machine code after it is gone
    return loaded.addresses


class _MethodDef(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p)]


_METHOD = _MethodDef()
_CLASS_NAME = ctypes.py_object("__class__")
_NO_ARGUMENTS = ctypes.py_object(())


@cache
def runtime() -> dict[str, int]:
    """Load the helpers of `guards` (once) and return their addresses."""
    text = guards.runtime_text()
    imports = {}
    for line in text.splitlines():
        if line.startswith("declare"):
            name = line.split("@", 1)[1].split("(", 1)[0]
            imports[name] = c_address(name)
        elif "= external global" in line:
            name = line[1:].split(" ", 1)[0]
            own = {"morrow_method": _METHOD, "morrow_class_name": _CLASS_NAME, "morrow_no_arguments": _NO_ARGUMENTS}.get(name)
            imports[name] = c_address(name) if own is None else ctypes.addressof(own)
    addresses = load(text, imports, guards.EXPORTS)
    _METHOD.name = b"resume"
    _METHOD.function = addresses["morrow_record_call"]
    _METHOD.flags = 0x80 | 0x02  # METH_FASTCALL | METH_KEYWORDS (methodobject.h)
    release.loaded(addresses)
    return addresses
