"""``morrow --to``: output runs on plain CPython and does what the original does on 3.14, on the same lines."""

from __future__ import annotations

import sys

import pytest

from morrow.language import ahead
from tests.stdlib.harness import SOURCE, host_version
from tests.support import recorded
from tests.support.same import run

# What these do is about code in strings, about the tree, or about names of frames that plain source does not have.
NOT_FOR_PLAIN_SOURCE = {
    "ast_of_new_syntax", "code_module_understands", "compile_flags_and_modes", "doctest_understands",
    "inspect_source_of_generic", "literal_eval_and_unparse", "scopes_exec_and_eval", "tstring_traceback",
    "tstring_types_are_final_and_immutable", "type_alias_exception_in_value",
}  # fmt: skip
PROGRAMS = [
    name
    for name in recorded.programs()
    if name.startswith(("tstring_", "fstring_", "except_", "generic_", "type_alias_", "scopes_")) and name not in NOT_FOR_PLAIN_SOURCE
]


def convert(tmp_path, text, version="3.11"):
    source, output = tmp_path / "source.py", tmp_path / "out.py"
    source.write_text(text, encoding="utf-8")
    status = ahead.convert(source, output, version)
    return status, output.read_text(encoding="utf-8") if output.exists() else ""


@pytest.mark.slow
def test_programs_do_the_same_on_plain_python_or_are_refused(tmp_path, capsys):
    ran = 0
    for name in PROGRAMS:
        path = recorded.FOLDER / f"{name}.py"
        if not path.exists() or ahead.convert(path, tmp_path / f"{name}.py", "3.11"):
            continue
        assert (tmp_path / f"{name}.py").read_bytes().count(b"\n") == path.read_bytes().count(b"\n")
        got = run([sys.executable, f"{name}.py"], cwd=tmp_path, env={"PYTHONPATH": str(SOURCE)})
        assert recorded.shown(got) == recorded.recorded(name), name
        ran += 1
    assert ran >= 30


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("try: pass\nexcept A, B: pass\n", "try: pass\nexcept (A, B): pass\n"),
        ("try: pass\nexcept (a), (b): pass  # c\n", "try: pass\nexcept ((a), (b)): pass  # c\n"),
        ("try: pass\nexcept (A, B) as e: pass\n", "try: pass\nexcept (A, B) as e: pass\n"),
        ('print(f"{d["a"]}")\n', "import morrow_runtime as __morrow__; print(__morrow__.text(__morrow__.field(d[\"a\"])))\n"),
        ('print(f"{d[0]!r:>5}")\n', 'print(f"{d[0]!r:>5}")\n'),
        (
            "import a\ntype X = int  # c\n",
            "import morrow_runtime as __morrow__; import a\nX = __morrow__.alias('X', lambda _=1: (int))  # c\n",
        ),
        (
            '"""Doc."""\nclass C[T](B, k=1): pass\n',
            '"""Doc."""; import morrow_runtime as __morrow__; T = __morrow__.type_var(\'T\')\n'
            "class C(B, __morrow__.generic_base((T,)), k=1): pass\n",
        ),
        (
            "# comment\ndef f[T](x: T) -> T:  # c\n    return x\n",
            "import morrow_runtime as __morrow__; T = __morrow__.type_var('T')  # comment\ndef f(x: T) -> T:  # c\n    return x\n",
        ),
        ("from typing import Any, override\n", "from typing import Any; from morrow_runtime.typing_names import override\n"),
    ],
)
def test_edits_are_small_and_stay_on_their_lines(tmp_path, before, after):
    status, got = convert(tmp_path, before)
    assert (status, got) == (0, after)


def test_newer_targets_keep_what_they_can_read(tmp_path):
    text = "x = 1\ndef f[T](a: T): return f\"{a[\"b\"]}\"\n"
    assert convert(tmp_path, text, "3.12") == (0, text)
    assert convert(tmp_path, "x = 1\nclass C[T = int]: pass\n", "3.13")[1] == "x = 1\nclass C[T = int]: pass\n"
    assert "generic_base" in convert(tmp_path, "x = 1\nclass C[T = int]: pass\n", "3.12")[1]


def test_what_cannot_be_done_is_refused_with_its_line_and_nothing_is_written(tmp_path, capsys):
    status, got = convert(tmp_path, "x = 1\n\nclass C:\n    y = int\n    type A = y\n")
    assert (status, got) == (1, "")
    assert f"{tmp_path / 'source.py'}:5: the alias A uses 'y' of the class around it" in capsys.readouterr().err


def test_a_tree_is_converted_with_its_other_files_and_the_runtime(tmp_path, capsys):
    source, output = tmp_path / "app", tmp_path / "out"
    (source / "data").mkdir(parents=True)
    (source / "data" / "x.bin").write_bytes(b"\0\1")
    (source / "main.py").write_text("who = 'you'\nprint(t'{who}'.values)\n")
    (source / "plain.py").write_text("x = 1\n")
    assert ahead.main(["3.11", str(source), "-o", str(output), "--vendor-runtime"]) == 0
    said = capsys.readouterr().out
    assert "main.py: 1 template strings (line 2)" in said and "plain.py" not in said
    assert (output / "data" / "x.bin").read_bytes() == b"\0\1"
    got = run([sys.executable, "main.py"], cwd=output)
    assert (got.status, got.out) == (0, "('you',)\n"), got.err


def test_line_ends_and_marks_are_kept(tmp_path):
    source, output = tmp_path / "source.py", tmp_path / "out.py"
    source.write_bytes(b"\xef\xbb\xbfx = 1\r\ntry: x\r\nexcept A, B: pass\r\n")
    assert ahead.convert(source, output, "3.11") == 0
    assert output.read_bytes() == b"\xef\xbb\xbfx = 1\r\ntry: x\r\nexcept (A, B): pass\r\n"


def test_host_is_known():
    assert host_version().startswith("3.")
