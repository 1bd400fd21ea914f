"""Run CPython 3.14's own tests here, and count: of the methods that pass on 3.14, how many pass on this host?"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.hosts import find_real_314
from tests.support.same import clean_environment

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "src"
# Run nowhere, not on 3.14 either: they type a command that writes to "the file of the current frame". When the debugger stands
# where they do not expect it, that is a file of the standard library (bdb.py of a 3.14 was overwritten so, under load).
HARMFUL = tuple(
    f"PdbTestCase.test_file_modified_{name}"
    for name in ("after_execution", "after_execution_with_multiple_instances", "after_execution_with_restart", "and_immediately_restarted")
)


@dataclass(frozen=True)
class Counts:
    """How one of CPython's test modules fared.

    Attributes:
        module: as in ``test.test_patma``.
        passed: methods that pass on 3.14 and here.
        failed: methods that pass on 3.14 and not here, with what they said.
        skipped: methods left out by skips.txt, with the reason given there.
    """

    module: str
    passed: tuple[str, ...]
    failed: dict[str, str]
    skipped: dict[str, str]

    @property
    def share(self) -> float:
        """Passed here, of those that pass on 3.14 and are not skipped: 0.0 to 1.0."""
        total = len(self.passed) + len(self.failed)
        return len(self.passed) / total if total else 0.0

    def __str__(self) -> str:
        total = len(self.passed) + len(self.failed)
        text = f"{self.module}: {len(self.passed)}/{total} ({self.share:.1%}), {len(self.skipped)} skipped with a reason"
        if not self.passed and len(set(self.failed.values())) == 1:
            return f"{text}\n    all: {next(iter(self.failed.values()))}"
        return "\n".join([text, *(f"    {name}: {said.splitlines()[-1] if said else ''}" for name, said in self.failed.items())])


def host_version() -> str:
    """Return the version of the host under test, as skips.txt writes it."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def run_module(module: str, *, timeout: float = 300, settings: dict[str, str] | None = None) -> Counts:
    """Run a module on 3.14 and here, and compare.

    Args:
        module: as in ``test.test_patma``.
        timeout: seconds.
        settings: environment variables such as ``MORROW_DEFERRED`` for the run here.

    Raises:
        LookupError: there is no real 3.14 on this machine.
    """
    real = find_real_314()
    if real is None:
        raise LookupError("no real 3.14")
    expected = run_real(real, module)
    library = library_of(real)
    reasons = {name: reason for pattern, reason in skips(module).items() for name in fnmatch.filter(expected, pattern)}
    env = {"PYTHONPATH": str(SOURCE), "MORROW_TEST_SKIPS": " ".join([*reasons, *HARMFUL]), **(settings or {})}
    # On 3.14 itself the doors are the host's own: what is tried there is morrow's implementation in its place.
    own = ["--own-interpreters"] if host_version() == "3.14" else []
    got = _methods([sys.executable, HERE / "runner.py", library, module, *own], timeout, env)
    passed, failed, skipped = [], {}, {}
    for name, (outcome, _) in expected.items():
        if outcome != "ok":
            continue
        here, said = got.get(name) or got.get("<import>") or ["fail", "did not run"]
        if name in reasons:
            skipped[name] = reasons[name]
        elif here == "ok":
            passed.append(name)
        else:
            failed[name] = said if here == "fail" else f"skipped itself: {said}"
    return Counts(module, tuple(passed), failed, skipped)


@functools.cache
def library_of(python: Path) -> str:
    """Return the folder of a Python's standard library, with its test package."""
    code = "import os; print(os.path.dirname(os.__file__))"
    return subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip() + os.sep


@functools.cache
def run_real(python: Path, module: str) -> dict[str, list[str]]:
    """Return what the module's methods do on 3.14 itself."""
    return _methods([python, HERE / "runner.py", library_of(python), module, "--plain"], 300, {"MORROW_TEST_SKIPS": " ".join(HARMFUL)})


def _methods(command: list[object], timeout: float, env: dict[str, str]) -> dict[str, list[str]]:
    with tempfile.TemporaryDirectory(prefix="morrow-tests-", ignore_cleanup_errors=True) as folder:
        here = os.path.join(folder, "here")  # they write files where they are
        os.mkdir(here)
        with subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
            errors="backslashreplace", env={**clean_environment(), "MORROW_TEST_FOLDER": folder, **env}, cwd=here, start_new_session=True,
        ) as process:  # fmt: skip
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                return {"<import>": ["fail", f"not finished after {timeout:.0f} s"]}
            finally:
                # What it started and left running would go on writing into the folder, which could not be taken away then.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    lines = [line for line in out.splitlines() if line.startswith('{"module"')]
    if not lines:
        return {"<import>": ["fail", f"the run ended with status {process.returncode}: {err[-600:]}"]}
    return json.loads(lines[-1])["methods"]  # type: ignore[no-any-return]


def skips(module: str, version: str | None = None) -> dict[str, str]:
    """Return the methods of *module* that skips.txt leaves out on a host, with their reasons.

    A line is ``module  Class.method  hosts  reason``; the method may be ``*``: all of the class; hosts is ``all`` or a comma-separated list such as ``3.11,3.12``.
    """
    version = version or host_version()
    found = {}
    for line in (HERE / "skips.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, method, hosts, reason = line.split(None, 3)
        if name == module and (hosts == "all" or version in hosts.split(",")):
            found[method] = reason
    return found


def main() -> None:
    """``python -m tests.stdlib.harness [NAME=VALUE...] MODULE...``: print the counts; modules as in ``test.test_repl``."""
    if find_real_314() is None:
        sys.exit("harness: no real 3.14 here whose tests could be run: tests/support/hosts.py says where it is looked for")
    wrong = [word for word in sys.argv[1:] if "=" not in word and not word.startswith("test.")]
    if wrong or len(sys.argv) < 2:
        sys.exit(f"{main.__doc__}\n{'no such module: ' + ' '.join(wrong) if wrong else 'no module given'}")
    settings = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    for module in sys.argv[1:]:
        if "=" not in module:
            print(run_module(module, settings=settings), flush=True)


if __name__ == "__main__":
    main()
