"""The harness that runs CPython's tests leaves nothing behind, however a run ends."""

from __future__ import annotations

import sys
import tempfile

import pytest

from tests.stdlib import harness
from tests.support.hosts import find_real_314


def test_a_run_that_is_killed_leaves_no_folder(monkeypatch, tmp_path):
    real = find_real_314()
    if real is None:
        pytest.skip("no real 3.14 on this machine")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    command = [sys.executable, harness.HERE / "runner.py", harness.library_of(real), "test.test_repl"]
    got = harness._methods(command, 1, {"PYTHONPATH": str(harness.SOURCE), "TMPDIR": str(tmp_path)})
    assert got == {"<import>": ["fail", "not finished after 1 s"]}
    assert [path for path in tmp_path.iterdir() if path.name.startswith("morrow-")] == []
