"""Let every way in which threads of Python wait for each other carry order.

`install` replaces, in the standard library:

    threading      Lock and RLock, hence Condition, Semaphore, Event, Barrier; Thread.start, join, is_alive; Timer is a Thread
    _thread        allocate_lock, LockType, RLock, start_new_thread
    queue          SimpleQueue; the others are built on threading
    asyncio        call_soon_threadsafe, which run_in_executor, to_thread and run_coroutine_threadsafe come back by
    weakref        finalize: what it calls is not looked at

concurrent.futures and multiprocessing.pool.ThreadPool are made of these. Lower down, C code has locks that nobody can see
(functools.lru_cache, logging's C parts, I/O objects): what they order is at most reported as unordered load, a note.
"""

from __future__ import annotations

import _thread
import sys
import threading
import weakref
from types import ModuleType
from typing import Any

from morrow.race import locks
from morrow.race.clocks import Clock, Timeline, begin, current, stack

_started: weakref.WeakKeyDictionary[threading.Thread, tuple[Clock, tuple[object, ...]]] = weakref.WeakKeyDictionary()
_ended: weakref.WeakKeyDictionary[threading.Thread, Clock] = weakref.WeakKeyDictionary()


def install() -> None:
    """Replace them. To be called before the program's first import, and once."""
    _install_locks()
    _install_threads()
    _install_queues()
    _install_finalize()
    if "asyncio" in sys.modules:
        install_asyncio(sys.modules["asyncio.base_events"])


def _install_locks() -> None:
    threading.Lock = locks.Lock  # type: ignore[misc,assignment]
    threading._allocate_lock = locks.Waiter  # type: ignore[attr-defined]
    _thread.allocate_lock = _thread.allocate = locks.allocate_lock  # type: ignore[attr-defined,assignment]
    if hasattr(_thread, "lock"):
        _thread.lock = locks.Lock  # type: ignore[attr-defined]
    threading._CRLock = locks.RLock  # type: ignore[attr-defined]
    threading.RLock = _thread.RLock = locks.RLock  # type: ignore[misc]
    _is_set = threading.Event.is_set

    def is_set(self: threading.Event) -> bool:
        answer = _is_set(self)
        if answer:  # seen without the lock: still, what set() came after has been done
            lock = self._cond._lock  # type: ignore[attr-defined]
            current().acquire(getattr(lock, "_clock", None))
        return answer

    threading.Event.is_set = threading.Event.isSet = is_set  # type: ignore[method-assign]


def _install_threads() -> None:
    host = threading.Thread
    host_start, host_join, host_is_alive, host_inner = host.start, host.join, host.is_alive, host._bootstrap_inner  # type: ignore[attr-defined]
    current().thread = threading.main_thread()

    def start(self: threading.Thread) -> None:
        _started[self] = (current().release(), stack(1))
        host_start(self)

    def _bootstrap_inner(self: threading.Thread) -> None:
        known, where = _started.get(self, ({}, ()))
        timeline = begin(known, where)
        timeline.thread = self
        try:
            host_inner(self)
        finally:
            _ended[self] = timeline.release()

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        host_join(self, timeout)
        if not host_is_alive(self):
            current().acquire(_ended.get(self))

    def is_alive(self: threading.Thread) -> bool:
        alive = host_is_alive(self)
        if not alive:
            current().acquire(_ended.get(self))
        return alive

    for function in (start, join, is_alive):
        function.__doc__ = getattr(host, function.__name__).__doc__
        function.__qualname__, function.__module__ = f"Thread.{function.__name__}", "threading"
        setattr(host, function.__name__, function)
    host._bootstrap_inner = _bootstrap_inner  # type: ignore[attr-defined]
    host_shutdown = threading._shutdown  # type: ignore[attr-defined]

    def _shutdown() -> None:
        host_shutdown()
        for clock in list(_ended.values()):
            current().acquire(clock)

    threading._shutdown = _shutdown  # type: ignore[attr-defined]
    host_new = _thread.start_new_thread

    def start_new_thread(function: Any, args: Any, kwargs: Any = None, /) -> int:
        known, where = current().release(), stack(1)

        def run(*arguments: Any, **named: Any) -> None:
            begin(known, where)
            function(*arguments, **named)

        if not callable(function) or not isinstance(args, tuple):
            return host_new(function, args)  # which says what is wrong
        return host_new(run, args) if kwargs is None else host_new(run, args, kwargs)

    _thread.start_new_thread = _thread.start_new = start_new_thread  # type: ignore[attr-defined,assignment]


def _install_queues() -> None:
    import _queue
    import queue

    host = _queue.SimpleQueue

    class SimpleQueue(host):  # type: ignore[misc,valid-type]
        """Simple, unbounded, reentrant FIFO queue."""

        # Still the one in C: a fork, a signal or a finalizer in the middle of a call finds no lock of Python's that is held.

        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            host.put(self, (current().release(), item))

        def put_nowait(self, item: Any) -> None:
            host.put(self, (current().release(), item))

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            handed, item = host.get(self, block, timeout)
            current().acquire(handed)
            return item

        def get_nowait(self) -> Any:
            handed, item = host.get_nowait(self)
            current().acquire(handed)
            return item

        def __reduce_ex__(self, protocol: Any) -> Any:
            raise TypeError(f"cannot pickle '{type(self).__module__}.{type(self).__qualname__}' object")

    SimpleQueue.__module__, SimpleQueue.__qualname__ = host.__module__, host.__qualname__
    for name in ("put", "put_nowait", "get", "get_nowait"):
        getattr(SimpleQueue, name).__qualname__, getattr(SimpleQueue, name).__doc__ = f"SimpleQueue.{name}", getattr(host, name).__doc__
    _queue.SimpleQueue = queue.SimpleQueue = SimpleQueue  # type: ignore[misc]


def _install_finalize() -> None:
    host_call = weakref.finalize.__call__

    def __call__(self: Any, _: Any = None) -> Any:
        timeline: Timeline = current()
        timeline.off += 1
        try:
            return host_call(self, _)
        finally:
            timeline.off -= 1

    weakref.finalize.__call__ = __call__  # type: ignore[method-assign]


def install_asyncio(module: ModuleType) -> None:
    """Let callbacks that another thread hands to an event loop be ordered after that. *module* is asyncio.base_events."""
    host_call = module.BaseEventLoop.call_soon_threadsafe

    def call_soon_threadsafe(self: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        handed = current().release()

        def run(*arguments: Any) -> Any:
            current().acquire(handed)
            return callback(*arguments)

        return host_call(self, run, *args, context=context)

    module.BaseEventLoop.call_soon_threadsafe = call_soon_threadsafe
