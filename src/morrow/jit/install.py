"""Put compiled code in a function's place; take it out again.

A function is called through its ``vectorcall`` field. `install` points that field at machine code, `remove` points it
back. The entry it is given must check ``func_code`` itself and go on to `STOCK` for anything it was not compiled for
(a changed ``__code__``, other defaults, keywords, a wrong number of arguments): nothing but speed depends on being here.

How CPython is made to look at the field differs, and `HERE.install` says how:

- ``vectorcall`` (3.12+): `PyFunction_SetVectorcall`, which call sites honour (python/cpython#92257).
- ``type_clone`` (3.11): the CALL instruction pushes a frame for every object whose type *is* ``function`` without
  looking at the field. So a compiled function's type becomes a copy of ``function``. What a program can see of it:
  ``type(f) is types.FunctionType`` is false while f is compiled. ``isinstance``, ``inspect``, pickle, copy and
  functools.singledispatch answer as before.

Functions are held by weak references only: a compiled function dies when the program drops it.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator
from types import CodeType, FunctionType

from morrow.host import HERE
from morrow.host.structs import structs

_S = structs()
_TYPE = _S["PyObject.ob_type"]
_VECTORCALL = _S["PyFunctionObject.vectorcall"]
_VERSION = _S["PyFunctionObject.func_version"]
_BASICSIZE = FunctionType.__basicsize__


def _stock_of(function: FunctionType) -> int:
    return ctypes.c_uint64.from_address(id(function) + _VECTORCALL).value


STOCK: int = _stock_of(_stock_of)
"""Address of `_PyFunction_Vectorcall`, which interprets a call. Its symbol is hidden on 3.13+, so read from a function."""

_installed: dict[int, tuple[weakref.ref[FunctionType], CodeType, int]] = {}


def install(function: FunctionType, entry: int) -> bool:
    """Make calls of *function* run the machine code at *entry* (a ``vectorcallfunc``).

    Returns whether it was done: a function that somebody else gave a vectorcall of their own is left alone.
    """
    if _stock_of(function) not in (STOCK, _entry(function)):
        return False
    key = id(function)
    if key not in _installed:
        reference = weakref.ref(function, lambda _, key=key: _installed.pop(key, None))
    else:
        reference = _installed[key][0]
    _installed[key] = (reference, function.__code__, entry)
    _put(function, entry)
    return True


def remove(function: FunctionType) -> bool:
    """Make calls of *function* be interpreted again. Returns whether it was compiled."""
    found = _installed.pop(id(function), None)
    if found is None:
        return False
    if _stock_of(function) == found[2]:
        _take_out(function)
    return True


def remove_all() -> int:
    """Take every compiled function out of service; return how many there were."""
    functions = list(installed())
    for function in functions:
        remove(function)
    return len(functions)


def installed() -> Iterator[FunctionType]:
    """Yield the functions that run compiled code now."""
    for reference, _, _ in list(_installed.values()):
        function = reference()
        if function is not None:
            yield function


def is_installed(function: FunctionType) -> bool:
    """Return whether *function* runs the compiled code it was given, for the code object it has now."""
    found = _installed.get(id(function))
    return found is not None and found[1] is function.__code__ and _stock_of(function) == found[2]


def gave_way(function: FunctionType) -> bool:
    """Return whether compiled code put *function*'s stock way of being called back itself, because it was nested too deeply."""
    found = _installed.get(id(function))
    if found is None or found[1] is not function.__code__ or _stock_of(function) != STOCK:
        return False
    del _installed[id(function)]
    return True


def _entry(function: FunctionType) -> int:
    found = _installed.get(id(function))
    return found[2] if found is not None else STOCK


if HERE is not None and HERE.install == "vectorcall":
    _set = ctypes.PYFUNCTYPE(None, ctypes.py_object, ctypes.c_void_p)(("PyFunction_SetVectorcall", ctypes.pythonapi))

    def _put(function: FunctionType, entry: int) -> None:
        _set(function, entry)

    def _take_out(function: FunctionType) -> None:
        _set(function, STOCK)

else:

    def _put(function: FunctionType, entry: int) -> None:
        ctypes.c_uint64.from_address(id(function) + _VECTORCALL).value = entry
        # Specialised instructions that push a frame for a cached function (BINARY_SUBSCR_GETITEM) compare its version.
        ctypes.c_uint32.from_address(id(function) + _VERSION).value = 0
        ctypes.c_uint64.from_address(id(function) + _TYPE).value = id(_compiled_function_type())

    def _take_out(function: FunctionType) -> None:
        ctypes.c_uint64.from_address(id(function) + _TYPE).value = id(FunctionType)
        ctypes.c_uint64.from_address(id(function) + _VECTORCALL).value = STOCK


_clone: type | None = None


def function_types() -> tuple[type, ...]:
    """Return the types that functions have: on 3.11 those with compiled code have one of their own."""
    return (FunctionType,) if _clone is None else (FunctionType, _clone)


def _compiled_function_type() -> type:
    """Return the copy of ``function`` that compiled functions have as their type (3.11 only).

    It lives in memory of its own that is never freed: functions of this type may outlive every module, ours included.
    """
    global _clone
    if _clone is not None:
        return _clone
    size = _S["PyTypeObject.sizeof"]
    allocate = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t)(("PyMem_RawMalloc", ctypes.pythonapi))
    address = allocate(size)
    if not address:
        raise MemoryError
    ctypes.memmove(address, id(FunctionType), size)
    ctypes.c_int64.from_address(address + _S["PyObject.ob_refcnt"]).value = 1 << 40
    for own in ("tp_weaklist", "tp_subclasses", "tp_cache"):  # these belong to the original
        ctypes.c_uint64.from_address(address + _S["PyTypeObject." + own]).value = 0
    clone: type = ctypes.cast(address, ctypes.py_object).value

    import copyreg

    # pickle and copy know functions by their exact type; by-name is what they do for those.
    copyreg.pickle(clone, lambda function: function.__qualname__)  # type: ignore[arg-type, return-value]
    _clone = clone
    return clone
