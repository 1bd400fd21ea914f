"""What an annotation means: typing, inspect, functools and dataclasses read annotations as in 3.14.

`install` makes the standard library of this process do so, each module when the program imports it. How annotations
become deferred is `language`'s business; how they are evaluated, `morrow_runtime`'s, which rewritten programs bring
along. Imported at every start: nothing heavy here.
"""

from __future__ import annotations

import sys

from morrow import settings
from morrow.host import HERE
from morrow.host.frames import hide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_UPDATES = ("dataclasses", "functools", "inspect", "pydoc", "typing", "typing_extensions")
"""Modules that are brought up to date, each by the file ``MODULE_update.py`` beside this one."""

_LAZY = "morrow_runtime.lazy_annotations"
"""What has frames to be hidden. Changed like the others, once the program has annotated classes."""


def install() -> None:
    """Let the standard library of this process read annotations as in 3.14, unless ``-X deferred=0`` or the host does.

    Modules that are loaded are changed at once, others as soon as they are.
    """
    if settings.get("deferred") == "0" or HERE is None or HERE.defers_annotations or any(type(f) is _Finder for f in sys.meta_path):
        return
    from morrow_runtime import annotation_attributes

    annotation_attributes.install()
    for function in annotation_attributes.frames():
        hide(function)
    for name in (*_UPDATES, _LAZY):
        if name in sys.modules:
            _update(sys.modules[name])
    sys.meta_path.insert(0, _Finder())


def start(root: str) -> None:
    """`install`, for the launcher, which starts all systems in the same way; *root* is not asked."""
    install()


def _update(module: ModuleType) -> None:
    if module.__name__ == _LAZY:
        for function in module.frames():
            hide(function)
        return
    name = f"{module.__name__}_update"
    # __import__ rather than importlib.import_module: importlib may not be loaded yet.
    getattr(__import__(f"{__name__}.{name}", fromlist=[name]), "update")(module)


class _Finder:
    """First in sys.meta_path: lets the finders behind it find the modules that are to be updated."""

    def __init__(self) -> None:
        self.looking: set[str] = set()

    @hide
    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if (name not in _UPDATES and name != _LAZY) or name in self.looking:
            return None
        self.looking.add(name)  # another finder of this kind may ask all finders too
        try:
            for finder in sys.meta_path:
                if finder is not self and (spec := finder.find_spec(name, path, target)) is not None:
                    _update_after_loading(spec.loader)
                    return spec
        finally:
            self.looking.discard(name)
        return None

    def invalidate_caches(self) -> None:
        """Nothing is kept."""


def _update_after_loading(loader):  # type: ignore[no-untyped-def]
    """Make one loader update its module once it has run it. Its type, and what inspect sees of it, stay as they are."""
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        if loader.__dict__.get("exec_module") is exec_module:
            del loader.exec_module
        execute(module)
        _update(module)

    loader.exec_module = exec_module
