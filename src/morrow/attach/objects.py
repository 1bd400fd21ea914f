"""Python objects in another process's memory, read without any help from that process.

`Objects` turns addresses into text, numbers and short descriptions. Everything may change under our eyes: whatever
does not look as it should is described as ``<?>``, never followed far.
"""

from __future__ import annotations

import struct

from morrow.attach.memory_linux import Memory, words
from morrow.host.debug_offsets import instance_values

_LONGEST_TEXT = 120
_MOST_ITEMS = 8
_INLINE_VALUES, _MANAGED_DICT, _HEAP_TYPE = 1 << 2, 1 << 4, 1 << 9  # Py_TPFLAGS_*


class Unreadable(Exception):
    """What stands there is not what it should be: freed, moved, or never an object."""


class Objects:
    """Readers for one process.

    Args:
        memory: its memory.
        offsets: where things are (`Target.offsets`).
        version: e.g. (3, 12).
    """

    def __init__(self, memory: Memory, offsets: dict[str, int], version: tuple[int, int]) -> None:
        self.memory, self.at = memory, offsets
        self._values = instance_values(version)
        self._type_names: dict[int, str] = {}

    # -- types ---------------------------------------------------------------------------------------------------------

    def type_of(self, address: int) -> int:
        """Return the address of an object's type."""
        return self._u64(address + self.at["object.type"])

    def type_name(self, address: int) -> str:
        """Return the name of an object's type, without its module."""
        kind = self.type_of(address)
        if kind not in self._type_names:
            name = self.memory.text(self._u64(kind + self.at["type.name"]), 100)
            if not name.isprintable():
                raise Unreadable(f"no type at {kind:#x}")
            self._type_names[kind] = name.rpartition(".")[2]
        return self._type_names[kind]

    # -- values --------------------------------------------------------------------------------------------------------

    def text(self, address: int, longest: int = 1000) -> str:
        """Return a str, cut at *longest* characters."""
        at = self.at
        size = at["unicode.compact"]
        head = self._read(address, size)
        length = int.from_bytes(head[at["unicode.length"] : at["unicode.length"] + 8], "little")
        state = (
            int.from_bytes(head[at["unicode.state"] : at["unicode.state"] + 4], "little") >> at["unicode.kind_shift"]
        )
        kind, compact, ascii_only = state & 7, state >> 3 & 1, state >> 4 & 1
        if kind not in (1, 2, 4) or not compact or length > 1 << 40:
            raise Unreadable(f"no str at {address:#x}")
        shown = min(length, longest)
        raw = self._read(address + (at["unicode.ascii"] if ascii_only else size), shown * kind)
        return raw.decode({1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[kind], "replace")

    def integer(self, address: int) -> int:
        """Return an int (Include/cpython/longintrepr.h: digits of 30 bits)."""
        at = self.at
        if "long.tag" in at:
            tag = self._u64(address + at["long.tag"])
            count, sign = tag >> 3, 1 - (tag & 3)
        else:
            size = int.from_bytes(self._read(address + at["tuple.size"], 8), "little", signed=True)
            count, sign = abs(size), -1 if size < 0 else 1
        if count > 4000:
            raise Unreadable(f"an int of {count} digits")
        digits = struct.unpack(f"<{count}I", self._read(address + at["long.digit"], 4 * count)) if count else ()
        return sign * sum(digit << 30 * place for place, digit in enumerate(digits))

    def tuple_items(self, address: int, most: int = 10_000) -> tuple[int, ...]:
        """Return the addresses in a tuple."""
        count = min(self._u64(address + self.at["tuple.size"]), most)
        return words(self._read(address + self.at["tuple.item"], 8 * count)) if count else ()

    def list_items(self, address: int, most: int = 10_000) -> tuple[int, ...]:
        """Return the addresses in a list."""
        count = min(self._u64(address + self.at["tuple.size"]), most)
        return words(self._read(self._u64(address + self.at["list.item"]), 8 * count)) if count else ()

    def bytes_value(self, address: int, longest: int = 1 << 20) -> bytes:
        """Return a bytes object, cut at *longest*."""
        return self._read(address + self.at["bytes.value"], min(self._u64(address + self.at["tuple.size"]), longest))

    def set_items(self, address: int, most: int = 10_000) -> list[int]:
        """Return the addresses in a set or frozenset."""
        mask = self._u64(address + self.at["set.mask"])
        if mask > 1 << 24:
            raise Unreadable("a set of absurd size")
        entries = words(self._read(self._u64(address + self.at["set.table"]), 16 * (mask + 1)))
        # An entry that was deleted points to a dummy object with hash -1 (Objects/setobject.c).
        return [key for key, hashed in zip(entries[::2], entries[1::2], strict=True) if key and hashed != 2**64 - 1][
            :most
        ]

    def dict_items(self, address: int, most: int = 10_000) -> list[tuple[int, int]]:
        """Return the addresses of a dict's keys and values, in order (Objects/dictobject.c)."""
        at = self.at
        values = self._u64(address + at["dict.values"])
        keys = self._u64(address + at["dict.keys"])
        if values:
            return self._split_items(keys, values + at.get("dictvalues.values", 0), most)
        return self._key_table(keys, most)

    def _key_table(self, keys: int, most: int) -> list[tuple[int, int]]:
        at = self.at
        head = self._read(keys, at["dk.indices"])
        index_bytes, kind = head[at["dk.log2_index_bytes"]], head[at["dk.kind"]]
        count = int.from_bytes(head[at["dk.nentries"] : at["dk.nentries"] + 8], "little")
        if index_bytes > 40 or kind > 2 or count > 1 << 30:
            raise Unreadable("no dict keys there")
        start = keys + at["dk.indices"] + (1 << index_bytes)
        width = 3 if kind == 0 else 2  # hash, key, value; or key, value where all keys are str
        count = min(count, most * 4)
        entries = words(self._read(start, 8 * width * count)) if count else ()
        found = [(entries[i + width - 2], entries[i + width - 1]) for i in range(0, len(entries), width)]
        return [(key, value) for key, value in found if key and value][:most]

    def _split_items(self, keys: int, values: int, most: int) -> list[tuple[int, int]]:
        at = self.at
        head = self._read(keys, at["dk.indices"])
        count = int.from_bytes(head[at["dk.nentries"] : at["dk.nentries"] + 8], "little")
        if count > 1000:
            raise Unreadable("shared keys of absurd size")
        start = keys + at["dk.indices"] + (1 << head[at["dk.log2_index_bytes"]])
        if not count:
            return []
        names = words(self._read(start, 16 * count))[::2]
        held = words(self._read(values, 8 * count))
        return [(name, value) for name, value in zip(names, held, strict=True) if name and value][:most]

    def named(self, dictionary: int, *names: str) -> dict[str, int]:
        """Return the addresses of the values of those keys of a dict."""
        found: dict[str, int] = {}
        for key, value in self.dict_items(dictionary, 1_000_000):
            try:
                if self.type_name(key) == "str" and (text := self.text(key, 100)) in names:
                    found[text] = value
            except (Unreadable, OSError):
                continue  # one bad entry: the others count
        return found

    def attributes(self, address: int) -> dict[str, int]:
        """Return the addresses of an instance's own attributes."""
        at, kind = self.at, self.type_of(address)
        flags = self._u64(kind + at["type.flags"])
        if flags & _MANAGED_DICT:
            dictionary, values = self._managed(address, kind, flags)
            if values:
                pairs = self._split_items(self._u64(kind + at["type.ht_cached_keys"]), values, 200)
            else:
                pairs = self.dict_items(dictionary) if dictionary else []
        else:
            offset = int.from_bytes(self._read(kind + at["type.dictoffset"], 8), "little", signed=True)
            if offset <= 0:
                return {}
            dictionary = self._u64(address + offset)
            pairs = self.dict_items(dictionary) if dictionary else []
        return {self.text(key, 100): value for key, value in pairs if self.type_name(key) == "str"}

    def _managed(self, address: int, kind: int, flags: int) -> tuple[int, int]:
        """Return (dict or 0, values or 0) of an instance whose dict the interpreter manages."""
        at = self.at
        slot = self._u64(address + at["object.managed_dict"])
        if self._values == "beside":
            return slot, 0 if slot else self._u64(address - 32)
        if self._values == "tagged":
            return (0, slot + 1) if slot & 1 else (slot, 0)
        if not slot and flags & _INLINE_VALUES:
            inline = address + self._u64(kind + at["type.basicsize"])
            if self._read(inline + 3, 1)[0]:  # struct _dictvalues: capacity, size, embedded, valid
                return 0, inline + at["dictvalues.values"]
        return slot, 0

    # -- descriptions --------------------------------------------------------------------------------------------------

    def describe(self, address: int, depth: int = 2) -> str:
        """Return what ``repr`` might say of an object, cut short; ``<Name object>`` where only the object knows."""
        if not address:
            return "<unbound>"
        if address & 1:  # 3.14+ keeps small ints and borrowed references in tagged words
            if address & 3 == 3:
                return str(address >> 2)
            address &= ~3
        try:
            return self._describe(address, depth)
        except (Unreadable, OSError, UnicodeDecodeError, OverflowError, struct.error):
            return "<?>"

    def _describe(self, address: int, depth: int) -> str:
        name = self.type_name(address)
        if name in ("NoneType", "ellipsis", "NotImplementedType"):
            return {"NoneType": "None", "ellipsis": "Ellipsis"}.get(name, "NotImplemented")
        if name == "bool":
            return str(bool(self.integer(address)))
        if name == "int":
            return str(self.integer(address))
        if name == "float":
            return repr(struct.unpack("<d", self._read(address + self.at["float.value"], 8))[0])
        if name == "str":
            text = self.text(address, _LONGEST_TEXT + 1)
            return repr(text) if len(text) <= _LONGEST_TEXT else repr(text[:_LONGEST_TEXT]) + "..."
        if name == "bytes":
            data = self.bytes_value(address, _LONGEST_TEXT + 1)
            return repr(data) if len(data) <= _LONGEST_TEXT else repr(data[:_LONGEST_TEXT]) + "..."
        if name in ("list", "tuple", "set", "frozenset", "dict"):
            return self._container(address, name, depth)
        if name in ("function", "type", "module", "builtin_function_or_method"):
            return f"<{name}>"
        return f"<{name} object at {address:#x}>"

    def _container(self, address: int, name: str, depth: int) -> str:
        more = _MOST_ITEMS + 1
        if name == "dict":
            size = self._u64(address + self.at["dict.used"])
            if not depth:
                return f"{{... {size} items}}" if size else "{}"
            pairs = self.dict_items(address, more)
            parts = [f"{self.describe(key, depth - 1)}: {self.describe(value, depth - 1)}" for key, value in pairs]
            opening, closing = "{", "}"
        else:
            opening, closing = {"list": ("[", "]"), "tuple": ("(", ")")}.get(name, ("{", "}"))
            size = self._u64(address + self.at["set.used" if "set" in name else "tuple.size"])
            if not depth:
                return f"{opening}... {size} items{closing}" if size else opening + closing
            read = {"list": self.list_items, "tuple": self.tuple_items}.get(name, self.set_items)
            parts = [self.describe(item, depth - 1) for item in read(address, more)]
        if len(parts) > _MOST_ITEMS:
            parts[_MOST_ITEMS:] = [f"... {size} items"]
        if name == "tuple" and len(parts) == 1:
            parts[0] += ","
        text = opening + ", ".join(parts) + closing
        if name == "frozenset" or (name == "set" and not parts):
            text = f"{name}({text if parts else ''})"
        return text

    # -- memory --------------------------------------------------------------------------------------------------------

    def _u64(self, address: int) -> int:
        return int.from_bytes(self._read(address, 8), "little")

    def _read(self, address: int, size: int) -> bytes:
        if not 0 < address < 1 << 57 or size > 1 << 26:
            raise Unreadable(f"no object at {address:#x}")
        return self.memory.read(address, size) if size else b""
