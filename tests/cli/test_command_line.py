"""The command line is python's, taken apart as python does it."""

from __future__ import annotations

import sys

import pytest

from morrow.command_line import COMMAND, FILE, MODULE, NOTHING, STDIN, UsageError, parse
from tests.support.same import MORROW, run, run_morrow


@pytest.mark.parametrize(
    ("given", "kind", "target", "arguments", "host"),
    [
        ([], NOTHING, "", [], []),
        (["a.py", "-O"], FILE, "a.py", ["-O"], []),
        (["-"], STDIN, "", [], []),
        (["-", "-c"], STDIN, "", ["-c"], []),
        (["--", "-a.py"], FILE, "-a.py", [], []),
        (["-cpass", "x"], COMMAND, "pass", ["x"], []),
        (["-Bsc", "pass", "-m"], COMMAND, "pass", ["-m"], ["-B", "-s"]),
        (["-mmod", "-c"], MODULE, "mod", ["-c"], []),
        (["-OOm", "mod"], MODULE, "mod", [], ["-O", "-O"]),
        (["-Xdev", "-X", "a=b", "-X", "jit=off", "f"], FILE, "f", [], ["-X", "dev", "-X", "a=b"]),
        (["--check-hash-based-pycs", "always", "f"], FILE, "f", [], ["--check-hash-based-pycs", "always"]),
    ],
)
def test_words_mean_what_they_mean_to_python(given, kind, target, arguments, host):
    line = parse(given)
    assert (line.kind, line.target, line.arguments, line.host) == (kind, target, arguments, host)
    again = parse([*line.for_host(), *line.for_morrow(), *line.rest])
    assert (again.kind, again.target, again.arguments, again.host, again.settings) == (kind, target, arguments, host, line.settings)


@pytest.mark.parametrize("given", [["-z"], ["--foo"], ["-c"], ["-X"], ["-J"], ["--check-hash-based-pycs", "x"], ["--check-hash-based-pycs"]], ids=" ".join)
def test_what_python_refuses_is_refused_in_its_words(same, given):
    same.command(*given, but=lambda text: text.replace("`morrow -h'", "`python -h'"))


@pytest.mark.parametrize("given", [["-V"], ["-VV"], ["--version"]], ids=" ".join)
def test_the_version_is_pythons(same, given):
    same.command(*given)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--help", ["usage: morrow", "-c cmd", "--help-xoptions"]),
        ("--help-xoptions", ["-X jit=off|on|eager", "-X dev"]),
        ("--help-env", ["MORROW_JIT", "PYTHONPATH"]),
        ("--help-all", ["MORROW_JIT", "-X jit=off|on|eager", "PYTHONPATH"]),
    ],
)
def test_help_shows_the_hosts_page_and_ours(tmp_path, option, words):
    got = run([sys.executable, MORROW, option], cwd=tmp_path)
    assert got.status == 0 and got.err == ""
    assert [word for word in words if word not in got.out] == []


@pytest.mark.parametrize(("options", "env"), [(["-X", "late=maybe"], {}), ([], {"MORROW_LATE": "maybe"}), ([], {"MORROW_CHILDREN": "2"})])
def test_a_setting_that_has_no_such_value_is_said(same, options, env):
    same.write({"app.py": "import other\n", "other.py": "import app2\n", "app2.py": ""})
    got = run_morrow([*options, "app.py"], cwd=same.folder, env=env)
    assert got.status == 2
    assert "is not one of 0, 1" in got.err and "[setting-value]" in got.err


def test_every_command_of_ours_can_be_imported():
    from importlib import import_module

    from morrow.cli import COMMANDS

    for command in COMMANDS.values():
        module, _, function = command.where.partition(":")
        assert callable(getattr(import_module(module), function))


def test_a_help_page_that_nobody_reads_to_the_end_ends_without_a_word(same):
    got = run(["sh", "-c", f"'{sys.executable}' '{MORROW}' --help-all | true"], cwd=same.folder)
    assert (got.status, got.err) == (0, "")
