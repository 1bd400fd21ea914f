"""Enter compiled code from a frame that is already running: on-stack replacement.

A loop that is never left is entered at its head, at a moment when CPython itself hands the frame to a C callback and
afterwards goes on wherever that callback left it:

- hosts with `sys.monitoring`: a JUMP event on that one code object. The interpreter has saved the stack pointer, points
  at the jump's target and reloads both afterwards (Python/instrumentation.c, _Py_call_instrumentation_jump).
- 3.11: a trace function in machine code, set for that one thread until the loop's next turn. The interpreter saves and
  reloads the same two things around it (Python/ceval.c, DO_TRACING and maybe_call_line_trace).

Both callbacks are machine code, so no frame of ours is ever on the stack: what the compiled loop calls sees the loop's
own frame as its caller. They look the loop up in a small table, and call ``int osr(PyThreadState *, _PyInterpreterFrame *)``
of the compiled code: 0 not entered, 1 the frame goes on as it now says, 2 an exception is set.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from types import CodeType

from morrow.host import HERE
from morrow.host.structs import structs
from morrow.jit.tracers import OWN_TOOL
from morrow.jit.trial import LEAST_GAIN, has_clock

_S = structs()
assert HERE is not None

CAPACITY = 256
"""Loops that can be waiting or in use at once; the oldest makes room."""

_CODE, _HEAD, _ADDRESS, _ENTERED, _DECLINED, _INSIDE, _TURNS, _STATE, _SINCE, _COUNT, _BEGAN, _FRAME, _PLAIN_TURNS, _PLAIN_TIME, _TURNS_DONE, _TIME, _PAIRS, _RESTARTS = range(18)
_WORDS = 18  # of a row: code, head (bytes), address, times entered, times declined, nanoseconds inside, and what a trial needs
_ROW = 8 * _WORDS
ON_TRIAL, KEPT, LOST = range(3)
"""States of a row: only what is kept is entered for as long as the loop runs."""

PHASE = 3_000_000
"""Nanoseconds for which a loop is interpreted before it is entered for as many turns, in a trial."""

PAIRS = 3, 10
"""How often that is done before there is a verdict: when one is `CLEAR` times the other, and otherwise; once is enough after `LONG`."""

CLEAR = 1.3

LONG = 60_000_000
"""Nanoseconds of the interpreter's turns after which one pair is enough."""

EVENT = 100
"""Nanoseconds that counting a turn of the interpreter takes (54 to 101 on 3.12, 92 to 110 on 3.13; at most half of a turn is taken for that)."""

RESTARTS = 200
"""Times a loop was left before a phase was over after which it is entered without a trial: its calls are what is measured."""
Load = Callable[[str, dict[str, int], tuple[str, ...]], dict[str, int]]


class Entrances:
    """The table of loops that can be entered, and the callbacks that look at it."""

    def __init__(self, load: Load) -> None:
        """Compile the callbacks. *load* turns LLVM text into addresses (see `morrow.jit.llvm`)."""
        self._rows: list[tuple[CodeType, int] | None] = []
        allocate = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)(("PyMem_RawCalloc", ctypes.pythonapi))
        # Never freed: a frame may be on its way into a callback when the process ends.
        self._table: int = allocate(CAPACITY + 1, _ROW) or 0
        if not self._table:
            raise MemoryError
        imports = {name: ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0 for name in _NEEDS}
        imports["morrow_table"] = self._table
        if has_clock():
            imports["morrow_clock"] = ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value or 0
        if HERE is not None and HERE.has_monitoring:
            imports["morrow_disable"] = id(sys.monitoring.DISABLE)
            imports["morrow_none"] = id(None)
        self._address = load(_text(), imports, ("morrow_enter",))["morrow_enter"]
        if HERE is not None and HERE.has_monitoring:
            self._callback = make_builtin("morrow_enter", self._address)
        self._taken = False

    def arm(self, code: CodeType, head: int, address: int, turns: int = 0) -> bool:
        """Let frames of *code* enter the machine code at *address* when they next come to *head*.

        Args:
            turns: address of the number of turns after which it goes back to the interpreter: it is put on trial, where the
                host tells of each turn. 0: it is kept, whatever it is worth.

        Returns whether it could be done: the monitoring tool may belong to somebody else.
        """
        if HERE is not None and HERE.has_monitoring and not self._take_tool():
            return False
        key = (code, head)
        if key in self._rows:
            row = self._rows.index(key)
        elif None in self._rows:
            row = self._rows.index(None)
        elif len(self._rows) < CAPACITY:
            row = len(self._rows)
            self._rows.append(None)
        else:
            oldest = self._rows[0]
            assert oldest is not None
            self.disarm(oldest[0])
            row = 0
        state = self._word(row, _STATE).value if self._rows[row] == key and self._word(row, _ADDRESS).value == address else ON_TRIAL
        self._rows[row] = key
        trial = turns and has_clock() and HERE is not None and HERE.has_monitoring
        self._write(row, id(code), head, address, turns, state if trial else KEPT)
        if HERE is not None and HERE.has_monitoring:
            sys.monitoring.set_local_events(OWN_TOOL, code, 0)  # jumps of other loops were told not to tell any more
            sys.monitoring.set_local_events(OWN_TOOL, code, sys.monitoring.events.JUMP)
        return True

    def disarm(self, code: CodeType) -> None:
        """Let no frame of *code* enter any more."""
        found = False
        for row, key in enumerate(self._rows):
            if key is not None and key[0] is code:
                self._rows[row] = None
                self._write(row, 0, 0, 0, 0, 0)
                found = True
        if found and HERE is not None and HERE.has_monitoring and self._taken:
            sys.monitoring.set_local_events(OWN_TOOL, code, 0)

    def disarm_all(self) -> None:
        """Let no frame enter any more, and give the monitoring tool back."""
        for code in {key[0] for key in self._rows if key is not None}:
            self.disarm(code)
        if self._taken:
            sys.monitoring.register_callback(OWN_TOOL, sys.monitoring.events.JUMP, None)
            sys.monitoring.free_tool_id(OWN_TOOL)
            self._taken = False

    def counts(self, code: CodeType, head: int) -> tuple[int, int, int]:
        """Return how often that loop was entered, how often the compiled code declined the frame, and the nanoseconds inside."""
        if (code, head) not in self._rows:
            return 0, 0, 0
        row = self._rows.index((code, head))
        entered, declined, inside = (self._word(row, place).value for place in (_ENTERED, _DECLINED, _INSIDE))
        return entered, declined, inside

    def verdict(self, code: CodeType, head: int) -> tuple[int, float, float]:
        """Return the state of a loop's trial, and the nanoseconds of a turn in the interpreter and in machine code."""
        if (code, head) not in self._rows:
            return KEPT, 0.0, 0.0
        row = self._rows.index((code, head))
        turns, time, done, took = (self._word(row, place).value for place in (_PLAIN_TURNS, _PLAIN_TIME, _TURNS_DONE, _TIME))
        return self._word(row, _STATE).value, time / max(1, turns), took / max(1, done)

    def _word(self, row: int, place: int) -> ctypes.c_int64:
        return ctypes.c_int64.from_address(self._table + _ROW * row + 8 * place)

    # -- 3.11 -----------------------------------------------------------------------------------------------------------

    def send(self, thread_id: int) -> bool:
        """Make that thread enter at the next head it comes to (3.11). Returns False when it is being traced already."""
        thread = _find_thread(thread_id)
        if not thread or self._trace(thread):
            return False
        ctypes.c_uint64.from_address(thread + _S["PyThreadState.c_traceobj"]).value = 0
        ctypes.c_uint64.from_address(thread + _S["PyThreadState.c_tracefunc"]).value = self._address
        self._set_tracing(thread, 255)
        return True

    def recall(self, thread_id: int) -> None:
        """Stop waiting for that thread (3.11)."""
        thread = _find_thread(thread_id)
        if thread and self._trace(thread) == self._address:
            ctypes.c_uint64.from_address(thread + _S["PyThreadState.c_tracefunc"]).value = 0
            profiled = ctypes.c_uint64.from_address(thread + _S["PyThreadState.c_profilefunc"]).value
            self._set_tracing(thread, 255 if profiled else 0)

    def is_waiting(self, thread_id: int) -> bool:
        """Return whether that thread has not yet come to a head since `send` (3.11)."""
        thread = _find_thread(thread_id)
        return bool(thread) and self._trace(thread) == self._address

    def _trace(self, thread: int) -> int:
        return ctypes.c_uint64.from_address(thread + _S["PyThreadState.c_tracefunc"]).value

    def _set_tracing(self, thread: int, value: int) -> None:
        frame = ctypes.c_uint64.from_address(thread + _S["PyThreadState.cframe"]).value
        ctypes.c_uint8.from_address(frame + _S["_PyCFrame.use_tracing"]).value = value

    # -- both -----------------------------------------------------------------------------------------------------------

    def _take_tool(self) -> bool:
        monitoring = sys.monitoring
        if not self._taken:
            if monitoring.get_tool(OWN_TOOL) is not None:
                return False
            monitoring.use_tool_id(OWN_TOOL, "morrow.jit")
            monitoring.register_callback(OWN_TOOL, monitoring.events.JUMP, self._callback)
            self._taken = True
        return True

    def _write(self, row: int, code: int, head: int, address: int, turns: int, state: int) -> None:
        self._word(row, _CODE).value = 0
        for place in range(1, _WORDS):
            self._word(row, place).value = {_HEAD: head, _ADDRESS: address, _TURNS: turns, _STATE: state}.get(place, 0)
        if turns:
            ctypes.c_int64.from_address(turns).value = 1 << 62
        self._word(row, _CODE).value = code


def _find_thread(thread_id: int) -> int:
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Get", ctypes.pythonapi))
    head = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(("PyInterpreterState_ThreadHead", ctypes.pythonapi))
    after = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(("PyThreadState_Next", ctypes.pythonapi))
    thread: int = head(get()) or 0
    while thread and ctypes.c_uint64.from_address(thread + _S["PyThreadState.thread_id"]).value != thread_id:
        thread = after(thread) or 0
    return thread


class _MethodDef(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p)]


_keep: list[object] = []


def make_builtin(name: str, address: int) -> object:
    """Return a builtin function that calls machine code, a ``_PyCFunctionFast``."""
    definition = _MethodDef(name.encode(), address, _S["METH_FASTCALL"], None)
    make = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(("PyCFunction_NewEx", ctypes.pythonapi))
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(definition))  # the builtin points into it for as long as anybody has it
    _keep.append(definition)
    return make(ctypes.addressof(definition), None, None)


_LOOK_UP = """
  br label %look
look:
  %k = phi i64 [ 0, %entry ], [ %next, %other ]
  %row = getelementptr [WORDS x i64], ptr @morrow_table, i64 %k
  %next = add i64 %k, 1
  %end = icmp ugt i64 %k, CAPACITY
  br i1 %end, label %none, label %compare
compare:
  %row_code = load i64, ptr %row
  %same_code = icmp eq i64 %row_code, %code_word
  br i1 %same_code, label %compare_head, label %other
compare_head:
  %row_head_at = getelementptr i64, ptr %row, i64 1
  %row_head = load i64, ptr %row_head_at
  %same_head = icmp eq i64 %row_head, %head
  br i1 %same_head, label %found, label %other
other:
  br label %look
"""


def _place(name: str, place: int) -> str:
    return f"  %{name} = getelementptr i64, ptr %row, i64 {place}\n"


def _load(name: str, place: int) -> str:
    return _place(name + "_at", place) + f"  %{name} = load i64, ptr %{name}_at\n"


#: A loop on trial is interpreted for a while, its turns counted, and then entered for as many turns, both with a clock; see `PAIRS`.
_TRIAL = f"""
{_load("state", _STATE)}  switch i64 %state, label %keep [ i64 {ON_TRIAL}, label %measure
                              i64 {LOST}, label %stay ]
measure:
  %frame_word = ptrtoint ptr %frame to i64
{_load("since", _SINCE)}{_load("of", _FRAME)}{_place("began_at", _BEGAN)}{_load("count", _COUNT)}  %running = icmp ne i64 %since, 0
  %same_frame = icmp eq i64 %of, %frame_word
  %goes_on = and i1 %running, %same_frame
  br i1 %goes_on, label %turn, label %begin
begin:
{_load("restarts", _RESTARTS)}  %restarts_more = add i64 %restarts, 1
  %restarts_now = select i1 %running, i64 %restarts_more, i64 %restarts
  store i64 %restarts_now, ptr %restarts_at
  %often = icmp sgt i64 %restarts_now, {RESTARTS}
  %state_now = select i1 %often, i64 {KEPT}, i64 {ON_TRIAL}
  store i64 %state_now, ptr %state_at
  store i64 %frame_word, ptr %of_at
  store i64 0, ptr %count_at
  %monotonic = call i64 @now(i32 1)
  store i64 %monotonic, ptr %since_at
  %processor = call i64 @now(i32 3)
  store i64 %processor, ptr %began_at
  br label %stay
turn:
  %turns_more = add i64 %count, 1
  store i64 %turns_more, ptr %count_at
  %at_present = call i64 @now(i32 1)
  %passed = sub i64 %at_present, %since
  %enough = icmp sgt i64 %passed, {PHASE}
  br i1 %enough, label %over, label %stay
over:
  %used_now = call i64 @now(i32 3)
  %used_before = load i64, ptr %began_at
  %used = sub i64 %used_now, %used_before
  %counting = mul i64 %turns_more, {EVENT}
  %half = sdiv i64 %used, 2
  %little = icmp slt i64 %counting, %half
  %without = select i1 %little, i64 %counting, i64 %half
  %plain = sub i64 %used, %without
{_load("plain_time", _PLAIN_TIME)}{_load("plain_turns", _PLAIN_TURNS)}  %plain_time_more = add i64 %plain_time, %plain
  store i64 %plain_time_more, ptr %plain_time_at
  %plain_turns_more = add i64 %plain_turns, %turns_more
  store i64 %plain_turns_more, ptr %plain_turns_at
  store i64 0, ptr %since_at
  br label %go
keep:
  br label %go
go:
  %most = phi i64 [ %turns_more, %over ], [ {1 << 62}, %keep ]
  %tried = phi i1 [ true, %over ], [ false, %keep ]
{_load("limit_word", _TURNS)}  %limited = icmp ne i64 %limit_word, 0
  %limit = inttoptr i64 %limit_word to ptr
  br i1 %limited, label %set, label %enter
set:
  store i64 %most, ptr %limit
  br label %enter
enter:
"""
_JUDGE = f"""
  br i1 %tried, label %judge, label %judged
judge:
  %left = load i64, ptr %limit
  %made_turns = sub i64 %most, %left
{_load("done", _TURNS_DONE)}{_load("time_taken", _TIME)}{_load("pairs", _PAIRS)}  %done_more = add i64 %done, %made_turns
  store i64 %done_more, ptr %done_at
  %cost = sub i64 %processor_after, %processor_before
  %time_taken_more = add i64 %time_taken, %cost
  store i64 %time_taken_more, ptr %time_taken_at
  %pairs_more = add i64 %pairs, 1
  store i64 %pairs_more, ptr %pairs_at
{_load("plain_in_all", _PLAIN_TIME)}{_load("plain_turns_in_all", _PLAIN_TURNS)}  %long = icmp sgt i64 %plain_in_all, {LONG}
  %a = sitofp i64 %time_taken_more to double
  %b = sitofp i64 %plain_turns_in_all to double
  %c = sitofp i64 %plain_in_all to double
  %d = sitofp i64 %done_more to double
  %left_side = fmul double %a, %b
  %left_more = fmul double %left_side, {LEAST_GAIN}
  %right_side = fmul double %c, %d
  %pays = fcmp ole double %left_more, %right_side
  %left_clear = fmul double %left_side, {CLEAR}
  %right_clear = fmul double %right_side, {CLEAR}
  %faster = fcmp ole double %left_clear, %right_side
  %slower = fcmp ole double %right_clear, %left_side
  %clear = or i1 %faster, %slower
  %least = select i1 %clear, i64 {PAIRS[0]}, i64 {PAIRS[1]}
  %many = icmp sge i64 %pairs_more, %least
  %decided = or i1 %many, %long
  br i1 %decided, label %decide, label %judged
decide:
  %state_then = select i1 %pays, i64 {KEPT}, i64 {LOST}
  store i64 %state_then, ptr %state_at
  br label %judged
judged:
"""
_ENTER = f"""
{_load("address_word", _ADDRESS)}  %address = inttoptr i64 %address_word to ptr
  %processor_before = call i64 @now(i32 3)
  %begin_time = call i64 @now(i32 1)
  %status = call i32 %address(ptr %thread, ptr %frame)
  %finish_time = call i64 @now(i32 1)
  %processor_after = call i64 @now(i32 3)
  %took = sub i64 %finish_time, %begin_time
{_load("time", _INSIDE)}  %time_more = add i64 %time, %took
  store i64 %time_more, ptr %time_at
  %entered = icmp ne i32 %status, 0
  %column = select i1 %entered, i64 {_ENTERED}, i64 {_DECLINED}
  %count_of_at = getelementptr i64, ptr %row, i64 %column
  %count_of = load i64, ptr %count_of_at
  %count_of_more = add i64 %count_of, 1
  store i64 %count_of_more, ptr %count_of_at
  %raised = icmp eq i32 %status, 2
"""
if HERE.has_monitoring:
    _NEEDS: tuple[str, ...] = ("PyThreadState_Get", "PyLong_AsLong", "Py_IncRef")
else:
    _NEEDS = ("PyThreadState_Get",)


def _now() -> str:
    """Return LLVM text of a clock for the time inside loops; one that stands still where the system has none of this name."""
    if not has_clock():
        return "define internal i64 @now(i32 %which) {\nentry:\n  ret i64 0\n}"
    # CLOCK_MONOTONIC is 1, CLOCK_THREAD_CPUTIME_ID 3 (Linux, include/uapi/linux/time.h)
    return """
declare i32 @morrow_clock(i32, ptr)
define internal i64 @now(i32 %which) {
entry:
  %time = alloca [2 x i64]
  %failed = call i32 @morrow_clock(i32 %which, ptr %time)
  %seconds = load i64, ptr %time
  %more_at = getelementptr i64, ptr %time, i64 1
  %more = load i64, ptr %more_at
  %whole = mul i64 %seconds, 1000000000
  %sum = add i64 %whole, %more
  ret i64 %sum
}
"""


def _text() -> str:
    """Return the callback as LLVM text, with this host's offsets."""
    assert HERE is not None
    if HERE.has_monitoring:
        if HERE.current_frame == "cframe":
            current = f"""
  %cframe_at = getelementptr i8, ptr %thread, i64 {_S["PyThreadState.cframe"]}
  %cframe = load ptr, ptr %cframe_at
  %frame_at = getelementptr i8, ptr %cframe, i64 {_S["_PyCFrame.current_frame"]}"""
        else:
            current = f"""
  %frame_at = getelementptr i8, ptr %thread, i64 {_S["PyThreadState.current_frame"]}"""
        # PyObject *(PyObject *self, PyObject *const *args, Py_ssize_t nargs): code, where from, where to
        return f"""
@morrow_table = external global [{CAPACITY + 1} x [{_WORDS} x i64]]
@morrow_none = external global i8
@morrow_disable = external global i8
{_now()}
declare ptr @PyThreadState_Get()
declare i64 @PyLong_AsLong(ptr)
declare void @Py_IncRef(ptr)

define ptr @morrow_enter(ptr %self, ptr %args, i64 %nargs) {{
entry:
  %code = load ptr, ptr %args
  %code_word = ptrtoint ptr %code to i64
  %to_at = getelementptr ptr, ptr %args, i64 2
  %to = load ptr, ptr %to_at
  %head = call i64 @PyLong_AsLong(ptr %to)
{_LOOK_UP.replace("CAPACITY", str(CAPACITY)).replace("WORDS", str(_WORDS))}
none:
  call void @Py_IncRef(ptr @morrow_disable)
  ret ptr @morrow_disable
found:
  %thread = call ptr @PyThreadState_Get()
{current}
  %frame = load ptr, ptr %frame_at
{_TRIAL}{_ENTER}{_JUDGE}
  br i1 %raised, label %error, label %stay
error:
  ret ptr null
stay:
  call void @Py_IncRef(ptr @morrow_none)
  ret ptr @morrow_none
}}
"""
    # int (PyObject *obj, PyFrameObject *frame, int what, PyObject *arg); PyTrace_LINE is 2
    return f"""
@morrow_table = external global [{CAPACITY + 1} x [{_WORDS} x i64]]
{_now()}
declare ptr @PyThreadState_Get()

define i32 @morrow_enter(ptr %self, ptr %object, i32 %what, ptr %argument) {{
entry:
  %frame_at = getelementptr i8, ptr %object, i64 {_S["PyFrameObject.f_frame"]}
  %frame = load ptr, ptr %frame_at
  %code_at = getelementptr i8, ptr %frame, i64 {_S["_PyInterpreterFrame.f_code"] if _S.has("_PyInterpreterFrame.f_code") else 0}
  %code = load ptr, ptr %code_at
  %code_word = ptrtoint ptr %code to i64
  %instruction_at = getelementptr i8, ptr %frame, i64 {_S["_PyInterpreterFrame.prev_instr"] if _S.has("_PyInterpreterFrame.prev_instr") else 0}
  %instruction = load i64, ptr %instruction_at
  %first = add i64 %code_word, {_S["PyCodeObject.co_code_adaptive"]}
  %head = sub i64 %instruction, %first
  %line = icmp eq i32 %what, 2
  br i1 %line, label %search, label %none
search:
{_LOOK_UP.replace("CAPACITY", str(CAPACITY)).replace("WORDS", str(_WORDS)).replace("%entry", "%search")}
none:
  ret i32 0
found:
  %thread = call ptr @PyThreadState_Get()
  %trace_at = getelementptr i8, ptr %thread, i64 {_S["PyThreadState.c_tracefunc"]}
  store ptr null, ptr %trace_at
{_ENTER}
  %answer = select i1 %raised, i32 -1, i32 0
  ret i32 %answer
}}
"""
