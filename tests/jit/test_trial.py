"""Trials: compiled code stays only where it was measured to pay."""

import ctypes
import sys
import threading

import pytest

from morrow.host import HERE
from tests.jit.machine_code import load

pytest.importorskip("llvmlite")
pytestmark = pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has no structures for this host")
if HERE is not None and HERE.jit_supported:
    from morrow.jit import install, trial

    pytestmark = [pytestmark, pytest.mark.skipif(not trial.has_clock(), reason="no clock for the CPU time of a thread")]

ANSWER = """
declare ptr @PyLong_FromLong(i64)
define ptr @answer(ptr %callable, ptr %args, i64 %nargsf, ptr %kwnames) {
  %made = call ptr @PyLong_FromLong(i64 42)
  ret ptr %made
}
"""


@pytest.fixture(scope="module")
def trials():
    made = trial.Trials(load, ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(made))
    return made


@pytest.fixture(scope="module")
def answer():
    return load(ANSWER, {"PyLong_FromLong": ctypes.cast(ctypes.pythonapi.PyLong_FromLong, ctypes.c_void_p).value}, ("answer",))["answer"]


def fresh():
    def function(n=0):
        return n + 1

    return function


def note(found, which, calls, nanoseconds):
    """Write what the entry would have counted."""
    ctypes.c_int64.from_address(found.row + 24 + 16 * which).value = calls
    ctypes.c_int64.from_address(found.row + 32 + 16 * which).value = calls * (int(nanoseconds) + ctypes.c_int64.from_address(found.row + 64).value)


def test_turns_run_stock_and_compiled_code_in_turn(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    got = []
    for _ in range(6):
        ctypes.c_int64.from_address(found.row + 72).value = 0  # time every call: the mask of short ones is tested below
        got += [function(1), function(2)]
        found.turn()
    assert got == [2, 3, 42, 42] * 3 and found.turns == [3, 3] and 3 <= found.calls(0) <= 6
    trials.end(found, function, True)
    assert function(1) == 42 and install.is_installed(function)
    install.remove(function)


def test_a_turn_without_calls_goes_on(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    for _ in range(10):
        found.turn()
    assert found.turns == [0, 0] and function(1) == 2 and found.calls(0) == 1
    trials.end(found, function, False)
    assert function(1) == 2 and not install.is_installed(function)


@pytest.mark.parametrize(("stock", "compiled", "verdict"), [(1000, 100, 10.0), (100, 100, 1.0), (100, 200, 0.5)])
def test_the_verdict_is_the_ratio_of_the_times_of_one_call(trials, answer, stock, compiled, verdict):
    function = fresh()
    found = trials.begin(function, answer)
    note(found, 0, 1000, stock)
    assert found.verdict() == 0.0
    note(found, 1, 3000, compiled)
    assert found.verdict() == 0.0
    found.turns[:] = [trial.TURNS, trial.TURNS]
    assert found.verdict() == pytest.approx(verdict)
    trials.end(found, function, verdict > trial.LEAST_GAIN)
    assert install.is_installed(function) == (verdict > trial.LEAST_GAIN)
    install.remove(function)


def test_of_long_calls_a_few_are_enough(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    found.turns[:] = [2, 2]
    note(found, 0, 2, trial.LONG)
    note(found, 1, 1, trial.LONG)
    assert found.verdict() == 0.0
    note(found, 1, 2, trial.LONG / 4)
    assert found.verdict() == 0.0
    note(found, 1, 2, trial.LONG / 2)
    assert found.verdict() == pytest.approx(2.0)
    trials.end(found, function, False)


def test_of_short_calls_only_some_are_timed(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    function()
    note(found, 0, 1, 100)
    found.turn()
    for _ in range(80):
        assert function() == 42
    assert 10 <= found.calls(1) <= 11
    note(found, 1, 1, 10**6)
    found.turn()
    for _ in range(80):
        function()
    assert found.calls(0) == 81
    trials.end(found, function, False)


def test_time_is_counted_and_nested_calls_are_part_of_the_outermost(trials, answer):
    def down(n):
        return n and down(n - 1) + 1

    found = trials.begin(down, answer)
    assert down(50) == 50
    assert found.calls(0) == 1 and found.nanoseconds(0) > 100
    with pytest.raises(TypeError):
        down("x", 1)
    assert found.calls(0) == 2  # an exception ends a call like any other
    trials.end(found, down, False)


def test_there_are_so_many_places_and_they_are_given_back(trials, answer):
    functions = [fresh() for _ in range(trial.CAPACITY + 1)]
    found = [trials.begin(function, answer) for function in functions]
    assert found[-1] is None and None not in found[:-1]
    assert [function(4) for function in functions] == [5] * len(functions)
    for one, function in zip(found[:-1], functions, strict=False):
        trials.end(one, function, False)
    assert trials.begin(functions[-1], answer) is not None


def test_a_call_that_outlives_its_trial_is_not_counted_for_the_next(trials, answer):
    go, inside = threading.Event(), threading.Event()

    def wait():
        inside.set()
        go.wait()

    first = trials.begin(wait, answer)
    thread = threading.Thread(target=wait)
    thread.start()
    inside.wait()
    trials.end(first, wait, False)
    other = fresh()
    second = trials.begin(other, answer)
    assert second.row == first.row
    go.set()
    thread.join()
    assert second.calls(0) == 0
    other()
    assert second.calls(0) == 1
    trials.end(second, other, False)


def test_a_function_that_dies_on_trial_does_no_harm(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    function()
    del function
    trials.end(found, None, True)
    assert sys.getrefcount(found) > 0
