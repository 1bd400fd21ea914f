"""Drop what was just found out.      %3 = class_is %1, $0 ... %7 = class_is %1, $0  ->  %7 is %3

Within a block: an operation without effect is the same as an earlier one on the same operands; one that reads memory is,
as long as nothing in between has written. A guard on something already guarded in the block goes too.
"""

from __future__ import annotations

from morrow.jit.ir import OPS, TERMINATORS, Function, Literal, Op, Operand, Value
from morrow.jit.passes.rewrite import replace_values

#: operations that write only reference counts, or only memory of their own, and so change nothing that others read
_QUIET = frozenset({"incref", "home_store", "box_int", "box_float", "box_dyn"})
#: cannot be merged though it has no memory effect: it gives a new reference each time
_FRESH = frozenset({"box_int", "box_float", "box_dyn", "enter", "entry", "absent"})


def drop_repeats(function: Function) -> Function:
    """Merge equal operations within each block."""
    other: dict[Value, Operand] = {}

    def of(operand: Operand) -> Operand:
        while isinstance(operand, Value) and operand in other:
            operand = other[operand]
        return operand

    for block in function.blocks:
        pure: dict[tuple[object, ...], Value] = {}
        read: dict[tuple[object, ...], Value] = {}
        holds: set[tuple[str, Operand]] = set()
        kept: list[Op] = []
        for op in block.ops:
            row = OPS[op.name]
            operands = tuple(map(of, op.operands))
            if op.name in ("guard_true", "guard_false"):
                if (op.name, operands[0]) in holds:
                    continue
                holds.add((op.name, operands[0]))
            elif op.result is not None and op.name not in TERMINATORS and op.name not in _FRESH and row.effect in ("", "read"):
                key = (op.name, op.attributes, *((type(o.value), repr(o.value)) if isinstance(o, Literal) else o for o in operands))
                seen = pure if row.effect == "" else read
                if key in seen:
                    other[op.result] = seen[key]
                    continue
                seen[key] = op.result
            if row.effect in ("write", "any") and op.name not in _QUIET:
                read.clear()
            kept.append(op)
        block.ops = kept
    replace_values(function, other)
    return function
