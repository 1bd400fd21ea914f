"""What a program can tell of the jit: nothing. Each program of `exact` does the same under the host alone and compiled."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from morrow.host import HERE
from tests.jit.fuzz.__main__ import _difference, run_batch

pytest.importorskip("llvmlite")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has not been taught this host"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the programs run in forks of one process"),
]
PROGRAMS = sorted(path.name for path in Path(__file__).with_name("exact").glob("p_*.py"))
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def outcomes():
    folder = Path(__file__).with_name("exact")
    return {mode: run_batch(sys.executable, mode, folder, PROGRAMS) for mode in ("off", "eager")}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_does_the_same(outcomes, name):
    (expected, failed), (got, ended) = outcomes["off"], outcomes["eager"]
    assert not failed and not ended
    assert "uncaught" not in expected[name] and expected[name].endswith("\x010\n"), expected[name]
    assert got[name] == expected[name], _difference(expected[name], got[name])


def run(program, *, before="", status=0, env=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))}
    environment |= {"PYTHONPATH": str(ROOT / "src"), **(env or {})}
    done = subprocess.run([sys.executable, "-c", before + textwrap.dedent(program)], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == status, done.stderr
    return done


EAGER = """
import morrow.jit
assert morrow.jit.start(mode="eager")
morrow.jit._worker.only = "<string>"
"""
SHUTDOWN = """
import atexit, threading, time, faulthandler, sys
def work(n):
    t = 0
    for i in range(n):
        t += i * i % 7
    return t
for _ in range(40):
    work(50)
class Late:
    def __del__(self, work=work, print=print):
        print("late", work(60))
late = Late()
cycle = [Late()]
cycle.append(cycle)
atexit.register(lambda: print("exit", work(70)))
def forever():
    while True:
        work(1000)
for _ in range(3):
    threading.Thread(target=forever, daemon=True).start()
time.sleep(0.05)
print(work(80))
"""


def test_the_end_of_a_process_is_the_same_with_daemon_threads_in_compiled_code():
    plain, compiled = run(SHUTDOWN), run(SHUTDOWN, before=EAGER)
    assert compiled.stdout == plain.stdout and "Error" not in compiled.stderr


def test_faulthandler_shows_the_programs_frames():
    program = """
        import faulthandler, sys
        def look():
            faulthandler.dump_traceback(all_threads=False)
        def hot(n):
            t = 0
            for i in range(n):
                t += i
                if i == n - 1:
                    look()
            return t
        for n in (3, 4, 35, 36):
            hot(n)
        """
    plain, compiled = run(program).stderr, run(program, before=EAGER).stderr
    frames = [[line.partition(" in ")[2] for line in text.splitlines() if " in " in line] for text in (plain, compiled)]
    assert frames[0] == frames[1] and frames[0][:3] == ["look", "hot", "<module>"]


def test_one_variable_switches_it_on_for_plain_python(tmp_path):
    (tmp_path / "usercustomize.py").write_text("import os\nif os.environ.get('MORROW_JIT', 'off') != 'off':\n    import morrow.jit\n    morrow.jit.start()\n")
    program = "import sys; m = sys.modules.get('morrow.jit'); print(m is not None and m.is_on())"
    env = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{tmp_path}", "PYTHONUSERBASE": str(tmp_path)}
    on = run("import usercustomize\n" + program, env=env | {"MORROW_JIT": "on"}).stdout
    off = run("import usercustomize\n" + program, env=env).stdout
    assert (on, off) == ("True\n", "False\n")
