"""Run IR directly, slowly, correctly: the judge for every pass and for LLVM.

References are the Python objects themselves; reference counts are Python's business here, so `incref` and `decref` do
nothing. Leaving gives a `Left` that says what the interpreter's frame would hold.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from morrow.jit import ir, layout, plain
from morrow.jit.objects import offset


class _Null:
    def __repr__(self) -> str:
        return "NULL"


NULL = _Null()


@dataclass(frozen=True, slots=True)
class Left:
    """The interpreter has to go on.

    Attributes:
        offset: of the instruction.
        raised: the exception to raise there, or None to execute it.
        locals, stack: what the frame holds; `NULL` where it holds nothing.
        why: the exit's word.
    """

    offset: int
    raised: BaseException | None
    locals: tuple[object, ...]
    stack: tuple[object, ...]
    why: str


class _Leave(Exception):
    def __init__(self, exit: ir.Exit, raised: BaseException | None = None) -> None:
        self.exit, self.raised = exit, raised


@dataclass(frozen=True, slots=True)
class _Bits:
    """An object as 64 bits."""

    value: object


def run(function: ir.Function, *arguments: object, others: Mapping[str, ir.Function] | None = None, steps: int = 1_000_000) -> object:
    """Run a function and return its result, or a `Left`.

    Args:
        arguments: one for each of its parameters.
        others: functions it may call, by name.
        steps: operations after which a `RuntimeError` says that it does not end.
    """
    return _Machine(function, others or {}, steps).run(arguments)


class _Machine:
    def __init__(self, function: ir.Function, others: Mapping[str, ir.Function], steps: int) -> None:
        self.function, self.others, self.steps = function, others, steps
        self.values: dict[ir.Value, Any] = {}
        self.homes: dict[object, tuple[int, object]] = {}
        self.closure: tuple[object, ...] | None = None

    def get(self, operand: ir.Operand) -> Any:
        if isinstance(operand, ir.Value):
            return self.values[operand]
        if isinstance(operand, ir.Object):
            return NULL if operand.index < 0 else self.function.objects[operand.index]
        return operand.value

    def run(self, arguments: tuple[object, ...]) -> object:
        self.values.update(zip(self.function.parameters, arguments, strict=True))
        blocks = {b.label: b for b in self.function.blocks}
        block = self.function.blocks[0]
        try:
            while True:
                for op in block.ops[:-1]:
                    self.steps -= 1
                    if self.steps < 0:
                        raise RuntimeError(f"{self.function.name} does not end")
                    result = self.operation(op)
                    if op.result is not None:
                        self.values[op.result] = result
                last = block.ops[-1]
                if last.name == "return":
                    tag, bits = map(self.get, last.operands)
                    return from_tag(tag, bits)
                if last.name == "leave":
                    assert last.exit is not None
                    raise _Leave(last.exit)
                label, given = last.targets[0 if last.name == "jump" or self.get(last.operands[0]) else 1]
                block = blocks[label]
                values = [self.get(o) for o in given]
                self.values.update(zip(block.parameters, values, strict=True))
        except _Leave as leave:
            return self.left(leave)

    def left(self, leave: _Leave) -> Left:
        exit = leave.exit
        locals_ = tuple(self.slot(s, place) for place, s in enumerate(exit.locals))
        stack = tuple(self.slot(s, -1) for s in exit.stack)
        return Left(exit.offset, leave.raised, locals_, stack, exit.why)

    def slot(self, slot: ir.Slot, place: int) -> object:
        values = [self.get(v) for v in slot.values]
        if slot.kind == "unbound":
            return NULL
        if slot.kind == "none":
            return None
        if slot.kind == "dyn":
            return from_tag(*values)
        if slot.kind == "home":
            return from_tag(*self.homes.get(place, (ir.TAG_UNBOUND, 0)))
        if slot.kind == "range":
            return iter(range(*values))
        return values[0]

    def operation(self, op: ir.Op) -> Any:
        given = [self.get(o) for o in op.operands]
        special = getattr(self, "op_" + op.name, None)
        if special is not None:
            return special(op, *given)
        return _PLAIN[op.name](*given)

    def leave(self, op: ir.Op, raised: BaseException | None = None) -> None:
        assert op.exit is not None
        raise _Leave(op.exit, raised)

    def checked(self, op: ir.Op, value: int) -> int:
        if not -(2**63) <= value < 2**63:
            self.leave(op)
        return value

    def op_enter(self, op: ir.Op) -> None: ...

    op_incref = op_drop_old = op_decref = op_decref_dyn = lambda self, op, *given: None
    op_poll = op_home_drop = lambda self, op, *given: None

    def op_int_add(self, op: ir.Op, a: int, b: int) -> int:
        return self.checked(op, a + b)

    def op_int_sub(self, op: ir.Op, a: int, b: int) -> int:
        return self.checked(op, a - b)

    def op_int_mul(self, op: ir.Op, a: int, b: int) -> int:
        return self.checked(op, a * b)

    def op_int_floordiv(self, op: ir.Op, a: int, b: int) -> int:
        if b in (0, -1):
            self.leave(op)
        return a // b

    def op_int_mod(self, op: ir.Op, a: int, b: int) -> int:
        if b in (0, -1):
            self.leave(op)
        return a % b

    def op_int_shl(self, op: ir.Op, a: int, b: int) -> int:
        if not 0 <= b < 63:
            self.leave(op)
        return self.checked(op, a << b)

    def op_int_shr(self, op: ir.Op, a: int, b: int) -> int:
        if not 0 <= b < 64:
            self.leave(op)
        return a >> b

    def op_int_compare(self, op: ir.Op, a: int, b: int) -> bool:
        return bool(getattr(operator, str(op.attributes[0]))(a, b))

    op_float_compare = op_int_compare

    def op_int_to_float(self, op: ir.Op, a: int) -> float:
        if abs(a) > 2**53:
            self.leave(op)
        return float(a)

    def op_float_div(self, op: ir.Op, a: float, b: float) -> float:
        if b == 0:
            self.leave(op)
        return a / b

    def op_float_mod(self, op: ir.Op, a: float, b: float) -> float:
        if b == 0:
            self.leave(op)
        return a % b

    def op_float_pow(self, op: ir.Op, a: float, b: float) -> float:
        try:
            power = a**b if a > 0 else 0.0
        except OverflowError:
            power = 0.0
        if not 0 < power < math.inf:
            self.leave(op)
        return power

    def op_float_sqrt(self, op: ir.Op, a: float) -> float:
        if a < 0:
            self.leave(op)
        return math.sqrt(a)

    def op_guard_true(self, op: ir.Op, a: bool) -> None:
        if not a:
            self.leave(op)

    def op_guard_false(self, op: ir.Op, a: bool) -> None:
        if a:
            self.leave(op)

    def op_int_value(self, op: ir.Op, a: int) -> int:
        return self.checked(op, a)

    def op_real_value(self, op: ir.Op, a: object) -> float:
        if type(a) is float:
            return a
        if type(a) is not int or abs(a) > 2**53:
            self.leave(op)
        return float(a)  # type: ignore[arg-type]

    def op_has_values(self, op: ir.Op, a: object) -> bool:
        return True

    op_takes_value = op_has_values

    def op_iterates_as(self, op: ir.Op, a: object) -> bool:
        return type(a).__iter__ is {"list": list, "tuple": tuple}[str(op.attributes[0])].__iter__  # type: ignore[attr-defined]

    def op_plain(self, op: ir.Op, *given: object) -> bool:
        return plain.holds(str(op.attributes[0]), *given)

    def op_no_dict(self, op: ir.Op, a: object) -> bool:
        return not vars(a)

    def op_instance_dict(self, op: ir.Op, a: object) -> object:
        return vars(a)

    def op_dict_value(self, op: ir.Op, a: dict[str, object]) -> object:
        return a.get(str(op.attributes[1]), NULL)

    def name_of(self, op: ir.Op) -> str:
        cls = self.function.objects[op.attributes[0]]  # type: ignore[index]
        assert isinstance(cls, type)
        return layout.shared_name(cls, op.attributes[1])  # type: ignore[arg-type]

    def op_value(self, op: ir.Op, a: object) -> object:
        return vars(a).get(self.name_of(op), NULL)

    def op_value_store(self, op: ir.Op, a: object, new: object) -> object:
        old = vars(a).get(self.name_of(op), NULL)
        vars(a)[self.name_of(op)] = new
        return old

    def member(self, op: ir.Op, a: object) -> Any:
        for cls in type(a).__mro__:
            for member in vars(cls).values():
                if type(member).__name__ == "member_descriptor" and layout.slot_offset(member) == op.attributes[0]:
                    return member
        raise LookupError(f"no member at {op.attributes[0]}")

    def op_field(self, op: ir.Op, a: object) -> object:
        try:
            return self.member(op, a).__get__(a)
        except AttributeError:
            return NULL

    def op_field_store(self, op: ir.Op, a: object, new: object) -> object:
        old = self.op_field(op, a)
        self.member(op, a).__set__(a, new)
        return old

    def op_field_int(self, op: ir.Op, a: object) -> int:
        import ctypes

        return ctypes.c_int64.from_address(id(a) + int(op.attributes[0])).value  # type: ignore[call-overload]

    def op_entry(self, op: ir.Op, a: dict[str, object]) -> object:
        if op.attributes[1] not in a:
            self.leave(op)
        return a[str(op.attributes[1])]

    def op_absent(self, op: ir.Op, a: dict[str, object]) -> None:
        if op.attributes[1] in a:
            self.leave(op)

    def op_cell(self, op: ir.Op, a: Any) -> object:
        try:
            return a.cell_contents
        except ValueError:
            return NULL

    def op_home_store(self, op: ir.Op, tag: int, bits: object) -> None:
        self.homes[op.attributes[0]] = (tag, bits)

    def op_list_store(self, op: ir.Op, a: list[object], b: int, new: object) -> object:
        old, a[b] = a[b], new
        return old

    def op_fill(self, op: ir.Op, a: Any, b: int, new: object) -> None:
        if op.attributes[0] == "list":
            a[b] = new
            return
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(new))
        ctypes.c_void_p.from_address(id(a) + offset("PyTupleObject.ob_item") + 8 * b).value = id(new)

    def op_iterator_next(self, op: ir.Op, a: Any) -> object:
        return next(a, NULL)

    def op_call_c(self, op: ir.Op, *given: object) -> object:
        try:
            return _C[str(op.attributes[0])](*given)
        except Exception as error:
            if op.exit is None:
                return NULL
            self.leave(op, error)

    op_call_c_int = op_call_c

    def op_vectorcall(self, op: ir.Op, callee: Any, *given: object) -> object:
        try:
            return callee(*given)
        except Exception as error:
            self.leave(op, error)
        return NULL

    def op_call_any(self, op: ir.Op, callee: Any, *given: object) -> object:
        names: tuple[str, ...] = op.attributes[0] if op.attributes else ()  # type: ignore[assignment]
        try:
            return callee(*given[: len(given) - len(names)], **dict(zip(names, given[len(given) - len(names) :], strict=True)))
        except Exception:
            return NULL

    def op_callers_seen(self, op: ir.Op) -> bool:
        return False

    def op_is_due(self, op: ir.Op) -> bool:
        return False

    def op_meet(self, op: ir.Op, subject: object) -> None: ...

    def op_show(self, op: ir.Op) -> object:
        return NULL

    def op_hide(self, op: ir.Op, frame: object) -> None: ...

    def op_resume(self, op: ir.Op, record: object) -> object:
        raise NotImplementedError("only machine code lets the interpreter go on")

    def op_closure(self, op: ir.Op) -> object:
        assert self.closure is not None
        return self.closure[int(op.attributes[0])]  # type: ignore[call-overload]

    def op_cell_store(self, op: ir.Op, a: Any, new: object) -> object:
        old = self.op_cell(op, a)
        a.cell_contents = new
        return old

    def op_call(self, op: ir.Op, callee: object, *given: object) -> tuple[int, object]:
        result = run(self.others[str(op.attributes[0])], *given, others=self.others, steps=self.steps)
        if isinstance(result, Left):
            return ir.TAG_EXIT, _Bits(result)
        return to_tag(result)


def from_tag(tag: int, bits: Any) -> object:
    """Return the value a tag and bits stand for."""
    if tag == ir.TAG_INT:
        return bits
    if tag == ir.TAG_FLOAT:
        return struct.unpack("<d", struct.pack("<q", bits))[0]
    if tag == ir.TAG_BOOL:
        return bool(bits)
    if tag == ir.TAG_NONE:
        return None
    return NULL if tag == ir.TAG_UNBOUND else bits.value


def to_tag(value: object) -> tuple[int, object]:
    """Return the tag and bits for a value."""
    if type(value) is int and -(2**63) <= value < 2**63:
        return ir.TAG_INT, value
    if type(value) is float:
        return ir.TAG_FLOAT, _float_bits(value)
    if type(value) is bool:
        return ir.TAG_BOOL, int(value)
    return (ir.TAG_NONE, 0) if value is None else (ir.TAG_OBJECT, _Bits(value))


def _float_bits(a: float) -> int:
    bits: int = struct.unpack("<q", struct.pack("<d", a))[0]
    return bits


def _wrap(a: int) -> int:
    return (a + 2**63) % 2**64 - 2**63


_PLAIN: dict[str, Callable[..., Any]] = {
    "int_and": operator.and_, "int_or": operator.or_, "int_xor": operator.xor,
    "int_wrap_add": lambda a, b: _wrap(a + b), "int_below": lambda a, b: 0 <= a < b,
    "bool_to_int": int, "not": operator.not_, "choose_int": lambda c, a, b: a if c else b, "choose_float": lambda c, a, b: a if c else b,
    "float_add": operator.add, "float_sub": operator.sub, "float_mul": operator.mul, "float_neg": operator.neg, "float_abs": abs,
    "tag_of": lambda p: p[0], "bits_of": lambda p: p[1], "bits_to_float": lambda b: from_tag(ir.TAG_FLOAT, b), "float_to_bits": _float_bits,
    "bits_to_bool": bool, "bits_to_ptr": lambda b: b.value, "ptr_to_bits": _Bits, "box_dyn": from_tag,
    "class_is": lambda a, b: type(a) is b, "version_is": lambda a, b: True, "keys_are": lambda a, b: True,
    "code_is": lambda a, b: a.__code__ is b, "defaults_are": lambda a, b: a.__defaults__ is b, "globals_are": lambda a, b: a.__globals__ is b, "same": operator.is_, "is_null": lambda a: a is NULL,
    "float_value": float, "box_int": int, "box_float": float, "box_bool": bool,
    "size": len, "list_item": lambda a, b: a[b], "tuple_item": lambda a, b: a[b],
}  # fmt: skip
_INPLACE = {
    "Add": operator.iadd, "Subtract": operator.isub, "Multiply": operator.imul, "FloorDivide": operator.ifloordiv,
    "Remainder": operator.imod, "TrueDivide": operator.itruediv, "And": operator.iand, "Or": operator.ior, "Xor": operator.ixor,
    "Lshift": operator.ilshift, "Rshift": operator.irshift,
}  # fmt: skip
_RICH = (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)
_C: dict[str, Callable[..., Any]] = {
    "PyNumber_Add": operator.add, "PyNumber_Subtract": operator.sub, "PyNumber_Multiply": operator.mul,
    "PyNumber_FloorDivide": operator.floordiv, "PyNumber_Remainder": operator.mod, "PyNumber_TrueDivide": operator.truediv,
    "PyNumber_And": operator.and_, "PyNumber_Or": operator.or_, "PyNumber_Xor": operator.xor,
    "PyNumber_Lshift": operator.lshift, "PyNumber_Rshift": operator.rshift,
    "PyObject_GetItem": lambda a, b: a[b], "PyObject_SetItem": lambda a, b, c: a.__setitem__(b, c) or 0,
    "PyObject_DelItem": lambda a, b: a.__delitem__(b) or 0, "PyDict_SetItem": lambda a, b, c: a.__setitem__(b, c) or 0, "PyObject_GetIter": iter,
    "PyIter_Next": lambda a: next(a, NULL), "PyErr_Occurred": lambda: NULL, "PyList_New": lambda n: [None] * n, "PyDict_New": dict, "PySet_New": lambda a: set(), "PySet_Add": lambda a, b: a.add(b) or 0,
    "PyTuple_New": lambda n: tuple([object() for _ in range(n)]), "PyList_Append": lambda a, b: a.append(b) or 0,
    "PyObject_Size": len, "PyObject_IsTrue": lambda a: int(bool(a)), "PySequence_Contains": lambda a, b: int(b in a),
    "morrow_item_at": lambda a, b: a[b], "morrow_put_at": lambda a, b, c: a.__setitem__(b, c) or 0,
    "PyErr_CheckSignals": lambda: 0, "morrow_new": lambda a: a.__new__(a), "morrow_isinstance": lambda a, b: int(isinstance(a, b)), "morrow_truth": lambda a: int(bool(a)), "PyObject_RichCompareBool": lambda a, b, how: int(a is b or bool(_RICH[how](a, b))), "PySlice_New": lambda a, b, c: slice(a, b, None),
    **{f"PyNumber_InPlace{name}": function for name, function in _INPLACE.items()},
}  # fmt: skip
