"""Keep object code on disk, so that the next process need not ask LLVM again.

    key = digest(LLVM text, level, processor, LLVM, Python build, morrow)   ->   <cache folder>/jit/<first 2>/<the rest>.o

The text is what LLVM would be given: every type met, every assumption and every offset is in it, and what differs from
process to process is not (`emit.Module`), so code of the same key is code for the same thing; nothing can be stale. A
file is the digest of the code and the code; one that is damaged counts as absent. Files are replaced in one step, so any
number of processes may read, write and prune at once. At most `LIMIT` bytes are kept, the longest unused go first.

Only a folder that is the user's own and that nobody else may write to is used: its contents are run.
"""

from __future__ import annotations

import os
import time

from morrow import settings
from morrow.debuglog import log
from morrow.host.digest import sha256
from morrow.host.folders import cache_folder, is_safe

LIMIT = 64 << 20
"""Bytes kept in all."""

LOOK_EVERY = 64
"""One store in so many looks at how much is kept."""

_TOUCH_EVERY = 3600.0
"""Seconds after which a use is noted in the file's time again."""


class ObjectCache:
    """Object code by the text it was made from.

    Attributes:
        folder: where it is kept; "" if nowhere (switched off, or the folder is not safe to use).
        hits, misses: how often code was found, and how often not.
    """

    def __init__(self, folder: str, context: str) -> None:
        """*context* is what object code depends on besides its text: processor, versions."""
        self.folder = folder if is_safe(folder) else ""
        self.hits = self.misses = 0
        self._context = context.encode()

    def key(self, text: str, level: int) -> str:
        """Return the name under which the code for a text is kept."""
        return sha256(b"%d\0%s\0%s" % (level, self._context, text.encode())).hexdigest()

    def find(self, key: str) -> bytes | None:
        """Return the code kept under a key, None if there is none or it is damaged."""
        if not self.folder:
            return None
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                content = file.read()
                age = time.time() - os.fstat(file.fileno()).st_mtime
        except OSError:
            self.misses += 1
            return None
        digest, code = content[:32], content[32:]
        if sha256(code).digest() != digest:
            log("jit", 1, f"damaged: {path}")
            self.misses += 1
            return None
        if age > _TOUCH_EVERY:
            try:
                os.utime(path)
            except OSError:
                pass  # somebody else pruned it: we have it
        self.hits += 1
        return code

    def store(self, key: str, code: bytes) -> None:
        """Keep code under a key. A disk that is full or read-only costs the next process time, nothing else."""
        if not self.folder:
            return
        path = self._path(key)
        scratch = f"{path}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(scratch, "wb") as file:
                file.write(sha256(code).digest())
                file.write(code)
            os.replace(scratch, path)
        except OSError as error:
            log("jit", 1, f"not kept: {error}")
            try:
                os.unlink(scratch)
            except OSError:
                pass
            return
        if int(key[:2], 16) < 256 // LOOK_EVERY:
            self.prune()

    def prune(self) -> None:
        """Remove what was not used for longest, down to three quarters of `LIMIT`, once there is more than that."""
        files = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    found = os.stat(path)
                except OSError:
                    continue
                files.append((found.st_mtime, found.st_size, path))
        kept = sum(size for _, size, _ in files)
        if kept <= LIMIT:
            return
        for _, size, path in sorted(files):
            if kept <= LIMIT * 3 // 4:
                break
            try:
                os.unlink(path)
            except OSError:
                continue  # another process was faster
            kept -= size

    def _path(self, key: str) -> str:
        return os.path.join(self.folder, key[:2], key[2:] + ".o")


def open_cache(context: str) -> ObjectCache:
    """Return this user's cache, as the settings say."""
    if settings.get("jit_cache") == "0":
        return ObjectCache("", context)
    from morrow import __version__
    from morrow.host import probe

    return ObjectCache(os.path.join(cache_folder(), "jit"), f"{context}\0{probe.build_id()}\0{__version__}")
