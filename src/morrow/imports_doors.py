"""Doors: ``import annotationlib`` and other names of 3.14's standard library, on hosts that lack them.

One finder, asked last: a name that the host has stays the host's. What is behind a door is a file of `morrow.stdlib`,
loaded under the standard name.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import spec_from_file_location

import morrow
from morrow.host import HERE
from morrow.language import library_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

DOORS: dict[str, str] = {
    "annotationlib": "annotationlib.py",
    "string.templatelib": "string/templatelib.py",
    "concurrent.interpreters": "concurrent/interpreters/__init__.py",
    "concurrent.interpreters._queues": "concurrent/interpreters/_queues.py",
    "concurrent.interpreters._crossinterp": "concurrent/interpreters/_crossinterp.py",
    "concurrent.futures.interpreter": "concurrent/futures/interpreter.py",
}
"""Standard name -> file in morrow/stdlib. A system adds its row when it lands."""

MAINS: dict[str, str] = {
    "asyncio": "asyncio/__main__.py",
}
"""What ``-m`` of a package of the standard library runs, where ours does more than the host's."""

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stdlib")


class DoorFinder:
    """Finds what nobody else has found, if there is a door for it."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of the file behind the door *name*, or None."""
        if name not in DOORS:
            return None
        return spec_from_file_location(name, os.path.join(_FOLDER, *DOORS[name].split("/")))  # type: ignore[no-any-return]


def remote_exec(pid: int, script: object) -> None:
    """Executes a file containing Python code in a given remote Python process; see 3.14's documentation of sys.

    Unlike 3.14's, it reaches processes of every version from 3.11 on.
    """
    from morrow.attach.remote_exec import sys_remote_exec

    sys_remote_exec(pid, script)  # type: ignore[arg-type]


def is_remote_debug_enabled() -> bool:
    """Return True if remote debugging is enabled, False otherwise."""
    return not (os.environ.get("PYTHON_DISABLE_REMOTE_DEBUG") or "disable-remote-debug" in sys._xoptions)


ATTRIBUTES = (remote_exec, is_remote_debug_enabled)
"""What 3.14's sys has besides."""


class MainFinder:
    """Finds one package's ``__main__`` behind a door, once, before anybody else is asked."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of the package's ``__main__``, and go; None for any other name."""
        if name != f"{self._package}.__main__":
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        return spec_from_file_location(name, os.path.join(_FOLDER, *MAINS[self._package].split("/")))  # type: ignore[no-any-return]


def start(root: str) -> None:
    """Open the doors of this process. *root* is not asked: all systems are started in the same way."""
    for function in ATTRIBUTES:
        if not hasattr(sys, function.__name__):
            function.__module__ = "sys"
            setattr(sys, function.__name__, function)
    if DoorFinder not in sys.meta_path:
        sys.meta_path.append(DoorFinder)
        if HERE is not None and HERE.interpreters_in_library:
            library_names.complete_when_loaded("concurrent.interpreters", _complete_interpreters)
        else:
            library_names.complete_when_loaded("concurrent.futures", _complete_futures)


def stop() -> None:
    """Close them again; what has been imported stays."""
    for function in ATTRIBUTES:
        if getattr(sys, function.__name__, None) is function:
            delattr(sys, function.__name__)
    if DoorFinder in sys.meta_path:
        sys.meta_path.remove(DoorFinder)


def _complete_futures(module: ModuleType) -> None:
    """Let `concurrent.futures` have the executor that is behind a door, looked for when it is asked for."""
    host_getattr = module.__getattr__  # type: ignore[attr-defined]
    if "InterpreterPoolExecutor" in module.__all__:
        return

    def __getattr__(name: str) -> object:
        if name == "InterpreterPoolExecutor":
            try:
                from concurrent.futures.interpreter import InterpreterPoolExecutor
            except ImportError:  # closed again, or a host without interpreters
                return host_getattr(name)
            return InterpreterPoolExecutor
        return host_getattr(name)

    module.__getattr__ = __getattr__  # type: ignore[method-assign]
    module.__all__ = (*module.__all__, "InterpreterPoolExecutor")


def _complete_interpreters(module: ModuleType) -> None:
    """Let the host's own `create` make interpreters that know the program's sys.path[0] and sys.argv, not morrow's."""
    host_create = module.create

    def create() -> object:
        """Return a new (idle) Python interpreter."""
        interp = host_create()
        interp.exec(f"exec({morrow.for_interpreters!r}, {{}})")
        return interp

    create.__module__, create.__qualname__ = host_create.__module__, host_create.__qualname__
    module.create = create
