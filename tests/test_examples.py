"""examples/ and the README's program run, and the generated pages are up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.same import run_morrow

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*.py")), ids=lambda path: path.name)
def test_example_runs(path):
    got = run_morrow([path.name], cwd=path.parent)
    assert (got.status, got.err) == (0, "")


def test_the_readmes_program_prints_what_the_readme_says(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n# shop\.py\n(.*?)```", text, re.S)[1]
    said = re.search(r"morrow shop\.py\n    Python .*?\n(.*?)\n\n", text, re.S)[1]
    (tmp_path / "shop.py").write_text(program, encoding="utf-8")
    got = run_morrow(["shop.py"], cwd=tmp_path)
    assert (got.out.split("\n")[:-1], got.err) == ([line.strip() for line in said.split("\n")], "")


def test_the_pages_written_from_tables_are_up_to_date():
    done = subprocess.run([sys.executable, str(ROOT / "docs/tables.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_message_that_launching_says_is_on_its_page():
    from morrow.messages import MESSAGES

    page = (ROOT / "docs/reference/messages.md").read_text(encoding="utf-8")
    assert [name for name in MESSAGES if f"## {name}\n" not in page] == []
