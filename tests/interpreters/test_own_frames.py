"""`sys._current_frames` gives this interpreter's threads, and may be called while others run."""

from __future__ import annotations

import sys
import threading

import pytest

from morrow.host import HERE
from morrow.interpreters import own_frames

crosses = pytest.mark.skipif(HERE is None or not HERE.frames_cross, reason="this host's own does no harm")


@crosses
def test_it_gives_what_the_hosts_gives_when_there_is_one_interpreter(program):
    source = """
import sys, threading
from morrow.host import HERE
from morrow.interpreters import own_frames
end = threading.Lock()
end.acquire()
def work(): end.acquire(); end.release()
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
while [frame.f_code.co_name for frame in sys._current_frames().values()].count("work") < 3: pass
host = sys._current_frames
own_frames.install(HERE.frames_cross)
def both(): return host(), sys._current_frames()
theirs, ours = both()
print(theirs == ours, len(ours), sorted(ours) == sorted([threading.get_ident(), *(thread.ident for thread in threads)]))
end.release()
"""
    assert program(source) == "True 4 True\n"


@crosses
def test_frames_are_not_kept(program):
    source = """
import sys, weakref
from morrow.host import HERE
from morrow.interpreters import own_frames
own_frames.install(HERE.frames_cross)
class Thing: pass
def work():
    thing = Thing()
    for _ in range(10): sys._current_frames()
    return weakref.ref(thing)
print(work()())
"""
    assert program(source) == "None\n"


def test_asking_for_frames_while_interpreters_run(program):
    source = """
import sys, threading, time
from morrow.interpreters import interpreter
stop = False
def watch():
    while not stop:
        sys._current_frames()
        time.sleep(.0002)
thread = threading.Thread(target=watch)
thread.start()
for _ in range(6):
    interp = interpreter.create()
    interp.exec("import json, logging, random\\ndef f(n):\\n    return f(n - 1) if n else sum(range(1000))\\nfor _ in range(1000): f(5)")
    interp.exec("import sys; assert len(sys._current_frames()) >= 1")
    interp.close()
stop = True
thread.join()
print("ok")
"""
    assert program(source) == "ok\n"


def test_the_place_of_a_threads_number_is_the_one_that_structs_knows():
    from morrow.host.structs import structs

    if HERE is not None and HERE.frames_cross:
        assert structs()["PyThreadState.thread_id"] == HERE.frames_cross
    assert own_frames.install.__module__ in sys.modules and threading.main_thread().ident in sys._current_frames()
