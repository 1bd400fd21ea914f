"""The sessions in the guide are what a terminal shows."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_guides_sessions_are_real():
    script = Path(__file__).parents[2] / "docs" / "sessions.py"
    assert subprocess.run([sys.executable, script, "--check"], timeout=100).returncode == 0, "run docs/sessions.py"
