"""Names that are not there yet: objects that write down what is done to them.

    list[Later | None]   ->  with Later a Placeholder:  list[Placeholder("Later | None")]

An `__annotate__` function run over a `Namespace` finds a `Placeholder` for every name the namespace does not hold. Each
operation on one gives another whose text is the expression so far. In the end a placeholder becomes either its text
(format STRING) or, where it stands, a ForwardRef (format FORWARDREF). PEP 649 calls this "fake globals".
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

from morrow_runtime.formats import is_template, template_text
from morrow_runtime.forwardref import ForwardRef, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# How tightly each kind of expression binds, loosest first: decides where the text needs parentheses
# (the Python reference manual, "Operator precedence").
TUPLE, TEST, COMPARE, BIT_OR, BIT_XOR, BIT_AND, SHIFT, ARITHMETIC, TERM, FACTOR, POWER, AWAIT, ATOM = range(13)

# What `list[...]` and typing ask of anything put between brackets. A placeholder that said yes to them would be taken
# for a type variable.
_NOT_RECORDED = frozenset(
    {
        "__typing_subst__",
        "__typing_prepare_subst__",
        "__typing_is_unpacked_typevartuple__",
        "__typing_unpacked_tuple_args__",
        "__parameters__",
        "__origin__",
        "__mro_entries__",
        "__supertype__",
    }
)

_MADE_UP = "__annotationlib_name_{}__"


class Namespace(dict):
    """Globals for an `__annotate__` function: a name it does not hold is a new `Placeholder`.

    Args:
        known: the names that have their real values.
        globals: the function's real globals, kept in each placeholder for evaluating later.
        owner: the object whose annotations are asked for.
        is_class: whether that is a class.
        module: name of the module, for references that know only that.
        as_text: whether the result will be text: values then appear as their repr, not under made-up names.
    """

    def __init__(
        self,
        known: dict[str, Any],
        *,
        globals: dict[str, Any] | None = None,
        owner: object = None,
        is_class: bool = False,
        module: str | None = None,
        as_text: bool = False,
    ) -> None:
        super().__init__(known)
        self.globals = globals
        self.owner = owner
        self.is_class = is_class
        self.module = module
        self.as_text = as_text
        self._made: list[Placeholder] = []
        self._values: dict[int, tuple[str, Any]] = {}

    def __missing__(self, name: str) -> Placeholder:
        return self.placeholder(name, ATOM)

    def placeholder(
        self,
        text: str,
        precedence: int,
        cell: types.CellType | dict[str, types.CellType] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> Placeholder:
        """Return a new placeholder for an expression."""
        made = object.__new__(Placeholder)
        set_slot = object.__setattr__
        set_slot(made, "__arg__", text)
        set_slot(made, "__precedence__", precedence)
        set_slot(made, "__forward_is_argument__", False)
        set_slot(made, "__forward_is_class__", self.is_class)
        set_slot(made, "__forward_module__", self.module)
        set_slot(made, "__globals__", self.globals)
        set_slot(made, "__owner__", self.owner)
        set_slot(made, "__cell__", cell)
        set_slot(made, "__extra_names__", extra)
        set_slot(made, "__namespace__", self)
        set_slot(made, "__code__", None)
        set_slot(made, "__resolved_str_cache__", None)
        self._made.append(made)
        return made

    def name_for(self, value: object) -> str:
        """Return a made-up name that stands for *value* in the text of forward references."""
        known = self._values.get(id(value))
        if known is None:
            known = self._values[id(value)] = (_MADE_UP.format(len(self._values) + 1), value)
        return known[0]

    def become_forward_refs(self) -> None:
        """Turn every placeholder made here into a ForwardRef, wherever it stands."""
        for made in self._made:
            object.__setattr__(made, "__namespace__", None)
            object.__setattr__(made, "__class__", ForwardRef)
        self._made.clear()


class _Parts:
    """The text of one operation while it is put together, with the cells and values it refers to."""

    __slots__ = ("namespace", "cells", "extra")

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.cells: dict[str, types.CellType] = {}
        self.extra: dict[str, Any] = {}

    def text(self, value: Any, at_least: int = TEST) -> str:
        """Return *value* as source, in parentheses if it binds less tightly than *at_least*."""
        text, precedence = self._write(value)
        return f"({text})" if precedence < at_least else text

    def _write(self, value: Any) -> tuple[str, int]:
        kind = type(value)
        if kind is Placeholder:
            get = object.__getattribute__
            cell, text = get(value, "__cell__"), get(value, "__arg__")
            if cell is not None:
                self.cells.update(cell if type(cell) is dict else {text: cell})
            self.extra.update(get(value, "__extra_names__") or {})
            return text, get(value, "__precedence__")
        if value is None or kind in (str, int, bool):
            return repr(value), ATOM
        if kind in (float, complex):
            return repr(value).replace("inf", "1e309"), ATOM
        if kind is tuple:
            return f"({self.items(value)})", ATOM
        if kind is list:
            return f"[{', '.join(map(self.text, value))}]", ATOM
        if kind is set and value:
            return f"{{{', '.join(map(self.text, value))}}}", ATOM
        if kind is set and not self.namespace.as_text:
            return "{*()}", ATOM
        if kind is dict:
            return f"{{{', '.join(f'{self.text(key)}: {self.text(item)}' for key, item in value.items())}}}", ATOM
        if is_template(value):
            return template_text(value), ATOM
        if self.namespace.as_text:
            return ("..." if value is ... else repr(value)), ATOM
        name = self.namespace.name_for(value)
        self.extra[name] = value
        return name, ATOM

    def items(self, values: tuple[Any, ...]) -> str:
        """Return the inside of a tuple, whose only item keeps its comma."""
        text = ", ".join(map(self.text, values))
        return text + "," if len(values) == 1 else text

    def index(self, key: Any) -> str:
        """Return what stands between the brackets of ``value[...]``: slices are allowed here, and bare tuples."""
        if type(key) is tuple and key:
            text = ", ".join(map(self._slice, key))
            return text + "," if len(key) == 1 else text
        return self._slice(key)

    def _slice(self, value: Any) -> str:
        if type(value) is not slice:
            return self.text(value)
        lower, upper, step = ("" if part is None else self.text(part) for part in (value.start, value.stop, value.step))
        return f"{lower}:{upper}{':' + step if step else ''}"

    def done(self, text: str, precedence: int) -> Placeholder:
        return self.namespace.placeholder(text, precedence, self.cells or None, self.extra or None)


def as_text(value: Any, namespace: Namespace) -> str:
    """Return one finished annotation as source text; text itself stays as it is."""
    if type(value) is str:
        return value
    if type(value) is Placeholder:
        return object.__getattribute__(value, "__arg__")
    return _Parts(namespace).text(value)


def _binary(symbol: str, precedence: int) -> tuple[Any, Any]:
    # Operands of the same precedence need parentheses on the right, or on the left for `**`.
    left, right = (precedence + 1, precedence) if symbol == "**" else (precedence, precedence + 1)
    if symbol == "**":
        left = AWAIT

    def operation(self: Any, other: Any) -> Placeholder:
        parts = _Parts(object.__getattribute__(self, "__namespace__"))
        return parts.done(f"{parts.text(self, left)} {symbol} {parts.text(other, right)}", precedence)

    def reflected(self: Any, other: Any) -> Placeholder:
        parts = _Parts(object.__getattribute__(self, "__namespace__"))
        return parts.done(f"{parts.text(other, left)} {symbol} {parts.text(self, right)}", precedence)

    return operation, reflected


def _comparison(symbol: str) -> Any:
    def operation(self: Any, other: Any) -> Placeholder:
        parts = _Parts(object.__getattribute__(self, "__namespace__"))
        return parts.done(f"{parts.text(self, BIT_OR)} {symbol} {parts.text(other, BIT_OR)}", COMPARE)

    return operation


def _unary(symbol: str) -> Any:
    def operation(self: Any) -> Placeholder:
        parts = _Parts(object.__getattribute__(self, "__namespace__"))
        return parts.done(f"{symbol}{parts.text(self, FACTOR)}", FACTOR)

    return operation


class Placeholder(Reference):
    """An expression over names that have no value yet. Anything done to it makes a longer expression."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        # The type's own methods are found on the type; any name the program asks for is part of the expression.
        if name in _OWN:
            return object.__getattribute__(self, name)
        if name in _NOT_RECORDED:
            raise AttributeError(name)
        parts = _Parts(object.__getattribute__(self, "__namespace__"))
        value = parts.text(self, ATOM)
        return parts.done(f"({value}).{name}" if value.isdigit() else f"{value}.{name}", ATOM)

    def __call__(self, /, *arguments: Any, **named: Any) -> Placeholder:
        parts = _Parts(object.__getattribute__(self, "__namespace__"))
        function = parts.text(self, ATOM)
        given = [parts.text(value) for value in arguments]
        given += [f"{name}={parts.text(value)}" for name, value in named.items()]
        return parts.done(f"{function}({', '.join(given)})", ATOM)

    def __getitem__(self, key: Any) -> Placeholder:
        parts = _Parts(object.__getattribute__(self, "__namespace__"))
        value = parts.text(self, ATOM)
        return parts.done(f"{value}[{parts.index(key)}]", ATOM)

    def __iter__(self) -> Iterator[Placeholder]:
        # Once: `[*names]` and `(*names,)` are what iteration is for in an annotation.
        parts = _Parts(object.__getattribute__(self, "__namespace__"))
        yield parts.done(f"*{parts.text(self, BIT_OR)}", ATOM)

    def __repr__(self) -> str:
        return object.__getattribute__(self, "__arg__")

    def __format__(self, specification: str) -> str:
        raise TypeError("Cannot stringify annotation containing string formatting")

    __hash__ = object.__hash__

    __add__, __radd__ = _binary("+", ARITHMETIC)
    __sub__, __rsub__ = _binary("-", ARITHMETIC)
    __mul__, __rmul__ = _binary("*", TERM)
    __matmul__, __rmatmul__ = _binary("@", TERM)
    __truediv__, __rtruediv__ = _binary("/", TERM)
    __floordiv__, __rfloordiv__ = _binary("//", TERM)
    __mod__, __rmod__ = _binary("%", TERM)
    __lshift__, __rlshift__ = _binary("<<", SHIFT)
    __rshift__, __rrshift__ = _binary(">>", SHIFT)
    __and__, __rand__ = _binary("&", BIT_AND)
    __xor__, __rxor__ = _binary("^", BIT_XOR)
    __or__, __ror__ = _binary("|", BIT_OR)
    __pow__, __rpow__ = _binary("**", POWER)
    __lt__, __le__, __gt__, __ge__ = map(_comparison, ("<", "<=", ">", ">="))
    __eq__, __ne__ = map(_comparison, ("==", "!="))
    __pos__, __neg__, __invert__ = map(_unary, "+-~")


_OWN = frozenset({"__class__", "__module__", "__doc__", "__reduce__", "__reduce_ex__", "__hash__", "__repr__", "__str__", "__format__", "__init__", "__call__", "__iter__", "__getitem__"})  # fmt: skip
