"""Names of 3.14's typing that are small enough to be written again (Lib/typing.py; PEPs 698, 705, 742)."""

from __future__ import annotations

import typing

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


for _function in (override, is_protocol, get_protocol_members):
    _function.__module__ = "typing"
