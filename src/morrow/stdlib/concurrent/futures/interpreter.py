"""Door: `concurrent.futures.interpreter`, as in CPython 3.14. On hosts that have it, the host's own."""

from morrow.host import HERE

if HERE is not None and HERE.interpreters_in_library:
    from concurrent.futures.interpreter import BrokenInterpreterPool, InterpreterPoolExecutor
else:
    from morrow.interpreters.executor import BrokenInterpreterPool, InterpreterPoolExecutor

__all__ = ["BrokenInterpreterPool", "InterpreterPoolExecutor"]
