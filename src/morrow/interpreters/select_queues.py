"""Wait for several queues at once, and wait for queues and calls in asyncio."""

from __future__ import annotations

import asyncio
import time

from morrow.interpreters import wakeup
from morrow.interpreters.queues import _GETTERS, _PUTTERS, Queue, QueueEmpty, QueueFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Executor


def select(queues: Iterable[Queue], timeout: float | None = None) -> tuple[Queue, object]:
    """Take the first object that comes in any of *queues*; return the queue and the object.

    Args:
        timeout: seconds to wait; None: as long as it takes.

    Raises:
        QueueEmpty: nothing came.
    """
    queues = list(queues)
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        counted: list[Queue] = []
        try:
            for queue in queues:
                found = queue._pop(wait=True)
                if found is not None:
                    return queue, queue._value(found)
                counted.append(queue)
            left = None if end is None else end - time.monotonic()
            if (left is not None and left <= 0) or wakeup.wait([queue._ready for queue in queues], left) < 0:
                raise QueueEmpty("all queues are empty")
        finally:
            for queue in counted:
                queue._stop_waiting(_GETTERS)


async def get(queue: Queue, timeout: float | None = None) -> object:
    """Take the next object out of a queue, without holding up the event loop.

    Raises:
        QueueEmpty: nothing came within *timeout* seconds.
    """
    return await _wait(lambda waited: _got(queue._pop(wait=True, waited=waited), queue), queue, queue._ready, _GETTERS, timeout, QueueEmpty)


async def put(queue: Queue, obj: object, timeout: float | None = None) -> None:
    """Add an object to a queue, without holding up the event loop while it is full.

    Raises:
        QueueFull: there was no room within *timeout* seconds.
    """
    from morrow.interpreters import crossing

    pieces = crossing.encode(obj)
    flag = queue._unbound[0]
    await _wait(lambda waited: queue._append(pieces, flag, wait=True, waited=waited), queue, queue._space, _PUTTERS, timeout, QueueFull)


async def call(executor: Executor, fn: object, /, *args: object, **kwargs: object) -> object:
    """Call *fn* in an executor of interpreters and wait for the result without holding up the event loop."""
    return await asyncio.wrap_future(executor.submit(fn, *args, **kwargs))  # type: ignore[arg-type]


def _got(found: object, queue: Queue) -> object:
    return None if found is None else (queue._value(found),)  # type: ignore[arg-type]


async def _wait(step, queue: Queue, fd: int, word: int, timeout: float | None, over: type[Exception]) -> object:  # type: ignore[no-untyped-def]
    """Do *step* until it gives something; between two tries wait for the queue's count."""
    loop = asyncio.get_running_loop()
    end = None if timeout is None else loop.time() + timeout
    waited = False
    while True:
        done = step(waited)
        if done:
            return done[0] if isinstance(done, tuple) else None
        woken = loop.create_future()
        loop.add_reader(fd, lambda: woken.done() or woken.set_result(None))
        try:
            await asyncio.wait_for(woken, None if end is None else max(0.0, end - loop.time()))
            wakeup.take(fd)
            waited = True
        except BaseException as error:
            queue._stop_waiting(word)
            if isinstance(error, TimeoutError):
                raise over(f"queue {queue.id} is {'empty' if word == _GETTERS else 'full'}") from None
            raise
        finally:
            loop.remove_reader(fd)
