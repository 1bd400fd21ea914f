"""What stands for an item whose interpreter was closed before somebody got it (PEP 734)."""

from __future__ import annotations

from morrow.interpreters.errors import QueueError

__all__ = ["UNBOUND", "UNBOUND_ERROR", "UNBOUND_REMOVE", "ItemInterpreterDestroyed", "UnboundItem"]


class ItemInterpreterDestroyed(QueueError):
    """Raised from get() and get_nowait() when the item's interpreter is gone and UNBOUND_ERROR was asked for."""


class UnboundItem:
    """Represents a queue item no longer bound to an interpreter: the one that added it is closed."""

    __slots__ = ()

    def __new__(cls) -> UnboundItem:
        raise Exception("use concurrent.interpreters._queues.UNBOUND")

    def __repr__(self) -> str:
        return "concurrent.interpreters._queues.UNBOUND"

    def __reduce__(self) -> str:
        return "UNBOUND"


UNBOUND = object.__new__(UnboundItem)
UNBOUND_ERROR = object()
UNBOUND_REMOVE = object()

FLAGS = {UNBOUND_REMOVE: 1, UNBOUND_ERROR: 2, UNBOUND: 3}
_OF_FLAG = {flag: value for value, flag in FLAGS.items()}


def flag_of(unbound: object) -> int:
    """Return the number that stands for one of the three.

    Raises:
        NotImplementedError: it is none of them.
    """
    try:
        return FLAGS[unbound]
    except (KeyError, TypeError):
        raise NotImplementedError(f"unsupported unbound replacement op {unbound!r}") from None


def resolve(flag: int) -> object:
    """Return the one of the three that a number stands for."""
    return _OF_FLAG[flag]
