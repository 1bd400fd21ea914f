"""Door: `concurrent.interpreters._queues`, which is where CPython 3.14 keeps what its package leaves out."""

from morrow.host import HERE

if HERE is not None and HERE.interpreters_in_library:
    from concurrent.interpreters._queues import (
        UNBOUND,
        UNBOUND_ERROR,
        UNBOUND_REMOVE,
        ItemInterpreterDestroyed,
        Queue,
        QueueEmpty,
        QueueError,
        QueueFull,
        QueueNotFoundError,
        create,
        list_all,
    )
else:
    from morrow.interpreters.queues import (
        UNBOUND,
        UNBOUND_ERROR,
        UNBOUND_REMOVE,
        ItemInterpreterDestroyed,
        Queue,
        QueueEmpty,
        QueueError,
        QueueFull,
        QueueNotFoundError,
        create,
        list_all,
    )

__all__ = [
    "UNBOUND",
    "UNBOUND_ERROR",
    "UNBOUND_REMOVE",
    "create",
    "list_all",
    "Queue",
    "QueueError",
    "QueueNotFoundError",
    "QueueEmpty",
    "QueueFull",
    "ItemInterpreterDestroyed",
]
