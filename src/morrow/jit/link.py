"""Put object code into memory and join it to what it refers to: what a linker does, for the little that the jit needs of it.

    Loaded("morrow.m1", object code, {"PyNumber_Add": address, ...}, ("m_entry",)).addresses["m_entry"]

LLVM's own linker would do for everything, but comes with the whole of llvmlite: half of the time that getting ready takes,
taken from the program, where compiling itself happens in a copy of the process. Machine code made for the large code model
names everything outside itself by full addresses, so there is one kind of relocation to know (x86-64; elsewhere, and for
anything not expected here, LLVM links). Unwinding tables are left out: no exception passes through by unwinding.

Source: System V ABI, ELF-64 object file format; x86-64 psABI, R_X86_64_64.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
import sys
from collections.abc import Mapping

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # Elf64_Ehdr
_SECTION = struct.Struct("<IIQQQQIIQQ")  # Elf64_Shdr
_SYMBOL = struct.Struct("<IBBHQQ")  # Elf64_Sym
_RELOCATION = struct.Struct("<QQq")  # Elf64_Rela
_SHT_SYMTAB, _SHT_RELA, _SHT_NOBITS, _SHT_UNWIND = 2, 4, 8, 0x70000001
_SHF_ALLOC, _SHF_EXECINSTR = 2, 4
_SHN_UNDEF, _SHN_ABS = 0, 0xFFF1
_R_X86_64_64 = 1
_PAGE = mmap.PAGESIZE


class Unlinkable(Exception):
    """This needs a real linker; the text says why."""


class Loaded:
    """Object code in memory; its functions may be called as long as this is alive.

    Attributes:
        addresses: symbol -> address, of those that were to be exported.
        size: bytes of the object file, a measure of the memory taken.
    """

    def __init__(self, name: str, code: bytes, imports: Mapping[str, int], exports: tuple[str, ...]) -> None:
        """Load it. *name* is unique in the process, *imports* gives addresses by symbol.

        Raises:
            RuntimeError: it refers to something that is not among the imports.
        """
        self._held: object
        try:
            self._held, self.addresses = _place(code, imports, exports)
        except Unlinkable:
            from morrow.jit import llvm

            self._held, self.addresses = llvm.link(name, code, imports, exports)
        self.size = len(code)

    def close(self) -> None:
        """Free the code. The caller knows that no thread is in it and nothing points to it."""
        self._held = None


def links_here() -> bool:
    """Return whether object code of this system is joined here, rather than by LLVM."""
    return sys.platform == "linux" and os.uname().machine == "x86_64"


def _place(code: bytes, imports: Mapping[str, int], exports: tuple[str, ...]) -> tuple[object, dict[str, int]]:
    """Return what holds the memory, and the exported addresses.

    Raises:
        Unlinkable: see there.
    """
    if not links_here():
        raise Unlinkable("only ELF for x86-64")
    ident, kind, machine, _, _, _, sections_at, _, _, _, _, size, count, _ = _HEADER.unpack_from(code)
    if ident[:6] != b"\x7fELF\x02\x01" or kind != 1 or machine != 62 or size != _SECTION.size:
        raise Unlinkable("no relocatable x86-64 ELF file")
    sections = [_SECTION.unpack_from(code, sections_at + size * n) for n in range(count)]
    places: dict[int, int] = {}  # section -> offset in memory; what is executed first, the rest from a page of its own on
    end = 0
    for executed in (True, False):
        for number, (_, what, flags, _, _, length, _, _, alignment, _) in enumerate(sections):
            if not flags & _SHF_ALLOC or what == _SHT_UNWIND or bool(flags & _SHF_EXECINSTR) != executed:
                continue
            end = -(-end // max(alignment, 1)) * max(alignment, 1)
            places[number] = end
            end += length
        if executed:
            text = end = -(-end // _PAGE) * _PAGE
    memory = mmap.mmap(-1, max(end, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for number, place in places.items():
        _, what, _, _, at, length, *_ = sections[number]
        if what != _SHT_NOBITS:
            memory[place : place + length] = code[at : at + length]
    symbols = [section for section in sections if section[1] == _SHT_SYMTAB]
    if len(symbols) != 1:
        raise Unlinkable("not one table of symbols")
    _, _, _, _, at, length, names_section, _, _, _ = symbols[0]
    names_at = sections[names_section][4]
    values: list[int | None] = []
    found: dict[str, int] = {}
    for name_at, info, _, section, value, _ in _SYMBOL.iter_unpack(code[at : at + length]):
        name = code[names_at + name_at : code.index(b"\0", names_at + name_at)].decode()
        if section in places:
            address = base + places[section] + value
        elif section == _SHN_UNDEF:
            address = imports.get(name) or (_c_library(name) if name in _OF_COMPILERS else None) if name else None
        else:
            address = value if section == _SHN_ABS else None
        values.append(address)
        if info >> 4 and section in places:  # global or weak
            found[name] = address  # type: ignore[assignment]
    for _, what, _, _, at, length, _, target, _, _ in sections:
        if what != _SHT_RELA or target not in places:
            continue
        place = places[target]
        for offset, info, addend in _RELOCATION.iter_unpack(code[at : at + length]):
            address = values[info >> 32]
            if info & 0xFFFFFFFF != _R_X86_64_64 or address is None:
                raise Unlinkable(f"relocation {info & 0xFFFFFFFF} of symbol {info >> 32}")
            struct.pack_into("<Q", memory, place + offset, (address + addend) & 0xFFFFFFFFFFFFFFFF)
    missing = [name for name in exports if name not in found]
    if missing:
        raise Unlinkable(f"no {missing[0]}")
    if text and ctypes.CDLL(None).mprotect(ctypes.c_void_p(base), ctypes.c_size_t(text), mmap.PROT_READ | mmap.PROT_EXEC):
        raise Unlinkable("the system makes no memory executable this way")
    return memory, {name: found[name] for name in exports}


_OF_COMPILERS = frozenset({"memcpy", "memmove", "memset", "memcmp"})
"""Functions of the C library that a compiler may call although nobody told it to."""


def _c_library(name: str) -> int | None:
    return ctypes.cast(getattr(ctypes.CDLL(None), name), ctypes.c_void_p).value
