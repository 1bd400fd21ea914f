"""-X jit=eager: compile at the first calls and at a loop's first turns, in the thread that runs it.

For tests and for hunting bugs: everything that can be compiled is, with the types really met, at a moment that does not
depend on a clock. How calls are counted differs:

- hosts with `sys.monitoring`: PY_START and JUMP events of a tool of our own, each place disabled once decided on.
- 3.11: a frame evaluator in machine code (PEP 523), which costs every call a little; loops are left to the sampler there.
"""

from __future__ import annotations

import ctypes
import sys
from sys import _getframe  # kept: programs may take sys._getframe away
from types import CodeType
from zlib import crc32

from morrow.host import HERE
from morrow.jit.tracers import EAGER_TOOL
from morrow.jit.worker import Task, Worker, _is_ours

CALLS = (2, 30)
"""At which calls a function is compiled: at first with the types of its arguments only, then with what the host learnt."""

TURNS = (3, 30)
"""At which turns a loop is compiled."""

def _level(code: CodeType) -> int:
    """Return how well to optimise: mostly not at all, which compiles ten times as much in the same time; a fixed quarter
    of all functions goes through LLVM's passes as usual, because those are to be tested too."""
    return int(crc32(code.co_qualname.encode()) % 4 == 0)


_worker: Worker | None = None


def start(worker: Worker) -> bool:
    """Begin counting; return whether the host can be compiled for at all (`worker.off` says why not)."""
    global _worker
    worker.measures = False
    if not worker.prepare() or not worker.bring_compiler():
        return False
    from morrow.jit import compile as compiler
    from morrow.jit import lift

    compiler.LEAST_GAIN = 0
    compiler.MOST_FUNCTIONS = 3  # everything is compiled by itself anyway, and often
    lift.MOST_BLOCKS = 150
    _worker = worker
    worker.pause_counting = pause
    assert HERE is not None
    if HERE.has_monitoring:
        _count_by_monitoring(worker)
    else:
        _count_by_evaluator(worker)
    return True


def pause(resting: bool) -> None:
    """Stop counting while a tracer is on, or go on: what counts is Python code, which a tracer would see."""
    if _worker is None:
        return
    if HERE is not None and HERE.has_monitoring:
        if sys.monitoring.get_tool(EAGER_TOOL) == "morrow.eager":
            sys.monitoring.set_events(EAGER_TOOL, 0 if resting else sys.monitoring.events.PY_START | sys.monitoring.events.JUMP)
    else:
        _set_evaluator(0 if resting else _evaluator)


def stop() -> None:
    """Stop counting."""
    global _worker
    if _worker is None:
        return
    _worker = None
    if HERE is not None and HERE.has_monitoring:
        if sys.monitoring.get_tool(EAGER_TOOL) == "morrow.eager":
            sys.monitoring.set_events(EAGER_TOOL, 0)
            sys.monitoring.free_tool_id(EAGER_TOOL)
    else:
        _set_evaluator(0)


_CALLS = (
    "PyObject_Vectorcall", "PyThreadState_Get", "PyThreadState_EnterTracing", "PyThreadState_LeaveTracing", "PyErr_ExceptionMatches",
    "PyErr_Clear", "Py_IncRef",
)  # fmt: skip
#: PyObject *(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
_GUARDED = """
@morrow_handler = external global i8
@morrow_none = external global i8
@PyExc_RecursionError = external global ptr
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)
declare ptr @PyThreadState_Get()
declare void @PyThreadState_EnterTracing(ptr)
declare void @PyThreadState_LeaveTracing(ptr)
declare i32 @PyErr_ExceptionMatches(ptr)
declare void @PyErr_Clear()
declare void @Py_IncRef(ptr)
DECLARE

define ptr @morrow_guarded(ptr %self, ptr %args, i64 %nargs) {
entry:
  %thread = call ptr @PyThreadState_Get()
BREAKER
  br i1 %due, label %none, label %ours
ours:
BLOCK
  call void @PyThreadState_EnterTracing(ptr %thread)
  %answer = call ptr @PyObject_Vectorcall(ptr @morrow_handler, ptr %args, i64 %nargs, ptr null)
  call void @PyThreadState_LeaveTracing(ptr %thread)
ALLOW
  %failed = icmp eq ptr %answer, null
  br i1 %failed, label %look, label %done
look:
  %class = load ptr, ptr @PyExc_RecursionError
  %matches = call i32 @PyErr_ExceptionMatches(ptr %class)
  %deep = icmp ne i32 %matches, 0
  br i1 %deep, label %clear, label %done
clear:
  call void @PyErr_Clear()
  br label %none
none:
  call void @Py_IncRef(ptr @morrow_none)
  ret ptr @morrow_none
done:
  ret ptr %answer
}
"""


# A signal's handler must run in the program, not in what counts for us: signals of this thread wait meanwhile (where the
# system has masks), and when something is due already nothing is counted.
_DECLARE = "declare i32 @morrow_sigmask(i32, ptr, ptr)"
_BLOCK = """
  %all = alloca [128 x i8]
  %old = alloca [128 x i8]
  store [128 x i8] [{}], ptr %all
  %blocked = call i32 @morrow_sigmask(i32 {}, ptr %all, ptr %old)
"""
_ALLOW = """
  %allowed = call i32 @morrow_sigmask(i32 {}, ptr %old, ptr null)
"""
try:
    import _signal

    _SETMASK = int(_signal.SIG_SETMASK)
except (ImportError, AttributeError):  # Windows
    _SETMASK = 0
_BLOCK = _BLOCK.format(", ".join(["i8 -1"] * 128), _SETMASK)
_ALLOW = _ALLOW.format(_SETMASK)


def _mask() -> dict[str, int]:
    """Return the address of pthread_sigmask, or of something that does nothing where there is none."""
    from morrow.jit import natives

    if _SETMASK:
        return {"morrow_sigmask": natives.library_address("pthread_sigmask")}
    return {"morrow_sigmask": natives.library_address("abs")}


def _breaker(thread: str) -> str:
    """Return LLVM text that sets %due if the interpreter has something to do between two instructions."""
    from morrow.jit import guards
    from morrow.jit.objects import Text

    out = Text("w")
    word = guards.breaker(out, thread)
    return "\n".join(out.lines) + f"\n  %due = icmp ne i64 {word}, 0"


def _guarded_text() -> str:
    text = _GUARDED
    for name, part in (("DECLARE", _DECLARE), ("BLOCK", _BLOCK), ("ALLOW", _ALLOW), ("BREAKER", _breaker("%thread"))):
        text = text.replace(f"\n{name}\n", f"\n{part}\n")
    return text


def _count_by_monitoring(worker: Worker) -> None:
    from morrow.jit import natives, osr, running

    monitoring = sys.monitoring
    disable = monitoring.DISABLE
    calls: dict[CodeType, int] = {}
    turns: dict[tuple[CodeType, int], int] = {}

    def on_start(code: CodeType, offset: int) -> object:
        if _is_ours(code) or not code.co_flags & 0x01:
            return disable
        count = calls[code] = calls.get(code, 0) + 1
        if count > CALLS[-1]:
            return disable
        if count not in CALLS or worker.resting:
            return None
        frame = _getframe(2)  # the program's: `guarded` is between
        function = running.find_function(frame) if frame.f_code is code else None
        if function is None:
            return disable
        worker.run(Task(code, function, running.argument_types(frame), level=_level(code), profile=count == CALLS[0]))
        return None

    def on_jump(code: CodeType, offset: int, target: int) -> object:
        if target > offset or _is_ours(code):
            return disable
        key = (code, target)
        count = turns[key] = turns.get(key, 0) + 1
        if count > TURNS[-1]:
            return disable
        if count not in TURNS or worker.resting:
            return None
        frame = _getframe(2)
        function = running.find_function(frame) if frame.f_code is code else None
        loop = next((loop for loop in running.loops(code) if loop.head == target), None)
        if function is None or loop is None:
            return disable
        worker.run(Task(code, function, None, loop, running.loop_types(frame, loop), level=_level(code)))
        return None

    def guarded(counter: object) -> object:
        # An error of ours must not become one of the program's. Only running out of stack is expected here, which a
        # program at its recursion limit makes even of calling us: so the call is made, and the error cleared, natively.
        def call(*arguments: object) -> object:
            if worker.is_working():
                return None
            with worker.working():
                return counter(*arguments)  # type: ignore[operator]

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(call))
        imports = {name: natives.c_address(name) for name in _CALLS} | _mask()
        imports |= {"morrow_handler": id(call), "morrow_none": id(None), "PyExc_RecursionError": natives.c_address("PyExc_RecursionError")}
        addresses = natives.load(_guarded_text(), imports, ("morrow_guarded",))
        return osr.make_builtin("morrow_guarded", addresses["morrow_guarded"])

    with worker.working():
        monitoring.use_tool_id(EAGER_TOOL, "morrow.eager")
        monitoring.register_callback(EAGER_TOOL, monitoring.events.PY_START, guarded(on_start))
        monitoring.register_callback(EAGER_TOOL, monitoring.events.JUMP, guarded(on_jump))
        monitoring.set_events(EAGER_TOOL, monitoring.events.PY_START | monitoring.events.JUMP)


_evaluator = 0
_keep: list[object] = []
_SLOTS = 1 << 14


def _count_by_evaluator(worker: Worker) -> None:
    from morrow.host.structs import structs
    from morrow.jit import natives, running

    s = structs()
    calls: dict[CodeType, int] = {}
    table = (ctypes.c_uint64 * _SLOTS)()
    busy = ctypes.c_uint8(0)
    f_code = s["_PyInterpreterFrame.f_code"]

    def on_call(inner: int) -> None:
        if worker.is_working():
            return  # what LLVM is driven with: compiling that, too, would wait for itself
        address = ctypes.c_uint64.from_address(inner + f_code).value
        code = ctypes.cast(address, ctypes.py_object).value
        count = calls[code] = calls.get(code, 0) + 1
        function = running.function_of(inner)
        if _is_ours(code) or function is None or not code.co_flags & 0x01 or count >= CALLS[-1]:
            table[(address >> 4) & (_SLOTS - 1)] = address
        if function is not None and count in CALLS and not worker.resting and not _is_ours(code):
            worker.run(Task(code, function, running.arguments_of(inner, code), level=_level(code), profile=count == CALLS[0]))

    text = f"""
@format = private constant [2 x i8] c"n\\00"
@morrow_busy = external global i8
@PyExc_RecursionError = external global ptr
declare i32 @PyErr_ExceptionMatches(ptr)
@morrow_table = external global [{_SLOTS} x ptr]
@morrow_handler = external global i8
{_DECLARE}
declare ptr @PyObject_CallFunction(ptr, ptr, ...)
declare ptr @_PyEval_EvalFrameDefault(ptr, ptr, i32)
declare void @Py_DecRef(ptr)
declare void @PyErr_Clear()
declare void @PyThreadState_EnterTracing(ptr)
declare void @PyThreadState_LeaveTracing(ptr)

define ptr @morrow_evaluate(ptr %thread, ptr %frame, i32 %throw) {{
  %busy = load volatile i8, ptr @morrow_busy
  %free = icmp eq i8 %busy, 0
  %normal = icmp eq i32 %throw, 0
  %may = and i1 %free, %normal
  br i1 %may, label %calm, label %go
calm:
{_breaker("%thread")}
  br i1 %due, label %go, label %look
look:
  %code_at = getelementptr i8, ptr %frame, i64 {f_code}
  %code = load ptr, ptr %code_at
  %word = ptrtoint ptr %code to i64
  %shifted = lshr i64 %word, 4
  %index = and i64 %shifted, {_SLOTS - 1}
  %slot = getelementptr [{_SLOTS} x ptr], ptr @morrow_table, i64 0, i64 %index
  %known = load ptr, ptr %slot
  %done = icmp eq ptr %known, %code
  br i1 %done, label %go, label %count
count:
  store volatile i8 1, ptr @morrow_busy
{_BLOCK}
  call void @PyThreadState_EnterTracing(ptr %thread)
  %answer = call ptr (ptr, ptr, ...) @PyObject_CallFunction(ptr @morrow_handler, ptr @format, ptr %frame)
  call void @PyThreadState_LeaveTracing(ptr %thread)
{_ALLOW}
  store volatile i8 0, ptr @morrow_busy
  %failed = icmp eq ptr %answer, null
  br i1 %failed, label %look_why, label %drop
look_why:
  %class = load ptr, ptr @PyExc_RecursionError
  %matches = call i32 @PyErr_ExceptionMatches(ptr %class)
  %deep = icmp ne i32 %matches, 0
  br i1 %deep, label %clear, label %raise
clear:
  call void @PyErr_Clear()
  br label %go
raise:
  %raised = tail call ptr @_PyEval_EvalFrameDefault(ptr %thread, ptr %frame, i32 1)
  ret ptr %raised
drop:
  call void @Py_DecRef(ptr %answer)
  br label %go
go:
  %result = tail call ptr @_PyEval_EvalFrameDefault(ptr %thread, ptr %frame, i32 %throw)
  ret ptr %result
}}
"""
    imports = {name: natives.c_address(name) for name in ("PyObject_CallFunction", "_PyEval_EvalFrameDefault", "Py_DecRef", "PyErr_Clear", "PyErr_ExceptionMatches", "PyExc_RecursionError", "PyThreadState_EnterTracing", "PyThreadState_LeaveTracing")}
    imports |= _mask()
    imports |= {"morrow_busy": ctypes.addressof(busy), "morrow_table": ctypes.addressof(table), "morrow_handler": id(on_call)}
    addresses = natives.load(text, imports, ("morrow_evaluate",))
    for thing in (table, busy, on_call):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))  # frames may be in it when this module is gone
        _keep.append(thing)
    global _evaluator
    _evaluator = addresses["morrow_evaluate"]
    _set_evaluator(_evaluator)


def _set_evaluator(address: int) -> None:
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Get", ctypes.pythonapi))
    put = ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(("_PyInterpreterState_SetEvalFrameFunc", ctypes.pythonapi))
    put(get(), address or ctypes.cast(ctypes.pythonapi._PyEval_EvalFrameDefault, ctypes.c_void_p).value)
