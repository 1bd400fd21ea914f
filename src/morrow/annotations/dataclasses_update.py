"""dataclasses as in 3.14: a field whose type is not there yet has a ForwardRef for a type, until asked again."""

from __future__ import annotations

import functools
import sys
import types
from typing import Any


def update(dataclasses: Any) -> None:
    """Bring the module *dataclasses* of the host up to date."""
    host_process_class = dataclasses._process_class

    @functools.wraps(host_process_class)
    def _process_class(cls: Any, *arguments: Any, **named: Any) -> Any:
        from morrow_runtime.lazy_annotations import LazyAnnotations

        lazy = cls.__dict__.get("__annotations__")
        if type(lazy) is not LazyAnnotations:
            return _with_annotated_init(host_process_class(cls, *arguments, **named))
        from morrow_runtime.evaluate import call_annotate_function

        # The host reads the dict of the class: what it finds there for now are forward references.
        type.__setattr__(cls, "__annotations__", call_annotate_function(lazy.annotate, 3, owner=cls))
        made = cls
        try:
            made = host_process_class(cls, *arguments, **named)
        finally:
            type.__setattr__(cls, "__annotations__", lazy)
            if made is not cls:  # slots=True makes a new class
                type.__setattr__(made, "__annotations__", lazy)
        return _with_annotated_init(made)

    dataclasses._process_class = _process_class
    _complete_make_dataclass(dataclasses)


def _with_annotated_init(cls: Any) -> Any:
    """Let the annotations of a generated ``__init__`` be evaluated when asked for, if they could not be before."""
    from morrow_runtime.forwardref import ForwardRef
    from morrow_runtime.lazy_annotations import LazyAnnotations

    init = cls.__dict__.get("__init__")
    annotations = getattr(init, "__annotations__", None)
    if type(annotations) is not dict or not any(_refers_forward(value, ForwardRef) for value in annotations.values()):
        return cls
    names = [name for name in annotations if name != "return"]

    def __annotate__(format: int, /) -> dict[str, Any]:
        from morrow_runtime.read import get_annotations

        if format == 2:
            raise NotImplementedError
        known: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            known.update(get_annotations(base, format=format))
        out = {name: known[name] if name in known else annotations[name] for name in names}
        out["return"] = "None" if format == 4 else None
        return out

    __annotate__.__qualname__ = f"{init.__qualname__}.__annotate__"
    init.__annotations__ = LazyAnnotations(__annotate__)
    init.__annotate__ = __annotate__
    return cls


def _refers_forward(value: Any, kind: type) -> bool:
    if isinstance(value, kind):
        return True
    return any(_refers_forward(part, kind) for part in getattr(value, "__args__", None) or () if part is not value)


def _complete_make_dataclass(dataclasses: Any) -> None:
    """Add the parameters that hosts lack: *module* (3.12) and *decorator* (3.14)."""
    host_make = dataclasses.make_dataclass
    knows_module = "module" in host_make.__kwdefaults__

    @functools.wraps(host_make)
    def make_dataclass(
        cls_name: str, fields: Any, *, module: str | None = None, decorator: Any = dataclasses.dataclass, **named: Any
    ) -> Any:
        if module is None:
            module = sys._getframe(1).f_globals.get("__name__", "__main__")
        if knows_module:
            named["module"] = module
        elif module is not None:
            named["namespace"] = {"__module__": module, **(named.get("namespace") or {})}
        if decorator is dataclasses.dataclass:
            return host_make(cls_name, fields, **named)
        # The host calls `dataclass` by its global name: the same code with that name bound to something else.
        names = {**vars(dataclasses), "dataclass": decorator}
        made = types.FunctionType(host_make.__code__, names, host_make.__name__, host_make.__defaults__)
        made.__kwdefaults__ = host_make.__kwdefaults__
        return made(cls_name, fields, **named)

    dataclasses.make_dataclass = make_dataclass
