"""Operators whose operands are now ints and now floats: one compile for both, once both have been met."""

import pytest

from morrow.jit.compile import Request, compile_function
from morrow.jit.ir_types import forget_types
from tests.jit.native import _FUNCTIONS, call, compiled


class Pair:
    def __init__(self, x, y):
        self.x, self.y = x, y


COMBINE = "def function(a, b): return a.x * b.x + a.y * b.y"
IS_LESS = "def function(a, b): return 1 if a.x < b.x else 0"
PRODUCT = "def function(a, b): return a.x * b.x, a.y"


def fresh(source):
    """Return a function with code of its own: what is found out about code is kept."""
    scope = {}
    exec(source, scope)
    return scope["function"]


def again(function, made, *met):
    """Let compiled code meet arguments, and compile it with what it has found out."""
    for _ in range(3):
        call(made, *met)
    assert made.review(often=1) == "recompile"
    forget_types()
    made = compile_function(Request(function))
    _FUNCTIONS[made.entry] = function
    return made


def left(made):
    return sum(point.count() for point in made.exits)


@pytest.mark.parametrize("source", [COMBINE, IS_LESS])
def test_both_are_done_by_code_that_has_met_both(source):
    function = fresh(source)
    floats, ints, mixed = Pair(1.5, 2.5), Pair(3, 4), Pair(5, 6.5)
    made = compiled(function, floats, floats)
    made = again(function, made, floats, ints)
    for a, b in ((floats, floats), (floats, ints), (ints, floats), (floats, mixed), (mixed, floats)):
        got = call(made, a, b)
        assert (got, type(got)) == (function(a, b), type(function(a, b)))
    assert left(made) == 0
    assert call(made, ints, ints) == function(ints, ints) and left(made)


def test_what_has_met_two_ints_does_those_too():
    floats, ints, is_less = Pair(1.5, 2.5), Pair(3, 4), fresh(IS_LESS)
    made = compiled(is_less, floats, floats)
    made = again(is_less, made, floats, ints)
    made = again(is_less, made, ints, ints)
    for a, b in ((floats, floats), (floats, ints), (ints, floats), (ints, ints)):
        assert call(made, a, b) is is_less(a, b)
    assert left(made) == 0


@pytest.mark.parametrize("number", [2**53 + 1, -(2**60), 2**200, True, 1j, "text"])
def test_what_is_not_exactly_a_float_is_left_to_the_interpreter(number):
    floats, other, product = Pair(1.5, 2.5), Pair(number, 1), fresh(PRODUCT)
    made = compiled(product, floats, floats)
    made = again(product, made, floats, Pair(2, 2))
    try:
        expected = product(floats, other)
    except TypeError as error:
        with pytest.raises(TypeError, match=str(error)[:20].replace("'", ".")):
            call(made, floats, other)
    else:
        assert repr(call(made, floats, other)) == repr(expected)
    assert left(made)
