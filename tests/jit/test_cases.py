"""Stages as text: each .case under cases/ says what goes in and what comes out.

    pass NAME     IR before, IR after; both must also do the same when run, where the case gives no objects
    lift CALL     Python, then operations that must come in this order ("NAME? 0": must not come at all)
"""

import importlib
import itertools
import textwrap
from pathlib import Path

import pytest

from morrow.jit.ir_check import check
from morrow.jit.ir_eval import run
from morrow.jit.ir_text import parse_function, print_function
from morrow.jit.passes import PASSES
from tests.jit.native import pipeline

CASES = sorted(Path(__file__).with_name("cases").glob("*.case"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path):
    head, *parts = path.read_text(encoding="utf-8").split("---\n")
    verb, rest = next(line for line in head.splitlines() if not line.startswith("#")).split(" ", 1)
    {"pass": _pass, "lift": _lift}[verb](rest, *parts)


def _pass(name, before, after):
    step = getattr(importlib.import_module(f"morrow.jit.passes.{name}"), name)
    function = parse_function(before)
    check(function)
    made = step(function)
    check(made)
    assert print_function(made).splitlines() == print_function(parse_function(after)).splitlines()
    if not function.objects and all(p.type == "i64" for p in function.parameters):
        for arguments in itertools.product((-3, 0, 5), repeat=len(function.parameters)):
            assert repr(run(parse_function(before), *arguments)) == repr(run(made, *arguments))


def _lift(call, source, expected):
    scope = {}
    exec(compile(textwrap.dedent(source), "case.py", "exec"), scope)
    for _ in range(60):
        eval(call, scope)
    function = scope[call.split("(")[0]]
    session = pipeline._Session("case")
    session.start(pipeline.Request(function))
    lines = print_function(session.functions[-1][1]).splitlines()
    at = 0
    for wanted in expected.split("\n"):
        if wanted.endswith("? 0"):
            assert not any(wanted[:-3] in line for line in lines)
        elif wanted:
            found = next((n for n, line in enumerate(lines) if n >= at and wanted in line), None)
            found = found if found is not None else next((n for n, line in enumerate(lines) if wanted in line), None)
            assert found is not None, f"{wanted} is missing in\n" + "\n".join(lines)


def test_every_pass_has_a_case():
    named = {path.stem for path in CASES}
    assert {step.__name__ for step in PASSES} <= named


def test_the_view_prints_every_stage(tmp_path, capsys):
    from morrow.jit.__main__ import STAGES, main

    file = tmp_path / "app.py"
    file.write_text("def f(n):\n    s = 0\n    for i in range(n):\n        s += i * i\n    return s\nfor _ in range(60): f(9)\n")
    for stage in STAGES:
        assert main([f"{file}::f", "--stage", stage]) == 0
        assert {"bytecode": "binary '*'", "ir": "int_mul", "llvm": "smul", "asm": "f0"}[stage] in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([f"{file}::nothing"])
