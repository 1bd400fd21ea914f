"""Find symbols and unused room in the binaries a process has loaded.

Everything is read from the process's own memory: program headers, hash table and symbol names are part of what the
loader maps. So deleted files, other mount namespaces and stripped binaries make no difference. Formats: the System V
gABI, chapters 4 and 5; DT_GNU_HASH as glibc's dl-lookup.c walks it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cached_property

from morrow.attach.memory_linux import Mapping, Memory
from morrow.attach.record import record

_PT_LOAD, _PT_DYNAMIC = 1, 2
_PF_X, _PF_W = 1, 2
_DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_GNU_HASH = 4, 5, 6, 0x6FFFFEF5
_PAGE = 4096
MACHINES = {62: "x86_64", 183: "aarch64"}


class NotElf(ValueError):
    """What is mapped there is no 64-bit little-endian ELF file."""


@record(frozen=True, slots=True)
class Symbol:
    """An exported name: where it is in the process and how long it is."""

    address: int
    size: int


@record(frozen=True, slots=True)
class Room:
    """Bytes between the end of a segment and the end of its last page: mapped, and used by nobody."""

    address: int
    size: int
    path: str

    def __str__(self) -> str:
        return f"{self.size} bytes at {self.address:#x} behind {self.path}"


@record(frozen=True, slots=True)
class _Segment:
    kind: int
    flags: int
    address: int
    file_size: int
    memory_size: int


class Binary:
    """One loaded ELF file.

    Args:
        memory: the process.
        mappings: its mappings of this file, in address order; the first must map the file's start.
    """

    def __init__(self, memory: Memory, mappings: list[Mapping]) -> None:
        self.memory, self.mappings = memory, mappings
        self.path = mappings[0].path
        base = mappings[0].start
        head = memory.read(base, 64)
        if head[:6] != b"\x7fELF\x02\x01" or mappings[0].offset:
            raise NotElf(f"{self.path}: not a 64-bit little-endian ELF file")
        self.machine = MACHINES.get(struct.unpack_from("<H", head, 18)[0], "unknown")
        (table,) = struct.unpack_from("<Q", head, 32)
        each, count = struct.unpack_from("<HH", head, 54)
        raw = memory.read(base + table, each * count)
        self._segments = []
        for index in range(count):
            kind, flags, _, address, _, file_size, memory_size, _ = struct.unpack_from("<IIQQQQQQ", raw, index * each)
            self._segments.append(_Segment(kind, flags, address, file_size, memory_size))
        loads = [segment for segment in self._segments if segment.kind == _PT_LOAD]
        if not loads:
            raise NotElf(f"{self.path}: nothing to load")
        self.bias = base - (min(segment.address for segment in loads) & -_PAGE)

    @cached_property
    def _dynamic(self) -> dict[int, int]:
        for segment in self._segments:
            if segment.kind == _PT_DYNAMIC:
                raw = self.memory.read(self.bias + segment.address, segment.memory_size)
                pairs = struct.iter_unpack("<qQ", raw[: len(raw) // 16 * 16])
                return dict(pairs)
        return {}

    def _table(self, tag: int) -> int:
        # The loader has rewritten these to addresses in most C libraries; musl leaves the file's numbers.
        value = self._dynamic[tag]
        return value if value >= self.bias else value + self.bias

    def find_symbols(self, names: Iterable[str]) -> dict[str, Symbol]:
        """Return those of *names* that the binary exports. A static binary exports nothing."""
        if _DT_GNU_HASH not in self._dynamic or _DT_SYMTAB not in self._dynamic:
            return {}
        read = self.memory.read
        hashes, symbols, strings = self._table(_DT_GNU_HASH), self._table(_DT_SYMTAB), self._table(_DT_STRTAB)
        buckets, first, bloom, _ = struct.unpack("<IIII", read(hashes, 16))
        bucket_table = hashes + 16 + bloom * 8
        chains = bucket_table + buckets * 4
        found = {}
        for name in names:
            wanted = _gnu_hash(name)
            index = self.memory.u32(bucket_table + 4 * (wanted % buckets))
            while index >= first:
                entry = self.memory.u32(chains + 4 * (index - first))
                if entry | 1 == wanted | 1:
                    text, _, _, section, value, size = struct.unpack("<IBBHQQ", read(symbols + 24 * index, 24))
                    if section and self.memory.text(strings + text) == name:
                        found[name] = Symbol(self.bias + value, size)
                        break
                if entry & 1:
                    break
                index += 1
        return found

    def rooms(self, *, code: bool) -> list[Room]:
        """Return the unused ends of the executable (*code*) or writable segments' last pages."""
        found = []
        for segment in self._segments:
            writable, runs = bool(segment.flags & _PF_W), bool(segment.flags & _PF_X)
            if segment.kind != _PT_LOAD or (not runs or writable if code else not writable):
                continue
            end = (self.bias + segment.address + segment.memory_size + 15) & -16
            size = -end % _PAGE
            if size:
                found.append(Room(end, size, self.path))
        return found


def _gnu_hash(name: str) -> int:
    value = 5381
    for byte in name.encode():
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def binaries(memory: Memory, maps: list[Mapping]) -> list[Binary]:
    """Return the ELF files a process has mapped from their start, in address order."""
    groups: dict[tuple[str, int], list[Mapping]] = {}
    for mapping in maps:
        if mapping.inode and mapping.path.startswith("/"):
            groups.setdefault((mapping.device, mapping.inode), []).append(mapping)
    found = []
    for mappings in groups.values():
        if mappings[0].offset == 0 and any("x" in mapping.access for mapping in mappings):
            try:
                found.append(Binary(memory, mappings))
            except (NotElf, OSError):
                continue  # some other mapped file: not of interest here
    return found


def file_section(pid: int, binary: Binary, name: str) -> tuple[int, bytes] | None:
    """Return (address in the process, content in the file) of a section that the loader does not describe.

    Section headers are not mapped, so the file is read: through /proc/PID/map_files, or its path in the target's root.
    None when it has no such section or cannot be opened.
    """
    start, end = binary.mappings[0].start, binary.mappings[0].end
    for path in (f"/proc/{pid}/map_files/{start:x}-{end:x}", f"/proc/{pid}/root{binary.path}"):
        try:
            with open(path, "rb") as file:
                return _section_of(file.read(), binary.bias, name.encode())
        except OSError:
            continue  # not allowed, or deleted: try the other way
        except (struct.error, IndexError):
            return None
    return None


def _section_of(raw: bytes, bias: int, name: bytes) -> tuple[int, bytes] | None:
    (table,) = struct.unpack_from("<Q", raw, 40)
    each, count, names = struct.unpack_from("<HHH", raw, 58)
    if not table or not count:
        return None
    headers = [struct.unpack_from("<IIQQQQIIQQ", raw, table + index * each) for index in range(count)]
    strings = headers[names][4]
    for header in headers:
        at = strings + header[0]
        if raw[at : at + len(name) + 1] == name + b"\0":
            return bias + header[3], raw[header[4] : header[4] + header[5]]
    return None
