"""Progress is heard while work goes on, in order, and all of it before the end."""

from __future__ import annotations

import threading

import pytest

from morrow.interpreters import InterpreterPoolExecutor, Progress, as_completed, create


def count(progress, total):
    for done in range(1, total + 1):
        progress.report(done, total)
    return total


@pytest.fixture
def heard():
    return []


def test_a_call_is_heard_in_order(heard):
    with create() as interp, Progress(lambda *values: heard.append(values)) as progress:
        assert interp.call(count, progress, 20) == 20
    assert heard == [(done, 20) for done in range(1, 21)]


def test_it_is_heard_while_the_work_goes_on():
    begun = threading.Event()

    def wait(progress, queue):
        progress.report("begun")
        return queue.get(timeout=30)

    from morrow.interpreters import create_queue

    queue = create_queue()
    with create() as interp, Progress(lambda _: begun.set()) as progress:
        thread = interp.call_in_thread(wait, progress, queue)
        assert begun.wait(30)
        queue.put(1)
        thread.join()


def test_calls_of_a_pool_report_to_one(heard):
    with InterpreterPoolExecutor(2) as pool, Progress(lambda *values: heard.append(values)) as progress:
        assert list(pool.map(count, [progress] * 4, [3] * 4)) == [3] * 4
    assert sorted(heard) == sorted([(done, 3) for done in (1, 2, 3)] * 4)


def test_what_an_interpreter_reported_is_heard_after_it_is_gone(heard):
    first = threading.Event()
    with Progress(lambda value: (first.wait(30), heard.append(value))) as progress:
        with create() as interp:
            interp.call(lambda progress: [progress.report(n) for n in (1, 2)] and None, progress)
        first.set()
    assert heard == [1, 2]


def test_a_callback_that_fails_is_shown_and_ends_nothing(heard, monkeypatch):
    shown = []
    monkeypatch.setattr(threading, "excepthook", shown.append)
    with create() as interp, Progress(lambda done, total: heard.append(1 // (done - 1))) as progress:
        interp.call(count, progress, 2)
    assert heard == [1] and [each.exc_type for each in shown] == [ZeroDivisionError]


def test_futures_are_counted_as_they_are_done(heard):
    with InterpreterPoolExecutor(2) as pool:
        futures = [pool.submit(abs, -n) for n in range(5)]
        done = list(as_completed(futures, lambda *values: heard.append(values)))
    assert set(done) == set(futures) and heard == [(n, 5) for n in range(1, 6)]
