"""Leaving compiled code: the interpreter goes on as if it had run all along."""

import gc
import sys
import weakref

import pytest

from tests.jit.native import agrees, call, compiled, outcome


def overflow(n):
    x = 1
    log = 0
    for _i in range(n):
        for j in range(3):
            x = x * 3 + j
            log += 1
    return x, log


def inner(a, k):
    return a * k


def outer(n):
    s = 1
    for i in range(1, n):
        s = inner(s, i) + 0
    return s


def zero(a, n):
    t = 0
    for i in range(n):
        try:
            t += a // (i - 3)
        except ZeroDivisionError:
            t += 1000
    return t


def items(values, n):
    s = 0.0
    for i in range(n):
        s += values[i] * 2.0
    return s


def item(values, i):
    return values[i] * 2.0


def caller(values, n):
    s = 0.0
    for i in range(n):
        s += item(values, i)
    return s


def powers(n):
    s = 0
    i = 0
    while i < n:
        s += i * i * i
        i += 1
    return s


def deep(n):
    if n <= 0:
        return 0
    return deep(n - 1) + 1


def nested_finally(a, n):
    log = []
    for i in range(n):
        try:
            try:
                log.append(a % (n - 2 - i))
            finally:
                log.append(-1)
        except ZeroDivisionError as error:
            log.append(str(error))
    return log


def unbound(n):
    for i in range(n):
        last = i
    return last


def test_an_int_that_overflows_goes_on_as_a_big_int():
    agrees(overflow, (5,), (60,), leaves=True)


def test_a_callee_that_leaves_takes_its_caller_along():
    agrees(outer, (5,), (40,), leaves=True)


def test_an_exception_is_caught_by_the_functions_own_handler():
    agrees(zero, (7, 2), (7, 10), leaves=True)


def test_a_traceback_shows_the_same_lines_and_locals():
    agrees(items, ([1.0] * 5, 5), ([1.0] * 5, 9), ([1.0, 2, "x"], 3), (None, 1), leaves=True)


def test_a_traceback_through_two_compiled_functions_is_the_same():
    agrees(caller, ([1.0] * 5, 5), ([1.0] * 5, 9), ([1.0, "x"], 2), leaves=True)


def test_a_long_loop_turns_to_big_ints_in_the_middle():
    agrees(powers, (10,), (200_000,), leaves=True)


def test_finally_and_except_run_in_order():
    agrees(nested_finally, (7, 2), (7, 6))


def test_a_local_never_set_is_an_error_with_its_name():
    agrees(unbound, (3,), (0,))


def test_recursion_deeper_than_the_c_stack_allows_is_left_to_the_interpreter():
    agrees(deep, (5,), (250,), (299,), (300,), (301,), (700,))


def test_the_recursion_limit_holds():
    made = compiled(deep, 5)
    limit = sys.getrecursionlimit()

    def depth(function):
        low, high = 10, limit + 50
        while low < high:
            middle = (low + high) // 2
            try:
                function(middle)
                low = middle + 1
            except RecursionError:
                high = middle
        return low

    assert abs(depth(deep) - depth(lambda n: call(made, n))) <= 3
    assert outcome(deep, 50) == outcome(lambda n: call(made, n), 50)


def test_an_objects_end_comes_at_the_same_time():
    class Thing:
        pass

    def keep(things, n):
        last = None
        for i in range(n):
            last = things[i]
        return n

    for run in (keep, None):
        things = [Thing() for _ in range(4)]
        if run is None:
            made = compiled(keep, [1, 2, 3, 4], 4)
            run = lambda *a: call(made, *a)  # noqa: E731
        watch = [weakref.ref(t) for t in things]
        assert run(things, 4) == 4
        del things
        assert [w() for w in watch] == [None] * 4


def test_references_are_neither_lost_nor_kept():
    value = 1234567.25
    values = [value] * 8

    def move(source, target, n):
        for i in range(n):
            target[i] = source[i]
        return target

    made = compiled(move, [1.0] * 8, [2.0] * 8, 8)
    target = [0.0] * 8
    gc.collect()
    before = sys.getrefcount(value)
    for _ in range(100):
        call(made, values, target, 8)
    assert sys.getrefcount(value) == before + 8
    with pytest.raises(IndexError):
        call(made, values, target, 9)
    assert sys.getrefcount(value) == before + 8


def test_a_frame_left_to_the_interpreter_knows_its_caller():
    def look(n):
        total = 0
        for i in range(n):
            total += i
        return sys._getframe().f_back.f_code.co_name, sys._getframe().f_code.co_name, total

    made = compiled(look, 3)

    def who():
        return call(made, 4)

    assert who() == ("call", "look", 6)


def test_an_exceptions_frames_survive_and_know_their_callers():
    made = compiled(items, [1.0] * 5, 5)
    try:
        call(made, [1.0] * 5, 7)
    except IndexError as error:
        frame = error.__traceback__.tb_next.tb_next.tb_frame
    assert frame.f_code is items.__code__
    assert frame.f_back.f_code.co_name == "call"
    assert frame.f_locals["n"] == 7
    frame.clear()
    assert frame.f_locals == {} or "values" not in frame.f_locals
