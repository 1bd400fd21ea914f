"""What the process answers about values -> what the protocol calls them. `inside_editor` gives dicts, `editor` sends these."""

from __future__ import annotations

from morrow.debug.protocol import Json, Variable, VariablePresentationHint


def is_hex(given: Json) -> bool:
    """Return whether a request wants numbers in base 16."""
    return bool((given.get("format") or {}).get("hex"))


def variable(one: Json) -> Variable:
    """Return a variable, or the value of an expression, as the protocol has it."""
    if "name" not in one:
        return Variable("", one["value"], one["ref"], one["type"] or None, None, None, one["named"], one["indexed"])
    kind = {"method": "method", "data": "data"}.get(one.get("kind", ""), "property")
    hint = VariablePresentationHint(
        kind, ["readOnly"] if one.get("fixed") else None, "private" if one.get("private") else None, True if one.get("lazy") else None
    )
    return Variable(one["name"], one["value"], one["ref"], one["type"] or None, hint, one.get("path"), one.get("named") or None, one.get("indexed") or None)


def changed(answer: Json) -> Json:
    """Return the response to a request that has set something."""
    one = variable(answer["variable"])
    return {
        "value": one.value, "type": one.type, "variablesReference": one.variablesReference,
        "namedVariables": one.namedVariables, "indexedVariables": one.indexedVariables,
    }  # fmt: skip
