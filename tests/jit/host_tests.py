"""Run the host's own regression tests under plain python and under morrow, and compare: which modules, which tests.

    python tests/jit/host_tests.py [--mode eager] [--timeout 300] [--everything] [MODULE...]

Needs a host with Lib/test. A module counts as the same when every test that passes under plain python passes with the jit in
this mode. Compiled are the tests and the library modules they are about; with --everything the whole library, and the tests
run under the morrow command, so that its other systems are there too. Exit status 1 when a module is not the same. Not part
of the test run: it takes minutes to hours.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.environ.get("MORROW_ROOT") or Path(__file__).parents[2])
MODULES = (
    "test_int test_long test_float test_complex test_bool test_list test_tuple test_dict test_set test_string test_str test_bytes "
    "test_range test_enumerate test_iter test_itertools test_generators test_genexps test_listcomps test_dictcomps test_setcomps "
    "test_exceptions test_raise test_traceback test_with test_scope test_call test_extcall test_keywordonlyarg test_positional_only_arg "
    "test_descr test_class test_property test_super test_dataclasses test_functools test_operator test_augassign test_binop test_compare "
    "test_richcmp test_contains test_slice test_unpack test_math test_cmath test_statistics test_fractions test_decimal test_random "
    "test_heapq test_bisect test_collections test_deque test_copy test_pickle test_weakref test_gc test_frame test_sys_settrace "
    "test_sys_setprofile test_bdb test_inspect test_dis test_code test_opcodes test_grammar test_syntax test_global test_dynamic "
    "test_closures test_funcattrs test_finalization test_threading test_thread test_signal test_fork1 test_asyncio.test_tasks "
    "test_contextlib test_contextvars test_types test_typing test_re test_json test_struct test_array test_memoryview test_bytes "
    "test_textwrap test_difflib test_ast test_tokenize test_configparser test_csv test_datetime test_calendar test_enum test_abc"
).split()


def run(command: list[str], timeout: float) -> tuple[dict[str, str], str, float]:
    """Run a module's tests; return test -> outcome, how it ended, and the seconds it took."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))} | {"PYTHONPATH": str(ROOT / "src")}
    began = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, env=environment)
    except subprocess.TimeoutExpired:
        return {}, "timeout", time.monotonic() - began
    found = {}
    for line in (done.stdout + done.stderr).splitlines():
        match = re.match(r"(test\w+) \(([\w.<>]+)\).* \.\.\. (?:.*?)(ok|FAIL|ERROR|skipped|expected failure|unexpected success)", line)
        if match:
            found[f"{match[2]}.{match[1]}"] = match[3]
    for match in re.finditer(r"^(FAIL|ERROR): (test\w+) \(([\w.<>]+)\)", done.stdout + done.stderr, re.MULTILINE):
        found[f"{match[3]}.{match[2]}"] = match[1]
    return found, "" if done.returncode in (0, 2, 4, 5) else f"status {done.returncode}", time.monotonic() - began


def compare(module: str, mode: str, timeout: float, everything: bool = False) -> tuple[bool, str]:
    """Run one module under morrow, and under plain python where something did not pass; return whether nothing got worse, and a line to print."""
    tests = ["-m", "unittest", "-v", f"test.{module}"]
    under = ["-m", "morrow", "-X", f"jit={mode}", *tests] if everything else [os.path.abspath(__file__), "--child", mode, module]
    got, jit_ended, jit_seconds = run([sys.executable, *under], timeout * 5)
    passed = sum(outcome == "ok" for outcome in got.values())
    if not jit_ended and got and not {"FAIL", "ERROR", "unexpected success"} & set(got.values()):
        return True, f"{module}: {passed} pass under morrow, nothing fails ({jit_seconds:.0f} s)"
    plain, ended, seconds = run([sys.executable, *tests], timeout)
    if ended == "timeout":
        return True, f"{module}: plain python takes longer than {timeout:.0f} s, left out"
    good = {name for name, outcome in plain.items() if outcome == "ok"}
    worse = sorted(name for name in good if got.get(name) not in ("ok",))
    crashed = jit_ended if jit_ended.startswith(("timeout", "status -")) and jit_ended != ended else ""
    words = f"{module}: {len(good)} pass under python in {seconds:.0f} s, {len(worse)} of them do not under morrow ({jit_seconds:.0f} s)"
    if crashed:
        words += f" [{crashed}]"
    if worse:
        words += ": " + ", ".join(worse[:6])
    return not worse and not crashed, words


def child(mode: str, module: str) -> None:
    """Run one module's tests in this process, compiling the tests and the library modules they are about, not the test runner."""
    import unittest

    import morrow.jit

    if not morrow.jit.start(mode=mode):
        sys.exit(morrow.jit.explain())
    library = os.path.dirname(os.__file__)
    subject = module.removeprefix("test_").partition(".")[0]
    worker = morrow.jit._get_worker()
    worker.only = tuple(os.path.join(library, name) for name in ("test" + os.sep, subject + ".py", subject + os.sep, f"_py{subject}.py"))
    unittest.main(module=None, argv=["unittest", "-v", f"test.{module}"])


def main() -> int:
    """Compare the modules named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--mode", default="eager", choices=("off", "on", "eager"))
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--everything", action="store_true", help="compile the test runner and the whole library too")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return 0
    bad = 0
    for module in given.modules:
        good, words = compare(module, given.mode, given.timeout, given.everything)
        bad += not good
        print(("     " if good else "BAD  ") + words, flush=True)
    print(f"{len(given.modules) - bad} of {len(given.modules)} modules are the same under morrow -X jit={given.mode}")
    return bool(bad)


if __name__ == "__main__":
    raise SystemExit(main())
