"""What a start imports: a fixed list, because every module on it is paid for by every program."""

import subprocess
import sys
from pathlib import Path

import pytest

import morrow
from morrow.host import HERE

MAIN = str(Path(morrow.__file__).parent / "__main__.py")
PROGRAM = "import sys; print(*sorted(sys.modules))"

OURS = {
    "morrow", "morrow_runtime", "morrow_runtime.late_imports", "morrow.cli", "morrow.command_line", "morrow.settings",
    "morrow.debuglog", "morrow.host", "morrow.host.facts", "morrow.host.frames", "morrow.launch", "morrow.language",
    "morrow.imports", "morrow.imports_cache", "morrow.imports_scope", "morrow.imports_doors", "morrow.annotations",
    "morrow.children", "morrow.jit", "morrow.jit.hot_sampling", "morrow.jit.lifecycle",
    "morrow.language.builtins_patch", "morrow.language.library_names",
}  # fmt: skip
"""All that a one-liner may cost. Adding a name makes every start of every program slower: measure with benchmarks/startup.py."""

# Small ones: written in C, or (__future__) one file that each of ours names.
STANDARD = {"__future__", "atexit", "gc", "_posixsubprocess"}
# Where threading takes whoever imports it first for the main thread, the jit must have it imported before its own thread.
WITH_THREADING = {
    "threading", "_weakrefset", "types", "functools", "_functools", "collections", "_collections", "itertools", "keyword", "operator",
    "_operator", "reprlib", "morrow.annotations.functools_update",
}  # fmt: skip
# The jit's reason to be off is asked of the host.
UNKNOWN_HOST = HERE is None or not HERE.jit_supported


def _modules(*command: str) -> set[str]:
    run = subprocess.run([sys.executable, "-I", *command, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.skipif(UNKNOWN_HOST, reason="without the jit the probe of the host is loaded to say why")
def test_a_start_imports_what_is_listed_and_nothing_else():
    assert HERE is not None
    allowed = OURS | STANDARD | (set() if HERE.knows_main_thread else WITH_THREADING)
    added = _modules(MAIN) - _modules()
    assert {name for name in added if not name.startswith("morrow.host.cp")} <= allowed


def test_a_start_without_the_jit_imports_nothing_of_the_standard_library_that_is_not_small():
    added = _modules(MAIN, "-X", "jit=off") - _modules()
    assert {name for name in added if not name.startswith("morrow.host.cp")} <= OURS | STANDARD


def test_a_program_without_annotations_does_not_load_what_evaluates_them():
    assert "morrow_runtime.lazy_annotations" not in _modules(MAIN)
