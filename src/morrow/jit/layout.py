"""Read the running host's objects directly: what the compiler must know about a code, a dict or a class.

Reading only, in the thread that holds the GIL; what is found is checked again by the compiled code (`emit`), because it
may change any time afterwards.
"""

from __future__ import annotations

import ctypes
import struct
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType

from morrow.host import HERE
from morrow.jit.objects import offset


def word(address: int) -> int:
    """Return the 8-byte unsigned number at an address."""
    return ctypes.c_uint64.from_address(address).value


def frame_words(code: CodeType) -> int:
    """Return how many words an interpreter frame of this code takes on the data stack."""
    entries: int = ctypes.c_int.from_address(id(code) + offset("PyCodeObject.co_nlocalsplus")).value
    return entries + code.co_stacksize + offset("FRAME_SPECIALS_SIZE")


def entries_of_frame(code: CodeType) -> int:
    """Return how many locals, cells and free variables a frame of this code has."""
    return ctypes.c_int.from_address(id(code) + offset("PyCodeObject.co_nlocalsplus")).value


# -- exception table ----------------------------------------------------------------------------------------------------


def exception_table(code: CodeType) -> list[tuple[int, int, int, int, bool]]:
    """Return the rows of the code's exception table: start, end, handler (byte offsets), depth, lasti
    (Objects/exception_handling_notes.txt)."""
    data = iter(code.co_exceptiontable)
    rows = []

    def number() -> int:
        byte = next(data)
        value = byte & 63
        while byte & 64:
            byte = next(data)
            value = value << 6 | byte & 63
        return value

    while True:
        try:
            start = number() * 2
        except StopIteration:
            return rows
        length, handler, rest = number() * 2, number() * 2, number()
        rows.append((start, start + length, handler, rest >> 1, bool(rest & 1)))


def handler_of(code: CodeType, at: int) -> tuple[int, int, bool] | None:
    """Return (handler, depth, lasti) for an exception at a byte offset, or None."""
    for start, end, handler, depth, lasti in exception_table(code):
        if start <= at < end:
            return handler, depth, lasti
    return None


# -- dicts ------------------------------------------------------------------------------------------------------------------


def keys_of(mapping: object) -> int:
    """Return the address of a dict's keys."""
    return word(id(mapping) + offset("PyDictObject.ma_keys"))


def keys_version(mapping: object) -> int:
    """Return the version of a dict's keys, 0 if they have none."""
    return ctypes.c_uint32.from_address(keys_of(mapping) + offset("PyDictKeysObject.dk_version")).value


def make_keys_version(mapping: dict[str, object]) -> int:
    """Return the version of a module's keys, letting the host give them one if they have none.

    The host does so when it specialises the loading of a builtin: a function that loads one, with these globals, is run
    until it has.
    """
    found = keys_version(mapping)
    if found:
        return found
    if _newest is not None:
        raise NoVersion(str(mapping.get("__name__")))
    probe = FunctionType(_load_builtin.__code__, mapping)
    for _ in range(40):
        probe()
        found = keys_version(mapping)
        if found:
            break
    return found


class NoVersion(Exception):
    """The globals of a module have no version yet, and this is a copy of the process, where one would mean nothing.

    Attributes:
        module: its name.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        super().__init__(module)


_newest: int | None = None


def newest_version() -> int:
    """Return a version tag that no class of this process has; every one given from now on is greater. 0: not known."""

    class Fresh:
        pass

    getattr(Fresh, "nothing", None)  # a class gets its tag when something is looked up in it (typeobject.c, _PyType_Lookup)
    return version_of(Fresh)


def be_a_copy(newest: int) -> None:
    """From now on this is a copy of a process whose `newest_version` was *newest*: versions given here mean nothing there."""
    global _newest
    _newest = newest


def _load_builtin() -> object:
    for _ in (1, 2, 3, 4):
        len
    return None


def _entries(keys: int) -> tuple[int, int]:
    """Return the offset of the first entry behind the keys, and their number."""
    bytes_ = ctypes.c_uint8.from_address(keys + offset("PyDictKeysObject.dk_log2_index_bytes")).value
    return offset("PyDictKeysObject.dk_indices") + (1 << bytes_), word(keys + offset("PyDictKeysObject.dk_nentries"))


def find_entry(mapping: dict[str, object], name: str) -> int | None:
    """Return the index of a name among a dict's entries, or None if it is not there or the dict is of another kind."""
    if type(mapping) is not dict or word(id(mapping) + offset("PyDictObject.ma_values")):
        return None
    return _find(keys_of(mapping), name, offset("DICT_KEYS_UNICODE"))


def _find(keys: int, name: str, kind: int) -> int | None:
    if ctypes.c_uint8.from_address(keys + offset("PyDictKeysObject.dk_kind")).value != kind:
        return None
    first, count = _entries(keys)
    size = offset("PyDictUnicodeEntry.sizeof")
    for index in range(count):
        key = word(keys + first + index * size + offset("PyDictUnicodeEntry.me_key"))
        if key and (key == id(name) or ctypes.cast(key, ctypes.py_object).value == name):
            return index
    return None


def entry(mapping: object, index: int) -> tuple[int, int]:
    """Return the address of a dict's keys and the offset of an entry from there."""
    keys = keys_of(mapping)
    return keys, _entries(keys)[0] + index * offset("PyDictUnicodeEntry.sizeof")


def key_at(mapping: object, index: int) -> object:
    """Return the key of an entry."""
    keys, place = entry(mapping, index)
    return ctypes.cast(word(keys + place + offset("PyDictUnicodeEntry.me_key")), ctypes.py_object).value


# -- classes ----------------------------------------------------------------------------------------------------------------


def flags(cls: type) -> int:
    """Return a class's tp_flags."""
    return word(id(cls) + offset("PyTypeObject.tp_flags"))


def slot(cls: type, name: str) -> int:
    """Return the address in one of a class's slots, such as tp_getattro."""
    return word(id(cls) + offset("PyTypeObject." + name))


def version_of(cls: type) -> int:
    """Return a class's version tag, 0 if it has none at the moment."""
    tag = ctypes.c_uint32.from_address(id(cls) + offset("PyTypeObject.tp_version_tag")).value
    return 0 if _newest is not None and tag > _newest and not flags(cls) & offset("Py_TPFLAGS_IMMUTABLETYPE") else tag


def keeps_values(cls: type) -> bool:
    """Return whether instances keep their attributes as values under names the class shares among them."""
    if not flags(cls) & offset("Py_TPFLAGS_HEAPTYPE") or not flags(cls) & offset("Py_TPFLAGS_MANAGED_DICT"):
        return False
    if HERE.instance_values == "inline" and not flags(cls) & offset("Py_TPFLAGS_INLINE_VALUES"):  # type: ignore[union-attr]
        return False
    return bool(shared_keys(cls))


def shared_keys(cls: type) -> int:
    """Return the address of the keys that instances of a class share, or 0."""
    return word(id(cls) + offset("PyHeapTypeObject.ht_cached_keys"))


def shared_count(cls: type) -> int:
    """Return how many names instances of a class share."""
    return _entries(shared_keys(cls))[1]


def shared_index(cls: type, name: str) -> int | None:
    """Return the index of a name among those instances of a class share, or None."""
    keys = shared_keys(cls)
    return _find(keys, name, offset("DICT_KEYS_SPLIT"))


def shared_name(cls: type, index: int) -> str:
    """Return one of the names instances of a class share."""
    keys = shared_keys(cls)
    place = _entries(keys)[0] + index * offset("PyDictUnicodeEntry.sizeof") + offset("PyDictUnicodeEntry.me_key")
    name: str = ctypes.cast(word(keys + place), ctypes.py_object).value
    return name


def slot_offset(member: object) -> int | None:
    """Return where a ``__slots__`` member keeps its reference in an instance, or None for other descriptors."""
    definition = word(id(member) + offset("PyMemberDescrObject.d_member"))
    kind = ctypes.c_int.from_address(definition + offset("PyMemberDef.type")).value
    if kind not in (6, 16):  # _Py_T_OBJECT, Py_T_OBJECT_EX (structmember.h); slots are the latter
        return None
    return ctypes.c_ssize_t.from_address(definition + offset("PyMemberDef.offset")).value


def c_function(callee: object) -> tuple[int, int]:
    """Return the address of the C function behind a method descriptor or builtin function and its METH_ flags; 0, 0 for others."""
    field = {MethodDescriptorType: "PyMethodDescrObject.d_method", BuiltinFunctionType: "PyCFunctionObject.m_ml"}.get(type(callee))
    if field is None:
        return 0, 0
    definition = word(id(callee) + offset(field))
    return word(definition + offset("PyMethodDef.ml_meth")), ctypes.c_int.from_address(definition + offset("PyMethodDef.ml_flags")).value


def cached_type_version(cache: bytes) -> int:
    """Return the class version that an attribute's inline cache was made for."""
    at = offset("_PyAttrCache.version")
    return struct.unpack_from("=I", cache, at)[0] if len(cache) >= at + 4 else 0


def cached_index(cache: bytes) -> int:
    """Return the index an attribute's inline cache was made for: of an entry in a dict, where it is one of those."""
    at = offset("_PyAttrCache.index")
    return struct.unpack_from("=H", cache, at)[0] if len(cache) >= at + 2 else 0
