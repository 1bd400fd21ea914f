"""What CPython 3.14's tests of interpreters find here: the doors, and morrow's engine under its private modules' names.

Loaded by runner.py in the main interpreter and, through `morrow.for_interpreters`, in each one that the tests make; so it
stands alone. With *own*, morrow's implementation takes the place of the host's on 3.14 too.
"""

from __future__ import annotations

import sys
import types
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location

OWN_MODULES = ("test.test_interpreters", "test._crossinterp_definitions", "test._code_definitions", "test.test_concurrent_futures")


class Finder:
    """Finds 3.14's test modules in its library."""

    def __init__(self, library: str) -> None:
        self.library = library

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        import os

        if not name.startswith(OWN_MODULES):
            return None
        stem = os.path.join(self.library, *name.split("."))
        if os.path.isdir(stem):
            return spec_from_file_location(name, os.path.join(stem, "__init__.py"), submodule_search_locations=[stem])
        if os.path.exists(stem + ".py"):
            return spec_from_file_location(name, stem + ".py", loader=Loader(name, stem + ".py"))
        return None


class Loader(SourceFileLoader):
    """Leaves no compiled files of this host in 3.14's library."""

    def get_code(self, name):  # type: ignore[no-untyped-def]
        return compile(self.get_data(self.path), self.path, "exec", dont_inherit=True)


def install(library: str, own: bool) -> None:
    """Make this interpreter ready."""
    import morrow
    from morrow.interpreters import engine
    from morrow.language import library_names

    engine.host()  # before its name is taken
    sys.meta_path.insert(0, Finder(library))
    sys.modules["_interpreters"] = private_interpreters()
    sys.modules["_interpqueues"] = private_queues()
    sys.modules["_testinternalcapi"] = _module("_testinternalcapi", get_code_var_counts=get_code_var_counts)
    sys.modules["_testcapi"] = _module("_testcapi")
    library_names.complete_when_loaded("test.support", complete_support)
    if own:
        take_place()
    else:
        from morrow import imports_doors

        imports_doors.start("")
    arguments = f"({library!r}, {own!r})"
    morrow.for_interpreters = (
        f"from importlib.util import spec_from_file_location, module_from_spec\n"
        f"spec = spec_from_file_location('interpreters_314', {__file__!r})\n"
        f"module = module_from_spec(spec)\nspec.loader.exec_module(module)\nmodule.install{arguments}\n"
    )


def complete_support(support: types.ModuleType) -> None:
    """Give the host's test.support what 3.14's test modules import from it, in interpreters that load them too."""
    support.__dict__.setdefault("Py_GIL_DISABLED", False)
    support.__dict__.setdefault("force_not_colorized", lambda function: function)
    support.__dict__.setdefault("requires_gil_enabled", lambda _: lambda function: function)
    support.check_sanitizer = lambda **_: False  # type: ignore[attr-defined]
    support.skip_if_sanitizer = lambda *_, **__: lambda function: function  # type: ignore[attr-defined]


def get_code_var_counts(code):  # type: ignore[no-untyped-def]
    """Return what tells apart the variables of two code objects; the test compares two answers."""
    code = getattr(code, "__code__", code)
    return code.co_argcount, code.co_kwonlyargcount, code.co_varnames, code.co_cellvars, code.co_freevars, code.co_names


def private_interpreters() -> types.ModuleType:
    """Return what the tests import as ``_interpreters``."""
    from morrow.interpreters import agent, crossing, engine, errors, interpreter

    def create(config="isolated", *, reqrefs=False):  # type: ignore[no-untyped-def]
        if isinstance(config, str):
            config.encode()
        return engine.create(config != "legacy")

    def run_string(id, text):  # type: ignore[no-untyped-def]
        engine.run_code(id, interpreter._script(text))

    def capture_exception(error=None):  # type: ignore[no-untyped-def]
        return engine.excinfo(agent.describe(error or sys.exc_info()[1]))

    return _module(
        "_interpreters",
        create=create,
        destroy=lambda id, *, restrict=False: engine.destroy(id),
        run_string=run_string,
        capture_exception=capture_exception,
        get_current=lambda: (engine.get_current(), engine.whence(engine.get_current())),
        get_main=lambda: (0, 1),
        list_all=lambda: [(id, engine.whence(id)) for id in engine.list_all()],
        is_running=engine.is_running,
        is_shareable=crossing.is_shareable,
        whence=engine.whence,
        InterpreterError=errors.InterpreterError,
        InterpreterNotFoundError=errors.InterpreterNotFoundError,
        NotShareableError=errors.NotShareableError,
    )


def private_queues() -> types.ModuleType:
    """Return what the tests import as ``_interpqueues``."""
    from morrow.interpreters import queues

    return _module(
        "_interpqueues",
        list_all=lambda: [(queue.id, 0, 0) for queue in queues.list_all()],
        destroy=queues.destroy,
        QueueError=queues.QueueError,
        QueueNotFoundError=queues.QueueNotFoundError,
    )


def take_place() -> None:
    """Put morrow's implementation where this host has its own."""
    import concurrent.futures

    from morrow.interpreters import crossing, errors, executor, interpreter, queues, unbound

    package = _module("concurrent.interpreters", **{name: getattr(interpreter, name) for name in interpreter.__all__})
    package.__path__ = []  # type: ignore[attr-defined]
    for name in ("InterpreterError", "InterpreterNotFoundError", "ExecutionFailed", "NotShareableError"):
        setattr(package, name, getattr(errors, name))
    package.is_shareable, package.create_queue = crossing.is_shareable, queues.create  # type: ignore[attr-defined]
    for name in ("Queue", "QueueEmpty", "QueueFull"):
        setattr(package, name, getattr(queues, name))
    unbound._UNBOUND_CONSTANT_TO_FLAG = unbound.FLAGS  # type: ignore[attr-defined]
    package._queues, package._crossinterp = queues, unbound  # type: ignore[attr-defined]
    sys.modules.update({"concurrent.interpreters": package, "concurrent.interpreters._queues": queues, "concurrent.interpreters._crossinterp": unbound})
    __import__("concurrent").interpreters = package
    sys.modules["concurrent.futures.interpreter"] = executor
    concurrent.futures.interpreter = executor
    concurrent.futures.InterpreterPoolExecutor = executor.InterpreterPoolExecutor


def _module(name: str, **contents: object) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__.update(contents)
    return module
