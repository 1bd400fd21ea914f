"""What `__annotations__` holds until somebody reads it: a dict that fills itself.

    def f(x: Later): ...        f.__annotations__  ->  LazyAnnotations, no annotation evaluated
    f.__annotations__["x"]      ->  calls f.__annotate__(1) once, keeps the result

A function's, class's or module's `__annotations__` may be any dict on CPython 3.11 to 3.13 (Objects/funcobject.c,
Objects/typeobject.c), so nothing of the host is patched. In a class the same object is also a descriptor: type's own
`__annotations__` calls ``__get__`` of what it finds in the class. So ``C.__annotations__`` raises NameError as in 3.14
while a name is missing, and readers of ``C.__dict__["__annotations__"]`` (dataclasses, attrs, pydantic) see the
annotations that can be evaluated and the source text of the others, as under PEP 563. C code that goes round the
methods below (msgspec) sees the source text of all.

Rewritten programs import this when they start: nothing heavy at module level.
"""

from __future__ import annotations

import sys
import types


class LazyAnnotations(dict):
    """A dict of annotations that calls *annotate* when it is first read.

    Attributes:
        annotate: the `__annotate__` function.
        values_read: for `exact_attributes`: the real dict that was handed out in place of this one, or None.
    """

    __slots__ = ("annotate", "values_read", "_pending", "_lenient")

    def __init__(self, annotate, strings=None):
        self.annotate = annotate
        self.values_read = None
        self._pending = True
        # Only classes are read before their module has finished, by decorators and metaclasses.
        self._lenient = strings is not None
        if strings is not None:
            dict.update(self, strings)

    def filled(self):
        """Return self with every annotation evaluated.

        Raises:
            NameError: a name is not defined yet; the next read tries again.
        """
        if self._pending:
            annotations = self.annotate(1)
            if not isinstance(annotations, dict):
                raise TypeError(f"__annotate__ returned non-dict of type {type(annotations).__name__!r}")
            self._take(annotations)
        return self

    def _take(self, annotations):
        # A module that is still running may yet add annotations (CPython gh-131550), so nothing is kept then.
        specification = getattr(self.annotate, "__globals__", {}).get("__spec__")
        module_runs = self.annotate.__name__ == "__annotate__" and getattr(specification, "_initializing", False)
        if not (module_runs and self.annotate.__qualname__ == "__annotate__"):
            self._pending = False
        dict.clear(self)
        dict.update(self, annotations)

    def _read(self):
        if not self._lenient:
            self.filled()
            return
        try:
            self.filled()
        except NameError:
            self._fill_what_is_known()

    def _fill_what_is_known(self):
        from morrow_runtime.evaluate import call_annotate_function

        known = call_annotate_function(self.annotate, 3)
        strings = call_annotate_function(self.annotate, 4)
        dict.clear(self)
        dict.update(self, {name: strings[name] if _has_forward_ref(value) else value for name, value in known.items()})

    def __get__(self, instance, owner=None):
        if instance is None:
            return self.filled()
        if isinstance(instance, type):  # found in the metaclass of a class that has none of its own
            return type.__dict__["__annotations__"].__get__(instance)
        # In 3.14 the annotations belong to the class object alone.
        raise AttributeError(f"{type(instance).__name__!r} object has no attribute '__annotations__'")

    def __reduce_ex__(self, protocol):
        return dict, (dict(self.filled()),)

    def __copy__(self):
        return dict(self)

    def __deepcopy__(self, memo):
        import copy

        return copy.deepcopy(dict(self), memo)

    def __repr__(self):
        if self._pending:
            self._read()
        return dict.__repr__(self)


def _forwarding(name):
    method = getattr(dict, name)

    def read_first(self, *arguments, **named):
        if self._pending:
            self._read()
        return method(self, *arguments, **named)

    read_first.__name__ = name
    read_first.__qualname__ = f"LazyAnnotations.{name}"
    read_first.__doc__ = method.__doc__
    return read_first


for _name in (
    "__getitem__ __setitem__ __delitem__ __iter__ __len__ __contains__ __eq__ __ne__ __or__ __ror__ __ior__ __reversed__ "
    "__sizeof__ get keys values items copy pop popitem setdefault update clear"
).split():
    setattr(LazyAnnotations, _name, _forwarding(_name))


class ClassAnnotate:
    """What a class body leaves under `__annotate__`: a function for this class, None for those derived from it.

    Attributes:
        annotate: the `__annotate__` function.
    """

    __slots__ = ("annotate", "_owner")

    def __init__(self, annotate):
        self.annotate = annotate
        self._owner = None

    def __set_name__(self, owner, name):
        self._owner = owner

    def __get__(self, instance, owner=None):
        if isinstance(instance, type):  # found in the metaclass of a class
            own = type.__dict__["__dict__"].__get__(instance).get("__annotate__")
            return own.annotate if type(own) is ClassAnnotate else own
        if instance is not None:
            raise AttributeError(f"{type(instance).__name__!r} object has no attribute '__annotate__'")
        return self.annotate if self._owner is None or owner is self._owner else None


def defer(function):
    """Innermost decorator of every annotated function: its only annotation is, so far, its annotate function."""
    annotate = function.__annotations__["return"]
    function.__annotations__ = LazyAnnotations(annotate)
    function.__annotate__ = annotate
    return function


def class_annotations(annotate, strings):
    """Return what a class body binds `__annotations__` and `__annotate__` to.

    Args:
        annotate: the class's annotate function.
        strings: the annotations' source text by name.
    """
    if not _protocols_know:
        _tell_protocols()
    return LazyAnnotations(annotate, strings), ClassAnnotate(annotate)


def module_annotations(annotate):
    """Return what a module binds `__annotations__` to."""
    return LazyAnnotations(annotate)


def put_annotations(cls, annotations):
    """Put a dict under ``__annotations__`` in the namespace of a class, and nothing else; None takes away what is there."""
    host = type.__dict__["__annotations__"]
    host = getattr(host, "host", host)  # exact_attributes stands before the host's own
    if annotations is not None:
        host.__set__(cls, annotations)
    elif "__annotations__" in type.__dict__["__dict__"].__get__(cls):
        host.__delete__(cls)


note = set.add
"""Remember that a conditional annotation was reached. Refuses what is no set, with CPython's TypeError."""


def _has_forward_ref(value):
    if type(value).__name__ == "ForwardRef":
        return True
    if isinstance(value, (list, tuple)):
        return any(map(_has_forward_ref, value))
    return any(_has_forward_ref(part) for part in getattr(value, "__args__", None) or () if part is not value)


def not_supported():
    """What an annotate function calls when asked for a format that is not its own."""
    raise NotImplementedError


_protocols_know = False


def _tell_protocols():
    global _protocols_know
    typing = sys.modules.get("typing")
    if typing is not None:
        exclude_from_protocols(typing)
        _protocols_know = True


def exclude_from_protocols(typing):
    """Keep `typing.Protocol` from taking ``__annotate__`` for a member of a protocol, as 3.14's does."""
    excluded = typing.EXCLUDED_ATTRIBUTES  # a list in 3.11, a frozenset later
    typing.EXCLUDED_ATTRIBUTES = type(excluded)({*excluded, "__annotate__", "__annotate_func__", "__conditional_annotations__"})


__all__ = ["ClassAnnotate", "LazyAnnotations", "class_annotations", "defer", "exclude_from_protocols", "module_annotations", "not_supported", "note", "put_annotations"]
