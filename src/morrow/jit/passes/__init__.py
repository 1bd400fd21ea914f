"""Optimisations on the IR, one per file. What LLVM does anyway is left to LLVM; here is what needs Python's rules.

`PASSES` is the order in which `compile` runs them.
"""

from __future__ import annotations

from collections.abc import Callable

from morrow.jit.ir import Function

PASSES: tuple[Callable[[Function], Function], ...] = ()
