"""What a copy of the process compiled, as plain values: packed there, unpacked here.

    Product and object code  --pack-->  bytes  --unpack-->  Product and object code, for the objects that are still there

In the copy every object has the address it has here, so machine code made there fits. But this process went on meanwhile:
an object may be gone, and its address taken by another. So nothing is believed for its address alone. Each object that has
to be kept alive or told about is *named*, by where it is found (a constant of some code, an attribute of some class or
module), and counts only if the very same address is found there. What was new in the copy is sent by value.

Functions, classes and dicts of globals are guarded by the machine code itself, here as when it was compiled here.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Iterable, Mapping
from types import CodeType, FunctionType, ModuleType

from morrow.jit.history import all_classes, news_of_classes, remember_class
from morrow.jit.install import function_types
from morrow.jit.made import Declined, Product

_PLAIN = (int, float, complex, bytes, bool, type(None), type(...))


class Unnamed(Exception):
    """An object cannot be named, so this must be compiled where it lives."""


def pack(product: Product, code: bytes, from_disk: bool, known_codes: Iterable[CodeType]) -> bytes:
    """Return a product and its object code as bytes. Called in the copy.

    Args:
        known_codes: those that `unpack` will be given.

    Raises:
        Unnamed: it refers to an object that has no name.
    """
    known = set(map(id, (*known_codes, product.code)))
    codes: dict[int, tuple[int, CodeType]] = {}

    def number(code: CodeType) -> int:
        return codes.setdefault(id(code), (len(codes), code))[0]

    points = [(number(owner), at, line, why) for owner, at, line, why in product.points]
    places = [(number(owner), at) for owner, at in product.places]
    inside = [number(owner) for owner in product.inside]
    met = [(number(owner), at, id(cls)) for owner, at, cls in news_of_classes()]
    number(product.code)
    owners = [owner for _, owner in codes.values()]
    functions = _name_functions(owners)
    described = [(id(owner), *_describe(owner), name) for owner, name in zip(owners, functions, strict=True)]
    for owner, name in zip(owners, functions, strict=True):
        if name is None and id(owner) not in known:
            raise Unnamed(f"function {owner.co_qualname}")
    names = _name_all(product.keep, owners)
    fields = (
        product.name,
        -1 if product.loop is None else product.loop,
        product.profile,
        product.text if product.level == 0 else "",  # to be made better later
        product.symbol,
        product.entry,
        product.imports,
        product.exports,
        points,
        places,
        inside,
        met,
        described,
        names,
        product.level,
        from_disk,
        product.recursive,
    )
    return marshal.dumps((fields, code))


def unpack(data: bytes, code: CodeType, known: Iterable[CodeType], started: float) -> tuple[Product, bytes, bool] | Declined:
    """Return product, object code and whether that was on disk.

    Args:
        data: what `pack` gave.
        code: the code object that was to be compiled.
        known: other code objects it may be about.
        started: for the product.
    """
    fields, machine_code = marshal.loads(data)
    name, loop, profile, text, symbol, entry, imports, exports, points, places, inside, met, described, names, level, from_disk, recursive = fields
    codes = _find_codes(described, [code, *known])
    lost = next((d[2] for d, found in zip(described, codes, strict=True) if found is None), None)
    if lost is not None:
        return Declined("ASSUMPTION_CHANGED", code.co_firstlineno, lost)
    keep: list[object] = []
    moved: dict[int, int] = {}
    classes: dict[int, type] = {}
    if met or any(kind in ("class", "attribute", "defaults") for _, kind, *_ in names):
        classes = {id(cls): cls for cls in all_classes()}
    for address, kind, *where in names:
        found = _find(address, kind, where, codes, classes)
        if found is None and kind != "value":
            return Declined("ASSUMPTION_CHANGED", code.co_firstlineno, str(where[-1]))
        value = None if found is None else found[0]
        keep.append(value)
        if id(value) != address:
            moved[address] = id(value)
    stem = f"{symbol}_o"
    imports = {of: moved.get(value, value) if of.startswith(stem) else value for of, value in imports.items()}
    for owner, at, address in met:
        if address in classes:
            remember_class(codes[owner], at, classes[address])
    product = Product(
        code=code,
        name=name,
        loop=None if loop < 0 else loop,
        profile=profile,
        text=text,
        symbol=symbol,
        entry=entry,
        imports=imports,
        exports=exports,
        points=tuple((codes[owner], at, line, why) for owner, at, line, why in points),
        places=tuple((codes[owner], at) for owner, at in places),
        inside=frozenset(codes[owner] for owner in inside),
        keep=tuple(keep),
        level=level,
        started=started,
        texts={},
        recursive=recursive,
    )
    return product, machine_code, from_disk


# -- code objects: found by way of the functions that have them ------------------------------------------------------------


def _describe(code: CodeType) -> tuple[int, str]:
    return hash((code.co_code, code.co_firstlineno, code.co_filename)), code.co_qualname


def _find_codes(described: list[tuple[int, int, str, tuple[object, ...] | None]], known: list[CodeType]) -> list[CodeType | None]:
    """Return the code objects that are at these addresses and what they were; None in place of one that is not."""
    here = {id(code): code for code in known}
    classes: dict[int, type] = {}
    if any(name is not None and name[0] == "attribute" and address not in here for address, _, _, name in described):
        classes = {id(cls): cls for cls in all_classes()}
    result = []
    for address, digest, qualname, name in described:
        code = here.get(address)
        if code is None and name is not None:
            function = _find_function(name, classes)
            code = function.__code__ if function is not None else None
        result.append(code if code is not None and id(code) == address and _describe(code) == (digest, qualname) else None)
    return result


def _name_functions(codes: list[CodeType]) -> list[tuple[object, ...] | None]:
    """Return for each code object where a function that has it is found, None where none is: it must be known already.

    Not by asking the collector for all objects, here or there: a thread that holds them all, if only for a millisecond,
    would finalise what another one drops meanwhile.
    """
    wanted = {id(code) for code in codes}
    names: dict[int, tuple[object, ...]] = {}

    def note(thing: object, *name: object) -> None:
        function = _unwrapped(thing)
        if function is None:
            return
        if id(function.__code__) in wanted:
            names.setdefault(id(function.__code__), name)
        for at, cell in enumerate(function.__closure__ or ()):
            try:
                inner = cell.cell_contents
            except ValueError:
                continue  # empty
            if type(inner) in function_types() and id(inner.__code__) in wanted:
                names.setdefault(id(inner.__code__), (*name, at))

    for module, thing in list(sys.modules.items()):
        if isinstance(thing, ModuleType) and type(module) is str:
            scope = _globals_of(module)
            for key in list(scope):
                if type(key) is str:
                    note(scope[key], "global", module, key)
    if len(names) < len(wanted):
        for cls in all_classes():
            for key, value in list(_names_of(cls).items()):
                if type(key) is str:
                    note(value, "attribute", id(cls), key)
    return [names.get(id(code)) for code in codes]


def _find_function(name: tuple[object, ...], classes: dict[int, type]) -> FunctionType | None:
    kind, owner, key, *cells = name
    scope = _globals_of(str(owner)) if kind == "global" else _names_of(classes[owner]) if owner in classes else {}  # type: ignore[index]
    function = _unwrapped(scope.get(str(key)))
    for at in cells:
        closure = function.__closure__ if function is not None else None
        if closure is None or not isinstance(at, int) or at >= len(closure):
            return None
        try:
            function = _unwrapped(closure[at].cell_contents)
        except ValueError:
            return None
    return function


def _defaults_of(thing: object) -> object:
    """Return the tuple of a function's defaults; None without any."""
    function = _unwrapped(thing)
    return None if function is None else function.__defaults__


def _unwrapped(thing: object) -> FunctionType | None:
    """Return the function that something is, or that a method or property is made of."""
    if type(thing) in (staticmethod, classmethod):
        thing = thing.__func__  # type: ignore[attr-defined]
    elif type(thing) is property:
        thing = thing.fget
    return thing if type(thing) in function_types() else None  # type: ignore[return-value]


# -- names of objects: (address, kind, where...) ---------------------------------------------------------------------------


def _name_all(things: tuple[object, ...], codes: list[CodeType]) -> list[tuple[object, ...]]:
    """Return a name for each object, in the same order."""
    wanted = {id(thing): thing for thing in things}
    names: dict[int, tuple[object, ...]] = {}

    def note(thing: object, *name: object) -> None:
        if id(thing) in wanted and id(thing) not in names:
            names[id(thing)] = (id(thing), *name)

    for owner, code in enumerate(codes):
        note(code, "code", owner)
        for at, constant in enumerate(code.co_consts):
            note(constant, "constant", owner, at)
            if type(constant) is tuple:
                for item, inner in enumerate(constant):
                    note(inner, "item", owner, at, item)
        for at, name in enumerate(code.co_names):
            note(name, "name", owner, at)
    for thing in things:
        if isinstance(thing, str) and type(thing) is str and id(thing) not in names and sys.intern(thing) is thing:
            note(thing, "interned", thing)
    if len(names) < len(wanted):
        for name, module in list(sys.modules.items()):
            if isinstance(module, ModuleType) and type(name) is str:
                note(module, "module", name)
                scope = _globals_of(name)
                note(scope, "globals", name)
                for key in list(scope):
                    if type(key) is str:
                        note(scope[key], "global", name, key)
                        note(_defaults_of(scope[key]), "defaults", "global", name, key)
    if len(names) < len(wanted):
        for cls in all_classes():
            note(cls, "class")
            for key, thing in list(_names_of(cls).items()):
                if type(key) is str:
                    note(thing, "attribute", id(cls), key)
                    note(_defaults_of(thing), "defaults", "attribute", id(cls), key)
    for thing in things:
        if id(thing) not in names:
            if type(thing) not in _PLAIN:
                raise Unnamed(type(thing).__name__)
            note(thing, "value", thing)
    return [names[id(thing)] for thing in things]


def _find(address: int, kind: str, where: list[object], codes: list[CodeType | None], classes: dict[int, type]) -> tuple[object] | None:
    """Return the object a name stands for if it is at its address, or is sent by value, in a tuple; else None."""
    value: object = None
    match kind, *where:
        case "code", int(owner):
            value = codes[owner]
        case "constant", int(owner), int(at):
            value = codes[owner].co_consts[at]  # type: ignore[union-attr]
        case "item", int(owner), int(at), int(item):
            value = codes[owner].co_consts[at][item]  # type: ignore[union-attr,index]
        case "name", int(owner), int(at):
            value = codes[owner].co_names[at]  # type: ignore[union-attr]
        case "interned", str(text):
            value = sys.intern(text)
            return (value,)
        case "module", str(name):
            value = sys.modules.get(name)
        case "globals", str(name):
            value = _globals_of(name)
        case "global", str(name), str(key):
            value = _globals_of(name).get(key)
        case "class",:
            value = classes.get(address)
        case "attribute", int(owner), str(key):
            cls = classes.get(owner)
            value = None if cls is None else _names_of(cls).get(key)
        case "defaults", *name:
            value = _defaults_of(_find_function(tuple(name), classes))
        case "value", value:
            return (value,)
    return (value,) if id(value) == address else None


# Not module.__dict__ and cls.__dict__: a subclass of module or type may answer with code of its own.


def _globals_of(name: str) -> dict[str, object]:
    module = sys.modules.get(name)
    return ModuleType.__dict__["__dict__"].__get__(module) if isinstance(module, ModuleType) else {}


def _names_of(cls: type) -> Mapping[str, object]:
    found: Mapping[str, object] = type.__dict__["__dict__"].__get__(cls)
    return found
