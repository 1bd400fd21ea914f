"""What could stand here: names, attributes, modules, and the signature of the call being written.

Nothing of the program runs to find out: attributes are looked up statically, so a property or a ``__getattr__`` is
never called by pressing Tab. With jedi installed, jedi is asked first.
"""

from __future__ import annotations

import builtins
import inspect
import keyword
import pkgutil
import re
import sys
import types
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from morrow.repl.highlight import State, scan_line

_PATH = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_IMPORT = re.compile(rf"(?:^|;)\s*import\s+(?:{_PATH}(?:\s+as\s+\w+)?\s*,\s*)*(?P<module>[\w.]*)$")
_FROM = re.compile(r"(?:^|;)\s*from\s+(?P<module>[\w.]*)$")
_FROM_IMPORT = re.compile(
    rf"(?:^|;)\s*from\s+(?P<module>\.*(?:{_PATH})?)\s+import\s+\(?\s*(?:\w+(?:\s+as\s+\w+)?\s*,\s*)*(?P<name>\w*)$"
)
_ATTRIBUTE = re.compile(rf"(?P<object>{_PATH})\.(?P<name>\w*)$")
_TEXT_ATTRIBUTE = re.compile(r"(?P<quote>['\"])\.(?P<name>\w*)$")
_NAME = re.compile(r"[^\W\d]\w*$")
_MISSING = object()


class Candidate(NamedTuple):
    """One thing that could stand here.

    Attributes:
        text: what would be written, from where the word began.
        length: how many characters before the cursor it replaces.
        note: what it is, in a few words.
    """

    text: str
    length: int
    note: str = ""


def complete(text: str, namespace: Mapping[str, Any]) -> list[Candidate]:
    """Return what could follow *text*, the block up to the cursor; empty inside strings and comments."""
    if _in_text(text):
        return []
    line = text.rsplit("\n", 1)[-1]
    if match := _FROM_IMPORT.search(line):
        return list(_module_names(match["module"], match["name"]))
    if match := _IMPORT.search(line) or _FROM.search(line):
        return list(_modules(match["module"]))
    if found := _ask_jedi(text, namespace):
        return found
    if match := _TEXT_ATTRIBUTE.search(line):
        return list(_attributes("", match["name"]))
    if match := _ATTRIBUTE.search(line):
        value = find_object(match["object"], namespace)
        return [] if value is _MISSING else list(_attributes(value, match["name"]))
    if match := _NAME.search(line):
        if line[: match.start()].rstrip().endswith("."):
            return []
        return list(_names(match.group(), namespace))
    return []


def signature(text: str, namespace: Mapping[str, Any]) -> str | None:
    """Return the signature of the innermost call that *text* leaves open, or None."""
    name = _open_call(text)
    if name is None:
        return None
    value = find_object(name, namespace)
    if value is _MISSING or not callable(value):
        return None
    try:
        return f"{name}{inspect.signature(value)}"
    except Exception:
        # Not every builtin tells, and a program's own annotations may raise anything when they are evaluated. The first
        # line of the docstring often tells as well.
        first = (getattr(value, "__doc__", None) or "").strip().split("\n")[0]
        return first if "(" in first else None


def find_object(path: str, namespace: Mapping[str, Any]) -> Any:
    """Return what a dotted name stands for without running anything, or a marker that it is not known.

    Properties, ``__getattr__`` and other descriptors that compute are not asked.
    """
    first, *rest = path.split(".")
    value = namespace.get(first, getattr(builtins, first, _MISSING))
    for name in rest:
        if value is _MISSING:
            return _MISSING
        try:
            found = inspect.getattr_static(value, name)
        except AttributeError:
            return _MISSING
        if isinstance(found, (property, types.GetSetDescriptorType)):
            return _MISSING
        if isinstance(found, (staticmethod, classmethod)):
            found = found.__func__
        elif isinstance(found, (types.FunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)):
            found = found if isinstance(value, (type, types.ModuleType)) else found.__get__(value)
        elif isinstance(found, types.MemberDescriptorType) and not isinstance(value, type):
            try:
                found = found.__get__(value)  # a slot: a plain load
            except AttributeError:
                return _MISSING
        elif hasattr(type(found), "__get__") and not isinstance(found, (types.BuiltinFunctionType, type)):
            return _MISSING  # a descriptor that computes
        value = found
    return value


def _names(prefix: str, namespace: Mapping[str, Any]) -> Iterator[Candidate]:
    seen = set()
    for name in sorted(namespace):
        if isinstance(name, str) and name.startswith(prefix) and (prefix or not name.startswith("_")):
            seen.add(name)
            yield Candidate(name, len(prefix), _note(namespace[name]))
    for name in [*keyword.kwlist, *keyword.softkwlist, *sorted(dir(builtins))]:
        if name.startswith(prefix) and name not in seen and (name[0] != "_" or prefix.startswith("_")):
            seen.add(name)
            note = "keyword" if not hasattr(builtins, name) else _note(getattr(builtins, name))
            yield Candidate(name, len(prefix), note)


def _attributes(value: Any, prefix: str) -> Iterator[Candidate]:
    try:
        names = dir(value)
    except Exception:  # a program's own __dir__ may raise anything; then there is nothing to offer
        return
    for name in sorted(name for name in names if isinstance(name, str)):
        if name.startswith(prefix) and (not name.startswith("_") or prefix.startswith("_")):
            found = find_object("value." + name, {"value": value})
            yield Candidate(name, len(prefix), "" if found is _MISSING else _note(found))


def _note(value: Any) -> str:
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, type):
        return "class"
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
        try:
            return str(inspect.signature(value))
        except Exception:  # as in `signature`
            return "function"
    return type(value).__name__


# -- modules ------------------------------------------------------------------------------------------------------------


def _modules(path: str) -> Iterator[Candidate]:
    package, _, prefix = path.rpartition(".")
    if package:
        yield from _submodules(package, prefix)
        return
    names = {info.name for info in pkgutil.iter_modules()} | set(sys.builtin_module_names) | set(sys.stdlib_module_names)
    for name in sorted(names):
        if name.startswith(prefix) and (not name.startswith("_") or prefix.startswith("_")):
            yield Candidate(name, len(prefix), "module")


def _submodules(package: str, prefix: str) -> Iterator[Candidate]:
    for info in pkgutil.iter_modules(_folders(package)):
        if info.name.startswith(prefix) and (not info.name.startswith("_") or prefix.startswith("_")):
            yield Candidate(info.name, len(prefix), "package" if info.ispkg else "module")


def _folders(package: str) -> list[str]:
    """Return where a package's modules are, without importing it when it is not imported yet."""
    module = sys.modules.get(package)
    if module is not None:
        return list(getattr(module, "__path__", ()))
    top, _, rest = package.partition(".")
    try:
        spec = find_spec(top)  # of a top-level name: imports nothing
    except (ImportError, ValueError):
        return []
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not rest:
        return folders
    inner = [Path(folder, *rest.split(".")) for folder in folders]
    return [str(folder) for folder in inner if folder.is_dir()]


def _module_names(package: str, prefix: str) -> Iterator[Candidate]:
    module = sys.modules.get(package)
    seen = set()
    if module is not None:
        for candidate in _attributes(module, prefix):
            seen.add(candidate.text)
            yield candidate
    for candidate in _submodules(package, prefix):
        if candidate.text not in seen:
            yield candidate


# -- where the cursor stands ----------------------------------------------------------------------------------------------


def _in_text(text: str) -> bool:
    """Say whether the cursor, at the end of *text*, is inside a string or a comment."""
    state: State = ()
    lines = text.split("\n")
    for line in lines[:-1]:
        _, state = scan_line(line, state)
    # A backslash keeps an unfinished string open past its line, so the state after one says whether we are in it.
    pieces, state = scan_line(lines[-1] + "\\", state)
    if pieces and pieces[-1].kind == "comment":
        return True
    return bool(state) and bool(state[-1].quote)


def _open_call(text: str) -> str | None:
    """Return the dotted name before the innermost bracket that *text* leaves open, if it is a call."""
    if _in_text(text):
        return None
    opened: list[int] = []
    position = 0
    state: State = ()
    for line in text.split("\n"):
        pieces, state = scan_line(line, state)
        for piece in pieces:
            char = line[piece.start : piece.end]
            if piece.kind == "op" and char in ("(", "[", "{"):
                opened.append(position + piece.start)
            elif piece.kind == "op" and char in (")", "]", "}") and opened:
                opened.pop()
        position += len(line) + 1
    while opened:
        start = opened.pop()
        if text[start] != "(":
            continue
        match = re.search(rf"(?P<head>\b(?:def|class)\s+)?(?P<name>{_PATH})$", text[:start])
        if match and not match["head"] and not keyword.iskeyword(match["name"]):
            return match["name"]
        return None
    return None


def _ask_jedi(text: str, namespace: Mapping[str, Any]) -> list[Candidate]:
    """Return jedi's answer; nothing when it is not installed or does not know."""
    if "jedi" not in sys.modules and find_spec("jedi") is None:
        return []
    import jedi

    try:
        found = jedi.Interpreter(text, [dict(namespace)]).complete()
    except Exception:  # jedi parses unfinished code and fails in ways of its own; ours answers then
        return []
    return [
        Candidate(item.name_with_symbols, len(item.name_with_symbols) - len(item.complete or ""), item.type)
        for item in found
        if item.complete is not None
    ]
