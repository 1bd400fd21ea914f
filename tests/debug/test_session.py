"""A prompt opens at once on whatever a process is doing; pdb's commands work there; leaving leaves no trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from morrow.attach.errors import AttachError, NotReady
from morrow.debug.session import attach
from tests.support.builds import NAMES, get_build, others
from tests.support.targets import HOLD_THE_LOCK, STATES, code, running

COUNTER = """
import threading, time
total = 0
def step(n):
    global total
    here = n * 2
    total += 1
    return here
def loop():
    while True:
        step(total)
        time.sleep(0.01)
def other():
    while True:
        name = "other"
        time.sleep(0.01)
threading.Thread(target=other, name="helper", daemon=True).start()
ready()
loop()
"""


@pytest.mark.parametrize("state", ["sleep", "busy", "lock", "multijoin"])
def test_the_prompt_opens_on_the_blocked_frame(state, talk):
    with running(sys.executable, state) as target:
        with talk(target.pid) as t:
            assert "-> " in t.first
            assert "main(sys.argv[1])" in t.say("where")
            assert t.say("p 6 * 7") == "42\n"
            t.leave()
        assert target.alive


@pytest.mark.parametrize("build", others())
def test_it_opens_in_another_version(build, talk):
    with running(get_build(build), "sleep") as target:
        with talk(target.pid) as t:
            assert "time.sleep(1000)" in t.first and t.say("p state") == "'sleep'\n"
            t.leave()
        assert target.alive


@pytest.mark.long
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("build", NAMES)
def test_every_state_of_every_build_gives_a_prompt(build, state, talk):
    with running(get_build(build), state) as target:
        for _ in range(2):
            with talk(target.pid) as t:
                assert t.say("p 6 * 7") == "42\n"
                t.leave()
        assert target.alive


@pytest.mark.long
@pytest.mark.parametrize("state", HOLD_THE_LOCK)
@pytest.mark.parametrize("build", NAMES)
def test_c_code_that_does_not_come_back_is_refused_with_the_reason(build, state):
    with running(get_build(build), state) as target:
        with pytest.raises(NotReady, match=r"holds the interpreter's lock|computes in native code"):
            attach(target.pid)
        assert target.alive


def test_the_usual_commands(talk):
    with code(sys.executable, COUNTER, settle=False) as target:
        with talk(target.pid) as t:
            t.say("import sys")
            assert t.say("whatis total") == "<class 'int'>\n"
            assert t.say("p nothing_here").startswith("*** NameError")
            assert "Documented commands" in t.say("help")
            assert t.say("x = 5") == "" and t.say("p x + 1") == "6\n"
            t.leave()
        assert target.alive


def test_breakpoint_step_and_continue(talk, tmp_path):
    program = tmp_path / "app.py"
    program.write_text("def ready(): print('ready', flush=True)\n" + COUNTER)
    with _script(program) as target:
        with talk(target.pid) as t:
            assert "Breakpoint" in t.say(f"break {program}:7")
            t.session.answer("continue")
            text = t.until_prompt()
            assert "step()" in text and "-> here = n * 2" in text
            assert "-> total += 1" in t.say("next")
            assert t.say("p here == n * 2") == "True\n"
            assert "--Return--" in t.say("return")
            t.say("clear 1") if "Breakpoint" in t.say("break") else None
            t.go()
            t.session.break_in()
            assert "-> " in t.until_prompt()
            t.leave()
        assert target.alive
        _is_untouched(target.pid, talk)


def _is_untouched(pid: int, talk) -> None:
    """A second visit sees no trace function, and leaves none."""
    with talk(pid) as t:
        assert t.say("import sys") == ""
        assert t.say("p sys.gettrace()") == "None\n"
        t.leave()


def _script(path):
    from tests.support.targets import started

    return started([sys.executable, path], settle=False)


def test_a_breakpoint_in_another_thread(talk, tmp_path):
    program = tmp_path / "app.py"
    program.write_text("def ready(): print('ready', flush=True)\n" + COUNTER)
    with _script(program) as target:
        with talk(target.pid) as t:
            t.say(f"break {program}:16")
            t.session.answer("continue")
            assert "other()" in t.until_prompt()
            assert "-> " in t.say("threads").partition("helper")[0] or "helper" in t.say("threads")
            t.say("clear 1")
            t.leave()
        assert target.alive


def test_ctrl_c_breaks_into_a_running_program_without_a_signal(talk):
    with running(sys.executable, "busy") as target:
        with talk(target.pid) as t:
            for _ in range(3):
                t.go()
                assert t.session.break_in().started
                assert "busy()" in t.until_prompt()
            t.leave()
        assert target.alive


def test_threads_are_listed_and_chosen(talk):
    with code(sys.executable, COUNTER) as target:
        with talk(target.pid) as t:
            listed = t.say("threads")
            assert "MainThread" in listed and "helper" in listed and listed.startswith("->")
            assert "other()" in t.say("thread 2")
            assert t.say("p name") == "'other'\n"
            assert "loop" in t.say("thread") + t.say("where")
            assert "give a number" in t.say("thread 9")
            t.leave()
        assert target.alive


def test_tasks_are_listed_and_chosen(talk):
    program = """
import asyncio
async def leaf(n): await asyncio.sleep(1000)
async def middle(n): await leaf(n)
async def main():
    tasks = [asyncio.create_task(middle(n), name=f"job-{n}") for n in range(2)]
    asyncio.get_running_loop().call_later(.05, ready)
    await asyncio.gather(*tasks)
asyncio.run(main())
"""
    with code(sys.executable, program) as target:
        with talk(target.pid) as t:
            listed = t.say("tasks")
            assert "job-0" in listed and "job-1" in listed, listed
            assert t.say("task 2")
            assert t.say("p n") == "1\n" or t.say("up") and t.say("p n") == "1\n"
            assert "middle()" in t.say("where")
            t.leave()
        assert target.alive


def test_post_mortem_of_an_exception_being_handled(talk):
    program = """
import time
def fail(depth):
    secret = "inside"
    raise KeyError("lost")
try: fail(1)
except KeyError:
    ready(); time.sleep(1000)
"""
    with code(sys.executable, program) as target:
        with talk(target.pid) as t:
            assert "KeyError: 'lost'" in t.say("pm")
            assert t.say("p secret") == "'inside'\n"
            t.leave()


def test_chained_exceptions_and_what_dollar_names_stand_for(talk):
    program = """
import time
def fail(): {}["lost"]
try:
    try: fail()
    except KeyError as error: raise ValueError("worse") from error
except ValueError:
    ready(); time.sleep(1000)
"""
    with code(sys.executable, program) as target:
        for _ in range(2):
            with talk(target.pid) as t:
                assert "choose one with pm" in t.say("exceptions")
                assert "ValueError: worse" in t.say("pm")
                assert t.say("exceptions") == "    0 KeyError('lost')\n>   1 ValueError('worse')\n"
                assert "KeyError" in t.say("exceptions 0") and t.say("p $_exception") == "KeyError('lost')\n"
                assert t.say("p $_frame.f_code.co_name") == "'fail'\n"
                assert t.say("up") and t.say("$_exception.args") == "('lost',)\n"
                assert "No exception" in t.say("exceptions 7") and "integer" in t.say("exceptions x")
                assert t.say("p [name for name in globals() if 'pdb' in name]") == "['__pdb_convenience_variables']\n"
                t.leave()
            with talk(target.pid) as t:  # nothing keeps a frame alive afterwards
                assert t.say("import gc") == ""
                assert t.say("!print(sum(isinstance(d.get('_exception'), Exception) for d in gc.get_objects() if type(d) is dict))") == "0\n"
                t.leave()


def test_the_current_task_has_a_name(talk):
    program = """
import asyncio, time
async def main():
    asyncio.current_task().set_name("the one")
    ready(); time.sleep(1000)
asyncio.run(main())
"""
    with code(sys.executable, program) as target:
        with talk(target.pid) as t:
            assert t.say("p $_asynctask.get_name()") == "'the one'\n"
            t.leave()


def test_subinterpreters_are_listed_and_run_code(talk):
    program = """
try: import _interpreters as interpreters
except ImportError: import _xxsubinterpreters as interpreters
other = interpreters.create()
interpreters.run_string(other, "x = 41")
import time; ready(); time.sleep(1000)
"""
    with code(sys.executable, program) as target:
        with talk(target.pid) as t:
            assert "1 idle" in t.say("interpreters")
            assert t.say("interpreter 1 x + 1") == "42\n"
            assert "NameError" in t.say("interpreter 1 y")
            t.leave()
        assert target.alive


def test_assignments_reach_the_program(talk):
    program = """
import time
def wait():
    go_on = False
    ready()
    while not go_on: time.sleep(0.01)
    print("went on", flush=True)
    time.sleep(100)
wait()
"""
    with code(sys.executable, program) as target:
        with talk(target.pid) as t:
            t.say("go_on = True")
            t.leave()
        assert target.line() == "went on"


def test_completion_offers_what_pdb_would(talk):
    with running(sys.executable, "sleep") as target:
        with talk(target.pid) as t:
            assert "where" in t.session.complete("wh", "wh", 0, 2)
            assert "state" in t.session.complete("sta", "p sta", 2, 5)
            t.leave()


def test_a_dead_terminal_leaves_the_program_running(talk):
    with running(sys.executable, "sleep") as target:
        child = subprocess.Popen(
            [sys.executable, "-m", "morrow.debug", "-p", str(target.pid)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(),
        )  # fmt: skip
        assert child.stdout is not None
        while b"-> " not in (line := child.stdout.readline()):
            assert line
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert child.stdin is not None
        child.stdin.close()
        with talk(target.pid) as t:  # nothing is in the way of the next visit
            assert t.say("p state") == "'sleep'\n"
            t.leave()
        assert target.alive


def test_two_debuggers_at_once_are_refused(talk):
    with running(sys.executable, "busy") as target:
        with talk(target.pid) as t:
            t.go()
            with pytest.raises(AttachError) as caught, attach(target.pid) as second:
                second.receive(10)
            assert caught.value.name == "attach-taken" and str(os.getpid()) in str(caught.value)
            t.session.break_in()
            t.until_prompt()
            t.leave()
        assert target.alive


def test_a_target_that_ends_is_noticed(talk):
    with running(sys.executable, "sleep") as target:
        with talk(target.pid) as t:
            os.kill(target.pid, signal.SIGKILL)
            with pytest.raises(AttachError) as caught:
                t.until_prompt()
            assert caught.value.name == "attach-gone"


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("src")),
        "PYTHONUNBUFFERED": "1",
    }


def _pdb(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "morrow.debug", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=_environment(),
        timeout=60,
    )


def test_commands_and_scripts_need_no_terminal():
    with running(sys.executable, "sleep") as target:
        done = _pdb("--attach", str(target.pid), "-c", "p state", "-c", "p 1 + 1", stdin="p 2 + 2\n")
        assert done.returncode == 0, done.stderr
        assert "'sleep'" in done.stdout and "(Pdb) 4" in done.stdout
        assert target.alive


def test_several_processes_are_refused():
    done = _pdb("-p", "1", "-p", "2")
    assert done.returncode == 2 and "one process at a time: 1, 2" in done.stderr


def test_a_busy_process_is_shown_with_the_reason():
    with running(sys.executable, "csum") as target:
        done = _pdb("-p", str(target.pid))
        assert done.returncode == 1
        assert "in main" in done.stdout and "attach-queued" in done.stderr
        assert target.alive


def test_the_program_keeps_its_speed():
    """Nothing of ours runs after detach: no trace function, thread, file descriptor or recursion limit is left."""
    with running(sys.executable, "busy") as target:
        before = sorted(os.readlink(f"/proc/{target.pid}/fd/{n}") for n in os.listdir(f"/proc/{target.pid}/fd"))
        with attach(target.pid) as session:
            session.receive(10)
            session.answer("detach")
            with pytest.raises(AttachError):
                while session.receive(10):
                    pass
        time.sleep(0.05)
        assert sorted(os.readlink(f"/proc/{target.pid}/fd/{n}") for n in os.listdir(f"/proc/{target.pid}/fd")) == before
        assert os.listdir(f"/proc/{target.pid}/task") == [str(target.pid)]
