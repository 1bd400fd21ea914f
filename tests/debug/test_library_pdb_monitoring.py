"""pdb's monitoring back end stops where settrace's does, looks at no line twice for nothing, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.same import clean_environment

PROGRAM = """
import pdb, sys
def numbers(n):
    for i in range(n):
        yield i * 2
def fails(x):
    try:
        return 1 / x
    except ZeroDivisionError as error:
        raise ValueError(x) from error
    finally:
        x = 5
class C:
    def __init__(self): self.x = [i for i in range(2)]
def work(n):
    total = 0
    for i in numbers(n):
        total += i
    try:
        fails(0)
    except ValueError:
        total += 1
    C()
    while total < 9: total += 1
    return total
debugger = pdb.Pdb(backend=sys.argv[1], nosigint=True, readrc=False)
print(debugger.runcall(work, 2))
print(debugger.runeval("work(1)"))
debugger.run("x = 1\\ny = work(1)\\nz = 3")
debugger.set_trace()
work(2)
print("end")
"""
ours = sys.version_info < (3, 14)  # from 3.14 on it is the host's own
has_monitoring = pytest.mark.skipif(not hasattr(sys, "monitoring") or not ours, reason="this host has no sys.monitoring, or a pdb that uses it")


def _said(path, lines: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "morrow", path, *arguments], input="\n".join(lines) + "\n", capture_output=True, text=True,
                          env=clean_environment(), timeout=120)  # fmt: skip


# Not compared: the end of a generator, where 3.14's monitoring tells of an "Internal StopIteration" and its settrace does not.
@has_monitoring
@pytest.mark.parametrize("commands", [["s"] * 150, ["n"] * 30, ["b fails", "c", "s", "s", "r", "n", "s", "s", "r"], ["b fails", "c", "u", "n", "n", "c", "cl 1", "c"],
                                      ["b numbers", "c", "until", "r", "w", "c"], ["tbreak work", "c", "unt 23", "c"], ["n", "debug numbers(3)", "s", "n", "c", "n"]])  # fmt: skip
def test_it_stops_where_settrace_does(tmp_path, commands):
    path = tmp_path / "app.py"
    path.write_text(PROGRAM)
    one, other = (_said(path, [*commands, *["c"] * 12], backend) for backend in ("settrace", "monitoring"))
    assert one.stdout and one.stdout == other.stdout
    assert one.stderr == other.stderr


@has_monitoring
def test_nothing_is_traced_and_the_tool_is_given_back(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("import sys\ndef f():\n    return 1\nf()\nprint('after', sys.gettrace(), sys.monitoring.get_tool(0))\n")
    done = subprocess.run([sys.executable, "-m", "morrow", "-m", "pdb", path], capture_output=True, text=True, env=clean_environment(),
                          input="n\np sys.gettrace(), sys.monitoring.get_tool(0)\nc\nq\n")  # fmt: skip
    assert "(None, 'bdbtracer')" in done.stdout and "after None None" in done.stdout, done


@has_monitoring
def test_lines_far_from_breakpoints_cost_one_look_each(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("""
import pdb, sys
def hot(n):
    total = 0
    for i in range(n):
        total += one(i)
    return total
def one(i):
    i += 1
    return i
def rare(x):
    return x
def work():
    hot(1000)
    rare(1)
    hot(1000)
class Counting(pdb.Pdb):
    looks = 0
    def trace_dispatch(self, frame, event, arg):
        Counting.looks += 1
        return super().trace_dispatch(frame, event, arg)
debugger = Counting(backend=sys.argv[1], nosigint=True, readrc=False)
debugger.runcall(work)
print("looks", Counting.looks)
""")
    looks = {}
    for backend in ("monitoring", "settrace"):
        done = _said(path, ["b rare", "c", "p x", "c"], backend)
        assert "(Pdb) 1" in done.stdout, done
        looks[backend] = int(done.stdout.split("looks ")[1])
    assert looks["monitoring"] < 60 and looks["settrace"] > 2000, looks


@has_monitoring
def test_a_tool_that_is_taken_leaves_it_to_settrace(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("import sys\nsys.monitoring.use_tool_id(0, 'other')\nbreakpoint()\nx = 1\ny = 2\nprint(x, y)\n")
    done = _said(path, ["n", "n", "c"])
    assert "-> y = 2" in done.stdout and done.stdout.endswith("1 2\n") and done.stderr == "", done
