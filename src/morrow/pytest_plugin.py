"""pytest for projects written in today's Python: the tests, and what they import, go through morrow.

``pytest --isolate`` is here too, for every project (`interpreters.isolate`).

Installed as a pytest plugin, so it is loaded for every project, and does nothing else unless one of two things is true: pytest
itself runs under morrow (``morrow -m pytest``), or the project has a ``[tool.morrow]`` table in its pyproject.toml.
pytest's own rewriting of assertions stays: it parses and compiles with functions that then understand the language. Its
compiled files get a tag of their own, since a plain pytest could not run what is in them.
"""

from __future__ import annotations

import os
import sys

from morrow.interpreters import isolate

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence
    from types import ModuleType

    import pytest



def _leave_us_alone() -> None:
    """Take morrow's own modules off pytest's list of what to rewrite: plugins are on it, and rewriting the modules that
    rewriting itself goes through does not end well. pytest has no public way to say so."""
    for finder in sys.meta_path:
        marked = getattr(finder, "_must_rewrite", None)
        if isinstance(marked, set):
            marked -= {"morrow", "morrow_runtime"}


_leave_us_alone()  # now: the next import of ours may come before the first hook


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Start before pytest loads the first conftest.py: this is the first hook that every plugin is asked."""
    isolate.add_options(parser)
    if "morrow.imports" in sys.modules and sys.modules["morrow.imports"].scope is not None:
        _give_own_tag()
        return
    folder = _find_project(os.getcwd())
    if folder is not None:
        start(folder)


def pytest_configure(config: pytest.Config) -> None:
    """Take over the loop over the tests if ``--isolate`` was given."""
    if config.option.isolate is not None and not config.option.collectonly:
        config.pluginmanager.register(isolate.Isolation(config.option.isolate, isolate.take_workers(config)), "morrow-isolate")


def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: Sequence[str]) -> None:
    """Start for a project that pytest was given the path of from elsewhere."""
    if "morrow.imports" not in sys.modules or sys.modules["morrow.imports"].scope is None:
        folder = _find_project(str(early_config.rootpath))
        if folder is not None:
            start(folder)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say that morrow is at work."""
    imports = sys.modules.get("morrow.imports")
    if imports is None or imports.scope is None:
        return None
    from morrow import __version__

    return f"morrow: {__version__} for {imports.scope}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the races that were found: while a test runs, pytest keeps what is printed to itself."""
    race = sys.modules.get("morrow.race")
    text = race.late_reports() if race is not None else ""
    if text:
        terminalreporter.section("data races")
        terminalreporter.write(text)


def start(folder: str) -> None:
    """Start what a program of the project in *folder* would find started."""
    from morrow import launch

    launch.start_systems(folder)
    _give_own_tag()


def _give_own_tag() -> None:
    from morrow import imports

    rewrite = sys.modules.get("_pytest.assertion.rewrite")
    if rewrite is not None and "morrow.race" in sys.modules:
        _watch_tests(rewrite)
        return
    if rewrite is None or imports.is_native() or "-morrow-" in rewrite.PYC_TAIL:
        return
    rewrite.PYC_TAIL = f"{rewrite.PYC_TAIL.removesuffix(rewrite.PYC_EXT)}-morrow-{imports.stamp()}{rewrite.PYC_EXT}"


def _watch_tests(rewrite: ModuleType) -> None:
    """Let the race detector see test modules, which pytest rewrites and compiles itself, and keep none of that."""
    race = sys.modules["morrow.race"]
    rewrite_asserts = rewrite.rewrite_asserts
    if getattr(rewrite_asserts, "watched", False) or not race.is_on():
        return

    def watched(tree: ast.Module, source: bytes, path: str | None = None, config: object = None) -> None:
        rewrite_asserts(tree, source, path, config)
        race.watched(tree, path or "<test>", os.path.splitext(os.path.basename(path or ""))[0])

    race.report_later()
    watched.watched = True  # type: ignore[attr-defined]
    rewrite.rewrite_asserts = watched
    rewrite._read_pyc = lambda *_, **__: None
    rewrite._write_pyc = lambda *_, **__: False


def _find_project(folder: str) -> str | None:
    """Return the folder upwards of *folder* whose pyproject.toml has a ``[tool.morrow]`` table."""
    while True:
        try:
            with open(os.path.join(folder, "pyproject.toml"), "rb") as file:
                return folder if b"[tool.morrow" in file.read() else None
        except OSError:  # none here: look one up
            pass
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
