"""Machine code for tests that must not wait for the compiler: LLVM text in, addresses out."""

from __future__ import annotations

import ctypes

import pytest

_keep: list[object] = []


def load(text: str, imports: dict[str, int], exports: tuple[str, ...]) -> dict[str, int]:
    """Compile LLVM text; *imports* are addresses of what it declares. The code is never freed."""
    binding = pytest.importorskip("llvmlite.binding")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    for name, address in imports.items():
        binding.add_symbol(name, address)
    module = binding.parse_assembly(text)
    module.verify()
    machine = binding.Target.from_default_triple().create_target_machine(jit=True, codemodel="large")
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))
    _keep.append(engine)
    return {name: engine.get_function_address(name) for name in exports}
