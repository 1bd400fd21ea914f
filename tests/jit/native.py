"""Call compiled code without installing it, and compare what it does with the interpreter."""

from __future__ import annotations

import copy
import ctypes
import sys
import types
from collections.abc import Callable

import pytest

from morrow.host import HERE

pytest.importorskip("llvmlite", reason="the jit needs llvmlite")
if HERE is None or not HERE.jit_supported:
    pytest.skip("the jit does not know this host", allow_module_level=True)

from morrow.jit import compile as pipeline
from morrow.jit.compile import Compiled, Declined, Request, compile_function

pipeline.LEAST_GAIN = 0

_PROTOTYPE = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)


def compiled(function: types.FunctionType, *warm: object, times: int = 60, **options: object) -> Compiled:
    """Run a function until the host has specialised it, then compile it."""
    for _ in range(times):
        function(*warm)
    made = compile_function(Request(function, **options))  # type: ignore[arg-type]
    assert not isinstance(made, Declined), str(made)
    _FUNCTIONS[made.entry] = function
    return made


_FUNCTIONS: dict[int, types.FunctionType] = {}


def call(made: Compiled, *arguments: object) -> object:
    """Call the machine code as CPython would."""
    array = (ctypes.py_object * len(arguments))(*arguments)
    return _PROTOTYPE(made.entry)(_FUNCTIONS[made.entry], ctypes.addressof(array), len(arguments), None)


def call_named(made: Compiled, positional: tuple[object, ...], named: dict[str, object]) -> object:
    """Call the machine code as CPython would, with the last arguments under names."""
    arguments = (*positional, *named.values())
    names = tuple(map(sys.intern, named))
    array = (ctypes.py_object * len(arguments))(*arguments)
    return _PROTOTYPE(made.entry)(_FUNCTIONS[made.entry], ctypes.addressof(array), len(positional), id(names))


def outcome(function: Callable[..., object], *arguments: object) -> tuple[object, ...]:
    """Return everything a caller can see: result with its type, or exception with each frame's name, line and locals."""
    try:
        result = function(*arguments)
    except Exception as error:
        frames = []
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        while trace:
            code = trace.tb_frame.f_code
            if code.co_filename != __file__ and code.co_name != "<lambda>":
                # not tb_lasti itself: specialised calls leave it at their last cache entry, unspecialised ones at their first
                position = list(code.co_positions())[trace.tb_lasti // 2]
                frames.append((code.co_name, trace.tb_lineno, position, repr(trace.tb_frame.f_locals)))
            trace = trace.tb_next
        return "raised", type(error), str(error), error.__context__, frames
    return "returned", type(result), repr(result)


def agrees(function: types.FunctionType, warm: tuple[object, ...], *others: tuple[object, ...], leaves: bool | None = None) -> Compiled:
    """Assert that machine code does what the interpreter does, for the warm arguments and the others."""
    made = compiled(function, *copy.deepcopy(warm))
    for arguments in (warm, *others):
        expected = outcome(function, *copy.deepcopy(arguments))
        got = outcome(lambda *a: call(made, *a), *copy.deepcopy(arguments))
        assert got == expected, f"{arguments!r}\n     got {got}\nexpected {expected}"
    if leaves is not None:
        assert (sum(e.count() for e in made.exits) > 0) is leaves, str(made)
    return made
