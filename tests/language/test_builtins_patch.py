"""exec, eval, compile and ast.parse understand 3.14 and stay what they are for their callers."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap

import pytest

from morrow.host import HERE
from morrow.language import builtins_patch

pytestmark = pytest.mark.skipif(HERE is None or HERE.parses_template_strings, reason="this host does it itself")


@pytest.fixture
def installed():
    builtins_patch.install(is_program=lambda frame, path: True)
    yield
    builtins_patch.uninstall()


def test_uninstall_puts_the_hosts_functions_back():
    before = compile, exec, eval
    builtins_patch.install()
    import builtins

    assert builtins.compile is not before[0]
    builtins_patch.uninstall()
    assert (builtins.compile, builtins.exec, builtins.eval) == before


def test_exec_without_namespaces_uses_the_callers(installed):
    local = 3
    exec("found = t'{local}'.values")
    assert eval("local + 1") == local + 1
    space = {}
    exec("def f[T](): return T\nresult = f().__name__", space)
    assert space["result"] == "T"


def test_a_program_may_take_away_sys_getframe(installed, monkeypatch):
    # as a test of attrs does; the host's own functions are written in C and do not care
    monkeypatch.delattr(sys, "_getframe")
    local = 3
    assert eval("local + 1") == 4 and eval(compile("[1]", "<f>", "eval")) == [1]
    exec("found = t'{local}'.values", found := {"local": local})
    assert found["found"] == (3,)
    assert type(ast.parse("x", "<f>").body[0]) is ast.Expr


def test_class_bodies_keep_what_exec_binds(installed):
    class Made:
        exec("value = 5")

    assert Made.value == 5


def test_future_features_of_the_caller_are_inherited(installed):
    # this module has `from __future__ import annotations`
    code = compile("def f(x: int): pass", "<f>", "exec")
    assert code.co_flags & 0x1000000
    assert not compile("def f(x: int): pass", "<f>", "exec", dont_inherit=True).co_flags & 0x1000000


def test_no_frame_of_ours_is_in_a_traceback(installed):
    import traceback

    for source in ("1 / 0", "a b"):
        try:
            exec(source)
        except (ZeroDivisionError, SyntaxError) as error:
            files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
            assert files in ([__file__, "<string>"], [__file__])


def test_ast_parse_gives_nodes_the_host_lacks(installed):
    tree = ast.parse("type X[T] = t'{T}'")
    assert type(tree.body[0]).__name__ == "TypeAlias"
    assert type(tree.body[0].value) is ast.TemplateStr


def test_other_arguments_reach_the_host(installed):
    with pytest.raises(TypeError, match="exec"):
        exec(3)
    with pytest.raises(ValueError):
        compile("x", "<f>", "nonsense")
    assert eval(b" 1 + 1") == 2 and eval(bytearray(b"2")) == 2
    with pytest.raises(TypeError):
        eval("1", [])


def test_a_library_keeps_the_meaning_of_its_own_text():
    program = """
        import sys
        from morrow.language import builtins_patch
        builtins_patch.install(is_program=lambda frame, path: False)
        space = {}
        try:
            exec("def f(x: missing): pass", space)
        except NameError:
            print("evaluated at once")
        exec("print(t'{1}'.values)", space)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert done.stdout == "evaluated at once\n(1,)\n", done.stderr


@pytest.mark.skipif(HERE is None or HERE.defers_annotations, reason="this host defers annotations itself")
def test_a_librarys_file_is_a_librarys_whoever_compiles_it(installed):
    exec(compile("def f(a: Later): ...", "/project/own.py", "exec", dont_inherit=True), {})
    with pytest.raises(NameError):
        exec(compile("def f(a: Later): ...", "/env/lib/site-packages/library.py", "exec", dont_inherit=True), {})
