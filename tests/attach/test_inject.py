"""A script gets to run in any Python, exactly once, and nothing is left behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from morrow.attach import registers as reg
from morrow.attach.elf import binaries
from morrow.attach.errors import NotReady
from morrow.attach.inject import Injection
from morrow.attach.memory_linux import Memory, read_maps
from morrow.attach.stop_linux import Stopped
from morrow.attach.target import find
from tests.attach.conftest import wait_until
from tests.support.builds import NAMES, get_build, others
from tests.support.targets import HOLD_THE_LOCK, STATES, code, running

QUICK = ("busy", "sleep", "lock", "epoll", "multijoin")


def _unused_ends(pid: int) -> dict[tuple[str, int], bytes]:
    memory = Memory(pid)
    found = {}
    main = os.stat(f"/proc/{pid}/exe").st_ino  # its heap begins at the end of its data, and changes
    for binary in binaries(memory, read_maps(pid)):
        data = binary.rooms(code=False) if binary.mappings[0].inode != main else []
        for room in [*binary.rooms(code=True), *data]:
            if "ld-" not in binary.path:
                found[binary.path, room.address] = memory.read(room.address, room.size)
    return found


@pytest.mark.parametrize("state", QUICK)
def test_a_script_runs_whatever_the_main_thread_does(state, visit):
    with running(sys.executable, state) as target:
        for _ in range(2):
            answer, channel = visit(target.pid)
            assert answer is not None and answer["pid"] == target.pid
            assert channel.outcome.started
        assert target.alive


@pytest.mark.parametrize("build", others())
def test_it_runs_in_another_version(build, visit):
    with running(get_build(build), "sleep") as target:
        answer, _ = visit(target.pid)
        assert answer == {"pid": target.pid, "where": "main"}
        assert target.alive


@pytest.mark.long
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("build", NAMES)
def test_every_state_of_every_build(build, state, visit):
    with running(get_build(build), state) as target:
        for _ in range(3):
            answer, channel = visit(target.pid)
            assert answer is not None and answer["pid"] == target.pid, str(channel.outcome)
        assert target.alive


@pytest.mark.parametrize("state", HOLD_THE_LOCK)
def test_c_code_that_holds_the_lock_is_named_as_the_reason(state, visit):
    with running(sys.executable, state) as target:
        with pytest.raises(NotReady) as caught:
            visit(target.pid, patience=0.2)
        assert caught.value.name == "attach-queued"
        assert "lock" in str(caught.value)
        assert target.alive


@pytest.mark.parametrize("state", ["sleep", "busy", "lock"])
def test_nothing_is_left_in_the_target(state, visit):
    with running(sys.executable, state) as target:
        before = _unused_ends(target.pid), len(os.listdir(f"/proc/{target.pid}/fd")), len(read_maps(target.pid))
        visit(target.pid)
        after = _unused_ends(target.pid)
        assert [place for place in before[0] if after[place] != before[0][place]] == []
        assert len(os.listdir(f"/proc/{target.pid}/fd")) == before[1]
        assert os.listdir(f"/proc/{target.pid}/task") == [str(target.pid)]


def test_modules_the_agent_imports_are_forgotten(visit):
    report = """
import sys, time
before = set(sys.modules)
ready()
while True:
    time.sleep(0.05)
    print(*sorted(set(sys.modules) - before), flush=True)
"""
    with code(sys.executable, report, settle=False) as target:
        heavy = "def begin(frame):\n    import pdb, decimal\n    agent.wire.send(pid=1)\n    agent.leave()\n"
        answer, _ = visit(target.pid, heavy)
        assert answer == {"pid": 1}
        target.line()
        # Some that other modules hold on to may stay (a second copy of a class would be worse), never these.
        wait_until(lambda: not {"pdb", "bdb", "decimal", "json", "cmd"} & set(target.line().split()))


def test_a_script_that_raises_hurts_nobody(visit):
    with running(sys.executable, "sleep") as target:
        answer, _ = visit(target.pid, "def begin(frame):\n    raise ValueError('on purpose')\n")
        assert answer is not None and "ValueError: on purpose" in answer["failed"]
        assert target.alive


def test_an_interrupted_sleep_sleeps_on_unseen(visit):
    program = """
import time, ctypes
ready()
start = time.monotonic()
left = ctypes.CDLL(None).sleep(2)
print(left, round(time.monotonic() - start, 1), flush=True)
"""
    with code(sys.executable, program) as target:
        for _ in range(3):
            answer, _ = visit(target.pid)
            assert answer is not None
        assert target.line() == "0 2.0"


def test_a_queued_script_that_was_taken_back_does_nothing():
    program = """
import time
ready()
end = time.monotonic() + 1.0
while time.monotonic() < end:
    sum(range(10**7))
print("free", flush=True)
time.sleep(100)
"""
    with code(sys.executable, program, settle=False) as target, find(target.pid) as found:
        injection = Injection(found, "print('it ran', flush=True)")
        outcome = injection.run(0.0)
        injection.withdraw()
        if not outcome.started and injection._flag(2) == 0:
            assert target.line() == "free"
            wait_until(lambda: injection.clean(0.1))
        assert target.alive


def _as_if_attached_after_all(found) -> Injection:
    """Run a script whose second entry found the thread attached, unseen: a queued call had started it at that moment."""
    injection = Injection(found, "pass")
    assert injection.run(5).started
    wait_until(injection.finished)
    wait_until(lambda: injection._flag(reg.STATE) == reg.LEFT)
    found.memory.write(injection._flags + 4 * reg.QUEUED, reg.WAS_ATTACHED.to_bytes(4, "little"))
    injection._need(1)
    return injection


def test_an_entry_that_ran_nothing_keeps_no_slot():
    with running(sys.executable, "sleep") as target, find(target.pid) as found:
        before = _unused_ends(target.pid)
        assert _as_if_attached_after_all(found).clean(2)
        assert _unused_ends(target.pid) == before


def test_the_next_one_takes_back_what_such_an_entry_left(visit):
    with running(sys.executable, "sleep") as target, find(target.pid) as found:
        before = _unused_ends(target.pid)
        _as_if_attached_after_all(found)  # as by a morrow that was killed: not cleaned
        visit(target.pid)
        after = _unused_ends(target.pid)
        assert [place for place in before if after[place] != before[place]] == []


def test_a_slot_with_the_thread_in_it_is_not_entered_again():
    with running(sys.executable, "sleep") as target, find(target.pid) as found:
        injection = _as_if_attached_after_all(found)
        found.memory.write(injection._flags + 4 * reg.STATE, reg.ARMED.to_bytes(4, "little"))
        with Stopped(target.pid, [found.main_thread]):
            at = injection._machine.read(found.main_thread)
            assert "about to run" in injection._decide(at, 9.0, 9.0, 0.0, True)
        found.memory.write(injection._flags + 4 * reg.STATE, reg.LEFT.to_bytes(4, "little"))
        assert injection.clean(2)


def test_signals_and_threads_lose_nothing_under_many_attaches(visit, tmp_path):
    _stress(Path(sys.executable), visit, 25)


@pytest.mark.long
@pytest.mark.parametrize("build", NAMES)
def test_a_thousand_attaches(build, visit):
    _stress(get_build(build), visit, int(os.environ.get("MORROW_STRESS", "1000")))


STRESS = """
import gc, json, os, random, select, signal, sys, threading, time
ticks = 0
def tick(*_):
    global ticks
    ticks += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, .003, .003)
def work():
    rnd, kept = random.Random(1), {}
    while True:
        key = rnd.randrange(1000)
        kept[key] = [object() for _ in range(rnd.randrange(50))]
        json.loads(json.dumps({"a": [1, 2, {"x": "y" * key}]}))
        if key < 3: gc.collect()
        if key == 9: time.sleep(.001)
for _ in range(3): threading.Thread(target=work, daemon=True).start()
os.count = 0
read_end, write_end = os.pipe()
ready()
while True:
    try:
        for i in range(2000): [].append({i: str(i)})
        time.sleep(.002)
        assert select.select([read_end], [], [], .002) == ([], [], [])
        lock = threading.Lock(); lock.acquire()
        assert lock.acquire(timeout=.002) is False
        time.sleep(.001)
    except BaseException as error:
        sys.stderr.write(repr(error))
        os._exit(3)
"""
COUNT = """
def begin(frame):
    import os
    os.count += 1
    agent.wire.send(count=os.count)
    agent.leave()
"""


def _stress(python: Path, visit, times: int) -> None:
    with code(python, STRESS, settle=False) as target:
        for number in range(1, times + 1):
            answer, channel = visit(target.pid, COUNT, patience=20)
            assert answer == {"count": number}, (answer, str(channel.outcome), target.alive)
        assert target.alive
