"""Names of 3.14's typing that are small enough to be written again (Lib/typing.py; PEPs 698, 705, 742)."""

from __future__ import annotations

import typing
from sys import _getframe  # kept: programs may take sys._getframe away

from morrow_runtime.evaluators import NoDefault

__all__ = ["ReadOnly", "TypeIs", "get_protocol_members", "is_protocol", "override"]

_form: typing.Any = typing._SpecialForm  # type: ignore[attr-defined]
_Alias: typing.Any = typing._GenericAlias  # type: ignore[attr-defined]
_check: typing.Any = typing._type_check  # type: ignore[attr-defined]


@_form
def TypeIs(self: object, parameters: object) -> object:
    """The return type of a function that narrows its argument's type: ``def f(x: object) -> TypeIs[int]``."""
    return _Alias(self, (_check(parameters, f"{self} accepts only single type."),))


@_form
def ReadOnly(self: object, parameters: object) -> object:
    """Marks an item of a TypedDict as read-only."""
    return _Alias(self, (_check(parameters, f"{self} accepts only a single type."),))


def override(method: typing.Any, /) -> typing.Any:
    """Indicate that a method is intended to override a method in a base class."""
    try:
        method.__override__ = True
    except (AttributeError, TypeError):
        pass  # as CPython: what takes no attribute goes unmarked
    return method


def is_protocol(tp: type, /) -> bool:
    """Return True if the given type is a Protocol."""
    return isinstance(tp, type) and getattr(tp, "_is_protocol", False) and tp is not typing.Protocol


def get_protocol_members(tp: type, /) -> frozenset[str]:
    """Return the set of members defined in a Protocol.

    Raises:
        TypeError: *tp* is no Protocol.
    """
    if not is_protocol(tp):
        raise TypeError(f"{tp!r} is not a Protocol")
    found = getattr(tp, "__protocol_attrs__", None)
    return frozenset(typing._get_protocol_attrs(tp) if found is None else found)  # type: ignore[attr-defined]


class _TakesDefault(type):
    """The type of a stand-in for a host's class that does not take ``default=``: calls make the host's own objects."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls._host)  # type: ignore[attr-defined]

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls._host)  # type: ignore[attr-defined,no-any-return]

    def __call__(cls, *arguments: object, **keywords: object) -> object:
        default = keywords.pop("default", NoDefault)
        if not arguments and "name" in keywords:
            arguments = (keywords.pop("name"),)  # 3.12.1 crashes on TypeVar(name="T", bound=type)
        made = cls._host(*arguments, **keywords)  # type: ignore[attr-defined]
        made.__default__ = default
        module = _getframe(1).f_globals.get("__name__")
        if module != "typing":
            made.__module__ = module
        return made

    def __getattr__(cls, name: str) -> object:
        return getattr(cls._host, name)  # type: ignore[attr-defined]

    def __repr__(cls) -> str:
        return f"<class 'typing.{cls.__qualname__}'>"

    def __or__(cls, other: object) -> object:
        return cls._host | other  # type: ignore[attr-defined]

    def __ror__(cls, other: object) -> object:
        return other | cls._host  # type: ignore[attr-defined]


def with_default(host: type) -> type:
    """Return what stands for *host*, a typing.TypeVar or its kin, in typing: the same, with ``default=``.

    The host's class is written in C and cannot be given an argument. Its instances stay what they are, so that code
    that asks ``isinstance(T, typing.TypeVar)`` gets the same answer for both.
    """
    # Not marked final for isinstance's sake only: deriving from it fails in the host's words.
    return _TakesDefault(host.__name__, (), {"_host": host, "__module__": "typing", "__doc__": host.__doc__})


for _function in (override, is_protocol, get_protocol_members):
    _function.__module__ = "typing"
