"""Optimisations on the IR, one per file. What LLVM does anyway is left to LLVM; here is what makes its work less.

`PASSES` is the order in which `compile` runs them.
"""

from __future__ import annotations

from collections.abc import Callable

from morrow.jit.ir import Function
from morrow.jit.passes.drop_dead import drop_dead
from morrow.jit.passes.drop_repeats import drop_repeats
from morrow.jit.passes.fold import fold

PASSES: tuple[Callable[[Function], Function], ...] = (fold, drop_repeats, drop_dead)
