"""Code objects have the names that CPython gives them, whatever was put around and inside them."""

from __future__ import annotations

import textwrap
import types

import pytest

import morrow_runtime
from morrow import language
from morrow.host import HERE


def codes(source):
    found = []
    todo = [language.compile(textwrap.dedent(source), "<names>", deferred=False)]
    while todo:
        code = todo.pop(0)
        found.append((code.co_name, code.co_qualname))
        todo += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return found


def test_scopes_of_type_parameters_are_named_and_leave_no_trace():
    assert set(codes("class A:\n  def f[T: int](self):\n    def g(): pass\n")) == {
        ("<module>", "<module>"),
        ("A", "A"),
        ("<generic parameters of f>", "A.<generic parameters of f>"),
        ("T", "A.T"),
        ("f", "A.f"),
        ("g", "A.f.<locals>.g"),
    }


def test_a_generic_class_knows_its_name_and_its_private_names():
    morrow_runtime.install()
    space = {"__name__": "space"}
    source = """
    def outer():
        class __C[T]:
            __x = 1
            def m(self): return self.__x, __class__.__qualname__
            s = "outer.<locals>.__C"
        return __C
    """
    exec(language.compile(textwrap.dedent(source), "<private>"), space)
    made = space["outer"]()
    assert made.__name__ == "__C" and made.__qualname__ == "outer.<locals>.__C"
    assert made().m() == (1, "outer.<locals>.__C") and made._C__x == 1
    assert made.s == "outer.<locals>.__C"


@pytest.mark.skipif(HERE is None or HERE.defers_annotations, reason="the host names its evaluators' parameter `.format`")
def test_no_name_of_ours_is_left_in_finished_code():
    hidden = []

    def look(code):
        for names in (code.co_varnames, code.co_cellvars, code.co_freevars):
            hidden.extend(name for name in names if name.startswith((".format", ".classdict", "____")))
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                look(constant)

    look(language.compile("class A:\n  x: int\n  def f[T: x](self, a: T): pass\n  class B[U]: pass\n  type C[V] = x\n", "<n>"))
    assert hidden == []
