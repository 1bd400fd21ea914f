"""What crosses between interpreters, and the memory they can have in common."""

from __future__ import annotations

import array
import asyncio
import threading
import time

import pytest

from morrow.interpreters import create, create_queue, crossing, select_queues
from morrow.interpreters.errors import InterpreterError, NotShareableError
from morrow.interpreters.queues import QueueEmpty
from morrow.interpreters.shared import Counter, Dict, Memory, Struct


@pytest.fixture
def interp():
    with create() as made:
        yield made


def there_and_back(value):
    data = b"".join(bytes(piece) for piece in crossing.encode(value))
    return crossing.decode(memoryview(data))


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 1 << 200, 2.5, "a\ud800", b"x" * 100_000, (1, ("a", b"y" * 50_000), [1]), [1, {"a": {2}}], len, dict, array.array("d", [1.5])],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back_as_they_were(value):
    back = there_and_back(value)
    assert back == value and type(back) is type(value)


def test_a_closure_is_refused():
    x = 1
    with pytest.raises(NotShareableError, match="does not support cross-interpreter data"):
        crossing.encode(lambda: x)


def test_a_counter_counts_what_several_interpreters_add(interp):
    counter = Counter()

    def work(counter, n):
        for _ in range(n):
            counter.add()

    with create() as other:
        threads = [one.call_in_thread(work, counter, 500) for one in (interp, other)]
        for thread in threads:
            thread.join()
    assert counter.value == 1000
    assert counter.compare_and_set(1000, 1) and not counter.compare_and_set(1000, 2)


def test_a_record_changes_at_once(interp):
    row = Struct(total="d", count="q")

    def work(row):
        for _ in range(100):
            row.add(total=0.5, count=1)

    thread = interp.call_in_thread(work, row)
    while thread.is_alive():
        fields = row.read()
        assert fields["total"] == fields["count"] / 2
    assert row.read() == {"total": 50.0, "count": 100}


def test_a_dictionary_is_seen_by_both(interp):
    table = Dict()
    table["a"] = (1, "x")

    def work(table):
        table["b"] = table["a"][0] + 1
        return table.setdefault("b", 9)

    assert interp.call(work, table) == 2
    assert table.snapshot() == {"a": (1, "x"), "b": 2} and len(table) == 2
    with pytest.raises(InterpreterError, match="give a larger size"):
        Dict(100)["a"] = b"x" * 100


def test_memory_is_not_copied(interp):
    memory = Memory(1 << 20)

    def work(memory):
        memory.buffer[5] = 7

    interp.call(work, memory)
    assert memory.buffer[5] == 7


def test_shared_memory_is_refused_by_a_process():
    with create("process") as process, pytest.raises(NotShareableError):
        process.call(len, Memory(8))


def test_select_takes_from_whichever_has_something(interp):
    queues = [create_queue() for _ in range(3)]
    thread = interp.call_in_thread(lambda queue: queue.put(5), queues[1])
    assert select_queues.select(queues, timeout=20) == (queues[1], 5)
    thread.join()
    with pytest.raises(QueueEmpty):
        select_queues.select(queues, timeout=0.01)


def test_a_timeout_is_what_was_asked_for():
    queue = create_queue()
    start = time.monotonic()
    with pytest.raises(QueueEmpty):
        queue.get(timeout=0.15)
    assert time.monotonic() - start >= 0.15


def test_a_full_queue_waits_for_room():
    queue = create_queue(1)
    queue.put(1)
    thread = threading.Thread(target=queue.put, args=(2,))
    thread.start()
    assert [queue.get(), queue.get()] == [1, 2]
    thread.join()


def test_queues_in_asyncio(interp):
    there, back = create_queue(), create_queue(1)

    def echo(there, back):
        while (value := there.get()) is not None:
            back.put(value)

    async def main():
        for number in range(5):
            await select_queues.put(there, number)
        got = [await select_queues.get(back, timeout=20) for _ in range(5)]
        with pytest.raises(QueueEmpty):
            await select_queues.get(back, timeout=0.01)
        there.put(None)
        return got

    thread = interp.call_in_thread(echo, there, back)
    assert asyncio.run(main()) == [0, 1, 2, 3, 4]
    thread.join()
