"""asyncio over interpreters: queues, calls and scripts, and what becomes of them when nobody waits any more."""

from __future__ import annotations

import asyncio

import pytest

from morrow.interpreters import (
    ExecutionFailed,
    InterpreterPoolExecutor,
    PluginHost,
    create,
    create_queue,
    select_queues,
)
from morrow.interpreters.queues import QueueEmpty


def spin():
    while True:
        pass


async def cancelled(awaitable, runs):
    task = asyncio.ensure_future(awaitable)
    while not runs():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(1000):
        if not runs():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it was not interrupted")


@pytest.mark.parametrize("backend", ["auto", "process"])
def test_calls_and_scripts(backend):
    async def main(interp):
        assert await select_queues.call(interp, pow, 2, 5) == 32
        assert await select_queues.run(interp, "x = 3") is None
        assert await select_queues.call(interp, eval, "x") == 3
        with pytest.raises(ExecutionFailed, match="ZeroDivisionError"):
            await select_queues.run(interp, "1/0")
        await cancelled(select_queues.call(interp, spin), interp.is_running)
        await cancelled(select_queues.run(interp, "while True: pass"), interp.is_running)
        assert await select_queues.call(interp, eval, "x") == 3

    with create(backend) as interp:
        asyncio.run(main(interp))


def test_calls_of_a_pool():
    async def main(pool):
        assert await asyncio.gather(*(select_queues.call(pool, abs, -n) for n in range(5))) == [0, 1, 2, 3, 4]
        await cancelled(select_queues.call(pool, spin), lambda: any(worker.future and worker.interp.is_running() for worker in pool._workers))
        assert await select_queues.call(pool, abs, -7) == 7

    with InterpreterPoolExecutor(1) as pool:
        asyncio.run(main(pool))


def test_calls_of_a_plugin(tmp_path):
    path = tmp_path / "plug.py"
    path.write_text("def add(a, b): return a + b\ndef spin():\n    while True: pass\n")

    async def main(plugin):
        assert await select_queues.call(plugin, "add", 1, 2) == 3
        await cancelled(select_queues.call(plugin, "spin"), lambda: plugin.state == "running")
        assert await select_queues.call(plugin, "add", 1, 2) == 3

    with PluginHost({"p": {"module": str(path)}}) as host:
        asyncio.run(main(host["p"]))


def test_the_first_of_several_queues():
    async def main():
        queues = [create_queue() for _ in range(3)]
        with pytest.raises(QueueEmpty):
            await select_queues.first(queues, timeout=0.01)
        queues[2].put(1)
        assert await select_queues.first(queues, timeout=20) == (queues[2], 1)
        waits = asyncio.ensure_future(select_queues.first(queues, timeout=20))
        with create() as interp:
            thread = interp.call_in_thread(lambda queue: queue.put(5), queues[1])
            assert await waits == (queues[1], 5)
            thread.join()

    asyncio.run(main())
