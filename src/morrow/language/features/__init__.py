"""Features: each takes a tree of 3.14 to one that needs less of the host; one file each.

A feature is a module of this package with two functions:

    wanted(source, context) -> bool
        May this source need the feature on this host? Cheap: it looks at the text (a `str` or `bytes`), at a tree when
        the source is one, or only at *context*. True when in doubt.
    lower(tree, context) -> tree
        Return the tree without the feature. May change the tree it is given. Keeps every position; new nodes take the
        position of the node that the user wrote (`build.at`).

ORDER says which run, and when. Later features see what earlier ones made:

    late_imports            statements only; needs the annotations and type parameters still in place to know what is deferred
    deferred_annotations    strips annotations. For a function with type parameters it leaves expressions for decorators in
                            ``node.inner_decorators`` (a list): these are evaluated inside the type parameters' scope,
                            innermost first to apply. In a class body that scope has the class namespace as `build.CLASS_NAMESPACE`
    type_parameters         type parameters and type aliases
    template_strings        t-strings

What runs after compiling (`codenames.rename`) is asked for with ``context.renames = True``.
"""

from __future__ import annotations

import ast
import re
from importlib import import_module
from types import ModuleType

from morrow.host import HERE

ORDER = ("late_imports", "deferred_annotations", "type_parameters", "template_strings")


class Context:
    """What features know about the compilation they are part of.

    Attributes:
        filename, mode, flags: as given to `morrow.language.compile`.
        deferred, late: the two switches.
        rewritten: the front end had to rewrite the source for the host: it may hold what the host cannot express.
            None before parsing.
        renames: set by a feature that needs `codenames.rename` after compiling.
    """

    __slots__ = ("filename", "mode", "flags", "deferred", "late", "rewritten", "renames")

    def __init__(self, filename: str, mode: str, flags: int = 0, *, deferred: bool = True, late: bool = True) -> None:
        self.filename, self.mode, self.flags = filename, mode, flags
        self.deferred, self.late = deferred, late
        self.rewritten: object = None
        self.renames = False

    def has_future_annotations(self, tree: ast.AST) -> bool:
        """Return whether annotations of this code are strings: ``from __future__ import annotations`` (PEP 563)."""
        if self.flags & 0x1000000:
            return True
        for statement in getattr(tree, "body", None) or () if not isinstance(tree, ast.Expression) else ():
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                if any(alias.name == "annotations" for alias in statement.names):
                    return True
        return False


TYPE_CHECKING = False  # mypy takes this for typing's: typing takes longer to load than this whole package
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object


class Feature(Protocol):
    """A module of this package, as seen from the pipeline."""

    def wanted(self, source: str | bytes | ast.AST, context: Context) -> bool: ...

    def lower(self, tree: ast.AST, context: Context) -> ast.AST: ...


def wanted(source: str | bytes | ast.AST, context: Context) -> list[Feature]:
    """Return the features that this source may need here, in order."""
    return [feature for feature in _features() if feature.wanted(source, context)]


_loaded: list[Feature] = []


def _features() -> list[Feature]:
    if not _loaded and HERE is not None:
        for name in ORDER:
            module = _find(name)
            if module is not None and hasattr(module, "lower"):
                _loaded.append(module)  # type: ignore[arg-type]
    return _loaded


def _find(name: str) -> ModuleType | None:
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        # A feature that this build does not have is one it does without; anything else missing is a mistake.
        if error.name != f"{__name__}.{name}":
            raise
        return None


_TYPE_PARAMETERS = re.compile(r"\b(?:def|class|type)(?:\s|\\\r?\n)+\w+(?:\s|\\\r?\n)*[\[=\\]")
_TEMPLATE = re.compile(r"(?<![\w])(?:[tT][rR]?|[rR][tT])['\"]")


def may_hold(pattern: re.Pattern[str], source: str | bytes) -> bool:
    """Return whether *source* may hold what *pattern* looks for: bytes are looked at as Latin-1, which keeps ASCII."""
    text = source if isinstance(source, str) else bytes(source).decode("latin-1")
    return pattern.search(text) is not None


def copy_tree(tree: ast.AST) -> ast.AST:
    """Return a deep copy of a tree that somebody else owns. Iterative enough for any tree `ast.parse` can give."""
    made = type(tree)()
    for name, value in tree.__dict__.items():
        if isinstance(value, ast.AST):
            value = copy_tree(value)
        elif isinstance(value, list):
            value = [copy_tree(item) if isinstance(item, ast.AST) else item for item in value]
        made.__dict__[name] = value
    return made
