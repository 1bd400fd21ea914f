"""A prompt in a real terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("pyte", reason="the screen of a terminal is read with pyte")
pytest.importorskip("prompt_toolkit", reason="the prompt is built on prompt_toolkit")

from tests.support.terminal import Terminal, python_command  # noqa: E402

@pytest.fixture
def start(tmp_path) -> Iterator:
    """Start a prompt: ``start(env={...})`` gives its `Terminal`, at the first prompt."""
    opened: list[Terminal] = []

    def start(env: dict[str, str] | None = None, wait: str = ">>>", arguments: tuple[str, ...] = (), **options) -> Terminal:
        environment = {"PYTHON_HISTORY": str(tmp_path / "history"), "HOME": str(tmp_path), "INPUTRC": str(tmp_path / "inputrc"), **(env or {})}
        terminal = Terminal(python_command("-m", "morrow", *arguments), cwd=tmp_path, env=environment, **options)
        opened.append(terminal)
        if wait:
            terminal.wait(wait)
            terminal.wait(lambda _: b"\x1b[?2004h" in terminal.raw)
        return terminal

    yield start
    for terminal in opened:
        terminal.__exit__()
