"""Bind imported names when the module they come from has finished: what rewritten imports of a cycle call.

`language.features.late_imports` puts a handler around ``from other import Name``; `morrow.imports` says which modules
are being loaded and when one has finished. Nothing here runs in a program whose imports work.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

loading: list[ModuleType] = []
"""Modules that have started and not finished, and whose end will be told by `finished`; outermost first."""

_promised: dict[str, list[tuple[dict[str, Any], str, str, int]]] = {}
"""Module -> (namespace to bind in, name there, name in the module, line of the import)."""


def bind_later(namespace: dict[str, Any], module: str, level: int, line: int, names: tuple[tuple[str, str, int], ...]) -> bool:
    """Take care of the ImportError being handled, if it comes from a cycle and nobody needs the names yet.

    Args:
        namespace: the importing module's globals.
        module, level: what it imports from, as in the statement.
        line: the statement's line.
        names: name, the name it is bound to, and the line where it is needed while the module runs (0: nowhere).

    Returns:
        whether the import is taken care of; otherwise the error is to be raised again.
    """
    error = sys.exc_info()[1]
    full = _absolute(namespace, module, level)
    other = sys.modules.get(full)
    if type(error) is not ImportError or error.name != full or not any(other is one for one in loading):
        return False
    here: dict[str, Any] = {}
    missing = []
    for name, bound, needed in names:
        try:
            here[bound] = getattr(other, name)
        except AttributeError:
            if f"{full}.{name}" in sys.modules:
                here[bound] = sys.modules[f"{full}.{name}"]
                continue
            if needed:
                error.add_note(
                    f"{full} is still being imported, and {bound!r} is needed at line {needed} of "
                    f"{namespace.get('__name__')} at once: only names for annotations and function bodies can wait"
                )
                return False
            missing.append((namespace, bound, name, line))
    namespace.update(here)
    for _, bound, _, _ in missing:
        namespace.pop(bound, None)  # a reload: what it was before is not what it will be
    _promised.setdefault(full, []).extend(missing)
    return True


def finished(module: ModuleType) -> None:
    """Bind what others were promised from *module*, which has now run to its end.

    Raises:
        ImportError: it does not have one of the names after all.
    """
    for namespace, bound, name, line in _promised.pop(module.__name__, ()):
        try:
            value = getattr(module, name)
        except AttributeError:
            path = getattr(module, "__file__", None)
            error = ImportError(
                f"cannot import name {name!r} from {module.__name__!r} ({path or 'unknown location'})",
                name=module.__name__,
                path=path,
            )
            error.add_note(
                f"{namespace.get('__name__')} imports it at line {line}; that had to wait for {module.__name__}, "
                "which was still being imported and has now finished without it"
            )
            raise error from None
        # A module that has bound the name itself meanwhile keeps its own.
        namespace.setdefault(bound, value)


def _absolute(namespace: dict[str, Any], module: str, level: int) -> str:
    """Return the full name of what an import statement names (importlib._bootstrap._resolve_name)."""
    if not level:
        return module
    package = namespace.get("__package__")
    if package is None:
        package = namespace["__name__"] if "__path__" in namespace else namespace["__name__"].rpartition(".")[0]
    base = package.rsplit(".", level - 1)[0]
    return f"{base}.{module}" if module else base
