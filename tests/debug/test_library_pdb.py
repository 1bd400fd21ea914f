"""What 3.14's pdb has and the host's lacks is there under morrow."""

from __future__ import annotations

import subprocess
import sys

from tests.support.same import clean_environment

PROGRAM = """
import asyncio, pdb
print(pdb.get_default_backend(), pdb.Pdb(backend="monitoring").backend, pdb.Pdb(mode="inline", colorize=True).mode)
pdb.set_default_backend("monitoring")
print(pdb.get_default_backend(), pdb.Pdb().backend, "set_default_backend" in pdb.__all__)
try: pdb.set_default_backend("x")
except ValueError as error: print(error)
def fail(): raise KeyError("lost")
async def main():
    x = 41
    pdb.set_trace(commands=["p x + 1"])
    print("on")
asyncio.run(main())
"""


def test_names_of_3_14():
    done = subprocess.run([sys.executable, "-m", "morrow", "-c", PROGRAM], input="p $_asynctask.get_name()\np $_frame.f_code.co_name\nc\n",
                          capture_output=True, text=True, env=clean_environment())  # fmt: skip
    said = done.stdout.splitlines()
    assert said[:3] == ["settrace monitoring inline", "monitoring monitoring True", "Invalid backend: x"], done
    assert "42" in said and "(Pdb) 'Task-1'" in said and "(Pdb) 'main'" in said and said[-1].endswith("on"), done.stdout


def test_post_mortem_knows_the_exception():
    program = "import pdb, sys\ndef f(): {}['lost']\nd = pdb.Pdb()\ntry: d.runcall(f)\nexcept KeyError: print('left')\n"
    done = subprocess.run([sys.executable, "-m", "morrow", "-c", program], input="n\np $_exception.args\nc\n",
                          capture_output=True, text=True, env=clean_environment())  # fmt: skip
    assert "('lost',)" in done.stdout and "left" in done.stdout, done.stdout + done.stderr


ASYNC = """
import asyncio, pdb
async def double(x):
    await asyncio.sleep(0.001)
    return x * 2
async def main():
    x = 21
    await pdb.set_trace_async(commands=["p 'first'"])
    print("x is", x)
    print("after")
asyncio.run(main())
print("done")
"""


def _run(program: str, lines: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "morrow", "-c", program], input="\n".join(lines) + "\n",
                          capture_output=True, text=True, env=clean_environment())  # fmt: skip


def test_lines_may_await_in_a_coroutine():
    done = _run(ASYNC, ["print('got', await double(x))", "await double(x)", "x = await double(4)", "p x", "await nothing", "y = x", "p x + y", "n", "n", "c"])
    assert done.returncode == 0 and done.stderr == "", done
    said = done.stdout.replace("(Pdb) ", "").splitlines()
    assert "'first'" in said and "got 42" in said and "42" not in said and "8" in said and "16" in said, said
    assert any("NameError: name 'nothing' is not defined" in line for line in said), said
    assert said.index("x is 8") > said.index("got 42") and said[-2:] == ["after", "done"], said


def test_leaving_a_coroutines_prompt():
    done = _run(ASYNC, ["c"])
    assert done.returncode == 0 and done.stdout.endswith("x is 21\nafter\ndone\n"), done
    for lines in (["q", "n", "q", "y"], ["q"], []):
        done = _run(ASYNC, lines)
        assert done.returncode == 1 and done.stdout.count("Quit anyway? [y/n]") == max(1, lines.count("q")) and "x is" not in done.stdout, done


STOPS = """
def work(n):
    total = n
    breakpoint()
    total += 1
    return total
print(work(1))
"""


def test_a_breakpoint_stops_where_it_is_written(tmp_path):
    path = tmp_path / "app.py"
    path.write_text(STOPS)
    done = subprocess.run([sys.executable, "-m", "morrow", path], input="total = 10\nn\np total\nn\np total\ns\nc\n",
                          capture_output=True, text=True, env=clean_environment())  # fmt: skip
    said = done.stdout.replace("(Pdb) ", "").splitlines()
    where = [line for line in said if line.startswith("-> ")]
    assert where == ["-> breakpoint()", "-> total += 1", "-> return total", "-> return total"], said
    assert "10" in said and said[-1] == "11", said


def test_going_on_from_a_breakpoint_leaves_nothing_traced(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("import sys\nfor i in range(3):\n    breakpoint()\nprint(sys.gettrace(), sys._getframe().f_trace)\n")
    done = subprocess.run([sys.executable, "-m", "morrow", path], input="p i\nc\np i\nc\np i\nb 4\nc\ncl 1\nc\n",
                          capture_output=True, text=True, env=clean_environment())  # fmt: skip
    said = done.stdout.replace("(Pdb) ", "").splitlines()
    assert [line for line in said if line in "012"] == ["0", "1", "2"] and "Deleted breakpoint" in done.stdout, done
    assert said[-1].startswith("None"), said


def test_source_is_coloured_where_colours_are_wanted(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("import pdb\ndef f():\n    x = 'text'\n    return x\nf()\n")
    command = [sys.executable, "-m", "morrow", "-m", "pdb", str(path)]
    light = "1;35" if sys.version_info < (3, 14) else "1;34"  # from 3.14 on it is the host's own pdb, with its colours
    for theme, keyword in (("", "1;34"), ("light", light), ("nosuch", "1;34"), (None, "")):
        env = {**clean_environment(), **({"NO_COLOR": "1"} if theme is None else {"FORCE_COLOR": "1", "MORROW_THEME": theme} if theme else {"FORCE_COLOR": "1"})}
        done = subprocess.run(command, input="b f\nc\nlonglist\nq\n", capture_output=True, text=True, env=env)
        assert (f"\x1b[{keyword}mreturn\x1b[0m x" in done.stdout) is bool(keyword), done
        assert ("\x1b[" in done.stdout) is bool(keyword), done


def test_leaving_a_post_mortem_ends_the_debugger(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("raise ValueError(1)\n")
    for lines in ("c\nq\n", "c\n"):
        done = subprocess.run([sys.executable, "-m", "morrow", "-m", "pdb", path], input=lines, capture_output=True, text=True,
                              env=clean_environment(), timeout=60)  # fmt: skip
        assert done.stdout.count("Entering post mortem") == 1, done


def test_a_breakpoint_stops_what_is_awaited_at_the_prompt(tmp_path):
    path = tmp_path / "app.py"
    path.write_text(ASYNC)
    lines = ["b double", "value = await double(5)", "p x", "c", "p value", "c"]
    done = subprocess.run([sys.executable, "-m", "morrow", path], input="\n".join(lines) + "\n", capture_output=True, text=True,
                          env=clean_environment())  # fmt: skip
    said = done.stdout.replace("(Pdb) ", "").splitlines()
    assert "5" in said and "10" in said and said[-1] == "done", done
