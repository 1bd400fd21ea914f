"""Wait for several queues at once, and wait for queues and calls in asyncio."""

from __future__ import annotations

import asyncio
import time

from morrow.interpreters import wakeup
from morrow.interpreters.queues import _GETTERS, _PUTTERS, Queue, QueueEmpty, QueueFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from morrow.interpreters.interpreter import Interpreter
    from morrow.interpreters.plugins import Plugin
    from morrow.interpreters.process import ProcessInterpreter


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


async def first(queues: Iterable[Queue], timeout: float | None = None) -> tuple[Queue, object]:
    """`select`, without holding up the event loop.

    Raises:
        QueueEmpty: nothing came within *timeout* seconds.
    """
    queues = list(queues)
    loop = asyncio.get_running_loop()
    end = None if timeout is None else loop.time() + timeout
    while True:
        counted: list[Queue] = []
        woken = loop.create_future()
        try:
            for queue in queues:
                found = queue._pop(wait=True)
                if found is not None:
                    return queue, queue._value(found)
                counted.append(queue)
                loop.add_reader(queue._ready, _wake, woken, queue._ready)
            fd = await asyncio.wait_for(woken, None if end is None else max(0.0, end - loop.time()))
            wakeup.take(fd)
        except TimeoutError:
            raise QueueEmpty("all queues are empty") from None
        finally:
            for queue in counted:
                loop.remove_reader(queue._ready)
                queue._stop_waiting(_GETTERS)


def _wake(woken: asyncio.Future[int], fd: int) -> None:
    if not woken.done():
        woken.set_result(fd)


async def call(target: Executor | Interpreter | ProcessInterpreter | Plugin, fn: object, /, *args: object, **kwargs: object) -> object:
    """Call *fn* in an interpreter, a plugin, or an executor of interpreters, without holding up the event loop.

    When this is cancelled, what runs is interrupted.
    """
    if not hasattr(target, "submit"):
        return await _in_thread(target, lambda: target.call(fn, *args, **kwargs))  # type: ignore[union-attr,arg-type]
    future = target.submit(fn, *args, **kwargs)  # type: ignore[arg-type]
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        if hasattr(target, "interrupt"):
            target.interrupt(future)
        raise


async def run(interp: Interpreter | ProcessInterpreter, code: object) -> None:
    """Run text or a function in an interpreter's ``__main__``, without holding up the event loop; see `Interpreter.exec`.

    When this is cancelled, it is interrupted.
    """
    await _in_thread(interp, lambda: interp.exec(code))


async def _in_thread(interp: object, work: Callable[[], object]) -> object:
    cancelled = False
    task = asyncio.get_running_loop().run_in_executor(None, lambda: None if cancelled else work())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        cancelled = True
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody else asks
        _interrupt(interp)
        raise


def _interrupt(interp: object) -> None:
    inner = getattr(interp, "interp", interp)  # a plugin's
    if hasattr(inner, "interrupt"):
        inner.interrupt()
    else:
        from morrow.interpreters.interrupt import interrupt

        interrupt(inner.id)


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
