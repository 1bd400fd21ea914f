"""`DistributedExecutor`: the same calls on this machine's interpreters, or on a Dask cluster of many machines.

    with DistributedExecutor() as pool: ...                                  interpreters here; needs nothing installed
    with DistributedExecutor("tcp://scheduler:8786") as pool: ...            a running cluster; pip install 'morrow[dask]'
    with DistributedExecutor("cluster", workers=4) as pool: ...              worker processes here, started for it

On a cluster each worker runs calls itself, or with *interpreters* in some of its own if they can cross. A worker that
dies takes nothing along: its calls are given to others, up to *retries* times.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future

from morrow.interpreters.errors import NotShareableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from functools import partial


class DistributedExecutor(Executor):
    """An executor that may reach past this machine.

    Args:
        where: ``local`` (interpreters of this process), ``cluster`` (start workers here), or the address of a scheduler.
        workers: how many, for the first two; None is the number of processors.
        interpreters: let cluster workers run calls in interpreters of their own: two threads of a worker then compute at
            the same time, and C extensions that refuse interpreters are ImportErrors.
        retries: how often a call is given to another worker when one dies or fails.

    Raises:
        ImportError: a cluster was asked for and Dask distributed is not installed.
    """

    def __init__(self, where: str = "local", *, workers: int | None = None, interpreters: bool = False, retries: int = 3) -> None:
        self.where = where
        self._interpreters, self._retries = interpreters, retries
        self._cluster = self._client = None
        if where == "local":
            from morrow.interpreters.executor import InterpreterPoolExecutor

            self._inner: Executor = InterpreterPoolExecutor(workers)
            return
        try:
            import distributed
        except ImportError as error:
            raise ImportError(f"where={where!r} needs Dask distributed: pip install 'morrow[dask]'") from error
        if where == "cluster":
            self._cluster = distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            self._client = distributed.Client(self._cluster)
        else:
            self._client = distributed.Client(where)
        self._inner = self._client.get_executor(retries=retries, pure=False)

    def submit(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> Future:
        """Schedule ``fn(*args, **kwargs)`` and return the future for its result."""
        if self._client is None:
            return self._inner.submit(fn, *args, **kwargs)
        from functools import partial

        # As one object: Dask takes a tuple that begins with something callable for a task of its own.
        return self._inner.submit(run_on_worker, partial(fn, *args, **kwargs), self._interpreters)

    def map(self, fn: Callable[..., object], *iterables: Iterable[object], timeout: float | None = None, chunksize: int = 1) -> Iterator[object]:
        """Return an iterator over ``fn`` of the items, in their order; *chunksize* items travel together.

        A round trip to a cluster takes some milliseconds: small calls want large chunks.
        """
        if self._client is None:
            return self._inner.map(fn, *iterables, timeout=timeout, chunksize=chunksize)
        import itertools

        from morrow.interpreters import agent
        from morrow.interpreters.executor import _flat

        rows = zip(*iterables)
        chunks = iter(lambda: tuple(itertools.islice(rows, max(1, chunksize))), ())
        futures = [self.submit(agent.run_chunk, fn, chunk) for chunk in chunks]
        return _flat(future.result(timeout) for future in futures)

    def as_completed(self, futures: Iterable[Future], progress: Callable[[int, int], object] | None = None) -> Iterator[Future]:
        """Yield futures as they are done; *progress* is told how many are, of how many."""
        from morrow.interpreters.progress import as_completed

        return as_completed(futures, progress)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End it: a cluster that was started for it ends too, one that was there before goes on."""
        if self._client is None:
            self._inner.shutdown(wait, cancel_futures=cancel_futures)
            return
        self._inner.shutdown(wait)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


_pool: Executor | None = None


def run_on_worker(call: partial[object], interpreters: bool) -> object:
    """Run a call on a worker of the cluster: in one of its interpreters if it can cross, else as it is."""
    global _pool
    fn, args, kwargs = call.func, call.args, call.keywords
    if interpreters:
        from morrow.interpreters.executor import InterpreterPoolExecutor

        _pool = _pool or InterpreterPoolExecutor(1)
        try:
            return _pool.submit(fn, *args, **kwargs).result()
        except NotShareableError:  # nothing has run yet, or only the result could not cross: the worker's own process can
            if not _could_not_go_in(fn, args, kwargs):
                raise
    return fn(*args, **kwargs)


def _could_not_go_in(fn: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> bool:
    from morrow.interpreters import engine

    try:
        engine.encode_call(fn, args, kwargs, True)
    except NotShareableError:
        return True
    return getattr(fn, "__module__", None) == "__main__"
