"""Template strings as values: string.templatelib's types (PEP 750; Objects/templateobject.c, Objects/interpolationobject.c).

On a host that has the types of its own, they are what this module hands out, so that output of ``morrow --to`` and
native code agree about them.
"""

from __future__ import annotations

import opcode
from types import GenericAlias

__all__ = ["Interpolation", "Template", "convert"]

_HOST_HAS_TEMPLATES = "BUILD_TEMPLATE" in opcode.opmap
_CONVERSIONS = ("s", "a", "r")
_MISSING = object()


class _ReadOnlyType(type):
    """A type that cannot be derived from or changed, like those written in C.

    Types written in C carry their module in the name that CPython's own error messages print, and not in ``__name__``.
    So do these: the name kept in the type is the dotted one, this metaclass shows the short one.
    """

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        return cls.__qualname__

    def __setattr__(cls, name: str, value: object) -> None:
        raise TypeError(f"cannot set {name!r} attribute of immutable type '{cls.__module__}.{cls.__qualname__}'")

    def __delattr__(cls, name: str) -> None:
        raise TypeError(f"cannot delete {name!r} attribute of immutable type '{cls.__module__}.{cls.__qualname__}'")


def _refuse_subclass(cls: type, /, **keywords: object) -> None:
    base = cls.__mro__[1]
    raise TypeError(f"type '{base.__module__}.{base.__qualname__}' is not an acceptable base type")


def _refuse_assignment(self: object, name: str, *value: object) -> None:
    kind = type(self)
    found = getattr(kind, name, None)
    if name in kind.__slots__:  # type: ignore[attr-defined]
        raise AttributeError("readonly attribute")
    if isinstance(found, property):
        raise AttributeError(f"attribute {name!r} of {kind.__module__ + '.' + kind.__name__!r} objects is not writable")
    full = f"{kind.__module__}.{kind.__name__}"
    if found is not None:
        raise AttributeError(f"{full!r} object attribute {name!r} is read-only")
    raise AttributeError(f"{full!r} object has no attribute {name!r} and no __dict__ for setting new attributes")


class _Interpolation(metaclass=_ReadOnlyType):
    """Interpolation(value, expression='', conversion=None, format_spec=''): one ``{...}`` of a template string."""

    __slots__ = ("value", "expression", "conversion", "format_spec")
    __match_args__ = ("value", "expression", "conversion", "format_spec")
    __init_subclass__ = classmethod(_refuse_subclass)  # type: ignore[assignment]
    __class_getitem__ = classmethod(GenericAlias)

    value: object
    expression: str
    conversion: str | None
    format_spec: str

    def __new__(
        cls, value: object = _MISSING, expression: str = "", conversion: str | None = None, format_spec: str = ""
    ) -> _Interpolation:
        if value is _MISSING:
            raise TypeError("Interpolation() missing required argument 'value' (pos 1)")
        if not isinstance(expression, str):
            raise TypeError(f"Interpolation() argument 'expression' must be str, not {type(expression).__name__}")
        if conversion is not None:
            if not isinstance(conversion, str):
                raise TypeError(f"Interpolation() argument 'conversion' must be str, not {type(conversion).__name__}")
            if conversion not in _CONVERSIONS:
                raise ValueError("Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'")
        if not isinstance(format_spec, str):
            raise TypeError(f"Interpolation() argument 'format_spec' must be str, not {type(format_spec).__name__}")
        self = object.__new__(cls)
        _set_value(self, value)
        _set_expression(self, expression)
        _set_conversion(self, conversion)
        _set_format_spec(self, format_spec)
        return self

    __setattr__ = __delattr__ = _refuse_assignment  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Interpolation({self.value!r}, {self.expression!r}, {self.conversion!r}, {self.format_spec!r})"

    def __reduce__(self) -> tuple[object, ...]:
        make = type(self) if _find_door() is not None else _interpolation
        return make, (self.value, self.expression, self.conversion, self.format_spec)


class _Template(metaclass=_ReadOnlyType):
    """Template(*parts): a template string, its literal parts and its interpolations in turn."""

    __slots__ = ("strings", "interpolations")
    __init_subclass__ = classmethod(_refuse_subclass)  # type: ignore[assignment]
    __class_getitem__ = classmethod(GenericAlias)

    strings: tuple[str, ...]
    interpolations: tuple[_Interpolation, ...]

    def __new__(cls, /, *args: object, **keywords: object) -> _Template:
        if keywords:
            raise TypeError("Template.__new__ only accepts *args arguments")
        strings: list[str] = [""]
        interpolations: list[_Interpolation] = []
        for part in args:
            if isinstance(part, str):
                # The text's own type would be kept by +=; CPython joins into exact strings.
                strings[-1] = strings[-1] + str(part) if strings[-1] else part
            elif isinstance(part, _Interpolation):
                interpolations.append(part)
                strings.append("")
            else:
                raise TypeError(
                    "Template.__new__ *args need to be of type 'str' or 'Interpolation', "
                    f"got {type(part).__name__}"
                )
        self = object.__new__(cls)
        _set_strings(self, tuple(strings))
        _set_interpolations(self, tuple(interpolations))
        return self

    __setattr__ = __delattr__ = _refuse_assignment  # type: ignore[assignment]

    @property
    def values(self) -> tuple[object, ...]:
        """Values of interpolations"""
        return tuple(part.value for part in self.interpolations)

    def __iter__(self) -> _TemplateIter:
        iterator = object.__new__(_TemplateIter)
        _set_parts(iterator, _parts(self))
        return iterator

    def __add__(self, other: object, /) -> _Template:
        if not isinstance(other, _Template):
            kind = type(other)
            name = f"{kind.__module__}.{kind.__name__}" if isinstance(kind, _ReadOnlyType) else kind.__name__
            raise TypeError(
                f'can only concatenate string.templatelib.Template (not "{name}") to string.templatelib.Template'
            )
        return _Template(*self, *other)

    def __repr__(self) -> str:
        return f"Template(strings={self.strings!r}, interpolations={self.interpolations!r})"

    def __reduce__(self) -> tuple[object, ...]:
        door = _find_door()
        make = unpickle if door is None else door._template_unpickle  # type: ignore[attr-defined]
        return make, (self.strings, self.interpolations)


def _find_door() -> object:
    """Return string.templatelib, which pickles name as in 3.14, or None: a program rewritten ahead of time has none."""
    try:
        import string.templatelib as door  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    return door


def _interpolation(*values: object) -> object:
    return Interpolation(*values)  # type: ignore[arg-type]


class _TemplateIter(metaclass=_ReadOnlyType):
    """The parts of a template in turn, empty strings left out."""

    __slots__ = ("_parts",)
    __init_subclass__ = classmethod(_refuse_subclass)  # type: ignore[assignment]

    def __new__(cls, *args: object, **keywords: object) -> _TemplateIter:
        raise TypeError("cannot create 'string.templatelib.TemplateIter' instances")

    def __iter__(self) -> _TemplateIter:
        return self

    def __next__(self) -> object:
        return next(self._parts)  # type: ignore[attr-defined]


def _parts(template: _Template):  # type: ignore[no-untyped-def]
    for text, interpolation in zip(template.strings, template.interpolations):
        if text:
            yield text
        yield interpolation
    if template.strings[-1]:
        yield template.strings[-1]


# The slots' own setters: the types refuse assignment, and going round that costs a lookup per attribute otherwise.
_set_value = _Interpolation.__dict__["value"].__set__
_set_expression = _Interpolation.__dict__["expression"].__set__
_set_conversion = _Interpolation.__dict__["conversion"].__set__
_set_format_spec = _Interpolation.__dict__["format_spec"].__set__
_set_strings = _Template.__dict__["strings"].__set__
_set_interpolations = _Template.__dict__["interpolations"].__set__
_set_parts = _TemplateIter.__dict__["_parts"].__set__

for _type, _name in ((_Interpolation, "Interpolation"), (_Template, "Template"), (_TemplateIter, "TemplateIter")):
    type.__setattr__(_type, "__qualname__", _name)
    type.__setattr__(_type, "__module__", "string.templatelib")
    type.__dict__["__name__"].__set__(_type, f"string.templatelib.{_name}")

if _HOST_HAS_TEMPLATES:
    _native = eval("t'{0}'")
    Template = type(_native)
    Interpolation = type(_native.interpolations[0])
else:
    Template, Interpolation = _Template, _Interpolation


def convert(obj: object, /, conversion: str | None) -> object:
    """Convert *obj* using formatted string literal semantics: ``r`` repr, ``s`` str, ``a`` ascii, None as it is.

    Raises:
        ValueError: *conversion* is none of these.
    """
    if conversion is None:
        return obj
    if conversion == "r":
        return repr(obj)
    if conversion == "s":
        return str(obj)
    if conversion == "a":
        return ascii(obj)
    raise ValueError(f"invalid conversion specifier: {conversion}")


def text(*parts: str) -> str:
    """Join the parts of an f-string that was written as a call."""
    return "".join(parts)


def field(value: object, conversion: str | None = None, format_spec: str = "") -> str:
    """Return what an f-string's ``{value!conversion:format_spec}`` stands for."""
    return format(convert(value, conversion), format_spec)


def unpickle(*args: object) -> object:
    """Rebuild a template from its strings and interpolations; pickles name it ``string.templatelib._template_unpickle``.

    Raises:
        ValueError: not exactly two arguments.
    """
    from itertools import zip_longest

    if len(args) != 2:
        raise ValueError("Template expects tuple of length 2 to unpickle")
    pairs = zip_longest(*args)  # type: ignore[call-overload]
    return Template(*(part for pair in pairs for part in pair if part is not None))
