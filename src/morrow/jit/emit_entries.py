"""The doors CPython knows, in front of compiled functions: a vectorcall, and an entry into a running frame.

Both check and unbox what they are given, call the body (`emit`), and deal with a body that left: the vectorcall lets the
interpreter go on in a new frame (`guards`: morrow_resume), the other writes the state back into the frame it came from.
"""

from __future__ import annotations

from types import CodeType, FunctionType

from morrow.host import HERE
from morrow.jit import guards
from morrow.jit.emit import Module, shallow
from morrow.jit.objects import LIKELY, Text, decref, incref, int_value, null_in_frames, offset, type_of

MOST_NESTED = 150
"""Frames that compiled code has left and the interpreter is running, within each other, before entries give way to it."""


def emit_vectorcall(module: Module, name: str, body: str, owner: FunctionType, kinds: tuple[tuple[str, type | None], ...], stock: int) -> None:
    """Add a vectorcallfunc that unboxes arguments and calls *body*.

    Anything unexpected (unknown keywords, another number or other types of arguments, another ``__code__``) is given to the
    function's stock vectorcall, and counted.
    """
    out = Text()
    count = len(kinds)
    out.block("entry")
    out.line("%flag = alloca i32")
    out.go_on_if(out.let(f"icmp ult i64 {out.load('i64', '@morrow_nested')}, {MOST_NESTED}"), "deep")
    out.declared.add("@morrow_nested = external global i64")
    given = out.let(f"and i64 %nargsf, {2**63 - 1}")
    code = out.load("ptr", "%callable", offset("PyFunctionObject.func_code"))
    out.go_on_if(out.let(f"icmp eq ptr {code}, {module.object(owner.__code__)}"), "otherwise")
    globals_ = out.load("ptr", "%callable", offset("PyFunctionObject.func_globals"))
    out.go_on_if(out.let(f"icmp eq ptr {globals_}, {module.object(owner.__globals__)}"), "otherwise")
    given, args = _placed(module, out, name, owner.__code__, given)
    pointers = _given(out, given, args, count, len(owner.__defaults__ or ()))
    arguments = []
    for (kind, cls), pointer in zip(kinds, pointers, strict=True):
        if cls is not None:
            out.go_on_if(out.let(f"icmp eq ptr {type_of(out, pointer)}, {module.object(cls)}"), "otherwise")
        arguments.append(_unboxed(module, out, kind, pointer))
    ts = out.call("ptr", "PyThreadState_Get")
    out.branch(shallow(out, ts), "go", "deep", LIKELY)
    out.block("go")
    values = "".join(", " + a for a in arguments)
    pair = out.let(f"call {{i64, i64}} @{body}(ptr {ts}, ptr %callable, i64 0{values})")
    tag = out.let(f"extractvalue {{i64, i64}} {pair}, 0")
    bits = out.let(f"extractvalue {{i64, i64}} {pair}, 1")
    # a body that raised answers TAG_EXIT and 0, which boxes as null
    out.line(f"ret ptr {out.call('ptr', 'morrow_box', f'i64 {tag}', f'i64 {bits}')}")
    out.block("deep")
    # the function is called as stock from now on, which takes no C stack; the worker notices (install.gave_way)
    out.store("ptr", module.symbol("s", stock), "%callable", offset("PyFunctionObject.vectorcall"))
    if HERE.install == "type_clone":  # type: ignore[union-attr]
        out.store("ptr", module.object(FunctionType), "%callable", offset("PyObject.ob_type"))
    out.line("br label %plain")
    out.block("otherwise")
    missed = f"@{name}_missed"
    out.store("i64", out.let(f"add i64 {out.load('i64', missed)}, 1"), missed)
    thread = out.call("ptr", "PyThreadState_Get")
    out.branch(shallow(out, thread), "near", "plain", LIKELY)
    out.block("near")
    # the interpreter would not have used the C stack for this call, and must not run out of it sooner
    guards.count_c_calls(out, thread, 1)
    near = out.let(f"call ptr {module.symbol('s', stock)}(ptr %callable, ptr %args, i64 %nargsf, ptr %kwnames)")
    guards.count_c_calls(out, thread, -1)
    out.line(f"ret ptr {near}")
    out.block("plain")
    plain = out.let(f"call ptr {module.symbol('s', stock)}(ptr %callable, ptr %args, i64 %nargsf, ptr %kwnames)")
    out.line(f"ret ptr {plain}")
    module.texts.append(
        f"{missed} = global i64 0\ndefine ptr @{name}(ptr %callable, ptr %args, i64 %nargsf, ptr %kwnames) {{\n" + "\n".join(out.lines) + "\n}"
    )
    module.declared |= out.declared
    module.exports += [name, f"{name}_missed"]


def _placed(module: Module, out: Text, name: str, code: CodeType, given: str) -> tuple[str, str]:
    """Return the number of arguments and the address of the first, those given by name put where their parameters are."""
    count = code.co_argcount
    names = [module.object(text) if place >= code.co_posonlyargcount else "null" for place, text in enumerate(code.co_varnames[:count])]
    if not any(text != "null" for text in names):
        out.go_on_if(out.let("icmp eq ptr %kwnames, null"), "otherwise")
        return given, "%args"
    module.texts.append(f"@{name}_names = internal constant [{count} x ptr] [{', '.join('ptr ' + text for text in names)}]")
    before = out.fresh("unnamed")
    out.line(f"br label %{before}")
    out.block(before)
    out.branch(out.let("icmp eq ptr %kwnames, null"), "placed", "named", LIKELY)
    out.block("named")
    places = out.let(f"alloca [{count} x ptr]")
    defaults = out.load("ptr", "%callable", offset("PyFunctionObject.func_defaults"))
    fits = out.call("i1", "morrow_keywords", "ptr %args", f"i64 {given}", "ptr %kwnames", f"ptr @{name}_names", f"i64 {count}", f"ptr {defaults}", f"ptr {places}")
    out.branch(fits, "all_placed", "otherwise", LIKELY)
    out.block("all_placed")
    out.line("br label %placed")
    out.block("placed")
    number = out.let(f"phi i64 [ {given}, %{before} ], [ {count}, %all_placed ]")
    return number, out.let(f"phi ptr [ %args, %{before} ], [ {places}, %all_placed ]")


def _given(out: Text, given: str, args: str, count: int, defaults: int) -> list[str]:
    """Return the arguments' pointers: as given, or from the function's defaults as they are now."""
    if not defaults:
        out.go_on_if(out.let(f"icmp eq i64 {given}, {count}"), "otherwise")
        return [out.load("ptr", args, 8 * place) for place in range(count)]
    fits = out.let(f"icmp ult i64 {out.let(f'sub i64 {given}, {count - defaults}')}, {defaults + 1}")
    out.go_on_if(fits, "otherwise")
    held = out.load("ptr", "%callable", offset("PyFunctionObject.func_defaults"))
    out.go_on_if(out.let(f"icmp ne ptr {held}, null"), "otherwise")
    size = out.load("i64", held, offset("PyVarObject.ob_size"))
    out.go_on_if(out.let(f"icmp eq i64 {size}, {defaults}"), "otherwise")
    pointers = []
    for place in range(count):
        if place < count - defaults:
            pointers.append(out.load("ptr", args, 8 * place))
            continue
        there = out.let(f"icmp ugt i64 {given}, {place}")
        mine = out.at(args, 8 * place)
        standard = out.at(held, offset("PyTupleObject.ob_item") + 8 * (place - count + defaults))
        pointers.append(out.load("ptr", out.let(f"select i1 {there}, ptr {mine}, ptr {standard}")))
    return pointers


def _unboxed(module: Module, out: Text, kind: str, pointer: str) -> str:
    if kind == "int":
        return "i64 " + int_value(out, pointer, "otherwise", "%flag")
    if kind == "float":
        value = out.load("double", pointer, offset("PyFloatObject.ob_fval"))
        out.go_on_if(out.let(f"fcmp ord double {value}, 0.0"), "otherwise")  # a NaN is found again by its identity
        return "double " + value
    if kind == "bool":
        return "i1 " + out.let(f"icmp eq ptr {pointer}, {module.object(True)}")
    return f"ptr {pointer}"


def emit_osr(module: Module, name: str, body: str, owner: FunctionType, slots: tuple[tuple[int, str, type | None], ...], filled: int) -> None:
    """Add ``int name(PyThreadState *, _PyInterpreterFrame *)``: enter *body* from a running frame.

    Args:
        slots: for each of body's parameters: its place in the frame, its kind ("own" for a reference), its class.
        filled: how many entries of the frame (locals and stack) must have a value exactly where slots says so.
    """
    out = Text()
    out.block("entry")
    out.line("%flag = alloca i32")
    start = offset("_PyInterpreterFrame.localsplus")
    empty = f"inttoptr (i64 {null_in_frames()} to ptr)"
    expected = {place for place, _, _ in slots}
    globals_ = out.load("ptr", "%frame", offset("_PyInterpreterFrame.f_globals"))
    out.go_on_if(out.let(f"icmp eq ptr {globals_}, {module.object(owner.__globals__)}"), "otherwise")
    arguments, taken = [], []
    for place in range(filled):
        held = out.load("ptr", "%frame", start + 8 * place)
        is_empty = out.let(f"icmp eq ptr {held}, {empty}")
        if place not in expected:
            out.go_on_if(is_empty, "otherwise")
            continue
        here = out.fresh("some")
        out.branch(is_empty, "otherwise", here)
        out.block(here)
        borrowed = ""
        if HERE.stack_tags:  # type: ignore[union-attr]
            word = out.let(f"ptrtoint ptr {held} to i64")
            borrowed = out.let(f"icmp ne i64 {out.let(f'and i64 {word}, 1')}, 0")
            held = out.let(f"inttoptr i64 {out.let(f'and i64 {word}, -4')} to ptr")
        kind, cls = next((k, c) for p, k, c in slots if p == place)
        if cls is not None:
            out.go_on_if(out.let(f"icmp eq ptr {type_of(out, held)}, {module.object(cls)}"), "otherwise")
        arguments.append(_unboxed(module, out, kind, held))
        taken.append((place, kind, held, borrowed))
    for place, kind, held, borrowed in taken:
        out.store("ptr", empty, "%frame", start + 8 * place)
        if borrowed:
            # a marked entry holds no reference of its own: immortal, or lent by a caller's frame (3.14, LOAD_FAST_BORROW)
            lent, mine = out.fresh("lent"), out.fresh("mine")
            out.branch(borrowed, lent, mine)
            out.block(lent)
            if kind == "own":
                incref(out, held)
            out.line(f"br label %{mine}")
            out.block(mine)
            if kind != "own":
                keep, gone = out.fresh("keep"), out.fresh("gone")
                out.branch(borrowed, keep, gone)
                out.block(gone)
                decref(out, held)
                out.line(f"br label %{keep}")
                out.block(keep)
        elif kind != "own":
            decref(out, held)
    field = "f_funcobj" if HERE.current_frame == "thread" or HERE.error_indicator == "one" else "f_func"  # type: ignore[union-attr]
    func = out.load("ptr", "%frame", offset("_PyInterpreterFrame." + field))
    if HERE.stack_tags:  # type: ignore[union-attr]
        word = out.let(f"ptrtoint ptr {func} to i64")
        func = out.let(f"inttoptr i64 {out.let(f'and i64 {word}, -4')} to ptr")
    values = "".join(", " + a for a in arguments)
    pair = out.let(f"call {{i64, i64}} @{body}(ptr %ts, ptr {func}, i64 0, ptr %frame{values})")
    record = out.let(f"inttoptr i64 {out.let(f'extractvalue {{i64, i64}} {pair}, 1')} to ptr")
    out.line(f"ret i32 {out.call('i32', 'morrow_write_back', 'ptr %frame', f'ptr {record}')}")
    out.block("otherwise")
    out.line("ret i32 0")
    module.texts.append(f"define i32 @{name}(ptr %ts, ptr %frame) {{\n" + "\n".join(out.lines) + "\n}")
    module.declared |= out.declared
    module.exports.append(name)
