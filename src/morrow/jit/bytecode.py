"""Read a code object as neutral instructions, the same for every host.

Takes a code object (with what the host's adaptive interpreter has learnt about it) and gives a list of `Instruction`.
Names and numbers come from the running host's `dis`; the tables here only say which names mean the same. Combined
instructions (``LOAD_FAST_LOAD_FAST``) stay one instruction with two arguments, because the interpreter can only be
resumed at its start; ``KW_NAMES``, ``PRECALL`` and ``CALL`` are one for the same reason.
"""

from __future__ import annotations

import dis
from dataclasses import dataclass
from types import CodeType

from morrow.host import HERE


@dataclass(slots=True)
class Instruction:
    """One neutral instruction.

    Attributes:
        op: its neutral name; see `NAMES`.
        argument: a local's index, a constant, a name, a count, or an instruction index for jumps.
        offset: byte offset where the interpreter would have to be resumed to execute it.
        line: source line, or 0.
        hint: the host's name for the specialised form it runs now, e.g. ``BINARY_OP_ADD_INT``.
        cache: bytes of its inline cache, as they are now.
        host: the host's own name.
        extra: a second argument (kwnames of a call, 1 if a global is loaded to be called, the other local).
        at: byte offset of the instruction proper, behind any EXTENDED_ARG or KW_NAMES.
    """

    op: str
    argument: object
    offset: int
    line: int = 0
    hint: str = ""
    cache: bytes = b""
    host: str = ""
    extra: object = None
    at: int = 0

    def __str__(self) -> str:
        argument = "" if self.argument is None else f" {self.argument!r}"
        extra = "" if self.extra is None else f", {self.extra!r}"
        hint = f"    ; {self.hint}" if self.hint and self.hint != self.host else ""
        return f"{self.offset:4} {self.op}{argument}{extra}{hint}"


#: the host's name -> neutral name, where the argument is the host's plain number
_BY_NUMBER = {
    "LOAD_FAST": "load", "LOAD_FAST_CHECK": "load", "LOAD_FAST_BORROW": "load",
    "STORE_FAST": "store", "STORE_FAST_MAYBE_NULL": "store", "DELETE_FAST": "delete",
    "LOAD_FAST_AND_CLEAR": "load_and_clear", "LOAD_CLOSURE": "load",
    "LOAD_DEREF": "load_cell", "STORE_DEREF": "store_cell", "MAKE_CELL": "make_cell", "COPY_FREE_VARS": "copy_free_vars",
    "SWAP": "swap", "COPY": "copy", "BUILD_LIST": "build_list", "BUILD_TUPLE": "build_tuple", "BUILD_MAP": "build_map",
    "BUILD_SET": "build_set", "BUILD_SLICE": "build_slice", "UNPACK_SEQUENCE": "unpack", "LIST_APPEND": "list_append",
    "BUILD_STRING": "build_string", "LIST_EXTEND": "list_extend", "MAP_ADD": "map_add", "SET_ADD": "set_add",
    "CONTAINS_OP": "contains", "IS_OP": "is", "CALL": "call", "RAISE_VARARGS": "raise", "FORMAT_VALUE": "format_value",
    "CONVERT_VALUE": "convert_value", "BUILD_CONST_KEY_MAP": "build_const_key_map", "MAKE_FUNCTION": "make_function",
    "SET_FUNCTION_ATTRIBUTE": "set_function_attribute", "CALL_KW": "call_kw",
}  # fmt: skip
_BY_VALUE = {
    "STORE_GLOBAL": "store_global", "STORE_ATTR": "store_attr",
    "STORE_NAME": "store_name", "LOAD_NAME": "load_name", "DELETE_NAME": "delete_name",
}  # fmt: skip
_PLAIN = {
    "POP_TOP": "pop", "PUSH_NULL": "push_null", "GET_ITER": "get_iter", "RETURN_VALUE": "return", "BINARY_SUBSCR": "subscript",
    "STORE_SUBSCR": "store_subscript", "DELETE_SUBSCR": "delete_subscript", "BINARY_SLICE": "slice", "STORE_SLICE": "store_slice",
    "UNARY_NEGATIVE": "negative", "UNARY_NOT": "unary_not", "UNARY_INVERT": "invert", "UNARY_POSITIVE": "positive",
    "TO_BOOL": "to_bool", "END_FOR": "end_for", "POP_ITER": "pop_iter", "FORMAT_SIMPLE": "format_simple",
    "FORMAT_WITH_SPEC": "format_with_spec", "LIST_TO_TUPLE": "list_to_tuple",
}  # fmt: skip
JUMPS = frozenset({"jump", "jump_if", "jump_or_pop", "for_iter"})
"""Instructions whose argument is the index of another."""
_NOTHING = frozenset({"NOP", "RESUME", "CACHE", "NOT_TAKEN", "EXTENDED_ARG", "RESUME_CHECK"})
_JUMPS = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"}
_PAIRS = {
    "LOAD_FAST_LOAD_FAST": "load_load", "LOAD_FAST_BORROW_LOAD_FAST_BORROW": "load_load",
    "STORE_FAST_LOAD_FAST": "store_load", "STORE_FAST_STORE_FAST": "store_store",
}  # fmt: skip


_read: dict[int, tuple[CodeType, bytes, list[Instruction]]] = {}


def read_bytecode(code: CodeType) -> list[Instruction]:
    """Return the code's instructions in order; jump arguments are indexes into the list.

    Reading takes longer than most of compiling, so it is done once for as long as the host's interpreter changes nothing,
    until `forget_bytecode`. The list is not to be changed.
    """
    adaptive: bytes = code._co_code_adaptive  # type: ignore[attr-defined]
    known = _read.get(id(code))
    if known is None or known[0] is not code or known[1] != adaptive:
        known = _read[id(code)] = code, adaptive, _read_bytecode(code, adaptive)
    return known[2]


def forget_bytecode() -> None:
    """Let go of the codes read."""
    _read.clear()


def _read_bytecode(code: CodeType, adaptive: bytes) -> list[Instruction]:
    assert HERE is not None
    raw = list(dis.get_instructions(code))
    hints = {i.offset: i.opname for i in dis.get_instructions(code, adaptive=True)}
    found: list[Instruction] = []
    start: int | None = None
    before = ""
    names: object = None
    line = code.co_firstlineno
    for position, i in enumerate(raw):
        line = _line_of(i) or line
        offset = i.offset if start is None else start
        if i.opname == "EXTENDED_ARG":
            start = offset
            continue
        if i.opname == "KW_NAMES":
            start, names = offset, code.co_consts[i.arg or 0]
            continue
        if i.opname == "PRECALL":
            start, before = offset, hints.get(i.offset, "")
            continue
        end = raw[position + 1].offset if position + 1 < len(raw) else len(adaptive)
        cache = adaptive[i.offset + 2 : end]
        for op, argument, extra in _neutral(code, i):
            hint = hints.get(i.offset, "")
            if op == "call":
                extra, names = names, None
                if hint.endswith("_ADAPTIVE") and not before.endswith("_ADAPTIVE"):
                    hint = before or hint  # a specialised PRECALL does the call too
            found.append(Instruction(op, argument, offset, line, hint, cache, i.opname, extra, i.offset))
        start = None
    index: dict[int, int] = {}
    for number, instruction in enumerate(found):
        index.setdefault(instruction.offset, number)
        index.setdefault(instruction.at, number)
    for number, instruction in enumerate(found):
        if instruction.op in JUMPS:
            target = instruction.argument
            while target not in index:
                target += 2  # type: ignore[operator]
            instruction.argument = index[target]  # type: ignore[index]
            if instruction.op == "for_iter":
                instruction.argument = _behind_loop(found, instruction.argument)
    return found


def _line_of(i: dis.Instruction) -> int:
    positions = i.positions
    return (positions.lineno or 0) if positions else 0


def _behind_loop(found: list[Instruction], target: int) -> int:
    """Where execution goes on when an iterator is exhausted and popped: behind END_FOR and what pops it."""
    # 3.11 has neither; 3.12 END_FOR; 3.13 END_FOR, POP_TOP; 3.14 END_FOR, POP_ITER (bytecodes.c, FOR_ITER)
    if found[target].op == "end_for":
        target += 1
        if HERE.for_iter_pops:  # type: ignore[union-attr]
            target += 1
    return target


def _neutral(code: CodeType, i: dis.Instruction) -> list[tuple[str, object, object]]:
    name, arg = i.opname, i.arg
    if name in _NOTHING:
        return [("nop", None, None)]
    if name in _PLAIN:
        return [(_PLAIN[name], None, None)]
    if name in _BY_NUMBER:
        return [(_BY_NUMBER[name], arg, None)]
    if name in _BY_VALUE:
        return [(_BY_VALUE[name], i.argval, None)]
    if name in _PAIRS:
        assert arg is not None
        return [(_PAIRS[name], arg >> 4, arg & 15)]
    if name in ("LOAD_CONST", "LOAD_CONST_IMMORTAL", "LOAD_CONST_MORTAL"):
        return [("const", code.co_consts[arg or 0], None)]
    if name == "LOAD_SMALL_INT":
        return [("const", arg, None)]
    if name == "RETURN_CONST":
        return [("return_const", code.co_consts[arg or 0], None)]
    if name in _JUMPS:
        return [("jump", i.argval, None)]
    if name.startswith(("POP_JUMP_", "JUMP_IF_")):
        kind = name.rsplit("_IF_", 1)[1].lower()
        if name.endswith("_OR_POP"):  # 3.11
            return [("jump_or_pop", i.argval, kind.removesuffix("_or_pop"))]
        return [("jump_if", i.argval, kind)]
    if name == "FOR_ITER":
        return [("for_iter", i.argval, None)]
    if name == "BINARY_OP":
        symbol = i.argrepr.rstrip("=")
        return [("subscript", None, None)] if symbol == "[]" else [("binary", symbol, i.argrepr.endswith("="))]
    if name == "COMPARE_OP":
        text = i.argrepr
        return [("compare", text[5:-1] if text.startswith("bool(") else text, text.startswith("bool("))]
    if name == "LOAD_GLOBAL":
        assert arg is not None
        return [("load_global", code.co_names[arg >> 1], arg & 1)]
    if name == "LOAD_SUPER_ATTR":
        assert arg is not None
        return [("load_super_attr", code.co_names[arg >> 2], arg & 1)]
    if name == "LOAD_METHOD":
        return [("load_attr", i.argval, 1)]
    if name == "LOAD_ATTR":
        assert arg is not None
        shifted = HERE.attr_can_load_methods  # type: ignore[union-attr]
        return [("load_attr", code.co_names[arg >> 1 if shifted else arg], arg & 1 if shifted else 0)]
    return [("unknown", name, None)]
