"""Fold constants.      a = int_add 2, 3 else @1  ->  5        int_mul %1, 0  ->  kept (nothing is gained)

An operation that would leave for these operands is kept: it leaves. Branches on a constant become jumps, guards that hold
disappear.
"""

from __future__ import annotations

import math

from morrow.jit import ir_eval
from morrow.jit.ir import OPS, Function, Literal, Op, Operand, Value
from morrow.jit.passes.rewrite import replace_values


def fold(function: Function) -> Function:
    """Replace pure operations on literals by their result."""
    known: dict[Value, Operand] = {}
    machine = ir_eval._Machine(function, {}, 0)
    for block in function.blocks:
        kept: list[Op] = []
        for op in block.ops:
            operands = tuple(known.get(o, o) if isinstance(o, Value) else o for o in op.operands)
            if all(isinstance(o, Literal) for o in operands) and operands:
                if op.name == "branch":
                    assert isinstance(operands[0], Literal)
                    kept.append(Op("jump", targets=(op.targets[0 if operands[0].value else 1],)))
                    continue
                if op.name in ("guard_true", "guard_false"):
                    assert isinstance(operands[0], Literal)
                    if bool(operands[0].value) == (op.name == "guard_true"):
                        continue
                elif op.result is not None and OPS[op.name].effect == "" and op.result.type in ("i64", "f64", "i1"):
                    value = _value(machine, op, operands)
                    if value is not None:
                        known[op.result] = value
                        continue
            kept.append(op)
        block.ops = kept
    replace_values(function, known)
    return function


def _value(machine: ir_eval._Machine, op: Op, operands: tuple[Operand, ...]) -> Literal | None:
    """Return the result as a literal; None if the operation would leave or the number cannot be written."""
    try:
        value = machine.operation(Op(op.name, operands, op.result, op.attributes, op.exit))
    except ir_eval._Leave:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return Literal(value) if type(value) in (int, float, bool) else None
