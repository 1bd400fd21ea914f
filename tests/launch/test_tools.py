"""Tools that run programs for people (pytest, coverage, pdb, cProfile ...) do so under morrow as under python."""

from __future__ import annotations

import importlib.util
import re
import sys

import pytest

from morrow.host import HERE
from tests.support.same import MORROW, clean_environment, run

NEW = """\
def parse[T](x: T) -> int:
    try: return int(x)
    except ValueError, TypeError: return -1
"""
TESTS = """\
from shop import parse
def test_good(): assert parse("1") == 1
def test_bad(): assert parse([]) == -1
def test_wrong():
    got = parse("7")
    assert got == 8
"""


def _counts(text: str) -> str:
    return re.search(r"\d+ (?:passed|failed)[^=]*? in", text)[0]


@pytest.mark.slow
def test_pytest_under_morrow_runs_a_new_project_and_keeps_its_rewritten_assertions(same):
    same.write({"shop.py": NEW, "test_shop.py": TESTS})
    for _ in range(2):
        got = run([sys.executable, MORROW, "-m", "pytest", "-q", "-W", "error"], cwd=same.folder)
        assert _counts(got.out) == "1 failed, 2 passed in" and "assert 7 == 8" in got.out


@pytest.mark.skipif(HERE is not None and HERE.defers_annotations, reason="this host's compiler does it all: there is nothing to rewrite")
def test_what_pytest_rewrites_of_an_installed_plugin_stays_the_hosts(same):
    """Its compiled file is one that a plain pytest reads too."""
    program = """\
        import sys
        compiling = {"__name__": "_pytest.assertion.rewrite", "sys": sys}
        def compiles(path):
            space = dict(compiling)
            exec(f"code = compile('def f(x: int): pass', {path!r}, 'exec')", space)
            return "__morrow__" in repr(space["code"].co_names) or any("annotate" in str(c) for c in space["code"].co_consts)
        print(compiles("/x/site-packages/plugin.py"), compiles("/x/conftest.py"))
        """
    same.write({"app.py": program})
    got = run([sys.executable, MORROW, "app.py"], cwd=same.folder)
    assert (got.out, got.err) == ("False True\n", "")


@pytest.mark.slow
def test_plain_pytest_runs_a_project_that_has_opted_in_and_only_that(same):
    from pathlib import Path

    import morrow

    env = {"PYTHONPATH": str(Path(morrow.__file__).parents[1]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    files = {"shop.py": NEW, "test_shop.py": TESTS, "pyproject.toml": "[tool.morrow]\n"}
    same.write(files)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "morrow.pytest_plugin"]
    got = run(command, cwd=same.folder, env=env)
    assert _counts(got.out) == "1 failed, 2 passed in" and "assert 7 == 8" in got.out, got.out
    assert list((same.folder / "__pycache__").iterdir())
    same.write({"pyproject.toml": "[project]\nname = 'x'\n", "test_shop.py": "import sys\ndef test(): assert 'morrow.launch' not in sys.modules\n"})
    assert "1 passed in" in run(command, cwd=same.folder, env=env).out


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("coverage") is None, reason="coverage is not installed here")
def test_coverage_sees_the_lines_of_a_new_program(same):
    same.write({"app.py": NEW + "print(parse('1'))\n"})
    assert run([sys.executable, MORROW, "-m", "coverage", "run", "app.py"], cwd=same.folder).out == "1\n"
    report = run([sys.executable, MORROW, "-m", "coverage", "report", "-m"], cwd=same.folder).out
    assert re.search(r"app\.py +4 +1 +75% +3", report), report


def test_tracing_sees_only_lines_that_ran(same):
    program = """\
        import sys
        source = "def f[T](x: int,\\n  y: T = 1) -> T:\\n  if x: return 1\\n  return 2\\nf(1)\\n"
        seen = []
        def trace(frame, event, arg):
            if frame.f_code.co_filename == "seen.py" and event == "line": seen.append(frame.f_lineno)
            return trace
        code = compile(source, "seen.py", "exec")
        sys.settrace(trace)
        exec(code, {})
        sys.settrace(None)
        print(4 in seen, 3 in seen, 5 in seen)
        """
    same.write({"app.py": program})
    assert run([sys.executable, MORROW, "app.py"], cwd=same.folder).out == "False True True\n"


@pytest.mark.parametrize("module", ["inspect", "dataclasses", "functools", "typing", "enum", "contextlib", "ast", "unittest", "annotationlib"])
def test_any_module_may_be_the_first_that_a_program_imports(same, module):
    got = run([sys.executable, MORROW, "-c", f"import {module}"], cwd=same.folder)
    assert (got.err, got.status) == ("", 0)


def _no_numbers(text: str) -> str:
    return re.sub(r"[0-9.]+( [mun]?sec)?", "N", re.sub(r"0x[0-9a-f]+", "0x..", text))


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["-m", "json.tool"], '{"a": [1]}'),
        (["-m", "json.tool"], "{"),
        (["-m", "unittest", "test_app"], ""),
        (["-m", "pdb", "app.py"], "n\nn\nw\np x\nc\nq\n"),
        (["-m", "pdb", "broken.py"], "b 2\nc\nw\nq\n"),
        (["-m", "timeit", "-n", "1", "-r", "1", "pass"], ""),
        (["-m", "trace", "--listfuncs", "app.py"], ""),
        (["-m", "trace", "-t", "broken.py"], ""),
        (["-m", "doctest", "-v", "app.py"], ""),
        (["-m", "doctest", "doc.py"], ""),
        (["-m", "runpy", "app"], ""),
        (["-m", "compileall", "-q", "app.py"], ""),
        (["-m", "py_compile", "wrong.py"], ""),
        (["-m", "tokenize", "app.py"], ""),
        (["-m", "dis", "app.py"], ""),
        (["-m", "inspect", "app"], ""),
        (["-m", "symtable", "app.py"], ""),
        (["-m", "site", "--user-site"], ""),
        (["-m", "tabnanny", "app.py"], ""),
        (["-m", "zipfile", "-l", "nothing.zip"], ""),
        (["-m", "code"], "1 + 1\ndef f():\n    return 2\n\nf()\nx = (\n1)\n1/0\n"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_module_of_the_library_does_what_it_does_under_python(same, arguments, stdin):
    files = {
        "app.py": "def f(a):\n    '''\n    >>> f(1)\n    2\n    '''\n    return a + 1\nx = f(1)\nprint(x)\n",
        "doc.py": "'''\n>>> 1 + 1\n3\n'''\n",
        "broken.py": "x = 1\n1 / 0\n",
        "wrong.py": "x = = 1\n",
        "test_app.py": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n    def test_b(self): self.fail('b')\n",
    }
    but = _no_numbers if "timeit" in arguments or "unittest" in arguments or "inspect" in arguments or "dis" in arguments else str
    same.command(*arguments, files=files, stdin=stdin, but=but)


def test_cprofile_lists_the_programs_functions(same):
    def lines(text: str) -> str:
        return "\n".join(sorted(line.rpartition(" ")[2] for line in text.splitlines() if "app.py" in line))

    assert same.command("-m", "cProfile", "app.py", files={"app.py": "def f(): pass\nf()\n"}, but=lines)
    assert clean_environment()


@pytest.mark.slow
def test_what_pytest_keeps_of_a_plugin_is_good_for_a_plain_pytest(same):
    # A plugin that is installed is everybody's: its file in __pycache__ must not need morrow.
    same.write({"site-packages/some_plugin.py": "def checked(x: int) -> None: assert x\n", "app/test_it.py": "def test_it(): pass\n"})
    env = {"PYTHONPATH": str(same.folder / "site-packages")}
    for program in ([sys.executable, MORROW], [sys.executable]):
        got = run([*program, "-m", "pytest", "-q", "-p", "some_plugin", "-p", "no:cacheprovider"], cwd=same.folder / "app", env=env)
        assert got.status == 0, got


def test_a_tracer_sees_nothing_of_ours_in_what_the_program_compiles_and_imports(same):
    program = """\
        import sys
        seen = []
        def trace(frame, event, arg):
            seen.append((frame.f_code.co_filename.rpartition("/")[2], frame.f_code.co_name, event))
            return trace
        sys.settrace(trace)
        exec("x = 1")
        eval("x + 1")
        code = compile("def f(a=2):\\n  if a: return [a for a in range(2)]\\nf()", "<text>", "exec")
        exec(code)
        try: exec("x = = 1")
        except SyntaxError: pass
        try: exec(lambda: 1)
        except TypeError: pass
        import other
        sys.settrace(None)
        print(*[row for row in seen if not row[0].startswith("<frozen")], sep="\\n")
        """
    same.command("app.py", files={"app.py": program, "other.py": "def f(): return 1\nf()\n"})


@pytest.mark.skipif(HERE is None or not HERE.has_monitoring, reason="this host has no sys.monitoring")
@pytest.mark.parametrize("end", ["", "sys.exit(3)", "1 / 0", "sys.excepthook = lambda *error: sys.exit(4)\n1 / 0"])
def test_a_debugger_by_monitoring_hears_nothing_of_how_the_program_ends(same, end):
    program = f"""\
import sys
monitoring = sys.monitoring
events = monitoring.events
def hear(code, *rest):
    frame = sys._getframe(1)  # fails where there is none
    if not code.co_filename.startswith("<frozen"):
        sys.stderr.write(f"{{code.co_filename.rpartition('/')[2]}} {{code.co_name}} {{frame.f_lineno}}\\n")
monitoring.use_tool_id(monitoring.DEBUGGER_ID, "debugger")
for event in (events.PY_START, events.PY_RETURN, events.PY_UNWIND, events.RAISE, events.LINE):
    monitoring.register_callback(monitoring.DEBUGGER_ID, event, hear)
import atexit
atexit.register(lambda: sys.stderr.write("the end\\n"))
def f(): pass
monitoring.set_events(monitoring.DEBUGGER_ID, events.PY_START | events.PY_RETURN | events.PY_UNWIND | events.RAISE | events.LINE)
f()
{end}
"""

    def heard(text: str) -> str:  # the library's part of showing an error is not the host's
        return "\n".join(line for line in text.splitlines() if line.startswith("app.py") or "launch" in line or "Unwind" in line or "the end" in line)

    got = same.command("app.py", files={"app.py": program}, but=heard)
    assert "the end" in got.err


@pytest.mark.skipif(HERE is None or not HERE.defers_annotations, reason="this host's pdb has no back end by monitoring")
def test_pdb_by_monitoring_steps_past_the_end_of_a_program(same):
    program = "import pdb; pdb.Pdb(backend='monitoring').set_trace()\nx = 1\nprint(x)\n"
    same.command("app.py", files={"app.py": program}, stdin="n\n" * 9)


@pytest.mark.parametrize("module", ["profile", "cProfile"])
def test_a_profiler_counts_what_the_program_called(same, module):
    def rows(text: str) -> str:
        rows = (line.split(None, 5) for line in text.splitlines())
        found = sorted(f"{row[0]} {row[5]}" for row in rows if len(row) == 6 and "seconds" not in row[5])
        return re.sub("0x[0-9a-f]+", "0x..", "\n".join(found))

    files = {"app.py": "def f(n): return n and f(n - 1)\nprint(f(3), len([1]))\n"}
    assert same.command("-m", module, "app.py", files=files, but=rows).status == 0


def test_execve_can_still_be_asked_whether_it_takes_a_descriptor(same):
    same("import os; print(os.execve in os.supports_fd)")


@pytest.mark.parametrize("module", ["profile", "cProfile"])
def test_a_profile_of_a_module_does_not_list_how_our_compiler_was_loaded(same, module):
    def modules(text: str) -> str:
        return "\n".join(sorted(line.split(None, 5)[-1] for line in text.splitlines() if line.endswith("(<module>)")))

    files = {"app/__init__.py": "", "app/__main__.py": "def f(a: int): return f'{a!r}'\n"}
    assert same.command("-m", module, "-m", "app", files=files, but=modules).status == 0


@pytest.mark.parametrize("how", [["app.py"], ["-m", "app"]])
@pytest.mark.parametrize("module", ["profile", "cProfile"])
def test_a_profile_has_the_functions_of_imported_modules_and_their_calls(same, module, how):
    def rows(text: str) -> str:
        rows = (line.split(None, 5) for line in text.splitlines())
        return "\n".join(sorted(f"{row[0]} {row[5]}" for row in rows if len(row) == 6 and "mine" in row[5]))

    files = {
        "app.py": "import mine_a\nfor n in range(3): mine_a.f(n)\nexec('mine_a.f(7)')\n",
        "mine_a.py": "from mine_b import C\ndef f(n): return n and C().go(n)\n",
        "mine_b.py": "class C:\n    x: int\n    def go(self, n): return [n for n in range(n)]\ntry: exec('1/0')\nexcept ZeroDivisionError: pass\n",
    }
    expected = same.command("-m", module, *how, files=files, but=rows)
    assert expected.status == 0 and "mine_b.py:3(go)" in expected.out


def test_trace_does_not_list_what_the_runtime_does_for_new_syntax(same):
    program = """\
        def f[T: int](x: T):
            type A[U] = list[U]
            return t'{x}', A
        class C[*Ts, **P]:
            x: int
        f(1)
        """
    same.write({"app.py": program})
    got = run([sys.executable, MORROW, "-m", "trace", "--trace", "app.py"], cwd=same.folder)
    modules = set(re.findall(r"modulename: (\w+)", got.out))
    assert got.status == 0 and "app" in modules
    assert not modules & {"type_parameters", "type_variables", "type_aliases", "templates", "evaluators", "morrow_runtime"}, modules


def test_py_compile_and_compileall_take_new_syntax(same):
    same.write({"new.py": "def f[T](x: T): return t'{x}'\n", "wrong.py": "x = = 1\n"})
    for arguments, status in ((["py_compile", "new.py"], 0), (["compileall", "-q", "new.py"], 0), (["py_compile", "wrong.py"], 1)):
        assert run([sys.executable, MORROW, "-m", *arguments], cwd=same.folder).status == status, arguments
