"""The one file that imports llvmlite: LLVM text -> object code -> addresses.

Imported on the compiler thread, once something is hot: the import alone costs more than most programs' start. What a
module refers to outside itself (Python objects, C functions, the runtime's helpers) is given by address when loading, so
the object code itself holds no addresses and can be kept on disk.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from ctypes.util import find_library
from functools import cache
from time import thread_time

import llvmlite.binding as binding
from llvmlite.binding import orcjit

from morrow.jit import guards, object_cache, release


@cache
def machine(level: int) -> binding.TargetMachine:
    """Return the target machine of this process for an optimisation level: 0 none, 1 lean, 2 everything."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=level,
        jit=True,
        codemodel="large",
    )


def cpu() -> str:
    """Return what object code depends on besides its text: processor, features, LLVM's version."""
    features = binding.get_host_cpu_features().flatten()
    return f"{binding.get_default_triple()} {binding.get_host_cpu_name()} {features} {binding.llvm_version_info}"


@cache
def _compiler() -> object:
    return binding.create_lljit_compiler(machine(2))


MANY_LINES = 8000
"""Lines of LLVM text from which a module gets a few quick passes in place of level 1's, and at first no more than level 0."""


def optimise(text: str, level: int) -> binding.ModuleRef:
    """Parse, verify and optimise a module.

    Raises:
        RuntimeError: LLVM does not accept the text (a bug of ours).
    """
    module = binding.parse_assembly(text)
    module.verify()
    module.triple = binding.get_default_triple()
    options = binding.create_pipeline_tuning_options(speed_level=level)
    builder = binding.create_pass_builder(machine(level), options)
    if level == 0 or level == 1 and text.count("\n") > MANY_LINES:
        # many functions of objects and calls: what LLVM has for loops and expressions finds little there, and takes its time
        passes = binding.create_new_module_pass_manager()
        passes.add_sroa_pass()
        passes.add_simplify_cfg_pass()
        passes.run(module, builder)
        return module
    builder.getModulePassManager().run(module, builder)
    return module


def object_code(module: binding.ModuleRef, level: int) -> bytes:
    """Return the module as object code."""
    return bytes(machine(level).emit_object(module))


def assembly(module: binding.ModuleRef, level: int) -> str:
    """Return the module as assembly text, for people."""
    return str(machine(level).emit_assembly(module))


_ARRAYS: set[object] = set()


@cache
def disk() -> object_cache.ObjectCache:
    """Return the cache on disk for this processor and LLVM."""
    return object_cache.open_cache(cpu())


seconds = 0.0
"""CPU time that LLVM has taken so far, without the GIL."""


def build(text: str, level: int) -> bytes:
    """Return the object code for a module's text: from disk, or made and kept there.

    Raises:
        RuntimeError: LLVM does not accept the text (a bug of ours).
    """
    global seconds
    key = disk().key(text, level)
    code = disk().find(key)
    if code is None:
        began = thread_time()
        code = object_code(optimise(text, level), level)
        seconds += thread_time() - began
        disk().store(key, code)
    return code


class Loaded:
    """Object code in memory; its functions may be called as long as this is alive.

    Attributes:
        addresses: symbol -> address.
        size: bytes of the object file, a measure of the memory taken.
    """

    def __init__(self, name: str, code: bytes, imports: Mapping[str, int], exports: tuple[str, ...]) -> None:
        # llvmlite makes array types by length for each call: kept, or the program's garbage collector would find them
        _ARRAYS.update(orcjit._SymbolAddress * length for length in (len(imports), len(set(exports))))
        _ARRAYS.add(orcjit._LinkElement * 1)
        library = binding.JITLibraryBuilder().add_object_img(code)
        for symbol, address in imports.items():
            library.import_symbol(symbol, address)
        for symbol in exports:
            library.export_symbol(symbol)
        self._tracker = library.link(_compiler(), name)
        self.addresses = {symbol: self._tracker[symbol] for symbol in exports}
        self.size = len(code)

    def close(self) -> None:
        """Free the code. The caller knows that no thread is in it and nothing points to it."""
        self._tracker = None


def c_address(name: str) -> int:
    """Return the address of a C API function or of a function of the C library.

    Raises:
        AttributeError: the host does not export it.
    """
    address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    assert address
    return address


@cache
def library_address(name: str) -> int:
    """Return the address of a function of the C library, such as pow."""
    library = ctypes.CDLL("ucrtbase" if hasattr(ctypes, "WinDLL") else None)
    try:
        function = getattr(library, name)
    except AttributeError:
        function = getattr(ctypes.CDLL(find_library("m")), name)
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address
    return address


class _MethodDef(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p)]


_METHOD = _MethodDef()
_CLASS_NAME = ctypes.py_object("__class__")
_NO_ARGUMENTS = ctypes.py_object(())


@cache
def runtime() -> dict[str, int]:
    """Compile and load the helpers of `guards` (once) and return their addresses."""
    text = guards.runtime_text()
    imports = {}
    for line in text.splitlines():
        if line.startswith("declare"):
            name = line.split("@", 1)[1].split("(", 1)[0]
            imports[name] = c_address(name)
        elif "= external global" in line:
            name = line[1:].split(" ", 1)[0]
            own = {"morrow_method": _METHOD, "morrow_class_name": _CLASS_NAME, "morrow_no_arguments": _NO_ARGUMENTS}.get(name)
            imports[name] = c_address(name) if own is None else ctypes.addressof(own)
    loaded = Loaded("morrow.runtime", build(text, 2), imports, guards.EXPORTS)
    _METHOD.name = b"resume"
    _METHOD.function = loaded.addresses["morrow_record_call"]
    _METHOD.flags = 0x80 | 0x02  # METH_FASTCALL | METH_KEYWORDS (methodobject.h)
    _KEEP.append(loaded)
    release.loaded(loaded.addresses)
    return loaded.addresses


_KEEP: list[Loaded] = []
