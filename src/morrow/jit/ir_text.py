"""IR <-> text. Tests, dumps and bug reports all use it.

    function double(%1: i64) {
      $0 = 'an object, as repr shows it'
    start:
      enter else @0
      %2: i64 = int_add %1, %1 else @1
      return 0, %2
      @0: resume at 0 depth locals [int %1] stack []
      @1: resume at 6 overflow locals [int %1] stack [int %1, int %1]
    }

Attributes stand in ``<...>``; a loop entered from a running frame says ``loop 36`` behind the parameters.
"""

from __future__ import annotations

import ast
import re

from morrow.jit.ir import Block, Exit, Function, Literal, Object, Op, Operand, Slot, Value


def print_function(function: Function) -> str:
    """Return the text of a function; exits are numbered first."""
    function.number_exits()
    parameters = ", ".join(f"{p}: {p.type}" for p in function.parameters)
    loop = f" loop {function.loop}" if function.loop >= 0 else ""
    lines = [f"function {function.name}({parameters}){loop} {{"]
    lines += [f"  ${index} = {_object(value)}" for index, value in enumerate(function.objects)]
    for block in function.blocks:
        arguments = f"({', '.join(f'{p}: {p.type}' for p in block.parameters)})" if block.parameters else ""
        lines.append(f"{block.label}{arguments}:")
        lines += [f"  {op}" for op in block.ops]
    lines += [f"  {exit}" for exit in function.exits]
    return "\n".join([*lines, "}"])


def _object(value: object) -> str:
    text = repr(value)
    if isinstance(value, dict):
        text = f"<dict {value.get('__name__', '')}>"
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
    return text if len(text) <= 80 else f"<{type(value).__name__}>"


class NotIR(ValueError):
    """Text that is no IR.

    Attributes:
        line: the line that was not understood.
    """

    def __init__(self, line: str) -> None:
        self.line = line
        super().__init__(f"not IR: {line!r}")


_HEAD = re.compile(r"function (\S+)\((.*)\)(?: loop (\d+))? \{$")
_LABEL = re.compile(r"(\w+)(?:\((.*)\))?:$")
_EXIT = re.compile(r"@(\d+): (resume|raise) at (\d+)(?: ([\w-]+))? locals \[(.*)\] stack \[(.*)\]$")
_OP = re.compile(r"(?:%(\d+): (\w+) = )?(\w+)((?: <(?:'[^']*'|[^<>])*>)*)(.*)$")
_TARGET = re.compile(r"(\w+)\(([^()]*)\)")


def parse_function(text: str, objects: list[object] | None = None) -> Function:
    """Return the function a text describes.

    Args:
        objects: what ``$0``, ``$1`` ... are; without it they are read as Python literals, and where they are none stay text.

    Raises:
        NotIR: a line is not understood.
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip() and not line.strip().startswith("#")]
    head = _HEAD.match(lines[0])
    if head is None:
        raise NotIR(lines[0])
    values: dict[int, Value] = {}
    function = Function(head[1], _parameters(head[2], values), loop=int(head[3]) if head[3] else -1)
    exits: dict[int, Exit] = {}
    uses: list[tuple[Op, int]] = []
    found: list[object] = []
    pending: list[tuple[Block, str]] = []
    block: Block | None = None
    for line in lines[1:-1]:
        if line.startswith("$"):
            found.append(_literal(line.split(" = ", 1)[1]))
        elif match := _EXIT.match(line):
            pending.append((Block(""), line))
        elif match := _LABEL.match(line):
            block = Block(match[1], _parameters(match[2] or "", values))
            function.blocks.append(block)
        elif block is not None and (match := _OP.match(line)):
            if match[1]:
                values[int(match[1])] = Value(int(match[1]), match[2])
            pending.append((block, line))
        else:
            raise NotIR(line)
    for where, line in pending:
        if match := _EXIT.match(line):
            number = int(match[1])
            slots = tuple(_slots(match[5], values)), tuple(_slots(match[6], values))
            exits[number] = Exit(int(match[3]), match[2] == "raise", *slots, match[4] or "", number)
        else:
            try:
                where.ops.append(_op(line, values, uses))
            except (SyntaxError, ValueError, KeyError, AssertionError):
                raise NotIR(line) from None
    for op, number in uses:
        if number not in exits:
            raise NotIR(str(op))
        op.exit = exits[number]
    function.objects = objects if objects is not None else found
    function.number_exits()
    return function


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text  # a class or function: a test that runs the IR gives the objects itself


def _parameters(text: str, values: dict[int, Value]) -> list[Value]:
    found = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, type = part.split(": ")
        value = values[int(name[1:])] = Value(int(name[1:]), type)
        found.append(value)
    return found


def _operand(text: str, values: dict[int, Value]) -> Operand:
    if text.startswith("%"):
        return values[int(text[1:])]
    if text.startswith("$"):
        return Object(int(text[1:]))
    if text in ("true", "false"):
        return Literal(text == "true")
    if text in ("inf", "-inf", "nan"):
        return Literal(float(text))
    value = ast.literal_eval(text)
    assert isinstance(value, int | float)
    return Literal(value)


def _operands(text: str, values: dict[int, Value]) -> tuple[Operand, ...]:
    return tuple(_operand(part.strip(), values) for part in text.split(",") if part.strip())


def _slots(text: str, values: dict[int, Value]) -> list[Slot]:
    found = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        kind, *rest = part.split(" ")
        found.append(Slot(kind, tuple(_operand(r, values) for r in rest)))
    return found


def _op(line: str, values: dict[int, Value], uses: list[tuple[Op, int]]) -> Op:
    match = _OP.match(line)
    assert match is not None
    name, rest = match[3], match[5]
    exit = None
    if cut := re.search(r" else @(\d+)$", rest):
        exit = int(cut[1])
        rest = rest[: cut.start()]
    targets = tuple((label, _operands(arguments, values)) for label, arguments in _TARGET.findall(rest))
    if targets:
        rest = _TARGET.sub("", rest)
    attributes = tuple(_attribute(a) for a in re.findall(r"<((?:'[^']*'|[^<>])*)>", match[4]))
    result = values[int(match[1])] if match[1] else None
    op = Op(name, _operands(rest, values), result, attributes, None, targets)
    if exit is not None:
        uses.append((op, exit))
    return op


def _attribute(text: str) -> object:
    return int(text) if re.fullmatch(r"-?\d+", text) else text
