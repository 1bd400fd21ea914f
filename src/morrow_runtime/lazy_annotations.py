"""What `__annotations__` holds until somebody reads it: a dict that fills itself.

    def f(x: Later): ...        f.__annotations__  ->  LazyAnnotations, no annotation evaluated
    f.__annotations__["x"]      ->  calls f.__annotate__(1) once, keeps the result

A function's, class's or module's `__annotations__` may be any dict on CPython 3.11 to 3.13 (Objects/funcobject.c,
Objects/typeobject.c), so nothing of the host is patched. In a class the same object is also a descriptor: type's own
`__annotations__` calls ``__get__`` of what it finds in the class. So ``C.__annotations__`` raises NameError as in 3.14
while a name is missing, and readers of ``C.__dict__["__annotations__"]`` (dataclasses, attrs, pydantic) see the
annotations that can be evaluated and the source text of the others, as under PEP 563. So does an installed library that
reads `__annotations__` of a function or class before all names are there (beartype, fastapi, sqlalchemy): on 3.14 it
would ask for forward references, on this host it expects values or text. C code that goes round the methods below
(msgspec) sees the source text of all.

Rewritten programs import this when they start: nothing heavy at module level.
"""

from __future__ import annotations

import sys
import types
from sys import _getframe  # kept: programs may take sys._getframe away


class LazyAnnotations(dict):
    """A dict of annotations that calls its annotate function when it is first read.

    Once it has its contents it becomes a `ReadAnnotations`, which costs readers nothing.

    Attributes:
        annotate: the `__annotate__` function.
        values_read: for `exact_attributes`: the real dict that was handed out in place of this one; not set before.
    """

    # Defining annotated functions is what programs do most with these: no __init__, no slot filled before it is needed.
    __slots__ = ("annotate", "values_read")

    def filled(self):
        """Return self with every annotation evaluated.

        Raises:
            NameError: a name is not defined yet; the next read tries again.
        """
        annotations = self.annotate(1)
        if not isinstance(annotations, dict):
            raise TypeError(f"__annotate__ returned non-dict of type {type(annotations).__name__!r}")
        dict.clear(self)
        dict.update(self, annotations)
        # A module that is still running may yet add annotations (CPython gh-131550): it is asked again.
        specification = getattr(self.annotate, "__globals__", {}).get("__spec__")
        if not (getattr(specification, "_initializing", False) and self.annotate.__qualname__ == "__annotate__"):
            self.__class__ = ReadAnnotations
        return self

    def _read(self):
        try:
            self.filled()
        except NameError:
            if not asked_by_library():
                raise
            self._fill_what_is_known()

    def _fill_what_is_known(self):
        found = values_or_text(self.annotate)
        dict.clear(self)
        dict.update(self, found)

    def __get__(self, instance, owner=None):
        if instance is None:
            try:
                return self.filled()
            except NameError:
                if not asked_by_library():
                    raise
                self._fill_what_is_known()
                return self
        return _of_class_alone(instance)

    def __reduce_ex__(self, protocol):
        return dict, (dict(self.filled()),)

    def __copy__(self):
        return dict(self)

    def __deepcopy__(self, memo):
        import copy

        return copy.deepcopy(dict(self), memo)

    def __repr__(self):
        self._read()
        return dict.__repr__(self)


class ClassAnnotations(LazyAnnotations):
    """What a class body leaves: read before its module has finished, by decorators and metaclasses, it gives what it can."""

    __slots__ = ()

    def _read(self):
        try:
            self.filled()
        except NameError:
            self._fill_what_is_known()


class ReadAnnotations(dict):
    """A `LazyAnnotations` that has been read: a dict, and in a class the descriptor that it was."""

    __slots__ = ("annotate", "values_read")

    def filled(self):
        """Return self."""
        return self

    def __get__(self, instance, owner=None):
        return self if instance is None else _of_class_alone(instance)

    def __reduce_ex__(self, protocol):
        return dict, (dict(self),)

    def __copy__(self):
        return dict(self)


LAZY = (LazyAnnotations, ClassAnnotations, ReadAnnotations)
"""The types that carry an annotate function."""


def lazy(annotate):
    """Return a `LazyAnnotations` for an annotate function."""
    made = LazyAnnotations()
    made.annotate = annotate
    return made


def _of_class_alone(instance):
    if isinstance(instance, type):  # found in the metaclass of a class that has none of its own
        return type.__dict__["__annotations__"].__get__(instance)
    # In 3.14 the annotations belong to the class object alone.
    raise AttributeError(f"{type(instance).__name__!r} object has no attribute '__annotations__'")


def _forward(self, *arguments, **named):
    self._read()
    return dict.method(self, *arguments, **named)


# A code for each method, which differs in one name, rather than a closure: the frames of functions without cells can be
# hidden (`frames`). Nor is it compiled from text, which would take 2 ms of every program that has annotations.
for _name in (
    "__getitem__ __setitem__ __delitem__ __iter__ __len__ __contains__ __eq__ __ne__ __or__ __ror__ __ior__ __reversed__ "
    "__sizeof__ get keys values items copy pop popitem setdefault update clear"
).split():
    _code = _forward.__code__
    _names = tuple(_name if name == "method" else name for name in _code.co_names)
    _method = types.FunctionType(_code.replace(co_name=_name, co_qualname=f"LazyAnnotations.{_name}", co_names=_names), {"dict": dict})
    _method.__doc__ = getattr(dict, _name).__doc__
    setattr(LazyAnnotations, _name, _method)


def frames():
    """Return the functions that stand between a reader and the program's annotate function, for hiding their frames."""
    kinds = (LazyAnnotations, ClassAnnotations)
    return [value for kind in kinds for value in vars(kind).values() if hasattr(value, "__code__")]


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
    made = LazyAnnotations()
    made.annotate = function.__annotate__ = function.__annotations__["return"]
    function.__annotations__ = made
    return function


def class_annotations(annotate, strings):
    """Return what a class body binds `__annotations__` and `__annotate__` to.

    Args:
        annotate: the class's annotate function.
        strings: the annotations' source text by name.
    """
    if not _protocols_know:
        _tell_protocols()
    made = ClassAnnotations(strings)
    made.annotate = annotate
    return made, ClassAnnotate(annotate)


def module_annotations(annotate):
    """Return what a module binds `__annotations__` to."""
    return lazy(annotate)


def values_or_text(annotate):
    """Return the annotations that can be evaluated now, and the source text of the others.

    ``Box[Later]`` becomes ``Box["Later"]`` in the form that typing gives it, if typing knows our forward references.
    """
    from morrow_runtime.evaluate import call_annotate_function
    from morrow_runtime.forwardref import ForwardRef

    known = call_annotate_function(annotate, 3)
    strings = call_annotate_function(annotate, 4)
    typing = sys.modules.get("typing")
    if typing is not None and typing.ForwardRef is ForwardRef:
        return {name: strings[name] if type(value) is ForwardRef else value for name, value in known.items()}
    return {name: strings[name] if _has_forward_ref(value) else value for name, value in known.items()}


_OURS = ("morrow", "morrow_runtime")


def asked_by_library():
    """Return whether the code that reads annotations belongs to an installed library, not to the program.

    Looks at the stack, which is why it is asked only once evaluating has failed. The standard library passes questions on.
    """
    frame = _getframe(1)
    library = sys.modules["os"].__file__.rpartition("os.py")[0]
    while frame is not None:
        filename = frame.f_code.co_filename
        if "site-packages" in filename or "dist-packages" in filename:
            return frame.f_globals.get("__name__", "").partition(".")[0] not in _OURS
        name = frame.f_globals.get("__name__") or ""
        if not filename.startswith((library, "<frozen")) and name.partition(".")[0] not in _OURS:
            return False
        frame = frame.f_back
    return False


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
    typing.EXCLUDED_ATTRIBUTES = type(excluded)({*excluded, "__annotate__", "__annotate_func__", "__annotations_cache__", "__conditional_annotations__"})


__all__ = ["LAZY", "ClassAnnotate", "ClassAnnotations", "LazyAnnotations", "ReadAnnotations", "asked_by_library", "class_annotations", "defer", "exclude_from_protocols", "frames", "lazy", "module_annotations", "not_supported", "note", "put_annotations", "values_or_text"]
