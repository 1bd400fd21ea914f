"""Read and write another process's memory: process_vm_readv(2), process_vm_writev(2) and /proc/PID/mem.

Reading and writing stop nobody. `Memory.read_many` reads scattered pieces in one system call. `Memory.write_code` also
writes to read-only pages (of which the process then gets a private copy), which only a tracer may do.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable, Iterator, Sequence

from morrow.attach.record import record

_libc = ctypes.CDLL(None, use_errno=True)


class _Piece(ctypes.Structure):
    """struct iovec."""

    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def _vm_call(name: str) -> ctypes._NamedFuncPointer:  # type: ignore[name-defined]
    function = getattr(_libc, name)
    function.restype = ctypes.c_ssize_t
    pieces = ctypes.c_void_p
    function.argtypes = [ctypes.c_int, pieces, ctypes.c_ulong, pieces, ctypes.c_ulong, ctypes.c_ulong]
    return function


_readv, _writev = _vm_call("process_vm_readv"), _vm_call("process_vm_writev")
_MOST_PIECES = 1024  # IOV_MAX


class Memory:
    """The memory of one process. Addresses are the target's.

    Every method raises OSError when the memory is not there (EFAULT), may not be read (EPERM), or the process has
    gone (ESRCH).
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def read(self, address: int, size: int) -> bytes:
        """Return *size* bytes."""
        buffer = ctypes.create_string_buffer(size)
        here, there = _Piece(ctypes.addressof(buffer), size), _Piece(address, size)
        got = _readv(self.pid, ctypes.addressof(here), 1, ctypes.addressof(there), 1, 0)
        if got != size:
            raise _failed("read", self.pid, address, size, got)
        return buffer.raw

    def read_many(self, places: Sequence[tuple[int, int]]) -> list[bytes | None]:
        """Return what stands at each (address, size), None for a place that cannot be read."""
        found: list[bytes | None] = []
        while len(found) < len(places):
            batch = places[len(found) : len(found) + _MOST_PIECES]
            sizes = [size for _, size in batch]
            buffer = ctypes.create_string_buffer(sum(sizes) or 1)
            here = _Piece(ctypes.addressof(buffer), sum(sizes))
            there = (_Piece * len(batch))(*(_Piece(*place) for place in batch))
            got = _readv(self.pid, ctypes.addressof(here), 1, ctypes.addressof(there), len(batch), 0)
            if got < 0 and ctypes.get_errno() not in (14, 12):  # EFAULT, ENOMEM: the first piece is bad
                raise _failed("read", self.pid, batch[0][0], sizes[0], got)
            raw, start = buffer.raw, 0
            for size in sizes:
                if start + size > max(got, 0):
                    found.append(None)  # the kernel stops at the first bad piece: go on behind it
                    break
                found.append(raw[start : start + size])
                start += size
        return found

    def write(self, address: int, data: bytes) -> None:
        """Write to writable memory."""
        buffer = ctypes.create_string_buffer(data, len(data))
        here, there = _Piece(ctypes.addressof(buffer), len(data)), _Piece(address, len(data))
        put = _writev(self.pid, ctypes.addressof(here), 1, ctypes.addressof(there), 1, 0)
        if put != len(data):
            raise _failed("write", self.pid, address, len(data), put)

    def write_code(self, address: int, data: bytes) -> None:
        """Write to any private page, also a read-only one. The caller traces a thread of the process."""
        file = os.open(f"/proc/{self.pid}/mem", os.O_RDWR | os.O_CLOEXEC)
        try:
            put = os.pwrite(file, data, address)
        finally:
            os.close(file)
        if put != len(data):
            raise _failed("write", self.pid, address, len(data), put)

    def u64(self, address: int) -> int:
        """Return the unsigned 64-bit word at *address*."""
        return int.from_bytes(self.read(address, 8), "little")

    def u32(self, address: int) -> int:
        """Return the unsigned 32-bit word at *address*."""
        return int.from_bytes(self.read(address, 4), "little")

    def i32(self, address: int) -> int:
        """Return the signed 32-bit word at *address*."""
        return int.from_bytes(self.read(address, 4), "little", signed=True)

    def text(self, address: int, longest: int = 128) -> str:
        """Return the NUL-terminated text at *address*, cut at *longest* bytes."""
        # Up to the end of the page first: what is behind it may not be mapped.
        size = min(longest, 4096 - address % 4096)
        raw = self.read(address, size)
        if b"\0" not in raw and size < longest:
            raw += self.read(address + size, longest - size)
        return raw.partition(b"\0")[0].decode("utf-8", "replace")


@record(frozen=True, slots=True)
class Mapping:
    """One line of /proc/PID/maps."""

    start: int
    end: int
    access: str  # e.g. "r-xp"
    offset: int
    device: str
    inode: int
    path: str

    def __str__(self) -> str:
        return f"{self.start:x}-{self.end:x} {self.access} {self.path}"


def read_maps(pid: int) -> list[Mapping]:
    """Return what is mapped in a process, in address order.

    Raises:
        OSError: the process has gone, or may not be looked at.
    """
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="surrogateescape") as file:
        return list(_parse_maps(file))


def _parse_maps(lines: Iterable[str]) -> Iterator[Mapping]:
    for line in lines:
        part = line.rstrip("\n").split(None, 5)
        start, end = (int(number, 16) for number in part[0].split("-"))
        path = part[5] if len(part) > 5 else ""
        yield Mapping(start, end, part[1], int(part[2], 16), part[3], int(part[4]), path)


def words(raw: bytes) -> tuple[int, ...]:
    """Return the 64-bit words in *raw*."""
    return struct.unpack(f"<{len(raw) // 8}Q", raw)


def _failed(what: str, pid: int, address: int, size: int, got: int) -> OSError:
    # A short answer means the rest is not mapped: the kernel then sets no errno.
    number = ctypes.get_errno() if got < 0 else 14
    return OSError(number, f"{what} {size} bytes at {address:#x} of process {pid}: {os.strerror(number)}")
