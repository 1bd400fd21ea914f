"""Ask the running interpreter where it keeps things, and hold `morrow.host.structs` against the answers.

``check_structs(structs)`` looks at objects whose contents are known from Python (a list's items, a frame's code, ...)
and reads them where the table says they are. It takes a few milliseconds and writes nothing but objects of its own.
``is_proven()`` does so once per build of Python and remembers the outcome in the user's cache folder.

The proof stops at the first contradiction: what comes later follows pointers that were found by what came before.
"""

from __future__ import annotations


import ctypes
import gc
import operator
import os
import struct
import sys
import types
from _thread import get_ident, get_native_id
from collections.abc import Callable, Iterator
from functools import partial

from morrow.host.digest import sha256
from morrow.host.facts import HERE, NoFacts
from morrow.host.folders import cache_folder
from morrow.host.structs import Structs, structs


class Wrong:
    """One line of a failed proof: the table says *expected* is at *name*, the host has *found* there."""

    __slots__ = ("name", "expected", "found")

    def __init__(self, name: str, expected: object, found: object) -> None:
        self.name, self.expected, self.found = name, expected, found

    def __repr__(self) -> str:
        return f"{self.name}: expected {self.expected!r}, found {self.found!r}"


def check_structs(s: Structs, subject: str = "") -> list[Wrong]:
    """Return the first value of the table that the running host contradicts, or nothing when the table holds.

    Stops at the first one because later reads follow pointers found by earlier ones. With *subject* (one of
    `SUBJECTS`) only that subject is looked at. A field that the table lacks is reported as wrong too.
    """
    try:
        for name in (subject,) if subject else SUBJECTS:
            try:
                for field, found, expected in SUBJECTS[name](s):
                    if found != expected:
                        return [Wrong(field, expected, found)]
            except (KeyError, ValueError) as error:  # a field the table lacks, or a pointer that leads nowhere
                return [Wrong(name, "readable", error)]
        return []
    finally:
        _close_memory()


def count_checks(s: Structs) -> int:
    """Return how many values `check_structs` compares."""
    return sum(1 for subject in SUBJECTS.values() for _ in subject(s))


def build_id() -> str:
    """Return a short text that differs between builds of Python whose structures might differ."""
    text = "|".join(
        (sys.version, sys.implementation.cache_tag or "", str(sys.hexversion), sys.platform, str(hasattr(sys, "gettotalrefcount")), ".".join(map(str, os.uname()[3:])) if hasattr(os, "uname") else "")
    )
    return sha256(text.encode()).hexdigest()[:20]


def is_proven() -> tuple[bool, str]:
    """Return whether the running host's structures are as the table says, and a sentence when they are not.

    The first run on a build does the proof; later ones read its outcome from the cache folder. A cache that cannot be
    read or written only costs the few milliseconds of the proof.
    """
    if HERE is None:
        return False, "this Python is not one this morrow knows"
    if HERE.free_threaded:
        return False, "this Python runs without a GIL"
    if not HERE.jit_supported:
        return False, f"the jit has not been taught {HERE}"
    try:
        table = structs()
    except NoFacts as missing:
        return False, str(missing)
    from morrow import __version__

    path = os.path.join(cache_folder(), f"host-{build_id()}.txt")
    try:
        with open(path, encoding="utf-8") as file:
            version, _, outcome = file.read().partition("\n")
        if version == __version__ + " " + _table_id(table):
            return not outcome, outcome
    except (OSError, UnicodeDecodeError):
        pass  # no proof yet, or not readable: do it now
    wrong = check_structs(table)
    outcome = f"this build of Python differs from what is known of {HERE}: {wrong[0]}" if wrong else ""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        scratch = f"{path}.{os.getpid()}"
        with open(scratch, "w", encoding="utf-8") as file:
            file.write(f"{__version__} {_table_id(table)}\n{outcome}")
        os.replace(scratch, path)
    except OSError:
        pass  # a read-only home: prove it again next time
    return not outcome, outcome


def _table_id(table: Structs) -> str:
    return sha256(repr(sorted(table.values.items())).encode()).hexdigest()[:12]


# -- what is looked at --------------------------------------------------------------------------------------------------
# Each subject yields (name, what the host has there, what we know it to be).

Checks = Iterator[tuple[str, object, object]]


def _symbol(name: str) -> int:
    return ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0


_memory = -1


def _read(address: int, size: int) -> bytes:
    """Return memory of this process. A wrong table leads anywhere: /proc says so with an error, not with a crash."""
    global _memory
    if _memory == -1:
        try:
            _memory = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            _memory = -2  # no /proc here: read directly, as ctypes does
    if _memory < 0:
        return ctypes.string_at(address, size) if address > 4096 else b""
    try:
        return os.pread(_memory, size, address)
    except (OSError, OverflowError):
        return b""


def _close_memory() -> None:
    """Close what `_read` opened: a child made by fork would go on reading its parent's memory."""
    global _memory
    if _memory >= 0:
        os.close(_memory)
    _memory = -1


def _number(address: int, size: int, signed: bool) -> int:
    data = _read(address, size)
    if len(data) != size:
        raise ValueError(f"nothing at {address:#x}")
    return int.from_bytes(data, sys.byteorder, signed=signed)


def _word(address: int) -> int:
    return _number(address, 8, False)


def _i64(address: int) -> int:
    return _number(address, 8, True)


def _u32(address: int) -> int:
    return _number(address, 4, False)


def _i32(address: int) -> int:
    return _number(address, 4, True)


def _i8(address: int) -> int:
    return _number(address, 1, True)


def _u8(address: int) -> int:
    return _number(address, 1, False)


def _double(address: int) -> float:
    return float(struct.unpack("d", _read(address, 8).ljust(8, b"\0"))[0])


def _text(address: int, size: int) -> bytes:
    return _read(address, size)


def _objects(s: Structs) -> Checks:
    one = [object()]
    before = _u32(id(one) + s["PyObject.ob_refcnt"])
    another = one
    yield "PyObject.ob_refcnt", _u32(id(one) + s["PyObject.ob_refcnt"]), before + 1
    yield "PyObject.ob_type", _word(id(another) + s["PyObject.ob_type"]), id(list)
    yield "PyVarObject.ob_size", _i64(id(one) + s["PyVarObject.ob_size"]), 1
    for kind, owner in (
        (object, "PyObject"), (float, "PyFloatObject"), (complex, "PyComplexObject"), (list, "PyListObject"),
        (dict, "PyDictObject"), (set, "PySetObject"), (type, "PyHeapTypeObject"), (types.FunctionType, "PyFunctionObject"),
        (types.MethodType, "PyMethodObject"), (types.BuiltinFunctionType, "PyCFunctionObject"), (types.CellType, "PyCellObject"),
        (types.ModuleType, "PyModuleObject"), (slice, "PySliceObject"), (BaseException, "PyBaseExceptionObject"),
        (type([].append), "PyCFunctionObject"), (type(list.append), "PyMethodDescrObject"), (type(int.__add__), "PyWrapperDescrObject"),
        (types.GetSetDescriptorType, "PyGetSetDescrObject"), (types.MemberDescriptorType, "PyMemberDescrObject"),
        (types.TracebackType, "PyTracebackObject"), (bytearray, "PyByteArrayObject"), (range, "PyRangeObject"),
        (type(iter(range(0))), "_PyRangeIterObject"), (type(iter([])), "_PyListIterObject"), (type(iter(())), "_PyTupleIterObject"),
    ):  # fmt: skip
        yield f"{owner}.sizeof", s[f"{owner}.sizeof"], kind.__basicsize__
    yield "PyTupleObject.ob_item", s["PyTupleObject.ob_item"], tuple.__basicsize__
    yield "PyCodeObject.co_code_adaptive", s["PyCodeObject.co_code_adaptive"], types.CodeType.__basicsize__
    yield "PyBytesObject.ob_sval", s["PyBytesObject.ob_sval"] + 1, bytes.__basicsize__
    yield "PyLongObject.ob_digit", s["PyLongObject.long_value.ob_digit" if s.has("PyLongObject.long_value.ob_digit") else "PyLongObject.ob_digit"], int.__basicsize__


def _types(s: Structs) -> Checks:
    class Base:
        pass

    class Class(Base):
        __slots__ = ("slot",)
        value = 1

    at = id(Class)
    p = "PyTypeObject."
    yield p + "tp_name", _text(_word(id(list) + s[p + "tp_name"]), 5), b"list\0"
    for field, expected in (
        ("tp_basicsize", Class.__basicsize__), ("tp_itemsize", Class.__itemsize__), ("tp_flags", Class.__flags__),
        ("tp_base", id(Base)), ("tp_bases", id(Class.__bases__)), ("tp_mro", id(Class.__mro__)),
        ("tp_getattro", _symbol("PyObject_GenericGetAttr")), ("tp_setattro", _symbol("PyObject_GenericSetAttr")),
        ("tp_alloc", _symbol("PyType_GenericAlloc")), ("tp_free", _symbol("PyObject_GC_Del")),
        ("tp_as_number", at + s["PyHeapTypeObject.as_number"]), ("tp_as_sequence", at + s["PyHeapTypeObject.as_sequence"]),
        ("tp_as_mapping", at + s["PyHeapTypeObject.as_mapping"]),
    ):  # fmt: skip
        yield p + field, _word(at + s[p + field]), expected
    yield p + "tp_dictoffset", _i64(id(types.FunctionType) + s[p + "tp_dictoffset"]), s["PyFunctionObject.func_dict"]
    yield p + "tp_weaklistoffset", _i64(id(set) + s[p + "tp_weaklistoffset"]), set.__weakrefoffset__
    yield p + "tp_vectorcall_offset", _i64(id(types.FunctionType) + s[p + "tp_vectorcall_offset"]), s["PyFunctionObject.vectorcall"]
    yield p + "tp_iter", _word(id(type(iter([]))) + s[p + "tp_iter"]), _symbol("PyObject_SelfIter")
    yield p + "tp_call", _word(id(types.FunctionType) + s[p + "tp_call"]), _symbol("PyVectorcall_Call")
    yield p + "tp_hash", _word(id(list) + s[p + "tp_hash"]), _symbol("PyObject_HashNotImplemented")
    yield p + "tp_dict", _word(at + s[p + "tp_dict"]), id(gc.get_referents(vars(Class))[0])  # the dictionary behind the proxy
    Class.value
    tag = _u32(at + s[p + "tp_version_tag"])
    yield p + "tp_version_tag: given", tag != 0, True
    Class.value = 2
    Class.value
    yield p + "tp_version_tag: new after a change", _u32(at + s[p + "tp_version_tag"]) in (tag, 0), False
    if s.has(p + "tp_watched"):
        yield p + "tp_watched", _u8(at + s[p + "tp_watched"]), 0
    yield "PyHeapTypeObject.ht_name", _word(at + s["PyHeapTypeObject.ht_name"]), id(Class.__name__)
    yield "PyHeapTypeObject.ht_qualname", _word(at + s["PyHeapTypeObject.ht_qualname"]), id(Class.__qualname__)
    member = vars(Class)["slot"]
    yield "PyMemberDescrObject.d_common.d_type", _word(id(member) + s["PyMemberDescrObject.d_common.d_type"]), at
    yield "PyMemberDescrObject.d_common.d_name", _word(id(member) + s["PyMemberDescrObject.d_common.d_name"]), id(member.__name__)
    item = Class()
    item.slot = marker = object()
    definition = _word(id(member) + s["PyMemberDescrObject.d_member"])
    yield "PyMemberDef.offset", _word(id(item) + _i64(definition + s["PyMemberDef.offset"])), id(marker)
    yield "flags: heap type", Class.__flags__ & s["Py_TPFLAGS_HEAPTYPE"], s["Py_TPFLAGS_HEAPTYPE"]
    yield "flags: immutable", int.__flags__ & (s["Py_TPFLAGS_IMMUTABLETYPE"] | s["Py_TPFLAGS_HEAPTYPE"]), s["Py_TPFLAGS_IMMUTABLETYPE"]
    yield "flags: method descriptor", types.FunctionType.__flags__ & s["Py_TPFLAGS_METHOD_DESCRIPTOR"], s["Py_TPFLAGS_METHOD_DESCRIPTOR"]


_SLOTS = {  # Include/typeslots.h: numbers of the stable ABI
    "PyNumberMethods": {"nb_absolute": 6, "nb_add": 7, "nb_and": 8, "nb_bool": 9, "nb_float": 11, "nb_floor_divide": 12,
                        "nb_index": 13, "nb_int": 26, "nb_invert": 27, "nb_lshift": 28, "nb_multiply": 29, "nb_negative": 30,
                        "nb_or": 31, "nb_positive": 32, "nb_power": 33, "nb_remainder": 34, "nb_rshift": 35,
                        "nb_subtract": 36, "nb_true_divide": 37, "nb_xor": 38},
    "PyMappingMethods": {"mp_ass_subscript": 3, "mp_length": 4, "mp_subscript": 5},
    "PySequenceMethods": {"sq_concat": 40, "sq_contains": 41, "sq_inplace_concat": 42, "sq_item": 44, "sq_length": 45, "sq_repeat": 46},
}  # fmt: skip


def _slots(s: Structs) -> Checks:
    get_slot = ctypes.pythonapi.PyType_GetSlot
    get_slot = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_int)(ctypes.cast(get_slot, ctypes.c_void_p).value)
    for owner, field, kind in (("PyNumberMethods", "tp_as_number", int), ("PyMappingMethods", "tp_as_mapping", list), ("PySequenceMethods", "tp_as_sequence", list)):
        table = _word(id(kind) + s["PyTypeObject." + field])
        for name, number in _SLOTS[owner].items():
            yield f"{owner}.{name}", _word(table + s[f"{owner}.{name}"]) or None, get_slot(kind, number)
    for name, number, kind in (("tp_dealloc", 52, list), ("tp_iternext", 63, type(iter([]))), ("tp_iter", 62, list), ("tp_new", 65, list), ("tp_init", 60, list),
                               ("tp_richcompare", 67, list), ("tp_traverse", 71, list), ("tp_clear", 51, list), ("tp_repr", 66, list),
                               ("tp_str", 70, str), ("tp_descr_get", 54, types.FunctionType), ("tp_descr_set", 55, property)):  # fmt: skip
        yield f"PyTypeObject.{name}", _word(id(kind) + s[f"PyTypeObject.{name}"]) or None, get_slot(kind, number)


def _numbers(s: Structs) -> Checks:
    number = 5 + (7 << 30)
    digits = id(number) + s["PyLongObject.long_value.ob_digit" if s.has("PyLongObject.long_value.ob_digit") else "PyLongObject.ob_digit"]
    yield "PyLongObject: digits", (_u32(digits), _u32(digits + 4)), (5, 7)
    negative = -number
    zero = number - number
    if s.has("PyLongObject.long_value.lv_tag"):
        tag = s["PyLongObject.long_value.lv_tag"]
        bits = s["_PyLong_NON_SIZE_BITS"]
        yield "PyLongObject: tag of +", _word(id(number) + tag), 2 << bits
        yield "PyLongObject: tag of -", _word(id(negative) + tag), 2 << bits | 2
        yield "PyLongObject: tag of 0", _word(id(zero) + tag) & 3, 1
    else:
        size = s["PyVarObject.ob_size"]
        yield "PyLongObject: ob_size", (_i64(id(number) + size), _i64(id(negative) + size), _i64(id(zero) + size)), (2, -2, 0)
    yield "PyLong_SHIFT", s["PyLong_SHIFT"], sys.int_info.bits_per_digit
    real = float("1.5")
    yield "PyFloatObject.ob_fval", _double(id(real) + s["PyFloatObject.ob_fval"]), 1.5
    pair = complex(1.5, float("-2.5"))
    yield "PyComplexObject.cval", [_double(id(pair) + s[f"PyComplexObject.cval.{part}"]) for part in ("real", "imag")], [1.5, -2.5]
    small = int("200")
    yield "_PY_NSMALLPOSINTS", (int(str(s["_PY_NSMALLPOSINTS"] - 1)) is int(str(s["_PY_NSMALLPOSINTS"] - 1)), small is int("200")), (True, True)


def _containers(s: Structs) -> Checks:
    a, b, c = object(), object(), object()
    items = [a, b, c]
    yield "PyListObject.ob_item", [_word(_word(id(items) + s["PyListObject.ob_item"]) + 8 * k) for k in range(3)], [id(a), id(b), id(c)]
    yield "PyListObject.allocated", 3 <= _i64(id(items) + s["PyListObject.allocated"]) < 100, True
    pair = (a, b)
    yield "PyTupleObject.ob_item", [_word(id(pair) + s["PyTupleObject.ob_item"] + 8 * k) for k in range(2)], [id(a), id(b)]
    if s.has("PyTupleObject.ob_hash"):
        hash(pair)
        yield "PyTupleObject.ob_hash", _i64(id(pair) + s["PyTupleObject.ob_hash"]), hash(pair)
    group = {a}
    table = _word(id(group) + s["PySetObject.table"])
    mask = _i64(id(group) + s["PySetObject.mask"])
    yield "PySetObject.mask", mask, s["PySet_MINSIZE"] - 1
    yield "PySetObject.used", (_i64(id(group) + s["PySetObject.used"]), _i64(id(group) + s["PySetObject.fill"])), (1, 1)
    keys = [(_word(table + s["setentry.sizeof"] * k + s["setentry.key"]), _i64(table + s["setentry.sizeof"] * k + s["setentry.hash"])) for k in range(8)]
    yield "setentry", (id(a), hash(a)) in keys, True
    part = slice(a, b, c)
    yield "PySliceObject", [_word(id(part) + s[f"PySliceObject.{name}"]) for name in ("start", "stop", "step")], [id(a), id(b), id(c)]
    yield "PyBytesObject.ob_sval", _text(id(b"morrow") + s["PyBytesObject.ob_sval"], 7), b"morrow\0"
    array = bytearray(b"morrow")
    yield "PyByteArrayObject.ob_start", _text(_word(id(array) + s["PyByteArrayObject.ob_start"]), 6), b"morrow"


def _dicts(s: Structs) -> Checks:
    a, b = object(), object()
    for kind, table, stride in ((s["DICT_KEYS_UNICODE"], {"probe_a": a, "probe_b": b}, "PyDictUnicodeEntry"), (s["DICT_KEYS_GENERAL"], {1: a, 2.5: b}, "PyDictKeyEntry")):
        at = id(table)
        yield "PyDictObject.ma_used", _i64(at + s["PyDictObject.ma_used"]), 2
        yield "PyDictObject.ma_values", _word(at + s["PyDictObject.ma_values"]), 0
        keys = _word(at + s["PyDictObject.ma_keys"])
        yield "PyDictKeysObject.dk_kind", _u8(keys + s["PyDictKeysObject.dk_kind"]), kind
        yield "PyDictKeysObject.dk_log2_size", _u8(keys + s["PyDictKeysObject.dk_log2_size"]), 3
        yield "PyDictKeysObject.dk_log2_index_bytes", _u8(keys + s["PyDictKeysObject.dk_log2_index_bytes"]), 3
        yield "PyDictKeysObject.dk_nentries", _i64(keys + s["PyDictKeysObject.dk_nentries"]), 2
        entries = keys + s["PyDictKeysObject.dk_indices"] + 8
        for k, (key, value) in enumerate(table.items()):
            entry = entries + s[f"{stride}.sizeof"] * k
            yield f"{stride}.me_key", _word(entry + s[f"{stride}.me_key"]), id(key)
            yield f"{stride}.me_value", _word(entry + s[f"{stride}.me_value"]), id(value)
    if s.has("PyDictObject.ma_version_tag"):
        tag = s["PyDictObject.ma_version_tag"]
        before = _word(id(table) + tag)
        table[1] = b
        yield "PyDictObject.ma_version_tag: new after a change", _word(id(table) + tag) != before, True


def _strings(s: Structs) -> Checks:
    for text, kind, ascii, start, unit in (("probe", 1, 1, "PyASCIIObject", "utf-8"), ("prob\xe9", 1, 0, "PyCompactUnicodeObject", "latin-1"),
                                           ("prob\u20ac", 2, 0, "PyCompactUnicodeObject", f"utf-16-{sys.byteorder[0]}e"),
                                           ("prob\U0001f600", 4, 0, "PyCompactUnicodeObject", f"utf-32-{sys.byteorder[0]}e")):  # fmt: skip
        at = id(text)
        state = _u32(at + s["PyASCIIObject.state"])
        yield "PyASCIIObject.length", _i64(at + s["PyASCIIObject.length"]), 5
        hash(text)
        yield "PyASCIIObject.hash", _i64(at + s["PyASCIIObject.hash"]), hash(text)
        yield "PyASCIIObject.state", (state >> s["STATE_KIND_SHIFT"] & 7, state >> s["STATE_COMPACT_SHIFT"] & 1, state >> s["STATE_ASCII_SHIFT"] & 1), (kind, 1, ascii)
        yield f"{start}.sizeof", _text(at + s[f"{start}.sizeof"], 5 * kind), text.encode(unit)


def _instances(s: Structs) -> Checks:
    class Plain:
        def __init__(self, a: object, b: object) -> None:
            self.a, self.b = a, b

    a, b = object(), object()
    Plain(b, a)
    item = Plain(a, b)
    at = id(item)
    cached = _word(id(Plain) + s["PyHeapTypeObject.ht_cached_keys"])
    yield "PyHeapTypeObject.ht_cached_keys", _u8(cached + s["PyDictKeysObject.dk_kind"]), s["DICT_KEYS_SPLIT"]
    assert HERE is not None
    if HERE.instance_values == "inline":
        values = at + Plain.__basicsize__
        yield "flags: inline values", Plain.__flags__ & s["Py_TPFLAGS_INLINE_VALUES"], s["Py_TPFLAGS_INLINE_VALUES"]
        yield "PyDictValues.valid", _u8(values + s["PyDictValues.valid"]), 1
        values += s["PyDictValues.values"]
    elif HERE.instance_values == "tagged":
        word = _word(at + s["MANAGED_VALUES_OFFSET"])
        yield "VALUES_BIAS", word & 1, 1
        values = word - s["VALUES_BIAS"]
    else:
        values = _word(at + s["MANAGED_VALUES_OFFSET"])
    yield "instance values", [_word(values), _word(values + 8)], [id(a), id(b)]
    mapping = item.__dict__
    yield "MANAGED_DICT_OFFSET", _word(at + s["MANAGED_DICT_OFFSET"]), id(mapping)
    yield "flags: managed dict", Plain.__flags__ & s["Py_TPFLAGS_MANAGED_DICT"], s["Py_TPFLAGS_MANAGED_DICT"]


def _functions(s: Structs) -> Checks:
    cell_value = object()

    def function(a, b=1, *, c=2):
        """Doc."""
        return cell_value

    function.note = 1
    at = id(function)
    p = "PyFunctionObject."
    for field, value in (("func_globals", function.__globals__), ("func_builtins", function.__builtins__), ("func_name", function.__name__),
                         ("func_qualname", function.__qualname__), ("func_code", function.__code__), ("func_defaults", function.__defaults__),
                         ("func_kwdefaults", function.__kwdefaults__), ("func_doc", function.__doc__), ("func_closure", function.__closure__),
                         ("func_dict", function.__dict__)):  # fmt: skip
        yield p + field, _word(at + s[p + field]), id(value)
    yield p + "vectorcall", _word(at + s[p + "vectorcall"]), _word(id(_functions) + s[p + "vectorcall"])
    for _ in range(64):  # a warm call site asks for the version
        function(1)
    version = _u32(at + s[p + "func_version"])
    code = function.__code__
    if s.has("PyCodeObject.co_version"):
        yield "PyCodeObject.co_version", _u32(id(code) + s["PyCodeObject.co_version"]), version
    function.__defaults__ = (3,)
    yield p + "func_version: dropped by a change", _u32(at + s[p + "func_version"]) in (0, 1), True
    cell = function.__closure__[0]
    yield "PyCellObject.ob_ref", _word(id(cell) + s["PyCellObject.ob_ref"]), id(cell_value)
    method = types.MethodType(function, cell_value)
    yield "PyMethodObject", (_word(id(method) + s["PyMethodObject.im_func"]), _word(id(method) + s["PyMethodObject.im_self"])), (at, id(cell_value))
    owner: list[int] = []
    builtin = owner.append
    yield "PyCFunctionObject.m_self", _word(id(builtin) + s["PyCFunctionObject.m_self"]), id(owner)
    descriptor = list.append
    definition = _word(id(builtin) + s["PyCFunctionObject.m_ml"])
    yield "PyMethodDescrObject.d_method", _word(id(descriptor) + s["PyMethodDescrObject.d_method"]), definition
    yield "PyMethodDescrObject.d_common.d_type", _word(id(descriptor) + s["PyMethodDescrObject.d_common.d_type"]), id(list)
    yield "PyMethodDef.ml_name", _text(_word(definition + s["PyMethodDef.ml_name"]), 7), b"append\0"
    yield "PyMethodDef.ml_flags", _i32(definition + s["PyMethodDef.ml_flags"]), s["METH_O"]
    yield "PyModuleObject.md_dict", _word(id(sys) + s["PyModuleObject.md_dict"]), id(sys.__dict__)
    p = "PyCodeObject."
    for field, value in (("co_consts", code.co_consts), ("co_names", code.co_names), ("co_exceptiontable", code.co_exceptiontable),
                         ("co_filename", code.co_filename), ("co_name", code.co_name), ("co_qualname", code.co_qualname), ("co_linetable", code.co_linetable)):  # fmt: skip
        yield p + field, _word(id(code) + s[p + field]), id(value)
    for field in ("co_flags", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_stacksize", "co_firstlineno"):
        yield p + field, _i32(id(code) + s[p + field]), getattr(code, field)
    yield p + "co_nlocalsplus", _i32(id(code) + s[p + "co_nlocalsplus"]), 4
    fresh = function.__code__.replace(co_name="fresh")
    start = id(fresh) + s[p + "co_code_adaptive"]
    yield p + "co_code_adaptive", _text(start, 2)[:1], fresh.co_code[:1]
    if s.has(p + "co_framesize"):
        yield p + "co_framesize", _i32(id(code) + s[p + "co_framesize"]), 4 + code.co_stacksize + s["FRAME_SPECIALS_SIZE"]


def _frames(s: Structs) -> Checks:
    assert HERE is not None
    untag = ~3 if HERE.stack_tags else ~0
    code_field = "_PyInterpreterFrame.f_executable" if s.has("_PyInterpreterFrame.f_executable") else "_PyInterpreterFrame.f_code"
    p = "_PyInterpreterFrame."

    def look(first: object) -> list[tuple[str, object, object]]:
        frame = sys._getframe()
        inner = _word(id(frame) + s["PyFrameObject.f_frame"])
        code = frame.f_code
        found: list[tuple[str, object, object]] = [
            ("PyFrameObject.f_frame: its code", _word(inner + s[code_field]) & untag, id(code)),
            (p + "f_globals", _word(inner + s[p + "f_globals"]), id(frame.f_globals)),
            (p + "f_builtins", _word(inner + s[p + "f_builtins"]), id(frame.f_builtins)),
            (p + "frame_obj", _word(inner + s[p + "frame_obj"]), id(frame)),
            (p + "owner", _u8(inner + s[p + "owner"]), s["FRAME_OWNED_BY_THREAD"]),
            (p + "localsplus", _word(inner + s[p + "localsplus"]) & untag, id(first)),
        ]
        previous = _word(inner + s[p + "previous"])
        caller = sys._getframe(1)
        known = {_word(id(caller) + s["PyFrameObject.f_frame"])}
        found.append((p + "previous", previous in known, True))
        field = p + ("instr_ptr" if s.has(p + "instr_ptr") else "prev_instr")
        offset = _word(inner + s[field]) - (id(code) + s["PyCodeObject.co_code_adaptive"])
        found.append((field, 0 <= offset < len(code.co_code), True))
        thread = _thread()
        if HERE.current_frame == "cframe":
            cell = ctypes.c_uint64.from_address(_word(thread + s["PyThreadState.cframe"]) + s["_PyCFrame.current_frame"])
        else:
            cell = ctypes.c_uint64.from_address(thread + s["PyThreadState.current_frame"])
        current = cell.value  # read in C: a Python function would see its own frame
        found.append(("PyThreadState: current frame", current, inner))
        return found

    yield from look(object())

    def generate(first: object) -> Iterator[int]:
        yield 1

    mark = object()
    generator = generate(mark)
    state = s["PyGenObject.gi_frame_state"]
    states = [_i8(id(generator) + state)]
    next(generator)
    states.append(_i8(id(generator) + state))
    inner = id(generator) + s["PyGenObject.gi_iframe"]
    yield "PyGenObject.gi_iframe: its code", _word(inner + s[code_field]) & untag, id(generator.gi_code)
    yield "PyGenObject.gi_iframe: its local", _word(inner + s[p + "localsplus"]) & untag, id(mark)
    yield "PyGenObject.gi_iframe: owner", _u8(inner + s[p + "owner"]), s["FRAME_OWNED_BY_GENERATOR"]
    list(generator)
    states.append(_i8(id(generator) + state))
    yield "PyGenObject.gi_frame_state", states, [s["FRAME_CREATED"], s["FRAME_SUSPENDED"], s["FRAME_CLEARED"]]


def _thread() -> int:
    get = ctypes.pythonapi.PyThreadState_Get
    return ctypes.PYFUNCTYPE(ctypes.c_void_p)(ctypes.cast(get, ctypes.c_void_p).value)() or 0


def _threads(s: Structs) -> Checks:
    assert HERE is not None
    thread = _thread()
    p = "PyThreadState."
    interpreter = ctypes.PYFUNCTYPE(ctypes.c_void_p)(_symbol("PyInterpreterState_Get"))()
    yield p + "interp", _word(thread + s[p + "interp"]), interpreter
    yield p + "thread_id", _word(thread + s[p + "thread_id"]), get_ident()
    yield p + "native_thread_id", _word(thread + s[p + "native_thread_id"]), get_native_id()
    limit = "recursion_limit" if s.has(p + "recursion_limit") else "py_recursion_limit"
    remaining = "recursion_remaining" if s.has(p + "recursion_remaining") else "py_recursion_remaining"
    yield p + limit, _i32(thread + s[p + limit]), sys.getrecursionlimit()

    def deeper() -> int:
        return _i32(thread + s[p + remaining])

    here = _i32(thread + s[p + remaining])
    yield p + remaining, deeper() - here, -1
    yield p + "tracing", _i32(thread + s[p + "tracing"]), 0
    yield p + "c_tracefunc", (_word(thread + s[p + "c_tracefunc"]) != 0), sys.gettrace() is not None
    yield p + "c_profilefunc", (_word(thread + s[p + "c_profilefunc"]) != 0), sys.getprofile() is not None
    if HERE.error_indicator == "one":
        yield p + "current_exception", _word(thread + s[p + "current_exception"]), 0
    else:
        yield p + "curexc_type", _word(thread + s[p + "curexc_type"]), 0
    try:
        raise LookupError("probe")
    except LookupError as error:
        item = _word(thread + s[p + "exc_info"])
        yield p + "exc_info", _word(item + s["_PyErr_StackItem.exc_value"]), id(error)
        trace = error.__traceback__
        yield "PyBaseExceptionObject.traceback", _word(id(error) + s["PyBaseExceptionObject.traceback"]), id(trace)
        yield "PyBaseExceptionObject.args", _word(id(error) + s["PyBaseExceptionObject.args"]), id(error.args)
        yield "PyTracebackObject.tb_frame", _word(id(trace) + s["PyTracebackObject.tb_frame"]), id(sys._getframe())
    top, end = _word(thread + s[p + "datastack_top"]), _word(thread + s[p + "datastack_limit"])
    yield p + "datastack_top", 0 < end - top < 1 << 24, True
    yield from _breaker(s, thread, interpreter or 0)


def _breaker(s: Structs, thread: int, interpreter: int) -> Checks:
    """A pending call that does nothing sets the word which long loops must watch; C code alone sees it set."""
    assert HERE is not None
    threading = sys.modules.get("threading")  # importing it here may make another thread the main one to it
    if threading is None or get_ident() != threading.main_thread().ident:
        return  # pending calls go to the main thread, whose word this thread cannot name
    if HERE.eval_breaker == "interpreter":
        name, address = "PyInterpreterState.ceval.eval_breaker", interpreter + s["PyInterpreterState.ceval.eval_breaker"]
    else:
        name, address = "PyThreadState.eval_breaker", thread + s["PyThreadState.eval_breaker"]
    cell = ctypes.c_uint32.from_address(address)
    add = ctypes.pythonapi.Py_AddPendingCall
    call = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(ctypes.cast(add, ctypes.c_void_p).value)
    nothing = partial(call, _symbol("PyObject_IsTrue"), id(None))  # is None true? 0: a pending call that succeeds
    read = partial(getattr, cell, "value")
    before, status, after = map(operator.call, (read, nothing, read))
    yield name, (status, bool(before & 0xFF), bool(after & 0xFF)), (0, False, True)


def _iterators(s: Structs) -> Checks:
    a = [object()] * 3
    walk = iter(a)
    next(walk)
    yield "_PyListIterObject", (_i64(id(walk) + s["_PyListIterObject.it_index"]), _word(id(walk) + s["_PyListIterObject.it_seq"])), (1, id(a))
    pair = tuple(a)
    steps = iter(pair)
    next(steps)
    yield "_PyTupleIterObject", (_i64(id(steps) + s["_PyTupleIterObject.it_index"]), _word(id(steps) + s["_PyTupleIterObject.it_seq"])), (1, id(pair))
    count = iter(range(10, 100, 7))
    next(count)
    p = "_PyRangeIterObject."
    fields = [_i64(id(count) + s[p + name]) for name in ("start", "step", "len")]
    if s.has(p + "index"):
        yield p + "index", [_i64(id(count) + s[p + "index"]), *fields], [1, 10, 7, 13]
    else:
        yield p + "start", fields, [17, 7, 12]
    span = range(10**4, 10**5)
    yield "PyRangeObject", [_word(id(span) + s[f"PyRangeObject.{name}"]) for name in ("start", "stop", "step")], [id(span.start), id(span.stop), id(span.step)]
    back = reversed(a)
    yield "listreviterobject", (_i64(id(back) + s["listreviterobject.it_index"]), _word(id(back) + s["listreviterobject.it_seq"])), (2, id(a))
    back_pair = reversed(pair)
    yield "reversedobject", (_i64(id(back_pair) + s["reversedobject.index"]), _word(id(back_pair) + s["reversedobject.seq"])), (2, id(pair))
    walk = iter(a)
    numbered = enumerate(walk)
    yield "PyEnumObject", (_i64(id(numbered) + s["PyEnumObject.en_index"]), _word(id(numbered) + s["PyEnumObject.en_sit"])), (0, id(walk))
    zipped = zip(walk, steps)
    iterators = _word(id(zipped) + s["zipobject.ittuple"])
    yield "zipobject", (_i64(id(zipped) + s["zipobject.tuplesize"]), _word(iterators + s["PyTupleObject.ob_item"]) if iterators else 0), (2, id(walk))
    table = {"a": 1}
    keys = iter(table)
    yield "dictiterobject", (_word(id(keys) + s["dictiterobject.di_dict"]), _i64(id(keys) + s["dictiterobject.di_used"]), _i64(id(keys) + s["dictiterobject.di_pos"])), (id(table), 1, 0)

    def getter(self: object) -> None: ...

    yield "propertyobject.prop_get", _word(id(property(getter)) + s["propertyobject.prop_get"]), id(getter)
    class Child(list):
        def bound(self) -> object:
            return super()
    child = Child()
    bound = child.bound()
    yield "superobject", [_word(id(bound) + s[f"superobject.{name}"]) for name in ("type", "obj", "obj_type")], [id(Child), id(child), id(Child)]
    view = memoryview(b"probe")
    at = id(view) + s["PyMemoryViewObject.view"]
    yield "PyMemoryViewObject.view", (_i64(at + s["Py_buffer.len"]), _i64(at + s["Py_buffer.itemsize"]), _i32(at + s["Py_buffer.readonly"]), _i32(at + s["Py_buffer.ndim"])), (5, 1, 1, 1)
    yield "Py_buffer.buf", _text(_word(at + s["Py_buffer.buf"]), 5), b"probe"


SUBJECTS: dict[str, Callable[[Structs], Checks]] = {
    check.__name__.strip("_"): check
    for check in (_objects, _types, _slots, _numbers, _containers, _dicts, _strings, _instances, _functions, _frames, _threads, _iterators)
}
"""What `check_structs` looks at, in this order: later subjects rely on earlier ones."""
