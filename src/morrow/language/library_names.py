"""Names that 3.14's grammar needs in modules that every host has: ``typing``, ``types``, functions and classes.

`install` completes modules that are loaded and waits for the others: typing costs ten milliseconds, and a program that
does not import it shall not pay. A name the host has is never replaced.
"""

from __future__ import annotations

import gc
import sys

from morrow import settings
from morrow.host.frames import hide

TYPE_CHECKING = False  # mypy takes this for typing's: this module is imported at every start
if TYPE_CHECKING:
    import types
    from collections.abc import Callable

_MODULES: dict[str, Callable[[types.ModuleType], None]] = {}


def install() -> None:
    """Complete this process. Doing it twice does it once."""
    _give_type_params()
    for name, complete in _MODULES.items():
        if name in sys.modules:
            complete(sys.modules[name])
    if not any(isinstance(finder, _Waiting) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Waiting())


def complete_when_loaded(name: str, complete: Callable[[types.ModuleType], None]) -> None:
    """Complete one more module of the host's library: now if it is loaded, else when it is."""
    _MODULES[name] = complete
    if name in sys.modules:
        complete(sys.modules[name])
    if not any(isinstance(finder, _Waiting) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Waiting())


class _Waiting:
    """A finder that finds what the others find, and completes a module of ours once it has been loaded."""

    def __init__(self) -> None:
        self.searching = False

    @hide
    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        if name not in _MODULES or self.searching:
            return None
        self.searching = True  # another finder of this kind asks all the others in turn, this one too
        try:
            for finder in sys.meta_path:
                if finder is not self and hasattr(finder, "find_spec"):
                    spec = finder.find_spec(name, path, target)  # type: ignore[arg-type]
                    if spec is not None:
                        if hasattr(spec.loader, "exec_module"):
                            spec.loader = _Completing(spec.loader)
                        return spec
        finally:
            self.searching = False
        return None


class _Completing:
    """Stands for a loader while it loads one module, which it then completes."""

    def __init__(self, loader: object) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> object:
        return getattr(self.loader, name)

    def exec_module(self, module: types.ModuleType) -> None:
        assert module.__spec__ is not None
        module.__loader__ = module.__spec__.loader = self.loader  # type: ignore[assignment]
        self.loader.exec_module(module)  # type: ignore[attr-defined]
        _MODULES[module.__name__](module)


def _complete_typing(typing: types.ModuleType) -> None:
    names = ("TypeAliasType", "NoDefault", "override", "TypeIs", "ReadOnly", "get_protocol_members", "is_protocol")
    if all(hasattr(typing, name) for name in names) and hasattr(typing.TypeVar, "evaluate_bound"):
        return
    import morrow_runtime.type_parameters  # noqa: F401  # gives typing its TypeAliasType, NoDefault and complete type variables
    from morrow_runtime import typing_names

    for name in typing_names.__all__:
        if not hasattr(typing, name):
            setattr(typing, name, getattr(typing_names, name))
    if not _takes_default(typing.TypeVar):
        for name in ("TypeVar", "ParamSpec", "TypeVarTuple"):
            setattr(typing, name, typing_names.with_default(getattr(typing, name)))
    typing.__all__ = [*typing.__all__, *(name for name in names if name not in typing.__all__)]


def _takes_default(type_var: Callable[..., object]) -> bool:
    try:
        type_var("T", default=None)
    except TypeError:
        return False
    return True


def _complete_types(module: types.ModuleType) -> None:
    if not hasattr(module, "get_original_bases"):
        module.get_original_bases = get_original_bases  # type: ignore[attr-defined]
        module.__all__ = [*module.__all__, "get_original_bases"]


def _complete_string(module: types.ModuleType) -> None:
    if not hasattr(module, "__path__"):
        module.__path__ = []  # in 3.14 it is a package: string.templatelib can be looked for


def _complete_traceback(module: types.ModuleType) -> None:
    if settings.get("tracebacks") != "0" and "morrow.language.tracebacks.errors" not in sys.modules:  # else it is what imports traceback, to change it
        from morrow.language.tracebacks import errors

        errors.update()


_MODULES.update(typing=_complete_typing, types=_complete_types, string=_complete_string, traceback=_complete_traceback)


def get_original_bases(cls: type, /) -> tuple[object, ...]:
    """Return the class's "original" bases prior to modification by `__mro_entries__`.

    Raises:
        TypeError: *cls* is no class.
    """
    try:
        return cls.__dict__.get("__orig_bases__", cls.__bases__)  # type: ignore[no-any-return]
    except AttributeError:
        raise TypeError(f"Expected an instance of type, not {type(cls).__name__!r}") from None


get_original_bases.__module__ = "types"


def _give_type_params() -> None:
    """``__type_params__`` of every function and class: () unless given, never inherited (PEP 695)."""
    for kind in (type(_give_type_params), type):  # types.FunctionType, which plain python does not import at start
        own = gc.get_referents(kind.__dict__)[0]
        # Asked of the dictionary and not with hasattr: the interpreter would remember that there is no such attribute.
        if "__type_params__" not in own:
            own["__type_params__"] = property(_get_of_class if kind is type else _get_of_function, _set)


def _get_of_class(owner: type) -> object:
    found = type.__dict__["__dict__"].__get__(owner).get("__type_params__", ())
    return found if isinstance(found, tuple) else ()  # of `type` itself: this property


def _get_of_function(owner: types.FunctionType) -> object:
    found = owner.__dict__.get("__type_params__", ())
    return found if isinstance(found, tuple) else ()  # functools.wraps(type) puts the attribute itself there


def _set(owner: object, value: object) -> None:
    if not isinstance(value, tuple):
        raise TypeError("__type_params__ must be set to a tuple")
    if isinstance(owner, type):
        space = gc.get_referents(owner.__dict__)[0]
        space["__type_params__"] = value
    else:
        owner.__dict__["__type_params__"] = value
