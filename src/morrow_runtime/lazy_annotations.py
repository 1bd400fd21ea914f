"""What a class holds under `__annotations__` until somebody reads it: a dict that fills itself.

    class C: x: Later           C.__dict__["__annotations__"]  ->  ClassAnnotations, no annotation evaluated
    C.__annotations__["x"]      ->  calls C.__annotate__(1) once, puts the result in the place of this dict

A class may hold any dict there on CPython 3.11 to 3.13 (Objects/typeobject.c). The object is also a descriptor: type's
own `__annotations__` calls ``__get__`` of what it finds in the class. So ``C.__annotations__`` raises NameError as in
3.14 while a name is missing, and readers of ``C.__dict__["__annotations__"]`` (attrs, pydantic), which expects of this
host that it be filled, see the annotations that can be evaluated and the source text of the others, as under PEP 563.
C code that goes round the methods below (msgspec) sees the source text of all.

Objects that are neither functions nor classes, such as what `functools.lru_cache` makes, hold a `LazyAnnotations`.

Rewritten programs import this when they define a class: nothing heavy at module level.
"""

from __future__ import annotations

import sys
import types
from sys import _getframe  # kept: programs may take sys._getframe away

from morrow_runtime.annotation_attributes import ClassAnnotate, own_names, put_annotations


class LazyAnnotations(dict):
    """A dict of annotations that calls its annotate function when it is first read.

    Once it has its contents it becomes a `ReadAnnotations`, which costs readers nothing.

    Attributes:
        annotate: the `__annotate__` function.
    """

    __slots__ = ("annotate",)

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

    def _write(self):
        self._read()
        # What somebody puts in here stays in here.
        self.__class__ = ReadAnnotations

    def __get__(self, instance, owner=None):
        if instance is None:
            try:
                return _take_place(self.filled(), owner)
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

    __slots__ = ("annotate",)

    def filled(self):
        """Return self."""
        return self

    def _read(self):
        """A method taken from it before it was read ends up here."""

    _write = _read

    def __get__(self, instance, owner=None):
        return _take_place(self, owner) if instance is None else _of_class_alone(instance)

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


def _take_place(lazy, owner):
    """Put a plain dict of what *lazy* holds in its place in the class *owner*, and return that."""
    held = own_names(owner).get("__annotate_func__")
    if type(held) is not ClassAnnotate or own_names(owner).get("__annotations__") is not lazy:
        return lazy
    held.evaluated = dict(lazy)
    put_annotations(owner, held.evaluated)
    return held.evaluated


def annotations_of_class(cls):
    """Return the annotations of a class as type's `__annotations__` does, whoever asks.

    Raises:
        NameError: a name is not defined yet.
        AttributeError: a built-in class, which has none.
    """
    stored = own_names(cls).get("__annotations__")
    if type(stored) in LAZY:
        return _take_place(stored.filled(), cls)
    return type.__dict__["__annotations__"].__get__(cls)


def _of_class_alone(instance):
    if isinstance(instance, type):  # found in the metaclass of a class that has none of its own
        return type.__dict__["__annotations__"].__get__(instance)
    # In 3.14 the annotations belong to the class object alone.
    raise AttributeError(f"{type(instance).__name__!r} object has no attribute '__annotations__'")


def _forward(self, *arguments, **named):
    self._read()
    return dict.method(self, *arguments, **named)


_WRITING = "__setitem__ __delitem__ __ior__ pop popitem setdefault update clear".split()

# A code for each method, which differs in one name, rather than a closure: the frames of functions without cells can be
# hidden (`frames`). Nor is it compiled from text, which would take 2 ms of every program that has annotations.
for _name in (
    *"__getitem__ __iter__ __len__ __contains__ __eq__ __ne__ __or__ __ror__ __reversed__ __sizeof__ get keys values items copy".split(),
    *_WRITING,
):
    _code = _forward.__code__
    _new = {"method": _name, "_read": "_write" if _name in _WRITING else "_read"}
    _names = tuple(_new.get(name, name) for name in _code.co_names)
    _method = types.FunctionType(_code.replace(co_name=_name, co_qualname=f"LazyAnnotations.{_name}", co_names=_names), {"dict": dict})
    _method.__doc__ = getattr(dict, _name).__doc__
    setattr(LazyAnnotations, _name, _method)


def frames():
    """Return the functions that stand between a reader and the program's annotate function, for hiding their frames."""
    kinds = (LazyAnnotations, ClassAnnotations)
    return [value for kind in kinds for value in vars(kind).values() if hasattr(value, "__code__")]


def class_annotations(annotate, strings):
    """Return what a class body binds `__annotations__` and `__annotate_func__` to.

    Args:
        annotate: the class's annotate function.
        strings: the annotations' source text by name.
    """
    if not _protocols_know:
        _tell_protocols()
    made = ClassAnnotations(strings)
    made.annotate = annotate
    return made, ClassAnnotate(annotate, made)


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

    Such code was chosen for this host, and asks nobody for forward references: on hosts before 3.14 text is the sign for
    what is not there yet (PEP 563). A program's own code gets 3.14's NameError. The standard library, which passes
    questions on, counts as whoever asked it; but where typing only looks for names, no value is missed.

    Looks at the stack, which is why it is asked only once evaluating has failed.
    """
    frame = _getframe(1)
    library = sys.modules["os"].__file__.rpartition("os.py")[0]
    while frame is not None:
        filename = frame.f_code.co_filename
        if "site-packages" in filename or "dist-packages" in filename:
            return frame.f_globals.get("__name__", "").partition(".")[0] not in _OURS
        name = frame.f_globals.get("__name__") or ""
        if name == "typing" and frame.f_code.co_name == "_proto_hook":
            return True
        if not filename.startswith((library, "<frozen")) and name.partition(".")[0] not in _OURS:
            return False
        frame = frame.f_back
    return False


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


_NO_MEMBERS = "__annotate__ __annotate_func__ __annotations_cache__ __conditional_annotations__ __type_params__ __match_args__".split()


def exclude_from_protocols(typing):
    """Keep `typing.Protocol` from taking what a class body leaves behind for members of a protocol, as 3.14's does."""
    excluded = typing.EXCLUDED_ATTRIBUTES  # a list in 3.11, a frozenset later
    typing.EXCLUDED_ATTRIBUTES = type(excluded)({*excluded, *_NO_MEMBERS})


__all__ = ["LAZY", "ClassAnnotations", "LazyAnnotations", "ReadAnnotations", "asked_by_library", "class_annotations", "exclude_from_protocols", "frames", "lazy", "not_supported", "note", "values_or_text"]
