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


def note(found, which, calls, nanoseconds, spread=0.0):
    """Write what the entry would have counted: calls of so many nanoseconds in the mean, *spread* of that their standard deviation."""
    mean = nanoseconds + ctypes.c_int64.from_address(found.row + 8 * trial._OVERHEAD).value + (0 if which else trial.STOCK_EXTRA)
    ctypes.c_int64.from_address(found.row + 8 * (trial._CALLS + which)).value = calls
    ctypes.c_double.from_address(found.row + 8 * (trial._TIME + which)).value = calls * mean
    ctypes.c_double.from_address(found.row + 8 * (trial._SQUARES + which)).value = calls * (mean * mean + (spread * nanoseconds) ** 2)


def mask(found, value):
    ctypes.c_int64.from_address(found.row + 8 * trial._MASK).value = value


def test_a_coin_is_tossed_for_each_call(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    got = [function(1) for _ in range(4000)]
    assert set(got) == {2, 42} and 1800 <= got.count(42) <= 2200
    assert found.calls(0) == got.count(2) and found.calls(1) == got.count(42)
    for period in (2, 3, 4):  # work that comes in turns meets both
        assert all(40 <= got[start::period].count(42) / len(got[start::period]) * 100 <= 60 for start in range(period))
    trials.end(found, function, True)
    assert function(1) == 42 and install.is_installed(function)
    install.remove(function)


def test_a_part_of_the_calls_may_be_stock(trials, answer):
    function = fresh()
    found = trials.begin(function, answer, 0.125)
    got = [function(1) for _ in range(800)]
    assert 60 <= got.count(2) <= 140
    trials.end(found, function, False)
    assert function(1) == 2 and not install.is_installed(function)


@pytest.mark.parametrize(("stock", "compiled", "verdict"), [(1000, 100, 10.0), (100, 100, 1.0), (100, 200, 0.5), (2000, 1800, 1.11)])
def test_the_verdict_is_the_ratio_of_the_times_of_one_call(trials, answer, stock, compiled, verdict):
    function = fresh()
    found = trials.begin(function, answer)
    note(found, 0, 10000, stock)
    assert found.verdict() == 0.0
    note(found, 1, 30000, compiled)
    assert found.verdict() == pytest.approx(verdict, rel=0.01)
    trials.end(found, function, verdict > trial.LEAST_GAIN)
    assert install.is_installed(function) == (verdict > trial.LEAST_GAIN)
    install.remove(function)


def test_there_is_no_verdict_within_chance(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    for calls, decided in ((100, False), (1000, False), (10000, True)):
        note(found, 0, calls, 1200, 2.0)
        note(found, 1, calls, 1000, 2.0)
        assert bool(found.verdict()) == decided, calls
    assert found.verdict() == pytest.approx(1.2)
    # where calls differ without end, what is not sure counts for less
    note(found, 0, 1000, 1.2e6, 10.0)
    note(found, 1, 1000, 1e6, 10.0)
    assert 0 < found.verdict() < 1.0
    trials.end(found, function, False)


def test_of_long_calls_a_few_are_enough(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    note(found, 0, 2, trial.LONG)
    note(found, 1, 1, trial.LONG)
    assert found.verdict() == 0.0
    note(found, 1, 2, trial.LONG / 4)
    assert found.verdict() == 0.0
    note(found, 0, 2, 2 * trial.LONG)
    note(found, 1, 2, trial.LONG / 2)
    assert found.verdict() == pytest.approx(4.0)
    note(found, 1, 2, trial.LONG * 1.8)  # too near
    assert found.verdict() == 0.0
    trials.end(found, function, False)


def test_of_short_calls_only_some_are_timed(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    note(found, 0, 100, 100)
    note(found, 1, 100, 100)
    found.verdict()
    for _ in range(80):
        function()
    assert found.calls(0) + found.calls(1) == 210
    note(found, 0, 100, 10**6)
    note(found, 1, 100, 10**6)
    found.verdict()
    for _ in range(80):
        function()
    assert found.calls(0) + found.calls(1) == 280
    trials.end(found, function, False)


def test_time_is_counted_and_nested_calls_are_part_of_the_outermost(trials, answer):
    def down(n):
        return n and down(n - 1) + 1

    found = trials.begin(down, answer, 1.0)
    assert down(50) == 50
    assert found.calls(0) == 1 and found.nanoseconds(0) > 100
    with pytest.raises(TypeError):
        down("x", 1)
    assert found.calls(0) == 2  # an exception ends a call like any other
    trials.end(found, down, False)


def test_there_are_so_many_places_and_they_are_given_back(trials, answer):
    functions = [fresh() for _ in range(trial.CAPACITY + 1)]
    found = [trials.begin(function, answer, 1.0) for function in functions]
    assert not trials.has_room()
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

    first = trials.begin(wait, answer, 1.0)
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    inside.wait()
    trials.end(first, wait, False)
    other = fresh()
    second = trials.begin(other, answer, 1.0)
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


def test_of_each_pair_of_calls_one_is_compiled(trials, answer):
    function = fresh()
    found = trials.begin(function, answer)
    got = [function(1) for _ in range(200)]
    assert all({*got[k : k + 2]} == {2, 42} for k in range(0, 200, 2))
    assert 20 <= sum(got[k] == 42 for k in range(0, 200, 2)) <= 80
    trials.end(found, function, False)
