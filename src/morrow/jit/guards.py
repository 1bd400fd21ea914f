"""Leave compiled code with the interpreter's state rebuilt, natively.

Machine code that cannot go on calls ``morrow_leave`` with a description of the exit (constants made by `emit`) and its
live values; the answer is a *record*: what CPython's frame will hold, boxed. Then one of

    morrow_resume       makes a real frame on the thread's data stack and lets the interpreter run it from the exit's offset
    morrow_write_back   puts the record into the running frame a loop was entered from
    morrow_record_call  is the C function of an object that stands for a compiled callee which left: the *caller* leaves
                        too, with that object in the place of the callee, so the interpreter calls it and every frame is a
                        real one, outermost first

No Python code runs in between, so no signal handler can see a half-built state. The exception of a raising exit travels
in the record. Frames made this way run the function's own code object: tracebacks, ``f_lineno``, ``f_locals``, profilers
and the next attempt at compiling see nothing unusual.

Description of an exit, in 8-byte words: code, instruction pointer, raises, entries of locals, entries of stack, frame size
in words, address of its counter, which of the values (from 1) is an object of an unexpected class and where to note that
class, number of kinds, then one kind per entry. A kind is a code of `ir.SLOTS`, plus, for a
value that is the same as an earlier entry's, 256 * (entry + 1).
Record: description, function, exception (three words), what is left of the recursion limit, the frame object and the dict of
locals to go on with, then locals and stack as the frame holds them.

A call that may run Python code is made under a frame of ours that everybody can see: ``morrow_show`` links one into the
thread before the call; the code that called takes it out again and goes on natively, unless somebody got hold of it
meanwhile (a frame object, a dict of locals) or a tracer was switched on (``morrow_watched``, set by `worker.Worker.rest`).
Then the interpreter goes on behind the call, in a frame that takes over that object and those locals: the exit's kind `shown`.
"""

from __future__ import annotations

from morrow.host import HERE
from morrow.host.structs import structs
from morrow.jit import plain, plain_text, release
from morrow.jit.objects import LIKELY, METADATA, Text, incref, null_in_frames, offset, tagged
from morrow.jit.objects import decref as _decref

CODE, POINTER, RAISES, LOCALS, STACK, FRAME, COUNTER, SUBJECT, CLASS, KINDS, FIRST_KIND = range(11)
REMAINING, FRAME_OBJECT, FRAME_LOCALS = 5, 6, 7  # words of a record: recursion limit left; what somebody holds of a shown frame
HEADER = 8  # words of a record before its entries
# struct _stack_chunk (cpython/pystate.h), the same since 3.11
_CHUNK_PREVIOUS, _CHUNK_SIZE, _CHUNK_TOP, _CHUNK_DATA = 0, 8, 16, 24

EXPORTS = (
    "morrow_leave", "morrow_resume", "morrow_write_back", "morrow_record_call", "morrow_poll", "morrow_box", "morrow_nested", "morrow_watched", "morrow_show",
    "morrow_home", "morrow_unbox", "morrow_compare", "morrow_call", "morrow_truth", "morrow_meet", "morrow_isinstance", "morrow_size", "morrow_let_go", "morrow_slice", "morrow_store_slice", "morrow_keywords", "morrow_super", "morrow_new", "morrow_not_none",
    *release.EXPORTS, *plain_text.EXPORTS,
)  # fmt: skip


def runtime_text() -> str:
    """Return the LLVM module that every compiled function calls into; compiled once per process."""
    assert HERE is not None
    out = Text("r")
    _box(out)
    _leave(out)
    _fill(out)
    if HERE.current_frame == "cframe" and HERE.error_indicator == "triple":
        _resume_frame_object(out)
    else:
        _resume_data_stack(out)
    _write_back(out)
    _record_call(out)
    _poll(out)
    release.runtime(out)
    _show(out)
    _home(out)
    _compare(out)
    _call(out)
    _truth(out)
    _meet(out)
    _isinstance(out)
    _size(out)
    _let_go(out)
    _slice(out)
    _store_slice(out)
    _keywords(out)
    _super(out)
    _new(out)
    names = ("PyFunction_Type", "PyMethod_Type", "PyExc_TypeError", "morrow_class_name", "morrow_no_arguments", "_Py_TrueStruct", "_Py_FalseStruct", "_Py_NoneStruct", "PyRange_Type", "morrow_method")
    out.lines += plain_text.runtime_lines()
    out.declared.update(plain_text.DECLARES)
    head = [f"@{name} = external global i8" for name in (*names, *plain_text.GLOBALS)]
    head += [*release.GLOBALS, "@morrow_nested = global i64 0", "@morrow_watched = global i64 0"]
    text = "__init__() should return None, not '%.200s'"
    head.append(f'@morrow_init_text = internal constant [{len(text) + 1} x i8] c"{text}\\00"')
    head.append('@morrow_capsule = internal constant [14 x i8] c"morrow.record\\00"')
    return "\n".join([*head, *sorted(out.declared), *out.lines]) + "\n" + METADATA


def _word(out: Text, pointer: str, index: int, type: str = "i64") -> str:
    return out.load(type, pointer, 8 * index)


def _box(out: Text) -> None:
    """morrow_box: a new reference to the object that a tag and bits stand for. An object's reference is handed on."""
    out.lines += ["define ptr @morrow_box(i64 %tag, i64 %bits) noinline {", "entry:"]
    out.line("switch i64 %tag, label %object [ i64 0, label %int i64 1, label %float i64 3, label %bool i64 4, label %none ]")
    out.block("int")
    out.line(f"ret ptr {out.call('ptr', 'PyLong_FromLongLong', 'i64 %bits')}")
    out.block("float")
    number = out.let("bitcast i64 %bits to double")
    out.line(f"ret ptr {out.call('ptr', 'PyFloat_FromDouble', f'double {number}')}")
    out.block("bool")
    which = out.let(f"select i1 {out.let('trunc i64 %bits to i1')}, ptr @_Py_TrueStruct, ptr @_Py_FalseStruct")
    incref(out, which)
    out.line(f"ret ptr {which}")
    out.block("none")
    incref(out, "@_Py_NoneStruct")
    out.line("ret ptr @_Py_NoneStruct")
    out.block("object")
    out.line(f"ret ptr {out.let('inttoptr i64 %bits to ptr')}")
    out.lines.append("}")


def _leave(out: Text) -> None:
    """morrow_leave(ts, function, description, values, homes) -> record."""
    out.lines += ["define ptr @morrow_leave(ptr %ts, ptr %func, ptr %desc, ptr %values, ptr %home) noinline cold {", "entry:"]
    out.line("%place = alloca i64")
    out.line("%value = alloca i64")
    out.line("%e1 = alloca ptr")
    out.line("%e2 = alloca ptr")
    out.line("%e3 = alloca ptr")
    out.line("%vector = alloca [4 x ptr]")
    counter = _word(out, "%desc", COUNTER, "ptr")
    out.store("i64", out.let(f"add i64 {out.load('i64', counter)}, 1"), counter)
    subject = _word(out, "%desc", SUBJECT)
    out.branch(out.let(f"icmp eq i64 {subject}, 0"), "known", "met")
    out.block("met")
    values = out.let(f"getelementptr i64, ptr %values, i64 {out.let(f'sub i64 {subject}, 1')}")
    out.line(f"call void @morrow_meet(ptr {_word(out, '%desc', CLASS, 'ptr')}, ptr {out.load('ptr', values)})")
    out.line("br label %known")
    out.block("known")
    count = _word(out, "%desc", KINDS)
    size = out.let(f"mul i64 {out.let(f'add i64 {count}, {HEADER}')}, 8")
    record = out.call("ptr", "PyMem_Malloc", f"i64 {size}")
    out.store("ptr", "%desc", record)
    incref(out, "%func")
    out.store("ptr", "%func", record, 8)
    for word in (2, 3, 4, FRAME_OBJECT, FRAME_LOCALS):
        out.store("ptr", "null", record, 8 * word)
    left = "recursion_remaining" if HERE.error_indicator == "triple" else "py_recursion_remaining"  # type: ignore[union-attr]
    out.store("i32", out.load("i32", "%ts", offset("PyThreadState." + left)), record, 8 * REMAINING)
    raising = out.let(f"icmp ne i64 {_word(out, '%desc', RAISES)}, 0")
    out.branch(raising, "fetch", "start")
    out.block("fetch")
    if HERE.error_indicator == "triple":  # type: ignore[union-attr]
        out.call("void", "PyErr_Fetch", "ptr %e1", "ptr %e2", "ptr %e3")
        for word, cell in ((2, "%e1"), (3, "%e2"), (4, "%e3")):
            out.store("ptr", out.load("ptr", cell), record, 8 * word)
    else:
        out.store("ptr", out.call("ptr", "PyErr_GetRaisedException"), record, 16)
    out.line("br label %start")
    out.block("start")
    out.store("i64", "0", "%place")
    out.store("i64", "0", "%value")
    out.line("br label %next")
    out.block("next")
    at = out.load("i64", "%place")
    out.branch(out.let(f"icmp ult i64 {at}, {count}"), "one", "finish")
    out.block("finish")
    out.line(f"ret ptr {record}")
    out.block("one")
    kinds = out.at("%desc", 8 * FIRST_KIND)
    whole = out.load("i64", out.let(f"getelementptr i64, ptr {kinds}, i64 {at}"))
    kind = out.let(f"and i64 {whole}, 255")
    same = out.let(f"lshr i64 {whole}, 8")
    v = out.load("i64", "%value")
    where = out.let(f"getelementptr i64, ptr %values, i64 {v}")
    out.branch(out.let(f"icmp ne i64 {same}, 0"), "again", "fresh")
    out.block("again")
    entries = out.at(record, 8 * HEADER)
    first = out.load("ptr", out.let(f"getelementptr i64, ptr {entries}, i64 {out.let(f'sub i64 {same}, 1')}"))
    incref(out, first)
    out.line("br label %put0")
    out.block("fresh")
    cases = {0: "put0", 1: "int", 2: "float", 3: "bool", 4: "none", 5: "own", 6: "borrowed", 7: "dyn", 8: "range", 9: "record", 10: "home", 11: "shown"}
    table = " ".join(f"i64 {code}, label %{'unset' if code == 0 else 'k_' + name}" for code, name in cases.items())
    out.line(f"switch i64 {kind}, label %unset [ {table} ]")
    out.block("unset")
    out.line("br label %put0")
    results = [("null", "unset", 0), (first, "again", 0)]

    def done(pointer: str, used: int) -> None:
        results.append((pointer, out.label, used))
        out.line("br label %put0")

    out.block("k_int")
    done(out.call("ptr", "PyLong_FromLongLong", f"i64 {out.load('i64', where)}"), 1)
    out.block("k_float")
    done(out.call("ptr", "PyFloat_FromDouble", f"double {out.load('double', where)}"), 1)
    out.block("k_bool")
    done(out.let(f"call ptr @morrow_box(i64 3, i64 {out.load('i64', where)})"), 1)
    out.block("k_none")
    done(out.let("call ptr @morrow_box(i64 4, i64 0)"), 0)
    out.block("k_own")
    done(out.load("ptr", where), 1)
    out.block("k_borrowed")
    borrowed = out.load("ptr", where)
    incref(out, borrowed)
    done(borrowed, 1)
    out.block("k_dyn")
    tag = out.load("i64", where)
    out.branch(out.let(f"icmp eq i64 {tag}, 6"), "dyn_unset", "dyn_set")
    out.block("dyn_unset")
    done("null", 2)
    out.block("dyn_set")
    bits = out.load("i64", where, 8)
    done(out.let(f"call ptr @morrow_box(i64 {tag}, i64 {bits})"), 2)
    out.block("k_home")
    home = out.let(f"getelementptr {{i64, i64}}, ptr %home, i64 {at}")
    home_tag = out.load("i64", home)
    out.branch(out.let(f"icmp eq i64 {home_tag}, 6"), "home_unset", "home_set")
    out.block("home_unset")
    done("null", 0)
    out.block("home_set")
    home_bits = out.load("i64", home, 8)
    done(out.let(f"call ptr @morrow_box(i64 {home_tag}, i64 {home_bits})"), 0)
    out.block("k_shown")
    shown = out.load("ptr", where)
    for word, name in ((FRAME_OBJECT, "frame_obj"), (FRAME_LOCALS, "f_locals")):
        out.store("ptr", out.load("ptr", shown, offset("_PyInterpreterFrame." + name)), record, 8 * word)
    place = out.at(shown, offset("_PyInterpreterFrame.localsplus"))
    held = out.load("ptr", out.let(f"getelementptr ptr, ptr {place}, i64 {at}"))
    if HERE.stack_tags:  # type: ignore[union-attr]
        bits = out.let(f"ptrtoint ptr {held} to i64")
        plain = out.let(f"inttoptr i64 {out.let(f'and i64 {bits}, -4')} to ptr")
        empty_ = out.let(f"icmp eq ptr {plain}, null")
        lent = out.let(f"icmp ne i64 {out.let(f'and i64 {bits}, 1')}, 0")
        take = out.let(f"and i1 {lent}, {out.let(f'xor i1 {empty_}, true')}")
        out.branch(take, "shown_lent", "shown_done")
        out.block("shown_lent")
        incref(out, plain)
        out.line("br label %shown_done")
        out.block("shown_done")
        held = plain
    done(held, 1)
    out.block("k_range")
    numbers = [out.call("ptr", "PyLong_FromLongLong", f"i64 {out.load('i64', where, 8 * n)}") for n in range(3)]
    for n, number in enumerate(numbers):
        out.store("ptr", number, "%vector", 8 * n)
    made = out.call("ptr", "PyObject_Vectorcall", "ptr @PyRange_Type", "ptr %vector", "i64 3", "ptr null")
    iterator = out.call("ptr", "PyObject_GetIter", f"ptr {made}")
    for pointer in (*numbers, made):
        out.call("void", "Py_DecRef", f"ptr {pointer}")
    done(iterator, 3)
    out.block("k_record")
    capsule = out.call("ptr", "PyCapsule_New", f"ptr {out.load('ptr', where)}", "ptr @morrow_capsule", "ptr null")
    function = out.call("ptr", "PyCFunction_NewEx", "ptr @morrow_method", f"ptr {capsule}", "ptr null")
    out.call("void", "Py_DecRef", f"ptr {capsule}")
    done(function, 1)
    out.block("put0")
    pointer = out.let("phi ptr " + ", ".join(f"[ {p}, %{label} ]" for p, label, _ in results))
    used = out.let("phi i64 " + ", ".join(f"[ {n}, %{label} ]" for _, label, n in results))
    out.store("i64", out.let(f"add i64 {v}, {used}"), "%value")
    entries = out.at(record, 8 * HEADER)
    out.line(f"store ptr {pointer}, ptr {out.let(f'getelementptr i64, ptr {entries}, i64 {at}')}")
    out.store("i64", out.let(f"add i64 {at}, 1"), "%place")
    out.line("br label %next")
    out.lines.append("}")


def _fill(out: Text) -> None:
    """morrow_fill(frame, record): locals, stack, stack pointer and instruction pointer of a frame; frees nothing."""
    out.lines += ["define internal void @morrow_fill(ptr %frame, ptr %record) noinline {", "entry:"]
    desc = out.load("ptr", "%record")
    count = _word(out, desc, KINDS)
    locals_ = out.at("%frame", offset("_PyInterpreterFrame.localsplus"))
    entries = out.at("%record", 8 * HEADER)
    out.line("br label %next")
    out.block("next")
    out.line("%at = phi i64 [ 0, %entry ], [ %then, %put ]")
    out.branch(out.let(f"icmp ult i64 %at, {count}"), "one", "finish")
    out.block("one")
    pointer = out.load("ptr", out.let(f"getelementptr i64, ptr {entries}, i64 %at"))
    out.branch(out.let(f"icmp eq ptr {pointer}, null"), "none", "some")
    out.block("none")
    out.line("br label %put")
    out.block("some")
    held = tagged(out, pointer)
    out.line("br label %put")
    out.block("put")
    empty = f"inttoptr (i64 {null_in_frames()} to ptr)"
    both = out.let(f"phi ptr [ {empty}, %none ], [ {held}, %some ]")
    out.line(f"store ptr {both}, ptr {out.let(f'getelementptr i64, ptr {locals_}, i64 %at')}")
    out.line("%then = add i64 %at, 1")
    out.line("br label %next")
    out.block("finish")
    if HERE.stack_tags:  # type: ignore[union-attr]
        top = out.let(f"getelementptr i64, ptr {locals_}, i64 {count}")
        out.store("ptr", top, "%frame", offset("_PyInterpreterFrame.stackpointer"))
    else:
        out.store("i32", out.let(f"trunc i64 {count} to i32"), "%frame", offset("_PyInterpreterFrame.stacktop"))
    out.store("ptr", _word(out, desc, POINTER, "ptr"), "%frame", pointer_offset())
    out.line("ret void")
    out.lines.append("}")


def pointer_offset() -> int:
    """Offset of a frame's instruction pointer."""
    field = "instr_ptr" if HERE.current_frame == "thread" else "prev_instr"  # type: ignore[union-attr]
    return offset(f"_PyInterpreterFrame.{field}")


def _restore_exception(out: Text, record: str) -> None:
    if HERE.error_indicator == "triple":  # type: ignore[union-attr]
        three = [_word(out, record, word, "ptr") for word in (2, 3, 4)]
        out.call("void", "PyErr_Restore", *(f"ptr {e}" for e in three))
    else:
        out.call("void", "PyErr_SetRaisedException", f"ptr {_word(out, record, 2, 'ptr')}")


def _evaluate(out: Text, frame: str, throw: str) -> str:
    """Let the interpreter run a frame made here; return the name of the result.

    The host would have run it without another level of C calls. So the level does not count against its limit on those;
    `morrow_nested`, which counts them over all threads, makes entries give way to the interpreter before they get many.
    """
    nested = "@morrow_nested"
    out.store("i64", out.let(f"add i64 {out.load('i64', nested)}, 1"), nested)
    count_c_calls(out, "%ts", 1)
    result = out.call("ptr", "_PyEval_EvalFrameDefault", "ptr %ts", f"ptr {frame}", f"i32 {throw}")
    count_c_calls(out, "%ts", -1)
    out.store("i64", out.let(f"sub i64 {out.load('i64', nested)}, 1"), nested)
    return result


def count_c_calls(out: Text, ts: str, change: int | str) -> None:
    """Give back (or take again) one level of the host's own limit on C calls, where it counts them (3.12 and 3.13)."""
    if structs().has("PyThreadState.c_recursion_remaining"):
        field = offset("PyThreadState.c_recursion_remaining")
        out.store("i32", out.let(f"add i32 {out.load('i32', ts, field)}, {change}"), ts, field)


def _resume_data_stack(out: Text) -> None:
    """morrow_resume(ts, record) -> result: a frame on the data stack, as _PyThreadState_PushFrame and
    _PyFrame_Initialize make it; the interpreter clears and pops it (ceval.c, RETURN_VALUE and exit_unwind)."""
    F = "_PyInterpreterFrame."
    out.lines += ["define ptr @morrow_resume(ptr %ts, ptr %record) noinline {", "entry:"]
    desc = out.load("ptr", "%record")
    func = _word(out, "%record", 1, "ptr")
    size = out.let(f"mul i64 {_word(out, desc, FRAME)}, 8")
    top = out.load("ptr", "%ts", offset("PyThreadState.datastack_top"))
    limit = out.load("i64", "%ts", offset("PyThreadState.datastack_limit"))
    after = out.let(f"getelementptr i8, ptr {top}, i64 {size}")
    fits = out.let(f"icmp ult i64 {out.let(f'ptrtoint ptr {after} to i64')}, {limit}")
    some = out.let(f"icmp ne ptr {top}, null")
    out.branch(out.let(f"and i1 {fits}, {some}"), "room", "full", LIKELY)
    out.block("room")
    out.store("ptr", after, "%ts", offset("PyThreadState.datastack_top"))
    out.line("br label %have")
    out.block("full")
    chunk = out.let(f"call ptr @morrow_chunk(ptr %ts, i64 {size})")
    out.line("br label %have")
    out.block("have")
    frame = out.let(f"phi ptr [ {top}, %room ], [ {chunk}, %full ]")
    code = _word(out, desc, CODE, "ptr")
    incref(out, code)
    out.store("ptr", tagged(out, code), frame, offset(F + ("f_executable" if HERE.current_frame == "thread" else "f_code")))  # type: ignore[union-attr]
    out.store("ptr", tagged(out, func), frame, offset(F + "f_funcobj"))
    out.store("ptr", "null", frame, offset(F + "previous"))
    for field in ("globals", "builtins"):
        out.store("ptr", out.load("ptr", func, offset(f"PyFunctionObject.func_{field}")), frame, offset(f"{F}f_{field}"))
    out.store("ptr", _word(out, "%record", FRAME_LOCALS, "ptr"), frame, offset(F + "f_locals"))
    object_ = _word(out, "%record", FRAME_OBJECT, "ptr")
    out.store("ptr", object_, frame, offset(F + "frame_obj"))
    out.store("i16", "0", frame, offset(F + "return_offset"))
    out.store("i8", str(offset("FRAME_OWNED_BY_THREAD")), frame, offset(F + "owner"))
    if HERE.stack_tags:  # type: ignore[union-attr]
        out.store("i8", "0", frame, offset(F + "visited"))
    out.line(f"call void @morrow_fill(ptr {frame}, ptr %record)")
    out.branch(out.let(f"icmp eq ptr {object_}, null"), "unseen", "seen", LIKELY)
    out.block("seen")
    out.store("ptr", frame, object_, offset("PyFrameObject.f_frame"))
    out.line("br label %unseen")
    out.block("unseen")
    raises = _word(out, desc, RAISES)
    out.branch(out.let(f"icmp ne i64 {raises}, 0"), "raise", "run")
    out.block("raise")
    _restore_exception(out, "%record")
    out.line("br label %run")
    out.block("run")
    out.call("void", "PyMem_Free", "ptr %record")
    throw = out.let(f"trunc i64 {raises} to i32")
    out.line(f"ret ptr {_evaluate(out, frame, throw)}")
    out.lines.append("}")
    _chunk(out)


def _chunk(out: Text) -> None:
    """morrow_chunk(ts, size): more data stack (pystate.c, push_chunk); PopFrame gives it back to the arena allocator."""
    T = "PyThreadState.datastack_"
    out.lines += ["define internal ptr @morrow_chunk(ptr %ts, i64 %size) noinline cold {", "entry:"]
    out.line("%allocator = alloca [3 x ptr]")
    double = out.let("mul i64 %size, 2")
    least = 16 * 1024
    big = out.let(f"icmp ugt i64 {double}, {least}")
    amount = out.let(f"select i1 {big}, i64 {double}, i64 {least}")
    out.call("void", "PyObject_GetArenaAllocator", "ptr %allocator")
    context = out.load("ptr", "%allocator")
    allocate = out.load("ptr", "%allocator", 8)
    chunk = out.let(f"call ptr {allocate}(ptr {context}, i64 {amount})")
    old = out.load("ptr", "%ts", offset(T + "chunk"))
    out.branch(out.let(f"icmp eq ptr {old}, null"), "first", "later")
    out.block("later")
    top = out.let(f"ptrtoint ptr {out.load('ptr', '%ts', offset(T + 'top'))} to i64")
    base = out.let(f"ptrtoint ptr {out.at(old, _CHUNK_DATA)} to i64")
    out.store("i64", out.let(f"ashr i64 {out.let(f'sub i64 {top}, {base}')}, 3"), old, _CHUNK_TOP)
    out.line("br label %set")
    out.block("first")
    out.line("br label %set")
    out.block("set")
    # the root chunk skips one word, so that no frame is at its start and popping never frees it
    skip = out.let("phi i64 [ 8, %first ], [ 0, %later ]")
    out.store("ptr", old, chunk, _CHUNK_PREVIOUS)
    out.store("i64", amount, chunk, _CHUNK_SIZE)
    out.store("i64", "0", chunk, _CHUNK_TOP)
    out.store("ptr", chunk, "%ts", offset(T + "chunk"))
    out.store("ptr", out.at(chunk, amount), "%ts", offset(T + "limit"))
    frame = out.at(out.at(chunk, _CHUNK_DATA), skip)
    out.store("ptr", out.at(frame, "%size"), "%ts", offset(T + "top"))
    out.line(f"ret ptr {frame}")
    out.lines.append("}")


def _resume_frame_object(out: Text) -> None:
    """morrow_resume on 3.11, where the interpreter leaves clearing to its caller and exports nothing that does it: a
    frame object's own memory is the frame, marked as a running one (frameobject.c, frame_dealloc and take_ownership)."""
    F = "_PyInterpreterFrame."
    out.lines += ["define ptr @morrow_resume(ptr %ts, ptr %record) noinline {", "entry:"]
    desc = out.load("ptr", "%record")
    func = _word(out, "%record", 1, "ptr")
    code = _word(out, desc, CODE, "ptr")
    globals_ = out.load("ptr", func, offset("PyFunctionObject.func_globals"))
    held = _word(out, "%record", FRAME_OBJECT, "ptr")
    out.branch(out.let(f"icmp eq ptr {held}, null"), "unseen", "seen", LIKELY)
    out.block("unseen")
    new = out.call("ptr", "PyFrame_New", "ptr %ts", f"ptr {code}", f"ptr {globals_}", "ptr null")
    fresh = out.load("ptr", new, offset("PyFrameObject.f_frame"))
    stock = out.load("ptr", fresh, offset(F + "f_func"))
    out.call("void", "Py_DecRef", f"ptr {stock}")
    out.line("br label %have")
    out.block("seen")
    # the frame object that somebody got of the shown frame: from now on its own memory is the frame
    kept_ = out.at(held, offset("PyFrameObject.sizeof") - 8)
    out.store("ptr", kept_, held, offset("PyFrameObject.f_frame"))
    incref(out, code)
    out.store("ptr", code, kept_, offset(F + "f_code"))
    out.store("ptr", globals_, kept_, offset(F + "f_globals"))
    out.store("ptr", "null", kept_, offset(F + "previous"))
    out.line("br label %have")
    out.block("have")
    object_ = out.let(f"phi ptr [ {new}, %unseen ], [ {held}, %seen ]")
    frame = out.let(f"phi ptr [ {fresh}, %unseen ], [ {kept_}, %seen ]")
    out.store("ptr", func, frame, offset(F + "f_func"))
    out.store("ptr", _word(out, "%record", FRAME_LOCALS, "ptr"), frame, offset(F + "f_locals"))
    out.store("ptr", out.load("ptr", func, offset("PyFunctionObject.func_builtins")), frame, offset(F + "f_builtins"))
    out.store("ptr", object_, frame, offset(F + "frame_obj"))
    out.store("i8", str(offset("FRAME_OWNED_BY_THREAD")), frame, offset(F + "owner"))
    out.line(f"call void @morrow_fill(ptr {frame}, ptr %record)")
    raises = _word(out, desc, RAISES)
    out.branch(out.let(f"icmp ne i64 {raises}, 0"), "raise", "run")
    out.block("raise")
    _restore_exception(out, "%record")
    out.line("br label %run")
    out.block("run")
    out.call("void", "PyMem_Free", "ptr %record")
    throw = out.let(f"trunc i64 {raises} to i32")
    result = _evaluate(out, frame, throw)
    out.store("i8", str(offset("FRAME_OWNED_BY_FRAME_OBJECT")), frame, offset(F + "owner"))
    out.store("ptr", "null", frame, offset(F + "frame_obj"))
    kept = out.let(f"icmp ugt i64 {out.load('i64', object_)}, 1")
    out.branch(kept, "keep", "drop")
    out.block("keep")
    # somebody holds the frame (a traceback): it must know its caller once the chain of running frames is gone
    tracked = out.call("i32", "PyObject_GC_IsTracked", f"ptr {object_}")
    out.branch(out.let(f"icmp eq i32 {tracked}, 0"), "track", "tracked")
    out.block("track")
    out.call("void", "PyObject_GC_Track", f"ptr {object_}")
    out.line("br label %tracked")
    out.block("tracked")
    back = out.load("ptr", object_, offset("PyFrameObject.f_back"))
    out.branch(out.let(f"icmp eq ptr {back}, null"), "link", "linked")
    out.block("link")
    caller = out.call("ptr", "PyFrame_GetBack", f"ptr {object_}")
    out.store("ptr", caller, object_, offset("PyFrameObject.f_back"))
    out.line("br label %linked")
    out.block("linked")
    out.store("ptr", "null", frame, offset(F + "previous"))
    out.line("br label %drop")
    out.block("drop")
    _decref(out, object_)
    out.line(f"ret ptr {result}")
    out.lines.append("}")


def _write_back(out: Text) -> None:
    """morrow_write_back(frame, record) -> 1, or 2 with an exception set, for a loop entered from a running frame."""
    out.lines += ["define i32 @morrow_write_back(ptr %frame, ptr %record) noinline cold {", "entry:"]
    desc = out.load("ptr", "%record")
    out.line("call void @morrow_fill(ptr %frame, ptr %record)")
    if HERE.current_frame == "cframe":  # type: ignore[union-attr]
        # an event's callback is told the next instruction through prev_instr, a fresh frame the one before it
        ahead = out.let(f"select i1 {out.let(f'icmp ne i64 {_word(out, desc, RAISES)}, 0')}, i64 0, i64 2")
        out.store("ptr", out.at(out.load("ptr", "%frame", pointer_offset()), ahead), "%frame", pointer_offset())
    _decref(out, _word(out, "%record", 1, "ptr"))
    raises = out.let(f"icmp ne i64 {_word(out, desc, RAISES)}, 0")
    out.branch(raises, "raise", "plain")
    out.block("raise")
    _restore_exception(out, "%record")
    out.call("void", "PyMem_Free", "ptr %record")
    out.line("ret i32 2")
    out.block("plain")
    out.call("void", "PyMem_Free", "ptr %record")
    out.line("ret i32 1")
    out.lines.append("}")


def _record_call(out: Text) -> None:
    """morrow_record_call(self, args, nargs, kwnames): go on with the callee whose record the capsule self holds."""
    out.lines += ["define ptr @morrow_record_call(ptr %self, ptr %args, i64 %nargs, ptr %kwnames) {", "entry:"]
    record = out.call("ptr", "PyCapsule_GetPointer", "ptr %self", "ptr @morrow_capsule")
    ts = out.call("ptr", "PyThreadState_Get")
    counted = HERE.error_indicator == "triple"  # type: ignore[union-attr]
    if counted:
        # 3.11 may count calling a C function as a level of recursion (methodobject.c, cfunction_enter_call) or, specialised,
        # may not: the callee goes on with what was left when it was called
        field = offset("PyThreadState.recursion_remaining")
        now = out.load("i32", ts, field)
        out.store("i32", out.load("i32", record, 8 * REMAINING), ts, field)
    count_c_calls(out, ts, 1)
    out.line(f"%result = call ptr @morrow_resume(ptr {ts}, ptr {record})")
    count_c_calls(out, ts, -1)
    if counted:
        out.store("i32", now, ts, field)
    out.line("ret ptr %result")
    out.lines.append("}")


def breaker(out: Text, ts: str) -> str:
    """Return an i64 that is 0 unless the interpreter has something to do between two instructions."""
    if HERE.eval_breaker == "thread":  # type: ignore[union-attr]
        word = out.let(f"load atomic i64, ptr {out.at(ts, offset('PyThreadState.eval_breaker'))} monotonic, align 8")
        return out.let(f"and i64 {word}, {offset('_PY_EVAL_EVENTS_MASK')}")
    interpreter = out.load("ptr", ts, offset("PyThreadState.interp"))
    where = out.at(interpreter, offset("PyInterpreterState.ceval.eval_breaker"))
    return out.let(f"zext i32 {out.let(f'load atomic i32, ptr {where} monotonic, align 4')} to i64")


def _poll(out: Text) -> None:
    """morrow_poll(ts) -> 0 to go on, 1 to leave: let another thread have the GIL; leave for anything else that is due.

    Only where the host can say what is due (3.13+) garbage is collected from here too; signal handlers, pending calls and
    asynchronous exceptions need the real frame, so they are the interpreter's.
    """
    out.lines += ["define i32 @morrow_poll(ptr %ts) noinline cold {", "entry:"]
    if HERE.eval_breaker == "thread":  # type: ignore[union-attr]
        first = breaker(out, "%ts")
        ours = offset("_PY_GIL_DROP_REQUEST_BIT") | offset("_PY_GC_SCHEDULED_BIT")
        rest = out.let(f"and i64 {first}, {255 & ~ours}")
        out.branch(out.let(f"icmp eq i64 {rest}, 0"), "handle", "leave")
        out.block("handle")
        out.call("i32", "_Py_HandlePending", "ptr %ts")
        out.line("br label %look")
    else:
        saved = out.call("ptr", "PyEval_SaveThread")
        out.call("void", "PyEval_RestoreThread", f"ptr {saved}")
        out.line("br label %look")
    out.block("look")
    out.branch(out.let(f"icmp eq i64 {breaker(out, '%ts')}, 0"), "go", "leave")
    out.block("go")
    out.line("ret i32 0")
    out.block("leave")
    out.line("ret i32 1")
    out.lines.append("}")


def current_frame(out: Text, ts: str) -> str:
    """Return the address of the word that points to the thread's current frame."""
    if HERE.current_frame == "thread":  # type: ignore[union-attr]
        return out.at(ts, offset("PyThreadState.current_frame"))
    return out.at(out.load("ptr", ts, offset("PyThreadState.cframe")), offset("_PyCFrame.current_frame"))


def _show(out: Text) -> None:
    """morrow_show(ts, function, description) -> a frame for what is running, linked as the current one, its locals still to
    be filled in; null if the data stack's chunk is full. Description: code, instruction pointer, frame size in words, locals.

    Code and function are borrowed: whoever takes the frame over (morrow_resume) makes another one with references of its own.
    """
    F = "_PyInterpreterFrame."
    out.lines += ["define ptr @morrow_show(ptr %ts, ptr %func, ptr %desc) noinline {", "entry:"]
    size = out.let(f"mul i64 {_word(out, '%desc', 2)}, 8")
    top = out.load("ptr", "%ts", offset("PyThreadState.datastack_top"))
    limit = out.load("i64", "%ts", offset("PyThreadState.datastack_limit"))
    after = out.let(f"getelementptr i8, ptr {top}, i64 {size}")
    fits = out.let(f"icmp ult i64 {out.let(f'ptrtoint ptr {after} to i64')}, {limit}")
    some = out.let(f"icmp ne ptr {top}, null")
    out.branch(out.let(f"and i1 {fits}, {some}"), "room", "full", LIKELY)
    out.block("full")
    out.line("ret ptr null")
    out.block("room")
    out.store("ptr", after, "%ts", offset("PyThreadState.datastack_top"))
    code = _word(out, "%desc", 0, "ptr")
    out.store("ptr", tagged(out, code), top, offset(F + ("f_executable" if HERE.current_frame == "thread" else "f_code")))  # type: ignore[union-attr]
    function = "f_func" if HERE.error_indicator == "triple" else "f_funcobj"  # type: ignore[union-attr]
    out.store("ptr", tagged(out, "%func"), top, offset(F + function))
    for field in ("globals", "builtins"):
        out.store("ptr", out.load("ptr", "%func", offset(f"PyFunctionObject.func_{field}")), top, offset(f"{F}f_{field}"))
    out.store("ptr", "null", top, offset(F + "f_locals"))
    out.store("ptr", "null", top, offset(F + "frame_obj"))
    out.store("ptr", _word(out, "%desc", 1, "ptr"), top, pointer_offset())
    count = _word(out, "%desc", 3)
    if HERE.stack_tags:  # type: ignore[union-attr]
        base = out.at(top, offset(F + "localsplus"))
        out.store("ptr", out.let(f"getelementptr i64, ptr {base}, i64 {count}"), top, offset(F + "stackpointer"))
        out.store("i8", "0", top, offset(F + "visited"))
    else:
        out.store("i32", out.let(f"trunc i64 {count} to i32"), top, offset(F + "stacktop"))
    if HERE.error_indicator == "triple":  # type: ignore[union-attr]
        out.store("i8", "0", top, offset(F + "is_entry"))
    else:
        out.store("i16", "0", top, offset(F + "return_offset"))
    out.store("i8", str(offset("FRAME_OWNED_BY_THREAD")), top, offset(F + "owner"))
    where = current_frame(out, "%ts")
    out.store("ptr", out.load("ptr", where), top, offset(F + "previous"))
    out.store("ptr", top, where)
    out.line(f"ret ptr {top}")
    out.lines.append("}")


def _home(out: Text) -> None:
    """morrow_home(homes, place) -> the object a local kept in memory stands for, made there if need be; null if unbound.
    morrow_unbox(tag, object): drop an object that morrow_box made; one that was handed on is still whose it was."""
    out.lines += ["define ptr @morrow_home(ptr %homes, i64 %place) noinline {", "entry:"]
    home = out.let("getelementptr {i64, i64}, ptr %homes, i64 %place")
    tag = out.load("i64", home)
    out.branch(out.let(f"icmp eq i64 {tag}, 6"), "unset", "set")
    out.block("unset")
    out.line("ret ptr null")
    out.block("set")
    bits = out.load("i64", home, 8)
    made = out.let(f"call ptr @morrow_box(i64 {tag}, i64 {bits})")
    out.store("i64", "2", home)
    out.store("ptr", made, home, 8)
    out.line(f"ret ptr {made}")
    out.lines.append("}")
    out.lines += ["define void @morrow_unbox(i64 %tag, ptr %made) noinline {", "entry:"]
    keep = out.let("icmp eq i64 %tag, 2")
    unset = out.let("icmp eq i64 %tag, 6")
    out.branch(out.let(f"or i1 {keep}, {unset}"), "done", "drop")
    out.block("drop")
    out.call("void", "Py_DecRef", "ptr %made")
    out.line("br label %done")
    out.block("done")
    out.line("ret void")
    out.lines.append("}")


def _compare(out: Text) -> None:
    """morrow_compare(a, b, how) -> truth of a comparison, -1 if it raised. PyObject_RichCompareBool takes identity for equality."""
    out.lines += ["define i32 @morrow_compare(ptr %a, ptr %b, i64 %how) noinline {", "entry:"]
    answer = out.call("ptr", "PyObject_RichCompare", "ptr %a", "ptr %b", "i64 %how")
    out.branch(out.let(f"icmp eq ptr {answer}, null"), "raised", "truth")
    out.block("raised")
    out.line("ret i32 -1")
    out.block("truth")
    truth = out.call("i32", "PyObject_IsTrue", f"ptr {answer}")
    out.call("void", "Py_DecRef", f"ptr {answer}")
    out.line(f"ret i32 {truth}")
    out.lines.append("}")


def _call(out: Text) -> None:
    """morrow_call(ts, callable, args, nargs, kwnames): PyObject_Vectorcall, not counting a Python function as a level of C."""
    out.lines += ["define ptr @morrow_call(ptr %ts, ptr %callable, ptr %args, i64 %nargs, ptr %names) noinline {", "entry:"]
    cls = out.load("ptr", "%callable", offset("PyObject.ob_type"))
    either = out.let(f"or i1 {out.let(f'icmp eq ptr {cls}, @PyFunction_Type')}, {out.let(f'icmp eq ptr {cls}, @PyMethod_Type')}")
    level = out.let(f"zext i1 {either} to i32")
    count_c_calls(out, "%ts", level)
    result = out.call("ptr", "PyObject_Vectorcall", "ptr %callable", "ptr %args", "i64 %nargs", "ptr %names")
    count_c_calls(out, "%ts", out.let(f"sub i32 0, {level}"))
    out.line(f"ret ptr {result}")
    out.lines.append("}")


def _truth(out: Text) -> None:
    """morrow_truth(object) -> 0, 1, or 2 if only Python code could tell."""
    T = "PyTypeObject."
    out.lines += ["define i32 @morrow_truth(ptr %object) noinline {", "entry:"]
    cls = out.load("ptr", "%object", offset("PyObject.ob_type"))
    out.branch(out.let("icmp eq ptr %object, @_Py_NoneStruct"), "no", "some")
    out.block("some")
    known = out.let(f"call i64 @morrow_plain_known(ptr {cls})")
    out.branch(out.let(f"icmp ne i64 {out.let(f'and i64 {known}, {plain.TRUTHS}')}, 0"), "ask", "other")
    out.block("other")
    flags = out.load("i64", cls, offset(T + "tp_flags"))
    heap_flag = offset("Py_TPFLAGS_HEAPTYPE")
    heap = out.let(f"icmp ne i64 {out.let(f'and i64 {flags}, {heap_flag}')}, 0")
    out.branch(heap, "class", "unknown")
    out.block("class")
    slots = []
    for table, name in (("PyNumberMethods", "tp_as_number.nb_bool"), ("PyMappingMethods", "tp_as_mapping.mp_length"), ("PySequenceMethods", "tp_as_sequence.sq_length")):
        field, slot = name.split(".")
        # a class made by a class statement has all three tables
        slots.append(out.let(f"ptrtoint ptr {out.load('ptr', out.load('ptr', cls, offset(T + field)), offset(f'{table}.{slot}'))} to i64"))
    any_ = out.let(f"or i64 {out.let(f'or i64 {slots[0]}, {slots[1]}')}, {slots[2]}")
    out.branch(out.let(f"icmp eq i64 {any_}, 0"), "yes", "unknown")
    out.block("ask")
    out.line(f"ret i32 {out.call('i32', 'PyObject_IsTrue', 'ptr %object')}")
    for label, answer in (("no", 0), ("yes", 1), ("unknown", 2)):
        out.block(label)
        out.line(f"ret i32 {answer}")
    out.lines.append("}")


MET = 6
"""Classes that are noted per place; what comes later is not."""


def _meet(out: Text) -> None:
    """morrow_meet(place, object): note the object's class among the `MET` words of a place, if it is not there and room is left."""
    out.lines += ["define void @morrow_meet(ptr %place, ptr %object) noinline cold {", "entry:"]
    cls = out.load("ptr", "%object", offset("PyObject.ob_type"))
    out.line("br label %try0")
    for number in range(MET):
        out.block(f"try{number}")
        known = out.load("ptr", "%place", 8 * number)
        out.branch(out.let(f"icmp eq ptr {known}, {cls}"), "done", f"free{number}")
        out.block(f"free{number}")
        out.branch(out.let(f"icmp eq ptr {known}, null"), f"put{number}", f"try{number + 1}" if number + 1 < MET else "done")
        out.block(f"put{number}")
        out.store("ptr", cls, "%place", 8 * number)
        out.line("br label %done")
    out.block("done")
    out.line("ret void")
    out.lines.append("}")


def _isinstance(out: Text) -> None:
    """morrow_isinstance(object, class whose metaclass is type) -> 0, 1, or 2 if the object may say otherwise about its class
    (abstract.c, object_isinstance: after its type, ``__class__`` is looked at)."""
    out.lines += ["define i32 @morrow_isinstance(ptr %object, ptr %wanted) noinline {", "entry:"]
    cls = out.load("ptr", "%object", offset("PyObject.ob_type"))
    out.branch(out.let(f"icmp eq ptr {cls}, %wanted"), "yes", "other")
    out.block("other")
    derived = out.call("i32", "PyType_IsSubtype", f"ptr {cls}", "ptr %wanted")
    out.branch(out.let(f"icmp ne i32 {derived}, 0"), "yes", "perhaps")
    out.block("perhaps")
    flags = out.load("i64", cls, offset("PyTypeObject.tp_flags"))
    heap_flag = offset("Py_TPFLAGS_HEAPTYPE")
    heap = out.let(f"icmp ne i64 {out.let(f'and i64 {flags}, {heap_flag}')}, 0")
    out.branch(heap, "heap", "no")
    out.block("heap")
    plain = out.let(f"icmp eq ptr {out.load('ptr', cls, offset('PyTypeObject.tp_getattro'))}, @PyObject_GenericGetAttr")
    out.branch(plain, "look", "unknown")
    out.block("look")
    name = out.load("ptr", "@morrow_class_name")
    mine = out.call("ptr", "_PyType_Lookup", f"ptr {cls}", f"ptr {name}")
    usual = out.call("ptr", "_PyType_Lookup", "ptr @PyBaseObject_Type", f"ptr {name}")
    out.branch(out.let(f"icmp eq ptr {mine}, {usual}"), "no", "unknown")
    for label, answer in (("no", 0), ("yes", 1), ("unknown", 2)):
        out.block(label)
        out.line(f"ret i32 {answer}")
    out.lines.append("}")


def _size(out: Text) -> None:
    """morrow_size(object) -> its length if its class is one of `plain` or counts as list or tuple do (subclasses that do not
    say otherwise), else -1."""
    out.lines += ["define i64 @morrow_size(ptr %object) noinline {", "entry:"]

    def count_of(cls: str, absent: str) -> str:
        table = out.load("ptr", cls, offset("PyTypeObject.tp_as_sequence"))
        there = out.fresh("there")
        out.branch(out.let(f"icmp ne ptr {table}, null"), there, absent)
        out.block(there)
        return out.load("ptr", table, offset("PySequenceMethods.sq_length"))

    cls_ = out.load("ptr", "%object", offset("PyObject.ob_type"))
    known = out.let(f"call i64 @morrow_plain_known(ptr {cls_})")
    out.branch(out.let(f"icmp ne i64 {out.let(f'and i64 {known}, {plain.MEMBERS | plain.SEQUENCE}')}, 0"), "ask", "other")
    out.block("ask")
    out.line(f"ret i64 {out.call('i64', 'PyObject_Size', 'ptr %object')}")
    out.block("other")
    mine = count_of(cls_, "no")
    for cls in ("PyList_Type", "PyTuple_Type"):
        other = out.fresh("other")
        out.branch(out.let(f"icmp eq ptr {mine}, {count_of('@' + cls, 'no')}"), "yes", other)
        out.block(other)
    out.line("br label %no")
    out.block("yes")
    out.line(f"ret i64 {out.load('i64', '%object', offset('PyVarObject.ob_size'))}")
    out.block("no")
    out.line("ret i64 -1")
    out.lines.append("}")


def _let_go(out: Text) -> None:
    """morrow_let_go(frame, copy, count, real) -> 1 if nobody holds anything of a frame that was shown any more, else 0.

    A frame object that only the frame itself refers to (the sampler, a traceback or a warning looked at it and is gone) is
    dropped. For the real frame a loop runs in it is enough that no local was changed: what others hold is as it was.
    """
    F = "_PyInterpreterFrame."
    out.lines += ["define i32 @morrow_let_go(ptr %frame, ptr %copy, i64 %count, i32 %real) noinline cold {", "entry:"]
    watched = out.load("i64", "@morrow_watched")
    out.branch(out.let(f"icmp eq i64 {watched}, 0"), "compare", "no")
    out.block("compare")
    locals_ = out.at("%frame", offset(F + "localsplus"))
    out.line("br label %next")
    out.block("next")
    out.line("%at = phi i64 [ 0, %compare ], [ %then, %same ]")
    out.branch(out.let("icmp ult i64 %at, %count"), "one", "unchanged")
    out.block("one")
    now = out.load("i64", out.let(f"getelementptr i64, ptr {locals_}, i64 %at"))
    before = out.load("i64", out.let("getelementptr i64, ptr %copy, i64 %at"))
    out.branch(out.let(f"icmp eq i64 {now}, {before}"), "same", "no")
    out.block("same")
    out.line("%then = add i64 %at, 1")
    out.line("br label %next")
    out.block("unchanged")
    out.branch(out.let("icmp ne i32 %real, 0"), "yes", "locals")
    out.block("locals")
    dict_ = out.load("ptr", "%frame", offset(F + "f_locals"))
    out.branch(out.let(f"icmp eq ptr {dict_}, null"), "object", "no")
    out.block("object")
    type = "i64" if HERE.immortal == "none" else "i32"  # type: ignore[union-attr]
    held = out.load("ptr", "%frame", offset(F + "frame_obj"))
    count = out.load(type, held)
    out.branch(out.let(f"icmp eq {type} {count}, 1"), "alone", "no")
    out.block("alone")
    fields = ["f_trace"] + (["f_extra_locals"] if HERE.pushes_locals else [])  # type: ignore[union-attr]
    for number, field in enumerate(fields):
        value = out.load("ptr", held, offset("PyFrameObject." + field))
        out.branch(out.let(f"icmp eq ptr {value}, null"), f"clear{number}", "no")
        out.block(f"clear{number}")
    out.store("ptr", "null", "%frame", offset(F + "frame_obj"))
    out.call("void", "Py_DecRef", f"ptr {held}")
    out.line("br label %yes")
    for label, answer in (("yes", 1), ("no", 0)):
        out.block(label)
        out.line(f"ret i32 {answer}")
    out.lines.append("}")


def _slice(out: Text) -> None:
    """morrow_slice(container, start, stop) -> container[start:stop]"""
    out.lines += ["define ptr @morrow_slice(ptr %container, ptr %start, ptr %stop) noinline {", "entry:"]
    made = out.call("ptr", "PySlice_New", "ptr %start", "ptr %stop", "ptr null")
    out.branch(out.let(f"icmp eq ptr {made}, null"), "failed", "item")
    out.block("failed")
    out.line("ret ptr null")
    out.block("item")
    result = out.call("ptr", "PyObject_GetItem", "ptr %container", f"ptr {made}")
    out.call("void", "Py_DecRef", f"ptr {made}")
    out.line(f"ret ptr {result}")
    out.lines.append("}")


def _store_slice(out: Text) -> None:
    """morrow_store_slice(container, start, stop, value): container[start:stop] = value -> 0, or -1 for an exception"""
    out.lines += ["define i32 @morrow_store_slice(ptr %container, ptr %start, ptr %stop, ptr %value) noinline {", "entry:"]
    made = out.call("ptr", "PySlice_New", "ptr %start", "ptr %stop", "ptr null")
    out.branch(out.let(f"icmp eq ptr {made}, null"), "failed", "item")
    out.block("failed")
    out.line("ret i32 -1")
    out.block("item")
    result = out.call("i32", "PyObject_SetItem", "ptr %container", f"ptr {made}", "ptr %value")
    out.call("void", "Py_DecRef", f"ptr {made}")
    out.line(f"ret i32 {result}")
    out.lines.append("}")


def _keywords(out: Text) -> None:
    """morrow_keywords(args, count of them, names in the call, names, parameters, defaults, places) -> whether each parameter has one value.

    Puts the arguments of a call with names where the parameters are. *names* are the parameters' own, null for those without;
    the compiler's names are one object each, and a call with other ones is not ours.
    """
    items, size = offset("PyTupleObject.ob_item"), offset("PyVarObject.ob_size")
    out.lines.append(f"""define i1 @morrow_keywords(ptr %args, i64 %given, ptr %kwnames, ptr %names, i64 %count, ptr %defaults, ptr %out) noinline {{
entry:
  %fits = icmp ule i64 %given, %count
  br i1 %fits, label %copy, label %no
copy:
  %k = phi i64 [ 0, %entry ], [ %k_more, %copied ]
  %all = icmp eq i64 %k, %count
  br i1 %all, label %named, label %one
one:
  %place = getelementptr ptr, ptr %out, i64 %k
  store ptr null, ptr %place
  %is_given = icmp ult i64 %k, %given
  br i1 %is_given, label %take, label %copied
take:
  %argument_at = getelementptr ptr, ptr %args, i64 %k
  %argument = load ptr, ptr %argument_at
  store ptr %argument, ptr %place
  br label %copied
copied:
  %k_more = add i64 %k, 1
  br label %copy
named:
  %size_at = getelementptr i8, ptr %kwnames, i64 {size}
  %size = load i64, ptr %size_at
  br label %next
next:
  %j = phi i64 [ 0, %named ], [ %j_more, %put ]
  %no_more = icmp eq i64 %j, %size
  br i1 %no_more, label %standard, label %look
look:
  %j_more = add i64 %j, 1
  %first_name = getelementptr i8, ptr %kwnames, i64 {items}
  %name_at = getelementptr ptr, ptr %first_name, i64 %j
  %name = load ptr, ptr %name_at
  br label %search
search:
  %p = phi i64 [ 0, %look ], [ %p_more, %other ]
  %p_more = add i64 %p, 1
  %unknown = icmp eq i64 %p, %count
  br i1 %unknown, label %no, label %compare
compare:
  %own_at = getelementptr ptr, ptr %names, i64 %p
  %own = load ptr, ptr %own_at
  %same = icmp eq ptr %own, %name
  br i1 %same, label %free, label %other
other:
  br label %search
free:
  %slot = getelementptr ptr, ptr %out, i64 %p
  %taken = load ptr, ptr %slot
  %is_free = icmp eq ptr %taken, null
  br i1 %is_free, label %put, label %no
put:
  %value_place = add i64 %given, %j
  %value_at = getelementptr ptr, ptr %args, i64 %value_place
  %value = load ptr, ptr %value_at
  store ptr %value, ptr %slot
  br label %next
standard:
  %has_defaults = icmp ne ptr %defaults, null
  br i1 %has_defaults, label %measure, label %fill
measure:
  %defaults_size_at = getelementptr i8, ptr %defaults, i64 {size}
  %defaults_size = load i64, ptr %defaults_size_at
  br label %fill
fill:
  %many = phi i64 [ 0, %standard ], [ %defaults_size, %measure ]
  %from = sub i64 %count, %many
  br label %check
check:
  %m = phi i64 [ 0, %fill ], [ %m_more, %has ], [ %m_more, %give ]
  %done = icmp eq i64 %m, %count
  br i1 %done, label %yes, label %check_one
check_one:
  %m_more = add i64 %m, 1
  %here = getelementptr ptr, ptr %out, i64 %m
  %held = load ptr, ptr %here
  %missing = icmp eq ptr %held, null
  br i1 %missing, label %default, label %has
has:
  br label %check
default:
  %d = sub i64 %m, %from
  %none = icmp slt i64 %d, 0
  br i1 %none, label %no, label %give
give:
  %first_default = getelementptr i8, ptr %defaults, i64 {items}
  %default_at = getelementptr ptr, ptr %first_default, i64 %d
  %default_value = load ptr, ptr %default_at
  store ptr %default_value, ptr %here
  br label %check
yes:
  ret i1 true
no:
  ret i1 false
}}""")


def _super(out: Text) -> None:
    """morrow_super(super, class, object, name) -> super(class, object).name"""
    out.lines += ["define ptr @morrow_super(ptr %super, ptr %class, ptr %object, ptr %name) noinline {", "entry:"]
    out.line("%arguments = alloca [2 x ptr]")
    out.store("ptr", "%class", "%arguments")
    out.store("ptr", "%object", "%arguments", 8)
    made = out.call("ptr", "PyObject_Vectorcall", "ptr %super", "ptr %arguments", "i64 2", "ptr null")
    out.branch(out.let(f"icmp eq ptr {made}, null"), "failed", "attribute")
    out.block("failed")
    out.line("ret ptr null")
    out.block("attribute")
    result = out.call("ptr", "PyObject_GetAttr", f"ptr {made}", "ptr %name")
    out.call("void", "Py_DecRef", f"ptr {made}")
    out.line(f"ret ptr {result}")
    out.lines.append("}")


def _new(out: Text) -> None:
    """morrow_new(class) -> an instance as object.__new__ makes it.
    morrow_not_none(object): the exception for an ``__init__`` that returned this (typeobject.c, slot_tp_init)."""
    out.lines += ["define ptr @morrow_new(ptr %class) noinline {", "entry:"]
    make = out.load("ptr", "@PyBaseObject_Type", offset("PyTypeObject.tp_new"))
    nothing = out.load("ptr", "@morrow_no_arguments")
    out.line(f"ret ptr {out.let(f'call ptr {make}(ptr %class, ptr {nothing}, ptr null)')}")
    out.lines.append("}")
    out.lines += ["define i32 @morrow_not_none(ptr %object) noinline cold {", "entry:"]
    out.declared.add("declare ptr @PyErr_Format(ptr, ptr, ...)")
    name = out.load("ptr", out.load("ptr", "%object", offset("PyObject.ob_type")), offset("PyTypeObject.tp_name"))
    error = out.load("ptr", "@PyExc_TypeError")
    out.line(f"%answer = call ptr (ptr, ptr, ...) @PyErr_Format(ptr {error}, ptr @morrow_init_text, ptr {name})")
    out.call("void", "Py_DecRef", "ptr %object")
    out.line("ret i32 0")
    out.lines.append("}")
