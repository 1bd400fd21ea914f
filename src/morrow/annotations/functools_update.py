"""functools as in 3.14: a wrapper has the annotations of what it wraps, evaluated when asked, in a dict of its own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_ANNOTATIONS = frozenset(("__annotate__", "__annotations__"))


def update(functools: Any) -> None:
    """Bring the module *functools* of the host up to date."""
    host_update_wrapper = functools.update_wrapper
    functools.WRAPPER_ASSIGNMENTS = _assignments(functools.WRAPPER_ASSIGNMENTS)

    def update_wrapper(
        wrapper: Any, wrapped: Any, assigned: Any = functools.WRAPPER_ASSIGNMENTS, updated: Any = functools.WRAPPER_UPDATES
    ) -> Any:
        others = [name for name in assigned if name not in _ANNOTATIONS]
        with_annotations = len(others) != len(assigned)
        annotate = _annotate_of(wrapped) if with_annotations else None
        if with_annotations and annotate is None:
            others.append("__annotations__")  # nothing deferred: a function of code that is not the program's own
        parameters = getattr(wrapped, "__type_params__", ()) if "__type_params__" in others else ()
        if not isinstance(parameters, tuple):  # of type itself: the attribute for others
            others.remove("__type_params__")
            wrapper.__type_params__ = ()
        host_update_wrapper(wrapper, wrapped, others, updated)
        if annotate is not None:
            wrapper.__annotate__ = annotate
        return wrapper

    def wraps(wrapped: Any, assigned: Any = functools.WRAPPER_ASSIGNMENTS, updated: Any = functools.WRAPPER_UPDATES) -> Any:
        return functools.partial(update_wrapper, wrapped=wrapped, assigned=assigned, updated=updated)

    for new, old in ((update_wrapper, host_update_wrapper), (wraps, functools.wraps)):
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(new, name, getattr(old, name))
    functools.update_wrapper, functools.wraps = update_wrapper, wraps
    _complete_singledispatch(functools)


def _assignments(host: tuple[str, ...]) -> tuple[str, ...]:
    """Return 3.14's WRAPPER_ASSIGNMENTS."""
    names = tuple("__annotate__" if name == "__annotations__" else name for name in host)
    return names if "__type_params__" in names else (*names, "__type_params__")


def _annotate_of(wrapped: Any) -> Any:
    if isinstance(wrapped, type):
        from morrow_runtime.annotation_attributes import find_class_annotate

        return find_class_annotate(wrapped)
    return getattr(wrapped, "__annotate__", None)


def _complete_singledispatch(functools: Any) -> None:
    """Let functions be registered of which only the first annotation can be evaluated yet."""
    host_singledispatch = functools.singledispatch

    @functools.wraps(host_singledispatch)
    def singledispatch(func: Any) -> Any:
        dispatching = host_singledispatch(func)
        host_register = dispatching.register

        @functools.wraps(host_register)
        def register(cls: Any, func: Any = None) -> Any:
            if func is not None or isinstance(cls, type) or getattr(cls, "__annotate__", None) is None:
                return host_register(cls, func)
            from typing import get_type_hints

            from morrow_runtime.forwardref import ForwardRef

            try:
                get_type_hints(cls)
            except NameError:
                pass  # not all are there: the first one is all that counts
            else:
                return host_register(cls)
            name, annotation = next(iter(get_type_hints(cls, format=3).items()))  # type: ignore[call-arg]
            if isinstance(annotation, ForwardRef):
                raise TypeError(
                    f"Invalid annotation for {name!r}. {annotation.__forward_arg__!r} is an unresolved forward reference."
                )
            return host_register(annotation, cls)

        dispatching.register = register
        return dispatching

    del singledispatch.__wrapped__  # type: ignore[attr-defined]
    functools.singledispatch = singledispatch
