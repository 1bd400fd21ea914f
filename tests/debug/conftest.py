"""A conversation with a session: what was said up to the next prompt."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest

from morrow.attach.errors import AttachError
from morrow.debug.session import Session, attach
from tests.support.builds import linux_only


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/debug/" in str(item.path):
            item.add_marker(linux_only)


class Talk:
    """A session, and what it said."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.first = self.until_prompt()

    def until_prompt(self, seconds: float = 20) -> str:
        """Return everything printed up to the next prompt."""
        text, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            message = self.session.receive(end - time.monotonic())
            if message is None:
                break
            if "out" in message:
                text += message["out"]
            elif "prompt" in message:
                return text
        raise AssertionError(f"no prompt within {seconds} s; printed so far:\n{text}")

    def say(self, line: str) -> str:
        """Type a command; return what it printed."""
        self.session.answer(line)
        return self.until_prompt()

    def go(self, line: str = "continue") -> None:
        """Type a command that lets the program run; return when it does."""
        self.session.answer(line)
        while True:
            message = self.session.receive(20)
            assert message is not None
            if "running" in message:
                return

    def leave(self, line: str = "detach") -> None:
        """Detach and wait until the other side has closed."""
        self.session.answer(line)
        with contextlib.suppress(AttachError):
            while self.session.receive(10) is not None:
                pass


@pytest.fixture
def talk():
    """with talk(pid) as t: t.say("where")"""

    @contextlib.contextmanager
    def open_talk(pid: int, **options: object) -> Iterator[Talk]:
        with attach(pid, **options) as session:  # type: ignore[arg-type]
            yield Talk(session)

    return open_talk
