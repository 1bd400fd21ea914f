"""typing as in 3.14: one ForwardRef, and type hints, named tuples and typed dicts that evaluate when asked.

Sources: PEP 649, PEP 749, the documentation of typing and annotationlib, and what CPython 3.14 answers.
"""

from __future__ import annotations

import functools
import operator
import sys
import types
from keyword import iskeyword

from morrow.annotations import typing_fields
from morrow_runtime.forwardref import ForwardRef
from morrow_runtime.lazy_annotations import exclude_from_protocols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VALUE, FORWARDREF, STRING = 1, 3, 4


def update(typing: Any) -> None:
    """Bring the module *typing* of the host up to date."""
    typing.ForwardRef = ForwardRef
    typing._type_convert = _type_convert
    typing._eval_type = _eval_type
    typing.get_type_hints = get_type_hints
    typing.evaluate_forward_ref = evaluate_forward_ref
    if "evaluate_forward_ref" not in typing.__all__:
        typing.__all__.append("evaluate_forward_ref")
    exclude_from_protocols(typing)
    typing._get_protocol_attrs = _get_protocol_attrs
    typing_fields.update(typing)


def get_type_hints(
    obj: Any,
    globalns: dict[str, Any] | None = None,
    localns: Any = None,
    include_extras: bool = False,
    *,
    format: int = VALUE,
) -> dict[str, Any]:
    """Return the annotations of a class (with its bases), module or callable, with text and forward references evaluated.

    Args:
        globalns, localns: where names are looked up; the object's own by default.
        include_extras: keep ``Annotated[T, ...]`` instead of T.
        format: VALUE, FORWARDREF (what is missing stays a ForwardRef) or STRING (nothing is evaluated).

    Raises:
        NameError: with VALUE, a name is not defined.
        TypeError: *obj* cannot have type hints.
    """
    from morrow_runtime.read import get_annotations

    if getattr(obj, "__no_type_check__", None):
        return {}
    if isinstance(obj, type):
        hints: dict[str, Any] = {}
        for base in reversed(obj.__mro__):
            annotations = get_annotations(base, format=format)
            if format == STRING:
                hints.update(annotations)
                continue
            names = _names_of_class(base, globalns, localns)
            names = _with_type_parameters(_type_parameters_of(base), *names, is_class=True)
            for name, value in annotations.items():
                hints[name] = _hint(value, *names, obj, format, is_class=True)
        return hints if include_extras or format == STRING else _without_extras(hints)
    found = get_annotations(obj, format=format)
    if not found and not _may_have_hints(obj):
        raise TypeError(f"{obj!r} is not a module, class, or callable.")
    if format == STRING:
        return found
    if globalns is None:
        globalns = vars(obj) if isinstance(obj, types.ModuleType) else getattr(_unwrapped(obj), "__globals__", {})
    if localns is None:
        localns = globalns
    names = _with_type_parameters(getattr(obj, "__type_params__", ()), globalns, localns, is_class=False)
    hints = {name: _hint(value, *names, obj, format, is_class=False) for name, value in found.items()}
    return hints if include_extras else _without_extras(hints)


def evaluate_forward_ref(
    forward_ref: ForwardRef,
    *,
    owner: object = None,
    globals: dict[str, Any] | None = None,
    locals: Any = None,
    type_params: Any = None,
    format: int | None = None,
    _recursive_guard: frozenset[str] = frozenset(),
) -> Any:
    """Evaluate a forward reference as a type hint, with those nested in it. Arguments as for `ForwardRef.evaluate`."""
    if format == STRING:
        return forward_ref.__forward_arg__
    if forward_ref.__forward_arg__ in _recursive_guard:
        return forward_ref
    format = VALUE if format is None else format
    value = forward_ref.evaluate(globals=globals, locals=locals, type_params=type_params, owner=owner, format=format)
    if isinstance(value, ForwardRef) and format == FORWARDREF:
        return value
    owner = forward_ref.__owner__ if owner is None else owner
    if isinstance(value, str):
        value = _make(value, module=forward_ref.__forward_module__, owner=owner, is_class=forward_ref.__forward_is_class__)
    guard = _recursive_guard | {forward_ref.__forward_arg__}
    return _evaluated(value, globals, locals, type_params, format, owner, guard, parent=forward_ref)


def _typing() -> Any:
    return sys.modules["typing"]


def _may_have_hints(obj: Any) -> bool:
    return isinstance(obj, types.ModuleType) or callable(obj) or hasattr(obj, "__annotations__") or hasattr(obj, "__annotate__")


def _names_of_class(base: type, globalns: Any, localns: Any) -> tuple[Any, Any]:
    names = getattr(sys.modules.get(base.__module__), "__dict__", {}) if globalns is None else globalns
    if localns is not None:
        return names, localns
    own = dict(vars(base))
    # The class's names come second, as ever: so that a class can have a field `int: int` (CPython bpo-46333).
    return (own, names) if globalns is None else (names, own)


def _type_parameters_of(cls: type) -> tuple[Any, ...]:
    found = getattr(cls, "__type_params__", ())
    return found if isinstance(found, tuple) else ()  # type itself on 3.12: the attribute for others


def _with_type_parameters(parameters: Any, globalns: Any, localns: Any, *, is_class: bool) -> tuple[Any, Any]:
    """Let the names of type parameters be found; a name of the class hides one, which hides a name of the module."""
    if not parameters:
        return globalns, localns
    globalns, localns = dict(globalns), dict(localns)
    for parameter in parameters:
        if not is_class or parameter.__name__ not in globalns:
            globalns[parameter.__name__] = parameter
            localns.pop(parameter.__name__, None)
    return globalns, localns


def _unwrapped(obj: Any) -> Any:
    seen: set[int] = set()
    # A chain may bite its own tail (CPython gh-146556).
    first = obj
    while hasattr(obj, "__wrapped__"):
        if id(obj) in seen:
            raise ValueError(f"wrapper loop when unwrapping {first!r}")
        seen.add(id(obj))
        obj = obj.__wrapped__
    return obj


def _hint(value: Any, globalns: Any, localns: Any, owner: Any, format: int, *, is_class: bool) -> Any:
    if value is None:
        return type(None)
    if isinstance(value, str):
        value = _make(value, is_class=is_class)
    value = _evaluated(value, globalns, localns, (), format, owner, frozenset(), prefer_module=True)
    return type(None) if value is None else value


def _without_extras(hints: dict[str, Any]) -> dict[str, Any]:
    strip = _typing()._strip_annotations
    return {name: strip(value) for name, value in hints.items()}


def _make(text: str, **details: Any) -> ForwardRef:
    made = ForwardRef(text, **details)
    if not text.isidentifier() or iskeyword(text):
        made.__forward_code__
    return made


def _type_convert(arg: Any, module: str | None = None, *, allow_special_forms: bool = False, owner: object = None) -> Any:
    """Return what a part of a hint means: None its type, text a forward reference."""
    if arg is None:
        return type(None)
    if isinstance(arg, str):
        return _make(arg, module=module, is_class=allow_special_forms, owner=owner)
    return arg


def _eval_type(
    t: Any,
    globalns: Any,
    localns: Any,
    *older: Any,
    type_params: Any = (),
    recursive_guard: frozenset[str] = frozenset(),
    format: int | None = None,
    owner: object = None,
    **newer: Any,
) -> Any:
    """Evaluate the forward references in a hint: what libraries for older hosts call, with what it takes on any of them.

    As on those, a reference that knows its module is looked up there, and None means its type.
    """
    for value in older:
        if isinstance(value, frozenset):
            recursive_guard = value
        else:
            type_params = value
    if not isinstance(type_params, (tuple, list)):
        type_params = ()
    format = VALUE if format is None else format
    found = _evaluated(t, globalns, localns, tuple(type_params), format, owner, recursive_guard, prefer_module=True)
    return type(None) if found is None else found


def _evaluated(
    t: Any,
    globalns: Any,
    localns: Any,
    type_params: Any,
    format: int,
    owner: Any,
    guard: frozenset[str],
    *,
    parent: ForwardRef | None = None,
    prefer_module: bool = False,
) -> Any:
    """Evaluate the forward references in a hint.

    Args:
        parent: the forward reference that it comes from, whose module and owner text in it shares.
        prefer_module: a reference that knows its module is looked up there rather than in *globalns*.
    """
    if type(t) is type:  # nearly always
        return t
    if isinstance(t, ForwardRef):
        if prefer_module and t.__forward_module__ is not None:
            globalns = globalns if t.__forward_module__ not in sys.modules else None
            if parameters := getattr(owner, "__type_params__", None):
                names = getattr(sys.modules.get(t.__forward_module__), "__dict__", None)
                if names is not None:
                    globalns = {**names, **{parameter.__name__: parameter for parameter in parameters}}
        return evaluate_forward_ref(
            t, owner=owner, globals=globalns, locals=localns, type_params=type_params, format=format, _recursive_guard=guard
        )
    if not isinstance(t, (sys.modules["typing"]._GenericAlias, types.GenericAlias, types.UnionType)):
        return t
    if isinstance(t, types.GenericAlias) and (getattr(t, "__unpacked__", False) or str in map(type, t.__args__)):
        t = _with_references(t, parent)
    evaluated = tuple(
        [
            arg if type(arg) is type else _evaluated(arg, globalns, localns, type_params, format, owner, guard, prefer_module=prefer_module)
            for arg in t.__args__
        ]
    )
    if evaluated == t.__args__:
        return t
    if isinstance(t, types.GenericAlias):
        return types.GenericAlias(t.__origin__, evaluated)
    if isinstance(t, types.UnionType):
        return functools.reduce(operator.or_, evaluated)
    return t.copy_with(evaluated)


def _with_references(t: types.GenericAlias, parent: ForwardRef | None) -> Any:
    """Return ``list["X"]`` with a forward reference in the place of its text, and ``*tuple[...]`` as Unpack."""
    details = {}
    if parent is not None:
        details = {"module": parent.__forward_module__, "owner": parent.__owner__, "is_class": parent.__forward_is_class__}
    arguments = tuple(_make(arg, **details) if isinstance(arg, str) else arg for arg in t.__args__)
    made: Any
    if t.__origin__ is sys.modules["collections.abc"].Callable and _is_plain_callable(arguments):
        made = t.__origin__[list(arguments[:-1]), arguments[-1]]
    else:
        made = t.__origin__[arguments]  # type: ignore[index]
    return _typing().Unpack[made] if getattr(t, "__unpacked__", False) else made


def _is_plain_callable(arguments: tuple[Any, ...]) -> bool:
    typing = _typing()
    return not (len(arguments) == 2 and typing._is_param_expr(arguments[0]))


def _get_protocol_attrs(cls: Any) -> set[str]:
    """Return the names of a protocol's members: what its classes define or only annotate, be it there yet or not."""
    from morrow_runtime.read import get_annotations

    typing = _typing()
    members: set[str] = set()
    for base in cls.__mro__[:-1]:
        if base.__name__ in ("Protocol", "Generic"):
            continue
        for name in (*base.__dict__, *get_annotations(base, format=FORWARDREF)):
            if not name.startswith("_abc_") and name not in typing.EXCLUDED_ATTRIBUTES:
                members.add(name)
    return members
