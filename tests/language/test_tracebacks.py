"""Tracebacks are 3.14's: what tests/same cannot show, which compares whole programs with a real 3.14."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import morrow
from morrow.host import HERE
from morrow.language.tracebacks import colours, marks, suggestions
from tests.support.same import MORROW, clean_environment, run

FAILS = "def f(x):\n    return 1 / x\nf(0)\n"
# As CPython 3.14 prints it with FORCE_COLOR=1.
COLOURED = (
    "Traceback (most recent call last):\n"
    '  File \x1b[35m"app.py"\x1b[0m, line \x1b[35m3\x1b[0m, in \x1b[35m<module>\x1b[0m\n'
    "    \x1b[31mf\x1b[0m\x1b[1;31m(0)\x1b[0m\n"
    "    \x1b[31m~\x1b[0m\x1b[1;31m^^^\x1b[0m\n"
    '  File \x1b[35m"app.py"\x1b[0m, line \x1b[35m2\x1b[0m, in \x1b[35mf\x1b[0m\n'
    "    return \x1b[31m1 \x1b[0m\x1b[1;31m/\x1b[0m\x1b[31m x\x1b[0m\n"
    "           \x1b[31m~~\x1b[0m\x1b[1;31m^\x1b[0m\x1b[31m~~\x1b[0m\n"
    "\x1b[1;35mZeroDivisionError\x1b[0m: \x1b[35mdivision by zero\x1b[0m\n"
)


def _error(tmp_path: Path, *options: str, **env: str) -> str:
    (tmp_path / "app.py").write_text(FAILS)
    got = run([sys.executable, MORROW, *options, "app.py"], cwd=tmp_path, env=env)
    return got.err.replace(f"{tmp_path}{os.sep}", "")


def test_a_script_is_coloured_when_asked_for(tmp_path):
    assert _error(tmp_path, FORCE_COLOR="1") == COLOURED
    assert _error(tmp_path, PYTHON_COLORS="1", NO_COLOR="1") == COLOURED


@pytest.mark.parametrize(
    ("options", "env"),
    [
        ((), {}),
        ((), {"NO_COLOR": "1", "FORCE_COLOR": "1"}),
        ((), {"PYTHON_COLORS": "0", "FORCE_COLOR": "1"}),
        (("-E",), {"PYTHON_COLORS": "1"}),
        (("-I",), {"PYTHON_COLORS": "1"}),
    ],
)
def test_a_script_is_not_coloured_otherwise(tmp_path, options, env):
    assert "\x1b" not in _error(tmp_path, *options, **env)


@pytest.mark.skipif(os.name == "nt", reason="needs a pty")
@pytest.mark.parametrize(("term", "coloured"), [("xterm", True), ("dumb", False)])
def test_a_script_is_coloured_on_a_terminal(tmp_path, term, coloured):
    import pty

    (tmp_path / "app.py").write_text(FAILS)
    ours, theirs = pty.openpty()
    environment = {**clean_environment(), "TERM": term}
    environment.pop("NO_COLOR", None)
    environment.pop("FORCE_COLOR", None)
    process = subprocess.Popen([sys.executable, MORROW, "app.py"], cwd=tmp_path, env=environment, stderr=theirs)
    os.close(theirs)
    process.wait(timeout=60)
    seen = os.read(ours, 10000)
    os.close(ours)
    assert (b"\x1b[1;35mZeroDivisionError" in seen) is coloured


def test_the_hosts_tracebacks_can_be_had(tmp_path):
    (tmp_path / "app.py").write_text(FAILS)
    expected = run([sys.executable, "app.py"], cwd=tmp_path)
    assert run([sys.executable, MORROW, "-X", "tracebacks=0", "app.py"], cwd=tmp_path) == expected


@pytest.mark.skipif(HERE is not None and HERE.shows_tracebacks, reason="this host's own")
def test_nothing_that_shows_tracebacks_is_loaded_before_there_is_one(tmp_path):
    (tmp_path / "app.py").write_text("import sys\nprint([n for n in sys.modules if 'tracebacks' in n or n in ('traceback', 'linecache', 'dis')])\n")
    got = run([sys.executable, MORROW, "app.py"], cwd=tmp_path)
    assert got.out == "['morrow.language.tracebacks', 'morrow.language.tracebacks.uncaught']\n"


def test_frames_of_ours_are_left_out(tmp_path):
    program = "from string.templatelib import Template\ntry: Template(3)\nexcept TypeError as e:\n    import traceback\n    traceback.print_exc()\n"
    (tmp_path / "app.py").write_text(program)
    got = run([sys.executable, MORROW, "app.py"], cwd=tmp_path)
    assert str(Path(morrow.__file__).parents[1]) not in got.err
    assert got.err.count("File ") == 1


@pytest.mark.skipif(HERE is not None and HERE.shows_tracebacks, reason="this host's own")
def test_summaries_can_be_pickled_and_hold_what_those_of_the_host_hold(tmp_path):
    program = """\
import pickle, traceback
try: 1 / 0
except ZeroDivisionError as error: frame = traceback.extract_tb(error.__traceback__)[0]
copy = pickle.loads(pickle.dumps(frame))
print(copy == frame, copy.line, copy.end_lineno, type(copy) is traceback.FrameSummary, isinstance(copy, type(frame).__mro__[1]))
"""
    (tmp_path / "app.py").write_text(program)
    assert run([sys.executable, MORROW, "app.py"], cwd=tmp_path).out == "True try: 1 / 0 2 True True\n"


@pytest.mark.parametrize(
    ("segment", "marked"),
    [("a + b", "+"), ("a  **\tb", "**"), ("f(x)(y)", "(y)"), ("a[1][2]", "[2]"), ("(a)\n # )\n  // b", "//"), ("a.b", None), ("a +", None), ("a if b else c", None)],
)
def test_what_is_marked_in_an_expression(segment, marked):
    found = marks.find_anchors(segment)
    lines = segment.splitlines()
    assert (None if found is None else lines[found.line][found.column : found.end_column]) == marked


@pytest.mark.parametrize(
    ("names", "wrong", "meant"),
    [
        (["append", "extend"], "apend", "append"),
        (["Append"], "append", "Append"),
        (["é", "x"], "y", None),
        (["name"], "name", None),
        (["blech", "bluch"], "blach", "blech"),
        ([f"name{n}" for n in range(800)], "nam1", None),
        ([], "x", None),
    ],
)
def test_the_name_that_was_meant(names, wrong, meant):
    assert suggestions.closest(names, wrong) == meant


def test_an_odd_stream_is_not_coloured():
    assert not colours.can_colour(None)
    assert not colours.can_colour(object())


def test_a_program_without_memory_ends(tmp_path):
    pytest.importorskip("_testcapi")
    code = "import _testcapi\nclass C: pass\n_testcapi.set_nomemory(0, 0)\nC()\n"
    outcome = run([sys.executable, MORROW, "-c", code], cwd=tmp_path)
    assert outcome.status != 0 and "MemoryError" in outcome.err
