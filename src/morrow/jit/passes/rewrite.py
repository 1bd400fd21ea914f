"""What passes share: replace values by others in a whole function."""

from __future__ import annotations

from morrow.jit.ir import Exit, Function, Operand, Slot, Value


def replace_values(function: Function, other: dict[Value, Operand]) -> None:
    """Put other operands in the place of values everywhere: operands, jumps, exits. Chains are followed."""
    if not other:
        return

    def of(operand: Operand) -> Operand:
        while isinstance(operand, Value) and operand in other:
            operand = other[operand]
        return operand

    def slots(given: tuple[Slot, ...]) -> tuple[Slot, ...]:
        return tuple(Slot(s.kind, tuple(of(v) for v in s.values)) if s.values else s for s in given)

    exits: dict[int, Exit] = {}
    for block in function.blocks:
        for op in block.ops:
            op.operands = tuple(of(o) for o in op.operands)
            op.targets = tuple((label, tuple(of(a) for a in arguments)) for label, arguments in op.targets)
            if op.exit is not None and id(op.exit) not in exits:
                exits[id(op.exit)] = op.exit
                op.exit.locals, op.exit.stack = slots(op.exit.locals), slots(op.exit.stack)
                if op.exit.subject is not None:
                    op.exit.subject = of(op.exit.subject)
