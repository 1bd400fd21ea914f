"""inspect as in 3.14: `get_annotations` and `signature` take a format, forward references are shown by their names."""

from __future__ import annotations

import functools
import sys
import threading
from sys import _getframe  # kept: programs may take sys._getframe away

from morrow_runtime.forwardref import ForwardRef
from morrow_runtime.lazy_annotations import asked_by_library, values_or_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TYPE_CHECKING = False  # mypy takes this for typing's, which takes long to load
if TYPE_CHECKING:
    from typing import Any

_wanted = threading.local()
"""What the signature that this thread is making asks for: `format` of its annotations, `default` for signatures that do
not say, `quote` for its text."""


def update(inspect: Any) -> None:
    """Bring the module *inspect* of the host up to date."""
    from_function = inspect._signature_from_function.__code__
    host_format_annotation = inspect.formatannotation
    host_signature = inspect.signature
    host_from_callable = inspect.Signature.from_callable.__func__

    def get_annotations(
        obj: Any, *, globals: Any = None, locals: Any = None, eval_str: bool = False, format: int = 1
    ) -> dict[str, Any]:
        from morrow_runtime import read

        # The host's own reading of a function's annotations, on the way to a signature.
        if format == 1 and getattr(_wanted, "format", 1) != 1 and _getframe(1).f_code is from_function:
            format = _wanted.format
        try:
            return read.get_annotations(obj, globals=globals, locals=locals, eval_str=eval_str, format=format)
        except NameError:
            annotate = read.find_annotate(obj)
            if format != 1 or annotate is None or not asked_by_library():
                raise
            return values_or_text(annotate)

    @functools.wraps(host_format_annotation)
    def formatannotation(annotation: Any, base_module: Any = None, *, quote_annotation_strings: bool = True) -> str:
        if isinstance(annotation, ForwardRef):
            return annotation.__forward_arg__
        if isinstance(annotation, str) and not (quote_annotation_strings and getattr(_wanted, "quote", True)):
            return annotation
        return host_format_annotation(annotation, base_module)  # type: ignore[no-any-return]

    @functools.wraps(host_signature)
    def signature(
        obj: Any,
        *,
        follow_wrapped: bool = True,
        globals: Any = None,
        locals: Any = None,
        eval_str: bool = False,
        annotation_format: int = 1,
    ) -> Any:
        with asking(format=annotation_format if annotation_format != 1 else getattr(_wanted, "default", 1)):
            return host_from_callable(
                inspect.Signature, obj, follow_wrapped=follow_wrapped, globals=globals, locals=locals, eval_str=eval_str
            )

    def from_callable(
        cls: Any,
        obj: Any,
        *,
        follow_wrapped: bool = True,
        globals: Any = None,
        locals: Any = None,
        eval_str: bool = False,
        annotation_format: int = 1,
    ) -> Any:
        """Return the signature of *obj*, as `inspect.signature` does."""
        with asking(format=annotation_format if annotation_format != 1 else getattr(_wanted, "default", 1)):
            return host_from_callable(
                cls, obj, follow_wrapped=follow_wrapped, globals=globals, locals=locals, eval_str=eval_str
            )

    if not hasattr(inspect, "ispackage"):
        inspect.ispackage = ispackage
    host_is_functionlike = inspect._signature_is_functionlike

    def _signature_is_functionlike(obj: Any) -> bool:
        try:
            return host_is_functionlike(obj)  # type: ignore[no-any-return]
        except NameError:
            return False  # it computes its annotations, and not all names are there: no function does that

    inspect._signature_is_functionlike = _signature_is_functionlike
    _take_place(get_annotations, inspect.get_annotations)
    for function in (signature, formatannotation):
        del function.__wrapped__  # type: ignore[attr-defined]
    inspect.get_annotations = get_annotations
    inspect.formatannotation = formatannotation
    inspect.signature = signature
    inspect.Signature.from_callable = classmethod(from_callable)
    if not hasattr(inspect.Signature, "format"):
        inspect.Signature.format = lambda self, *, max_width=None: _format_signature(self, max_width)
    host_format = inspect.Signature.format

    def format(self: Any, *, max_width: int | None = None, quote_annotation_strings: bool = True) -> str:
        """Return the signature as text; *quote_annotation_strings* says whether text in it is quoted."""
        with asking(quote=quote_annotation_strings):
            return host_format(self, max_width=max_width)  # type: ignore[no-any-return]

    inspect.Signature.format = format


def ispackage(object: Any) -> bool:
    """Return whether the object is a package: a module with a ``__path__``."""
    return sys.modules["inspect"].ismodule(object) and hasattr(object, "__path__")


class asking:
    """Set what the signatures made by this thread ask for, inside a ``with``."""

    def __init__(self, **values: object) -> None:
        self.values = values

    def __enter__(self) -> None:
        self.before = dict(_wanted.__dict__)
        _wanted.__dict__.update(self.values)

    def __exit__(self, *exception: object) -> None:
        _wanted.__dict__.clear()
        _wanted.__dict__.update(self.before)


def _take_place(new: Any, old: Any) -> None:
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(new, name, getattr(old, name))


def _format_signature(signature: Any, max_width: int | None) -> str:
    """Return the text of a signature, one parameter a line where it is wider than *max_width* (inspect of 3.13)."""
    text = str(signature)
    if max_width is None or len(text) <= max_width:
        return text
    empty, parameters = signature.empty, list(signature.parameters.values())
    parts: list[str] = []
    only_named = True
    for index, parameter in enumerate(parameters):
        kind = parameter.kind
        if index and parameters[index - 1].kind == parameter.POSITIONAL_ONLY != kind:
            parts.append("/")
        if kind == parameter.VAR_POSITIONAL:
            only_named = False
        elif kind == parameter.KEYWORD_ONLY and only_named:
            parts.append("*")
            only_named = False
        parts.append(str(parameter))
    if parameters and parameters[-1].kind == parameters[-1].POSITIONAL_ONLY:
        parts.append("/")
    lines = "(\n    " + ",\n    ".join(parts) + "\n)"
    if signature.return_annotation is not empty:
        lines += f" -> {sys.modules['inspect'].formatannotation(signature.return_annotation)}"
    return lines
