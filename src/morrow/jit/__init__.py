"""The jit: hot code of an unchanged program runs as machine code, and gives the same answers.

    morrow -X jit=on app.py                 off by default: experimental; eager compiles at the first calls
    import morrow.jit; morrow.jit.start()   in a program run by plain python
    MORROW_JIT=on                           with morrow.jit.start() in sitecustomize or usercustomize: see `start`

`start` costs a thread that sleeps. Nothing else is imported, llvmlite least of all, before something is hot.
"""

from __future__ import annotations

import sys

from morrow import settings
from morrow.host import HERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from morrow.jit.hot_sampling import Sampler
    from morrow.jit.worker import Worker

_worker: Worker | None = None
_sampler: Sampler | None = None
_off = "it was not started"
_stopped = False


def start(root: str | None = None, *, mode: str | None = None) -> bool:
    """Switch the jit on for this process; return whether it is on (`explain` says why not).

    Args:
        root: the program's folder, given by the launcher, which starts what the settings say.
        mode: "on", "eager" or "off"; by default what ``-X jit=`` or MORROW_JIT say. Where nobody said anything, a program
            that calls this wants it on.

    To switch it on for every plain ``python`` by one environment variable, put into usercustomize.py (``python -m site
    --user-site`` says where): ``import os; os.environ.get("MORROW_JIT", "off") != "off" and __import__("morrow.jit").jit.start()``.
    """
    global _worker, _sampler, _off, _stopped
    if _sampler is not None and not _stopped:
        return True
    if _worker is not None:
        _off = "it was stopped; a process starts it once"
        return False
    _stopped = False
    chosen = mode or ("on" if root is None and not settings.is_given("jit") else settings.get("jit"))
    wanted = settings.get("explain")
    if wanted:
        import atexit

        atexit.unregister(_explain_at_exit)
        atexit.register(_explain_at_exit, wanted)
    if chosen == "off":
        _off = "-X jit=off" if settings.is_given("jit") else "it is experimental, and on only when asked for: -X jit=on"
        return False
    if HERE is None or not HERE.jit_supported:
        from morrow.host import probe

        _off = probe.is_proven()[1]
        return False
    from morrow.jit.hot_sampling import INTERVAL, Sampler
    from morrow.jit.lifecycle import on_exit, on_fork

    lazy = _Lazy()
    _sampler = Sampler(lazy.found, lazy.tick, INTERVAL)
    _off = ""
    on_exit(stop)
    on_fork(_pause, _resume)
    if chosen == "eager":
        from morrow.jit import hot_eager

        if not hot_eager.start(_get_worker()):
            return False
    _sampler.start()
    return True


def stop() -> None:
    """Switch the jit off: compiled code is taken out of service, the thread ends. `explain` still answers."""
    global _stopped
    _stopped = True
    if _sampler is not None:
        _sampler.stop()
    if _worker is not None:
        from morrow.jit import hot_eager

        hot_eager.stop()
        _worker.close()


def explain(*, html: str | None = None) -> str:
    """Return what was compiled and what was left to CPython and why, as text; with *html*, also write a page there.

    Raises:
        OSError: the page cannot be written.
    """
    if _worker is not None and _worker.off and not _stopped and html is None:
        return f"jit: off: {_worker.off}\n"  # without importing more: the reason may be that imports are not safe
    from morrow.jit import report

    made = report.gather(_worker, _off, _sampler.busy if _sampler is not None else 0.0)
    if html is not None:
        from morrow.jit import report_html

        report_html.write(made, html)
    return report.as_text(made)


def _explain_at_exit(wanted: str) -> None:
    kind, _, path = wanted.partition(":")
    try:
        text = explain(html=path or "morrow.html") if kind == "html" else explain()
    except OSError as error:
        text = f"jit: cannot write {path}: {error.strerror}\n"
    if sys.stderr is not None:
        sys.stderr.write(text)


def is_on() -> bool:
    """Return whether the jit is looking for hot code or running some."""
    return not _off and not _stopped and not (_worker is not None and _worker.off)


class _Lazy:
    """Stands between the sampler and the worker, so that a program with nothing hot never imports the latter."""

    def found(self, what: str, frame: FrameType, thread: int) -> bool:
        return _get_worker().found(what, frame, thread)

    def tick(self, busy: float) -> float:
        return _worker.tick(busy) if _worker is not None else 0


def _get_worker() -> Worker:
    global _worker
    if _worker is None:
        from morrow.jit.worker import Worker

        _worker = Worker()
    return _worker


def _pause() -> None:
    if _sampler is not None:
        _sampler.stop()
    if _worker is not None:
        _worker.before_fork()


def _resume() -> None:
    if _worker is not None:
        _worker.after_fork()
    if _sampler is not None and not _off and not _stopped and not sys.is_finalizing():
        _sampler.start()
