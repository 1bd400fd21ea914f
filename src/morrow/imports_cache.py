"""Compiled files of our own, next to the host's: ``__pycache__/name.cpython-311-morrow.pyc``.

The layout is PEP 552's (magic number, flags, then mtime and size or a hash of the source), followed by a stamp of
everything else the code depends on (the host's exact version, morrow's, and its options) and a hash of the code itself:
damaged code could do anything. A file that is not exactly what is expected, for whatever reason, is as good as none.
Nothing here can make an import fail.
"""

from __future__ import annotations

import _imp
import marshal
import os
import sys
from _frozen_importlib_external import MAGIC_NUMBER, cache_from_source  # importlib.util brings contextlib along

from morrow import __version__
from morrow.debuglog import log
from morrow.host.facts import build

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import SourceFileLoader
    from types import CodeType

_HASHED, _CHECKED = 1, 2
_HASH_KEY = int.from_bytes(MAGIC_NUMBER, "little")


class Cache:
    """The compiled files of one set of options."""

    def __init__(self, options: str) -> None:
        self._options = options
        short = _source_hash(options.encode()).hex()[:4]
        self._tags = (f"-morrow-{short}", f"-morrow-{short}-late")

    def __getattr__(self, name: str) -> bytes:
        # Asked once, by the first import of a module of the program's own: a program of one file does not pay for it.
        if name != "_stamp":
            raise AttributeError(name)
        text = f"{__version__}{_newest_change()} {self._options}"
        self._stamp = _source_hash(text.encode()) + _source_hash(build().encode())
        return self._stamp

    def path_of(self, path: str, late: bool) -> str:
        """Return where the code of the source file *path* is kept; PYTHONPYCACHEPREFIX is followed.

        Raises:
            NotImplementedError: this python keeps no compiled files.
        """
        host = cache_from_source(path)
        tag = sys.implementation.cache_tag or ""
        folder, _, name = host.rpartition(os.sep)
        before, found, after = name.rpartition(f".{tag}.")
        return f"{folder}{os.sep}{before}.{tag}{self._tags[late]}.{after}" if found else host + self._tags[late]

    def read(self, loader: SourceFileLoader, path: str, late: bool) -> CodeType | None:
        """Return the code kept for *path*, or None if there is none that is right."""
        try:
            with open(self.path_of(path, late), "rb", buffering=0) as file:
                data = file.read()
            flags = int.from_bytes(data[4:8], "little")
            if data[:4] != MAGIC_NUMBER or data[16:32] != self._stamp or flags > (_HASHED | _CHECKED):
                return None
            if not self._is_current(loader, path, data, flags):
                return None
            if data[32:40] != _source_hash(data[40:]):
                log("imports", 1, f"{path}: what was kept is damaged; compiling again")
                return None
            code = marshal.loads(memoryview(data)[40:])
        except (OSError, NotImplementedError):
            return None  # not there, or not ours to read
        except (ValueError, EOFError, TypeError) as error:
            log("imports", 1, f"{path}: what was kept is damaged ({error}); compiling again")
            return None
        return code if hasattr(code, "co_code") else None

    def _is_current(self, loader: SourceFileLoader, path: str, data: bytes, flags: int) -> bool:
        if flags & _HASHED:
            check = _imp.check_hash_based_pycs
            if check == "never" or (not flags & _CHECKED and check != "always"):
                return True
            return data[8:16] == _source_hash(loader.get_data(path))
        stats = loader.path_stats(path)
        return data[8:16] == _mtime_and_size(stats)

    def write(self, loader: SourceFileLoader, path: str, late: bool, code: CodeType, source: bytes) -> None:
        """Keep *code*, unless this process is told to write nothing or the place cannot be written to."""
        if sys.dont_write_bytecode:
            return
        try:
            target = self.path_of(path, late)
            stats = loader.path_stats(path)
            flags = self._flags_of(target)
            key = _source_hash(source) if flags & _HASHED else _mtime_and_size(stats)
            kept = marshal.dumps(code)
            data = MAGIC_NUMBER + flags.to_bytes(4, "little") + key + self._stamp + _source_hash(kept) + kept
            _write_whole(target, data, os.stat(path).st_mode & 0o666 | 0o200)
        except (OSError, NotImplementedError) as error:
            # A read-only folder, a full disk: the code has been compiled, the next start compiles it again.
            log("imports", 1, f"{path}: not kept ({error})")

    def _flags_of(self, target: str) -> int:
        """Return the flags to write with: a file checked by hash stays one (SourceLoader.get_code)."""
        try:
            with open(target, "rb", buffering=0) as file:
                head = file.read(8)
        except OSError:
            return 0
        return int.from_bytes(head[4:8], "little") & (_HASHED | _CHECKED) if head[:4] == MAGIC_NUMBER else 0


def _source_hash(source: bytes) -> bytes:
    """Return what importlib.util.source_hash gives."""
    return _imp.source_hash(_HASH_KEY, source)


def _mtime_and_size(stats: dict[str, float]) -> bytes:
    return (int(stats["mtime"]) & 0xFFFFFFFF).to_bytes(4, "little") + (int(stats["size"]) & 0xFFFFFFFF).to_bytes(4, "little")


def _write_whole(target: str, data: bytes, mode: int) -> None:
    """Write the whole file or none of it; another process sees the old one or the new one."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    passing = f"{target}.{os.getpid()}.{id(data)}"
    descriptor = os.open(passing, os.O_EXCL | os.O_CREAT | os.O_WRONLY, mode)
    try:
        with open(descriptor, "wb", buffering=0) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
        os.replace(passing, target)
    except BaseException:
        os.unlink(passing)
        raise


def _newest_change() -> str:
    """Return when our compiler last changed, for a morrow that is being worked on; '' for a released one."""
    if "dev" not in __version__:
        return ""
    folder = os.path.join(os.path.dirname(__file__), "language")
    newest = 0
    try:
        for place in (folder, os.path.join(folder, "features")):
            with os.scandir(place) as entries:
                newest = max([newest, *(entry.stat().st_mtime_ns for entry in entries if entry.name.endswith(".py"))])
    except OSError:  # not there: nothing to be newer
        pass
    return f" {newest}"
