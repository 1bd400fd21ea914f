"""The one file that imports llvmlite: LLVM text -> object code.

Imported in a copy of the process, or on the jit's own thread where none can be made: the import alone costs more than most
programs' start. What a module refers to outside itself (Python objects, C functions, the runtime's helpers) is given by
address when loading (`link`), so the object code itself holds no addresses and can be kept on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import llvmlite.binding as binding
from llvmlite.binding import orcjit

from morrow.jit import object_code


@cache
def machine(level: int, cpu: str = "") -> binding.TargetMachine:
    """Return a target machine for an optimisation level: 0 none, 1 lean, 2 everything; for this very processor unless *cpu* names one."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(
        cpu=cpu or binding.get_host_cpu_name(),
        features="" if cpu else binding.get_host_cpu_features().flatten(),
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
    if level == 0 or level == 1 and text.count("\n") > object_code.MANY_LINES:
        # many functions of objects and calls: what LLVM has for loops and expressions finds little there, and takes its time
        passes = binding.create_new_module_pass_manager()
        passes.add_sroa_pass()
        passes.add_simplify_cfg_pass()
        passes.run(module, builder)
        return module
    builder.getModulePassManager().run(module, builder)
    return module


def emit_object(module: binding.ModuleRef, level: int, cpu: str = "") -> bytes:
    """Return the module as object code, for this very processor unless *cpu* names one."""
    return bytes(machine(level, cpu).emit_object(module))


def assembly(module: binding.ModuleRef, level: int) -> str:
    """Return the module as assembly text, for people."""
    return str(machine(level).emit_assembly(module))


_ARRAYS: set[object] = set()


def link(name: str, code: bytes, imports: Mapping[str, int], exports: tuple[str, ...]) -> tuple[object, dict[str, int]]:
    """Load object code by LLVM's linker; return what holds the memory, and the exported addresses."""
    # llvmlite makes array types by length for each call: kept, or the program's garbage collector would find them
    _ARRAYS.update(orcjit._SymbolAddress * length for length in (len(imports), len(set(exports))))
    _ARRAYS.add(orcjit._LinkElement * 1)
    library = binding.JITLibraryBuilder().add_object_img(code)
    for symbol, address in imports.items():
        library.import_symbol(symbol, address)
    for symbol in exports:
        library.export_symbol(symbol)
    tracker = library.link(_compiler(), name)
    return tracker, {symbol: tracker[symbol] for symbol in exports}
