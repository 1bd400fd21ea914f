"""Give functions, classes and modules the attributes `__annotate__` and `__annotations__` exactly as 3.14 has them.

Without this, `__annotations__` is a `LazyAnnotations` (a subclass of dict), and the two attributes do not know of each
other. With it ``type(f.__annotations__) is dict``, every function and class has `__annotate__`, and setting one resets
the other. The price: the attributes of the built-in types function, type and module are replaced for the whole process,
which is why it has to be asked for (``-X deferred=exact``).

Sources: PEP 649, PEP 749 and what CPython 3.14 answers; its Objects/funcobject.c, typeobject.c and moduleobject.c hold
the same attributes.
"""

from __future__ import annotations

import gc
import types
from typing import Any

from morrow_runtime.lazy_annotations import ClassAnnotate, LazyAnnotations

_HEAP_TYPE = 1 << 9
_IMMUTABLE = 1 << 8
_STORED, _CACHE = "__annotate_func__", "__annotations_cache__"
_installed: list[tuple[type, str, Any]] = []


def install() -> None:
    """Replace the attributes for the rest of the process, or until `uninstall`."""
    if _installed or "__annotate__" in type.__dict__:
        return
    for kind, annotations, annotate in (
        (types.FunctionType, _FunctionAnnotations, _FunctionAnnotate),
        (type, _ClassAnnotations, _ClassAnnotate),
        (types.ModuleType, _ModuleAnnotations, _ModuleAnnotate),
    ):
        attributes = _dict_of(kind)
        original = attributes["__annotations__"]
        _installed.append((kind, "__annotations__", original))
        _installed.append((kind, "__annotate__", None))
        attributes["__annotations__"] = annotations(original)
        attributes["__annotate__"] = annotate(original)
        _modified(kind)


def uninstall() -> None:
    """Give the built-in types their own attributes back."""
    for kind, name, original in _installed:
        if original is None:
            del _dict_of(kind)[name]
        else:
            _dict_of(kind)[name] = original
        _modified(kind)
    _installed.clear()


def _dict_of(kind: type) -> dict[str, Any]:
    # A built-in type shows its attributes through a read-only proxy; the proxy refers to the dict itself.
    (attributes,) = gc.get_referents(kind.__dict__)
    return attributes  # type: ignore[no-any-return]


def _modified(kind: type) -> None:
    import ctypes

    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _evaluated(annotate: Any) -> dict[str, Any]:
    annotations = annotate(1)
    if not isinstance(annotations, dict):
        raise TypeError(f"__annotate__ returned non-dict of type {type(annotations).__name__!r}")
    return annotations


def _checked(annotate: Any) -> Any:
    if annotate is not None and not callable(annotate):
        raise TypeError("__annotate__ must be callable or None")
    return annotate


def _exact(lazy: LazyAnnotations) -> dict[str, Any]:
    """Return the real dict that belongs to a lazy one, evaluating it the first time."""
    if lazy.values_read is None:
        lazy.values_read = _evaluated(lazy.annotate)
    return lazy.values_read


class _Attribute:
    """A data descriptor over the host's own one."""

    __slots__ = ("host",)

    def __init__(self, host: Any) -> None:
        self.host = host

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        return self if obj is None else self.get(obj)

    def get(self, obj: Any) -> Any:
        raise NotImplementedError


class _FunctionAnnotations(_Attribute):
    __slots__ = ()

    def get(self, function: Any) -> Any:
        stored = self.host.__get__(function)
        return _exact(stored) if type(stored) is LazyAnnotations else stored

    def __set__(self, function: Any, annotations: Any) -> None:
        if annotations is not None and not isinstance(annotations, dict):
            raise TypeError("__annotations__ must be set to a dict object")
        self.host.__set__(function, annotations)

    def __delete__(self, function: Any) -> None:
        self.host.__set__(function, None)


class _FunctionAnnotate(_Attribute):
    __slots__ = ()

    def get(self, function: Any) -> Any:
        stored = self.host.__get__(function)
        return stored.annotate if type(stored) is LazyAnnotations else None

    def __set__(self, function: Any, annotate: Any) -> None:
        if _checked(annotate) is not None:
            self.host.__set__(function, LazyAnnotations(annotate))
            return
        stored = self.host.__get__(function)
        if type(stored) is LazyAnnotations:
            self.host.__set__(function, stored.values_read)

    def __delete__(self, function: Any) -> None:
        raise TypeError("__annotate__ cannot be deleted")


class _ClassAnnotations(_Attribute):
    """What a class evaluated is kept under ``__annotations_cache__``; ``__annotations__`` is what somebody put there."""

    __slots__ = ()

    def get(self, cls: Any) -> Any:
        if not cls.__flags__ & _HEAP_TYPE:
            raise AttributeError(f"type object '{cls.__name__}' has no attribute '__annotations__'")
        own = _own(cls)
        stored = own.get("__annotations__")
        if type(stored) is LazyAnnotations:
            stored = None
        if stored is None:
            stored = own.get(_CACHE)
        if stored is not None:
            get = getattr(type(stored), "__get__", None)
            return stored if get is None else get(stored, None, cls)
        annotate = _annotate_of(cls)
        annotations = {} if annotate is None else _evaluated(annotate)
        if not cls.__flags__ & _IMMUTABLE:
            self.drop_lazy(cls)
            type.__setattr__(cls, _CACHE, annotations)
        return annotations

    def __set__(self, cls: Any, annotations: Any) -> None:
        self.refuse_immutable(cls, "set")
        self.drop_lazy(cls)
        if "__annotations__" in _own(cls):
            self.host.__set__(cls, annotations)
        else:
            type.__setattr__(cls, _CACHE, annotations)
        type.__setattr__(cls, _STORED, None)

    def __delete__(self, cls: Any) -> None:
        self.refuse_immutable(cls, "delete")
        self.drop_lazy(cls)
        if "__annotations__" in _own(cls):
            self.host.__delete__(cls)
        elif _CACHE in _own(cls):
            type.__delattr__(cls, _CACHE)
        elif _annotate_of(cls) is None:
            raise AttributeError("__annotations__")
        type.__setattr__(cls, _STORED, None)

    def refuse_immutable(self, cls: Any, what: str) -> None:
        if cls.__flags__ & _IMMUTABLE:
            raise TypeError(f"cannot {what} '__annotations__' attribute of immutable type '{cls.__name__}'")

    def drop_lazy(self, cls: Any) -> None:
        """Keep of a lazy dict only its annotate function, where 3.14 has it."""
        if type(lazy := _own(cls).get("__annotations__")) is LazyAnnotations:
            if _STORED not in _own(cls):
                type.__setattr__(cls, _STORED, _annotate_of(cls) or lazy.annotate)
            self.host.__delete__(cls)


class _ClassAnnotate(_Attribute):
    __slots__ = ()

    def get(self, cls: Any) -> Any:
        if not cls.__flags__ & _HEAP_TYPE:
            raise AttributeError(f"type object '{cls.__name__}' has no attribute '__annotate__'")
        return _annotate_of(cls)

    def __set__(self, cls: Any, annotate: Any) -> None:
        if cls.__flags__ & _IMMUTABLE:
            raise TypeError(f"cannot set '__annotate__' attribute of immutable type '{cls.__name__}'")
        type.__setattr__(cls, _STORED, _checked(annotate))
        own = _own(cls)
        if type(own.get("__annotations__")) is LazyAnnotations or (annotate is not None and "__annotations__" in own):
            self.host.__delete__(cls)
        if annotate is not None and _CACHE in own:
            type.__delattr__(cls, _CACHE)

    def __delete__(self, cls: Any) -> None:
        raise TypeError("cannot delete __annotate__ attribute")


class _ModuleAnnotations(_Attribute):
    __slots__ = ()

    def get(self, module: Any) -> Any:
        names = module.__dict__
        stored = names.get("__annotations__")
        if stored is not None and type(stored) is not LazyAnnotations:
            return stored
        annotate = names.get("__annotate__")
        annotations = {} if annotate is None else _evaluated(annotate)
        # A module that is still running may get more of them.
        if not getattr(names.get("__spec__"), "_initializing", False):
            names["__annotations__"] = annotations
        return annotations

    def __set__(self, module: Any, annotations: Any) -> None:
        module.__dict__["__annotations__"] = annotations
        module.__dict__.pop("__annotate__", None)

    def __delete__(self, module: Any) -> None:
        if module.__dict__.pop("__annotations__", None) is None:
            raise AttributeError("__annotations__")
        module.__dict__.pop("__annotate__", None)


class _ModuleAnnotate(_Attribute):
    __slots__ = ()

    def get(self, module: Any) -> Any:
        return module.__dict__.setdefault("__annotate__", None)

    def __set__(self, module: Any, annotate: Any) -> None:
        module.__dict__["__annotate__"] = _checked(annotate)
        if annotate is not None:
            module.__dict__.pop("__annotations__", None)

    def __delete__(self, module: Any) -> None:
        raise TypeError("cannot delete __annotate__ attribute")


def _own(cls: type) -> Any:
    return type.__dict__["__dict__"].__get__(cls)


def _annotate_of(cls: type) -> Any:
    own = _own(cls)
    if _STORED in own:
        return own[_STORED]
    stored = own.get("__annotate__")
    if type(stored) is ClassAnnotate:
        return stored.annotate
    if stored is not None and not isinstance(stored, types.FunctionType) and hasattr(type(stored), "__get__"):
        return stored.__get__(None, cls)
    return stored
