"""A process that offers itself can be attached to without tracing; one that does not, cannot."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from morrow.attach.channel import reach
from morrow.attach.cooperative import Offer, find_offer
from morrow.attach.errors import AttachError, NotReady
from morrow.attach.offer import private_folder
from morrow.debug.session import attach
from tests.attach.conftest import HELLO
from tests.debug.conftest import Talk
from tests.support.targets import started

SOURCES = os.pathsep.join(path for path in sys.path if path.endswith("src"))
READY = "def ready(): print('ready', flush=True)\n"
# What a process may do that can neither trace nor read others' memory: seccomp refuses ptrace, process_vm_*, pidfd_getfd.
WITHOUT_TRACING = f"""
import ctypes, os, struct, sys
sys.path[:0] = {SOURCES.split(os.pathsep)!r}
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
forbidden = (101, 310, 311, 438)
program = [(0x20, 0, 0, 0)] + [(0x15, len(forbidden) - n, 0, nr) for n, nr in enumerate(forbidden)] + [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x00050001)]
raw = b"".join(struct.pack("HBBI", *line) for line in program)
held = ctypes.create_string_buffer(raw)
filter = struct.pack("HxxxxxxP", len(program), ctypes.addressof(held))
assert libc.prctl(22, 2, ctypes.c_char_p(filter), 0, 0) == 0
os.open = (lambda plain: lambda path, *rest, **named: plain("/nowhere" if "/mem" in str(path) else path, *rest, **named))(os.open)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A runtime folder of its own, for the test and what it starts."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def _offering(place: Path, source: str, *options: str, **environment: str):
    command = [sys.executable, "-m", "morrow", "-X", "attach=on", *options, "-c", READY + source]
    return started(command, env={"PYTHONPATH": SOURCES, "XDG_RUNTIME_DIR": str(place), **environment})


SLEEP = "import time\nkept = 41\nready()\ntime.sleep(1000)\n"


@pytest.mark.parametrize(
    "source",
    [SLEEP, "import threading\nready()\nthreading.Lock().acquire() and threading.Event().wait()\n", "ready()\nwhile True: pass\n",
     "import socket\ns = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\nready()\ns.accept()\n", "import asyncio\nready()\nasyncio.run(asyncio.sleep(1000))\n"],
    ids=["sleep", "lock", "busy", "accept", "asyncio"],
)  # fmt: skip
def test_it_comes_to_the_door_whatever_it_does(place, source):
    with _offering(place, source) as target:
        for _ in range(2):
            channel = reach(target.pid, [("morrow test", HELLO)])
            assert isinstance(channel.target, Offer)
            answer = channel.receive(10)
            assert answer is not None and answer["pid"] == target.pid and answer["where"] in ("<module>", "wait", "accept", "select")
            channel.let_go()
        assert target.alive


def test_pdb_opens_a_prompt_breaks_in_again_and_leaves(place):
    with _offering(place, "kept = 41\nimport time\nready()\nwhile True: time.sleep(0.01)\n") as target:
        with attach(target.pid) as session:
            talk = Talk(session)
            assert isinstance(session.target, Offer)
            assert talk.say("p kept + 1") == "42\n"
            talk.go()
            assert session.break_in().started
            talk.until_prompt()
            talk.leave()
        assert target.alive


def test_it_works_where_nothing_may_be_traced(place):
    with _offering(place, SLEEP) as target, started([sys.executable, "-c", READY + SLEEP]) as closed:
        script = WITHOUT_TRACING + "from morrow.cli import main\nsys.argv[0] = 'morrow'\nmain()\n"
        options = {"capture_output": True, "text": True, "timeout": 60, "stdin": subprocess.DEVNULL}
        pdb = subprocess.run([sys.executable, "-c", script, "-m", "pdb", "-p", str(target.pid), "-c", "p kept"], **options)  # type: ignore[call-overload]
        assert "41\n" in pdb.stdout, pdb.stderr
        refused = subprocess.run([sys.executable, "-c", script, "-m", "pdb", "-p", str(closed.pid), "-c", "p kept"], **options)  # type: ignore[call-overload]
        assert refused.returncode == 1 and "41" not in refused.stdout and "[attach-" in refused.stderr, refused.stderr
        dump = subprocess.run([sys.executable, "-c", script, "--dump", "--locals", "--json", str(target.pid)], **options)  # type: ignore[call-overload]
        assert json.loads(dump.stdout)["threads"][0]["frames"][0]["locals"]["kept"] == "41", dump.stderr
        assert target.alive and closed.alive


def test_nothing_is_offered_unless_asked_for(place):
    command = [sys.executable, "-m", "morrow", "-c", READY + "import signal\nready()\nprint(signal.getsignal(signal.SIGURG), flush=True)\nsignal.pause()\n"]
    with started(command, env={"PYTHONPATH": SOURCES, "XDG_RUNTIME_DIR": str(place)}) as target:
        assert target.line() in ("0", "Handlers.SIG_DFL") and find_offer(target.pid) is None and not list(place.iterdir())


def test_the_switches_of_python_itself_are_obeyed(place):
    with _offering(place, SLEEP, PYTHON_DISABLE_REMOTE_DEBUG="1") as target:
        assert find_offer(target.pid) is None
    with _offering(place, SLEEP, "-X", "disable-remote-debug") as target:
        assert find_offer(target.pid) is None


def test_what_the_process_has_is_what_it_would_have(place):
    """No thread, no descriptor, and no warning when it forks."""
    source = """
import os, threading, warnings
warnings.simplefilter("error")
child = os.fork()
if not child: os._exit(0)
os.waitpid(child, 0)
ready()
print(threading.active_count(), len(os.listdir("/proc/self/task")), sorted(os.listdir("/proc/self/fd"), key=int)[:4], flush=True)
import time; time.sleep(1000)
"""
    with _offering(place, source) as target:
        assert target.line() == "1 1 ['0', '1', '2', '3']"


def test_the_note_is_private_and_goes_with_the_process(place):
    with _offering(place, "ready()\nimport sys; sys.stdin = open(0)\nimport time; time.sleep(0.3)\n") as target:
        note = place / "morrow" / str(target.pid)
        assert note.stat().st_mode & 0o777 == 0o600 and note.parent.stat().st_mode & 0o777 == 0o700
        assert target.process.wait(20) == 0
        assert not note.exists()


def test_notes_of_processes_that_were_killed_are_taken_away(place):
    with _offering(place, SLEEP) as target:
        note = place / "morrow" / str(target.pid)
        text = note.read_text()
    assert note.exists()
    with _offering(place, SLEEP) as other:
        stale = place / "morrow" / str(other.pid)
        stale.write_text("1 " + text.split()[1])  # as if the number had been another process's
        assert find_offer(other.pid) is None and not stale.exists()


def test_a_folder_that_others_can_open_is_not_used(tmp_path):
    folder = tmp_path / "morrow"
    folder.mkdir()
    folder.chmod(0o755)
    assert private_folder(runtime=str(tmp_path), make=False) != str(folder)
    folder.rmdir()
    folder.symlink_to(tmp_path / "elsewhere")
    assert private_folder(runtime=str(tmp_path), make=False) != str(folder)


def test_a_signal_without_a_visitor_is_nothing(place):
    with _offering(place, SLEEP) as target:
        os.kill(target.pid, signal.SIGURG)
        os.kill(target.pid, signal.SIGURG)
        channel = reach(target.pid, [("morrow test", HELLO)])
        assert channel.receive(10) is not None
        channel.let_go()
        assert target.alive


def test_a_program_that_has_its_own_handler_keeps_it(place):
    source = "import signal, time\nsignal.signal(signal.SIGURG, signal.SIG_IGN)\nready()\ntime.sleep(1000)\n"
    with _offering(place, source) as target:
        assert find_offer(target.pid) is None
        channel = reach(target.pid, [("morrow test", HELLO)])  # the other way
        assert not isinstance(channel.target, Offer) and channel.receive(10) is not None
        channel.let_go()


def test_audit_hooks_are_asked(place):
    source = """
import sys
def hook(event, arguments):
    if event == "cpython.remote_debugger_script": raise RuntimeError("not here")
sys.addaudithook(hook)
""" + SLEEP
    with _offering(place, source) as target:
        channel = reach(target.pid, [("morrow test", HELLO)])
        answer = channel.receive(10)
        assert answer is not None and answer["refused"] == "attach-audit"
        channel.let_go()
        assert target.alive


def test_native_code_that_does_not_come_back_is_told(place):
    with _offering(place, "ready()\nsum(range(10**12))\n") as target:
        offer = find_offer(target.pid)
        assert offer is not None
        with pytest.raises(NotReady):
            offer.knock(b"        0", patience=0.3)
        offer.close()
        assert target.alive


def test_a_process_that_has_ended_is_no_offer(place):
    with pytest.raises(AttachError):
        reach(99999999, [("morrow test", HELLO)])


