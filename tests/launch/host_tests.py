"""Run the host's own tests of its command line, start, end and children with morrow in python's place, and compare.

    python -m tests.launch.host_tests [--way executable|process] [--only TEXT] [--timeout 900] [MODULE...]

Needs a host with Lib/test. Every module is run three times: by plain python; by plain python with `sys.executable`, which
the tests start children with, being the command ``morrow`` (way *executable*); and in a process that is morrow itself,
whose children are family (way *process*). A test that passes the first time and not the others is a difference: of ours,
unless host_tests.txt gives a reason that is not. Exit status 1 when there is one without a reason.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WAYS = ("executable", "process")
MODULES = (
    "test_cmd_line test_cmd_line_script test_runpy test_import test_zipapp test_zipimport test_sys test_threading test_signal "
    "test_multiprocessing_main_handling test_multiprocessing_spawn test_multiprocessing_forkserver test_multiprocessing_fork "
    "test_concurrent_futures test_subprocess test_site test_warnings test_faulthandler test_traceback test_inspect test_atexit "
    "test_audit test_utf8_mode test_c_locale_coercion test_regrtest test_tracemalloc test_gc test_io test_os test_posix test_pdb "
    "test_venv test_unittest test_doctest test_cprofile test_trace test_timeit test_compileall test_py_compile test_hash "
    "test_builtin test_exceptions test_asyncio.test_subprocess test_popen test_pty test_quopri test_base64 test_json.test_tool "
    "test_tokenize test_ast test_calendar test_tabnanny test_file_eintr test_gzip test_tarfile test_zipfile test_platform "
    "test_sysconfig test_locale test_embed test_pyclbr test_pydoc test_sqlite3 test_webbrowser test_code_module test_repl"
).split()


def main() -> int:
    """Compare the modules named, or all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--only", help="run only tests with this in their names")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one run of one module")
    parser.add_argument("--child", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--executable", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        run_here(given.modules[0], given.child, given.executable, given.only)
        return 0
    # A shell starts what it puts in the background with interrupts ignored, and tests of interrupts would wait for ever.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unexplained = total = 0
    for module in given.modules:
        for way in given.way or WAYS:
            found = compare(module, way, only=given.only, timeout=given.timeout)
            print(found, flush=True)
            unexplained += len(found.worse)
            total += len(found.good)
    print(f"{total} passed under python; {unexplained} of them do not under morrow, without a reason")
    return bool(unexplained)


@dataclass(frozen=True)
class Comparison:
    """One module, one way.

    Attributes:
        good: tests that pass under plain python.
        worse: those of them that do not under morrow, with what they said.
        explained: those that host_tests.txt has a reason for.
        seconds: wall time under python and under morrow.
    """

    module: str
    way: str
    good: tuple[str, ...]
    worse: dict[str, str]
    explained: dict[str, str]
    seconds: tuple[float, float]

    def __str__(self) -> str:
        took = f"{self.seconds[0]:.0f} s, {self.seconds[1]:.0f} s"
        text = (
            f"{self.module} [{self.way}]: {len(self.good)} pass under python, {len(self.worse)} of them do not under morrow, "
            f"{len(self.explained)} for a reason ({took})"
        )
        return "\n".join([text, *(f"    {name}: {said}" for name, said in self.worse.items())])


def compare(module: str, way: str, *, only: str | None = None, timeout: float = 900) -> Comparison:
    """Run *module* under python and in one of the WAYS. A test that fails under morrow gets a second chance alone."""
    executable = str(Path(sys.executable).parent / "morrow")
    began = time.monotonic()
    plain = run_child([sys.executable], sys.executable, module, only, timeout)
    between = time.monotonic()
    # Under morrow every start costs more, and a restart twice that.
    command, child = ([sys.executable], executable) if way == "executable" else ([executable], "")
    got = run_child(command, child, module, only, timeout * 3)
    ended = time.monotonic()
    reasons = explanations(module, way)
    good = tuple(name for name, (outcome, _) in plain.items() if outcome == "ok")
    worse, explained = {}, {}
    for name in good:
        outcome, said = got.get(name) or got.get("<end>") or ("fail", "did not run")
        if outcome == "ok":
            continue
        if name in reasons:
            explained[name] = reasons[name]
            continue
        again = run_child(command, child, module, name.rpartition(".")[2], 300).get(name, (outcome, said))
        if again[0] != "ok":
            worse[name] = again[1]
    return Comparison(module, way, good, worse, explained, (between - began, ended - between))


def explanations(module: str, way: str) -> dict[str, str]:
    """Return the tests of *module* that may fail here, with the reasons that host_tests.txt gives.

    A line is ``module  Class.method  hosts  ways  reason``; hosts and ways are ``all`` or lists with commas.
    """
    host = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = {}
    for line in (HERE / "host_tests.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, method, hosts, ways, reason = line.split(None, 4)
        if name == module and (hosts == "all" or host in hosts.split(",")) and (ways == "all" or way in ways.split(",")):
            found[method] = reason
    return found


def run_child(command: list[str], executable: str, module: str, only: str | None, timeout: float) -> dict[str, tuple[str, str]]:
    """Run a module in a process of its own; return what became of each test, and of the process as ``<end>``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MORROW_"))}
    with tempfile.TemporaryDirectory(prefix="host-tests-") as folder:
        report = Path(folder, "report")
        work = Path(folder, "work")
        work.mkdir()
        command = [*command, __file__, "--child", str(report), module]
        command += ["--executable", executable] * bool(executable) + ["--only", only or ""] * bool(only)
        with open(Path(folder, "log"), "wb") as log:
            process = subprocess.Popen(
                command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            try:
                status: int | str = process.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
                status = f"not finished after {timeout:.0f} s"
        found = {}
        if report.exists():
            for line in report.read_text("utf-8").splitlines():
                name, outcome, said = json.loads(line)
                if found.get(name, ("ok",))[0] in ("ok", "began"):
                    found[name] = (outcome, said)
        if status != 0:
            tail = Path(folder, "log").read_text("utf-8", "replace")[-300:]
            found["<end>"] = ("fail", f"the run ended with {status}: {shlex.join(command)}: {tail}")
        return found


# -- in the child ---------------------------------------------------------------------------------------------------------


def run_here(module: str, report: str, executable: str | None, only: str | None) -> None:
    """Run one module in this process; append a line of JSON to *report* for everything that happens to a test."""
    if executable:
        sys.executable = executable
    sys.path[0] = os.getcwd()  # not the folder of this file: the tests must not find its neighbours
    del sys.modules["__main__"].__dict__["__file__"]
    from test import support

    support.use_resources = []  # as regrtest without -u: nothing that needs the network or hours
    name = f"test.{module}"
    if importlib.util.find_spec(name) is None and module.startswith("test_multiprocessing_"):
        name = _write_start_method(module)
    suite = unittest.TestLoader().loadTestsFromName(name)
    with open(report, "a", encoding="utf-8", buffering=1) as file:
        _chosen(suite, only).run(Result(f"{name}.", file))
    os.chdir("/")


def _write_start_method(module: str) -> str:
    """Write the module that 3.11.7 and 3.12.1 forget to install (their Makefile leaves out the folder); return its name."""
    method = module.rpartition("_")[2]
    text = "from test._test_multiprocessing import install_tests_in_module_dict as install\n"
    Path(f"{module}.py").write_text(f"{text}install(globals(), {method!r})\n", encoding="utf-8")
    return module


def _chosen(suite: unittest.TestSuite, only: str | None) -> unittest.TestSuite:
    kept = type(suite)()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(_chosen(test, only))
        elif not only or only in test.id():
            kept.addTest(test)
    return kept


class Result(unittest.TestResult):
    """Writes lines: the test, what became of it, what it said. A subtest's failure is its test's."""

    def __init__(self, prefix: str, file: object) -> None:
        super().__init__()
        self._prefix, self._file = prefix, file

    def _note(self, test: object, outcome: str, said: str = "") -> None:
        case = getattr(test, "test_case", test)
        name = case.id().removeprefix(self._prefix)  # type: ignore[attr-defined]
        self._file.write(json.dumps([name, outcome, said]) + "\n")  # type: ignore[attr-defined]

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._note(test, "began", "the process ended while it ran")

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._note(test, "ok")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self._note(test, "skip", reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: object) -> None:
        self._note(test, "ok")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._note(test, "fail", "unexpected success")

    def _bad(self, test: object, error: tuple) -> None:  # type: ignore[type-arg]
        import traceback

        shown = "".join(traceback.format_exception(*error)).strip()
        self._note(test, "fail", shown if os.environ.get("MORROW_TESTS_VERBOSE") else shown[-300:])

    def addError(self, test: object, err: tuple) -> None:  # type: ignore[type-arg,override]
        self._bad(test, err)

    def addFailure(self, test: object, err: tuple) -> None:  # type: ignore[type-arg,override]
        self._bad(test, err)

    def addSubTest(self, test: object, subtest: object, err: tuple | None) -> None:  # type: ignore[type-arg,override]
        if err is not None:
            self._bad(test, err)


if __name__ == "__main__":
    raise SystemExit(main())
