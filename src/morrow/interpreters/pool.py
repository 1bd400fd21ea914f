"""Clean interpreters that are ready: made in advance, and made clean again after use.

    with pool.Pool(2) as pool:
        with pool.take() as interp:
            interp.call(work, 1)

Making an interpreter costs ten to thirty milliseconds, and on some hosts memory that never comes back; making one clean
costs less than one. Clean means: ``__main__`` is empty again, and modules that were imported since are forgotten, as are
changes of `sys.path`, of the warnings' filters and of the environment. What a C extension keeps for itself stays.
"""

from __future__ import annotations

import queue

from morrow.interpreters import engine, policy
from morrow.interpreters.errors import InterpreterError

_SNAPSHOT = """
import sys as _s, os as _o
def _reset(modules=dict(_s.modules), path=list(_s.path), environ=dict(_o.environ), meta=list(_s.meta_path), argv=list(_s.argv), s=_s, o=_o):
    for name in [name for name in s.modules if name not in modules]:
        del s.modules[name]
    s.modules.update(modules)
    s.path[:], s.meta_path[:], s.argv[:] = path, meta, argv
    if dict(o.environ) != environ:
        o.environ.clear()
        o.environ.update(environ)
    main = s.modules["__main__"].__dict__
    for name in [name for name in main if not (name.startswith("__") and name.endswith("__"))]:
        del main[name]
    if "warnings" in s.modules:
        s.modules["warnings"].resetwarnings()
        s.modules["warnings"].simplefilter("default")
    s.settrace(None)
    s.setprofile(None)
_s.modules["morrow.interpreters.agent"]._pool_reset = _reset
del _s, _o, _reset
"""
_RESET = "__import__('sys').modules['morrow.interpreters.agent']._pool_reset()"


class Pool:
    """Interpreters that are used again.

    Args:
        size: how many are kept ready.
        uses: after how many uses one is closed and another made, so that what cannot be cleaned does not pile up;
            0 is never.
        options: as for `morrow.interpreters.create`, without limits.
    """

    def __init__(self, size: int = 1, *, uses: int = 0, **options: object) -> None:
        self._options, self._uses = options, uses
        self._ready: queue.LifoQueue[tuple[policy.Placed, int]] = queue.LifoQueue()
        self._closed = False
        for _ in range(size):
            self._ready.put((self._make(), 0))

    def _make(self) -> policy.Placed:
        interp = policy.create(**self._options)  # type: ignore[arg-type]
        assert isinstance(interp, policy.Placed)
        engine.call(interp.id, exec, (_SNAPSHOT,), {})
        return interp

    def take(self) -> Lease:
        """Return a clean interpreter, to be used in a ``with`` statement; a new one if none is ready."""
        if self._closed:
            raise InterpreterError("the pool is closed")
        try:
            interp, used = self._ready.get_nowait()
        except queue.Empty:
            interp, used = self._make(), 0
        return Lease(self, interp, used)

    def _give_back(self, interp: policy.Placed, used: int) -> None:
        if self._closed or (self._uses and used >= self._uses) or _has_threads(interp):
            interp.close()
            return
        engine.call(interp.id, exec, (_RESET,), {})
        self._ready.put((interp, used))

    def close(self) -> None:
        """Close the interpreters that are ready; those in use are closed when they come back."""
        self._closed = True
        while True:
            try:
                self._ready.get_nowait()[0].close()
            except queue.Empty:
                return

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Lease:
    """One use of an interpreter of a pool."""

    def __init__(self, pool: Pool, interp: policy.Placed, used: int) -> None:
        self._pool, self._interp, self._used = pool, interp, used

    def __enter__(self) -> policy.Placed:
        return self._interp

    def __exit__(self, *_: object) -> None:
        self._pool._give_back(self._interp, self._used + 1)


def _has_threads(interp: policy.Placed) -> bool:
    """Whether the program has left threads behind, which no reset can end."""
    count = "len(__import__('sys').modules['threading']._active) > 1 if 'threading' in __import__('sys').modules else False"
    return bool(engine.call(interp.id, eval, (count,), {}))
