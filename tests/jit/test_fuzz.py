"""Random programs give the same under the jit: a small fixed budget here, as many as you like with python -m tests.jit.fuzz."""

import sys

import pytest

from morrow.host import HERE
from tests.jit.fuzz.__main__ import compare, minimise
from tests.jit.fuzz.generate import generate


def test_a_seed_is_one_program():
    assert generate(5) == generate(5) != generate(6)
    compile(generate(5), "p5.py", "exec")


def test_a_failing_program_is_made_small():
    small = minimise("a = 1\nb = 2\nif b:\n    c = 3\n    print(b)\nd = 4\n", lambda text: "print(b)" in text, 5)
    assert small.count("\n") <= 2 and "print(b)" in small


@pytest.mark.slow
@pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has not been taught this host")
def test_random_programs_do_the_same(tmp_path):
    pytest.importorskip("llvmlite")
    said = []
    assert compare(sys.executable, "eager", range(7000, 7025), tmp_path, report=said.append, shrink=0) == 0, "\n".join(said)
