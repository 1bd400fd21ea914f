"""The object code for a module's text: from disk where it was made before, else LLVM's, and then kept.

LLVM is imported only if nothing is found, because its import takes longer than compiling a small function. So what is on
disk must be named without asking LLVM: by the processor as the kernel describes it, and by the file that LLVM is in.
"""

from __future__ import annotations

import os
from functools import cache
from time import thread_time

from morrow.jit import object_cache

MANY_LINES = 8000
"""Lines of LLVM text from which a module gets a few quick passes in place of level 1's, and at first no more than level 0."""

seconds = 0.0
"""CPU time that LLVM has taken so far, without the GIL."""


@cache
def disk() -> object_cache.ObjectCache:
    """Return the cache on disk for this processor and LLVM."""
    return object_cache.open_cache(_name_context() or _ask_llvm())


def find(text: str, level: int) -> bytes | None:
    """Return the object code for a module's text if it is on disk."""
    return disk().find(disk().key(text, level))


def build(text: str, level: int) -> bytes:
    """Return the object code for a module's text: from disk, or made and kept there.

    Raises:
        RuntimeError: LLVM does not accept the text (a bug of ours).
    """
    global seconds
    code = find(text, level)
    if code is None:
        from morrow.jit import llvm

        began = thread_time()
        code = llvm.emit_object(llvm.optimise(text, level), level)
        seconds += thread_time() - began
        disk().store(disk().key(text, level), code)
    return code


def _name_context() -> str:
    """Return what object code depends on besides its text, without LLVM; "" where that cannot be said."""
    from _frozen_importlib_external import PathFinder

    spec = PathFinder.find_spec("llvmlite")
    if spec is None or not spec.submodule_search_locations:
        return ""
    library = os.path.join(spec.submodule_search_locations[0], "binding", "libllvmlite.so")
    lines = []
    try:
        found = os.stat(library)
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if not line.strip():
                    break  # the first processor's
                if line.partition("\t")[0].rstrip(" :") in _TELLING:
                    lines.append(line.strip())
    except OSError:
        return ""
    if not any(line.startswith(("flags", "Features")) for line in lines):
        return ""
    return "\n".join((*lines, library, str(found.st_size), str(found.st_mtime_ns)))


#: what tells processors apart (Linux: arch/x86/kernel/cpu/proc.c and arch/arm64/kernel/cpuinfo.c)
_TELLING = {"vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features", "CPU implementer", "CPU part", "CPU variant"}


def _ask_llvm() -> str:
    from morrow.jit import llvm

    return llvm.cpu()
