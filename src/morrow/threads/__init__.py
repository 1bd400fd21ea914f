"""``morrow --scale``: the same work on 1..N threads, how much faster it gets, and what holds it back.

    scale      starts the program once for each number of threads, in turn, several rounds
    limits     in each of these processes: how many threads the program makes
    observe    in each of these processes: who runs, who waits for the GIL, who waits for a lock at which line
    report     what it comes to, as text, JSON or a page
"""

from __future__ import annotations

from morrow import settings


def start(folder: str) -> None:
    """Observe this process, which is one of those that ``morrow --scale`` starts. *folder* is where the program starts."""
    threads, _, path = settings.get("scale").partition(":")
    if not threads.isdecimal() or not path:
        return
    from morrow.threads import limits, observe

    limits.install(int(threads))
    observe.start(path)
