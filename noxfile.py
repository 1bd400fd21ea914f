"""Tests on each host found on this machine, lint, types, docs, benchmarks: ``nox -l`` lists them."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.error_on_missing_interpreters = False


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def tests(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest."""
    session.install(".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check and format."""
    session.install("ruff")
    session.run("ruff", "check", "--fix", "src", "tests", "benchmarks", "noxfile.py")
    session.run("ruff", "format", "src", "tests", "benchmarks", "noxfile.py")


@nox.session
def types(session: nox.Session) -> None:
    """Check the annotations of src/."""
    session.install("mypy", ".[test]")
    session.run("mypy")
