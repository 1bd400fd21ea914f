"""A program that goes on computing gives the interpreters that share its GIL a chance."""

from __future__ import annotations

import os
import threading
import time

import pytest

from morrow.interpreters import create, pulse

PROGRAM = "total = 0\nfor number in range(300_000): total += number\n"


def spin_until(thread):
    """Compute without ever waiting, until *thread* has ended; give up after what is an age for it."""
    end = time.monotonic() + 60
    while thread.is_alive():
        assert time.monotonic() < end, "the other interpreter never ran"


@pytest.mark.parametrize("backend", ["own-gil", "shared-gil"])
@pytest.mark.parametrize("first", ["", "import threading\nevent = threading.Event()\nthreading.Thread(target=event.wait).start()\n"])
def test_a_busy_program_does_not_starve_an_interpreter(backend, first):
    with create(backend) as interp:
        interp.exec(first)
        thread = threading.Thread(target=interp.exec, args=(PROGRAM,))
        thread.start()
        spin_until(thread)
        assert interp.call(eval, "total") == sum(range(300_000))
        if first:
            interp.exec("event.set()")


@pytest.mark.parametrize("backend", ["own-gil", "shared-gil"])
def test_a_busy_program_does_not_starve_the_making_and_closing_of_interpreters(backend):
    def work():
        for _ in range(3):
            with create(backend) as interp:
                interp.exec("import json")

    thread = threading.Thread(target=work)
    thread.start()
    spin_until(thread)


def test_the_thread_that_asks_ends():
    with create("shared-gil") as interp:
        thread = threading.Thread(target=interp.exec, args=(PROGRAM,))
        thread.start()
        thread.join()
    end = time.monotonic() + 60
    while pulse._alive:
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_has_a_pulse_of_its_own():
    pulse.begin()
    try:
        pid = os.fork()
        if not pid:
            os._exit(int(pulse._users or pulse._alive))
        assert os.waitpid(pid, 0)[1] == 0
    finally:
        pulse.end()
