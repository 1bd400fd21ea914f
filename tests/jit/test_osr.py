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
