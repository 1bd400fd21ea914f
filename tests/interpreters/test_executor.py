"""`InterpreterPoolExecutor`, beside what CPython's own tests say of it (tests/stdlib)."""

from __future__ import annotations

from pathlib import Path

import pytest

from morrow.interpreters import InterpreterPoolExecutor

ROOT = Path(__file__).parents[2]


class Empty(Exception):
    def __len__(self):
        return 0


class Refuses(Exception):
    def __bool__(self):
        raise TypeError("neither true nor false")


def fail(error):
    raise error


@pytest.mark.parametrize("error", [Empty(), Refuses()], ids=["false", "neither"])
def test_an_exception_is_raised_whether_it_is_true_or_false(error):
    finds_tests = f"import sys; sys.path.insert(0, {str(ROOT)!r})"  # a plain `pytest` does not tell interpreters where they are
    with InterpreterPoolExecutor(1, initializer=exec, initargs=(finds_tests,)) as pool:
        for wanted in (pool.submit(fail, error).result, lambda: list(pool.map(fail, [error]))):
            with pytest.raises(type(error)):
                wanted()


def spin():
    while True:
        pass


def test_a_call_that_runs_is_interrupted_and_its_worker_goes_on():
    with InterpreterPoolExecutor(1) as pool:
        running, waiting = pool.submit(spin), pool.submit(abs, -1)
        while not running.running():
            pass
        assert pool.interrupt(waiting) and waiting.cancelled()
        while not pool.interrupt(running):
            pass
        with pytest.raises(KeyboardInterrupt):
            running.result(30)
        assert pool.submit(abs, -2).result(30) == 2
        assert not pool.interrupt(running)


def test_a_pool_that_nobody_refers_to_ends_at_once():
    import weakref

    pool = InterpreterPoolExecutor(1)
    assert pool.submit(abs, -1).result(30) == 1
    threads, gone = list(pool._threads), weakref.ref(pool)
    del pool
    for thread in threads:
        thread.join(30)
    assert gone() is None and not any(thread.is_alive() for thread in threads)
