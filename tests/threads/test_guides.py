"""Every program in the guides on threads does what the guide says, under plain python and under morrow, on every build."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from morrow.host import HERE
from tests.support.same import run_host, run_morrow

ROOT = Path(__file__).parents[2]
PAGES = ("threads.md", "free-threading.md")
_BLOCK = re.compile(r"```python\n(.*?)```\n```text\n(.*?)```", re.S)


def _programs() -> list[tuple[str, str, str]]:
    found = []
    for page in PAGES:
        for number, (program, said) in enumerate(_BLOCK.findall((ROOT / "docs/guide" / page).read_text(encoding="utf-8")), 1):
            found.append((f"{page}-{number}", textwrap.dedent(program), said))
    return found


PROGRAMS = _programs()


@pytest.mark.parametrize("name, program, said", PROGRAMS, ids=[name for name, _, _ in PROGRAMS])
@pytest.mark.parametrize("run", [run_host, run_morrow], ids=["python", "morrow"])
def test_program_prints_what_the_guide_says(name, program, said, run, tmp_path):
    if program.startswith("# needs 3.14") and not (HERE and HERE.has_remote_exec):
        pytest.skip("3.14's concurrent.interpreters")
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    got = run(["app.py"], cwd=tmp_path)
    wanted = said.splitlines()
    lines = got.out.splitlines()
    assert len(lines) == len(wanted), got
    for line, allowed in zip(lines, wanted, strict=True):
        assert line in allowed.split(" or ") or line == allowed, got
    assert (got.status, got.err) == (0, "")


def test_every_program_of_the_guides_has_its_output():
    for page in PAGES:
        text = (ROOT / "docs/guide" / page).read_text(encoding="utf-8")
        assert text.count("```python") == len(_BLOCK.findall(text)) > 0
