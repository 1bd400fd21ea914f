"""``pytest --isolate``: each module, or each test, in a clean process, several at a time.

pytest collects as always. Then, for each group of tests, the process forks: the child has pytest and the modules as they
were when no test had run, runs its group, and sends the reports back, which this process shows as if it had run the tests
itself. So ``-x``, ``--lf``, ``--junitxml``, ``--durations`` and plugins that look at reports work; output is caught and
fixtures are set up in the child. What was measured by coverage comes back as well.
"""

from __future__ import annotations

import os
import pickle
import selectors
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest


def add_options(parser: pytest.Parser) -> None:
    """Add ``--isolate``, and ``-n`` if no other plugin has it."""
    group = parser.getgroup("morrow")
    group.addoption(
        "--isolate",
        nargs="?",
        const="module",
        choices=["module", "test"],
        default=None,
        help="run each module (or each test) in a clean forked process",
    )
    options = ["--isolate-workers"]
    if not _has_xdist():
        options.insert(0, "-n")
    # As pytest-xdist adds its -n: addoption would reserve short options for pytest itself.
    group._addoption(*options, dest="isolate_workers", default=None, metavar="NUMBER", help="--isolate: how many processes at a time")


def _has_xdist() -> bool:
    """Whether pytest-xdist, which has ``-n``, is installed and will be loaded."""
    from importlib.util import find_spec

    return find_spec("xdist") is not None and not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")


def take_workers(config: pytest.Config) -> int:
    """Return how many processes may run at a time; pytest-xdist, which knows ``-n`` too, is told to stay out of it."""
    wanted = config.option.isolate_workers
    if getattr(config.option, "numprocesses", None) is not None:
        wanted = wanted or config.option.numprocesses
        config.option.numprocesses, config.option.dist, config.option.tx = None, "no", []
    if wanted in (None, "auto", "logical"):
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(wanted))


class Isolation:
    """The plugin: takes the place of pytest's loop over the tests.

    Args:
        by: ``module`` or ``test``: what shares a process.
        workers: how many processes at a time.
    """

    def __init__(self, by: str, workers: int) -> None:
        self.by, self.workers = by, workers

    def pytest_report_header(self) -> str:
        """Say what is going on."""
        return f"isolated: a clean process per {self.by}, {self.workers} at a time"

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run the tests of *session*, each group in a child."""
        if session.config.option.collectonly:
            return None
        if session.testsfailed and not session.config.option.continue_on_collection_errors:
            raise session.Interrupted(f"{session.testsfailed} error{'s' if session.testsfailed != 1 else ''} during collection")
        waiting = iter(_groups(session.items, self.by))
        running: dict[int, _Child] = {}
        with selectors.DefaultSelector() as selector:
            try:
                while True:
                    while len(running) < self.workers and not (session.shouldfail or session.shouldstop):
                        group = next(waiting, None)
                        if group is None:
                            break
                        child = _Child(session, group)
                        running[child.pipe] = child
                        selector.register(child.pipe, selectors.EVENT_READ)
                    if not running:
                        break
                    for key, _ in selector.select():
                        child = running[key.fd]
                        if not child.read():
                            selector.unregister(key.fd)
                            del running[key.fd]
                            child.finish()
                    if session.shouldfail or session.shouldstop:
                        break
            finally:
                for child in running.values():
                    child.kill()
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        return True


def _groups(items: Iterable[pytest.Item], by: str) -> Iterator[list[pytest.Item]]:
    found: dict[object, list[pytest.Item]] = {}
    for item in items:
        found.setdefault(item.nodeid if by == "test" else item.path, []).append(item)
    return iter(found.values())


class _Child:
    """One forked process and what it has sent so far."""

    def __init__(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        self.session, self.items = session, items
        self.done: set[str] = set()
        self.current = items[0]
        self.data = b""
        self.pipe, write = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            _run(session, items, write)  # does not return
        os.close(write)

    def read(self) -> bool:
        """Take in what is there; return whether more may come."""
        more = os.read(self.pipe, 1 << 20)
        self.data += more
        while len(self.data) >= 8:
            size = struct.unpack("Q", self.data[:8])[0]
            if len(self.data) < 8 + size:
                break
            what, value = pickle.loads(self.data[8 : 8 + size])
            self.data = self.data[8 + size :]
            self._take(what, value)
        return bool(more)

    def _take(self, what: str, value: object) -> None:
        hook = self.session.config.hook
        if what == "start":
            self.current = self.items[value]  # type: ignore[index]
            self.current.ihook.pytest_runtest_logstart(nodeid=self.current.nodeid, location=self.current.location)
        elif what == "report":
            report = hook.pytest_report_from_serializable(config=self.session.config, data=value)
            self.current.ihook.pytest_runtest_logreport(report=report)
        elif what == "end":
            self.done.add(self.current.nodeid)
            self.current.ihook.pytest_runtest_logfinish(nodeid=self.current.nodeid, location=self.current.location)
        elif what == "stop":
            self.session.shouldstop = self.session.shouldstop or str(value)
        else:
            _add_coverage(value)  # type: ignore[arg-type]

    def finish(self) -> None:
        """Collect the process; a test that ended it has failed, and so have those that could not run."""
        os.close(self.pipe)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if len(self.done) < len(self.items) and not (self.session.shouldfail or self.session.shouldstop):
            if status == 0:
                return  # -x in the child
            import signal

            how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
            for item in self.items:
                if item.nodeid not in self.done:
                    self._fail(item, f"the process of this test ended {how} while {self.current.nodeid} ran")

    def _fail(self, item: pytest.Item, text: str) -> None:
        from _pytest.reports import TestReport

        if item is not self.current:
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        report = TestReport(item.nodeid, item.location, {}, "failed", text, "call")  # type: ignore[arg-type]
        item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def kill(self) -> None:
        """End the process: its tests are not wanted any more."""
        import signal

        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:  # just ended
            pass
        os.waitpid(self.pid, 0)
        os.close(self.pipe)


def _run(session: pytest.Session, items: list[pytest.Item], pipe: int) -> None:
    """Be the child: run *items*, send what happens, and end."""
    status = 3

    def send(what: str, value: object) -> None:
        data = pickle.dumps((what, value))
        data = struct.pack("Q", len(data)) + data
        while data:
            data = data[os.write(pipe, data) :]

    try:
        from _pytest.runner import runtestprotocol

        hook = session.config.hook
        coverage = _own_coverage()
        # What plugins of this process print about tests is the other's to print.
        reporter = session.config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            session.config.pluginmanager.unregister(reporter)
        failed, enough = session.testsfailed, session.config.getvalue("maxfail")
        for index, item in enumerate(items):
            send("start", index)
            following = items[index + 1] if index + 1 < len(items) else None
            for report in runtestprotocol(item, log=False, nextitem=following):
                failed += report.failed and not hasattr(report, "wasxfail")
                send("report", hook.pytest_report_to_serializable(config=session.config, report=report))
            send("end", index)
            if enough and failed >= enough:
                break  # the parent has heard of it, and says so
            if session.shouldstop:
                send("stop", session.shouldstop)
                break
        if coverage is not None:
            coverage.stop()  # type: ignore[attr-defined]
            send("coverage", coverage.get_data().dumps())  # type: ignore[attr-defined]
        status = 0
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt):
            import traceback

            traceback.print_exc()
    finally:
        os._exit(status)


def _own_coverage() -> object:
    """Let what measures coverage here keep its data in memory, and return it; None if nothing does.

    The file belongs to the parent, and other children would write to it at the same time. coverage has no public way to say so.
    """
    module = sys.modules.get("coverage")
    current = module.Coverage.current() if module is not None and hasattr(module, "Coverage") else None
    collector = getattr(current, "_collector", None)
    if current is None or collector is None:
        return None
    current._data = module.CoverageData(no_disk=True)  # type: ignore[union-attr]
    collector.use_data(current._data, None)
    return current


def _add_coverage(data: bytes) -> None:
    import coverage

    current = coverage.Coverage.current()
    if current is not None:
        measured = coverage.CoverageData(no_disk=True)
        measured.loads(data)
        current.get_data().update(measured)
