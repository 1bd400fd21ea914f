"""typing.NamedTuple and typing.TypedDict as in 3.14: their fields are evaluated when somebody asks.

The host's metaclasses read ``__annotations__`` of the namespace they are given. They get forward references for what is
not there yet, which is all they need; the finished class gets an annotate function for everybody else.
"""

from __future__ import annotations

import functools
import sys

from morrow_runtime.annotation_attributes import ClassAnnotate, attach, put_annotations
from morrow_runtime.evaluate import call_annotate_function
from morrow_runtime.formats import annotations_to_string
from morrow_runtime.forwardref import ForwardRef
from morrow_runtime.lazy_annotations import LAZY
from morrow_runtime.read import find_annotate, get_annotate_from_class_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

VALUE, FORWARDREF, STRING = 1, 3, 4


def update(typing: Any) -> None:
    """Bring the classes of the host's module *typing* up to date."""
    host_make = typing._make_nmtuple

    @functools.wraps(host_make)
    def _make_nmtuple(name: Any, types: Any, *arguments: Any, **named: Any) -> Any:
        types = {field: _check_field(field, value) for field, value in types}
        made = host_make(name, types.items(), *arguments, **named)
        _finish_named_tuple(made, _Given(types, _check_field))
        return made

    typing._make_nmtuple = _make_nmtuple
    _wrap_new(typing.NamedTupleMeta, _new_named_tuple)
    _wrap_new(typing._TypedDictMeta, _new_typed_dict)


def _wrap_new(metaclass: Any, new: Callable[..., Any]) -> None:
    host_new = metaclass.__new__

    @functools.wraps(host_new)
    def __new__(cls: Any, name: str, bases: Any, ns: Any, *arguments: Any, **named: Any) -> Any:
        annotate = _annotate_in(ns)
        names = ns
        if annotate is not None:
            names = {key: value for key, value in ns.items() if key not in ("__annotate__", "__annotate_func__")}
            names["__annotations__"] = call_annotate_function(annotate, FORWARDREF)
        made = host_new(cls, name, bases, names, *arguments, **named)
        new(made, bases, annotate, ns)
        return made

    metaclass.__new__ = __new__


def _annotate_in(ns: Any) -> Any:
    """Return the annotate function in the namespace of a class body, or None if its annotations are there already."""
    annotations = ns.get("__annotations__")
    if type(annotations) in LAZY:
        return annotations.annotate
    return None if "__annotations__" in ns else get_annotate_from_class_namespace(ns)


class _Given:
    """An annotate function for annotations that were not deferred.

    Args:
        types: as they were given.
        check: gives what a value stands for, or raises TypeError: typing._type_check.
    """

    def __init__(self, types: dict[str, Any], check: Callable[[str, Any], Any]) -> None:
        self.types = types
        self.checked = {name: check(name, value) for name, value in types.items()}

    def __call__(self, format: int, /) -> dict[str, Any]:
        if format in (VALUE, FORWARDREF):
            return self.checked
        if format == STRING:
            return annotations_to_string(self.types)
        raise NotImplementedError(format)


# -- named tuples ----------------------------------------------------------------------------------------------------------


def _check_field(name: str, value: Any) -> Any:
    return sys.modules["typing"]._type_check(value, f"field {name} annotation must be a type")


def _new_named_tuple(made: Any, bases: Any, annotate: Any, ns: Any) -> None:
    if annotate is None:
        _finish_named_tuple(made, _Given(ns.get("__annotations__") or {}, _check_field))
        return

    def __annotate__(format: int, /) -> dict[str, Any]:
        found = call_annotate_function(annotate, format)
        return found if format == STRING else {name: _check_field(name, value) for name, value in found.items()}

    _finish_named_tuple(made, _named(__annotate__, made))


def _finish_named_tuple(made: Any, annotate: Any) -> None:
    made.__new__.__annotate__ = annotate
    _give(made, annotate)


# -- typed dicts -----------------------------------------------------------------------------------------------------------


def _new_typed_dict(made: Any, bases: Any, annotate: Any, ns: Any) -> None:
    if not bases and annotate is None and "__annotations__" not in ns:
        return  # TypedDict itself, which is made when typing is imported

    def check(name: str, value: Any, owner: Any = None) -> Any:
        if isinstance(value, str):
            value = ForwardRef(value, module=made.__module__, owner=owner)
            value.__forward_code__
            return value
        message = "TypedDict('Name', {f0: t0, f1: t1, ...}); each t must be a type"
        return sys.modules["typing"]._type_check(value, message, module=made.__module__)

    given = _Given(ns.get("__annotations__") or {}, functools.partial(check, owner=made)) if annotate is None else None

    def __annotate__(format: int, /) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for base in bases:
            base_annotate = find_annotate(base)
            if base_annotate is not None:
                out.update(call_annotate_function(base_annotate, format, owner=base))
        if given is not None:
            own = given(format)
        else:
            own = call_annotate_function(annotate, format, owner=made)
            if format != STRING:
                own = {name: check(name, value) for name, value in own.items()}
        out.update(own)
        return out

    _give(made, _named(__annotate__, made))


# -- both ------------------------------------------------------------------------------------------------------------------


def _named(annotate: Any, made: Any) -> Any:
    annotate.__qualname__ = f"{made.__qualname__}.__annotate__"
    annotate.__module__ = made.__module__
    return annotate


def _give(made: Any, annotate: Any) -> None:
    """Give a finished class its annotate function; what the host has put into the class is text for the time being."""
    if type(annotate) is _Given:
        # Nothing to wait for: readers of the class's own dict find a plain one, as the host made it.
        held = ClassAnnotate(annotate)
        held.evaluated = annotate.checked
        put_annotations(made, annotate.checked)
        type.__setattr__(made, "__annotate_func__", held)
        return
    stored = made.__dict__.get("__annotations__") or {}
    attach(made, annotate, {name: getattr(value, "__forward_arg__", value) for name, value in dict.items(stored)})
