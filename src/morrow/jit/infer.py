"""Find what lifting wants to know first: live locals, jump targets, and classes the host has seen.

    for i in range(n):      live at the loop's head: i is not (it is about to be set), s is
        s += i
"""

from __future__ import annotations

import dis
from types import CodeType

from morrow.jit import layout
from morrow.jit.bytecode import JUMPS, Instruction
from morrow.jit.ir_types import types_seen

#: specialised instructions whose cache names the class of something else than the object the instruction is applied to
_OTHERS = frozenset(
    number
    for number, name in enumerate(dis._all_opname)  # type: ignore[attr-defined]
    if name.startswith(("LOAD_ATTR", "LOAD_METHOD")) and ("_CLASS" in name or "_MODULE" in name)
)
_ENDS = frozenset({"jump", "return", "return_const", "raise", "unknown"})


def find_targets(instructions: list[Instruction]) -> set[int]:
    """Return the indexes of instructions that some jump goes to."""
    return {i.argument for i in instructions if i.op in JUMPS}  # type: ignore[misc]


def find_live(instructions: list[Instruction]) -> list[frozenset[int]]:
    """Return, for each instruction, the locals whose value some later instruction may look at."""
    count = len(instructions)
    live: list[frozenset[int]] = [frozenset()] * (count + 1)
    changed = True
    while changed:
        changed = False
        for index in range(count - 1, -1, -1):
            i = instructions[index]
            now: set[int] = set()
            if i.op not in _ENDS:
                now |= live[index + 1]
            if i.op in JUMPS:
                now |= live[i.argument]  # type: ignore[index]
            if i.op == "store":
                now.discard(i.argument)  # type: ignore[arg-type]
            elif i.op in ("load", "delete", "load_and_clear", "load_cell", "store_cell"):
                now.add(i.argument)  # type: ignore[arg-type]
            elif i.op == "load_load":
                now |= {i.argument, i.extra}  # type: ignore[arg-type]
            elif i.op == "store_load":
                now = (now - {i.argument}) | ({i.extra} - {i.argument})  # type: ignore[operator]
            elif i.op == "store_store":
                now -= {i.argument, i.extra}
            frozen = frozenset(now)
            if frozen != live[index]:
                live[index] = frozen
                changed = True
    return live


def compares_identity(instructions: list[Instruction]) -> bool:
    """Return whether the code asks if two objects are the same one, other than None, True and the like.

    Numbers that such code is given must stay the objects they are, also in what the interpreter goes on with.
    """
    previous: Instruction | None = None
    for i in instructions:
        if i.op == "is" and not (previous is not None and previous.op == "const" and type(previous.argument) not in (int, float)):
            return True
        if i.op != "nop":
            previous = i
    return False


def find_stored(instructions: list[Instruction]) -> set[int]:
    """Return the locals that are ever stored to or deleted."""
    stored: set[int] = set()
    for i in instructions:
        if i.op in ("store", "delete", "load_and_clear"):
            stored.add(i.argument)  # type: ignore[arg-type]
        elif i.op == "store_load":
            stored.add(i.argument)  # type: ignore[arg-type]
        elif i.op == "store_store":
            stored |= {i.argument, i.extra}  # type: ignore[arg-type]
    return stored


def find_classes(instructions: list[Instruction]) -> dict[int, type]:
    """Return class version -> class for the versions in attribute caches."""
    versions = {layout.cached_type_version(i.cache) for i in instructions if i.op in ("load_attr", "store_attr") and i.hint != i.host}
    return types_seen(versions)


def classes_named(instructions: list[Instruction], copies: list[bytes]) -> dict[int, list[type]]:
    """Return, per offset of an attribute instruction, the classes its cache was made for in any of the copies."""
    versions: dict[int, set[int]] = {}
    for i in instructions:
        if i.op not in ("load_attr", "store_attr"):
            continue
        for adaptive in copies:
            version = layout.cached_type_version(adaptive[i.at + 2 : i.at + 2 + len(i.cache)])
            if version and adaptive[i.at] not in _OTHERS:
                versions.setdefault(i.offset, set()).add(version)
    classes = types_seen({version for found in versions.values() for version in found}) if versions else {}
    return {offset: [classes[v] for v in sorted(found) if v in classes] for offset, found in versions.items()}


def guess_arguments(code: CodeType, instructions: list[Instruction], live: list[frozenset[int]]) -> tuple[type | None, ...]:
    """Return the classes of arguments that the host's specialised instructions suggest, None where they say nothing.

    Looks for the first use of each argument as an operand of a specialised number operation in straight-line reading.
    """
    count = code.co_argcount
    found: list[type | None] = [None] * count
    stack: list[int | None] = []
    for i in instructions:
        if i.op == "load":
            stack.append(i.argument)  # type: ignore[arg-type]
            continue
        if i.op == "load_load":
            stack += [i.argument, i.extra]  # type: ignore[list-item]
            continue
        if i.op == "const":
            stack.append(None)
            continue
        if i.op in ("binary", "compare"):
            operands = stack[-2:]
            kind = float if "FLOAT" in i.hint else int if "_INT" in i.hint else None
            for local in operands:
                if kind and local is not None and local < count and found[local] is None:
                    found[local] = kind
            del stack[-2:]
            stack.append(None)
            continue
        if i.op == "subscript" and "_INT" in i.hint:
            operands = stack[-2:]
            if len(operands) == 2 and operands[1] is not None and operands[1] < count and found[operands[1]] is None:
                found[operands[1]] = int
        stack.clear()
    return tuple(found)
