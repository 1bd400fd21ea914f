"""Racy programs are found racy, with the right kind and variable; clean ones are left alone; both do what they do without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.same import run_host, run_morrow

PROGRAMS = sorted(Path(__file__).with_name("programs").glob("*.py"))


def _expected(path: Path) -> tuple[str, str, str] | None:
    """Return level ('' for warning and above), kind and the beginning of the variable's name from the program's first line."""
    words = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# expect: ")
    if words == "nothing":
        return None
    level = "note" if words.startswith("note ") else ""
    kind, _, variable = words.removeprefix("note ").partition(" ")
    return level, kind, variable


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_is_classified(path: Path, tmp_path: Path) -> None:
    expected = _expected(path)
    report = tmp_path / "report.json"
    value = f"level=note;json={report}"
    got = run_morrow(["-X", f"race={value}", path.name], cwd=path.parent, jit="off")
    findings = json.loads(report.read_text(encoding="utf-8"))["findings"]
    serious = [finding for finding in findings if finding["level"] != "note"]
    if expected is None:
        assert (serious, got.status) == ([], 0), got.err
        return
    level, kind, variable = expected
    if level == "note":
        assert (serious, got.status) == ([], 0), got.err
    else:
        assert got.status == 66
    assert [finding for finding in findings if finding["kind"] == kind and finding["variable"].startswith(variable)], got.err


def test_there_are_enough_programs_of_both_sorts():
    racy = [path for path in PROGRAMS if path.stem.startswith("racy_")]
    assert len(racy) >= 20 and len(PROGRAMS) - len(racy) >= 20


@pytest.mark.parametrize("path", [path for path in PROGRAMS if path.stem.startswith("clean_")][::6], ids=lambda path: path.stem)
def test_the_programs_run_without_morrow(path: Path) -> None:
    assert run_host([path.name], cwd=path.parent).status == 0
