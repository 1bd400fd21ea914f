"""Entering running loops: the callbacks hand over the frame at the loop's head and go on where they are told.

The compiled loop is played by a few instructions of LLVM that send the frame behind its loop.
"""

import dis
import sys
import threading
import time

import pytest

from morrow.host import HERE
from tests.jit.machine_code import load

pytestmark = pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has no structures for this host")
if HERE is not None and HERE.jit_supported:
    from morrow.host.structs import structs
    from morrow.jit import osr, running

    S = structs()


@pytest.fixture(scope="module")
def entrances():
    made = osr.Entrances(load)
    yield made
    made.disarm_all()


def leave_loop(code, loop, behind, name):
    """Return the address of an ``osr`` that sends the frame to the byte offset *behind*."""
    field = S["_PyInterpreterFrame." + ("instr_ptr" if S.has("_PyInterpreterFrame.instr_ptr") else "prev_instr")]
    target = id(code) + S["PyCodeObject.co_code_adaptive"] + behind
    text = f"""
    define i32 @{name}(ptr %thread, ptr %frame) {{
      %at = getelementptr i8, ptr %frame, i64 {field}
      store i64 {target}, ptr %at
      ret i32 1
    }}"""
    return load(text, {}, (name,))[name]


def spin(goal):
    i = 0
    while i != goal:
        i += 1
    return ("left", goal)


def offset_of_line(code, line):
    return next(i.offset for i in dis.get_instructions(code) if i.positions.lineno == line and i.opname != "NOP")


def enter(entrances, code, head, address, run, thread_id=None):
    """Run something that loops for ever unless it is entered."""
    assert entrances.arm(code, head, address)
    helper = None
    if not HERE.has_monitoring:
        thread_id = thread_id or threading.get_ident()
        helper = threading.Thread(target=lambda: (time.sleep(0.05), entrances.send(thread_id)))
        helper.start()
    result = run()
    if helper:
        helper.join()
        entrances.recall(thread_id)
    return result


def test_an_endless_loop_is_left_at_its_head(entrances):
    code = spin.__code__
    loop = running.loops(code)[0]
    address = leave_loop(code, loop, offset_of_line(code, code.co_firstlineno + 4), "leave_spin")
    assert enter(entrances, code, loop.head, address, lambda: spin(-1)) == ("left", -1)
    assert entrances.counts(code, loop.head)[:2] == (1, 0)
    assert sys.gettrace() is None
    entrances.disarm(code)
    assert spin(10) == ("left", 10) and entrances.counts(code, loop.head)[:2] == (0, 0)


def spin_in_thread(goal):
    i = 0
    while i != goal:
        i += 1
    return ("left", goal)


def test_any_thread_can_be_entered(entrances):
    code = spin_in_thread.__code__
    loop = running.loops(code)[0]
    address = leave_loop(code, loop, offset_of_line(code, code.co_firstlineno + 4), "leave_thread")
    result = []
    thread = threading.Thread(target=lambda: result.append(spin_in_thread(-1)), daemon=True)
    assert entrances.arm(code, loop.head, address)
    thread.start()
    if not HERE.has_monitoring:
        time.sleep(0.05)
        assert entrances.send(thread.ident)
    thread.join(20)
    entrances.disarm(code)
    assert result == [("left", -1)]


def spin_over(items):
    total = 0
    for item in items:
        total += item
    return ("left", total > 0)


def endless():
    while True:
        yield 1


def test_a_for_loop_is_entered_with_its_iterator_on_the_stack(entrances):
    """Going behind END_FOR would drop the iterator; a program that declines leaves everything as it was."""
    code = spin_over.__code__
    loop = next(loop for loop in running.loops(code) if loop.depth == 1)
    address = load("define i32 @decline(ptr %thread, ptr %frame) { ret i32 0 }", {}, ("decline",))["decline"]
    numbers = [1] * 300_000
    assert enter(entrances, code, loop.head, address, lambda: spin_over(numbers)) == ("left", True)
    entered, declined, _ = entrances.counts(code, loop.head)
    assert entered == 0 and (declined > 0 or not HERE.has_monitoring)
    entrances.disarm(code)


def test_a_thread_that_never_comes_to_a_head_is_recalled(entrances):
    if HERE.has_monitoring:
        pytest.skip("this host waits by monitoring, which needs no recall")
    ready, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (ready.set(), done.wait()))
    thread.start()
    ready.wait()
    assert entrances.send(thread.ident) and entrances.is_waiting(thread.ident)
    assert not entrances.send(thread.ident)
    entrances.recall(thread.ident)
    assert not entrances.is_waiting(thread.ident)
    done.set()
    thread.join()


def test_the_tool_of_another_optimizer_is_left_alone(entrances):
    if not HERE.has_monitoring:
        pytest.skip("no monitoring on this host")
    entrances.disarm_all()
    sys.monitoring.use_tool_id(osr.OWN_TOOL, "another")
    try:
        assert not entrances.arm(spin.__code__, 0, 0)
    finally:
        sys.monitoring.free_tool_id(osr.OWN_TOOL)
        entrances.disarm(spin.__code__)


def slow_loop(code, loop, ns, name):
    """Return an ``osr`` that takes some nanoseconds and gives the frame back as it is, and the address of its number of turns."""
    text = f"""
    @{name}_turns = global i64 0
    declare i32 @morrow_clock(i32, ptr)
    define internal i64 @now() {{
      %time = alloca [2 x i64]
      %failed = call i32 @morrow_clock(i32 3, ptr %time)
      %seconds = load i64, ptr %time
      %more_at = getelementptr i64, ptr %time, i64 1
      %more = load i64, ptr %more_at
      %whole = mul i64 %seconds, 1000000000
      %sum = add i64 %whole, %more
      ret i64 %sum
    }}
    define i32 @{name}(ptr %thread, ptr %frame) {{
    entry:
      %turns = load i64, ptr @{name}_turns
      %few = icmp slt i64 %turns, 100000000
      br i1 %few, label %trial, label %kept
    kept:
      ret i32 1
    trial:
      store i64 0, ptr @{name}_turns
      %span = mul i64 %turns, {ns}
      %begin = call i64 @now()
      br label %wait
    wait:
      %present = call i64 @now()
      %passed = sub i64 %present, %begin
      %more = icmp slt i64 %passed, %span
      br i1 %more, label %wait, label %done
    done:
      ret i32 1
    }}"""
    import ctypes

    clock = ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value
    addresses = load(text, {"morrow_clock": clock}, (name, f"{name}_turns"))
    return addresses[name], addresses[f"{name}_turns"]


def count_up(goal):
    i = 0
    while i != goal:
        i += 1
    return i


def count_by_two(goal):
    i = 0
    while i != goal:
        i += 2
    return i


@pytest.mark.skipif(HERE is None or not HERE.has_monitoring, reason="this host does not tell of each turn: loops are kept without a trial")
@pytest.mark.skipif(not osr.has_clock(), reason="this system has no clock for one thread's CPU time")
@pytest.mark.parametrize("function, ns, state", [(count_up, 5000, "LOST"), (count_by_two, 1, "KEPT")])
def test_a_loop_is_entered_for_good_only_if_its_turns_take_less(entrances, function, ns, state):
    code = function.__code__
    loop = running.loops(code)[0]
    address, turns = slow_loop(code, loop, ns, f"turns_{state.lower()}")
    assert entrances.arm(code, loop.head, address, turns)
    until = time.monotonic() + 60
    while entrances.verdict(code, loop.head)[0] == osr.ON_TRIAL and time.monotonic() < until:
        assert function(2_000_000) == 2_000_000
    verdict, plain, compiled = entrances.verdict(code, loop.head)
    assert verdict == getattr(osr, state), (plain, compiled)
    assert plain > 0 and (compiled > plain) == (state == "LOST")
    before = entrances.counts(code, loop.head)[0]
    assert function(10_000) == 10_000
    after = entrances.counts(code, loop.head)[0]
    assert (after > before) == (state == "KEPT")
    # the same code put in place again is not tried again
    assert entrances.arm(code, loop.head, address, turns)
    assert entrances.verdict(code, loop.head)[0] == verdict
    entrances.disarm(code)


@pytest.mark.skipif(HERE is None or not HERE.has_monitoring, reason="this host does not tell of each turn")
def test_a_loop_that_never_runs_long_is_entered_without_a_trial(entrances):
    code = count_up.__code__
    loop = running.loops(code)[0]
    address, turns = slow_loop(code, loop, 1, "turns_short")
    assert entrances.arm(code, loop.head, address, turns)
    deeper = lambda goal: count_up(goal)
    for _ in range(osr.RESTARTS + 50):
        count_up(20)  # a frame in another place each time
        deeper(20)
    assert entrances.verdict(code, loop.head)[0] == osr.KEPT
    entrances.disarm(code)


def two_loops(goal):
    i = 0
    for _ in range(300):
        i += 1
    j = 0
    while j != goal:
        j += 1
    return ("left", i)


@pytest.mark.skipif(HERE is None or not HERE.has_monitoring, reason="this host is told which loop to enter")
def test_a_second_loop_of_the_same_code_is_entered_too(entrances):
    code = two_loops.__code__
    first, second = running.loops(code)
    assert entrances.arm(code, 2, 1)  # a head that is not: the jumps of both loops are told not to tell any more
    assert two_loops(10) == ("left", 300)
    address = leave_loop(code, second, offset_of_line(code, code.co_firstlineno + 7), "leave_second")
    assert enter(entrances, code, second.head, address, lambda: two_loops(-1)) == ("left", 300)
    entrances.disarm(code)
