"""Is this IR legal? Runs after every pass under test and with MORROW_CHECK=1.

    every block ends in its only terminator; jumps give a block what its parameters ask for
    every value is defined once, before it is used, on every way that leads to the use
    operations have the operands, result and exit that `ir.OPS` says; exits describe a whole frame
"""

from __future__ import annotations

from morrow.jit import plain
from morrow.jit.ir import OPS, SLOTS, TERMINATORS, Block, Exit, Function, Literal, Object, Op, Operand, Value


class IllegalIR(AssertionError):
    """IR that breaks a rule.

    Attributes:
        function: its name.
        problems: one sentence each.
    """

    def __init__(self, function: str, problems: list[str]) -> None:
        self.function, self.problems = function, problems
        super().__init__(f"{function}: " + "; ".join(problems))


def check(function: Function) -> None:
    """Raise `IllegalIR` if a function breaks a rule."""
    problems = [*_blocks(function), *_definitions(function)]
    if problems:
        raise IllegalIR(function.name, problems)


def _blocks(function: Function) -> list[str]:
    found = []
    blocks = {block.label: block for block in function.blocks}
    if len(blocks) != len(function.blocks):
        found.append("two blocks have the same label")
    if function.blocks and function.blocks[0].parameters:
        found.append("the first block takes parameters")
    frame = None
    for block in function.blocks:
        if not block.ops or block.ops[-1].name not in TERMINATORS:
            found.append(f"{block.label} does not end in a terminator")
        for op in block.ops[:-1]:
            if op.name in TERMINATORS:
                found.append(f"{block.label} goes on after {op.name}")
        for op in block.ops:
            found += _operation(function, block, op, blocks)
            if op.exit is not None:
                found += _exit(op.exit)
                frame = len(op.exit.locals) if frame is None else frame
                if len(op.exit.locals) != frame:
                    found.append(f"{op} leaves with {len(op.exit.locals)} locals instead of {frame}")
    return found


def _operation(function: Function, block: Block, op: Op, blocks: dict[str, Block]) -> list[str]:
    found = []
    row = OPS.get(op.name)
    where = f"{block.label}: {op}"
    if row is None:
        return [f"{where}: no such operation"]
    types = tuple(o.type for o in op.operands)
    if row.operands == ("...",):
        pass
    elif types != row.operands:
        found.append(f"{where}: operands are {types}, not {row.operands}")
    if (op.result.type if op.result else "") != row.result:
        found.append(f"{where}: the result is {row.result or 'nothing'}")
    if op.name == "plain" and (not op.attributes or plain.ARITY.get(str(op.attributes[0])) not in (len(types), plain.MANY)):
        found.append(f"{where}: no such test of so many objects")
    if row.exit == "must" and op.exit is None:
        found.append(f"{where}: needs an exit")
    if not row.exit and op.exit is not None:
        found.append(f"{where}: cannot leave")
    if len(op.targets) != {"jump": 1, "branch": 2}.get(op.name, 0):
        found.append(f"{where}: wrong number of targets")
    for operand in op.operands:
        if isinstance(operand, Object) and operand.index >= len(function.objects):
            found.append(f"{where}: no such object")
    for label, arguments in op.targets:
        target = blocks.get(label)
        if target is None:
            found.append(f"{where}: no block {label}")
        elif [a.type for a in arguments] != [p.type for p in target.parameters]:
            found.append(f"{where}: {label} takes {[p.type for p in target.parameters]}")
    if op.name == "branch" and len({label for label, _ in op.targets}) != 2:
        found.append(f"{where}: both ways lead to the same block")
    return found


def _exit(exit: Exit) -> list[str]:
    found = []
    for slot in (*exit.locals, *exit.stack):
        if slot.kind not in SLOTS or tuple(v.type for v in slot.values) != SLOTS[slot.kind][1]:
            found.append(f"@{exit.number}: {slot} is not a slot")
    return found


def _definitions(function: Function) -> list[str]:
    """Every use must be dominated by the definition: forward data flow of the values defined on all ways."""
    found: list[str] = []
    seen: set[Value] = set(function.parameters)
    for block in function.blocks:
        for value in [*block.parameters, *(op.result for op in block.ops if op.result)]:
            if value in seen:
                found.append(f"{value} is defined twice")
            seen.add(value)
    everything = frozenset(seen)
    before: dict[str, frozenset[Value]] = {block.label: everything for block in function.blocks}
    if function.blocks:
        before[function.blocks[0].label] = frozenset(function.parameters)
    changed = True
    while changed:
        changed = False
        for block in function.blocks:
            known = before[block.label] | set(block.parameters) | {op.result for op in block.ops if op.result}
            for op in block.ops:
                for label, _ in op.targets:
                    if label in before and not before[label] <= known:
                        before[label] &= known
                        changed = True
    for block in function.blocks:
        now = set(before[block.label]) | set(block.parameters)
        for op in block.ops:
            used: list[Operand] = [*op.operands, *(a for _, arguments in op.targets for a in arguments)]
            if op.exit is not None:
                used += [v for slot in (*op.exit.locals, *op.exit.stack) for v in slot.values]
            for operand in used:
                # an exit may speak of the operation's own result: the callee that left
                if isinstance(operand, Value) and operand not in now:
                    found.append(f"{block.label}: {op}: {operand} is not defined here")
            if op.result:
                now.add(op.result)
    return found


def is_constant(operand: Operand) -> bool:
    """Return whether an operand is known when compiling."""
    return isinstance(operand, Literal | Object)
