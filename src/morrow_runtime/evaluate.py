"""Call an `__annotate__` function, or the evaluate function of a type alias or type parameter, in any format.

Functions that the compiler makes know only VALUE. For the others their code is run once more over a namespace in which
missing names are `placeholders` (PEP 649 and PEP 749: VALUE_WITH_FAKE_GLOBALS).
"""

from __future__ import annotations

import builtins
import types
from typing import TYPE_CHECKING

from morrow_runtime.formats import Format, annotations_to_string, type_repr
from morrow_runtime.placeholders import ATOM, Namespace, Placeholder, as_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# The variable through which annotate functions find the names of a class body: machinery, not a name of the program.
CLASS_NAMESPACE = "__classdict__"
_RUNTIME = "__morrow__"


def call_evaluate_function(evaluate: Callable[[int], Any], format: int, *, owner: object = None) -> Any:
    """Call the evaluate function of a type alias, or of a type parameter's bound, constraints or default.

    Args:
        evaluate: such a function.
        format: a `Format`.
        owner: the alias or parameter, which forward references then remember.
    """
    return _call(evaluate, format, owner, _one_value)


def call_annotate_function(annotate: Callable[[int], dict[str, Any]], format: int, *, owner: object = None) -> dict[str, Any]:
    """Call an `__annotate__` function in any format, also one it does not support itself.

    Args:
        annotate: the function; returns a dict by name.
        format: a `Format`.
        owner: the function, class or module it belongs to, which forward references then remember.

    Raises:
        ValueError: there is no such format, or it is VALUE_WITH_FAKE_GLOBALS.
        RuntimeError: the function does not even support VALUE.
    """
    return _call(annotate, format, owner, _by_name)


def _call(function: Any, format: int, owner: object, shape: Any) -> Any:
    if format == Format.VALUE_WITH_FAKE_GLOBALS:
        raise ValueError("The VALUE_WITH_FAKE_GLOBALS format is for internal use only")
    try:
        return function(format)
    except NotImplementedError:
        pass  # the usual case: the compiler's functions support VALUE only
    if format == Format.STRING:
        return _as_strings(function, owner, shape)
    if format == Format.FORWARDREF:
        return _as_forward_refs(function, owner, shape)
    if format == Format.VALUE:
        raise RuntimeError("annotate function does not support VALUE format")
    raise ValueError(f"Invalid format: {format!r}")


def _as_strings(function: Any, owner: object, shape: Any) -> Any:
    try:
        function(Format.VALUE_WITH_FAKE_GLOBALS)
    except NotImplementedError:
        # Written by hand for VALUE alone.
        return shape.strings_of_values(function(Format.VALUE))
    except Exception:
        pass  # a missing name or a mistake in the annotation: its text does not depend on that
    namespace = Namespace(_machinery(function), as_text=True)
    run = _with_namespace(function, namespace, real_cells=False)
    return shape.strings(run(Format.VALUE_WITH_FAKE_GLOBALS), namespace)


def _as_forward_refs(function: Any, owner: object, shape: Any) -> Any:
    builtin_names, real_globals = function.__builtins__, function.__globals__
    known = {**(builtin_names if isinstance(builtin_names, dict) else vars(builtin_names)), **real_globals}
    is_class = isinstance(owner, type)
    namespace = Namespace(known, globals=real_globals, owner=owner, is_class=is_class)
    run = _with_namespace(function, namespace, real_cells=True)
    try:
        result = run(Format.VALUE_WITH_FAKE_GLOBALS)
    except NotImplementedError:
        return function(Format.VALUE)
    except Exception:
        pass  # something else than a missing name is wrong: below, each annotation is tried by itself
    else:
        namespace.become_forward_refs()
        return result
    namespace = Namespace(_machinery(function), globals=real_globals, owner=owner, is_class=is_class)
    run = _with_namespace(function, namespace, real_cells=False)
    result = run(Format.VALUE_WITH_FAKE_GLOBALS)
    return shape.evaluate_each(result, namespace)


def _with_namespace(function: Any, namespace: Namespace, *, real_cells: bool) -> Any:
    """Return the function over other globals and, where a cell is empty or *real_cells* is false, other cells."""
    code = function.__code__
    closure = []
    for name, cell in zip(code.co_freevars, function.__closure__ or ()):
        if name == CLASS_NAMESPACE:
            new = cell if real_cells else types.CellType(namespace)
        elif real_cells and _is_filled(cell):
            new = cell
        else:
            new = types.CellType(namespace.placeholder(name, ATOM, None if namespace.as_text else cell))
        closure.append(new)
    made = types.FunctionType(code, namespace, closure=tuple(closure), argdefs=function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _machinery(function: Any) -> dict[str, Any]:
    """Return the one name that rewritten code uses besides those of the program: it is no part of an annotation."""
    for names in (function.__globals__, vars(builtins)):
        if _RUNTIME in names:
            return {_RUNTIME: names[_RUNTIME]}
    return {}


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents
    except ValueError:
        return False
    return True


class _by_name:
    """An `__annotate__` function gives a dict, each of whose values is an annotation."""

    @staticmethod
    def strings_of_values(result: Any) -> dict[str, str]:
        return annotations_to_string(result)

    @staticmethod
    def strings(result: Any, namespace: Namespace) -> dict[str, str]:
        return {name: as_text(value, namespace) for name, value in result.items()}

    @staticmethod
    def evaluate_each(result: Any, namespace: Namespace) -> dict[str, Any]:
        single = {name: value for name, value in result.items() if type(value) is Placeholder}
        namespace.become_forward_refs()
        return {name: _evaluated(value) if name in single else value for name, value in result.items()}


class _one_value:
    """An evaluate function gives the value itself."""

    @staticmethod
    def strings_of_values(result: Any) -> str:
        return type_repr(result)

    @staticmethod
    def strings(result: Any, namespace: Namespace) -> str:
        return as_text(result, namespace)

    @staticmethod
    def evaluate_each(result: Any, namespace: Namespace) -> Any:
        single = type(result) is Placeholder
        namespace.become_forward_refs()
        return _evaluated(result) if single else result


def _evaluated(reference: Any) -> Any:
    try:
        return reference.evaluate()
    except Exception:
        return reference  # stays a forward reference: that is what the format is for


call_evaluate_function.__module__ = call_annotate_function.__module__ = "annotationlib"
