"""Whether a module that is about to run imports a name that is not there yet, from one that is still being imported.

Takes the module's code, and what the modules that are being loaded have by now: while this one runs, these wait for it.
So what they lack is what it will miss. Most modules of a package name one another while the package is being imported;
few miss anything, and only those have to be compiled with `language.features.late_imports`.
"""

from __future__ import annotations

import opcode
import os
import sys

from morrow.language.instructions import argument_of
from morrow_runtime import late_imports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import SourceFileLoader
    from types import CodeType, ModuleType

_IMPORT_NAME, _LOAD_CONST = opcode.opmap["IMPORT_NAME"], opcode.opmap["LOAD_CONST"]
_LOAD_SMALL_INT = opcode.opmap.get("LOAD_SMALL_INT", -1)  # 3.14 and later: the number itself is the argument


def meets(code: CodeType, loader: SourceFileLoader, fullname: str) -> bool:
    """Return whether module *fullname* may ask a module that is being loaded for a name that it has not got."""
    package = fullname if loader.is_package(fullname) else fullname.rpartition(".")[0]
    for name, level, wanted in _imports(code):
        if level:
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - level + 1])
            name = f"{base}.{name}" if name else base
        other = sys.modules.get(name)
        if other is None or not any(other is one for one in late_imports.loading):
            continue
        if not all(each in other.__dict__ or f"{name}.{each}" in sys.modules or _is_submodule(other, each) for each in wanted):
            return True
    return False


def _imports(code: CodeType) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield module, level and names of each ``from module import names``."""
    words, at = code.co_code, -1
    while (at := words.find(_IMPORT_NAME, at + 1)) >= 0:
        if at & 1:
            continue
        start, index = argument_of(words, at)
        wanted_at, wanted = argument_of(words, start - 2)
        level = argument_of(words, wanted_at - 2)[1]
        loads_level = words[wanted_at - 2]
        if words[start - 2] != _LOAD_CONST or loads_level not in (_LOAD_CONST, _LOAD_SMALL_INT):
            continue
        names, number = code.co_consts[wanted], level if loads_level == _LOAD_SMALL_INT else code.co_consts[level]
        if isinstance(names, tuple) and isinstance(number, int) and names != ("*",):
            yield code.co_names[index], number, names


def _is_submodule(package: ModuleType, name: str) -> bool:
    """Return whether a package has a file or folder that importing *name* from it would load."""
    for folder in getattr(package, "__path__", ()):
        path = os.path.join(folder, name)
        if os.path.isfile(path + ".py") or os.path.isfile(os.path.join(path, "__init__.py")):
            return True
    return False
