"""What a start imports: a fixed list, because every module on it is paid for by every program."""

import subprocess
import sys
from pathlib import Path

import morrow

MAIN = str(Path(morrow.__file__).parent / "__main__.py")
PROGRAM = "import sys; print(*sorted(sys.modules))"

OURS = {
    "morrow", "morrow_runtime", "morrow_runtime.annotation_attributes", "morrow_runtime.late_imports", "morrow.cli", "morrow.command_line", "morrow.settings",
    "morrow.debuglog", "morrow.host", "morrow.host.facts", "morrow.host.frames", "morrow.launch", "morrow.language",
    "morrow.imports", "morrow.imports_cache", "morrow.imports_scope", "morrow.imports_doors", "morrow.annotations",
    "morrow.children", "morrow.unhandled", "morrow.host.recursion", "morrow.host.thread_state", "morrow.host.deaf", "morrow.host.hidden_ends",
    "morrow.language.builtins_patch", "morrow.language.library_names",
    "morrow.language.tracebacks", "morrow.language.tracebacks.uncaught",
}  # fmt: skip
"""All that a one-liner may cost. Adding a name makes every start of every program slower: measure with benchmarks/startup.py."""

# Small ones: written in C, or (__future__) one file that each of ours names.
STANDARD = {"__future__", "atexit", "gc", "_posixsubprocess", "_ctypes", "_functools"}


def _modules(*command: str) -> set[str]:
    run = subprocess.run([sys.executable, "-I", *command, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_a_start_imports_what_is_listed_and_nothing_else():
    added = _modules(MAIN) - _modules()
    assert {name for name in added if not name.startswith("morrow.host.cp")} <= OURS | STANDARD


def test_a_program_without_annotations_does_not_load_what_evaluates_them():
    assert "morrow_runtime.lazy_annotations" not in _modules(MAIN)
