"""What an annotation means: typing, inspect, functools and dataclasses read annotations as in 3.14.

`install` makes the standard library of this process do so, each module when the program imports it. How annotations
become deferred is `language`'s business; how they are evaluated, `morrow_runtime`'s, which rewritten programs bring
along. Imported at every start: nothing heavy here.
"""

from __future__ import annotations

import sys

from morrow import settings
from morrow.host import HERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_UPDATES = ("dataclasses", "functools", "inspect", "typing")
"""Standard modules that are brought up to date, each by the file ``MODULE_update.py`` beside this one."""


def install() -> None:
    """Let the standard library of this process read annotations as in 3.14, unless ``-X deferred=0`` or the host does.

    Modules that are loaded are changed at once, others as soon as they are.
    """
    wanted = settings.get("deferred")
    if wanted == "0" or HERE is None or HERE.defers_annotations or any(type(f) is _Finder for f in sys.meta_path):
        return
    if wanted == "exact":
        from morrow_runtime import exact_attributes

        exact_attributes.install()
    for name in _UPDATES:
        if name in sys.modules:
            _update(sys.modules[name])
    sys.meta_path.insert(0, _Finder())


def _update(module: ModuleType) -> None:
    name = f"{module.__name__}_update"
    # __import__ rather than importlib.import_module: importlib may not be loaded yet.
    getattr(__import__(f"{__name__}.{name}", fromlist=[name]), "update")(module)


class _Finder:
    """First in sys.meta_path: lets the finders behind it find the modules that are to be updated."""

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name not in _UPDATES:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)) is not None:
                _update_after_loading(spec.loader)
                return spec
        return None

    def invalidate_caches(self) -> None:
        """Nothing is kept."""


def _update_after_loading(loader):  # type: ignore[no-untyped-def]
    """Make one loader update its module once it has run it. Its type, and what inspect sees of it, stay as they are."""

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        loader.exec_module(module)
        _update(module)

    loader.exec_module = exec_module
