"""Fixtures that every folder of tests uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.same import Same


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update`` rewrites recorded outcomes; the diff then shows what changed."""
    parser.addoption("--update", action="store_true", help="record expected outcomes again")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not part of the default run, unless it was asked for with -m."""
    if config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("corpus") or item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def same(tmp_path: Path) -> Same:
    """Assert that a program does the same under plain CPython and under morrow."""
    return Same(tmp_path)
