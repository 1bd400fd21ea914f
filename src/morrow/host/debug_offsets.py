"""Where things are in another process's interpreter: one table per host, read by `attach`, never by running code.

Keys are ``struct.field``, values are byte offsets (``unicode.ascii`` and ``unicode.compact`` are sizes,
``unicode.kind_shift`` and ``gen.executing`` values). Measured with
offsetof() against each version's internal headers, x86-64 and aarch64 alike (both LP64). From 3.13 on an interpreter
describes itself: `_Py_DebugOffsets` (CPython Include/internal/pycore_debug_offsets.h) stands at the start of
``_PyRuntime``, and what it says goes before what stands here. ``ORDER_3xx`` names its entries, in order.
"""

from __future__ import annotations

from morrow.host.facts import NoFacts


def _without(table: dict[str, int], *names: str) -> dict[str, int]:
    return {name: offset for name, offset in table.items() if name not in names}


# fmt: off
CP311: dict[str, int] = {
    "runtime.finalizing": 24, "runtime.gil": 360, "runtime.tstate_current": 576, "runtime.main_thread": 80,
    "runtime.interpreters_head": 40, "runtime.interpreters_main": 48,
    "interp.pending": 112, "interp.modules": 888, "interp.id": 48, "interp.next": 0, "interp.threads_head": 16,
    "interp.sysdict": 904,
    "frame.executable": 32, "frame.instr": 56, "frame.stacktop": 64, "frame.previous": 48, "frame.owner": 69,
    "frame.localsplus": 72,
    "cframe.current": 8,
    "pending.lock": 0,
    "tstate.cframe": 56, "tstate.next": 8, "tstate.interp": 16, "tstate.thread_id": 152,
    "tstate.native_thread_id": 160, "tstate.datastack_chunk": 296, "tstate.exc_info": 120, "tstate.c_tracefunc": 72,
    "gil.locked": 16, "gil.holder": 8,
    "code.filename": 112, "code.name": 120, "code.qualname": 128, "code.linetable": 136, "code.firstlineno": 72,
    "code.argcount": 56, "code.localsplusnames": 96, "code.localspluskinds": 104, "code.code": 184,
    "object.type": 8, "object.managed_dict": -24,
    "type.name": 24, "type.flags": 168, "type.basicsize": 32, "type.dictoffset": 288, "type.base": 256,
    "type.ht_cached_keys": 872,
    "tuple.item": 24, "tuple.size": 16,
    "list.item": 24,
    "set.used": 24, "set.table": 40, "set.mask": 32,
    "dict.keys": 32, "dict.values": 40, "dict.used": 16,
    "dk.log2_size": 8, "dk.log2_index_bytes": 9, "dk.kind": 10, "dk.nentries": 24, "dk.indices": 32,
    "float.value": 16,
    "long.digit": 24,
    "bytes.value": 32,
    "unicode.length": 16, "unicode.state": 32, "unicode.ascii": 48, "unicode.compact": 72, "unicode.kind_shift": 2,
    "gen.name": 32, "gen.frame_state": 75, "gen.iframe": 80, "gen.executing": 0,
    "chunk.previous": 0, "chunk.size": 8, "chunk.top": 16, "chunk.data": 24,
    "excinfo.value": 0,
    "weakref.object": 16,
}

CP312: dict[str, int] = _without(CP311, "runtime.gil", "interp.pending", "runtime.tstate_current") | {
    "runtime.main_thread": 64, "runtime.pending": 2016,
    "interp.modules": 944, "interp.id": 8, "interp.threads_head": 72, "interp.sysdict": 352,
    "interp.ceval_gil": 384,
    "frame.executable": 0, "frame.previous": 8, "frame.owner": 70,
    "cframe.current": 0,
    "pending.lock": 8,
    "tstate.thread_id": 136, "tstate.native_thread_id": 144, "tstate.datastack_chunk": 232, "tstate.exc_info": 104,
    "code.firstlineno": 68, "code.argcount": 52, "code.code": 192,
    "type.ht_cached_keys": 880,
    "unicode.ascii": 40, "unicode.compact": 56,
    "gen.name": 24, "gen.frame_state": 67, "gen.iframe": 72,
    "long.tag": 16,
    "dictvalues.values": 0,
}

CP313: dict[str, int] = _without(CP312, "cframe.current", "pending.lock", "tstate.cframe") | {
    "runtime.finalizing": 608, "runtime.main_thread": 656, "runtime.interpreters_head": 632,
    "runtime.interpreters_main": 640, "runtime.pending": 2640,
    "interp.modules": 7656, "interp.id": 7272, "interp.next": 7264, "interp.threads_head": 7344,
    "interp.sysdict": 7640, "interp.ceval_gil": 16,
    "tstate.thread_id": 152, "tstate.native_thread_id": 160, "tstate.exc_info": 120, "tstate.c_tracefunc": 88,
    "tstate.current_frame": 72,
    "code.code": 200,
    "dictvalues.values": 8,
    "pending.mutex": 8,
}

CP313T: dict[str, int] = CP313 | {
    "interp.modules": 7664, "interp.sysdict": 7648,
    "gil.locked": 24, "gil.holder": 16,
    "code.filename": 128, "code.name": 136, "code.qualname": 144, "code.linetable": 152, "code.firstlineno": 84,
    "code.argcount": 68, "code.localsplusnames": 112, "code.localspluskinds": 120, "code.code": 216,
    "object.type": 24, "object.managed_dict": -8,
    "type.name": 40, "type.flags": 184, "type.basicsize": 48, "type.dictoffset": 304, "type.base": 272,
    "type.ht_cached_keys": 896,
    "tuple.item": 40, "tuple.size": 32,
    "list.item": 40,
    "set.used": 40, "set.table": 56, "set.mask": 48,
    "dict.keys": 48, "dict.values": 56, "dict.used": 32,
    "float.value": 32,
    "long.digit": 40, "long.tag": 32,
    "bytes.value": 48,
    "unicode.length": 32, "unicode.state": 48, "unicode.ascii": 56, "unicode.compact": 72,
    "gen.name": 40, "gen.frame_state": 83, "gen.iframe": 88,
    "weakref.object": 32,
    "runtime.pending": 2664,
}

CP314: dict[str, int] = _without(CP313, "frame.stacktop") | {
    "runtime.finalizing": 784, "runtime.main_thread": 832, "runtime.interpreters_head": 808,
    "runtime.interpreters_main": 816, "runtime.pending": 2848,
    "interp.modules": 7688, "interp.id": 7280, "interp.next": 7272, "interp.sysdict": 7672,
    "frame.owner": 74, "frame.localsplus": 80, "frame.stackpointer": 64,
    "code.code": 208,
    "tuple.item": 32,
}

CP314T: dict[str, int] = CP314 | {
    "interp.modules": 7712, "interp.sysdict": 7696,
    "frame.owner": 78,
    "gil.locked": 24, "gil.holder": 16,
    "code.filename": 128, "code.name": 136, "code.qualname": 144, "code.linetable": 152, "code.firstlineno": 84,
    "code.argcount": 68, "code.localsplusnames": 112, "code.localspluskinds": 120, "code.code": 232,
    "object.type": 24, "object.managed_dict": -8,
    "type.name": 40, "type.flags": 184, "type.basicsize": 48, "type.dictoffset": 304, "type.base": 272,
    "type.ht_cached_keys": 896,
    "tuple.item": 48, "tuple.size": 32,
    "list.item": 40,
    "set.used": 40, "set.table": 56, "set.mask": 48,
    "dict.keys": 48, "dict.values": 56, "dict.used": 32,
    "float.value": 32,
    "long.digit": 40, "long.tag": 32,
    "bytes.value": 48,
    "unicode.length": 32, "unicode.state": 48, "unicode.ascii": 56, "unicode.compact": 72, "unicode.kind_shift": 8,
    "gen.name": 40, "gen.frame_state": 83, "gen.iframe": 88,
    "weakref.object": 32,
}

CP315: dict[str, int] = CP314 | {
    "runtime.finalizing": 912, "runtime.main_thread": 960, "runtime.interpreters_head": 936,
    "runtime.interpreters_main": 944, "runtime.pending": 2976,
    "interp.modules": 7592, "interp.id": 7272, "interp.next": 7264, "interp.threads_head": 7336,
    "interp.sysdict": 7576,
    "tstate.thread_id": 176, "tstate.native_thread_id": 184, "tstate.datastack_chunk": 256, "tstate.exc_info": 144,
    "tstate.c_tracefunc": 112,
    "type.ht_cached_keys": 888,
    "gen.executing": 4,
}

# fmt: on

# The words of _Py_DebugOffsets after its eight-byte cookie.
ORDER_313 = tuple(
    """
    version free_threaded runtime.sizeof runtime.finalizing runtime.interpreters_head interp.sizeof interp.id
    interp.next interp.threads_head interp.gc interp.modules interp.sysdict interp.builtins interp.ceval_gil
    interp.own_gil interp.gil_enabled interp.gil_locked interp.gil_holder tstate.sizeof tstate.prev tstate.next
    tstate.interp tstate.current_frame tstate.thread_id tstate.native_thread_id tstate.datastack_chunk
    tstate.status frame.sizeof frame.previous frame.executable frame.instr frame.localsplus frame.owner
    code.sizeof code.filename code.name code.qualname code.linetable code.firstlineno code.argcount
    code.localsplusnames code.localspluskinds code.code object.sizeof object.type type.sizeof type.name
    type.repr type.flags tuple.sizeof tuple.item tuple.size list.sizeof list.item list.size dict.sizeof
    dict.keys dict.values float.sizeof float.value long.sizeof long.tag long.digit bytes.sizeof bytes.size
    bytes.value unicode.sizeof unicode.state unicode.length unicode.ascii gc.sizeof gc.collecting
    """.split()
)

ORDER_314 = tuple(
    """
    version free_threaded runtime.sizeof runtime.finalizing runtime.interpreters_head interp.sizeof interp.id
    interp.next interp.threads_head interp.threads_main interp.gc interp.modules interp.sysdict interp.builtins
    interp.ceval_gil interp.own_gil interp.gil_enabled interp.gil_locked interp.gil_holder
    interp.code_object_generation interp.tlbc_generation tstate.sizeof tstate.prev tstate.next tstate.interp
    tstate.current_frame tstate.thread_id tstate.native_thread_id tstate.datastack_chunk tstate.status
    frame.sizeof frame.previous frame.executable frame.instr frame.localsplus frame.owner frame.stackpointer
    frame.tlbc_index code.sizeof code.filename code.name code.qualname code.linetable code.firstlineno
    code.argcount code.localsplusnames code.localspluskinds code.code code.tlbc object.sizeof object.type
    type.sizeof type.name type.repr type.flags tuple.sizeof tuple.item tuple.size list.sizeof list.item
    list.size set.sizeof set.used set.table set.mask dict.sizeof dict.keys dict.values float.sizeof float.value
    long.sizeof long.tag long.digit bytes.sizeof bytes.size bytes.value unicode.sizeof unicode.state
    unicode.length unicode.ascii gc.sizeof gc.collecting gen.sizeof gen.name gen.iframe gen.frame_state
    llist.next llist.prev debugger.eval_breaker debugger.support debugger.enabled debugger.pending debugger.path
    debugger.path_size
    """.split()
)

ORDER_315 = tuple(
    """
    version free_threaded runtime.sizeof runtime.finalizing runtime.interpreters_head interp.sizeof interp.id
    interp.next interp.threads_head interp.threads_main interp.gc interp.modules interp.sysdict interp.builtins
    interp.ceval_gil interp.own_gil interp.gil_enabled interp.gil_locked interp.gil_holder
    interp.code_object_generation interp.tlbc_generation tstate.sizeof tstate.prev tstate.next tstate.interp
    tstate.current_frame tstate.base_frame tstate.last_profiled_frame tstate.last_profiled_frame_seq
    tstate.thread_id tstate.native_thread_id tstate.datastack_chunk tstate.status tstate.holds_gil
    tstate.gil_requested tstate.current_exception tstate.exc_state excinfo.exc_value frame.sizeof frame.previous
    frame.executable frame.instr frame.localsplus frame.owner frame.stackpointer frame.tlbc_index code.sizeof
    code.filename code.name code.qualname code.linetable code.firstlineno code.argcount code.localsplusnames
    code.localspluskinds code.code code.tlbc object.sizeof object.type type.sizeof type.name type.repr
    type.flags type.basicsize type.dictoffset heaptype.sizeof type.ht_cached_keys tuple.sizeof tuple.item
    tuple.size list.sizeof list.item list.size set.sizeof set.used set.table set.mask dict.sizeof dict.keys
    dict.values float.sizeof float.value long.sizeof long.tag long.digit bytes.sizeof bytes.size bytes.value
    unicode.sizeof unicode.state unicode.length unicode.ascii unicode.compact gc.sizeof gc.collecting gc.frame
    gc.generation_stats_size gc.generation_stats gen.sizeof gen.name gen.iframe gen.frame_state llist.next
    llist.prev debugger.eval_breaker debugger.support debugger.enabled debugger.pending debugger.path
    debugger.path_size
    """.split()
)

COOKIE = b"xdebugpy"

_LAYOUTS: dict[tuple[tuple[int, int], bool], tuple[dict[str, int], tuple[str, ...]]] = {
    ((3, 11), False): (CP311, ()),
    ((3, 12), False): (CP312, ()),
    ((3, 13), False): (CP313, ORDER_313),
    ((3, 13), True): (CP313T, ORDER_313),
    ((3, 14), False): (CP314, ORDER_314),
    ((3, 14), True): (CP314T, ORDER_314),
    ((3, 15), False): (CP315, ORDER_315),
}


def layout(version: tuple[int, int], free_threaded: bool) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return (offsets, names of the self-describing words or nothing) for any known CPython.

    Raises:
        NoFacts: this morrow has no table for that version.
    """
    try:
        return _LAYOUTS[version, free_threaded]
    except KeyError:
        raise NoFacts(version, free_threaded) from None


def is_free_threaded_table(table: bytes) -> bool:
    """Return whether the words that start ``_PyRuntime`` (3.13 and newer) are those of a free-threaded build."""
    return table[:8] == COOKIE and int.from_bytes(table[16:24], "little") != 0


def instance_values(version: tuple[int, int]) -> str:
    """Return where an instance keeps the values of its attributes while it has no dict of its own.

    "beside" (3.11): a pointer of their own, in front of the dict's; "tagged" (3.12): the dict's pointer, minus one;
    "inline" (3.13+): behind the object (Include/internal/pycore_object.h of each).
    """
    return "beside" if version < (3, 12) else "tagged" if version < (3, 13) else "inline"


def takes_pending_calls_per_interpreter(version: tuple[int, int]) -> bool:
    """Return whether Py_AddPendingCall queues for the *current* interpreter (3.11) instead of the main one (3.12+)."""
    return version < (3, 12)


def has_global_current_thread(version: tuple[int, int]) -> bool:
    """Return whether the unchecked current thread state is one per process (3.11) instead of one per thread (3.12+)."""
    return version < (3, 12)
