"""Stacks are read from outside: every thread, with names, lines, locals and who holds the interpreter's lock."""

from __future__ import annotations

import sys

import pytest

from morrow.attach.linetable import line_of
from morrow.attach.target import find
from morrow.attach.threads import read
from tests.support.builds import NAMES, get_build, others
from tests.support.targets import code, running

PROGRAM = """
import threading, time
class Thing:
    def __init__(self): self.x = 1
def work(n, name):
    text = "h\\u00e9llo \\u20ac"; big = 2**70; neg = -5; d = {"a": [1, 2, (3,)], 4: {5}}; f = 1.5
    none = None; yes = True; t = Thing(); b = b"xy"; w = "\\U0001F600"; empty = {}
    def inner():
        text; ready() if n else None; time.sleep(100)
    inner()
threading.Thread(target=work, args=(0, "a"), name="worker-7", daemon=True).start()
time.sleep(.05)
work(1, "main")
"""


def _check(python) -> None:
    with code(python, PROGRAM) as process, find(process.pid) as target:
        for pause in (True, False):
            snapshot = read(target, with_locals=True, pause=pause)
            main, worker = snapshot.threads
            assert (main.main, main.name, main.native_id) == (True, "MainThread", process.pid)
            assert (worker.main, worker.name) == (False, "worker-7")
            assert [frame.function for frame in main.frames] == ["work.<locals>.inner", "work", "<module>"]
            assert [frame.line for frame in main.frames] == [10, 11, 14]
            local = main.frames[1].locals
            assert local is not None
            assert local["text"] == repr("h\u00e9llo \u20ac")
            assert local["big"] == str(2**70) and local["neg"] == "-5" and local["f"] == "1.5"
            assert local["d"] == "{'a': [1, 2, (... 1 items)], 4: {5}}"
            assert local["none"] == "None" and local["yes"] == "True" and local["b"] == "b'xy'"
            assert local["w"] == repr("\U0001f600") and local["empty"] == "{}"
            assert local["t"].startswith("<Thing object at 0x") and local["inner"] == "<function>"
            assert worker.frames[0].locals == {"n": "0", "text": repr("h\u00e9llo \u20ac")}
            assert (snapshot.paused > 0) is pause
        assert process.alive


def test_stacks_with_locals_of_this_host():
    _check(sys.executable)


@pytest.mark.parametrize("build", others())
def test_stacks_of_another_version(build):
    _check(get_build(build))


@pytest.mark.long
@pytest.mark.parametrize("build", NAMES)
def test_stacks_of_every_build(build):
    _check(get_build(build))


def test_c_code_that_holds_the_lock_can_be_looked_at():
    with running(sys.executable, "csum") as process, find(process.pid) as target:
        main = read(target).threads[0]
        assert main.holds_gil and main.doing == "running"
        assert [frame.function for frame in main.frames] == ["main", "<module>"]


def test_three_hundred_threads_are_read_in_one_short_pause():
    program = """
import threading, time
gate = threading.Barrier(301)
def work(n):
    gate.wait(); time.sleep(100)
for n in range(300): threading.Thread(target=work, args=(n,), daemon=True, name=f"t{n}").start()
gate.wait(); ready(); time.sleep(100)
"""
    with code(sys.executable, program) as process, find(process.pid) as target:
        snapshot = read(target)
        assert len(snapshot.threads) == 301
        assert {thread.name for thread in snapshot.threads} == {"MainThread", *(f"t{n}" for n in range(300))}
        assert process.alive


@pytest.mark.parametrize(
    "source", ["x = 1\n\n\nfor i in range(3):\n    x += (i +\n  2)\n\ndef f(): pass\n", "\n" * 500 + "a = (1,\n2)\n"]
)
def test_lines_are_those_the_code_object_says(source):
    compiled = compile(source, "f", "exec")
    for start, end, line in compiled.co_lines():
        for offset in range(start, end, 2):
            assert line_of(compiled.co_linetable, compiled.co_firstlineno, offset) == line
