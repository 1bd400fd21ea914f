"""Compiled programs of one file, in the user's cache folder: python keeps none, but compiles in a tenth of our time.

A file is named after the digest of all that its code depends on (source, path, versions, options), so nothing can be
stale; it is the digest of the code, and the code. What the compiler warns of is told at every start, as python does:
such a program is not kept. At most `MOST` are kept, the longest unused go first.
"""

from __future__ import annotations

import marshal
import os
import sys
import time

from morrow.debuglog import log
from morrow.host.folders import cache_folder, is_safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

MOST = 200
"""Programs kept."""

LARGE = 200_000
"""Bytes of source above which a program is not kept: it is compiled a second time to hear its warnings."""

_TOUCH_EVERY = 86400.0
"""Seconds after which a use is noted in the file's time again."""


def compile_kept(source: bytes, path: str, stamp: bytes, compile: Callable[[bytes, str], CodeType]) -> CodeType:
    """Return the code of a program: as it was kept, or compiled now, and then kept if it may be.

    Args:
        stamp: everything that the code depends on besides source and path.
        compile: compiles source, given also its path.

    Raises:
        SyntaxError: the source is wrong.
    """
    if len(source) > LARGE:
        return compile(source, path)
    from morrow.host.digest import sha256

    ranges = "no_debug_ranges" in sys._xoptions or bool(not sys.flags.ignore_environment and os.environ.get("PYTHONNODEBUGRANGES"))
    digits = getattr(sys, "get_int_max_str_digits", int)()  # a longer number is refused
    flags = f"{sys.flags.optimize} {ranges} {digits}\0{path}\0".encode(errors="surrogatepass")
    folder = os.path.join(cache_folder(), "scripts")
    file = os.path.join(folder, sha256(stamp + flags + source).hexdigest())
    code = _read(file)
    if code is not None:
        return code
    code = compile(source, path)
    if not sys.dont_write_bytecode and is_safe(folder) and not _warns(source, path, compile):
        _write(folder, file, code)
    return code


def _read(path: str) -> CodeType | None:
    try:
        with open(path, "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            data = file.read()
    except OSError:
        return None
    if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & 0o022):
        return None
    from morrow.host.digest import sha256

    try:
        if sha256(memoryview(data)[32:]).digest() != data[:32]:
            return None
        code = marshal.loads(memoryview(data)[32:])
    except (ValueError, EOFError, TypeError):
        return None
    if time.time() - found.st_mtime > _TOUCH_EVERY:
        try:
            os.utime(path)
        except OSError:
            pass  # somebody else pruned it: we have it
    return code if hasattr(code, "co_code") else None


def _warns(source: bytes, path: str, compile: Callable[[bytes, str], CodeType]) -> bool:
    import warnings

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        compile(source, path)
    return bool(heard)


def _write(folder: str, path: str, code: CodeType) -> None:
    from morrow.host.digest import sha256

    passing = f"{path}.{os.getpid()}"
    try:
        kept = marshal.dumps(code)
        descriptor = os.open(passing, os.O_EXCL | os.O_CREAT | os.O_WRONLY, 0o600)
        with open(descriptor, "wb") as file:
            file.write(sha256(kept).digest())
            file.write(kept)
        os.replace(passing, path)
        _prune(folder)
    except (OSError, ValueError) as error:  # a full disk: it has been compiled, the next start compiles it again
        log("imports", 1, f"{path}: not kept ({error})")
        try:
            os.unlink(passing)
        except OSError:
            pass


def _prune(folder: str) -> None:
    with os.scandir(folder) as entries:
        files = sorted((entry.stat().st_mtime, entry.path) for entry in entries)
    for _, path in files[: max(0, len(files) - MOST)]:
        try:
            os.unlink(path)
        except OSError:
            pass  # another process was faster
