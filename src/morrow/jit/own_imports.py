"""Imports of the jit's own, at a time the program knows nothing of: they must never reach a module of the program's.

A program with a ``token.py`` beside its script must neither have it run early nor find the standard library's in its place.
"""

from __future__ import annotations

import _thread
import sys

_PACKAGE = __file__.rpartition("jit")[0]


class ShadowedImport(ImportError):
    """A module the compiler needs would come from the program's own folders."""


class ImportsAreOurs:
    """While active, imports of this thread that a file of the program would answer fail instead."""

    def __enter__(self) -> None:
        self._thread = _thread.get_ident()
        sys.meta_path.insert(0, self)  # type: ignore[arg-type]

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)  # type: ignore[arg-type]

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Part of the meta path's protocol: never finds anything, may object."""
        if _thread.get_ident() != self._thread or path is not None:
            return
        from _frozen_importlib_external import PathFinder  # importlib.machinery would be an import of its own

        spec = PathFinder.find_spec(name)
        origin = spec.origin if spec is not None else None
        if origin is None or not origin.startswith(tuple(_library_folders())):
            if spec is not None and origin not in ("built-in", "frozen", None):
                raise ShadowedImport(f"the program has its own {name!r} ({origin})", name=name)


def _library_folders() -> list[str]:
    import os
    import site

    standard = os.path.dirname(os.__file__)
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    return [standard, *packages, site.getusersitepackages() if site.ENABLE_USER_SITE else standard, os.path.dirname(os.path.dirname(_PACKAGE))]


def is_installed(name: str) -> bool:
    """Return whether a package is there, without importing it."""
    from _frozen_importlib_external import PathFinder

    return sys.modules[name] is not None if name in sys.modules else PathFinder.find_spec(name) is not None


def let_go_of_locks() -> None:
    """In a copy of the process: forget that threads which are not here were in the middle of importing something."""
    import _frozen_importlib as machinery

    machinery._module_locks.clear()  # type: ignore[attr-defined]
    machinery._blocking_on.clear()  # type: ignore[attr-defined]
