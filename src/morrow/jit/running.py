"""What a running frame holds, read from memory without touching the frame.

``frame.f_locals`` would copy every local into a dictionary that the program can see (before PEP 667), and asking for a
function is not possible from Python at all. So this reads `_PyInterpreterFrame` where the host keeps it: frames further
up this thread's own stack directly, other threads' through `Look`.
"""

from __future__ import annotations

import ctypes
import dis
from collections import namedtuple
from collections.abc import Callable
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


class Loop(namedtuple("Loop", "head end depth line")):
    """One loop of a code object.

    Attributes:
        head: byte offset the back edges jump to.
        end: byte offset of the last back edge.
        depth: entries on the value stack at the head.
        line: source line of the head.
    """

    __slots__ = ()
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


class Look:
    """Reads a frame of another thread in one call, so that the thread cannot go on meanwhile.

    Python code may lose the GIL between any two reads, and what it holds by address may be gone when it goes on. So the
    reading is done by a few instructions of machine code, which also check that the frame still stands where it was seen.
    """

    def __init__(self, load: Callable[[str, dict[str, int], tuple[str, ...]], dict[str, int]]) -> None:
        """Compile the reader. *load* turns LLVM text into addresses (see `morrow.jit.llvm`)."""
        increment = ctypes.cast(ctypes.pythonapi.Py_IncRef, ctypes.c_void_p).value or 0
        addresses = load(_look_text(), {"Py_IncRef": increment}, ("morrow_look", "morrow_callers"))
        address = addresses["morrow_look"]
        self._callers = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_void_p)(addresses["morrow_callers"])
        kind = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.py_object, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
        self._look = kind(address)

    def __call__(self, frame: FrameType, code: CodeType, offset: int, loop: Loop | None = None) -> tuple[FunctionType, tuple[type | None, ...]] | None:
        """Return the frame's function and the types of its locals, with *loop* also of its stack at the loop's head.

        None when it runs without a function, or no longer runs *code* at byte *offset*.
        """
        count = _count_locals(code) + (loop.depth if loop is not None else 0)
        words = (ctypes.c_uint64 * (count + 1))()
        if self._look(frame, code, offset, count, ctypes.addressof(words)):
            return None
        function, *types = (_take(word) for word in words)
        if not isinstance(function, FunctionType) or function.__code__ is not code:
            return None
        return function, tuple(types)  # type: ignore[arg-type]


    def callers(self, frame: FrameType) -> list[FunctionType]:
        """Return the functions that wait for *frame*, innermost first, at most `MOST_CALLERS` and none behind other code.

        Their frames get no frame objects by this: those would be noticed by compiled code.
        """
        words = (ctypes.c_uint64 * MOST_CALLERS)()
        count = self._callers(frame, ctypes.addressof(words))
        found = [_take(word) for word in words[:count]]
        return [function for function in found if isinstance(function, FunctionType)]


MOST_CALLERS = 4
"""How far up the stack `Look.callers` looks."""


def _take(word: int) -> object:
    """Return the object at an address whose reference is ours."""
    if not word:
        return None
    found = ctypes.cast(word, ctypes.py_object).value
    ctypes.pythonapi.Py_DecRef(ctypes.py_object(found))
    return found


def _look_text() -> str:
    code = _S["_PyInterpreterFrame." + ("f_executable" if _S.has("_PyInterpreterFrame.f_executable") else "f_code")]
    instruction = _S["_PyInterpreterFrame." + ("instr_ptr" if _S.has("_PyInterpreterFrame.instr_ptr") else "prev_instr")]
    # int look(PyFrameObject *frame, PyCodeObject *code, int64_t offset, int64_t count, uint64_t *out)
    return f"""
declare void @Py_IncRef(ptr)

define i32 @morrow_look(ptr %object, ptr %code, i64 %offset, i64 %count, ptr %out) {{
entry:
  %frame_at = getelementptr i8, ptr %object, i64 {_INNER}
  %frame = load ptr, ptr %frame_at
  %owner_at = getelementptr i8, ptr %frame, i64 {_S["_PyInterpreterFrame.owner"]}
  %owner = load i8, ptr %owner_at
  %running = icmp eq i8 %owner, {_S["FRAME_OWNED_BY_THREAD"]}
  br i1 %running, label %check_code, label %no
check_code:
  %code_at = getelementptr i8, ptr %frame, i64 {code}
  %found = load i64, ptr %code_at
  %found_code = and i64 %found, {_UNTAG}
  %wanted_code = ptrtoint ptr %code to i64
  %same_code = icmp eq i64 %found_code, %wanted_code
  br i1 %same_code, label %check_place, label %no
check_place:
  %instruction_at = getelementptr i8, ptr %frame, i64 {instruction}
  %instruction = load i64, ptr %instruction_at
  %first = add i64 %wanted_code, {_S["PyCodeObject.co_code_adaptive"]}
  %place = sub i64 %instruction, %first
  %same_place = icmp eq i64 %place, %offset
  br i1 %same_place, label %function, label %no
function:
  %function_at = getelementptr i8, ptr %frame, i64 {_FUNCTION}
  %function_tagged = load i64, ptr %function_at
  %function_word = and i64 %function_tagged, {_UNTAG}
  %has = icmp ne i64 %function_word, 0
  br i1 %has, label %take_function, label %no
take_function:
  %function_object = inttoptr i64 %function_word to ptr
  call void @Py_IncRef(ptr %function_object)
  store i64 %function_word, ptr %out
  br label %next
next:
  %k = phi i64 [ 0, %take_function ], [ %k_more, %stored ]
  %done = icmp sge i64 %k, %count
  br i1 %done, label %yes, label %read
read:
  %k_more = add i64 %k, 1
  %bytes = mul i64 %k, 8
  %entry_offset = add i64 %bytes, {_LOCALS}
  %entry_at = getelementptr i8, ptr %frame, i64 %entry_offset
  %entry_tagged = load i64, ptr %entry_at
  %entry_word = and i64 %entry_tagged, {_UNTAG}
  %empty = icmp eq i64 %entry_word, 0
  br i1 %empty, label %stored, label %take
take:
  %entry_object = inttoptr i64 %entry_word to ptr
  %type_at = getelementptr i8, ptr %entry_object, i64 {_TYPE}
  %type = load ptr, ptr %type_at
  call void @Py_IncRef(ptr %type)
  %type_word = ptrtoint ptr %type to i64
  br label %stored
stored:
  %result = phi i64 [ 0, %read ], [ %type_word, %take ]
  %out_at = getelementptr i64, ptr %out, i64 %k_more
  store i64 %result, ptr %out_at
  br label %next
yes:
  ret i32 0
no:
  ret i32 1
}}

define i32 @morrow_callers(ptr %object, ptr %out) {{
entry:
  %frame_at = getelementptr i8, ptr %object, i64 {_INNER}
  %frame = load ptr, ptr %frame_at
  %owner_at = getelementptr i8, ptr %frame, i64 {_S["_PyInterpreterFrame.owner"]}
  %owner = load i8, ptr %owner_at
  %running = icmp eq i8 %owner, {_S["FRAME_OWNED_BY_THREAD"]}
  br i1 %running, label %up, label %done
up:
  %below = phi ptr [ %frame, %entry ], [ %above, %skip ], [ %above, %take ]
  %k = phi i32 [ 0, %entry ], [ %k, %skip ], [ %k_more, %take ]
  %steps = phi i32 [ 0, %entry ], [ %steps_more, %skip ], [ %steps_more, %take ]
  %steps_more = add i32 %steps, 1
  %full = icmp uge i32 %k, {MOST_CALLERS}
  %far = icmp uge i32 %steps, {3 * MOST_CALLERS}
  %stop = or i1 %full, %far
  br i1 %stop, label %done, label %next
next:
  %above_at = getelementptr i8, ptr %below, i64 {_S["_PyInterpreterFrame.previous"]}
  %above = load ptr, ptr %above_at
  %top = icmp eq ptr %above, null
  br i1 %top, label %done, label %look
look:
  %above_owner_at = getelementptr i8, ptr %above, i64 {_S["_PyInterpreterFrame.owner"]}
  %above_owner = load i8, ptr %above_owner_at
  %above_runs = icmp eq i8 %above_owner, {_S["FRAME_OWNED_BY_THREAD"]}
  br i1 %above_runs, label %take, label %skip
skip:
  br label %up
take:
  %function_at = getelementptr i8, ptr %above, i64 {_FUNCTION}
  %function_tagged = load i64, ptr %function_at
  %function = and i64 %function_tagged, {_UNTAG}
  %function_object = inttoptr i64 %function to ptr
  call void @Py_IncRef(ptr %function_object)
  %out_at = getelementptr i64, ptr %out, i32 %k
  store i64 %function, ptr %out_at
  %k_more = add i32 %k, 1
  br label %up
done:
  %count = phi i32 [ 0, %entry ], [ %k, %up ], [ %k, %next ]
  ret i32 %count
}}
"""


def local_types(frame: FrameType) -> tuple[type | None, ...]:
    """Return the type of what each of ``localsplus`` holds (parameters first), None where it holds nothing.

    Only for frames further up this thread's own stack.
    """
    return _types(_inner(frame) + _LOCALS, _count_locals(frame.f_code))


def loop_types(frame: FrameType, loop: Loop) -> tuple[type | None, ...]:
    """Return the types of the locals and then of the value stack as it is at the head of *loop*.

    Only for frames of this thread's own stack, and right only while the frame stands on a back edge to that head.
    """
    return _types(_inner(frame) + _LOCALS, _count_locals(frame.f_code) + loop.depth)


def argument_types(frame: FrameType) -> tuple[type | None, ...]:
    """Return the types of the parameters' present values; what they were at the call if none was assigned to since."""
    return local_types(frame)[: count_arguments(frame.f_code)]


def count_arguments(code: CodeType) -> int:
    """Return how many parameters the code has, without ``*args`` and ``**kwargs``."""
    return code.co_argcount + code.co_kwonlyargcount


def find_loop(code: CodeType, offset: int) -> Loop | None:
    """Return the innermost loop of *code* around a byte offset."""
    around = [loop for loop in loops(code) if loop.head <= offset <= loop.end]
    return min(around, key=lambda loop: loop.end - loop.head, default=None)


def stands_on_back_edge(code: CodeType, offset: int) -> Loop | None:
    """Return the loop whose head the interpreter goes to next when it stands at *offset*, or None."""
    target = _back_edges(code).get(offset)
    return next((loop for loop in loops(code) if loop.head == target), None) if target is not None else None


def loops_around(code: CodeType, inner: Loop) -> list[Loop]:
    """Return the loops that a loop is in, outermost first and itself last."""
    around = [loop for loop in loops(code) if loop.head <= inner.head and inner.end <= loop.end]
    return sorted(around, key=lambda loop: loop.head - loop.end)


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
