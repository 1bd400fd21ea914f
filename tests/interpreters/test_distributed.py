"""The executor that may reach past this machine: here by default, and on a real cluster (long)."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from morrow.host import HERE
from morrow.interpreters.distributed import DistributedExecutor


def test_the_default_needs_nothing_installed():
    with DistributedExecutor(workers=1) as pool:
        assert pool.submit(pow, 2, 10).result() == 1024
        assert list(pool.map(abs, range(-5, 0), chunksize=2)) == [5, 4, 3, 2, 1]
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 1, 0).result()


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install 'morrow\[dask\]'"):
        DistributedExecutor("cluster")


@pytest.mark.long
def test_workers_run_calls_in_interpreters_of_their_own():
    pytest.importorskip("distributed", reason="Dask is not among the tests' requirements: it brings a dozen packages")

    def where():
        from _interpreters import get_current

        return int(get_current()[0])

    with DistributedExecutor("cluster", workers=1, interpreters=True, retries=0) as pool:
        assert [pool.submit(pow, 2, n).result(60) for n in range(5)] == [1, 2, 4, 8, 16]
        if HERE is not None and HERE.interpreters_module == "_interpreters":
            assert pool.submit(where).result(60) > 0


@pytest.mark.long
def test_a_killed_worker_loses_nothing():
    pytest.importorskip("distributed", reason="Dask is not among the tests' requirements: it brings a dozen packages")

    def slow(number):
        import time

        time.sleep(0.05)
        return number * number

    with DistributedExecutor("cluster", workers=2) as pool:
        futures = [pool.submit(slow, number) for number in range(60)]
        assert futures[0].result(60) == 0
        victim = next(iter(pool._cluster.workers.values())).pid
        os.kill(victim, signal.SIGKILL)
        seen = []
        assert sum(1 for _ in pool.as_completed(futures, lambda done, total: seen.append((done, total)))) == 60
        assert [future.result() for future in futures] == [number * number for number in range(60)]
        assert seen[-1] == (60, 60)
        assert list(pool.map(abs, range(-40, 0), chunksize=10)) == list(range(40, 0, -1))
