"""Let a program that asks the machine, or makes a pool, use a given number of threads.

How many threads a program makes is its own business; there is no way to run the same work on fewer from outside. Most ask:
`os.cpu_count`, `os.process_cpu_count` and `os.sched_getaffinity` say the given number, pools of threads have at most as many
workers, and MORROW_THREADS holds it for programs that read it.
"""

from __future__ import annotations

import os
from typing import Any

VARIABLE = "MORROW_THREADS"


def install(threads: int) -> None:
    """Replace the functions that say how many; pools are replaced when their modules are imported."""
    os.environ[VARIABLE] = str(threads)

    def cpu_count() -> int:
        """Return the number of threads that this run is about."""
        return threads

    os.cpu_count = cpu_count
    if hasattr(os, "process_cpu_count"):
        os.process_cpu_count = cpu_count
    if hasattr(os, "sched_getaffinity"):
        real = os.sched_getaffinity

        def sched_getaffinity(pid: int, /) -> set[int]:
            return set(sorted(real(pid))[:threads]) if len(real(pid)) >= threads else set(range(threads))

        os.sched_getaffinity = sched_getaffinity
    import concurrent.futures.thread as futures
    import multiprocessing.pool as pools

    _cap(futures.ThreadPoolExecutor, "max_workers", threads)
    _cap(pools.ThreadPool, "processes", threads)


def _cap(kind: type, name: str, threads: int) -> None:
    host: Any = kind.__init__  # type: ignore[misc]

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        if args and isinstance(args[0], int):
            args = (min(args[0], threads), *args[1:]) if args[0] > 0 else args
        elif args:
            args = (threads, *args[1:]) if args[0] is None else args
        elif isinstance(named.get(name), int) and named[name] > 0:
            named[name] = min(named[name], threads)
        elif named.get(name) is None:
            named[name] = threads
        host(self, *args, **named)

    __init__.__wrapped__ = host  # type: ignore[attr-defined]
    kind.__init__ = __init__  # type: ignore[misc]
