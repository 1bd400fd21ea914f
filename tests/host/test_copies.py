"""A copy of the process knows what this one knows, and the program does not see it."""

import os
import signal
import sys
import threading
import time

import pytest

from morrow.host import copies

pytestmark = pytest.mark.skipif(bool(copies.find_reason_against()), reason=copies.find_reason_against() or "copies can be made")


def made(work):
    until = time.monotonic() + 30
    while True:
        copy = copies.start(work)
        if copy is not None:
            return copy
        assert time.monotonic() < until, "no copy could be made"


def test_a_copy_that_could_not_begin_says_so(monkeypatch):
    api = copies._api()
    monkeypatch.setattr(api, "head", lambda interpreter: 0)
    with pytest.raises(copies.NotNow):
        result(made(lambda: b""))


def result(copy):
    until = time.monotonic() + 30
    while (data := copy.read()) is None:
        assert time.monotonic() < until, "the copy does not end"
        time.sleep(0.001)
    return data


def test_a_copy_finds_every_object_where_it_is_here():
    thing = object()
    assert result(made(lambda: f"{id(thing)} {thing!r}".encode())) == f"{id(thing)} {thing!r}".encode()


def test_what_a_copy_changes_stays_there():
    names = ["before"]
    assert result(made(lambda: names.append("in the copy") or repr(names).encode())) == b"['before', 'in the copy']"
    assert names == ["before"]


def test_a_copy_is_alone_while_other_threads_of_the_program_go_on():
    go = True

    def work():
        while go:
            sum(range(100))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            assert result(made(lambda: b"%d" % len(sys._current_frames()))) == b"1"
    finally:
        go = False
        for thread in threads:
            thread.join()


def test_the_program_s_own_hooks_and_finalisers_do_not_run_in_a_copy(tmp_path):
    log = tmp_path / "log"

    class Noisy:
        def __del__(self):
            with log.open("a") as file:
                file.write("finalised ")

    def hook():
        if noisy:
            with log.open("a") as file:
                file.write("hook ")

    noisy = [True]
    os.register_at_fork(before=hook, after_in_child=hook, after_in_parent=hook)
    local, there, go = threading.local(), threading.Event(), threading.Event()

    def keep():
        local.thing = Noisy()
        there.set()
        go.wait()

    thread = threading.Thread(target=keep)
    thread.start()
    there.wait()
    try:
        cycle = [Noisy()]
        cycle.append(cycle)
        del cycle
        assert result(made(lambda: b"%d" % len([[] for _ in range(100_000)]))) == b"100000"
        assert not log.exists()
    finally:
        noisy.clear()
        go.set()
        thread.join()


def test_a_copy_is_no_child_that_the_program_can_see():
    signals = []
    before = signal.signal(signal.SIGCHLD, lambda *_: signals.append(1))
    try:
        copy = made(lambda: time.sleep(0.05) or b"done")
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        assert result(copy) == b"done"
        with pytest.raises(ProcessLookupError):
            os.kill(copy.pid, 0)
        time.sleep(0.01)
        assert signals == []
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_copy_has_none_of_the_program_s_files_open():
    reading, writing = os.pipe()
    copy = made(lambda: time.sleep(10) or b"")
    try:
        os.close(writing)
        os.set_blocking(reading, False)
        until = time.monotonic() + 5
        while True:
            try:
                assert os.read(reading, 1) == b""  # the end: nobody else has it
                break
            except BlockingIOError:
                assert time.monotonic() < until, "the copy keeps a pipe of the program's open"
    finally:
        copy.close()
        os.close(reading)


def test_no_file_is_left_open_here():
    before = set(os.listdir("/proc/self/fd"))
    result(made(lambda: b""))
    made(lambda: time.sleep(10) or b"").close()
    assert set(os.listdir("/proc/self/fd")) == before


def test_an_exception_in_a_copy_is_told():
    with pytest.raises(RuntimeError, match="ZeroDivisionError: .* by zero"):
        result(made(lambda: b"%d" % (1 // 0)))


def test_the_end_of_a_copy_is_told_and_leaves_no_core():
    copy = made(lambda: os.kill(os.getpid(), signal.SIGSEGV) or b"")
    with pytest.raises(RuntimeError, match="status -11"):
        result(copy)


def test_a_copy_that_waits_for_a_thread_it_does_not_have_is_ended(monkeypatch):
    monkeypatch.setattr(copies, "PATIENCE", 0.3)
    lock = threading.Lock()
    lock.acquire()
    copy = made(lambda: lock.acquire() and b"")
    with pytest.raises(RuntimeError, match="did not get on"):
        result(copy)
    assert copy.hung


def test_a_large_result_comes_back_whole():
    data = os.urandom(5_000_000)
    assert result(made(lambda: data)) == data


def test_there_is_a_reason_where_no_copy_can_be_made(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert copies.find_reason_against() == "there is one processor"
    assert copies.start(lambda: b"") is None
    monkeypatch.undo()
    monkeypatch.setattr(copies, "MOST_MEMORY", 1)
    assert "MiB" in copies.find_reason_against()


def test_no_copy_is_made_in_the_middle_of_an_import():
    import _imp

    _imp.acquire_lock()
    try:
        assert copies.start(lambda: b"") is None
    finally:
        _imp.release_lock()
