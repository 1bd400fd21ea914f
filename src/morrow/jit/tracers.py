"""Know when somebody watches the program line by line: compiled code sends no events, so it must rest meanwhile.

`find_tracer` asks every thread and every monitoring tool. `watch` learns of a change the moment it happens, from
CPython's audit events (sys.settrace, sys.setprofile, sys.monitoring.*), through a hook in machine code: one in Python
would slow down every audited builtin, `id()` among them, for as long as the process lives.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

from morrow.host import HERE
from morrow.host.structs import structs

_S = structs()
OWN_TOOL = 5
"""sys.monitoring.OPTIMIZER_ID, the number that PEP 669 sets aside for optimizers."""

EAGER_TOOL = 4
"""The tool that counts first calls under -X jit=eager."""

_EVENTS = ("sys.settrace", "sys.setprofile", "sys.monitoring.register_callback")


def find_tracer() -> str:
    """Return what watches the program now, in words, or "" when nothing does."""
    head = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(("PyInterpreterState_ThreadHead", ctypes.pythonapi))
    after = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(("PyThreadState_Next", ctypes.pythonapi))
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Get", ctypes.pythonapi))
    thread = head(get())
    while thread:
        for field, name in (("c_tracefunc", "a trace function"), ("c_profilefunc", "a profile function")):
            if ctypes.c_uint64.from_address(thread + _S["PyThreadState." + field]).value:
                return name
        thread = after(thread)
    if HERE is not None and HERE.has_monitoring:
        for tool in range(6):
            name = sys.monitoring.get_tool(tool)
            if name is not None and not (tool in (OWN_TOOL, EAGER_TOOL) and name.startswith("morrow.")):
                return f"monitoring tool {name!r}"
    return ""


_keep: list[object] = []


def watch(changed: Callable[[], None], load: Callable[[str, dict[str, int], tuple[str, ...]], dict[str, int]]) -> bool:
    """Call *changed* whenever a tracer, profiler or monitoring tool may have been switched on, before it is.

    Args:
        changed: called without arguments, in the thread that switches it on. Must not raise.
        load: turns LLVM text into addresses (see `morrow.jit.llvm`).

    Returns whether the hook is in place: another audit hook may have refused it. It stays for the life of the process.
    """

    def call(name: str) -> None:
        if name in _EVENTS:
            changed()

    imports = {
        "morrow_handler": id(call),
        "morrow_main": ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Main", ctypes.pythonapi))() or 0,
        **{name: _address(name) for name in _NEEDS},
    }
    address = load(_HOOK, imports, ("morrow_audit",))["morrow_audit"]
    add = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(("PySys_AddAuditHook", ctypes.pythonapi))
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(call))  # the hook outlives this module
    _keep.append(call)
    return add(address, None) == 0


_NEEDS = (
    "PyInterpreterState_Get", "PyThreadState_Get", "PyThreadState_EnterTracing", "PyThreadState_LeaveTracing", "PyObject_CallFunction",
    "Py_DecRef", "PyErr_Clear", "PyErr_ExceptionMatches", "PyExc_Exception",
)  # fmt: skip

# What a signal handler raises in the handler (KeyboardInterrupt) is the program's: it comes out of sys.settrace.
# A tracer that is on must not see the handler, which is Python code: CPython does the same for hooks from sys.addaudithook.
# Reads at most seven bytes, one by one, so that it stops at the end of a shorter name.
_HOOK = """
@morrow_handler = external global i8
@morrow_main = external global i8
@format = private constant [2 x i8] c"s\\00"
declare ptr @PyObject_CallFunction(ptr, ptr, ...)
declare void @Py_DecRef(ptr)
declare void @PyErr_Clear()
declare ptr @PyInterpreterState_Get()
declare ptr @PyThreadState_Get()
@PyExc_Exception = external global ptr
declare i32 @PyErr_ExceptionMatches(ptr)
declare void @PyThreadState_EnterTracing(ptr)
declare void @PyThreadState_LeaveTracing(ptr)

define i32 @morrow_audit(ptr %event, ptr %arguments, ptr %data) {
  %b0 = load i8, ptr %event
  %is0 = icmp eq i8 %b0, 115
  br i1 %is0, label %one, label %done
one:
  %p1 = getelementptr i8, ptr %event, i64 1
  %b1 = load i8, ptr %p1
  %is1 = icmp eq i8 %b1, 121
  br i1 %is1, label %two, label %done
two:
  %p2 = getelementptr i8, ptr %event, i64 2
  %b2 = load i8, ptr %p2
  %is2 = icmp eq i8 %b2, 115
  br i1 %is2, label %three, label %done
three:
  %p3 = getelementptr i8, ptr %event, i64 3
  %b3 = load i8, ptr %p3
  %is3 = icmp eq i8 %b3, 46
  br i1 %is3, label %four, label %done
four:
  %p4 = getelementptr i8, ptr %event, i64 4
  %b4 = load i8, ptr %p4
  switch i8 %b4, label %done [ i8 109, label %where
                               i8 115, label %five ]
five:
  %p5 = getelementptr i8, ptr %event, i64 5
  %b5 = load i8, ptr %p5
  %is5 = icmp eq i8 %b5, 101
  br i1 %is5, label %where, label %done
where:
  %interpreter = call ptr @PyInterpreterState_Get()
  %main = icmp eq ptr %interpreter, @morrow_main
  br i1 %main, label %call, label %done
call:
  %thread = call ptr @PyThreadState_Get()
  call void @PyThreadState_EnterTracing(ptr %thread)
  %answer = call ptr (ptr, ptr, ...) @PyObject_CallFunction(ptr @morrow_handler, ptr @format, ptr %event)
  call void @PyThreadState_LeaveTracing(ptr %thread)
  %failed = icmp eq ptr %answer, null
  br i1 %failed, label %look, label %drop
look:
  %class = load ptr, ptr @PyExc_Exception
  %matches = call i32 @PyErr_ExceptionMatches(ptr %class)
  %ours = icmp ne i32 %matches, 0
  br i1 %ours, label %clear, label %pass_on
pass_on:
  ret i32 -1
clear:
  call void @PyErr_Clear()
  br label %done
drop:
  call void @Py_DecRef(ptr %answer)
  br label %done
done:
  ret i32 0
}
"""


def is_main_interpreter() -> bool:
    """Return whether this is the process's first interpreter, the only one that compiles."""
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Get", ctypes.pythonapi))
    main = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Main", ctypes.pythonapi))
    return bool(get() == main())


def evaluates_frames_itself() -> bool:
    """Return whether somebody replaced the interpreter's frame evaluator (PEP 523)."""
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Get", ctypes.pythonapi))
    ask = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(("_PyInterpreterState_GetEvalFrameFunc", ctypes.pythonapi))
    return bool(ask(get()) != _address("_PyEval_EvalFrameDefault"))


def _address(name: str) -> int:
    return ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0


