"""Read the annotations of any object in any format: functions, classes, modules, wrapped and home-made things."""

from __future__ import annotations

import sys
import types

from morrow_runtime.annotation_attributes import ClassAnnotate, annotations_of, find_class_annotate
from morrow_runtime.evaluate import call_annotate_function
from morrow_runtime.formats import Format, annotations_to_string
from morrow_runtime.lazy_annotations import LAZY, annotations_of_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any


def get_annotations(
    obj: Any,
    *,
    globals: dict[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    eval_str: bool = False,
    format: int = Format.VALUE,
) -> dict[str, Any]:
    """Return the annotations of *obj* as a new dict; of a class, only its own.

    Args:
        obj: a function, class, module, other callable, or any object with `__annotations__` or `__annotate__`.
        globals, locals: where text is evaluated with *eval_str*; by default the object's own.
        eval_str: evaluate values that are text; only with VALUE.
        format: a `Format`. VALUE and FORWARDREF read `__annotations__` first, STRING calls `__annotate__` first.

    Raises:
        TypeError: *obj* is nothing that could have annotations.
        ValueError: *eval_str* with another format, or a format that cannot be asked for.
        NameError: with VALUE, a name is not defined yet.
    """
    if eval_str and format != Format.VALUE:
        raise ValueError("eval_str=True is only supported with format=Format.VALUE")
    if format == Format.VALUE:
        found = _read_annotations(obj)
        if found is None:
            found = _call_annotate(obj, format)
    elif format == Format.FORWARDREF:
        try:
            found = _read_annotations(obj)
        except Exception:
            # Not all of it can be evaluated now, which is what this format is for.
            found = _call_annotate(obj, format)
            if found is None:
                raise
        if found is None:
            found = _call_annotate(obj, format)
    elif format == Format.STRING:
        found = _call_annotate(obj, format)
        if found is None:
            found = _read_annotations(obj)
            if found is not None:
                found = annotations_to_string(_checked(found, obj))
    elif format == Format.VALUE_WITH_FAKE_GLOBALS:
        raise ValueError("The VALUE_WITH_FAKE_GLOBALS format is for internal use only")
    else:
        raise ValueError(f"Unsupported format {format!r}")
    if found is None:
        if isinstance(obj, type) or callable(obj):
            return {}
        raise TypeError(f"{obj!r} does not have annotations")
    found = dict(_checked(found, obj))
    if eval_str and found:
        found = _evaluate_text(found, obj, globals, locals)
    return found


def get_annotate_from_class_namespace(obj: Mapping[str, Any]) -> Callable[[int], dict[str, Any]] | None:
    """Return the annotate function in the namespace that a metaclass is given, or None if the class has none."""
    try:
        found = obj["__annotate__"]
    except KeyError:
        found = obj.get("__annotate_func__")
    return found.annotate if type(found) is ClassAnnotate else found


def find_annotate(obj: Any) -> Callable[[int], dict[str, Any]] | None:
    """Return the annotate function of *obj* that still holds, or None."""
    return find_class_annotate(obj) if isinstance(obj, type) else getattr(obj, "__annotate__", None)


def _read_annotations(obj: Any) -> dict[str, Any] | None:
    if isinstance(obj, type):
        try:
            return annotations_of_class(obj)
        except AttributeError:
            return None  # a static built-in type
    function = obj.__func__ if type(obj) is types.MethodType else obj
    if type(function) is types.FunctionType:  # by its type: a proxy may say that its class is that
        return annotations_of(function)
    found = getattr(obj, "__annotations__", None)
    if type(found) in LAZY:
        if (annotate := getattr(obj, "__annotate__", None)) is not found.annotate and annotate is not None:
            return _call_annotate(obj, Format.VALUE)  # set by hand after the definition
        return found.filled()
    return found


def _checked(found: Any, obj: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError(f"{obj!r}.__annotations__ is neither a dict nor None")
    return found


def _call_annotate(obj: Any, format: int) -> dict[str, Any] | None:
    annotate = find_annotate(obj)
    if annotate is None:
        return None
    found = call_annotate_function(annotate, format, owner=obj)
    if not isinstance(found, dict):
        raise ValueError(f"{obj!r}.__annotate__ returned a non-dict")
    return found


def _evaluate_text(
    annotations: dict[str, Any], obj: Any, globals: dict[str, Any] | None, locals: Mapping[str, Any] | None
) -> dict[str, Any]:
    own_globals: dict[str, Any] | None = None
    own_locals: Mapping[str, Any] | None = None
    inner = obj
    if isinstance(obj, type):
        own_globals = getattr(sys.modules.get(obj.__module__), "__dict__", None)
        own_locals = dict(vars(obj))
    elif isinstance(obj, types.ModuleType):
        own_globals = obj.__dict__
    elif callable(obj):
        for inner in _unwrapped(obj):
            own_globals = getattr(inner, "__globals__", own_globals)
    if globals is None:
        globals = own_globals
    if locals is None:
        locals = own_locals
    names = dict(locals) if locals is not None else {}
    if parameters := getattr(inner, "__type_params__", None):
        # A name of the class body hides a type parameter; a type parameter hides a global.
        names = {parameter.__name__: parameter for parameter in parameters} | names
    return {
        name: eval(_one_expression(value), globals, names) if isinstance(value, str) else value
        for name, value in annotations.items()
    }


def _unwrapped(obj: Any) -> Iterator[Any]:
    """Yield *obj* and what it wraps, innermost last: ``__wrapped__`` and partial objects; stops where the chain bites its tail."""
    seen: set[int] = set()
    # Whoever made a partial has imported functools.
    partial = getattr(sys.modules.get("functools"), "partial", None)
    while id(obj) not in seen:
        yield obj
        seen.add(id(obj))
        if hasattr(obj, "__wrapped__"):
            obj = obj.__wrapped__
        elif partial is not None and isinstance(obj, partial):
            obj = obj.func


def _one_expression(text: str) -> str:
    text = text.lstrip()
    return f"({text},)[0]" if text.startswith("*") else text


get_annotations.__module__ = get_annotate_from_class_namespace.__module__ = "annotationlib"
