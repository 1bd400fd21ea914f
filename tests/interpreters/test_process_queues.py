"""Queues reach processes: the same items, the same waiting, and the end of either side is heard on the other."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from morrow.interpreters import ExecutionFailed, Progress, WorkerLost, create, create_queue
from morrow.interpreters.queues import QueueEmpty


def echo(there, back):
    while (value := there.get(timeout=60)) is not None:
        back.put(value)
    return "done"


@pytest.fixture
def process():
    with create("process") as made:
        yield made


def test_items_go_there_and_come_back_at_once(process):
    there, back = create_queue(), create_queue(2)
    thread = process.call_in_thread(echo, there, back)
    for value in (1, "a", (2, b"x" * 100_000), {"k": [1]}, 1 << 100):
        there.put(value)
        assert back.get(timeout=60) == value
    start = time.perf_counter()
    for number in range(100):
        there.put(number)
        assert back.get(timeout=60) == number
    assert time.perf_counter() - start < 5
    there.put(None)
    thread.join()


def test_between_two_processes_and_an_interpreter():
    first, second, third = (create_queue() for _ in range(3))
    with create("process") as one, create("process") as two, create() as interp:
        threads = [each.call_in_thread(echo, *pair) for each, pair in ((one, (first, second)), (two, (second, third)))]
        send = interp.call_in_thread(lambda queue: [queue.put(n) for n in range(200)] and None, first)
        assert [third.get(timeout=60) for _ in range(200)] == list(range(200))
        for queue in (first, second):
            queue.put(None)
        for thread in (*threads, send):
            thread.join()


def test_a_full_queue_makes_a_process_wait(process):
    queue = create_queue(1)
    thread = process.call_in_thread(lambda queue: [queue.put(n, timeout=60) for n in range(5)] and None, queue)
    assert [queue.get(timeout=60) for _ in range(5)] == list(range(5))
    thread.join()


def test_it_comes_back_as_the_same_and_keeps_what_it_is(process):
    queue = create_queue(3)
    assert process.call(lambda queue: queue, queue) is queue
    process.prepare_main(box={"queue": queue})
    assert process.call(eval, "box['queue'].maxsize, box['queue'].qsize(), box['queue'].empty(), box['queue'].id") == (3, 0, True, queue.id)
    process.exec("box['queue'].put(7)")
    assert queue.get(timeout=60) == 7
    with pytest.raises(QueueEmpty):
        queue.get_nowait()


def test_a_process_has_queues_of_its_own_beside(process):
    queue = create_queue()
    queue.put(1)
    source = """
from morrow.interpreters import create_queue
mine = [create_queue() for _ in range(5)]
for number, each in enumerate(mine): each.put(number)
got = [each.get() for each in mine], theirs.get()
"""
    process.prepare_main(theirs=queue)
    process.exec(source)
    assert process.call(eval, "got") == ([0, 1, 2, 3, 4], 1)


def test_a_killed_process_leaves_the_queue_usable():
    there, back = create_queue(), create_queue()
    process = create("process")
    lost = []

    def run():
        try:
            process.call(echo, there, back)
        except WorkerLost as error:
            lost.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    there.put(1)
    assert back.get(timeout=60) == 1  # it waits for the next one now, or will at once
    os.kill(process.id, signal.SIGKILL)
    thread.join(60)
    assert [error.status for error in lost] == [-signal.SIGKILL]
    for number in range(20):
        there.put(number)
    assert [there.get(timeout=60) for _ in range(20)] == list(range(20))


def test_a_process_hears_that_a_queue_is_closed(process):
    from morrow.interpreters import queues

    queue = create_queue()
    raised = []

    def run():
        try:
            process.call(lambda queue: queue.get(timeout=60), queue)
        except ExecutionFailed as error:
            raised.append(error.excinfo.type.__name__)

    thread = threading.Thread(target=run)
    thread.start()
    while not queue._memory.words[queues._GETTERS]:
        pass
    queues.destroy(queue.id)
    thread.join(30)
    assert raised == ["QueueNotFoundError"]


def test_progress_of_a_process_is_heard(process):
    heard = []

    def work(progress):
        for done in range(3):
            progress.report(done)

    with Progress(heard.append) as progress:
        process.call(work, progress)
    assert heard == [0, 1, 2]
