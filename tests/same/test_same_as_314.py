"""Every program of this folder does under morrow what it does under a real 3.14: output, exit status, traceback."""

from __future__ import annotations

import difflib
import sys

import pytest

from tests.support import recorded
from tests.support.hosts import find_real_314


@pytest.mark.parametrize("name", recorded.programs())
def test_program_does_the_same_as_under_314(name: str, request: pytest.FixtureRequest) -> None:
    if name == "traceback_module_shadows_library" and sys.version_info >= (3, 14):
        # found out anew each time: it fails as soon as it is mended
        request.applymarker(pytest.mark.xfail(strict=True, reason="a 3.14 host makes the advice in C, for the folder of morrow's own script: docs/design/next.md"))
    real = find_real_314()
    if request.config.getoption("--update") and real is not None:
        recorded.record(name, real)
    expected, got = recorded.recorded(name), recorded.run_here(name)
    if got != expected:
        lines = difflib.unified_diff(expected.splitlines(), got.splitlines(), "3.14", "morrow", lineterm="")
        pytest.fail("\n".join(lines), pytrace=False)


@pytest.mark.long
@pytest.mark.skipif(find_real_314() is None, reason="needs a real 3.14")
@pytest.mark.parametrize("name", recorded.programs())
def test_recorded_outcome_is_what_314_does(name: str) -> None:
    real = find_real_314()
    assert real is not None
    assert recorded.run_real(name, real) == recorded.recorded(name)
