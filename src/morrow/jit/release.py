"""Let go of the GIL in loops that touch nothing of Python's.

    loop(%i: i64, %s: f64):              a region: blocks in a cycle whose operations compute with numbers only
      ...
      poll                          ->   poll; somebody wants the GIL: let go of it, and go on computing without
      branch %c loop(...) done(...) ->   on the way out of the region: take the GIL again, if it was let go of

The GIL is only let go of at a poll, where another thread may run in any case; from there to the region's end nothing is read
or written that another thread could see. So what a program can observe is what it can observe anyway (docs/design/threads.md).

When: once somebody has waited for the GIL (a poll saw a request), and then at the first poll of each region that took longer
than WORTH the last times, unless taking it back took much longer than what was gained.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

from morrow import settings
from morrow.host import HERE
from morrow.host.gil import locked_address
from morrow.jit.objects import LIKELY, Text, offset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from morrow.jit import ir

WORTH = 8_000
"""Nanoseconds a region should take to be worth letting go and taking back, which together take less than one."""

SPIN = 20_000
"""Nanoseconds to look for the GIL before waiting for it as CPython does, which takes about as long to wake up from."""

_PATIENCE = 4
_REST = 100
NODE_SIZE = 40
_STATE, _BEGAN, _NEXT, _PREVIOUS, _REGION = 0, 8, 16, 24, 32  # struct of the function's `%node`
_AVERAGE, _SKIP = 0, 8  # struct of a region: mean nanoseconds, times not to let go again

EXPORTS = ("morrow_region_enter", "morrow_region_poll", "morrow_region_leave", "morrow_contended", "morrow_keep_gil", "morrow_released", "morrow_gil_locked")


def is_possible() -> bool:
    """Whether this process may let go of the GIL in compiled code: ``-X gil=1`` and ``-X release=0`` keep it."""
    if not hasattr(ctypes.pythonapi, "clock_gettime") or sys._xoptions.get("gil") == "1":
        return False
    return settings.get("release") == "1"


def find_regions(function: ir.Function, referring: set[object]) -> dict[str, int]:
    """Return label -> number of its region, for the blocks that are in one.

    Args:
        referring: places of `home_store` that may hold references.
    """
    plain = {block.label: block for block in function.blocks if all(_is_plain(op, referring) for op in block.ops)}
    after = {label: [to for to, _ in block.ops[-1].targets if to in plain] for label, block in plain.items() if block.ops}
    regions: dict[str, int] = {}
    number = 0
    for cycle in _cycles(after):
        if any(op.name == "poll" for label in cycle for op in plain[label].ops):
            regions.update(dict.fromkeys(cycle, number))
            number += 1
    return regions


def _is_plain(op: ir.Op, referring: set[object]) -> bool:
    """Whether an operation touches numbers and the function's own memory only."""
    if op.name in ("home_store", "home_drop"):
        return op.attributes[0] not in referring
    if op.name in ("poll", "jump", "branch", "leave"):
        return True
    from morrow.jit import ir  # the compiler's: what is compiled elsewhere needs the rest of this file only

    return op.name != "return" and ir.OPS[op.name].effect == "" and op.name != "callers_seen"


def _cycles(after: dict[str, list[str]]) -> list[list[str]]:
    """Return the strongly connected components that have an edge in them (Tarjan's algorithm, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in after:
        if root in index:
            continue
        work = [(root, iter(after[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            label, rest = work[-1]
            for to in rest:
                if to not in index:
                    index[to] = low[to] = len(index)
                    stack.append(to)
                    on_stack.add(to)
                    work.append((to, iter(after[to])))
                    break
                if to in on_stack:
                    low[label] = min(low[label], index[to])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[label])
                if low[label] == index[label]:
                    members = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        members.append(member)
                        if member == label:
                            break
                    if len(members) > 1 or label in after[label]:
                        found.append(members)
    return found


# -- the ends of a process ------------------------------------------------------------------------------------------------

_addresses: dict[str, int] = {}


def loaded(addresses: dict[str, int]) -> None:
    """Take the addresses of the runtime's words; be there when the process forks or ends."""
    _addresses.update((name, addresses[name]) for name in ("morrow_contended", "morrow_keep_gil", "morrow_released"))
    if (os.cpu_count() or 1) > 1:
        ctypes.c_uint64.from_address(addresses["morrow_gil_locked"]).value = locked_address()
    import atexit

    atexit.register(stop)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)


def is_any_released() -> bool:
    """Whether some thread computes without the GIL right now."""
    return bool(_word("morrow_released").value) if _addresses else False


def stop(patience: float = 2.0) -> None:
    """Let no thread let go of the GIL from now on, and have those that did take it again; wait *patience* seconds for them.

    At exit: CPython frees the structure of a daemon thread, which a thread that computes without the GIL looks at.
    """
    if not _addresses:
        return
    _word("morrow_keep_gil").value = 1
    until = time.monotonic() + patience
    pause = 0.0005
    while is_any_released() and time.monotonic() < until:
        _call_back()
        time.sleep(pause)  # gives the GIL away: they take it; on a busy machine they must get a CPU first
        pause = min(2 * pause, 0.1)


def start() -> None:
    """Undo `stop`."""
    if _addresses:
        _word("morrow_keep_gil").value = 0


def _call_back() -> None:
    """Have each thread that computes without the GIL see that something is due. We have the GIL, so the list stands still."""
    if HERE.eval_breaker != "thread":  # type: ignore[union-attr]
        return  # they look at morrow_keep_gil
    node = int(_word("morrow_released").value)
    while node:
        state = ctypes.c_uint64.from_address(node + _STATE).value
        ctypes.c_uint64.from_address(state + offset("PyThreadState.eval_breaker")).value |= offset("_PY_GIL_DROP_REQUEST_BIT")
        node = ctypes.c_uint64.from_address(node + _NEXT).value


def _after_fork() -> None:
    _word("morrow_released").value = 0  # the threads that are in the list are not in this process


def _word(name: str) -> ctypes.c_int64:
    return ctypes.c_int64.from_address(_addresses[name])


# -- in a compiled function ---------------------------------------------------------------------------------------------


def emit_start(out: Text) -> None:
    """At the beginning of a function with regions."""
    out.line(f"%node = alloca [{NODE_SIZE} x i8]")
    out.line("%due = alloca i32")
    out.line(f"call void @llvm.memset.p0.i64(ptr %node, i8 0, i64 {NODE_SIZE}, i1 false)")
    out.declared.add("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
    out.store("i32", "0", "%due")
    if HERE.eval_breaker != "thread":  # type: ignore[union-attr]
        # In a structure that is never freed, unlike the thread's own, which may be when a daemon is still at it at exit.
        interpreter = out.load("ptr", "%ts", offset("PyThreadState.interp"))
        out.line(f"%breaker = getelementptr i8, ptr {interpreter}, i64 {offset('PyInterpreterState.ceval.eval_breaker')}")


def _due(out: Text) -> str:
    """Return an i64 that is not 0 when the interpreter, or another thread, wants something."""
    if HERE.eval_breaker == "thread":  # type: ignore[union-attr]
        from morrow.jit.guards import breaker

        return breaker(out, "%ts")
    # These hosts compute the word anew whenever a thread takes the GIL: `stop` has one of its own to call back by.
    out.declared.add("@morrow_keep_gil = external global i64")
    word = out.let(f"zext i32 {out.let('load atomic i32, ptr %breaker monotonic, align 4')} to i64")
    return out.let(f"or i64 {word}, {out.let('load atomic i64, ptr @morrow_keep_gil monotonic, align 8')}")


def emit_entry(out: Text, region: str) -> None:
    """On an edge into a region: once somebody waits for the GIL, see whether it is to be let go of at the first poll."""
    enter, done = out.fresh("enter"), out.fresh("inside")
    out.store("i32", "0", "%due")
    out.declared.add("@morrow_contended = external global i64")
    out.branch(out.let(f"icmp eq i64 {out.load('i64', '@morrow_contended')}, 0"), done, enter, LIKELY)
    out.block(enter)
    out.store("i32", out.call("i32", "morrow_region_enter", "ptr %node", f"ptr {region}"), "%due")
    out.line(f"br label %{done}")
    out.block(done)


def emit_poll(out: Text, region: str, otherwise: str) -> None:
    """At a poll of a region."""
    due = _due(out)
    busy, go_on, done = out.fresh("busy"), out.fresh("go"), out.fresh("calm")
    wanted = out.load("i32", "%due")
    either = out.let(f"or i64 {due}, {out.let(f'zext i32 {wanted} to i64')}")
    out.branch(out.let(f"icmp eq i64 {either}, 0"), done, busy, LIKELY)
    out.block(busy)
    answer = out.call("i32", "morrow_region_poll", "ptr %ts", "ptr %node", f"ptr {region}", f"i32 {wanted}")
    out.branch(out.let(f"icmp eq i32 {answer}, 0"), go_on, otherwise)
    out.block(go_on)
    out.store("i32", "0", "%due")
    out.line(f"br label %{done}")
    out.block(done)


def emit_exit(out: Text) -> None:
    """On an edge out of a region, and where an operation in it leaves: take the GIL again."""
    back, done = out.fresh("back"), out.fresh("outside")
    out.branch(out.let(f"icmp eq i64 {out.load('i64', '%node', _BEGAN)}, 0"), done, back, LIKELY)
    out.block(back)
    out.call("void", "morrow_region_leave", "ptr %node")
    out.line(f"br label %{done}")
    out.block(done)


# -- in the runtime module ----------------------------------------------------------------------------------------------


def runtime(out: Text) -> None:
    """Write the three functions. Lists and counters are touched with the GIL held only."""
    _now(out)
    _enter(out)
    _poll(out)
    _leave(out)


GLOBALS = ["@morrow_contended = global i64 0", "@morrow_keep_gil = global i64 0", "@morrow_released = global ptr null", "@morrow_keeper = global i64 0", "@morrow_gil_locked = global ptr null"]  # fmt: skip
"""morrow_keeper: whether the thread that has the GIL keeps it in a region that might let go of it. morrow_gil_locked: where to look
whether the GIL is taken, null where that is not known."""


def _now(out: Text) -> None:
    """morrow_now() -> nanoseconds, never 0."""
    out.lines += ["define i64 @morrow_now() noinline cold {", "entry:", "%time = alloca [2 x i64]"]
    out.call("i32", "clock_gettime", "i32 1", "ptr %time")  # CLOCK_MONOTONIC on Linux
    seconds = out.let(f"mul i64 {out.load('i64', '%time')}, 1000000000")
    now = out.let(f"add i64 {seconds}, {out.load('i64', '%time', 8)}")
    out.line(f"ret i64 {out.let(f'or i64 {now}, 1')}")
    out.lines.append("}")


def _enter(out: Text) -> None:
    """morrow_region_enter(node, region) -> 1 if the GIL is to be let go of at the first poll."""
    out.lines += ["define i32 @morrow_region_enter(ptr %node, ptr %region) noinline cold {", "entry:"]
    out.store("ptr", "%region", "%node", _REGION)
    out.store("i64", out.let("call i64 @morrow_now()"), "%node", _BEGAN)
    skip = out.load("i64", "%region", _SKIP)
    out.branch(out.let(f"icmp sgt i64 {skip}, 0"), "rest", "look")
    out.block("rest")
    out.store("i64", out.let(f"sub i64 {skip}, 1"), "%region", _SKIP)
    out.store("i64", "1", "@morrow_keeper")
    out.line("ret i32 0")
    out.block("look")
    mean = out.load("i64", "%region", _AVERAGE)
    unknown = out.let(f"icmp eq i64 {mean}, 0")
    out.store("i64", out.let(f"zext i1 {unknown} to i64"), "@morrow_keeper")
    long = out.let(f"icmp sgt i64 {mean}, {WORTH}")
    out.line(f"ret i32 {out.let(f'zext i1 {long} to i32')}")
    out.lines.append("}")


def _poll(out: Text) -> None:
    """morrow_region_poll(ts, node, region, wanted) -> 0 to go on, with or without the GIL; 1 to leave, with it."""
    from morrow.jit.guards import breaker

    out.lines += ["define i32 @morrow_region_poll(ptr %ts, ptr %node, ptr %region, i32 %wanted) noinline cold {", "entry:"]
    keep = out.load("i64", "@morrow_keep_gil")
    without = out.let(f"icmp ne ptr {out.load('ptr', '%node', _STATE)}, null")
    out.branch(without, "without", "held")
    # Without the GIL, and something is due, perhaps for us: take it and see.
    out.block("without")
    if HERE.eval_breaker == "thread":  # type: ignore[union-attr]
        # A request for the GIL that came too late, or that drop_gil left standing (ceval_gil.c, FORCE_SWITCHING), is none.
        now = breaker(out, "%ts")
        serious = out.let(f"or i64 {out.let(f'and i64 {now}, {255 & ~_drop()}')}, {keep}")
        out.branch(out.let(f"icmp eq i64 {serious}, 0"), "forget", "take")
        out.block("forget")
        _forget_request(out)
        out.line("ret i32 0")
        out.block("take")
    out.line("call void @morrow_retake(ptr %node)")
    out.branch(out.let(f"icmp eq i64 {breaker(out, '%ts')}, 0"), "calm", "plain")
    out.block("calm")
    out.line("ret i32 0")
    out.block("held")
    due = breaker(out, "%ts")
    if HERE.eval_breaker == "thread":  # type: ignore[union-attr]
        others = out.let(f"and i64 {due}, {255 & ~_drop()}")
        blocked = out.let(f"or i64 {others}, {keep}")
        out.branch(out.let(f"icmp eq i64 {blocked}, 0"), "let_go", "plain")
    else:
        # What is due cannot be told apart here: when it is still due after the GIL was let go of, it was no request for it.
        out.branch(out.let(f"icmp eq i64 {keep}, 0"), "let_go", "plain")
    out.block("plain")
    keeper = out.load("i64", "@morrow_keeper")
    out.store("i64", "0", "@morrow_keeper")
    answer = out.let("call i32 @morrow_poll(ptr %ts)")
    out.store("i64", keeper, "@morrow_keeper")
    out.line(f"ret i32 {answer}")
    out.block("let_go")
    began = out.load("i64", "%node", _BEGAN)
    out.branch(out.let(f"icmp eq i64 {began}, 0"), "first", "link")
    out.block("first")
    out.store("ptr", "%region", "%node", _REGION)
    out.store("i64", out.let("call i64 @morrow_now()"), "%node", _BEGAN)
    out.line("br label %link")
    out.block("link")
    asked = out.let("icmp eq i32 %wanted, 0")
    out.branch(asked, "note", "go")
    out.block("note")
    out.store("i64", "1", "@morrow_contended")
    out.line("br label %go")
    out.block("go")
    out.store("i64", "0", "@morrow_keeper")
    head = out.load("ptr", "@morrow_released")
    out.store("ptr", head, "%node", _NEXT)
    out.store("ptr", "null", "%node", _PREVIOUS)
    out.branch(out.let(f"icmp eq ptr {head}, null"), "alone", "others")
    out.block("others")
    out.store("ptr", "%node", head, _PREVIOUS)
    out.line("br label %alone")
    out.block("alone")
    out.store("ptr", "%node", "@morrow_released")
    out.store("ptr", "%ts", "%node", _STATE)
    out.call("ptr", "PyEval_SaveThread")
    if HERE.eval_breaker == "thread":  # type: ignore[union-attr]
        _forget_request(out)
        out.line("ret i32 0")
    else:
        out.branch(out.let(f"icmp eq i64 {breaker(out, '%ts')}, 0"), "free", "without")
        out.block("free")
        out.line("ret i32 0")
    out.lines.append("}")
    out.lines += ["define void @morrow_retake(ptr %node) noinline cold {", "entry:"]
    _spin(out)
    out.call("void", "PyEval_RestoreThread", f"ptr {out.load('ptr', '%node', _STATE)}")
    out.store("ptr", "null", "%node", _STATE)
    after, before = out.load("ptr", "%node", _NEXT), out.load("ptr", "%node", _PREVIOUS)
    out.branch(out.let(f"icmp eq ptr {before}, null"), "was_first", "was_later")
    out.block("was_first")
    out.store("ptr", after, "@morrow_released")
    out.line("br label %behind")
    out.block("was_later")
    out.store("ptr", after, before, _NEXT)
    out.line("br label %behind")
    out.block("behind")
    out.branch(out.let(f"icmp eq ptr {after}, null"), "done", "fix")
    out.block("fix")
    out.store("ptr", before, after, _PREVIOUS)
    out.line("br label %done")
    out.block("done")
    out.line("ret void")
    out.lines.append("}")


def _spin(out: Text) -> None:
    """Look for a moment whether the GIL comes free: a thread between two regions has it for less than going to sleep takes."""
    where = out.load("ptr", "@morrow_gil_locked")
    out.branch(out.let(f"icmp eq ptr {where}, null"), "ready", "spin")
    out.block("spin")
    until = out.let(f"add i64 {out.let('call i64 @morrow_now()')}, {SPIN}")
    out.line("br label %look")
    out.block("look")
    free = out.let(f"icmp eq i32 {out.let(f'load atomic i32, ptr {where} monotonic, align 4')}, 0")
    out.branch(free, "ready", "again")
    out.block("again")
    out.branch(out.let(f"icmp slt i64 {out.let('call i64 @morrow_now()')}, {until}"), "look", "ready")
    out.block("ready")


def _drop() -> int:
    return offset("_PY_GIL_DROP_REQUEST_BIT")


def _forget_request(out: Text) -> None:
    where = out.at("%ts", offset("PyThreadState.eval_breaker"))
    out.let(f"atomicrmw and ptr {where}, i64 {~_drop()} monotonic, align 8")


def _leave(out: Text) -> None:
    """morrow_region_leave(node): take the GIL if it was let go of; remember how long the region took."""
    out.lines += ["define void @morrow_region_leave(ptr %node) noinline cold {", "entry:"]
    began, region = out.load("i64", "%node", _BEGAN), out.load("ptr", "%node", _REGION)
    now = out.let("call i64 @morrow_now()")
    took = out.let(f"sub i64 {now}, {began}")
    without = out.let(f"icmp ne ptr {out.load('ptr', '%node', _STATE)}, null")
    out.branch(without, "take", "count")
    out.block("take")
    keeper = out.let("load atomic i64, ptr @morrow_keeper monotonic, align 8")
    out.line("call void @morrow_retake(ptr %node)")
    waited = out.let(f"sub i64 {out.let('call i64 @morrow_now()')}, {now}")
    gain = out.let(f"mul i64 {took}, {_PATIENCE}")
    out.branch(out.let(f"icmp sgt i64 {waited}, {gain}"), "long", "count")
    # Who waits for a thread that keeps the GIL in a region, and then keeps it too, makes that one wait: both would for ever.
    out.block("long")
    rest = out.let(f"select i1 {out.let(f'icmp eq i64 {keeper}, 0')}, i64 {_REST}, i64 0")
    out.store("i64", rest, region, _SKIP)
    out.line("br label %count")
    out.block("count")
    out.store("i64", "0", "@morrow_keeper")
    mean = out.load("i64", region, _AVERAGE)
    more = out.let(f"add i64 {out.let(f'mul i64 {mean}, 3')}, {took}")
    out.store("i64", out.let(f"sdiv i64 {more}, 4"), region, _AVERAGE)
    out.store("i64", "0", "%node", _BEGAN)
    out.line("ret void")
    out.lines.append("}")
