"""`__annotate__` of functions, classes and modules, and `__annotations__` of functions and modules, as 3.14 has them.

What a definition leaves behind costs next to nothing, and everything else happens when somebody asks:

    function    its annotations are the constant ``('return', <code of __annotate__>)``; where the annotate function needs
                cells, the function itself stands there. The first look at either attribute puts a `_Deferred` in their place
    class       ``__annotate_func__`` in its namespace, as in 3.14, and in ``__annotations__`` a dict that fills itself
                (`lazy_annotations`), which type's own ``__annotations__`` asks
    module      ``__annotate__`` among its names, as in 3.14

`install` adds `__annotate__` to the types function, type and module, which hosts before 3.14 lack, and puts an
`__annotations__` of ours before the host's for functions and modules. That of classes stays the host's.

Sources: PEP 649, PEP 749 and what CPython 3.14 answers; its Objects/funcobject.c, typeobject.c and moduleobject.c hold
the same attributes. Imported at every start: nothing heavy at module level.
"""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_HEAP_TYPE = 1 << 9
_IMMUTABLE = 1 << 8
_FUTURE_ANNOTATIONS = 0x1000000  # CO_FUTURE_ANNOTATIONS
_RUNTIME = "__morrow__"
_STORED = "__annotate_func__"
_installed: list[tuple[type, str, Any]] = []


def install() -> None:
    """Give the built-in types these attributes for the rest of the process, or until `uninstall`."""
    if _installed or "__annotate__" in type.__dict__:
        return
    for kind, name, attribute in (
        (_Function, "__annotations__", property(get_annotations, set_annotations, delete_annotations)),
        (_Function, "__annotate__", property(get_annotate, set_annotate, _refuse_deletion)),
        (type, "__annotate__", property(get_class_annotate, set_class_annotate, _refuse_class_deletion)),
        (_Module, "__annotations__", property(get_module_annotations, set_module_annotations, delete_module_annotations)),
        (_Module, "__annotate__", property(get_module_annotate, set_module_annotate, _refuse_class_deletion)),
    ):
        names = _dict_of(kind)
        _installed.append((kind, name, names.get(name)))
        names[name] = attribute
    for kind in (_Function, type, _Module):
        _forget_cached(kind)


def uninstall() -> None:
    """Give the built-in types their own attributes back."""
    for kind, name, original in _installed:
        if original is None:
            del _dict_of(kind)[name]
        else:
            _dict_of(kind)[name] = original
        _forget_cached(kind)
    _installed.clear()


def frames() -> list[Callable[..., Any]]:
    """Return the functions that stand between a reader and the program's annotate function, for hiding their frames."""
    return [get_annotations, get_module_annotations, _evaluated, _annotations_of]


def _dict_of(kind: type) -> dict[str, Any]:
    # A built-in type shows its attributes through a read-only proxy; the proxy refers to the dict itself.
    (names,) = gc.get_referents(kind.__dict__)
    return names  # type: ignore[no-any-return]


def _forget_cached(kind: type) -> None:
    """Make the interpreter forget what it has found in *kind* before (PyType_Modified, Objects/typeobject.c).

    Setting ``__abstractmethods__`` does that, and alone among setters minds no immutable type. An empty value leaves
    the type concrete. ctypes could call the function itself, but takes longer to load than everything here.
    """
    names = _dict_of(kind)
    before = names.get("__abstractmethods__")  # in type itself: the attribute that is used here
    _abstract.__set__(kind, ())
    _abstract.__delete__(kind)
    if before is not None:
        names["__abstractmethods__"] = before


_abstract = type.__dict__["__abstractmethods__"]


# -- functions -------------------------------------------------------------------------------------------------------------


class _Deferred(dict):  # type: ignore[type-arg]
    """What stands in a function for its annotations. Nobody sees it: the host only asks that it be a dict.

    Attributes:
        annotate: the annotate function.
        evaluated: the annotations, once they have been asked for, else None.
    """

    __slots__ = ("annotate", "evaluated")


_Function, _Module, _Code = type(install), type(sys), type(install.__code__)
_host = _Function.__dict__["__annotations__"]
_get_stored, _set_stored = _host.__get__, _host.__set__


def _stored_in(function: Any) -> Any:
    stored = _get_stored(function)
    if len(stored) == 1 and type(stored) is dict:
        annotate = stored.get("return")
        code = annotate.__code__ if type(annotate) is _Function else annotate
        if type(code) is _Code and code.co_name == "__annotate__" and _RUNTIME in code.co_names:
            return _defer(function, annotate if annotate is not code else _Function(code, function.__globals__))
    return stored


def _defer(function: Any, annotate: Any) -> _Deferred:
    made = _Deferred()
    made.annotate, made.evaluated = annotate, None
    _set_stored(function, made)
    return made


def annotations_of(function: Any) -> dict[str, Any]:
    """Return the annotations of a function, evaluated now if they have not been before.

    Raises:
        NameError: a name is not defined yet; the next call tries again.
    """
    return _annotations_of(_stored_in(function))


def _annotations_of(stored: Any) -> Any:
    if type(stored) is not _Deferred:
        return stored
    if stored.evaluated is None:
        stored.evaluated = _evaluated(stored.annotate)
    return stored.evaluated


def get_annotations(function: Any) -> dict[str, Any]:
    """Dictionary of the annotations of a function."""
    stored = _stored_in(function)
    if type(stored) is _Deferred and stored.evaluated is None and _asked_by_c_code():
        from morrow_runtime.lazy_annotations import lazy

        return lazy(stored.annotate)  # type: ignore[no-any-return]
    try:
        return _annotations_of(stored)  # type: ignore[no-any-return]
    except NameError:
        from morrow_runtime.lazy_annotations import asked_by_library, values_or_text

        if not asked_by_library():
            raise
        return values_or_text(stored.annotate)


def _asked_by_c_code() -> bool:
    """Return whether nothing is written where the program is that would load an attribute.

    classmethod and staticmethod copy the annotations of what they are given (Objects/funcobject.c: functools_wraps), long
    before anybody wants to see them. They are called with one argument, `getattr` and `hasattr` with more.
    """
    frame: Any = sys._getframe(1)
    if frame.f_code is _get_annotations_code:  # where it has not been hidden
        frame = frame.f_back
    if frame is None:
        return True
    from opcode import opmap

    code, at = frame.f_code.co_code, frame.f_lasti
    while at > 0 and not code[at]:
        at -= 2  # a cache of the instruction
    if code[at] in (opmap["CALL"], opmap.get("PRECALL")):
        names = frame.f_code.co_names
        return code[at + 1] < 2 or not ("getattr" in names or "hasattr" in names)
    return code[at] not in (opmap["LOAD_ATTR"], opmap.get("LOAD_METHOD"))


_get_annotations_code = get_annotations.__code__


def set_annotations(function: Any, annotations: Any) -> None:
    if annotations is not None and not isinstance(annotations, dict):
        raise TypeError("__annotations__ must be set to a dict object")
    _set_stored(function, annotations)


def delete_annotations(function: Any) -> None:
    _set_stored(function, None)


def get_annotate(function: Any) -> Any:
    """Get the code object for a function's annotations."""
    stored = _stored_in(function)
    if type(stored) is _Deferred:
        return stored.annotate
    if stored and function.__code__.co_flags & _FUTURE_ANNOTATIONS:
        return _gives(stored, function)
    return None


def set_annotate(function: Any, annotate: Any) -> None:
    if _checked(annotate) is not None:
        _defer(function, annotate)
        return
    stored = _stored_in(function)
    if type(stored) is _Deferred:
        _set_stored(function, stored.evaluated)


def _refuse_deletion(function: Any) -> None:
    raise TypeError("__annotate__ cannot be deleted")


def _gives(strings: dict[str, str], function: Any) -> Any:
    """Return the annotate function of a function whose annotations are text (PEP 563)."""

    def __annotate__(format: int, /) -> dict[str, str]:
        if format == 2:
            raise NotImplementedError
        return dict(strings)

    __annotate__.__qualname__ = f"{function.__qualname__}.__annotate__"
    __annotate__.__module__ = function.__module__
    return __annotate__


# -- classes ---------------------------------------------------------------------------------------------------------------


class ClassAnnotate:
    """What a class body leaves under ``__annotate_func__``.

    Attributes:
        annotate: the annotate function.
        lazy: the dict under ``__annotations__`` that belongs to it.
        evaluated: the dict that has taken its place, once that has been asked for, else None.
    """

    # Not the function itself: decorators that wrap every function of a class would wrap this one.
    __slots__ = ("annotate", "lazy", "evaluated")

    def __init__(self, annotate: Any, lazy: Any = None) -> None:
        self.annotate, self.lazy, self.evaluated = annotate, lazy, None


def own_names(cls: type) -> Any:
    """Return the ``__dict__`` of a class, whatever its metaclass says."""
    return type.__dict__["__dict__"].__get__(cls)


def find_class_annotate(cls: Any) -> Any:
    """Return the annotate function that belongs to the class itself and still holds, or None."""
    if not cls.__flags__ & _HEAP_TYPE:
        return None  # and what type, for one, has under that name is an attribute for others
    own = own_names(cls)
    held = own.get(_STORED)
    if held is None and _STORED not in own:
        held = own.get("__annotate__")  # put there by hand, as types.new_class lets one do
    if type(held) is ClassAnnotate:
        # Somebody may have set or deleted `__annotations__` since, which in 3.14 makes a class forget how they were made.
        stands = own.get("__annotations__")
        held = held.annotate if stands is not None and (stands is held.lazy or stands is held.evaluated) else None
    return held.__get__(None, cls) if hasattr(type(held), "__get__") else held


def get_class_annotate(cls: Any) -> Any:
    if not cls.__flags__ & _HEAP_TYPE:
        raise AttributeError(f"type object '{cls.__name__}' has no attribute '__annotate__'")
    return find_class_annotate(cls)


def set_class_annotate(cls: Any, annotate: Any) -> None:
    if cls.__flags__ & _IMMUTABLE:
        raise TypeError(f"cannot set '__annotate__' attribute of immutable type '{cls.__name__}'")
    if _checked(annotate) is not None:
        attach(cls, annotate, {})
        return
    held = own_names(cls).get(_STORED)
    if type(held) is ClassAnnotate and own_names(cls).get("__annotations__") is held.lazy:
        put_annotations(cls, None)
    type.__setattr__(cls, _STORED, None)


def attach(cls: Any, annotate: Any, strings: dict[str, str]) -> None:
    """Give a finished class an annotate function; *strings* as for `lazy_annotations.class_annotations`."""
    from morrow_runtime.lazy_annotations import class_annotations

    annotations, held = class_annotations(annotate, strings)
    put_annotations(cls, annotations)
    type.__setattr__(cls, _STORED, held)


def put_annotations(cls: type, annotations: Any) -> None:
    """Put a dict under ``__annotations__`` in the namespace of a class, and nothing else; None takes away what is there."""
    host = type.__dict__["__annotations__"]
    if annotations is not None:
        host.__set__(cls, annotations)
    elif "__annotations__" in own_names(cls):
        host.__delete__(cls)


def _refuse_class_deletion(cls: Any) -> None:
    raise TypeError("cannot delete __annotate__ attribute")


# -- modules ---------------------------------------------------------------------------------------------------------------


def module_annotate(annotate: Any) -> Any:
    """Return what a module binds `__annotate__` to, as the first thing it does."""
    if annotate.__globals__.get("__annotations__") == {}:
        del annotate.__globals__["__annotations__"]  # hosts before 3.14 start `__main__` with one
    return annotate


def get_module_annotations(module: Any) -> Any:
    names = module.__dict__
    if "__annotations__" in names:
        return names["__annotations__"]
    annotate = names.get("__annotate__")
    annotations = {} if annotate is None else _evaluated(annotate)
    # A module that is still running may get more of them (CPython gh-131550).
    if not getattr(names.get("__spec__"), "_initializing", False):
        names["__annotations__"] = annotations
    return annotations


def set_module_annotations(module: Any, annotations: Any) -> None:
    module.__dict__["__annotations__"] = annotations
    module.__dict__.pop("__annotate__", None)


def delete_module_annotations(module: Any) -> None:
    if module.__dict__.pop("__annotations__", None) is None:
        raise AttributeError("__annotations__")
    module.__dict__.pop("__annotate__", None)


def get_module_annotate(module: Any) -> Any:
    return module.__dict__.setdefault("__annotate__", None)


def set_module_annotate(module: Any, annotate: Any) -> None:
    module.__dict__["__annotate__"] = _checked(annotate)
    if annotate is not None:
        module.__dict__.pop("__annotations__", None)


def _checked(annotate: Any) -> Any:
    if annotate is not None and not callable(annotate):
        raise TypeError("__annotate__ must be callable or None")
    return annotate


def _evaluated(annotate: Any) -> dict[str, Any]:
    annotations = annotate(1)
    if not isinstance(annotations, dict):
        raise TypeError(f"__annotate__ returned non-dict of type {type(annotations).__name__!r}")
    return annotations
