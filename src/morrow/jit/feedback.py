"""What the host's own inline caches said while the program warmed up: the classes each attribute instruction has met.

    x.draw()    cache at one look: made for Circle, at a later one: for Square      ->  both are compiled for

An inline cache names the one class it was made for last, and is made anew when it has missed some fifty times. So looking at
it again and again, from the sampling thread, tells the classes of an instruction that meets several, and the program pays
nothing for it. Looked at is the code of the modules in which something was seen running; a look copies its bytes
(`co_code_adaptive`), and only bytes that are new are kept. They are read when something is compiled (`infer.classes_named`).

Nothing here runs code of the program (only exact builtin types are looked into) or imports anything: it is at work before
the compiler's imports are worth their time.
"""

from __future__ import annotations

import weakref
from types import CodeType, FunctionType

MOST_CODES = 400
"""Code objects of one module that are looked at."""

MOST_LOOKS = 60
"""Looks at one module; what is met later is found out by leaving compiled code."""

MOST_KEPT = 16
"""Different bytes that are kept of one code object."""


class Feedback:
    """The looks, and what they have found."""

    def __init__(self) -> None:
        self._modules: dict[int, tuple[dict[str, object], list[weakref.ref[CodeType]], list[int]]] = {}
        self._kept: dict[int, tuple[weakref.ref[CodeType], list[bytes]]] = {}

    def watch(self, scope: dict[str, object]) -> None:
        """Look at the functions of a module from now on, given its globals."""
        if id(scope) in self._modules:
            return
        codes = {id(code): code for code in _codes_of(scope)}
        self._modules[id(scope)] = scope, [weakref.ref(code) for code in list(codes.values())[:MOST_CODES]], [0]

    def look(self) -> None:
        """Copy the inline caches as they are now."""
        for _, codes, looks in self._modules.values():
            if looks[0] >= MOST_LOOKS:
                continue
            looks[0] += 1
            for reference in codes:
                code = reference()
                if code is not None:
                    self._keep(code, code._co_code_adaptive)  # type: ignore[attr-defined]

    def _keep(self, code: CodeType, adaptive: bytes) -> None:
        known = self._kept.get(id(code))
        if known is None or known[0]() is not code:
            key = id(code)
            known = self._kept[key] = weakref.ref(code, lambda _: self._kept.pop(key, None)), []
        if len(known[1]) < MOST_KEPT and adaptive not in known[1]:
            known[1].append(adaptive)

    def seen(self, code: CodeType) -> list[bytes]:
        """Return the different bytes the code was seen with."""
        known = self._kept.get(id(code))
        return known[1] if known is not None and known[0]() is code else []


def _codes_of(scope: dict[str, object]) -> list[CodeType]:
    """Return the code of a module's functions and of the methods of its classes."""
    name = scope.get("__name__")
    found = []
    for value in list(scope.values()):
        if type(value) is FunctionType and value.__globals__ is scope:
            found.append(value.__code__)
        elif issubclass(type(value), type):
            members = type.__dict__["__dict__"].__get__(value)
            if members.get("__module__") != name:
                continue
            for member in list(members.values()):
                if type(member) in (staticmethod, classmethod):
                    member = member.__func__
                elif type(member) is property:
                    member = member.fget
                if type(member) is FunctionType:
                    found.append(member.__code__)
    return found
