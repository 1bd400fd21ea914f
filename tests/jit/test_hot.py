"""Hot code: what becomes a candidate, and how the sampling thread behaves towards the program."""

import subprocess
import sys
import textwrap
import threading
import time

import pytest

from morrow.jit.hot import HOT_SAMPLES, LOOP_SAMPLES, WINDOW, Hot
from morrow.jit.hot_sampling import Sampler


class Frame:
    """Looks like a frame: each call of the same code is another frame."""

    def __init__(self, code):
        self.f_code = code


def test_a_function_seen_often_is_a_candidate():
    hot = Hot()
    code = test_a_function_seen_often_is_a_candidate.__code__
    kept = [Frame(code) for _ in range(HOT_SAMPLES)]  # alive together, so that no two have the same identity
    assert [hot.add(frame) for frame in kept] == [""] * (HOT_SAMPLES - 1) + ["function"]


def test_a_candidate_taken_up_waits_twice_as_long():
    hot = Hot()
    code = test_a_function_seen_often_is_a_candidate.__code__
    kept = [Frame(code) for _ in range(HOT_SAMPLES * 2)]
    for frame in kept[:HOT_SAMPLES]:
        hot.add(frame)
    hot.took(code, "function")
    assert [hot.add(frame) for frame in kept[HOT_SAMPLES:]] == [""] * (HOT_SAMPLES - 1) + ["function"]


def test_one_frame_that_stays_is_a_loop():
    hot = Hot()
    frame = Frame(test_one_frame_that_stays_is_a_loop.__code__)
    seen = [hot.add(frame) for _ in range(LOOP_SAMPLES)]
    assert seen[-1] == "loop" and "loop" not in seen[:-1]
    hot.took(frame.f_code, "loop")
    assert hot.add(frame) != "loop"


def test_what_was_hot_long_ago_is_forgotten():
    hot = Hot()
    once = [compile("pass", f"<{k}>", "exec") for k in range(300)]
    for code in once:
        hot.add(Frame(code))
    for _ in range(3):
        for code in once[:1] * WINDOW:
            hot.add(Frame(code))
    assert len(hot.seen) < 20


def wait_until(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.001)
    assert condition()


def test_the_thread_is_not_listed_and_ends_when_told():
    before = threading.enumerate()
    looks = []
    sampler = Sampler(lambda *_: True, lambda busy: bool(looks.append(busy)), 0.002)
    sampler.start()
    wait_until(lambda: looks)
    assert threading.enumerate() == before
    sampler.stop()
    count = len(looks)
    sampler.start()
    wait_until(lambda: len(looks) > count)
    sampler.stop()


def test_a_busy_function_is_found():
    found = []
    sampler = Sampler(lambda what, frame, thread: bool(found.append((what, frame.f_code.co_name))) or True, lambda busy: False, 0.001)

    def work():
        total = 0
        for number in range(2000):
            total += number
        return total

    sampler.start()
    try:
        until = time.monotonic() + 10
        while ("function", "work") not in found and time.monotonic() < until:
            work()
    finally:
        sampler.stop()
    assert ("function", "work") in found


def run_python(program, *options, **environment):
    environment |= {"PYTHONPATH": "src", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, *options, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_short_program_imports_nothing_heavy():
    out = run_python("""
        import sys, morrow.jit
        before = set(sys.modules)
        morrow.jit.start(mode="on")
        sum(range(1000))
        print(sorted({"llvmlite", "ctypes", "dis", "inspect", "dataclasses", "typing", "re"} & set(sys.modules) - before))
        """)
    assert out == "[]\n"


@pytest.mark.slow
def test_forking_gives_no_warning_and_both_go_on():
    out = run_python(
        """
        import os, sys, time, morrow.jit
        morrow.jit.start(mode="on")
        time.sleep(0.05)
        for turn in range(3):
            child = os.fork()
            if not child:
                print("child", morrow.jit.is_on(), morrow.jit._sampler.running, flush=True)
                os._exit(0)
            os.waitpid(child, 0)
            print("parent", morrow.jit.is_on(), morrow.jit._sampler.running, flush=True)
        """,
        "-W",
        "error",
    )
    assert out == "child True True\nparent True True\n" * 3


@pytest.mark.slow
def test_the_main_thread_stays_the_main_thread(tmp_path):
    for turn in ("nothing is on disk", "all that is needed is"):
        out = run_python("""
            import morrow.jit, time
            morrow.jit.start(mode="on")
            def work():
                total = 0
                for number in range(3000):
                    total += number * number % 7
                return total
            until = time.monotonic() + 30
            while time.monotonic() < until and not (morrow.jit._worker and (morrow.jit._worker.off or any(d.compiled for d in list(morrow.jit._worker.decisions.values())))):
                work()
            import threading
            print(threading.current_thread().name, threading.active_count())
            """, MORROW_CACHE=str(tmp_path))  # fmt: skip
        assert out == "MainThread 1\n", turn
