"""Wake a waiting thread, whichever interpreter or process it is in: a descriptor that counts.

`post` adds one, `wait` takes one or waits until there is one. Nothing polls.
"""

from __future__ import annotations

import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def create() -> int:
    """Return the descriptor of a new count, at zero.

    Raises:
        NotImplementedError: this system has no eventfd.
    """
    if not hasattr(os, "eventfd"):
        raise NotImplementedError("queues between interpreters need eventfd: Linux")
    return os.eventfd(0, os.EFD_SEMAPHORE | os.EFD_CLOEXEC | os.EFD_NONBLOCK)


def post(fd: int, number: int = 1) -> None:
    """Let *number* waiting threads go on, or the next ones that come to wait."""
    os.eventfd_write(fd, number)


def take(fd: int) -> bool:
    """Take one if there is one; do not wait."""
    try:
        os.eventfd_read(fd)
    except BlockingIOError:
        return False
    return True


def wait(fds: Iterable[int], timeout: float | None = None) -> int:
    """Wait until one of the counts can be taken, and take it.

    Args:
        fds: descriptors from `create`.
        timeout: seconds; None waits for ever.

    Returns:
        The descriptor, or -1 when the time is over.
    """
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = None if end is None else max(0.0, end - time.monotonic())
        # Rounded up: poll counts milliseconds, and waking before the time would make callers spin.
        ready = poll.poll(None if left is None else int(left * 1000) + (left > 0))
        for fd, event in ready:
            if event & select.POLLNVAL:
                raise OSError(9, "the queue was closed")
            if take(fd):
                return fd
        if not ready and end is not None and time.monotonic() >= end:
            return -1
