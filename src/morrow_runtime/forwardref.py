"""`ForwardRef`: a part of an annotation that could not be evaluated yet, kept with all it takes to try again."""

from __future__ import annotations

import builtins
import sys
import types
from keyword import iskeyword

from morrow_runtime import host_compile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

_MISSING = object()


class Reference:
    """What `ForwardRef` and `placeholders.Placeholder` consist of.

    A placeholder becomes a ForwardRef where it stands, inside a `list[...]` that cannot be taken apart. Assigning
    ``__class__`` asks that both get their slots from one base (Objects/typeobject.c: compatible_for_assignment).
    """

    __slots__ = (
        "__arg__",  # the source text; names that stand for values are in __extra_names__
        "__precedence__",  # how tightly the outermost operator of __arg__ binds (placeholders.py)
        "__forward_is_argument__",
        "__forward_is_class__",
        "__forward_module__",
        "__globals__",
        "__owner__",
        "__cell__",  # a cell (the text is one name), or a dict of cells by name, or None
        "__extra_names__",  # values that the text refers to by made-up names, or None
        "__namespace__",  # the placeholders.Namespace that made it; None in a ForwardRef
        "__code__",
        "__resolved_str_cache__",
        "__weakref__",
    )


class ForwardRef(Reference):
    """Wrapper that holds a forward reference.

    Args:
        arg: the expression, as source text.
        module: name of the module whose globals it is evaluated in.
        owner: the function, class or module that carries the annotation.
        is_argument: has no effect; kept for callers written for older Pythons.
        is_class: whether it was written in the body of a class.

    Raises:
        TypeError: *arg* is not text.
    """

    __slots__ = ()

    def __init__(
        self, arg: str, *, module: str | None = None, owner: object = None, is_argument: bool = True, is_class: bool = False
    ) -> None:
        if not isinstance(arg, str):
            raise TypeError(f"Forward reference must be a string -- got {arg!r}")
        self.__arg__ = arg
        self.__precedence__ = None
        self.__forward_is_argument__ = is_argument
        self.__forward_is_class__ = is_class
        self.__forward_module__ = module
        self.__globals__: dict[str, Any] | None = None
        self.__owner__ = owner
        self.__cell__: types.CellType | dict[str, types.CellType] | None = None
        self.__extra_names__: dict[str, Any] | None = None
        self.__namespace__ = None
        self.__code__: types.CodeType | None = None
        self.__resolved_str_cache__: str | None = None

    def __init_subclass__(cls, /, *args: object, **kwds: object) -> NoReturn:
        raise TypeError("Cannot subclass ForwardRef")

    def evaluate(
        self,
        *,
        globals: dict[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        type_params: Any = None,
        owner: object = None,
        format: int = 1,
    ) -> Any:
        """Evaluate the forward reference and return the value.

        Args:
            globals, locals: where names are looked up; what is not given comes from the owner.
            type_params: type parameters in scope; the owner's own when not given.
            owner: the function, class or module it belongs to, if it does not know its own.
            format: VALUE, STRING, or FORWARDREF: then what cannot be evaluated stays a ForwardRef.

        Raises:
            NameError: a name is not defined yet.
            SyntaxError: the text is not an expression.
            NotImplementedError: *format* is another one.
        """
        if format == 4:
            return self.__resolved_str__
        if format not in (1, 3):
            raise NotImplementedError(format)
        lenient = format == 3
        if isinstance(self.__cell__, types.CellType):
            try:
                return self.__cell__.cell_contents
            except ValueError:
                pass  # still empty: the name may be found elsewhere
        names = _Names(self, globals, locals, type_params, self.__owner__ if owner is None else owner)
        text = self.__arg__
        if text.isidentifier() and not iskeyword(text):
            value = names.find(text)
            if value is not _MISSING:
                return value
            if lenient:
                return self
            raise NameError(f"name {text!r} is not defined", name=text)
        code = self.__forward_code__
        try:
            return eval(code, names.globals, names.locals)
        except Exception:
            if not lenient:
                raise
        return self._evaluate_in_part(code, names)

    def _evaluate_in_part(self, code: types.CodeType, names: _Names) -> Any:
        from morrow_runtime.placeholders import Namespace

        unknown = Namespace(
            {**vars(builtins), **names.globals, **names.locals},
            globals=names.globals,
            owner=names.owner,
            is_class=self.__forward_is_class__,
        )
        try:
            value = eval(code, unknown)
        except Exception:
            return self  # not a missing name but a mistake: whoever asks for the value will be told
        unknown.become_forward_refs()
        return value

    def _evaluate(
        self,
        globalns: dict[str, Any] | None,
        localns: Mapping[str, Any] | None,
        *older: Any,
        type_params: Any = (),
        recursive_guard: frozenset[str] = frozenset(),
        **newer: Any,
    ) -> Any:
        """Evaluate for code written for the private method that typing's own class had before 3.14."""
        if self.__forward_arg__ in recursive_guard:
            return self
        if self.__forward_module__ is not None:  # there, before anything that is given (typing.py of 3.11 to 3.13)
            globalns = getattr(sys.modules.get(self.__forward_module__), "__dict__", globalns)
        return self.evaluate(globals=globalns, locals=localns, type_params=type_params or None)

    @property
    def __forward_arg__(self) -> str:
        return self.__resolved_str__

    @property
    def __forward_code__(self) -> types.CodeType:
        if self.__code__ is None:
            text = self.__arg__
            # `*args: *Ts` is one value, though not an expression by itself.
            source = f"({text},)[0]" if text.lstrip().startswith("*") else text
            try:
                self.__code__ = _compiled(source)
            except SyntaxError:
                raise SyntaxError(f"Forward reference must be an expression -- got {text!r}") from None
        return self.__code__

    @property
    def __resolved_str__(self) -> str:
        """The text with made-up names replaced by what they stand for."""
        if self.__resolved_str_cache__ is None:
            text = self.__arg__
            if self.__extra_names__:
                from morrow_runtime.formats import type_repr

                for name, value in self.__extra_names__.items():
                    text = text.replace(name, type_repr(value))
            self.__resolved_str_cache__ = text
        return self.__resolved_str_cache__

    def __eq__(self, other: object) -> bool:
        if type(other) is not ForwardRef:
            return NotImplemented
        if self is other:
            return True
        return (
            self.__arg__ == other.__arg__
            and self.__forward_module__ == other.__forward_module__
            and self.__globals__ is other.__globals__
            and self.__forward_is_class__ == other.__forward_is_class__
            and _identity(self.__cell__) == _identity(other.__cell__)
            and self.__owner__ == other.__owner__
            and (self.__extra_names__ or None) == (other.__extra_names__ or None)
        )

    def __hash__(self) -> int:
        return hash(
            (
                self.__arg__,
                self.__forward_module__,
                id(self.__globals__),
                self.__forward_is_class__,
                _identity(self.__cell__),
                self.__owner__,
                tuple(self.__extra_names__ or ()),
            )
        )

    def __or__(self, other: Any) -> Any:
        import typing

        return typing.Union[self, other]

    def __ror__(self, other: Any) -> Any:
        import typing

        return typing.Union[other, self]

    def __reduce_ex__(self, protocol: Any) -> Any:
        if protocol < 2:
            raise TypeError("a class that defines __slots__ without defining __getstate__ cannot be pickled")
        return super().__reduce_ex__(protocol)

    def __repr__(self) -> str:
        details = ""
        if self.__forward_module__ is not None:
            details += f", module={self.__forward_module__!r}"
        if self.__forward_is_class__:
            details += ", is_class=True"
        if self.__owner__ is not None:
            details += f", owner={self.__owner__!r}"
        return f"ForwardRef({self.__resolved_str__!r}{details})"


def _compiled(source: str) -> types.CodeType:
    try:
        return host_compile(source, "<string>", "eval", dont_inherit=True)  # type: ignore[no-any-return]
    except SyntaxError:
        return compile(source, "<string>", "eval", dont_inherit=True)  # type: ignore[no-any-return]


class _Names:
    """Where a forward reference looks up names: what the caller gave, completed from what it knows about itself."""

    __slots__ = ("globals", "locals", "owner")

    def __init__(
        self,
        reference: ForwardRef,
        globals: dict[str, Any] | None,
        locals: Mapping[str, Any] | None,
        type_params: Any,
        owner: Any,
    ) -> None:
        self.owner = owner
        if globals is None:
            globals = _globals_of(reference, owner)
        self.globals = globals
        if type_params is None:
            type_params = getattr(owner, "__type_params__", None)
        if locals is None:
            locals = vars(owner) if isinstance(owner, type) else {}
        # Never into the mapping that was handed in (CPython's test_fwdref_evaluate_argument_mutation).
        self.locals = dict(locals)
        # PEP 695: a class body hides a type parameter of the same name, a module does not.
        for parameter in type_params or ():
            self.locals.setdefault(parameter.__name__, parameter)
        if isinstance(reference.__cell__, dict):
            for name, cell in reference.__cell__.items():
                try:
                    self.locals.setdefault(name, cell.cell_contents)
                except ValueError:
                    pass  # still empty: evaluating will say which name is missing
        if reference.__extra_names__:
            self.locals.update(reference.__extra_names__)

    def find(self, name: str) -> Any:
        for names in (self.locals, self.globals):
            if name in names:
                return names[name]
        return getattr(builtins, name, _MISSING)


def _globals_of(reference: ForwardRef, owner: Any) -> dict[str, Any]:
    module: Any = None
    if reference.__forward_module__ is not None:
        module = sys.modules.get(reference.__forward_module__)
    elif reference.__globals__ is not None:
        return reference.__globals__
    elif isinstance(owner, types.ModuleType):
        module = owner
    elif isinstance(owner, type):
        module = sys.modules.get(owner.__module__)
    elif callable(owner):
        found = getattr(owner, "__globals__", None)
        if found is not None:
            return found
    return {} if module is None else vars(module)


def _identity(cell: types.CellType | dict[str, types.CellType] | None) -> object:
    if isinstance(cell, dict):
        return tuple((name, id(cell[name])) for name in sorted(cell))
    return None if cell is None else id(cell)


ForwardRef.__module__ = "annotationlib"
