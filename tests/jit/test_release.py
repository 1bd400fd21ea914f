"""Loops that compute with numbers only let go of the GIL, and nobody can tell but by the clock."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
import types
from pathlib import Path

import pytest

from tests.jit.native import call, compiled  # skips this module where there is no jit

from morrow.jit import natives, release
from morrow.jit.compile import Request, compile_function
from morrow.jit.ir_text import parse_function
from tests.jit import native
from tests.support.same import Outcome, run


def count(n: int) -> int:
    s = 0
    for i in range(n):
        s += (i * i) & 1023
    return s


def nested(n: int, m: int) -> float:
    total = 0.0
    for i in range(n):
        x = 0.5
        for j in range(m):
            x = x * 1.0000001 + j
        total += x
    return total


def overflows(n: int) -> int:
    s = 1
    for i in range(n):
        if i > 300_000:
            s = s * 3
    return s


def divides(n: int) -> float:
    s = 0.0
    for i in range(n, -10, -1):
        s += 1.0 / i
    return s


def appends(n: int) -> list[int]:
    found = []
    for i in range(n):
        found.append(i)
    return found


def word(name: str) -> ctypes.c_int64:
    return ctypes.c_int64.from_address(natives.runtime()[name])


@pytest.fixture
def contended():
    """As after somebody has waited for the GIL, with every region worth it."""
    natives.runtime()
    word("morrow_contended").value = 1
    yield
    word("morrow_contended").value = 0


def _llvm(function: types.FunctionType, *warm: object) -> str:
    for _ in range(60):
        function(*warm)
    made = compile_function(Request(function), ("llvm",))
    return made.texts["llvm"]  # type: ignore[union-attr]


def test_a_loop_over_numbers_is_a_region_and_one_over_objects_is_not():
    assert "morrow_region_poll" in _llvm(count, 5)
    assert "morrow_region_poll" in _llvm(nested, 2, 2)
    assert "morrow_region_poll" not in _llvm(appends, 5)


def test_another_thread_runs_python_while_the_loop_runs(contended):
    made = compiled(count, 5)
    expected, seen = count(1000), []
    done = threading.Event()

    def work() -> None:
        seen.append(call(made, 1000))
        seen.append(call(made, 2_000_000_000))
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    released = 0
    while not done.is_set() and not released:
        released += release.is_any_released()
    release.stop()  # nobody computes without the GIL any more
    assert not release.is_any_released()
    release.start()
    thread.join()
    assert released and seen[0] == expected


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no clock of another thread here")
def test_the_loop_computes_while_another_thread_holds_the_gil(contended):
    made = compiled(count, 5)
    thread = threading.Thread(target=call, args=(made, 3_000_000_000))
    thread.start()
    while not release.is_any_released():
        pass
    clock = time.pthread_getcpuclockid(thread.ident)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # nobody gets the GIL from us while we only compute
    try:
        before = time.clock_gettime(clock)
        until = time.monotonic() + 20
        while time.clock_gettime(clock) < before + 0.01 and time.monotonic() < until:
            pass
        used = time.clock_gettime(clock) - before
    finally:
        sys.setswitchinterval(interval)
    release.stop()
    release.start()
    thread.join()
    assert used >= 0.01


@pytest.mark.parametrize(
    "function, arguments, warm",
    [(count, (3_000_000,), (5,)), (nested, (400, 1500), (2, 2)), (overflows, (300_100,), (5,)), (appends, (50_000,), (5,))],
)
def test_results_are_the_interpreters_in_many_threads(contended, function, arguments, warm):
    made = compiled(function, *warm)
    expected = function(*arguments)
    for _ in range(3):
        results: list[object] = []
        threads = [threading.Thread(target=lambda: results.append(call(made, *arguments))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [expected] * 4
    assert word("morrow_released").value == 0


def test_an_error_in_the_loop_is_raised_with_the_gil(contended):
    made = _compiled_raising()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            call(made, 300_000)
        except ZeroDivisionError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(error) for error in errors] == [str(_host_error())] * 3


def _compiled_raising():
    for _ in range(60):
        try:
            divides(3)
        except ZeroDivisionError:
            pass
    made = compile_function(Request(divides, (int,)))
    native._FUNCTIONS[made.entry] = divides  # type: ignore[union-attr]
    return made


def _host_error() -> BaseException:
    try:
        divides(3)
    except ZeroDivisionError as error:
        return error
    raise AssertionError


LOOP = """\
import signal, sys, threading, time, os
{more}
def work(n):
    s = 0
    for i in range(n):
        s += (i * i) & 1023
    return s
"""


INSTALLED = """
from morrow.jit import compile as pipeline, install, release
pipeline.LEAST_GAIN = 0
made = pipeline.compile_function(pipeline.Request(work, (int,)))
assert install.install(work, made.entry)
"""


def outcome(folder: Path, body: str, more: str = "") -> Outcome:
    """Run a program in which `work` is compiled, whatever the time."""
    (folder / "app.py").write_text(LOOP.format(more=more) + INSTALLED + body, encoding="utf-8")
    return run([sys.executable, "app.py"], cwd=folder)


def test_ctrl_c_ends_a_loop_that_runs_without_the_gil(tmp_path):
    body = """
def interrupt():
    while not release.is_any_released(): pass
    os.kill(os.getpid(), signal.SIGINT)
t = threading.Thread(target=interrupt)
t.start()
try:
    work(10**13)
except KeyboardInterrupt as error:
    frame = error.__traceback__
    while frame.tb_next: frame = frame.tb_next
    print("interrupted in", frame.tb_frame.f_code.co_name, frame.tb_lineno in (5, 6))
t.join()
"""
    got = outcome(tmp_path, body)
    assert (got.out, got.status) == ("interrupted in work True\n", 0), got


def test_the_process_ends_while_a_daemon_computes(tmp_path):
    body = """
t = threading.Thread(target=work, args=(10**13,), daemon=True)
t.start()
while not release.is_any_released(): pass
print("end")
"""
    got = outcome(tmp_path, body)
    assert (got.out, got.err, got.status) == ("end\n", "", 0), got


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_fork_while_another_thread_computes(tmp_path):
    body = """
t = threading.Thread(target=work, args=(10**9,), daemon=True)
t.start()
while not release.is_any_released(): pass
child = os.fork()
if not child:
    os._exit(work(1000) & 1)
print(os.waitpid(child, 0)[1] >> 8 == work(1000) & 1)
"""
    got = outcome(tmp_path, body, "import warnings; warnings.simplefilter('ignore')")
    assert (got.out, got.status) == ("True\n", 0), got


def test_the_gil_is_kept_when_asked(monkeypatch):
    monkeypatch.setitem(sys._xoptions, "gil", "1")
    assert not release.is_possible() and "morrow_region_poll" not in _llvm(count, 5)


def test_regions_are_cycles_of_blocks_without_objects():
    function = parse_function(
        """
function f(%1: i64, %2: ptr) {
start:
  jump head(0)
head(%3: i64):
  %4: i1 = int_compare <lt> %3, %1
  branch %4 body() out()
body:
  %5: i64 = int_wrap_add %3, 1
  poll else @0
  jump head(%5)
out:
  decref %2
  return 0, %3
@0: resume at 0 locals [] stack []
}
""".strip()
    )
    assert release.find_regions(function, set()) == {"head": 0, "body": 0}
    assert release._cycles({"a": ["b"], "b": ["c"], "c": ["b"], "d": ["d"], "e": []}) in ([["c", "b"], ["d"]], [["b", "c"], ["d"]])
