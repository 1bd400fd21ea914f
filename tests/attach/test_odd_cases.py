"""Hostile and odd cases: whatever happens, the target is not harmed and the person is told why."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import morrow
from morrow.attach import stop_linux
from morrow.attach.dump import dump
from morrow.attach.errors import AttachError, NotReady
from morrow.attach.stop_linux import Stopped, status_of
from morrow.attach.target import find
from tests.attach.conftest import HELLO, wait_until
from tests.support.builds import NAMES, find_build, get_build
from tests.support.targets import code, running, started

ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="needs root")
SOURCES = [path for path in sys.path if path.endswith("src")]
VISIT = f"""
import sys
sys.path[:0] = {SOURCES!r}
from morrow.attach.target import find
from morrow.attach.channel import open_channel
print("started", flush=True)
with find(int(sys.argv[1])) as target:
    channel = open_channel(target, [("morrow test", {HELLO!r})], patience=20)
    print(channel.receive(5), flush=True)
    channel.close()
"""


def _attacher(pid: int, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", VISIT, str(pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )  # type: ignore[call-overload]


def _kill_at_every_step(python: str | Path, state: str, times: int, visit) -> None:
    """Kill attachers at random moments of their work; the target goes on, and can be attached to after each."""
    rnd = random.Random(4)
    with running(python, state) as target:
        for number in range(times):
            attacher = _attacher(target.pid)
            assert attacher.stdout is not None
            attacher.stdout.readline()
            time.sleep(rnd.uniform(0, 0.03))
            attacher.send_signal(signal.SIGKILL)
            attacher.communicate()
            assert target.alive
            if number % 7 == 6:
                answer, _ = visit(target.pid, patience=5)
                assert answer is not None and answer["pid"] == target.pid
        assert target.alive


@pytest.mark.slow
@pytest.mark.parametrize("state", ["busy", "sleep"])
def test_an_attacher_killed_at_any_step_harms_nobody(state, visit):
    _kill_at_every_step(sys.executable, state, 7, visit)


@pytest.mark.long
@pytest.mark.parametrize("state", ["busy", "sleep", "lock", "multi"])
@pytest.mark.parametrize("build", NAMES)
def test_attachers_killed_often(build, state, visit):
    _kill_at_every_step(get_build(build), state, 60, visit)


def test_two_attachers_at_once_both_get_their_turn():
    with running(sys.executable, "sleep") as target:
        attachers = [_attacher(target.pid) for _ in range(4)]
        for attacher in attachers:
            out, err = attacher.communicate(timeout=60)
            assert f"'pid': {target.pid}" in out, err
        assert target.alive


def test_a_stopped_process_is_refused_stays_stopped_and_can_be_read(visit):
    with running(sys.executable, "sleep") as target:
        os.kill(target.pid, signal.SIGSTOP)
        wait_until(lambda: _state(target.pid) == "T")
        with pytest.raises(NotReady) as caught:
            visit(target.pid)
        assert caught.value.name == "attach-stopped"
        wait_until(lambda: _state(target.pid) == "T")  # the kernel wakes it to stop it again
        with find(target.pid) as found:
            snapshot, _ = dump(found)
            assert snapshot.threads[0].frames[0].function == "main"
        os.kill(target.pid, signal.SIGCONT)
        answer, _ = visit(target.pid)
        assert answer is not None and target.alive


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_a_process_that_is_traced_already_is_refused_and_can_be_read(visit):
    hold = f"""
import sys, time
sys.path[:0] = {SOURCES!r}
from morrow.attach.stop_linux import Stopped
with Stopped(int(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(100)
"""
    with running(sys.executable, "sleep") as target:
        with started([sys.executable, "-c", hold, str(target.pid)], settle=False) as tracer:
            with pytest.raises(AttachError) as caught:
                visit(target.pid)
            assert caught.value.name == "attach-traced" and str(tracer.pid) in str(caught.value)
            with find(target.pid) as found:
                assert dump(found)[0].threads[0].frames
        answer, _ = visit(target.pid)
        assert answer is not None and target.alive


def test_a_process_that_ends_in_the_middle_is_noticed(visit):
    for state in ("sleep", "busy"):
        with running(sys.executable, state) as target:
            text = "def begin(frame):\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n"
            with pytest.raises(AttachError) as caught:
                visit(target.pid, text)
            assert caught.value.name in ("attach-gone", "attach-lost")


def test_a_zombie_is_refused(visit):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    try:
        wait_until(lambda: _state(pid) == "Z")
        with pytest.raises(AttachError) as caught:
            visit(pid)
        assert caught.value.name == "attach-zombie"
    finally:
        os.waitpid(pid, 0)


def test_a_thread_id_is_told_from_a_process_id(visit):
    with running(sys.executable, "multi") as target:
        other = next(int(name) for name in os.listdir(f"/proc/{target.pid}/task") if int(name) != target.pid)
        with pytest.raises(AttachError) as caught:
            visit(other)
        assert caught.value.name in ("attach-thread", "attach-gone")  # some kernels give no pidfd for a thread


def test_a_static_program_is_no_python(tmp_path):
    source = tmp_path / "a.c"
    source.write_text("#include <unistd.h>\nint main(){pause();}\n")
    if subprocess.run(["gcc", "-static", "-o", tmp_path / "a", source], capture_output=True).returncode:
        pytest.skip("no static C library here")
    with subprocess.Popen([tmp_path / "a"]) as process:
        try:
            with pytest.raises(AttachError) as caught:
                find(process.pid)
            assert caught.value.name == "attach-not-python"
        finally:
            process.kill()


def test_a_program_with_libraries_but_no_python_is_told_apart():
    with subprocess.Popen(["sleep", "100"]) as process:
        try:
            wait_until(lambda: "libc" in _maps(process.pid))
            with pytest.raises(AttachError) as caught:
                find(process.pid)
            assert caught.value.name == "attach-not-python" and "sleep" in str(caught.value)
        finally:
            process.kill()


def _is_stripped(path: Path) -> bool:
    sections = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True)
    return sections.returncode == 0 and ".text" in sections.stdout and ".symtab" not in sections.stdout


def test_a_stripped_python_is_one_like_any_other(visit):
    builds = [found for name in NAMES if (found := find_build(name)) is not None]
    stripped = next((path for path in builds if shutil.which("readelf") and _is_stripped(path) and path.stat().st_size > 1 << 21), None)
    if stripped is None:
        pytest.skip("no stripped python here that holds its interpreter itself")
    with running(stripped, "sleep") as target:
        answer, _ = visit(target.pid)
        assert answer == {"pid": target.pid, "where": "main"}
        with find(target.pid) as found:
            assert dump(found)[0].threads[0].frames[0].function == "main"
        assert target.alive


def test_a_kernel_thread_is_no_python():
    kernel = next((pid for pid in (2, 3, 4) if os.path.exists(f"/proc/{pid}") and not _maps(pid)), None)
    if kernel is None:
        pytest.skip("no kernel threads can be seen here")
    with pytest.raises(AttachError) as caught:
        find(kernel)
    assert caught.value.name in ("attach-not-python", "attach-container", "attach-permission")


def _maps(pid: int) -> str:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        return file.read()
    return ""


@needs_root
def test_another_users_process_is_refused_with_a_way_out(tmp_path):
    if not Path("/usr/bin/python3.11").exists():
        pytest.skip("no system python, which every user may run")
    with running(sys.executable, "sleep") as target:
        folder = Path(morrow.__file__).parents[1]
        script = f"import sys; sys.path.insert(0, {str(folder)!r})\nfrom morrow.attach.target import find\nfind({target.pid})\n"
        done = subprocess.run(
            ["/usr/bin/python3.11", "-c", script], capture_output=True, text=True, user=65534, group=65534, cwd="/"
        )
        if "No module named" in done.stderr or "Permission denied: '/" in done.stderr:
            pytest.skip("another user cannot read these sources")
        assert "attach-permission" in done.stderr and "sudo -u root" in done.stderr, done.stderr
        assert target.alive


@needs_root
def test_root_attaches_to_another_users_process(visit):
    python = Path("/usr/bin/python3.11")
    if not python.exists():
        pytest.skip("no system python")
    process = subprocess.Popen(
        [python, "-c", "import time; print('ready', flush=True); time.sleep(100)"],
        stdout=subprocess.PIPE,
        user=65534,
        cwd="/",
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        answer, _ = visit(process.pid)
        assert answer is not None and answer["pid"] == process.pid
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


@needs_root
def test_a_process_in_namespaces_of_its_own(visit):
    command = ["unshare", "--mount", "--net", "--uts", "--pid", "--fork", sys.executable, "-c"]
    probe = subprocess.run([*command, "pass"], capture_output=True)
    if probe.returncode:
        pytest.skip("namespaces cannot be made here")
    with started([*command, "import time; print('ready', flush=True); time.sleep(100)"], settle=False) as outer:
        with open(f"/proc/{outer.pid}/task/{outer.pid}/children", encoding="ascii") as file:
            inner = int(file.read().split()[0])
        answer, _ = visit(inner)
        assert answer is not None and answer["pid"] == 1


@needs_root
def test_a_process_whose_root_has_changed(visit, tmp_path):
    program = f"""
import os, time
os.chroot({str(tmp_path)!r}); os.chdir("/")
ready(); time.sleep(100)
"""
    with code(sys.executable, "import _socket, json\n" + program) as target:
        answer, _ = visit(target.pid)
        assert answer is not None and answer["pid"] == target.pid and target.alive


def test_a_forked_child(visit):
    program = """
import os, time
child = os.fork()
if child == 0:
    time.sleep(100)
print("ready", flush=True); print(child, flush=True); time.sleep(100)
"""
    with started([sys.executable, "-c", program]) as target:
        child = int(target.line())
        answer, _ = visit(child)
        assert answer is not None and answer["pid"] == child
        assert target.alive


def test_deep_recursion(visit):
    program = """
import sys, time
def down(n):
    if n: down(n - 1)
    else: ready(); time.sleep(100)
down(sys.getrecursionlimit() - 30)
"""
    with code(sys.executable, program) as target:
        answer, _ = visit(target.pid)
        assert answer == {"pid": target.pid, "where": "down"}
        with find(target.pid) as found:
            assert len(dump(found)[0].threads[0].frames) > 900
        assert target.alive


def test_a_large_heap_makes_no_difference(visit):
    program = "kept = [bytes(1 << 20) for _ in range(200)]; objects = [[] for _ in range(500_000)]\nimport time; ready(); time.sleep(100)"
    with code(sys.executable, program) as target:
        began = time.monotonic()
        answer, _ = visit(target.pid)
        assert answer is not None and time.monotonic() - began < 10
        assert target.alive


def test_two_gigabytes_of_heap_make_no_difference(visit):
    # Asked for but never written to: the kernel counts them without giving them.
    with code(sys.executable, "kept = bytes(2 << 30)\nimport time; ready(); time.sleep(100)") as target:
        answer, _ = visit(target.pid)
        assert answer is not None and target.alive


def test_three_hundred_threads(visit):
    program = """
import threading, time
for _ in range(300): threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
ready(); time.sleep(1000)
"""
    with code(sys.executable, program) as target:
        answer, _ = visit(target.pid, patience=5)
        assert answer is not None and answer["pid"] == target.pid and target.alive


def test_subinterpreters_alive_and_running(visit):
    program = """
import threading, time
try: import _interpreters as interpreters
except ImportError: import _xxsubinterpreters as interpreters
idle, other = interpreters.create(), interpreters.create()
threading.Thread(target=interpreters.run_string, args=(other, "import time\\nwhile True: time.sleep(.001)"), daemon=True).start()
time.sleep(.2); ready(); time.sleep(100)
"""
    with code(sys.executable, program) as target:
        for _ in range(3):
            answer, _ = visit(target.pid)  # in the main one, always
            assert answer == {"pid": target.pid, "where": "<module>"}
        assert target.alive


def test_an_interpreter_that_shuts_down_is_refused_or_attached_but_never_harmed(visit):
    program = """
import atexit, time
class Last:
    def __del__(self): print("last", flush=True); time.sleep(1.0)
keep = Last()
ready()
"""
    with code(sys.executable, program, settle=False) as target:
        assert target.line() == "last"
        with contextlib.suppress(AttachError):
            visit(target.pid)
        assert target.process.wait(20) == 0


@pytest.mark.parametrize("delay", [0.005, 0.015, 0.03, 0.06, 0.1])
def test_a_program_that_is_just_starting_is_refused_or_attached_but_never_harmed(delay, visit):
    command = [sys.executable, "-c", "import asyncio, json, pdb, time\nprint('ready', flush=True)\ntime.sleep(100)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(delay)
        try:
            answer, _ = visit(process.pid, patience=5)
            assert answer is not None and answer["pid"] == process.pid
        except AttachError as error:
            assert error.name in ("attach-not-ready", "attach-static", "attach-not-python"), error
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        assert process.poll() is None
        process.kill()


@pytest.fixture
def deep_in_the_kernel(tmp_path):
    """A process whose main thread waits for a child that has not started its program: it does not stop. Give (target, let go)."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    program = f"""
import os, time
ready()
os.waitpid(os.posix_spawn("/bin/true", ["true"], {{}}, file_actions=[(os.POSIX_SPAWN_OPEN, 0, {str(gate)!r}, os.O_RDONLY, 0)]), 0)
print("went on", flush=True)
time.sleep(100)
"""
    opened: list[int] = []

    def let_go() -> None:
        if not opened:
            opened.append(os.open(gate, os.O_WRONLY))

    with code(sys.executable, program, settle=False) as target:
        wait_until(lambda: status_of(target.pid)["State"].startswith("D"))
        try:
            yield target, let_go
        finally:
            let_go()
            os.close(opened[0])


def test_a_thread_that_stops_too_late_is_let_go_all_the_same(deep_in_the_kernel):
    target, let_go = deep_in_the_kernel
    with pytest.raises(NotReady) as caught, Stopped(target.pid, [target.pid]):
        pass
    assert caught.value.name == "attach-unstoppable"
    let_go()
    wait_until(lambda: status_of(target.pid)["State"].startswith("t"))
    with running(sys.executable, "sleep") as other, Stopped(other.pid, [other.pid]):
        pass
    assert target.line() == "went on"


def test_a_thread_that_only_waits_for_a_processor_is_waited_for(deep_in_the_kernel, monkeypatch):
    target, let_go = deep_in_the_kernel
    monkeypatch.setattr(stop_linux, "_LONGEST_STOP", 0.05)
    looks = []

    def is_runnable(thread: int) -> bool:
        looks.append(thread)
        if len(looks) == 50:
            let_go()
        return True

    monkeypatch.setattr(stop_linux, "_is_runnable", is_runnable)
    with Stopped(target.pid, [target.pid]):
        assert len(looks) >= 50
    assert target.line() == "went on"
