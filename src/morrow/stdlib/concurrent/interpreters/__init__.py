"""Door: `concurrent.interpreters`, as in CPython 3.14 (PEP 734). On hosts that have it, the host's own."""

from morrow.host import HERE

if HERE is not None and HERE.interpreters_in_library:
    from concurrent.interpreters import (
        ExecutionFailed,
        Interpreter,
        InterpreterError,
        InterpreterNotFoundError,
        NotShareableError,
        Queue,
        QueueEmpty,
        QueueFull,
        create,
        create_queue,
        get_current,
        get_main,
        is_shareable,
        list_all,
    )
else:
    from morrow.interpreters.crossing import is_shareable
    from morrow.interpreters.errors import (
        ExecutionFailed,
        InterpreterError,
        InterpreterNotFoundError,
        NotShareableError,
    )
    from morrow.interpreters.interpreter import Interpreter, create, get_current, get_main, list_all
    from morrow.interpreters.queues import Queue, QueueEmpty, QueueFull
    from morrow.interpreters.queues import create as create_queue

__all__ = [
    "get_current",
    "get_main",
    "create",
    "list_all",
    "is_shareable",
    "Interpreter",
    "InterpreterError",
    "InterpreterNotFoundError",
    "ExecutionFailed",
    "NotShareableError",
    "create_queue",
    "Queue",
    "QueueEmpty",
    "QueueFull",
]
