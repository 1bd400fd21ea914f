"""Running frames: what is read from memory is what the frame holds."""

import sys
import threading

import pytest

from morrow.host import HERE
from tests.jit.machine_code import load

pytestmark = pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has no structures for this host")
if HERE is not None and HERE.jit_supported:
    from morrow.jit import running


def test_a_frame_knows_its_function():
    def function():
        return running.find_function(sys._getframe())

    assert function() is function
    assert running.find_function(sys._getframe()) is test_a_frame_knows_its_function


def test_code_run_by_exec_has_a_function_of_the_hosts_or_none():
    scope = {"running": running, "sys": sys}
    exec("found = running.find_function(sys._getframe())", scope)
    assert scope["found"] is None or scope["found"].__code__.co_name == "<module>"


def test_types_of_locals_are_read_without_touching_them():
    def function(a, b, *rest, c, **more):
        later = 1.5  # noqa: F841
        types = running.local_types(sys._getframe())
        return types, running.argument_types(sys._getframe())

    types, arguments = function(1, "x", c=None)
    assert types[:6] == (int, str, type(None), tuple, dict, float) and types[6] is None
    assert arguments == (int, str, type(None))


def test_cells_and_free_variables_are_among_the_locals():
    outer = 1

    def function(a):
        def inner():
            return a

        return running.local_types(sys._getframe()), outer, inner

    types = function(2)[0]
    assert types.count(type((lambda: outer).__closure__[0])) == 2


def nested(items):
    total = 0
    for a in items:
        with threading.Lock():
            for b in (1, 2):
                while total < b:
                    total += 1
    return total


def test_loops_are_found_with_their_depth():
    found = running.loops(nested.__code__)
    depths = sorted((loop.line - nested.__code__.co_firstlineno, loop.depth) for loop in found)
    # for: its iterator; with: its exit; for: its iterator (the while's head is its body on hosts that test at the end)
    assert [depth for _, depth in depths] in ([1, 3, 3], [1, 4, 4])  # 3.14 keeps __exit__ and its self
    inner = max(found, key=lambda loop: loop.depth * 1000 + loop.head)
    assert running.find_loop(nested.__code__, inner.end).depth == inner.depth
    assert running.find_loop(nested.__code__, 0) is None


def test_a_frame_on_a_back_edge_shows_its_stack():
    seen = []
    stop = threading.Event()
    look = running.Look(load)

    def spin(numbers):
        while not stop.is_set():
            for number in numbers:
                pass

    thread = threading.Thread(target=spin, args=([1] * 50_000,))
    thread.start()
    try:
        for _ in range(2000):
            frame = sys._current_frames()[thread.ident]
            if frame.f_code is spin.__code__:
                offset = frame.f_lasti
                loop = running.stands_on_back_edge(frame.f_code, offset)
                found = look(frame, frame.f_code, offset, loop) if loop is not None and loop.depth == 1 else None
                if found is not None:
                    assert found[0] is spin
                    seen.append(found[1])
                    break
            del frame
            stop.wait(0.0005)
    finally:
        stop.set()
        thread.join()
    assert seen and type(iter([])) in seen[0] and seen[0][0] is list


def test_a_frame_that_went_on_is_not_read():
    look = running.Look(load)
    frame = sys._getframe()
    before = frame.f_lasti
    assert look(frame, frame.f_code, before) is None
    assert look(frame, test_generators_have_no_loops_to_enter.__code__, frame.f_lasti) is None


def test_a_function_that_has_just_been_called_stands_at_its_start():
    frame = sys._getframe()
    assert not running.stands_at_start(frame.f_code, frame.f_lasti)
    assert running.stands_at_start(frame.f_code, 0)


def test_generators_have_no_loops_to_enter():
    def generator():
        for a in (1, 2):
            yield a

    assert running.loops(generator.__code__) == ()
