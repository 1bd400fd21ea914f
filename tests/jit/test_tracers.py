"""Tracers: whoever watches the program is noticed, at once and only then."""

import sys
import threading

import pytest

from morrow.host import HERE
from tests.jit.machine_code import load

pytestmark = pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has no structures for this host")
if HERE is not None and HERE.jit_supported:
    from morrow.jit import tracers

changes = []


@pytest.fixture(scope="module", autouse=True)
def watching():
    assert tracers.watch(lambda: changes.append(1), load)


def test_nothing_watches():
    assert tracers.find_tracer() == ""
    assert tracers.is_main_interpreter() and not tracers.evaluates_frames_itself()


def test_a_tracer_is_seen_in_any_thread():
    ready, done = threading.Event(), threading.Event()

    def trace():
        sys.settrace(lambda *_: None)
        ready.set()
        done.wait()
        sys.settrace(None)

    thread = threading.Thread(target=trace)
    thread.start()
    ready.wait()
    assert tracers.find_tracer() == "a trace function"
    done.set()
    thread.join()
    assert tracers.find_tracer() == ""


def test_switching_on_is_heard_before_it_happens():
    changes.clear()
    sys.setprofile(None)
    sys.settrace(None)
    assert len(changes) == 2
    if HERE.has_monitoring:
        sys.monitoring.use_tool_id(1, "watcher")
        assert tracers.find_tracer() == "monitoring tool 'watcher'"
        sys.monitoring.register_callback(1, sys.monitoring.events.LINE, None)
        sys.monitoring.free_tool_id(1)
        assert len(changes) == 3
    assert tracers.find_tracer() == ""


def test_other_events_are_not_passed_on():
    changes.clear()
    id(changes)
    sys._getframe()
    sys.audit("sys.se")
    sys.audit("s")
    sys.audit("")
    sys.audit("sys.set_asyncgen_hooks_firstiter")
    assert not changes
