"""A program with interpreters forks: the child has the main one, can make others, and ends as it should."""

from __future__ import annotations

import pytest

from morrow.host import HERE

pytestmark = pytest.mark.skipif(HERE is None or not HERE.interpreters_head, reason="where this host keeps its interpreters is not known")

START = """
import os, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, from 3.12 on
from morrow.interpreters import create, interpreter
def fork(work):
    pid = os.fork()
    if not pid:
        work()
        sys.exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


@pytest.mark.parametrize("backend", ["auto", "own-gil", "shared-gil"])
def test_a_child_works_and_the_parent_goes_on(program, backend):
    source = f"""
one, other = create({backend!r}), create({backend!r})
one.exec("import json; x = 5")
def child():
    import json
    print(interpreter.list_all(), one.id in [each.id for each in interpreter.list_all()], flush=True)
    with create({backend!r}) as mine:
        mine.exec("import json; print(json.dumps([1]), flush=True)")
    try: one.call(len, "")
    except Exception as error: print(type(error).__name__, flush=True)
print(fork(child), fork(child))
print(one.call(eval, "x"), other.call(pow, 2, 3), len(interpreter.list_all()))
one.close(); other.close()
"""
    one = "[Interpreter(0)] False\n[1]\nInterpreterNotFoundError\n"
    assert program(START + source) == one + one + "7 7\n5 8 3\n"


def test_forks_while_others_are_made_and_closed(program):
    source = """
def make():
    for _ in range(4):
        with create() as one:
            one.exec("import json")
threads = [threading.Thread(target=make) for _ in range(2)]
kept = create()
kept.exec("x = 1")
for thread in threads: thread.start()
statuses = set()
while any(thread.is_alive() for thread in threads): statuses.add(fork(lambda: None))
print(statuses, kept.call(eval, "x"), len(interpreter.list_all()))
kept.close()
"""
    assert program(START + source) == "{7} 1 2\n"


def test_multiprocessing_forks_beside_interpreters(program):
    source = """
import multiprocessing
if __name__ == "__main__":
    with create() as one:
        one.exec("import json")
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(abs, [-1, -2]), one.call(abs, -3))
"""
    assert program(START + source) == "[1, 2] 3\n"
