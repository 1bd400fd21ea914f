"""Hear how far work is while it goes on in another interpreter.

    with Progress(lambda done, total: print(f"{done}/{total}")) as progress:
        interp.call(work, progress, items)            work calls progress.report(3, 10)

    for future in as_completed(futures, print): ...   calls as they are done: how many, of how many

A `Progress` is passed as an argument: to `call`, `submit` and `map`, to as many interpreters as one likes.
"""

from __future__ import annotations

import threading

from morrow.interpreters import crossing, queues

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

_KEPT = 0  # what becomes of an item whose interpreter is gone: a report counts all the same
_END = b"end"


class Progress:
    """What work reports to.

    Args:
        callback: called in a thread of its own with what was reported, in the order in which it came. What it raises is
            shown as errors in threads are, and ends nothing.
    """

    def __init__(self, callback: Callable[..., object] | None, _queue: queues.Queue | None = None) -> None:
        self._queue = _queue or queues.create()
        self._thread: threading.Thread | None = None
        if callback is not None:
            self._thread = threading.Thread(target=_listen, args=(self._queue, callback), name="morrow-progress", daemon=True)
            self._thread.start()

    def report(self, *values: object) -> None:
        """Have the callback called with *values*; does not wait for it.

        Raises:
            NotShareableError: one of them cannot cross.
        """
        self._queue._append(crossing.encode(values), _KEPT, wait=False)

    def close(self) -> None:
        """Wait until all that was reported so far has been heard, and hear no more."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue._append(crossing.encode(_END), _KEPT, wait=False)
            thread.join()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (None, self._queue)


def _listen(queue: queues.Queue, callback: Callable[..., object]) -> None:
    while (values := queue.get()) != _END:
        try:
            callback(*values)  # type: ignore[misc]
        except Exception:
            import sys

            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))


def as_completed(futures: Iterable[Future], progress: Callable[[int, int], object] | None = None, timeout: float | None = None) -> Iterator[Future]:
    """Yield futures as they are done; *progress* is told how many are, of how many.

    Raises:
        TimeoutError: not all were done within *timeout* seconds.
    """
    from concurrent import futures as library

    futures = list(futures)
    for number, future in enumerate(library.as_completed(futures, timeout), 1):
        if progress is not None:
            progress(number, len(futures))
        yield future


crossing.register(
    Progress,
    b"r",
    lambda progress: queues.note(progress._queue),  # type: ignore[attr-defined]
    lambda data: Progress(None, queues.Queue(int.from_bytes(data, "little"))),
)
