"""Fixtures for attaching: what to run in a target to see that it ran there, once."""

from __future__ import annotations

import time

import pytest

from morrow.attach.channel import Channel, open_channel
from morrow.attach.target import find
from tests.support.builds import linux_only

HELLO = """
def begin(frame):
    agent.wire.send(pid=agent.pid, where=frame.f_code.co_name if frame else None)
    agent.leave()
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/attach/" in str(item.path) or "/debug/" in str(item.path):
            item.add_marker(linux_only)


@pytest.fixture
def visit():
    """visit(pid) runs a hello in a process and returns what it said, with how it got to run."""

    def call(pid: int, text: str = HELLO, **options: object) -> tuple[dict[str, object] | None, Channel]:
        with find(pid) as target:
            channel = open_channel(target, [("morrow test", text)], **options)  # type: ignore[arg-type]
            try:
                return channel.receive(20), channel
            finally:
                channel.close()

    return call


def wait_until(condition, seconds: float = 10.0) -> None:
    """Wait for a condition; fail when it does not come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
