"""Give compiled code the names that CPython gives it.

Rewriting puts functions around and inside what the user wrote. This goes over the finished code objects and makes them
look as if the host had compiled the new grammar itself:

    parameter ``.format NAME``        the function is called NAME, its parameter ``format`` (evaluators, ``__annotate__``);
                                      a NAME with a dot is a qualified one (``f.__annotate__``)
                                      what is in it is qualified as if it stood around it (``C.<lambda>``)
    lambda with first ``.classdict``  only hands on the namespace of a class: absent from qualified names
    first parameter ``.defaults``     a scope of type parameters: ``<generic parameters of NAME>``, absent from qualified names
    name ``.f``, ``____________C``    hidden inside such a scope: ``f``, ``C``
    variable ``.classdict``           ``__classdict__``

Names only label what a code object does by index, so nothing that runs is changed. One thing that runs is, on the way:
the annotate functions of functions become constants where they can (`annotate_constants`).
"""

from __future__ import annotations

import opcode
from types import CodeType

from morrow.language import annotate_constants
from morrow.language.features.build import CLASS_NAMESPACE
from morrow.language.features.type_parameters import HIDDEN_CLASS, HIDDEN_FUNCTION, PARAMETERS

_FORMAT = ".format "
_OF_FUNCTION = ".__annotate__"  # with a name before it: that of a class or module is called by what stands around it
_SCOPE = PARAMETERS[0]
_LOAD_CONST, _STORE_NAME = opcode.opmap["LOAD_CONST"], opcode.opmap["STORE_NAME"]
_COMPREHENSIONS = "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"
_IS_FUNCTION = 0x3  # CO_OPTIMIZED | CO_NEWLOCALS


def rename(code: CodeType) -> CodeType:
    """Return *code* and everything in it under CPython's names; the same object if nothing changes."""
    return _rename(code, code.co_name, code.co_qualname, "")


def _rename(code: CodeType, name: str, qualname: str, around: str) -> CodeType:
    """Rename *code* and all in it; *around* is what qualifies names in the scope it stands in."""
    changes: dict[str, object] = {}
    is_scope = code.co_varnames[:1] in ((_SCOPE,), (CLASS_NAMESPACE,))
    is_evaluator = code.co_varnames[:1] != () and code.co_varnames[0].startswith(_FORMAT)
    inside = around if _hands_on(code) else _inside(code, name, qualname)
    if name != code.co_name:
        changes["co_name"] = "__annotate__" if name.endswith(".__annotate__") else name
    if qualname != code.co_qualname:
        changes["co_qualname"] = qualname
    constants = list(code.co_consts)
    annotates: dict[int, CodeType] = {}
    changed = False
    for index, constant in enumerate(constants):
        if isinstance(constant, CodeType):
            inner_name = _name(constant)
            if is_evaluator:
                # As if it stood around the evaluator (Python/compile.c: compiler_set_qualname).
                inner_qualname = around + inner_name
            elif inner_name[:1] == "<" and not is_scope:
                inner_qualname = inside + inner_name
            else:
                inner_qualname = _qualname(code, name, qualname, is_scope, constant, inner_name)
            inner = _rename(constant, inner_name, inner_qualname, inside)
            changed = changed or inner is not constant
            constants[index] = inner
            if inner_name.endswith(_OF_FUNCTION) and not inner.co_freevars:
                annotates[index] = inner
        elif is_scope and isinstance(constant, str) and constant.startswith(HIDDEN_CLASS):
            constants[index] = constant[len(HIDDEN_CLASS) :]
            changed = True
    if qualname != code.co_qualname and not code.co_flags & _IS_FUNCTION and code.co_name != "<module>":
        code_bytes, changed = _set_class_qualname(code, constants, qualname), True
        if code_bytes is not None:
            changes["co_code"] = code_bytes
    if annotates:
        changes["co_code"] = annotate_constants.fold(changes.get("co_code", code.co_code), constants, annotates)  # type: ignore[arg-type]
    if changed:
        changes["co_consts"] = tuple(constants)
    for field in ("co_varnames", "co_freevars", "co_cellvars"):
        names = getattr(code, field)
        if any(each[:1] == "." for each in names):
            renamed = tuple(map(_variable, names))
            if renamed != names:
                changes[field] = renamed
    return code.replace(**changes) if changes else code  # type: ignore[arg-type]


def _hands_on(code: CodeType) -> bool:
    """Tell whether *code* only hands on the namespace of a class: a scope that CPython does not have."""
    if code.co_varnames[:1] == (_SCOPE,):
        return set(PARAMETERS).issuperset(code.co_varnames + code.co_cellvars)  # an alias without type parameters
    return code.co_varnames[:1] == (CLASS_NAMESPACE,)


def _inside(code: CodeType, name: str, qualname: str) -> str:
    """Return what the qualified names of things in *code* start with."""
    if name == "<module>":
        return ""
    has_locals = code.co_flags & _IS_FUNCTION and code.co_varnames[:1] != (_SCOPE,) and name not in _COMPREHENSIONS
    return f"{qualname}.<locals>." if has_locals else f"{qualname}."


def _variable(name: str) -> str:
    if name == CLASS_NAMESPACE:
        return "__classdict__"
    return "format" if name.startswith(_FORMAT) else name


def _name(code: CodeType) -> str:
    name, first = code.co_name, code.co_varnames[:1]
    if first and first[0].startswith(_FORMAT):
        return first[0][len(_FORMAT) :]
    if first == (_SCOPE,):
        return f"<generic parameters of {name}>"
    if name.startswith(HIDDEN_FUNCTION):
        return name[len(HIDDEN_FUNCTION) :]
    return name[len(HIDDEN_CLASS) :] if name.startswith(HIDDEN_CLASS) else name


def _qualname(outer: CodeType, outer_name: str, outer_qualname: str, in_scope: bool, code: CodeType, name: str) -> str:
    """Return the qualified name of *code* inside *outer*, whose own names are already the new ones."""
    old, old_outer = code.co_qualname, outer.co_qualname
    own = len(code.co_name)
    if in_scope:
        # The scope leaves no trace: what is in it is qualified like the definition itself.
        return outer_qualname[: len(outer_qualname) - len(outer_name)] + name
    if old.startswith(old_outer + "."):
        return outer_qualname + old[len(old_outer) : len(old) - own] + name
    return old[: len(old) - own] + name


def _set_class_qualname(code: CodeType, constants: list[object], qualname: str) -> bytes | None:
    """Change what the body of a class stores as ``__qualname__``; return new bytecode if that needs one.

    The old text may be a constant of the user's too, so the new one gets a place of its own if an argument can name it.
    """
    words = code.co_code
    for at in range(2, min(len(words), 64), 2):
        if words[at] == _STORE_NAME and code.co_names[words[at + 1]] == "__qualname__" and words[at - 2] == _LOAD_CONST:
            if len(constants) > 255:
                constants[words[at - 1]] = qualname
                return None
            constants.append(qualname)
            return words[: at - 1] + bytes([len(constants) - 1]) + words[at:]
    return None
