"""Memory through which one message at a time goes to an interpreter, and its answer comes back.

A file without a name that both sides have open. Large messages are mapped, so that they are copied once; small ones are read and
written at first, and mapped too by a side that has used it some times: importing mmap costs more than a few messages. Whoever calls an interpreter has taken its row on the board (`engine`), so there is never more than one
message in here.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap

    from morrow.interpreters.crossing import Pieces

SMALL = 1 << 16
_PAGE = 4096
_KEEP = 1 << 24  # bytes kept for the next message; more is given back to the system
_SOME = 32  # uses
_HEADER = 16  # length of the message, size of the file: both sides agree on the latter before they touch it


class Mailbox:
    """One side's view of the memory open as *fd*."""

    __slots__ = ("fd", "map", "near", "uses")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.map: mmap.mmap | None = None
        self.near: mmap.mmap | None = None  # the part that is always there
        self.uses = 0

    def write(self, pieces: Pieces) -> None:
        """Put a message in, which replaces what was there."""
        size = 0
        for piece in pieces:
            size += len(piece) if type(piece) is bytes else piece.nbytes  # type: ignore[union-attr]
        if size + _HEADER <= SMALL:
            if self.near is not None:
                self.near[8 : _HEADER + size] = b"".join([size.to_bytes(8, "little"), *pieces])
                return
            os.pwrite(self.fd, b"".join([size.to_bytes(8, "little"), *pieces]), 8)
            return
        room = int.from_bytes(os.pread(self.fd, 8, 0), "little") or SMALL
        if size + _HEADER > room:
            room = (size + _HEADER + 0xFFFF) & ~0xFFFF
            os.ftruncate(self.fd, room)
            os.pwrite(self.fd, room.to_bytes(8, "little"), 0)
        map = self._mapped(room)
        map[8:_HEADER] = size.to_bytes(8, "little")
        at = _HEADER
        for piece in pieces:
            length = len(piece) if type(piece) is bytes else piece.nbytes  # type: ignore[union-attr]
            map[at : at + length] = piece
            at += length

    def read(self) -> memoryview:
        """Return the message. To be released before the next call of this object."""
        if self.near is not None:
            size = int.from_bytes(self.near[8:_HEADER], "little")
            if size + _HEADER <= SMALL:
                return memoryview(self.near[_HEADER : _HEADER + size])
        elif self.uses < _SOME:
            self.uses += 1
        else:
            import mmap

            self.near = mmap.mmap(self.fd, SMALL)
        start = os.pread(self.fd, _PAGE, 0)
        size = int.from_bytes(start[8:_HEADER], "little")
        if size <= _PAGE - _HEADER:
            return memoryview(start)[_HEADER : _HEADER + size]
        if size + _HEADER <= SMALL:
            return memoryview(os.pread(self.fd, size, _HEADER))
        return memoryview(self._mapped(int.from_bytes(start[:8], "little")))[_HEADER : _HEADER + size]

    def trim(self) -> None:
        """Give memory back after a very large message. No message may be in here."""
        if self.map is not None and len(self.map) > _KEEP:
            self._forget_large()
            os.pwrite(self.fd, SMALL.to_bytes(8, "little"), 0)
            os.ftruncate(self.fd, SMALL)

    def close(self) -> None:
        """Unmap; the descriptor stays open."""
        self._forget_large()
        if self.near is not None:
            self.near.close()
            self.near = None

    def _forget_large(self) -> None:
        if self.map is not None:
            self.map.close()
            self.map = None

    def _mapped(self, room: int) -> mmap.mmap:
        """Map what the side that changed the size last said: touching memory behind the end of a file is fatal."""
        if self.map is None or len(self.map) != room:
            import mmap

            self._forget_large()
            self.map = mmap.mmap(self.fd, room)
        return self.map
