"""The hosts' own tests of what morrow stands in for: the part of `host_tests` that takes seconds, not minutes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.launch.host_tests import HERE, MODULES, compare

needs_tests = pytest.mark.skipif(
    importlib.util.find_spec("test.support") is None or not (Path(sys.executable).parent / "morrow").exists(),
    reason="needs a host with Lib/test, and the command morrow beside it",
)


@needs_tests
@pytest.mark.slow
@pytest.mark.parametrize(("module", "way"), [("test_runpy", "process"), ("test_zipapp", "process"), ("test_cmd_line_script", "executable")])
def test_what_passes_under_python_passes_under_morrow(module, way):
    found = compare(module, way)
    assert found.good and not found.worse, str(found)


def test_every_exception_names_a_module_a_host_and_a_reason():
    for line in (HERE / "host_tests.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            module, method, hosts, ways, reason = line.split(None, 4)
            assert module in MODULES and ("." in method or method.startswith("test_")) and len(reason) > 30, line
            assert hosts == "all" or set(hosts.split(",")) <= {"3.11", "3.12", "3.13", "3.14"}, line
            assert ways == "all" or ways in ("executable", "process"), line
