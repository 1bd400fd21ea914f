"""typing.TypeAliasType for hosts that lack it (PEP 695; Objects/typevarobject.c)."""

from __future__ import annotations

import functools
import operator
import sys
import types
import typing
from collections.abc import Callable, Iterator
from sys import _getframe  # kept: programs may take sys._getframe away

from morrow_runtime.evaluators import NoDefault, const

__all__ = ["TypeAliasType", "lazy_alias"]

_READ_ONLY = ("__name__", "__type_params__", "__parameters__", "__value__", "__module__", "evaluate_value")


class _AliasMeta(type):
    """Makes TypeAliasType look like a type written in C: immutable, final, its module part of its name in errors."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        return cls.__qualname__

    @property
    def __module__(cls) -> str:  # type: ignore[override]
        return "typing"

    def __repr__(cls) -> str:
        return "<class 'typing.TypeAliasType'>"

    def __setattr__(cls, name: str, value: object) -> None:
        raise TypeError(f"cannot set {name!r} attribute of immutable type 'typing.TypeAliasType'")

    def __delattr__(cls, name: str) -> None:
        raise TypeError(f"cannot delete {name!r} attribute of immutable type 'typing.TypeAliasType'")


class _TypeAliasType(metaclass=_AliasMeta):
    """Type alias.  ``type name = value``, or TypeAliasType(name, value, *, type_params=())."""

    __slots__ = ("_name", "_type_params", "_module", "_evaluate", "_value", "__weakref__")

    def __new__(cls, name: str, value: object, *, type_params: tuple[object, ...] = ()) -> _TypeAliasType:
        if not isinstance(name, str):
            raise TypeError(f"typealias() argument 'name' must be str, not {type(name).__name__}")
        if not isinstance(type_params, tuple):
            raise TypeError("type_params must be a tuple")
        with_default = None
        for parameter in type_params:
            if not isinstance(parameter, (typing.TypeVar, typing.ParamSpec, typing.TypeVarTuple)):
                raise TypeError(f"Expected a type param, got {parameter!r}")
            if getattr(parameter, "__default__", NoDefault) is not NoDefault:
                with_default = parameter
            elif with_default is not None:
                raise TypeError(f"non-default type parameter '{parameter!r}' follows default type parameter")
        module = _getframe(1).f_globals.get("__name__")
        return _fill(name, type_params, module, const(value), lambda: value)

    def __init_subclass__(cls) -> None:
        raise TypeError("type 'typing.TypeAliasType' is not an acceptable base type")

    @property
    def __name__(self) -> str:
        return self._name  # type: ignore[attr-defined,no-any-return]

    @property
    def __type_params__(self) -> tuple[object, ...]:
        return self._type_params  # type: ignore[attr-defined,no-any-return]

    @property
    def __parameters__(self) -> tuple[object, ...]:
        return tuple(
            typing.Unpack[p] if isinstance(p, typing.TypeVarTuple) else p  # type: ignore[misc,valid-type]
            for p in self._type_params  # type: ignore[attr-defined]
        )

    # Written in C, so that an error in the value shows no frame of ours.
    __value__ = property(operator.methodcaller("_value"))

    @property
    def evaluate_value(self) -> object:
        return self._evaluate  # type: ignore[attr-defined]

    # Properties of the instances; the type's own module is the metaclass's affair.
    __module__ = property(operator.attrgetter("_module"))  # type: ignore[assignment]
    __class__ = property(lambda self: _class_shown())  # type: ignore[assignment]

    def __setattr__(self, name: str, value: object) -> None:
        if name in _READ_ONLY:
            raise AttributeError(
                "readonly attribute"
                if name == "__name__"
                else f"attribute '{name}' of 'typing.TypeAliasType' objects is not writable"
            )
        raise AttributeError(
            f"'typing.TypeAliasType' object has no attribute '{name}' and no __dict__ for setting new attributes"
        )

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __getitem__(self, arguments: object) -> object:
        if not self._type_params:  # type: ignore[attr-defined]
            raise TypeError("Only generic type aliases are subscriptable")
        if isinstance(arguments, tuple):
            return types.GenericAlias(self, tuple(map(_listed, arguments)))  # type: ignore[arg-type]
        return types.GenericAlias(self, _listed(arguments))  # type: ignore[arg-type]

    def __or__(self, other: object) -> object:
        return _union(self, other)

    def __ror__(self, other: object) -> object:
        return _union(other, self)

    def __iter__(self) -> Iterator[object]:
        yield typing.Unpack[self]  # type: ignore[misc,valid-type]

    def __repr__(self) -> str:
        return self._name  # type: ignore[attr-defined,no-any-return]

    def __reduce__(self) -> str:
        return self._name  # type: ignore[attr-defined,no-any-return]


_set_name = _TypeAliasType.__dict__["_name"].__set__
_set_type_params = _TypeAliasType.__dict__["_type_params"].__set__
_set_module = _TypeAliasType.__dict__["_module"].__set__
_set_evaluate = _TypeAliasType.__dict__["_evaluate"].__set__
_set_value = _TypeAliasType.__dict__["_value"].__set__


def _fill(
    name: str, parameters: tuple[object, ...], module: str | None, evaluate: object, value: Callable[[], object]
) -> _TypeAliasType:
    self = object.__new__(_TypeAliasType)
    _set_name(self, name)
    _set_type_params(self, parameters)
    _set_module(self, module)
    _set_evaluate(self, evaluate)
    _set_value(self, value)
    return self


def lazy_alias(name: str, evaluate: Callable[..., object], parameters: tuple[object, ...]) -> object:
    """Make an alias whose value is what *evaluate* returns when it is first asked for."""
    return _fill(name, parameters, evaluate.__module__, evaluate, functools.lru_cache(maxsize=None)(evaluate))


def _class_shown() -> type:
    """Return what ``alias.__class__`` says.

    typing_extensions and whoever asks it know an alias by its own TypeAliasType where typing has none; isinstance asks
    ``__class__`` after ``type()``, so saying so makes an alias an instance of both.
    """
    extensions = sys.modules.get("typing_extensions")
    return getattr(extensions, "TypeAliasType", _TypeAliasType)


class _ArgumentList(list):  # type: ignore[type-arg]
    """The arguments for a ParamSpec; types in it print by name, as newer hosts print them in an alias."""

    def __repr__(self) -> str:
        return f"[{', '.join(map(_shown, self))}]"


def _listed(argument: object) -> object:
    return _ArgumentList(map(_listed, argument)) if type(argument) is list else argument


def _shown(value: object) -> str:
    if value is ...:
        return "..."
    if isinstance(value, type) and not isinstance(value, types.GenericAlias):
        return value.__qualname__ if value.__module__ == "builtins" else f"{value.__module__}.{value.__qualname__}"
    return repr(value)


class _AliasUnion(typing._UnionGenericAlias, _root=True):  # type: ignore[call-arg,misc,name-defined]
    """``Alias | other``. The host's union of types takes no alias; this one is an instance of it all the same."""

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return types.UnionType


def _union(left: object, right: object) -> object:
    made = typing.Union[left, right]
    if type(made) is typing._UnionGenericAlias:  # type: ignore[attr-defined]
        return _AliasUnion(typing.Union, made.__args__)
    return made


type.__setattr__(_TypeAliasType, "__qualname__", "TypeAliasType")
type.__dict__["__name__"].__set__(_TypeAliasType, "typing.TypeAliasType")
TypeAliasType = _TypeAliasType
