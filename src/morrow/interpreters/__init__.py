"""Several Pythons in one process: interpreters that share no objects, queues that wake at once, pools, plugin hosts.

    from morrow import interpreters

    with interpreters.create() as interp:
        print(interp.call(pow, 2, 100))

The standard library's API (PEP 734) is `morrow.stdlib.concurrent.interpreters`; the objects are the same. What is here
and not there: `create` takes a back end, a path and limits; see docs/guide/interpreters.md. Nothing is imported before
it is used: every interpreter loads this module.
"""

from __future__ import annotations

_PLACES = {
    "create": "policy",
    "Pool": "pool",
    "ProcessInterpreter": "process",
    "Interpreter": "interpreter",
    "InterpreterPoolExecutor": "executor",
    "Queue": "queues",
    "select": "select_queues",
    "Counter": "shared",
    "Dict": "shared",
    "Struct": "shared",
    "Memory": "shared",
    "Progress": "progress",
    "as_completed": "progress",
    "PluginHost": "plugins",
    "DistributedExecutor": "distributed",
    "ExecutionFailed": "errors",
    "Interrupted": "errors",
    "InterpreterError": "errors",
    "NotShareableError": "errors",
    "WorkerLost": "errors",
}
"""Name -> the module that has it."""


def __getattr__(name: str) -> object:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"morrow.interpreters.{place}", fromlist=[name])
    value = globals()[name] = getattr(module, name)
    return value


def create_queue(maxsize: int = 0, **options: object) -> object:
    """Return a new queue between interpreters; see `morrow.interpreters.queues.create`."""
    from morrow.interpreters import queues

    return queues.create(maxsize, **options)  # type: ignore[arg-type]
