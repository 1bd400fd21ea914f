"""Why an attach was refused: one exception, whose texts are rows of messages.py."""

from __future__ import annotations

from morrow.messages import say


class AttachError(Exception):
    """Attaching, or something later on, could not be done. Nothing was changed in the target.

    Attributes:
        name: the short name of the message, e.g. ``attach-permission``.
        pid: the process.
        values: what the text was filled with.
    """

    def __init__(self, name: str, pid: int, **values: object) -> None:
        self.name, self.pid, self.values = name, pid, values
        super().__init__(say(name, pid=pid, **values))


class NotReady(AttachError):
    """The target is there but cannot run anything just now: its stacks can still be read."""
