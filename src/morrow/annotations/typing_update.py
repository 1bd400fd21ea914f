"""typing as in 3.14: one ForwardRef, and type hints, named tuples and typed dicts that evaluate when asked.

Sources: PEP 649, PEP 749, the documentation of typing and annotationlib, and what CPython 3.14 answers.
"""

from __future__ import annotations

import functools
import operator
import sys
import types
from typing import Any

from morrow_runtime.forwardref import ForwardRef
from morrow_runtime.lazy_annotations import exclude_from_protocols

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
    _defer_fields(typing.NamedTupleMeta, _finish_named_tuple)
    _defer_fields(typing._TypedDictMeta, _finish_typed_dict)


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
            names, more_names = _names_of_class(base, globalns, localns)
            for name, value in annotations.items():
                hints[name] = _hint(value, names, more_names, base, format, is_class=True)
        return hints if include_extras or format == STRING else _without_extras(hints)
    found = get_annotations(obj, format=format)
    if not found and not _may_have_hints(obj):
        raise TypeError(f"{obj!r} is not a module, class, method, or function.")
    if format == STRING:
        return found
    if globalns is None:
        globalns = vars(obj) if isinstance(obj, types.ModuleType) else getattr(_unwrapped(obj), "__globals__", {})
        if localns is None:
            localns = globalns
    elif localns is None:
        localns = globalns
    is_class = isinstance(obj, types.ModuleType)
    hints = {name: _hint(value, globalns, localns, obj, format, is_class=is_class) for name, value in found.items()}
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
    if isinstance(value, str):
        value = _make(value, module=forward_ref.__forward_module__, owner=owner or forward_ref.__owner__, is_class=forward_ref.__forward_is_class__)
    if owner is None:
        type_params, owner = type_params, forward_ref.__owner__
    if type_params is None:
        type_params = getattr(owner, "__type_params__", ())
    guard = _recursive_guard | {forward_ref.__forward_arg__}
    return _evaluated(_typing()._type_check(value, _NOT_A_TYPE, allow_special_forms=forward_ref.__forward_is_class__), globals, locals, type_params, format, owner, guard)


_NOT_A_TYPE = "Forward references must evaluate to types."


def _typing() -> Any:
    return sys.modules["typing"]


def _may_have_hints(obj: Any) -> bool:
    kinds = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)
    more = (types.WrapperDescriptorType, types.MethodWrapperType, types.MethodDescriptorType)
    return isinstance(obj, kinds + more) or hasattr(obj, "__annotations__") or hasattr(obj, "__annotate__")


def _names_of_class(base: type, globalns: Any, localns: Any) -> tuple[Any, Any]:
    names = getattr(sys.modules.get(base.__module__), "__dict__", {}) if globalns is None else globalns
    if localns is not None:
        return names, localns
    own = dict(vars(base))
    # The class's names come second, as ever: so that a class can have a field `int: int` (CPython bpo-46333).
    return (own, names) if globalns is None else (names, own)


def _unwrapped(obj: Any) -> Any:
    while hasattr(obj, "__wrapped__"):
        obj = obj.__wrapped__
    return obj


def _hint(value: Any, globalns: Any, localns: Any, owner: Any, format: int, *, is_class: bool) -> Any:
    if value is None:
        return type(None)
    if isinstance(value, str):
        value = _make(value, is_class=is_class)
    parameters = getattr(owner, "__type_params__", ())
    return _evaluated(value, globalns, localns, parameters, format, owner, frozenset())


def _without_extras(hints: dict[str, Any]) -> dict[str, Any]:
    strip = _typing()._strip_annotations
    return {name: strip(value) for name, value in hints.items()}


def _make(text: str, **details: Any) -> ForwardRef:
    made = ForwardRef(text, **details)
    made.__forward_code__  # noqa: B018  (text that is no expression is refused here, as ever)
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
    """Evaluate the forward references in a hint; takes what the private functions of 3.11 to 3.14 take."""
    for value in older:
        if isinstance(value, frozenset):
            recursive_guard = value
        else:
            type_params = value
    if not isinstance(type_params, (tuple, list)):
        type_params = ()
    return _evaluated(t, globalns, localns, tuple(type_params), VALUE if format is None else format, owner, recursive_guard)


def _evaluated(t: Any, globalns: Any, localns: Any, type_params: Any, format: int, owner: Any, guard: frozenset[str]) -> Any:
    typing = _typing()
    if isinstance(t, ForwardRef):
        # An owner is only asked for what the caller did not give.
        return evaluate_forward_ref(
            t, owner=owner, globals=globalns, locals=localns, type_params=type_params, format=format, _recursive_guard=guard
        )
    if not isinstance(t, (typing._GenericAlias, types.GenericAlias, types.UnionType)):
        return t
    arguments = t.__args__
    if isinstance(t, types.GenericAlias):
        is_unpacked = getattr(t, "__unpacked__", False)
        arguments = tuple(_make(arg) if isinstance(arg, str) else arg for arg in arguments)
    evaluated = tuple(_evaluated(arg, globalns, localns, type_params, format, owner, guard) for arg in arguments)
    if evaluated == t.__args__ and all(new is old for new, old in zip(evaluated, t.__args__)):
        return t
    if isinstance(t, types.GenericAlias):
        made: Any
        if t.__origin__ is sys.modules["collections.abc"].Callable:
            made = t.__origin__[list(evaluated[:-1]), evaluated[-1]] if _is_plain_callable(evaluated) else t.__origin__[evaluated]
        else:
            made = types.GenericAlias(t.__origin__, evaluated)
        return next(iter(made)) if is_unpacked else made
    if isinstance(t, types.UnionType):
        return functools.reduce(operator.or_, evaluated)
    return t.copy_with(evaluated)


def _is_plain_callable(arguments: tuple[Any, ...]) -> bool:
    typing = _typing()
    return not (len(arguments) == 2 and typing._is_param_expr(arguments[0]))


# -- named tuples and typed dicts ----------------------------------------------------------------------------------------


def _defer_fields(metaclass: Any, finish: Any) -> None:
    """Let the fields of the classes of *metaclass* be evaluated when asked for."""
    original = metaclass.__new__

    @functools.wraps(original)
    def __new__(cls: Any, name: str, bases: Any, ns: Any, *arguments: Any, **named: Any) -> Any:
        from morrow_runtime.evaluate import call_annotate_function
        from morrow_runtime.lazy_annotations import LazyAnnotations
        from morrow_runtime.read import get_annotate_from_class_namespace

        annotations = ns.get("__annotations__")
        if type(annotations) is LazyAnnotations:
            annotate = annotations.annotate
        elif "__annotations__" not in ns:
            annotate = get_annotate_from_class_namespace(ns)
        else:
            annotate = None
        if annotate is None:
            return original(cls, name, bases, ns, *arguments, **named)
        names = {key: value for key, value in ns.items() if key not in ("__annotate__", "__annotate_func__")}
        names["__annotations__"] = call_annotate_function(annotate, FORWARDREF, owner=None)
        made = original(cls, name, bases, names, *arguments, **named)
        finish(made, annotate)
        return made

    metaclass.__new__ = __new__


def _finish_named_tuple(made: Any, annotate: Any) -> None:
    def __annotate__(format: int, /) -> dict[str, Any]:
        return _own_fields(annotate, format, made, lambda name: f"field {name} annotation must be a type")

    _attach(made, __annotate__)
    made.__new__.__annotations__ = dict(made.__annotations__) if not _is_lazy(made) else _lazy(__annotate__)
    made.__new__.__annotate__ = __annotate__


def _finish_typed_dict(made: Any, annotate: Any) -> None:
    message = "TypedDict('Name', {f0: t0, f1: t1, ...}); each t must be a type"

    def __annotate__(format: int, /) -> dict[str, Any]:
        from morrow_runtime.evaluate import call_annotate_function
        from morrow_runtime.read import find_annotate, get_annotations

        out: dict[str, Any] = {}
        for base in made.__orig_bases__ if "__orig_bases__" in made.__dict__ else ():
            base = getattr(base, "__origin__", base)
            if not isinstance(base, type) or not hasattr(base, "__total__"):
                continue
            base_annotate = find_annotate(base)
            found = call_annotate_function(base_annotate, format, owner=base) if base_annotate else get_annotations(base, format=format)
            out.update(found)
        out.update(_own_fields(annotate, format, made, lambda name: message))
        return out

    _attach(made, __annotate__)


def _own_fields(annotate: Any, format: int, owner: Any, message: Any) -> dict[str, Any]:
    from morrow_runtime.evaluate import call_annotate_function

    if format == 2:
        raise NotImplementedError
    found = call_annotate_function(annotate, format, owner=owner)
    if format == STRING:
        return found
    check = _typing()._type_check
    return {name: check(value, message(name), module=owner.__module__) for name, value in found.items()}


def _lazy(annotate: Any) -> Any:
    from morrow_runtime.lazy_annotations import LazyAnnotations

    return LazyAnnotations(annotate)


def _is_lazy(made: Any) -> bool:
    from morrow_runtime.lazy_annotations import LazyAnnotations

    return type(made.__dict__.get("__annotations__")) is LazyAnnotations


def _attach(made: Any, annotate: Any) -> None:
    """Give a finished class an annotate function."""
    from morrow_runtime.lazy_annotations import ClassAnnotate, LazyAnnotations, put_annotations

    annotate.__qualname__ = f"{made.__qualname__}.__annotate__"
    annotate.__module__ = made.__module__
    if type.__dict__.get("__annotate__") is not None:  # exact_attributes
        made.__annotate__ = annotate
        return
    strings = {name: getattr(value, "__forward_arg__", value) for name, value in made.__dict__["__annotations__"].items()}
    put_annotations(made, LazyAnnotations(annotate, strings))
    held = ClassAnnotate(annotate)
    held.__set_name__(made, "__annotate__")
    type.__setattr__(made, "__annotate__", held)
