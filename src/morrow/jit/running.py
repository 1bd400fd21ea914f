"""What a running frame holds, read from memory without touching the frame.

``frame.f_locals`` would copy every local into a dictionary that the program can see (before PEP 667), and asking for a
function is not possible from Python at all. So this reads `_PyInterpreterFrame` where the host keeps it. Call it only
with the GIL held and on a frame that cannot go on meanwhile: another thread's, or one further up this thread's stack.
"""

from __future__ import annotations

import ctypes
import dis
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType, FunctionType

from morrow.host import HERE
from morrow.host.structs import structs

_S = structs()
assert HERE is not None
_UNTAG = ~3 if HERE.stack_tags else ~0
_INNER = _S["PyFrameObject.f_frame"]
_FUNCTION = _S["_PyInterpreterFrame." + ("f_funcobj" if _S.has("_PyInterpreterFrame.f_funcobj") else "f_func")]
_LOCALS = _S["_PyInterpreterFrame.localsplus"]
_TYPE = _S["PyObject.ob_type"]


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop of a code object.

    Attributes:
        head: byte offset the back edges jump to.
        end: byte offset of the last back edge.
        depth: entries on the value stack at the head.
        line: source line of the head.
    """

    head: int
    end: int
    depth: int
    line: int

    def __str__(self) -> str:
        return f"loop at line {self.line} (bytes {self.head}..{self.end}, {self.depth} on the stack)"


def find_function(frame: FrameType) -> FunctionType | None:
    """Return the function that *frame* runs, or None for code that runs without one (exec, class bodies, modules)."""
    address = _word(_inner(frame) + _FUNCTION) & _UNTAG
    if not address:
        return None
    found = ctypes.cast(address, ctypes.py_object).value
    # A compiled function on 3.11 has a type of its own, which is a subtype.
    return found if isinstance(found, FunctionType) and found.__code__ is frame.f_code else None


def function_of(inner: int) -> FunctionType | None:
    """Return the function of an ``_PyInterpreterFrame`` given by address, or None."""
    address = _word(inner + _FUNCTION) & _UNTAG
    found = ctypes.cast(address, ctypes.py_object).value if address else None
    return found if isinstance(found, FunctionType) else None


def arguments_of(inner: int, code: CodeType) -> tuple[type | None, ...]:
    """Return the types of the arguments in an ``_PyInterpreterFrame`` that has not begun to run."""
    return _types(inner + _LOCALS, code.co_argcount + code.co_kwonlyargcount)


def local_types(frame: FrameType) -> tuple[type | None, ...]:
    """Return the type of what each of ``localsplus`` holds (parameters first), None where it holds nothing."""
    return _types(_inner(frame) + _LOCALS, _count_locals(frame.f_code))


def loop_types(frame: FrameType, loop: Loop) -> tuple[type | None, ...]:
    """Return the types of the locals and then of the value stack as it is at the head of *loop*.

    Right only while the frame stands on a back edge to that head.
    """
    return _types(_inner(frame) + _LOCALS, _count_locals(frame.f_code) + loop.depth)


def argument_types(frame: FrameType) -> tuple[type | None, ...]:
    """Return the types of the parameters' present values; what they were at the call if none was assigned to since."""
    code = frame.f_code
    return local_types(frame)[: code.co_argcount + code.co_kwonlyargcount]


def find_loop(code: CodeType, offset: int) -> Loop | None:
    """Return the innermost loop of *code* around a byte offset."""
    around = [loop for loop in loops(code) if loop.head <= offset <= loop.end]
    return min(around, key=lambda loop: loop.end - loop.head, default=None)


def stands_on_back_edge(code: CodeType, offset: int) -> Loop | None:
    """Return the loop whose head the interpreter goes to next when it stands at *offset*, or None."""
    target = _back_edges(code).get(offset)
    return next((loop for loop in loops(code) if loop.head == target), None) if target is not None else None


def stands_at_start(code: CodeType, offset: int) -> bool:
    """Return whether the interpreter has not gone past the code's RESUME: arguments are as they were given."""
    first = next((i.offset for i in dis.get_instructions(code) if i.opname == "RESUME"), -1)
    return offset <= first


@lru_cache(maxsize=512)
def loops(code: CodeType) -> tuple[Loop, ...]:
    """Return the loops of *code*: one per jump target with a back edge, in order of their heads."""
    ends: dict[int, int] = {}
    for edge, target in _back_edges(code).items():
        ends[target] = max(ends.get(target, 0), edge)
    depths = _stack_depths(code) if ends else {}
    lines = {i.offset: i.positions.lineno for i in dis.get_instructions(code) if i.positions is not None}
    return tuple(Loop(head, end, depths[head], lines.get(head) or 0) for head, end in sorted(ends.items()) if head in depths)


@lru_cache(maxsize=512)
def _back_edges(code: CodeType) -> dict[int, int]:
    """Return offset -> target of the jumps that close loops."""
    return {
        i.offset: i.argval
        for i in dis.get_instructions(code)
        if "JUMP_BACKWARD" in i.opname and "NO_INTERRUPT" not in i.opname
    }


def _stack_depths(code: CodeType) -> dict[int, int]:
    """Return the depth of the value stack before each instruction that can be reached; empty for generators.

    `dis.stack_effect` follows the host's own compiler (Python/compile.c, stack_effect).
    """
    if code.co_flags & 0x2A0:  # CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR (Include/cpython/code.h)
        return {}
    instructions = {i.offset: i for i in dis.get_instructions(code)}
    after = dict(zip(instructions, [*instructions][1:], strict=False))
    handlers = [(e.start, e.end, e.target, e.depth + bool(e.lasti) + 1) for e in dis._parse_exception_table(code)]  # type: ignore[attr-defined]
    depths: dict[int, int] = {}
    work = [(0, 0)]
    while work:
        offset, depth = work.pop()
        while offset in instructions and offset not in depths:
            depths[offset] = depth
            i = instructions[offset]
            work += [(target, handler) for start, end, target, handler in handlers if start <= offset < end]
            argument = i.arg if i.opcode >= dis.HAVE_ARGUMENT else None
            if i.opcode in dis.hasjrel or i.opcode in dis.hasjabs:
                work.append((i.argval, depth + dis.stack_effect(i.opcode, argument, jump=True)))
            if i.opname in ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"):
                break
            depth += dis.stack_effect(i.opcode, argument, jump=False)
            offset = after.get(offset, -1)
    return depths


def _inner(frame: FrameType) -> int:
    return _word(id(frame) + _INNER)


def _count_locals(code: CodeType) -> int:
    return ctypes.c_int.from_address(id(code) + _S["PyCodeObject.co_nlocalsplus"]).value


def _types(address: int, count: int) -> tuple[type | None, ...]:
    words = (ctypes.c_uint64 * count).from_address(address)
    return tuple(ctypes.cast(_word((word & _UNTAG) + _TYPE), ctypes.py_object).value if word & _UNTAG else None for word in words)


def _word(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value
