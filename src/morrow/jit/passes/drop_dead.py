"""Drop what nobody uses.      %4 = size %1      ->  nothing, if no operation, jump or exit speaks of %4

An operation that may leave stays: leaving is its use. Blocks that nothing leads to any more go, and so do block parameters
that get the same value from everywhere.
"""

from __future__ import annotations

from morrow.jit.ir import OPS, TERMINATORS, Function, Operand, Value
from morrow.jit.passes.rewrite import replace_values


def drop_dead(function: Function) -> Function:
    """Remove unreachable blocks, parameters that are always one value, and unused results."""
    _blocks(function)
    _parameters(function)
    while _operations(function):
        pass
    return function


def _blocks(function: Function) -> None:
    blocks = {b.label: b for b in function.blocks}
    seen: set[str] = set()
    pending = [function.blocks[0].label]
    while pending:
        label = pending.pop()
        if label in seen:
            continue
        seen.add(label)
        pending += [target for op in blocks[label].ops for target, _ in op.targets]
    function.blocks = [b for b in function.blocks if b.label in seen]


def _parameters(function: Function) -> None:
    given: dict[str, list[tuple[Operand, ...]]] = {}
    for block in function.blocks:
        for op in block.ops:
            for label, arguments in op.targets:
                given.setdefault(label, []).append(arguments)
    other: dict[Value, Operand] = {}
    gone: dict[str, set[int]] = {}

    def only(block_label: str, place: int, parameter: Value) -> Operand | None:
        first: Operand | None = None
        for arguments in given.get(block_label, ()):
            value = arguments[place]
            while isinstance(value, Value) and value in other:
                value = other[value]
            if value == parameter:
                continue
            if first is not None and (type(value), repr(value)) != (type(first), repr(first)):
                return None
            first = value
        return first

    changed = True
    while changed:
        changed = False
        for block in function.blocks:
            for place, parameter in enumerate(block.parameters):
                if parameter not in other and (value := only(block.label, place, parameter)) is not None:
                    other[parameter] = value
                    gone.setdefault(block.label, set()).add(place)
                    changed = True
    if not other:
        return
    for block in function.blocks:
        if block.label in gone:
            block.parameters = [p for n, p in enumerate(block.parameters) if n not in gone[block.label]]
        for op in block.ops:
            if op.targets:
                op.targets = tuple(
                    (label, tuple(a for n, a in enumerate(arguments) if n not in gone.get(label, ()))) for label, arguments in op.targets
                )
    replace_values(function, other)


def _operations(function: Function) -> bool:
    used: set[Operand] = set()
    for block in function.blocks:
        for op in block.ops:
            used.update(op.operands)
            for _, arguments in op.targets:
                used.update(arguments)
            if op.exit is not None:
                for slot in (*op.exit.locals, *op.exit.stack):
                    used.update(slot.values)
                if op.exit.subject is not None:
                    used.add(op.exit.subject)
    dropped = False
    for block in function.blocks:
        kept = []
        for op in block.ops:
            free = OPS[op.name].effect in ("", "read") and op.exit is None and op.name not in TERMINATORS
            if free and op.result is not None and op.result not in used:
                dropped = True
            else:
                kept.append(op)
        block.ops = kept
    return dropped
