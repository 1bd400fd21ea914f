"""The IR: text both ways, the rules, and the evaluator against machine code."""

import random

import pytest

from morrow.jit import ir
from tests.jit.native import call, outcome

from morrow.jit.compile import Request, _Session  # isort: skip
from morrow.jit.ir_check import IllegalIR, check  # isort: skip
from morrow.jit.ir_eval import Left, run  # isort: skip
from morrow.jit.ir_types import Gone  # isort: skip
from morrow.jit.ir_text import NotIR, parse_function, print_function  # isort: skip

DOUBLE = """
function double(%1: i64) {
  $0 = 'an object'
start:
  enter else @0
  %2: i64 = int_add %1, %1 else @1
  %3: i1 = int_compare <lt> %2, 0
  branch %3 b1() b2(%2)
b1:
  %4: ptr = call_c <PyNumber_Add> $0, $0 else @2
  %5: i64 = ptr_to_bits %4
  return 2, %5
b2(%6: i64):
  return 0, %6
  @0: resume at 0 depth locals [int %1] stack []
  @1: resume at 6 overflow locals [int %1] stack [int %1, int %1]
  @2: raise at 8 raised locals [int %1] stack [none, range 0 3 1]
}
"""


def lifted(function, *warm, arguments=None):
    for _ in range(60):
        function(*warm)
    session = _Session("t")
    session.start(Request(function, arguments))
    return session


def arithmetic(a, b, n):
    total = 0
    half = 0.5
    for i in range(n):
        if a > b:
            total = total + (a - i) * b
            half = half * 1.5 - total
        else:
            total = total - (a & 7) // (b % 5 + 1)
        a = a + 3 - (b >> 1)
        b = b ^ i
    return total, half


def smallest(values, start):
    best = values[start]
    for v in values:
        if v < best:
            best = v
    return best


def test_text_is_read_back_as_it_was_printed():
    printed = print_function(parse_function(DOUBLE))
    assert printed == print_function(parse_function(printed))
    assert printed.split() == DOUBLE.split()


@pytest.mark.parametrize("line", ["int_add ?, 1", "return x", "%x: i64 = int_add", "!"])
def test_a_line_that_is_no_ir_is_named(line):
    with pytest.raises(NotIR) as caught:
        parse_function(DOUBLE.replace("  enter else @0", "  " + line, 1))
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  return 0, %6\n", "", "does not end"),
        ("int_add %1, %1 else @1", "int_add %1, %9 else @1", ""),
        ("%2: i64 = int_add %1, %1 else @1", "%2: i64 = int_add %1, %1", "needs an exit"),
        ("int_compare <lt> %2, 0", "int_compare <lt> %2, 0.5", "operands"),
        ("b2(%2)", "b2()", "takes"),
        ("return 2, %5", "return 2, %6", "not defined here"),
        ("range 0 3 1", "range 0 3", "not a slot"),
        ("b1() b2(%2)", "b2(%2) b2(%2)", "same block"),
        ("int_add", "int_sum", "no such operation"),
    ],
)
def test_broken_rules_are_found(old, new, problem):
    assert old in DOUBLE
    try:
        function = parse_function(DOUBLE.replace(old, new, 1))
    except NotIR:  # the reader already knows no such value
        return
    with pytest.raises(IllegalIR, match=problem):
        check(function)


def test_legal_ir_passes():
    check(parse_function(DOUBLE))


def test_the_evaluator_runs_and_leaves():
    function = parse_function(DOUBLE)
    assert run(function, 21) == 42
    assert run(function, -1) == "an objectan object"
    left = run(function, 2**62)
    assert isinstance(left, Left)
    assert (left.offset, left.why, left.locals, left.stack) == (6, "overflow", (2**62,), (2**62, 2**62))


@pytest.mark.parametrize(("function", "warm"), [(arithmetic, (5, 3, 4)), (smallest, ([3, 1, 2], 0))])
def test_what_is_lifted_is_legal_and_reads_back(function, warm):
    session = lifted(function, *warm)
    for _, made in session.functions:
        check(made)
        text = print_function(made)
        assert print_function(parse_function(text, made.objects)) == text


def test_the_evaluator_agrees_with_the_interpreter():
    session = lifted(arithmetic, 5, 3, 4, arguments=(int, int, int))
    made = session.functions[-1][1]
    generator = random.Random(1)
    for _ in range(200):
        arguments = [generator.choice([generator.randrange(-9, 9), generator.randrange(-(2**62), 2**62)]), generator.randrange(-99, 99), generator.randrange(6)]
        got = run(made, *arguments)
        if not isinstance(got, Left):
            assert repr(got) == repr(arithmetic(*arguments))


def test_machine_code_agrees_with_the_evaluator():
    from tests.jit.native import compiled

    made = compiled(arithmetic, 5, 3, 4, arguments=(int, int, int))
    generator = random.Random(2)
    for _ in range(300):
        arguments = (generator.randrange(-(2**40), 2**40), generator.randrange(-(2**20), 2**20), generator.randrange(9))
        assert outcome(lambda *a: call(made, *a), *arguments) == outcome(arithmetic, *arguments)


def test_every_operation_is_emitted_and_evaluated():
    from morrow.jit import emit, ir_eval

    for name in ir.OPS.keys():
        assert name in emit._SIMPLE or hasattr(emit._Function, "op_" + name), f"{name} has no LLVM"
        if name not in ir.TERMINATORS:
            assert name in ir_eval._PLAIN or hasattr(ir_eval._Machine, "op_" + name), f"{name} has no meaning"


def test_a_function_that_is_dropped_takes_what_it_called_along():
    def leaf(n):
        return n * 3 + 1

    def outer(n):
        return leaf(n)

    session = _Session("t")
    session.lift(leaf, (("int", None),))

    def lift(function, kinds):
        lift_before(leaf, (("float", None),))
        raise Gone("TOO_LARGE")

    lift_before, session.lift = session.lift, lift
    assert session.callee(outer, (("int", None),)) is None
    defined = {made.name for _, made in session.functions}
    assert set(session.names.values()) == defined  # nothing can be called that is not there
