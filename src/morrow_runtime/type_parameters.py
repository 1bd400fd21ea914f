"""Type parameters and type aliases as values, on hosts that lack them or lack a part of them (PEP 695, 696, 649).

Three kinds of host, told apart by what they can do, not by number:

- no type parameter syntax (`_NATIVE` is false): typing.TypeVar and its kin are written in Python. They are completed in
  place, so that there is one TypeVar in the process: lazy bounds, defaults, ``evaluate_*``, ``infer_variance``;
- syntax, but a part missing: the host's own objects are made with the host's own instructions, and what is missing
  (``__default__``, ``has_default``, ``evaluate_*``) is added to their types;
- everything there: the host's own objects, nothing is added.

No frame of this module shows in a traceback: what runs user code (a bound, a value, a class statement) is called from C.
"""

from __future__ import annotations

import functools
import gc
import opcode
import operator
import sys
import types
import typing
from collections.abc import Callable
from sys import _getframe  # kept: programs may take sys._getframe away

from morrow_runtime.evaluators import NoDefault, const, prepare_with_default

__all__ = [
    "NoDefault",
    "TypeAliasType",
    "alias",
    "function",
    "generic",
    "generic_base",
    "class_namespace",
    "load_global",
    "no_format",
    "param_spec",
    "same",
    "type_var",
    "type_var_tuple",
]

Evaluator = Callable[..., object]

_NATIVE = "CALL_INTRINSIC_1" in opcode.opmap and "INTRINSIC_TYPEVAR" in getattr(opcode, "_intrinsic_1_descs", ())
_ABSENT = object()

generic: Callable[..., Callable[[Callable[..., object]], object]] = functools.partial(operator.methodcaller, "__call__")
"""Decorate a function that makes a generic object: calls it at once with the given arguments, without a frame."""


def same(value: object) -> object:
    """Decorate with nothing: a class then starts at the line of its first decorator, as CPython has it."""
    return value


def no_format() -> object:
    """Refuse an annotation format that a compiled evaluator cannot give; annotationlib then makes it up."""
    raise NotImplementedError


def load_global(name: str) -> object:
    """Return a global or built-in of the caller, past any variable of that name around it.

    Raises:
        NameError: there is none.
    """
    frame = _getframe(1)
    try:
        return frame.f_globals[name]
    except KeyError:
        pass
    try:
        return frame.f_builtins[name]
    except KeyError:
        raise NameError(f"name {name!r} is not defined", name=name) from None


def class_namespace(namespace: object) -> object:
    """Return a class namespace in which ``in`` tells what a lookup would find, whatever the metaclass prepared."""
    return namespace if type(namespace) is dict else _Prepared(namespace)


class _Prepared:
    """A class namespace of a metaclass's own type: only looking up says whether a name is there."""

    def __init__(self, namespace: typing.Any) -> None:
        self.namespace = namespace

    def __contains__(self, name: str) -> bool:
        try:
            self.namespace[name]
        except KeyError:
            return False
        return True

    def __getitem__(self, name: str) -> object:
        return self.namespace[name]


def function(defaults: tuple[object, ...], keyword_defaults: dict[str, object], parameters: tuple[object, ...]) -> object:
    """Return a decorator that completes a generic function: its defaults and its ``__type_params__``."""

    def complete(made: types.FunctionType) -> types.FunctionType:
        if defaults:
            made.__defaults__ = defaults
        if keyword_defaults:
            made.__kwdefaults__ = keyword_defaults
        made.__type_params__ = parameters  # type: ignore[attr-defined,unused-ignore]
        return made

    return complete


# -- hosts with type parameters of their own: their instructions, called by name ---------------------------------------


def _instruction_1(name: str) -> Callable[[object], object]:
    """Return a function of one argument that does one of the host's CALL_INTRINSIC_1 instructions.

    ``+x`` compiles to such an instruction; this gives it another number.
    """

    def run(x):  # type: ignore[no-untyped-def]
        return +x

    return _with_number(run, "CALL_INTRINSIC_1", opcode._intrinsic_1_descs.index(name))  # type: ignore[attr-defined]


def _instruction_2(name: str) -> Callable[[object, object], object]:
    """The same for CALL_INTRINSIC_2, put in the place of a BINARY_OP and its caches."""

    def run(x, y):  # type: ignore[no-untyped-def]
        return x + y

    return _with_number(run, "BINARY_OP", opcode._intrinsic_2_descs.index(name))  # type: ignore[attr-defined]


def _with_number(run: types.FunctionType, old: str, number: int) -> types.FunctionType:
    words = bytearray(run.__code__.co_code)
    at = next(i for i in range(0, len(words), 2) if words[i] == opcode.opmap[old])
    words[at] = opcode.opmap["CALL_INTRINSIC_1" if old == "CALL_INTRINSIC_1" else "CALL_INTRINSIC_2"]
    words[at + 1] = number
    at += 2
    while words[at] == 0:  # CACHE
        words[at], words[at + 1] = opcode.opmap["NOP"], 0
        at += 2
    run.__code__ = run.__code__.replace(co_code=bytes(words))
    return run


def _types_dict(kind: type) -> dict[str, object]:
    """The writable dictionary behind a type's ``__dict__``."""
    found = gc.get_referents(kind.__dict__)[0]
    assert isinstance(found, dict)
    return found


def _add_attributes(kind: type, attributes: dict[str, object]) -> None:
    """Add attributes to a type that refuses assignment, because it is written in C. Nothing it has is changed."""
    own = _types_dict(kind)
    for name, value in attributes.items():
        own.setdefault(name, value)
    try:
        import ctypes
    except ImportError:  # an interpreter with its own GIL on 3.12: forget who lacks what in the other way there is
        sys._clear_type_cache()
    else:
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _evaluator_of(kind: str) -> property:
    """``evaluate_bound`` and its kin on a host that has lazy bounds but does not show how they are evaluated."""

    def get(self: object) -> object:
        stored = getattr(self, "_morrow_evaluators", None)
        if stored is not None:
            return stored.get(kind)
        value = getattr(self, f"__{kind}__")
        return None if value is None or value == () else const(value)

    get.__name__ = f"evaluate_{kind}"
    return property(get)


def _get_default(self: object) -> object:
    """``__default__`` where the host's TypeVar has none: evaluated once, on first reading."""
    given = getattr(self, "_morrow_default", _ABSENT)
    if given is _ABSENT:
        evaluate = getattr(self, "_morrow_evaluators", {}).get("default")
        given = NoDefault if evaluate is None else evaluate()
        _set_default(self, given)
    return given


def _set_default(self: object, value: object) -> None:
    # typing_extensions, too, gives the host's TypeVar a default by plain assignment.
    self._morrow_default = value  # type: ignore[attr-defined]


def _has_default(self: object) -> bool:
    """Return whether this type parameter has a default."""
    if "default" in getattr(self, "_morrow_evaluators", ()):
        return True
    return getattr(self, "_morrow_default", NoDefault) is not NoDefault


def _evaluate_value(self: object) -> object:
    """``evaluate_value`` of the host's alias, which keeps its evaluator where only the garbage collector shows it."""
    for kept in gc.get_referents(self):
        if isinstance(kept, types.FunctionType) and kept.__code__.co_varnames[:1] == ("format",):
            return kept
    return const(self.__value__)  # type: ignore[attr-defined]


if _NATIVE:
    _make_type_var = _instruction_1("INTRINSIC_TYPEVAR")
    _make_param_spec = _instruction_1("INTRINSIC_PARAMSPEC")
    _make_type_var_tuple = _instruction_1("INTRINSIC_TYPEVARTUPLE")
    _make_alias = _instruction_1("INTRINSIC_TYPEALIAS")
    generic_base = _instruction_1("INTRINSIC_SUBSCRIPT_GENERIC")
    _make_bound = _instruction_2("INTRINSIC_TYPEVAR_WITH_BOUND")
    _make_constrained = _instruction_2("INTRINSIC_TYPEVAR_WITH_CONSTRAINTS")
    _give_default = None
    if "INTRINSIC_SET_TYPEPARAM_DEFAULT" in opcode._intrinsic_2_descs:  # type: ignore[attr-defined]
        _give_default = _instruction_2("INTRINSIC_SET_TYPEPARAM_DEFAULT")

    def type_var(
        name: str,
        bound: Evaluator | None = None,
        constraints: Evaluator | None = None,
        default: Evaluator | None = None,
    ) -> object:
        """Make the TypeVar of a type parameter; each of the others is a function that gives the value when asked."""
        if bound is not None:
            made = _make_bound(name, bound)
        elif constraints is not None:
            made = _make_constrained(name, constraints)
        else:
            made = _make_type_var(name)
        return _finish(made, bound=bound, constraints=constraints, default=default)

    def param_spec(name: str, default: Evaluator | None = None) -> object:
        """Make the ParamSpec of a type parameter ``**name``."""
        return _finish(_make_param_spec(name), default=default)

    def type_var_tuple(name: str, default: Evaluator | None = None) -> object:
        """Make the TypeVarTuple of a type parameter ``*name``."""
        return _finish(_make_type_var_tuple(name), default=default)

    def _finish(made: object, **evaluators: Evaluator | None) -> object:
        default = evaluators.get("default")
        if default is not None and _give_default is not None:
            made = _give_default(made, default)
        if not _HAS_EVALUATORS:
            made._morrow_evaluators = {k: e for k, e in evaluators.items() if e is not None}  # type: ignore[attr-defined]
        return made

    TypeAliasType = typing.TypeAliasType  # type: ignore[attr-defined,unused-ignore]

    def alias(name: str, value: Evaluator, parameters: tuple[object, ...] | None = None) -> object:
        """Make what ``type name[parameters] = ...`` makes; *value* gives the aliased type when asked."""
        return _make_alias((name, parameters, value))

    _HAS_EVALUATORS = hasattr(typing.TypeVar, "evaluate_bound")
    if not _HAS_EVALUATORS:
        _default: dict[str, object] = {"evaluate_default": _evaluator_of("default")}
        if not hasattr(typing.TypeVar, "has_default"):
            _default["__default__"] = property(_get_default, _set_default)
            _default["has_default"] = _has_default
            _default["__typing_prepare_subst__"] = prepare_with_default
        _add_attributes(
            typing.TypeVar,
            {**_default, "evaluate_bound": _evaluator_of("bound"), "evaluate_constraints": _evaluator_of("constraints")},
        )
        _add_attributes(typing.ParamSpec, _default)
        _add_attributes(typing.TypeVarTuple, _default)

        _add_attributes(TypeAliasType, {"evaluate_value": property(_evaluate_value)})

else:
    from morrow_runtime.type_aliases import TypeAliasType, lazy_alias
    from morrow_runtime.type_variables import param_spec, type_var, type_var_tuple

    def generic_base(parameters: tuple[object, ...]) -> object:
        """Return ``Generic[parameters]``, TypeVarTuples unpacked."""
        unpacked = tuple(typing.Unpack[p] if isinstance(p, typing.TypeVarTuple) else p for p in parameters)
        return typing.Generic[unpacked]  # type: ignore[misc,index]

    def alias(name: str, value: Evaluator, parameters: tuple[object, ...] | None = None) -> object:
        """Make what ``type name[parameters] = ...`` makes; *value* gives the aliased type when asked."""
        return lazy_alias(name, value, parameters or ())

    if not hasattr(typing, "TypeAliasType"):
        typing.TypeAliasType = TypeAliasType  # type: ignore[misc,assignment,unused-ignore]
