"""TypeVar, ParamSpec and TypeVarTuple on a host where they are written in Python: completed in place.

In place, because then ``type(T) is typing.TypeVar`` holds for every type parameter, however it was made, and because
``typing.TypeVar("T", default=int)`` should work too. Values given at once are kept as functions that return them, so
that both kinds are read in one way; ``functools.lru_cache`` and ``operator.methodcaller`` are written in C and add no
frame between a reader of ``__bound__`` and the expression of the bound.
"""

from __future__ import annotations

import functools
import operator
import typing
from sys import _getframe  # kept: programs may take sys._getframe away

from morrow_runtime.evaluators import NoDefault, const, prepare_with_default

Evaluator = typing.Callable[..., object]

_KINDS = {"bound": None, "constraints": (), "default": NoDefault}



def _read(kind: str) -> property:
    """``__bound__`` and its kin: evaluated when read, remembered once it succeeded."""
    call = operator.methodcaller(f"_morrow_{kind}")

    def write(self: object, value: object) -> None:
        _keep(self, kind, value)

    return property(call, write)


def _keep(parameter: object, kind: str, value: object) -> None:
    parameter.__dict__[f"_morrow_{kind}"] = lambda: value
    parameter.__dict__[f"_morrow_evaluate_{kind}"] = None if value is None or value == () else const(value)


def _keep_lazy(parameter: object, kind: str, evaluate: Evaluator) -> None:
    parameter.__dict__[f"_morrow_{kind}"] = functools.lru_cache(maxsize=None)(evaluate)
    parameter.__dict__[f"_morrow_evaluate_{kind}"] = evaluate


def _evaluator(kind: str) -> property:
    def get(self: object) -> object:
        return self.__dict__.get(f"_morrow_evaluate_{kind}")

    get.__name__ = f"evaluate_{kind}"
    return property(get)


def _has_default(self: object) -> bool:
    """Return whether this type parameter has a default."""
    evaluate = self.__dict__.get("_morrow_evaluate_default")
    return evaluate is not None and getattr(evaluate, "value", None) is not NoDefault


def _type_var_init(
    self: typing.Any,
    name: str,
    *constraints: object,
    bound: object = None,
    default: object = NoDefault,
    covariant: bool = False,
    contravariant: bool = False,
    infer_variance: bool = False,
) -> None:
    _check_variance(covariant, contravariant, infer_variance)
    if constraints and bound is not None:
        raise TypeError("Constraints cannot be combined with bound=...")
    if len(constraints) == 1:
        raise TypeError("A single constraint is not allowed")
    check = typing._type_check  # type: ignore[attr-defined]
    self.__name__ = name
    self.__covariant__, self.__contravariant__, self.__infer_variance__ = covariant, contravariant, infer_variance
    self.__bound__ = None if bound is None else check(bound, "Bound must be a type.")
    self.__constraints__ = tuple(check(c, "TypeVar(name, constraint, ...): constraints must be types.") for c in constraints)
    self.__default__ = default
    _set_module(self)


def _param_spec_init(
    self: typing.Any,
    name: str,
    *,
    bound: object = None,
    default: object = NoDefault,
    covariant: bool = False,
    contravariant: bool = False,
    infer_variance: bool = False,
) -> None:
    _check_variance(covariant, contravariant, infer_variance)
    self.__name__ = name
    self.__covariant__, self.__contravariant__, self.__infer_variance__ = covariant, contravariant, infer_variance
    self.__bound__ = None if bound is None else typing._type_check(bound, "Bound must be a type.")  # type: ignore[attr-defined]
    self.__default__ = default
    _set_module(self)


def _type_var_tuple_init(self: typing.Any, name: str, *, default: object = NoDefault) -> None:
    self.__name__ = name
    self.__default__ = default
    _set_module(self)


def _set_module(parameter: typing.Any) -> None:
    # The caller of TypeVar(...): the frame above __init__.
    module = _getframe(2).f_globals.get("__name__")
    if module != "typing":
        parameter.__module__ = module


def _check_variance(covariant: bool, contravariant: bool, infer_variance: bool) -> None:
    if covariant and contravariant:
        raise ValueError("Bivariant types are not supported.")
    if infer_variance and (covariant or contravariant):
        raise ValueError("Variance cannot be specified with infer_variance.")


def _repr(self: typing.Any) -> str:
    if self.__dict__.get("__infer_variance__"):
        return str(self.__name__)
    return ("+" if self.__covariant__ else "-" if self.__contravariant__ else "~") + self.__name__


def _tuple_prepare(self: object, alias: object, args: tuple[object, ...]) -> tuple[object, ...]:
    """The host's own rule; before it, a TypeVarTuple that would get nothing gets its default."""
    return _host_tuple_prepare(self, alias, prepare_with_default(self, alias, args))


def _param_spec_prepare(self: object, alias: object, args: tuple[object, ...]) -> tuple[object, ...]:
    return _host_param_spec_prepare(self, alias, prepare_with_default(self, alias, args))


_host_tuple_prepare = typing.TypeVarTuple.__typing_prepare_subst__  # type: ignore[attr-defined]
_host_param_spec_prepare = typing.ParamSpec.__typing_prepare_subst__  # type: ignore[attr-defined]

for _kind in _KINDS:
    for _type in (typing.TypeVar, typing.ParamSpec, typing.TypeVarTuple):
        if _kind == "default" or _type is typing.TypeVar or _kind == "bound" and _type is typing.ParamSpec:
            setattr(_type, f"__{_kind}__", _read(_kind))
            # What a parameter made before this module was imported has: the plain value in its dictionary.
            setattr(_type, f"_morrow_{_kind}", lambda self, _kind=_kind: self.__dict__.get(f"__{_kind}__", _KINDS[_kind]))
            if _type is typing.TypeVar or _kind == "default":
                setattr(_type, f"evaluate_{_kind}", _evaluator(_kind))
for _type in (typing.TypeVar, typing.ParamSpec, typing.TypeVarTuple):
    _type.has_default = _has_default  # type: ignore[attr-defined]
typing.TypeVar.__init__ = _type_var_init  # type: ignore[method-assign,assignment]
typing.ParamSpec.__init__ = _param_spec_init  # type: ignore[method-assign,assignment]
typing.TypeVarTuple.__init__ = _type_var_tuple_init  # type: ignore[method-assign,assignment]
typing.TypeVar.__repr__ = typing.ParamSpec.__repr__ = _repr  # type: ignore[method-assign,assignment]
typing.TypeVar.__typing_prepare_subst__ = prepare_with_default  # type: ignore[attr-defined]
typing.TypeVarTuple.__typing_prepare_subst__ = _tuple_prepare  # type: ignore[attr-defined]
typing.ParamSpec.__typing_prepare_subst__ = _param_spec_prepare  # type: ignore[attr-defined]
for _type in (typing.TypeVar, typing.ParamSpec):
    _type.__infer_variance__ = False  # type: ignore[attr-defined]


def type_var(
    name: str,
    bound: Evaluator | None = None,
    constraints: Evaluator | None = None,
    default: Evaluator | None = None,
) -> object:
    """Make the TypeVar of a type parameter; each of the others is a function that gives the value when asked."""
    made = _bare(typing.TypeVar, name)
    made.__covariant__ = made.__contravariant__ = False
    made.__infer_variance__ = True
    return _finish(made, bound=bound, constraints=constraints, default=default)


def param_spec(name: str, default: Evaluator | None = None) -> object:
    """Make the ParamSpec of a type parameter ``**name``."""
    made = _bare(typing.ParamSpec, name)
    made.__covariant__ = made.__contravariant__ = False
    made.__infer_variance__ = True
    return _finish(made, bound=None, default=default)


def type_var_tuple(name: str, default: Evaluator | None = None) -> object:
    """Make the TypeVarTuple of a type parameter ``*name``."""
    return _finish(_bare(typing.TypeVarTuple, name), default=default)


def _bare(kind: type, name: str) -> typing.Any:
    made = object.__new__(kind)
    made.__name__ = name  # type: ignore[attr-defined]
    return made


def _finish(made: object, **evaluators: Evaluator | None) -> object:
    for kind, evaluate in evaluators.items():
        if evaluate is None:
            _keep(made, kind, _KINDS[kind])
            made.__dict__[f"_morrow_evaluate_{kind}"] = None
        else:
            _keep_lazy(made, kind, evaluate)
    return made
