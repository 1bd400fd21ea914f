"""The formats an annotation can be asked for in, and how a finished value is written as text.

Sources: PEP 649, PEP 749 and the documentation of `annotationlib`; what those leave open follows what CPython 3.14
answers.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class Format(enum.IntEnum):
    VALUE = 1
    VALUE_WITH_FAKE_GLOBALS = 2
    FORWARDREF = 3
    STRING = 4


# Like every name of a public library, the class says where people import it from, so that reprs and pickles match 3.14's.
Format.__module__ = "annotationlib"


def annotations_to_string(annotations: Mapping[str, Any]) -> dict[str, str]:
    """Return a new dict with each value as text; text itself stays as it is."""
    return {name: value if isinstance(value, str) else type_repr(value) for name, value in annotations.items()}


def type_repr(value: object) -> str:
    """Return *value* as it could be written in an annotation: ``int``, ``package.Class``, else its repr."""
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        module, name = value.__module__, value.__qualname__
        if module is None and isinstance(value, types.BuiltinFunctionType):
            # A built-in method has no module of its own: `[].append` belongs to list (CPython gh-152692).
            owner = value.__self__
            module = (owner if isinstance(owner, type) else type(owner)).__module__
        return name if module is None or module == "builtins" else f"{module}.{name}"
    if value is ...:
        return "..."
    if is_template(value):
        return template_text(value)
    return repr(value)


def is_template(value: object) -> bool:
    """Return whether *value* is a t-string. By name: CPython makes them without importing string.templatelib."""
    kind = type(value)
    return kind.__name__ == "Template" and kind.__module__ == "string.templatelib"


def template_text(template: Any) -> str:
    """Return a t-string as source: ``t'{name!r}'``, or as a call where an expression's text is missing or wrong."""
    parts: list[str] = []
    expressions: list[bool] = []
    for part in template:
        if isinstance(part, str):
            parts.append(part.replace("{", "{{").replace("}", "}}"))
            expressions.append(False)
            continue
        if not _is_expression(part.expression):
            return _template_call(template)
        conversion = f"!{part.conversion}" if part.conversion else ""
        specification = part.format_spec.replace("{", "{{").replace("}", "}}")
        parts.append(f"{{{part.expression}{conversion}{':' if specification else ''}{specification}}}")
        expressions.append(True)
    return "t" + _quoted(parts, expressions)


def _template_call(template: Any) -> str:
    arguments = [
        repr(part)
        if isinstance(part, str)
        else f"Interpolation({part.value!r}, {part.expression!r}, {part.conversion!r}, {part.format_spec!r})"
        for part in template
    ]
    return f"Template({', '.join(arguments)})"


def _is_expression(text: str) -> bool:
    if not text.strip():
        return False
    try:
        compile(f"({text}\n)", "<string>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _quoted(parts: list[str], expressions: list[bool]) -> str:
    """Join the parts of a template inside the first quotes that need nothing escaped within an expression."""
    written = "".join(parts)
    inside = "".join(part for part, is_expression in zip(parts, expressions) if is_expression)
    many_lines = "\n" in inside
    possible = [quote for quote in ('"""', "'''") if quote not in written] if many_lines else []
    if not many_lines:
        possible = [quote for quote in ("'", '"', '"""', "'''") if quote not in written]
    # A closing quote must not run together with the text before it.
    possible = [quote for quote in possible if not written.endswith(quote[0])] or possible
    quote = possible[0] if possible else "'"

    def escaped(text: str) -> str:
        out = []
        for character in text:
            if character == "\\" or (not possible and character == quote):
                out.append("\\" + character)
            elif character.isprintable():
                out.append(character)
            else:
                out.append(repr(character)[1:-1])
        return "".join(out)

    body = "".join(part if is_expression else escaped(part) for part, is_expression in zip(parts, expressions))
    return f"{quote}{body}{quote}"


type_repr.__module__ = annotations_to_string.__module__ = "annotationlib"
