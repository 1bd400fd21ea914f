"""`InterpreterPoolExecutor`: calls in a pool of interpreters, as `concurrent.futures` of Python 3.14 has it.

    submit -> work queue -> a thread per interpreter -> engine.call -> future

The rest of the executor (its lock, its shutdown, the end of the process) is the host's ThreadPoolExecutor.
"""

from __future__ import annotations

import collections
import itertools
import queue
import threading
import time
import weakref
from concurrent.futures import _base
from concurrent.futures import thread as _thread

from morrow.interpreters import agent, engine, interpreter
from morrow.interpreters.errors import ExecutionFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_BROKEN = "A thread initializer failed, the thread pool is not usable anymore"


class BrokenInterpreterPool(_thread.BrokenThreadPool):
    """Raised when a worker of an InterpreterPoolExecutor failed initializing."""


class Worker:
    """One interpreter of the pool, used by one thread.

    Args:
        initializer: called in the interpreter before anything else, or None.
        initargs: its arguments.
    """

    def __init__(self, initializer: Callable[..., object] | None, initargs: tuple[object, ...]) -> None:
        self.initializer, self.initargs = initializer, initargs
        self.interp: interpreter.Interpreter | None = None
        self.future: _base.Future | None = None  # of the call that it runs; changed with `turn` held
        self.turn = threading.Lock()

    def initialize(self) -> None:
        """Make the interpreter and initialize it."""
        self.interp = interpreter.create()
        try:
            if self.initializer is not None:
                self.run(self.initializer, self.initargs, {})
        except BaseException:
            self.finalize()
            raise

    def run(self, fn: object, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """Call *fn* in the interpreter; what it raises is raised here, from an ExecutionFailed with the traceback."""
        assert self.interp is not None
        try:
            return engine.call(self.interp.id, fn, args, kwargs, True)
        except ExecutionFailed as failed:
            exception = getattr(failed, "exception", None)
            if exception is None:
                raise
            del failed.exception  # type: ignore[attr-defined]
            raise exception from failed

    def finalize(self) -> None:
        """Close the interpreter."""
        interp, self.interp = self.interp, None
        if interp is not None:
            interp.close()


class _FutureOfOddError(_base.Future):
    """A future whose exception may be false, which hosts before 3.14 take for none (gh-132063)."""

    def _Future__get_result(self) -> object:
        error = self._exception
        assert error is not None
        try:
            raise error
        finally:
            self = error = None  # type: ignore[assignment]  # no cycle with the traceback


class _Task:
    """A call and the future for its result."""

    __slots__ = ("args", "fn", "future", "kwargs")

    def __init__(self, future: _base.Future, fn: object, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        self.future, self.fn, self.args, self.kwargs = future, fn, args, kwargs

    def run(self, worker: Worker) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            worker.future = self.future
            try:
                result = worker.run(self.fn, self.args, self.kwargs)
            finally:
                with worker.turn:
                    worker.future = None
        except BaseException as error:
            if hasattr(type(error), "__bool__") or hasattr(type(error), "__len__"):
                self.future.__class__ = _FutureOfOddError
            self.future.set_exception(error)
            self = None  # type: ignore[assignment]  # the exception's traceback holds this frame
        else:
            self.future.set_result(result)


def _work(reference: weakref.ref[InterpreterPoolExecutor], tasks: queue.SimpleQueue[_Task | None], worker: Worker) -> None:
    """What each thread of the pool does."""
    try:
        worker.initialize()
    except BaseException:
        _base.LOGGER.critical("Exception in initializer:", exc_info=True)
        executor = reference()
        if executor is not None:
            executor._initializer_failed()
        return
    try:
        while True:
            try:
                task = tasks.get_nowait()
            except queue.Empty:
                executor = reference()
                if executor is not None:
                    executor._idle_semaphore.release()
                del executor
                task = tasks.get()
            if task is not None:
                task.run(worker)
                del task
                continue
            executor = reference()
            if _thread._shutdown or executor is None or executor._shutdown:
                if executor is not None:
                    executor._shutdown = True
                tasks.put(None)  # for the other workers
                return
            del executor
    except BaseException:
        _base.LOGGER.critical("Exception in worker", exc_info=True)
    finally:
        worker.finalize()


class InterpreterPoolExecutor(_thread.ThreadPoolExecutor):
    """An executor whose workers are interpreters.

    Args:
        max_workers: how many interpreters there may be.
        thread_name_prefix: of the threads that drive them.
        initializer: called in each new interpreter.
        initargs: its arguments.
    """

    BROKEN = BrokenInterpreterPool
    _counter = itertools.count().__next__

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[object, ...] = (),
    ) -> None:
        if isinstance(initializer, str):
            raise TypeError("scripts not supported")
        engine.host()
        super().__init__(max_workers, thread_name_prefix or f"InterpreterPoolExecutor-{self._counter()}")
        workers: list[Worker] = []
        self._workers = workers

        def make_worker() -> Worker:  # without *self*: the pool ends when nobody refers to it any more
            workers.append(Worker(initializer, initargs))
            return workers[-1]

        self._make_worker = make_worker

    def interrupt(self, future: _base.Future) -> bool:
        """Cancel a call that has not begun, or raise KeyboardInterrupt in it if it runs; return whether there was anything to end.

        Not in 3.14's, whose calls run on until they end by themselves.
        """
        if future.cancel():
            return True
        for worker in self._workers:
            with worker.turn:
                if worker.future is future and worker.interp is not None:
                    from morrow.interpreters.interrupt import interrupt

                    return interrupt(worker.interp.id)
        return False

    def submit(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> _base.Future:
        """Schedule ``fn(*args, **kwargs)`` in one of the interpreters and return the future for its result."""
        with self._shutdown_lock, _thread._global_shutdown_lock:
            if self._broken:
                raise self.BROKEN(self._broken)
            if self._shutdown:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if _thread._shutdown:
                raise RuntimeError("cannot schedule new futures after interpreter shutdown")
            if isinstance(fn, str):
                raise TypeError("scripts not supported")
            future: _base.Future = _base.Future()
            self._work_queue.put(_Task(future, fn, args, kwargs))
            self._adjust_thread_count()
            return future

    def map(  # type: ignore[override]
        self,
        fn: Callable[..., object],
        *iterables: Iterable[object],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[object]:
        """Return an iterator over ``fn`` of the items, in their order.

        Args:
            timeout: seconds until all of them must be there.
            chunksize: how many items go to an interpreter at once. What is computed stays the same; larger chunks cost
                less per item, and are not cancelled half-way.
            buffersize: how many items may be under way ahead of the caller; None takes all items at once.
        """
        if buffersize is not None and not isinstance(buffersize, int):
            raise TypeError("buffersize must be an integer or None")
        if buffersize is not None and buffersize < 1:
            raise ValueError("buffersize must be None or > 0")
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        end = None if timeout is None else timeout + time.monotonic()
        rows = zip(*iterables)
        if chunksize == 1:
            return _results(self, fn, rows, buffersize, end)
        chunks = iter(lambda: tuple(itertools.islice(rows, chunksize)), ())
        ahead = None if buffersize is None else max(1, buffersize // chunksize)
        return _flat(_results(self, agent.run_chunk, ((fn, chunk) for chunk in chunks), ahead, end))

    def _adjust_thread_count(self) -> None:
        if self._idle_semaphore.acquire(timeout=0):
            return
        tasks = self._work_queue

        def wake(_: object) -> None:
            tasks.put(None)  # the executor is gone: its workers end

        number = len(self._threads)
        if number < self._max_workers:
            thread = threading.Thread(
                name=f"{self._thread_name_prefix or self}_{number}",
                target=_work,
                args=(weakref.ref(self, wake), tasks, self._make_worker()),
            )
            thread.start()
            self._threads.add(thread)
            _thread._threads_queues[thread] = tasks

    def _initializer_failed(self) -> None:
        with self._shutdown_lock:
            self._broken = _BROKEN
            while True:
                try:
                    task = self._work_queue.get_nowait()
                except queue.Empty:
                    break
                if task is not None:
                    task.future.set_exception(self.BROKEN(self._broken))


def _results(
    executor: InterpreterPoolExecutor, fn: Callable[..., object], rows: Iterator[tuple[object, ...]], ahead: int | None, end: float | None
) -> Iterator[object]:
    """Submit now, yield results later: at most *ahead* calls under way, all of them if it is None."""
    futures = collections.deque(executor.submit(fn, *row) for row in itertools.islice(rows, ahead))
    reference = weakref.ref(executor)

    def results() -> Iterator[object]:
        try:
            while futures:
                owner = reference() if ahead else None
                row = next(rows, None) if owner is not None else None
                if row is not None:
                    futures.append(owner.submit(fn, *row))  # type: ignore[union-attr]
                del owner
                yield _base._result_or_cancel(futures.popleft(), None if end is None else end - time.monotonic())  # type: ignore[attr-defined]
        finally:
            for future in futures:
                future.cancel()

    return results()


def _flat(chunks: Iterator[object]) -> Iterator[object]:
    """Yield what the chunks hold; the exception that ended one comes after the results before it."""
    for values, about, exception in chunks:  # type: ignore[misc]
        yield from values
        if about is not None:
            failed = ExecutionFailed(engine.excinfo(about))
            if exception is None:
                raise failed
            raise exception from failed
