"""Where CPython keeps things: offsets in bytes of the C structures that machine code reads and writes.

Each host's table is written as "the older one, except ...". Names are CPython's own (``struct.field``), so that a table
can be held against the headers: tests/host/test_structs.py does so with a C compiler wherever headers are installed.
`morrow.host.probe` holds it against the running interpreter before the jit starts. The tables are for 64-bit builds
with 64-bit C ``long`` (Linux, macOS); `structs` declines for others.

Sources: Include/cpython/*.h, Include/internal/pycore_*.h of 3.11.2, 3.11.7, 3.12.1, 3.13.0, 3.13.18, 3.14.10 and
3.15.2; structures that no header shows (zip, enumerate, array, ...) from their Objects/*.c or Modules/*.c.
"""

from __future__ import annotations

import functools
import struct
import sys

from morrow.host.facts import NoFacts, is_free_threaded, module_of


class Structs:
    """Offsets, sizes and constants of one host, by CPython's names.

    ``s["PyFunctionObject.func_code"]`` is an offset in bytes, ``s["PyObject.sizeof"]`` a size in bytes, and a name
    without a dot (``s["Py_TPFLAGS_HEAPTYPE"]``) a constant. `has` tells whether a host has the field at all.
    """

    def __init__(self, version: tuple[int, int], values: dict[str, int]) -> None:
        self.version = version
        self.values = values

    def __getitem__(self, name: str) -> int:
        try:
            return self.values[name]
        except KeyError:
            raise KeyError(f"CPython {self.version[0]}.{self.version[1]} has no {name}") from None

    def has(self, name: str) -> bool:
        """Return whether this host has that field or constant."""
        return name in self.values

    def __repr__(self) -> str:
        return f"<structs of CPython {self.version[0]}.{self.version[1]}: {len(self.values)} values>"


@functools.cache
def structs(version: tuple[int, int] | None = None) -> Structs:
    """Return the structures of a known host; without *version*, of the running one.

    Raises:
        NoFacts: there is no table for that host: an unknown version, a free-threaded build, or 32-bit pointers.
    """
    if version is None:
        version = sys.version_info[:2]
        if is_free_threaded() or struct.calcsize("P") != 8 or struct.calcsize("l") != 8:
            raise NoFacts(version, is_free_threaded())
    if module_of(version) not in _TABLES:
        raise NoFacts(version, False)
    values: dict[str, int] = {}
    for name, text in _TABLES.items():
        _apply(text, values)
        if name == module_of(version):
            break
    return Structs(version, values)


def _apply(text: str, values: dict[str, int]) -> None:
    """Read one table: lines ``struct: field offset, -field that went away``; a line may go on, indented."""
    for line in text.strip().replace("\n    ", " ").splitlines():
        owner, _, fields = line.partition(": ")
        prefix = "" if owner == "CONST" else owner + "."
        for item in fields.split(", "):
            if item.startswith("-"):
                del values[prefix + item[1:]]
            else:
                name, _, number = item.partition(" ")
                values[prefix + name] = int(number, 0)


_CP311 = """
PyObject: sizeof 16, ob_refcnt 0, ob_type 8
PyVarObject: sizeof 24, ob_size 16
PyTypeObject: sizeof 408, tp_name 24, tp_basicsize 32, tp_itemsize 40, tp_dealloc 48, tp_vectorcall_offset 56,
    tp_repr 88, tp_as_number 96, tp_as_sequence 104, tp_as_mapping 112, tp_hash 120, tp_call 128, tp_str 136,
    tp_getattro 144, tp_setattro 152, tp_flags 168, tp_traverse 184, tp_clear 192, tp_richcompare 200,
    tp_weaklistoffset 208, tp_iter 216, tp_iternext 224, tp_methods 232, tp_members 240, tp_getset 248, tp_base 256,
    tp_dict 264, tp_descr_get 272, tp_descr_set 280, tp_dictoffset 288, tp_init 296, tp_alloc 304, tp_new 312,
    tp_free 320, tp_bases 336, tp_mro 344, tp_cache 352, tp_subclasses 360, tp_weaklist 368, tp_del 376, tp_version_tag 384,
    tp_finalize 392, tp_vectorcall 400
PyHeapTypeObject: sizeof 904, as_number 440, as_mapping 728, as_sequence 752, ht_name 848, ht_slots 856, ht_qualname
    864, ht_cached_keys 872, ht_module 880, _spec_cache.getitem 896
PyNumberMethods: sizeof 288, nb_add 0, nb_subtract 8, nb_multiply 16, nb_remainder 24, nb_divmod 32, nb_power 40,
    nb_negative 48, nb_positive 56, nb_absolute 64, nb_bool 72, nb_invert 80, nb_lshift 88, nb_rshift 96, nb_and
    104, nb_xor 112, nb_or 120, nb_int 128, nb_float 144, nb_inplace_add 152, nb_inplace_subtract 160,
    nb_inplace_multiply 168, nb_floor_divide 232, nb_true_divide 240, nb_index 264, nb_matrix_multiply 272
PySequenceMethods: sizeof 80, sq_length 0, sq_concat 8, sq_repeat 16, sq_item 24, sq_ass_item 40, sq_contains 56,
    sq_inplace_concat 64, sq_inplace_repeat 72
PyMappingMethods: sizeof 24, mp_length 0, mp_subscript 8, mp_ass_subscript 16
PyLongObject: sizeof 32, ob_digit 24
PyFloatObject: sizeof 24, ob_fval 16
PyComplexObject: sizeof 32, cval.real 16, cval.imag 24
PyTupleObject: sizeof 32, ob_item 24
PyListObject: sizeof 40, ob_item 24, allocated 32
PyDictObject: sizeof 48, ma_used 16, ma_version_tag 24, ma_keys 32, ma_values 40
PyDictKeysObject: sizeof 32, dk_refcnt 0, dk_log2_size 8, dk_log2_index_bytes 9, dk_kind 10, dk_version 12,
    dk_usable 16, dk_nentries 24, dk_indices 32
PyDictKeyEntry: sizeof 24, me_hash 0, me_key 8, me_value 16
PyDictUnicodeEntry: sizeof 16, me_key 0, me_value 8
PyDictValues: sizeof 8, values 0
PyASCIIObject: sizeof 48, length 16, hash 24, state 32
PyCompactUnicodeObject: sizeof 72, utf8_length 48, utf8 56
PyUnicodeObject: sizeof 80, data 72
PyBytesObject: sizeof 40, ob_shash 24, ob_sval 32
PyByteArrayObject: sizeof 56, ob_alloc 24, ob_bytes 32, ob_start 40, ob_exports 48
PySetObject: sizeof 200, fill 16, used 24, mask 32, table 40, hash 48, finger 56
setentry: sizeof 16, key 0, hash 8
PyFunctionObject: sizeof 136, func_globals 16, func_builtins 24, func_name 32, func_qualname 40, func_code 48,
    func_defaults 56, func_kwdefaults 64, func_closure 72, func_doc 80, func_dict 88, func_weakreflist 96,
    func_module 104, func_annotations 112, vectorcall 120, func_version 128
PyMethodObject: sizeof 48, im_func 16, im_self 24, im_weakreflist 32, vectorcall 40
PyCFunctionObject: sizeof 56, m_ml 16, m_self 24, m_module 32, m_weakreflist 40, vectorcall 48
PyMethodDef: sizeof 32, ml_name 0, ml_meth 8, ml_flags 16, ml_doc 24
PyMethodDescrObject: sizeof 56, d_common.d_type 16, d_common.d_name 24, d_method 40, vectorcall 48
PyMemberDescrObject: sizeof 48, d_common.d_type 16, d_common.d_name 24, d_member 40
PyMemberDef: sizeof 40, name 0, type 8, offset 16, flags 24
PyGetSetDescrObject: sizeof 48, d_common.d_type 16, d_getset 40
PyWrapperDescrObject: sizeof 56, d_base 40, d_wrapped 48
PyCodeObject: sizeof 192, co_consts 24, co_names 32, co_exceptiontable 40, co_flags 48, co_warmup 52, co_argcount
    56, co_posonlyargcount 60, co_kwonlyargcount 64, co_stacksize 68, co_firstlineno 72, co_nlocalsplus 76,
    co_nlocals 80, co_nplaincellvars 84, co_ncellvars 88, co_nfreevars 92, co_localsplusnames 96, co_localspluskinds
    104, co_filename 112, co_name 120, co_qualname 128, co_linetable 136, co_weakreflist 144, _co_code 152,
    _co_linearray 160, _co_firsttraceable 168, co_extra 176, co_code_adaptive 184
PyCellObject: sizeof 24, ob_ref 16
PyModuleObject: sizeof 56, md_dict 16
PySliceObject: sizeof 40, start 16, stop 24, step 32
PyFrameObject: sizeof 56, f_back 16, f_frame 24, f_trace 32, f_lineno 40, f_trace_lines 44, f_trace_opcodes 45
_PyInterpreterFrame: sizeof 80, f_func 0, f_globals 8, f_builtins 16, f_locals 24, f_code 32, frame_obj 40, previous
    48, prev_instr 56, stacktop 64, is_entry 68, owner 69, localsplus 72
_PyCFrame: sizeof 24, use_tracing 0, current_frame 8, previous 16
PyThreadState: prev 0, next 8, interp 16, _initialized 24, recursion_remaining 32, recursion_limit 36,
    recursion_headroom 40, tracing 44, tracing_what 48, cframe 56, c_profilefunc 64, c_tracefunc 72, c_profileobj
    80, c_traceobj 88, curexc_type 96, curexc_value 104, curexc_traceback 112, exc_info 120, dict 128,
    gilstate_counter 136, async_exc 144, thread_id 152, native_thread_id 160, id 240, datastack_chunk 296,
    datastack_top 304, datastack_limit 312, exc_state.exc_value 320, exc_state.previous_item 328, root_cframe 336
_PyErr_StackItem: sizeof 16, exc_value 0, previous_item 8
PyInterpreterState: next 0, threads.head 16, id 48, ceval.recursion_limit 96, ceval.eval_breaker 100, modules 888,
    sysdict 904, builtins 912, eval_frame 1424
PyGenObject: sizeof 88, gi_code 16, gi_weakreflist 24, gi_name 32, gi_qualname 40, gi_exc_state 48,
    gi_origin_or_finalizer 64, gi_hooks_inited 72, gi_closed 73, gi_running_async 74, gi_frame_state 75, gi_iframe
    80
PyCoroObject: sizeof 88, cr_frame_state 75, cr_iframe 80
Py_buffer: sizeof 80, buf 0, obj 8, len 16, itemsize 24, readonly 32, ndim 36, format 40, shape 48, strides 56,
    suboffsets 64, internal 72
PyMemoryViewObject: sizeof 152, mbuf 24, hash 32, flags 40, exports 48, view 56
PyBaseExceptionObject: sizeof 72, dict 16, args 24, notes 32, traceback 40, context 48, cause 56, suppress_context
    64
PyTracebackObject: sizeof 40, tb_next 16, tb_frame 24, tb_lasti 32, tb_lineno 36
PyWeakReference: sizeof 64, wr_object 16, wr_callback 24, hash 32, wr_prev 40, wr_next 48
PyDescrObject: sizeof 40, d_type 16, d_name 24
_PyLoadGlobalCache: sizeof 10, counter 0, index 2, module_keys_version 4, builtin_keys_version 8
_PyAttrCache: sizeof 8, counter 0, version 2, index 6
_PyLoadMethodCache: sizeof 20, counter 0, type_version 2, dict_offset 6, keys_version 8, descr 12
_PyCallCache: sizeof 8, counter 0, func_version 2, min_args 6
_PyPrecallCache: sizeof 2, counter 0
_PyBinaryOpCache: sizeof 2, counter 0
_PyBinarySubscrCache: sizeof 8, counter 0, type_version 2, func_version 6
_PyStoreSubscrCache: sizeof 2, counter 0
_PyCompareOpCache: sizeof 4, counter 0, mask 2
_PyUnpackSequenceCache: sizeof 2, counter 0
PyGC_Head: sizeof 16, _gc_next 0, _gc_prev 8
CONST: PY_VECTORCALL_ARGUMENTS_OFFSET -0x8000000000000000, MANAGED_DICT_OFFSET -24, FRAME_CREATED -2,
    FRAME_SUSPENDED -1, DICT_KEYS_GENERAL 0, FRAME_EXECUTING 0, FRAME_OWNED_BY_THREAD 0, DICT_KEYS_UNICODE 1,
    FRAME_COMPLETED 1, FRAME_OWNED_BY_GENERATOR 1, METH_VARARGS 1, DICT_KEYS_SPLIT 2, FRAME_OWNED_BY_FRAME_OBJECT 2,
    METH_KEYWORDS 2, FRAME_CLEARED 4, METH_NOARGS 4, _PY_NSMALLNEGINTS 5, METH_O 8, PySet_MINSIZE 8,
    FRAME_SPECIALS_SIZE 9, Py_TPFLAGS_MANAGED_DICT 16, METH_CLASS 16, PyLong_SHIFT 30, SHARED_KEYS_MAX_SIZE 30,
    CO_FAST_LOCAL 32, METH_STATIC 32, CO_FAST_CELL 64, CO_FAST_FREE 128, METH_FASTCALL 128, Py_TPFLAGS_IMMUTABLETYPE
    256, _PY_NSMALLPOSINTS 257, Py_TPFLAGS_HEAPTYPE 512, METH_METHOD 512, Py_DEFAULT_RECURSION_LIMIT 1000,
    Py_TPFLAGS_HAVE_VECTORCALL 2048, Py_TPFLAGS_HAVE_GC 16384, Py_TPFLAGS_METHOD_DESCRIPTOR 0x20000,
    Py_TPFLAGS_VALID_VERSION_TAG 0x80000, Py_TPFLAGS_IS_ABSTRACT 0x100000, Py_TPFLAGS_LONG_SUBCLASS 0x1000000,
    Py_TPFLAGS_LIST_SUBCLASS 0x2000000, Py_TPFLAGS_TUPLE_SUBCLASS 0x4000000, Py_TPFLAGS_BYTES_SUBCLASS 0x8000000,
    Py_TPFLAGS_UNICODE_SUBCLASS 0x10000000, Py_TPFLAGS_DICT_SUBCLASS 0x20000000, Py_TPFLAGS_BASE_EXC_SUBCLASS
    0x40000000, Py_TPFLAGS_TYPE_SUBCLASS 0x80000000
_PyListIterObject: sizeof 32, it_index 16, it_seq 24
_PyTupleIterObject: sizeof 32, it_index 16, it_seq 24
_PyRangeIterObject: sizeof 48, index 16, start 24, step 32, len 40
propertyobject: prop_get 16, prop_set 24
PyRangeObject: sizeof 48, start 16, stop 24, step 32, length 40
PyEnumObject: en_index 16, en_sit 24, en_result 32, en_longindex 40
zipobject: tuplesize 16, ittuple 24, result 32
reversedobject: index 16, seq 24
listreviterobject: it_index 16, it_seq 24
dictiterobject: di_dict 16, di_used 24, di_pos 32, di_result 40, len 48
arrayobject: ob_item 24, allocated 32, ob_descr 40, ob_exports 56
arraydescr: typecode 0, itemsize 4
superobject: type 16, obj 24, obj_type 32
CONST: MANAGED_VALUES_OFFSET -32, STATE_INTERNED_SHIFT 0, STATE_KIND_SHIFT 2, STATE_COMPACT_SHIFT 5, STATE_ASCII_SHIFT 6
"""

_CP312 = """
PyTypeObject: sizeof 416, tp_watched 408
PyHeapTypeObject: sizeof 920, as_number 448, as_mapping 736, as_sequence 760, ht_name 856, ht_slots 864, ht_qualname
    872, ht_cached_keys 880, ht_module 888, _spec_cache.getitem 904, _spec_cache.getitem_version 912
PyLongObject: long_value.lv_tag 16, long_value.ob_digit 24, -ob_digit
PyASCIIObject: sizeof 40
PyCompactUnicodeObject: sizeof 56, utf8_length 40, utf8 48
PyUnicodeObject: sizeof 64, data 56
PyFunctionObject: sizeof 144, func_typeparams 120, vectorcall 128, func_version 136
PyCodeObject: sizeof 200, co_argcount 52, co_posonlyargcount 56, co_kwonlyargcount 60, co_stacksize 64,
    co_firstlineno 68, co_nlocalsplus 72, co_framesize 76, co_ncellvars 84, co_nfreevars 88, co_version 92,
    _co_cached 152, _co_instrumentation_version 160, _co_monitoring 168, _co_firsttraceable 176, co_extra 184,
    co_code_adaptive 192, -co_warmup, -co_nplaincellvars, -_co_code, -_co_linearray
_PyInterpreterFrame: f_code 0, previous 8, f_funcobj 16, f_globals 24, f_builtins 32, f_locals 40, frame_obj 48,
    return_offset 68, owner 70, -f_func, -is_entry
_PyCFrame: sizeof 16, current_frame 0, previous 8, -use_tracing
PyThreadState: py_recursion_remaining 28, py_recursion_limit 32, c_recursion_remaining 36, what_event 48,
    current_exception 96, exc_info 104, dict 112, gilstate_counter 120, async_exc 128, thread_id 136,
    native_thread_id 144, trash.delete_nesting 152, trash.delete_later 160, id 224, datastack_chunk 232,
    datastack_top 240, datastack_limit 248, exc_state.exc_value 256, exc_state.previous_item 264, root_cframe 272,
    -_initialized, -recursion_remaining, -recursion_limit, -tracing_what, -curexc_type, -curexc_value,
    -curexc_traceback
PyInterpreterState: id 8, monitoring_version 48, threads.head 72, sysdict 352, builtins 360, ceval.eval_breaker 368,
    ceval.recursion_limit 376, imports.modules 944, eval_frame 1744, func_watchers 1752, active_func_watchers 1816,
    code_watchers 267280, active_code_watchers 267344, func_state.next_version 269816, dict_state.global_version
    270720, dict_state.watchers 272024, types.next_version_tag 275384, -modules
PyGenObject: sizeof 80, gi_weakreflist 16, gi_name 24, gi_qualname 32, gi_exc_state 40, gi_origin_or_finalizer 56,
    gi_hooks_inited 64, gi_closed 65, gi_running_async 66, gi_frame_state 67, gi_iframe 72, -gi_code
PyCoroObject: sizeof 80, cr_frame_state 67, cr_iframe 72
_PyRangeIterObject: sizeof 40, start 16, step 24, len 32, -index
propertyobject: sizeof 64
_PyLoadGlobalCache: sizeof 8, builtin_keys_version 6
_PyLoadMethodCache: sizeof 18, keys_version 6, descr 10, -dict_offset
_PyCallCache: sizeof 6, -min_args
_PyBinarySubscrCache: sizeof 2, -type_version, -func_version
_PyCompareOpCache: sizeof 2, -mask
_PyForIterCache: sizeof 2, counter 0
_PySuperAttrCache: sizeof 2, counter 0
_PySendCache: sizeof 2, counter 0
CONST: MANAGED_WEAKREF_OFFSET -32, _PyLong_NON_SIZE_BITS 3, _PyLong_SIGN_MASK 3, FRAME_OWNED_BY_CSTACK 3,
    Py_TPFLAGS_MANAGED_WEAKREF 8, DICT_MAX_WATCHERS 8, TYPE_MAX_WATCHERS 8, FUNC_MAX_WATCHERS 8, CODE_MAX_WATCHERS
    8, CO_FAST_HIDDEN 16, DICT_VERSION_INCREMENT 256, _Py_IMMORTAL_REFCNT 0xffffffff
CONST: MANAGED_DICT_OFFSET -24, MANAGED_VALUES_OFFSET -24, VALUES_BIAS -1
"""

_CP313 = """
PyTypeObject: tp_versions_used 410
PyHeapTypeObject: sizeof 928, _spec_cache.init 920
PyDictValues: sizeof 16, capacity 0, size 1, embedded 2, valid 3, values 8
PyCodeObject: sizeof 208, co_executors 152, _co_cached 160, _co_instrumentation_version 168, _co_monitoring 176,
    _co_firsttraceable 184, co_extra 192, co_code_adaptive 200
PyFrameObject: sizeof 72, f_extra_locals 48, f_locals_cache 56
_PyInterpreterFrame: f_executable 0, instr_ptr 56, -f_code, -prev_instr
PyThreadState: eval_breaker 24, state 40, py_recursion_remaining 44, py_recursion_limit 48, c_recursion_remaining
    52, recursion_headroom 56, tracing 60, what_event 64, current_frame 72, c_profilefunc 80, c_tracefunc 88,
    c_profileobj 96, c_traceobj 104, current_exception 112, exc_info 120, dict 128, gilstate_counter 136, async_exc
    144, thread_id 152, native_thread_id 160, delete_later 168, -cframe, -trash.delete_nesting, -trash.delete_later,
    -root_cframe
PyInterpreterState: ceval.recursion_limit 8, next 7264, id 7272, threads.head 7344, sysdict 7640, builtins 7648,
    imports.modules 7656, eval_frame 8472, func_watchers 8480, active_func_watchers 8544, code_watchers 10880,
    active_code_watchers 10944, func_state.next_version 17000, dict_state.global_version 82560, dict_state.watchers
    82576, types.next_version_tag 84648, -ceval.eval_breaker, -monitoring_version
_PyLoadGlobalCache: module_keys_version 2, builtin_keys_version 4, index 6
_PyLoadMethodCache: dict_offset 6
_PyContainsOpCache: sizeof 2, counter 0
_PyToBoolCache: sizeof 6, counter 0, version 2
CONST: FRAME_CREATED -3, FRAME_SUSPENDED -2, FRAME_SUSPENDED_YIELD_FROM -1,
    _PY_GIL_DROP_REQUEST_BIT 1, _PY_SIGNALS_PENDING_BIT 2, Py_TPFLAGS_INLINE_VALUES 4, _PY_CALLS_TO_DO_BIT 4,
    _PY_ASYNC_EXCEPTION_BIT 8, _PY_EVAL_EVENTS_BITS 8, _PY_GC_SCHEDULED_BIT 16, DICT_WATCHER_MASK 255,
    _PY_EVAL_EVENTS_MASK 255, DICT_WATCHER_AND_MODIFICATION_MASK 4095, DICT_VERSION_INCREMENT 4096,
    Py_C_RECURSION_LIMIT 10000
CONST: -MANAGED_VALUES_OFFSET, -VALUES_BIAS
"""

_CP314 = """
PyHeapTypeObject: sizeof 936, _spec_cache.getitem 912, _spec_cache.getitem_version 920, _spec_cache.init 928
PyTupleObject: sizeof 40, ob_hash 24, ob_item 32
PyDictObject: _ma_watcher_tag 24, -ma_version_tag
PyFunctionObject: sizeof 152, func_annotate 120, func_typeparams 128, vectorcall 136, func_version 144
PyCodeObject: sizeof 216, _co_firsttraceable 192, co_extra 200, co_code_adaptive 208
PyFrameObject: sizeof 80
_PyInterpreterFrame: sizeof 88, stackpointer 64, return_offset 72, owner 74, visited 75, localsplus 80, -stacktop
PyThreadState: state 44, py_recursion_remaining 48, py_recursion_limit 52, current_executor 272,
    -c_recursion_remaining
PyInterpreterState: next 7272, id 7280, sysdict 7672, builtins 7680, imports.modules 7688, eval_frame 8520,
    func_watchers 8528, active_func_watchers 8592, code_watchers 10984, active_code_watchers 11112,
    func_state.next_version 14256, dict_state.watchers 79824, types.next_version_tag 81920, types.type_version_cache
    190344, -dict_state.global_version
PyGenObject: sizeof 160
PyCoroObject: sizeof 160
_PyBinaryOpCache: sizeof 10, external_cache 2
CONST: _Py_IMMORTAL_FLAGS 1, Py_TAG_REFCNT 1, FRAME_OWNED_BY_INTERPRETER 3, Py_TAG_BITS 3, Py_INT_TAG 3,
    FRAME_OWNED_BY_CSTACK 4, _Py_STATIC_FLAG_BITS 5, FRAME_SPECIALS_SIZE 10, _Py_IMMORTAL_MINIMUM_REFCNT 0x80000000,
    _Py_IMMORTAL_INITIAL_REFCNT 0xc0000000, -_Py_IMMORTAL_REFCNT, -Py_C_RECURSION_LIMIT
"""

_TABLES = {"cp311": _CP311, "cp312": _CP312, "cp313": _CP313, "cp314": _CP314}
