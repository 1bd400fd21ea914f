"""dataclasses as in 3.14: a field whose type is not there yet has a ForwardRef for a type, until asked again."""

from __future__ import annotations

import functools
import types
from sys import _getframe  # kept: programs may take sys._getframe away

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORWARDREF, STRING = 3, 4


def update(dataclasses: Any) -> None:
    """Bring the module *dataclasses* of the host up to date."""
    host_process_class = dataclasses._process_class

    @functools.wraps(host_process_class)
    def _process_class(cls: Any, *arguments: Any, **named: Any) -> Any:
        from morrow.annotations.inspect_update import asking
        from morrow_runtime.annotation_attributes import put_annotations
        from morrow_runtime.evaluate import call_annotate_function
        from morrow_runtime.read import find_annotate

        with asking(default=FORWARDREF):  # for the docstring, which shows the signature
            annotate = find_annotate(cls)
            if annotate is None:
                return _with_annotated_init(host_process_class(cls, *arguments, **named))
            # The host reads the dict of the class: what it finds there for now are forward references.
            before = cls.__dict__.get("__annotations__")
            put_annotations(cls, call_annotate_function(annotate, FORWARDREF, owner=cls))
            made = cls
            try:
                made = host_process_class(cls, *arguments, **named)
            finally:
                put_annotations(cls, before)
                if made is not cls:  # slots=True makes a new class
                    put_annotations(made, before)
        return _with_annotated_init(made)

    dataclasses._process_class = _process_class
    _complete_make_dataclass(dataclasses)


def _with_annotated_init(cls: Any) -> Any:
    """Let the annotations of a generated ``__init__`` be evaluated when asked for."""
    init = cls.__dict__.get("__init__")
    if not cls.__dataclass_params__.init or getattr(init, "__annotate__", None) is not None:
        return cls
    annotations = getattr(init, "__annotations__", None)
    if type(annotations) is not dict or annotations.get("return", ...) is not None:
        return cls
    names = [name for name in annotations if name != "return"]

    def __annotate__(format: int, /) -> dict[str, Any]:
        from morrow_runtime.read import get_annotations

        if format == 2:
            raise NotImplementedError
        out: dict[str, Any] = {}
        for name in names:
            for base in cls.__mro__:
                known = get_annotations(base, format=format)
                if name in known:
                    out[name] = known[name]
                    break
        out["return"] = "None" if format == STRING else None
        return out

    __annotate__.__generated_by_dataclasses__ = True  # type: ignore[attr-defined]  (3.14's own mark)
    __annotate__.__qualname__ = f"{init.__qualname__}.__annotate__"
    init.__annotate__ = __annotate__
    return cls


def _complete_make_dataclass(dataclasses: Any) -> None:
    """Add the parameters that hosts lack: *module* (3.12) and *decorator* (3.14)."""
    host_make = dataclasses.make_dataclass
    knows_module = "module" in host_make.__kwdefaults__

    @functools.wraps(host_make)
    def make_dataclass(
        cls_name: str, fields: Any, *, module: str | None = None, decorator: Any = dataclasses.dataclass, **named: Any
    ) -> Any:
        import typing

        # Hosts before 3.14 write the type of a field that has none as text.
        fields = [(field, typing.Any) if isinstance(field, str) else field for field in fields]
        if module is None:
            module = _getframe(1).f_globals.get("__name__", "__main__")
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
