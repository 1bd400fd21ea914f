"""CPython 3.14's own tests of its grammar pass here: as many of the methods that pass on 3.14 as the table asks for."""

from __future__ import annotations

import pytest

from tests.stdlib.harness import Counts, host_version, run_module, skips
from tests.support.hosts import find_real_314

TARGETS = {
    "test.test_tstring": 1.0,
    "test.test_string.test_templatelib": 1.0,
    "test.test_grammar": 0.98,
    "test.test_patma": 0.98,
    "test.test_type_params": 0.98,
    "test.test_type_aliases": 0.98,
    "test.test_fstring": 0.95,
    "test.test_syntax": 0.95,
    "test.test_exceptions": 0.95,
    "test.test_repl": 1.0,
    "test.test_code_module": 1.0,
    "test.test_pyrepl.test_pyrepl": 1.0,
    "test.test_interpreters.test_api": 1.0,
    "test.test_interpreters.test_queues": 1.0,
    "test.test_interpreters.test_lifecycle": 1.0,
    "test.test_interpreters.test_stress": 1.0,
    "test.test_concurrent_futures.test_interpreter_pool": 1.0,
}
# On 3.14 it is morrow's implementation that they run, in place of the host's.
ON_314_TOO = tuple(name for name in TARGETS if "interpreter" in name)
# Seconds, not minutes: the part of it that every run repeats.
QUICK = ("test.test_string.test_templatelib", "test.test_type_aliases", "test.test_type_params")

needs_314 = pytest.mark.skipif(find_real_314() is None, reason="needs a real 3.14: its tests are not part of this repository")
is_314 = pytest.mark.skipif(host_version() == "3.14", reason="this host is 3.14: its own tests are its own affair")


def check(counts: Counts, target: float) -> None:
    print(counts)
    assert counts.passed, str(counts)
    assert counts.share >= target, str(counts)


@needs_314
@is_314
@pytest.mark.slow
@pytest.mark.parametrize("module", QUICK)
def test_quick_module_of_cpython_passes(module):
    check(run_module(module), TARGETS[module])


@needs_314
@is_314
@pytest.mark.long
@pytest.mark.parametrize("module", sorted(TARGETS.keys() - set(QUICK)))
def test_module_of_cpython_passes(module):
    check(run_module(module, timeout=900), TARGETS[module])


@needs_314
@pytest.mark.slow
@pytest.mark.parametrize("module", ["test.test_interpreters.test_queues", "test.test_interpreters.test_lifecycle"])
def test_quick_module_about_interpreters_passes(module):
    check(run_module(module), TARGETS[module])


@needs_314
@pytest.mark.long
@pytest.mark.skipif(host_version() != "3.14", reason="the others run it above")
@pytest.mark.parametrize("module", ON_314_TOO)
def test_our_interpreters_pass_in_place_of_the_hosts(module):
    check(run_module(module, timeout=300), TARGETS[module])


def test_every_skip_names_a_known_host_and_gives_a_reason():
    for version in ("3.11", "3.12", "3.13"):
        for module in TARGETS:
            for method, reason in skips(module, version).items():
                assert "." in method and len(reason) > 20, (module, method, reason)
