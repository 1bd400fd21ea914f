"""What one types at pdb's prompt is understood as 3.14 does, on every host."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.hosts import find_real_314
from tests.support.same import clean_environment

PROGRAM = """
def inner(x):
    y = [1, 2]
    breakpoint()
    return x, y
def middle(x):
    return inner(x)
def outer(x):
    return middle(x)
print(outer(3))
"""
CHAIN = """
import pdb
def first(): raise KeyError("first")
def second():
    try: first()
    except KeyError as error: raise ValueError("second") from error
def third():
    try: second()
    except ValueError: raise OSError("third" * 30)
"""


def _said(python: list[object], path, lines: list[str], command=(), after=()) -> list[str]:
    done = subprocess.run([*python, *command, path, *after], input="\n".join(lines) + "\n", capture_output=True, text=True,
                          env=clean_environment(), timeout=60)  # fmt: skip
    return done.stdout.splitlines()


@pytest.fixture
def same(tmp_path):
    """Compare what a session with pdb prints with what it prints on a real 3.14."""
    real = find_real_314()
    if real is None:
        pytest.skip("no real 3.14 on this machine")

    def compare(program: str, lines: list[str], command: tuple[str, ...] = ()) -> list[str]:
        path = tmp_path / "app.py"
        path.write_text(program)
        expected = _said([real], path, lines, command)
        got = _said([sys.executable, "-m", "morrow"], path, lines, command)
        assert got == expected
        return got

    return compare


def test_where_takes_a_count(same):
    said = "\n".join(same(PROGRAM, ["where 1", "w 2", "bt -1", "where 0", "up", "where 0", "where x", "c"]))
    assert said.count("return middle(x)") == 0 and "Invalid count (x)" in said


def test_a_statement_has_several_lines(same):
    lines = ["for i in y:", "  print(i + x)", "", "def f(a):", "  return a * x", "", "f(5)", "if x:", "  x += 1", "", "", "p x", "z = [", "1,", "]", "p z"]
    said = same(PROGRAM, [*lines, "c"])
    assert "(5, [1, 2])" in said[-1]


def test_a_statement_that_is_never_finished(same):
    same(PROGRAM, ["for i in y:", "  print(i)"])
    same(PROGRAM, ["for i in y:", "  print(i", "", "):", "", "c"])


def test_functions_see_the_variables_of_the_frame(same):
    lines = ["[i + x for i in y]", "(lambda: x)()", "sum(i * x for i in y)", "k = lambda: x", "k()", "def g(): return y", "", "g()", "{i: x for i in y}",
             "(lambda: nothing)()", "[1/0 for i in y]", "x = (lambda: x + 1)()", "p x", "class A: v = x", "", "A.v", "c"]  # fmt: skip
    same(PROGRAM, lines)


def test_statements_with_errors(same):
    same(PROGRAM, ["1 +", "for", "1/0", "if True:", "  1/0", "", "!x", "! x", "x;; y", "raise SystemExit", "c"])


@pytest.mark.parametrize("how", ["pdb.post_mortem(error)", "pdb.post_mortem(error.__traceback__)", "pdb.post_mortem()"])
def test_exceptions_of_a_post_mortem(same, how):
    lines = ["exceptions", "exceptions 0", "p 1", *(["$_exception"] if "(error)" in how else []), "w", "exceptions", "exceptions 1", "exceptions 7", "exceptions x", "exceptions 2", "q"]
    said = "\n".join(same(CHAIN + f"try: third()\nexcept OSError as error: {how}\nprint('on')\n", lines))
    assert ("KeyError('first')" in said) == ("(error)" in how)


def test_exceptions_of_a_program_that_ends_with_one(same):
    same(CHAIN + "third()\n", ["c", "exceptions", "exceptions 0", "q", "q"], ("-m", "pdb"))


def test_nothing_to_make_a_post_mortem_of(same):
    same("import pdb\nfor t in (None, ValueError()):\n    try: pdb.post_mortem(t)\n    except ValueError as error: print(error)\n", [])


def test_a_program_without_a_line_is_stopped_at(same):
    for program in ("", "# nothing\n"):
        said = "\n".join(same(program, ["c", "q"], ("-m", "pdb")))
        assert said.count("will be restarted") == 1 and "app.py(0)<module>()" in said


needs_314 = pytest.mark.skipif(find_real_314() is None, reason="needs a real 3.14 to compare with")


@needs_314
@pytest.mark.parametrize("after", [["--bar", "foo"], ["-m", "x"], ["-c", "p 5"], ["-p", "1"], ["--", "-c"]])
def test_options_of_the_program_are_its_own(tmp_path, after):
    path = tmp_path / "app.py"
    path.write_text("import sys\nprint(sys.argv[1:], __spec__, sys.path[0])\n")
    command = ["-m", "pdb", "-c", "p 3"] if after[0] != "-m" else ["-m", "pdb", "--"]
    said = _said([sys.executable, "-m", "morrow"], path, ["n", "n", "q"], command, after)
    assert said == _said([find_real_314()], path, ["n", "n", "q"], command, after)


@needs_314
@pytest.mark.parametrize("words", [["--nothing", "x"], ["-m"], ["-c"], ["--"], ["missing.py"], ["/"], ["-m", "missing"], ["-h"], []])
def test_a_command_line_that_is_none(words):
    got, real = (
        subprocess.run([*python, "-m", "pdb", *words], capture_output=True, text=True, env={**clean_environment(), "COLUMNS": "200"}, timeout=60)
        for python in ([sys.executable, "-m", "morrow"], [find_real_314()])
    )
    assert got.returncode == real.returncode
    if words not in (["-m"], ["-c"]):  # argparse says that in the host's words
        assert got.stdout.split("options:")[0].partition("\n")[2:] == real.stdout.split("options:")[0].partition("\n")[2:]
        assert got.stderr.partition("error:")[2] == real.stderr.partition("error:")[2]
    assert "Traceback" not in got.stderr


PLACES = """
class C:
    attribute = 3
    def method(self): return 1
def attribute(): pass
breakpoint()
found = list(range(3))
for i in found: pass
print(found)
"""


def test_next_goes_past_a_loop_of_one_line(same):
    assert "-> print(found)" in same(PLACES, ["next", "next", "next", "continue"])
    same(PLACES, ["next", "step", "step", "continue"])


def test_a_breakpoint_in_a_loop_of_one_line(same):
    same(PLACES, ["break 8", "continue", "continue", "next", "clear 1", "continue"])


def test_a_breakpoint_on_a_function_is_at_its_first_line_that_runs(same):
    program = "def f():\n    'text'\n\n    x = 1\n    return x\ndef g(): return 1\nbreakpoint()\nf()\ng()\n"
    same(program, ["break f", "break g, True", "tbreak f", "continue", "continue", "break nothing", "break 4", "break", "continue"])


def test_what_is_no_function_has_no_breakpoint(same):
    got = same(PLACES, ["break C.attribute", "break attribute", "break C.method", "break nothing.at_all", "continue"])
    assert any("'C.attribute' is not a function" in line for line in got)


def test_a_breakpoint_typed_at_the_prompt_does_nothing(same):
    same(PLACES, ["breakpoint()", "import pdb; pdb.set_trace()", "p 40 + 2", "continue"])


def test_one_step_past_the_end_of_a_program_is_its_end(same):
    got = same("x = 1\n", ["step"] * 3 + ["quit"], ("-m", "pdb"))
    assert not any("bdb.py" in line for line in got) and "The program finished and will be restarted" in "\n".join(got)


def test_commands_look_at_their_argument(same):
    words = ["p", "pp", "whatis", "enable", "disable", "condition", "ignore", "jump", "debug", "source", "step 1", "n 2", "cont 3", "a 4", "rv 5", "ll 6"]
    same(PLACES, [*words, "restart", "run", "continue"])


def test_a_breakpoint_in_a_module_of_a_zip_file(same, tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as file:
        file.writestr("zipped.py", "def f():\n    return 5\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path / 'zipped.zip')!r})\nimport zipped\nbreakpoint()\nzipped.f()\n"
    assert "-> return 5" in same(program, ["break zipped.f", "continue", "p 1", "continue"])
