"""A debugging session with a process, seen from our side: attach, answer prompts, break in, leave.

    with attach(pid) as session:
        for event in session.events(): ...

The session is a state machine: *running* (nothing of ours runs in the target) and *stopped* (it waits at a prompt).
Every face (terminal, scripts) uses this and only this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from morrow.attach.channel import Channel, reach, source_text
from morrow.attach.cooperative import Offer
from morrow.attach.errors import AttachError
from morrow.attach.inject import Injection, Outcome
from morrow.attach.target import Target

_BREAK_IN = """
import sys
m=sys.modules.get('_morrow_agent')
if m is not None and not m.agent.left:
 m.agent.hurry()
 m.agent.session.break_in(m.caller())
"""


class Session:
    """One visit to a process. Leaving the ``with`` block detaches; the process runs on.

    Attributes:
        target: the process.
        stopped: whether it waits at a prompt of ours.
    """

    def __init__(self, channel: Channel) -> None:
        self.target, self._channel = channel.target, channel
        self.stopped = True
        self._breaking: Injection | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """For select: readable when `receive` has something."""
        return self._channel.fileno()

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        """Return the next message of the target (see `wire`), None when there is none within *timeout* seconds.

        Raises:
            AttachError: attach-gone when it has ended, attach-lost when it closed the channel, or a refusal.
        """
        message = self._channel.receive(timeout)
        if message is None:
            return None
        if "refused" in message:
            name = message.pop("refused")
            raise AttachError(name, self.target.pid, **message)
        if "failed" in message:
            raise AttachError("attach-lost", self.target.pid, why="the debugger failed there:\n" + message["failed"])
        if "stopped" in message:
            self.stopped = True
            if self._breaking is not None and self._breaking.clean(0):
                self._breaking = None
        elif "running" in message:
            self.stopped = False
        return message

    def answer(self, line: str) -> None:
        """Answer a prompt."""
        self._channel.send(line=line)

    def complete(self, text: str, line: str, begin: int, end: int) -> list[str]:
        """Return what *text*, at *begin*..*end* of *line*, could become. Only while a prompt is open."""
        self._channel.send(complete=text, text=line, begin=begin, end=end)
        while True:
            message = self.receive(5)
            if message is None:
                return []
            if "offers" in message:
                return list(message["offers"])

    def break_in(self, patience: float = 1.0) -> Outcome:
        """Ask the running process for a prompt, as attaching did: no signal is sent.

        Returns:
            Outcome: ``started`` is False when it is busy in native code; the prompt then comes when it is back.
        """
        if isinstance(self.target, Offer):
            self.target.knock(_program(_BREAK_IN), patience).close()
            return Outcome(True, "cooperation")
        assert isinstance(self.target, Target)
        if self._breaking is not None:
            if not self._breaking.started():
                return self._breaking.outcome
            self._breaking.clean(0)
        self._breaking = Injection(self.target, _BREAK_IN)
        return self._breaking.run(patience)

    def close(self) -> None:
        """Detach: the process runs on as if nobody had been there."""
        if self._breaking is not None:
            self._breaking.withdraw()
        self._channel.close()
        if self._breaking is not None:
            self._breaking.clean(0.3)
        self.target.close()


def _program(script: str) -> bytes:
    return b"%9d" % len(script.encode()) + script.encode()


def attach(
    pid: int, *, sandboxed: bool = False, patience: float = 1.0, while_queued: Callable[[Outcome], float] | None = None
) -> Session:
    """Open a session with a process.

    Args:
        pid: the process.
        sandboxed: also where its seccomp filter might end it.
        patience: seconds until a main thread that runs no Python counts as busy.
        while_queued: called with the reason when it is busy; returns how many more seconds to wait.

    Raises:
        AttachError, NotReady: messages.py, ``attach-*``.
    """
    texts = [
        ("morrow look", source_text("morrow.debug", "inside_look.py")),
        ("morrow pdb", source_text("morrow.debug", "inside_pdb.py")),
    ]
    return Session(reach(pid, texts, sandboxed=sandboxed, patience=patience, while_queued=while_queued))
