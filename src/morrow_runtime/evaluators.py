"""Evaluators for values that are already there, and the value of a default that is not (Objects/typevarobject.c)."""

from __future__ import annotations

import sys
import types
import typing

VALUE, FAKE_GLOBALS, FORWARDREF, STRING = 1, 2, 3, 4
"""annotationlib.Format, as the numbers that evaluators are called with."""


class _ConstEvaluatorMeta(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        return cls.__qualname__

    def __setattr__(cls, name: str, value: object) -> None:
        raise TypeError(f"cannot set {name!r} attribute of immutable type '_typing._ConstEvaluator'")


class _ConstEvaluator(metaclass=_ConstEvaluatorMeta):
    __slots__ = ("value",)

    def __new__(cls, *args: object) -> _ConstEvaluator:
        raise TypeError("cannot create '_typing._ConstEvaluator' instances")

    def __call__(self, format: int = VALUE, /) -> object:
        if format != STRING:
            return self.value  # type: ignore[attr-defined]
        if isinstance(self.value, tuple):  # type: ignore[attr-defined]
            return f"({', '.join(map(_type_repr, self.value))}{',' * (len(self.value) == 1)})"  # type: ignore[attr-defined]
        return _type_repr(self.value)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"<constevaluator {self.value!r}>"  # type: ignore[attr-defined]


_set_const = _ConstEvaluator.__dict__["value"].__set__
type.__dict__["__name__"].__set__(_ConstEvaluator, "_typing._ConstEvaluator")


def const(value: object) -> _ConstEvaluator:
    """Return what ``evaluate_bound`` and its kin give for a value that was not written lazily."""
    evaluator = object.__new__(_ConstEvaluator)
    _set_const(evaluator, value)
    return evaluator


def _type_repr(value: object) -> str:
    """A value as annotations show it (Objects/typevarobject.c: _Py_typing_type_repr)."""
    if value is ...:
        return "..."
    if value is None or value is types.NoneType:
        return "None"
    if hasattr(value, "__origin__") and hasattr(value, "__args__"):
        return repr(value)
    qualname, module = getattr(value, "__qualname__", None), getattr(value, "__module__", None)
    if isinstance(qualname, str) and module is not None:
        return qualname if module == "builtins" else f"{module}.{qualname}"
    return repr(value)


class _NoDefaultType:
    """The type of the NoDefault singleton."""

    __slots__ = ()
    _only: typing.ClassVar[object]

    def __new__(cls, *args: object) -> _NoDefaultType:
        if args:
            raise TypeError("NoDefaultType takes no arguments")
        return NoDefault

    def __init_subclass__(cls) -> None:
        raise TypeError("type 'typing.NoDefaultType' is not an acceptable base type")

    def __repr__(self) -> str:
        return "typing.NoDefault"

    def __reduce__(self) -> str:
        return "NoDefault"


def _find_no_default() -> object:
    """One NoDefault for the process: typing's own, else the one typing_extensions already gave out, else ours."""
    found = getattr(typing, "NoDefault", None)
    if found is None:
        extensions = sys.modules.get("typing_extensions")
        found = getattr(extensions, "NoDefault", None)
    if found is None:
        _NoDefaultType.__name__ = _NoDefaultType.__qualname__ = "NoDefaultType"
        _NoDefaultType.__module__ = "typing"
        found = object.__new__(_NoDefaultType)
    return found


NoDefault = _find_no_default()
if not hasattr(typing, "NoDefault"):
    # typing_extensions takes typing's when it is there: the two then agree about what "no default" is.
    typing.NoDefault = NoDefault  # type: ignore[misc,assignment]


def prepare_with_default(self: object, alias: object, args: tuple[object, ...]) -> tuple[object, ...]:
    """Give a type parameter that got no argument its default (typing._typevar_subst and kin of newer hosts).

    Raises:
        TypeError: more than one TypeVarTuple.
    """
    parameters = alias.__parameters__  # type: ignore[attr-defined]
    index = parameters.index(self)
    if index < len(args) or index != len(args) or not self.has_default():  # type: ignore[attr-defined]
        return args
    default = self.__default__  # type: ignore[attr-defined]
    return (*args, *default) if isinstance(self, typing.TypeVarTuple) else (*args, default)
