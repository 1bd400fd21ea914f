"""Features: each takes a tree of 3.14 to one that needs less of the host; one file each.

A feature is a module of this package with two functions:

    wanted(source, context) -> bool
        May this source need the feature on this host? Cheap: it looks at the text (a `str` or `bytes`), at a tree when
        the source is one, or only at *context*. True when in doubt. A text is asked about before it is parsed, when
        what the host cannot parse need not be looked for, and again if ``context.rewritten`` says that there was such.
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
            False before parsing.
        renames: set by a feature that needs `codenames.rename` after compiling.
    """

    __slots__ = ("filename", "mode", "flags", "deferred", "late", "rewritten", "renames")

    def __init__(self, filename: str, mode: str, flags: int = 0, *, deferred: bool = True, late: bool = True) -> None:
        self.filename, self.mode, self.flags = filename, mode, flags
        self.deferred, self.late = deferred, late
        self.rewritten = False
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


def others(name: str) -> list[Feature]:
    """Return all features but one."""
    return [feature for feature in _features() if feature.__name__ != f"{__name__}.{name}"]  # type: ignore[attr-defined]


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


_TYPE_PARAMETERS = re.compile(rb"(?:def|class|type)(?:[ \t\f]|\\\r?\n)+[\w\x80-\xff]+(?:[ \t\f]|\\\r?\n)*[\[=\\]")
_TEMPLATE = re.compile(rb"(?<![\w'\"])(?:[tT][rR]?|[rR][tT])['\"]")


def may_hold(pattern: re.Pattern[bytes], source: str | bytes) -> bool:
    """Return whether *source* may hold what *pattern* looks for."""
    text = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    return pattern.search(text) is not None


# Each starts with a literal, which lets `re` skip quickly to where one may be.
_DEFINITION = re.compile(rb"def(?<![\w\x80-\xff]def)(?![\w\x80-\xff])")
# A header with no colon and no string with brackets in it up to its last bracket, and nothing after that but the colon.
_STRING = rb"'[^'\\\n():]*'|\"[^\"\\\n():]*\""
_UNANNOTATED = re.compile(
    rb"def(?<![\w\x80-\xff]def)[ \t]+[\w\x80-\xff]+[ \t]*\((?:[^():'\"#]++|%b|\((?:[^():'\"#]++|%b)*+\))*+\)[ \t]*:" % (_STRING, _STRING)
)
_KEYWORDS = rb"(?:else|try|finally|if|elif|while|for|with|except|class|def|async|lambda|case|match|return)\b"
_ANNOTATED_NAME = re.compile(
    rb"(?m)^[ \t\f]*+(?!%b)[\w\x80-\xff.()\[\]'\" ]+?[ \t]*+:[ \t]*+[^\s#=]"  # a line that starts with one
    rb"|^[ \t\f]*+(?:class|if|else|elif|for|while|with|try|except|finally|match|case|async)\b[^\n]*:[^\n]*[\w\x80-\xff)\]][ \t]*:[ \t]*[^\s#]"
    rb"|;[^\n]*[\w\x80-\xff)\]][ \t]*+:[ \t]*+[^\s#]"  # one after another statement
    rb"|^[ \t\f]*+def\b[^\n]*\)[ \t]*+:[ \t]*+(?!%b)[\w\x80-\xff.()\[\] ]+?[ \t]*+:[ \t]*+[^\s#=]"  # one in a one-line function
    % (_KEYWORDS, _KEYWORDS)
)


def may_be_annotated(source: str | bytes) -> bool:
    """Return False only if *source* has no annotation for sure: most files of unannotated packages, at little cost."""
    text = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else bytes(source)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not _looks_annotated(text):
        return False
    # Docstrings are full of what looks like one: look again without strings and comments.
    text = _STRINGS.sub(b"0", text)
    if b"'" in text or b'"' in text:
        return True  # strings inside strings, which this does not follow
    return _looks_annotated(text)


def _looks_annotated(text: bytes) -> bool:
    definitions = len(_DEFINITION.findall(text))
    if definitions and len(_UNANNOTATED.findall(text)) < definitions:
        return True
    return _ANNOTATED_NAME.search(text) is not None or _CONTINUED.search(text) is not None


_STRINGS = re.compile(
    rb"#[^\n]*+"
    rb'|"""(?:[^"\\]++|\\.|"(?!""))*+"""|"(?!"")(?:[^"\\\n]++|\\.)*+"|""(?!")'
    rb"|'''(?:[^'\\]++|\\.|'(?!''))*+'''|'(?!'')(?:[^'\\\n]++|\\.)*+'|''(?!')",
    re.S,
)
_CONTINUED = re.compile(rb"[\w\x80-\xff)\]][ \t]*\\\r?\n[ \t]*:|:[ \t]*\\\r?\n")


def copy_tree(tree: ast.AST) -> ast.AST:
    """Return a deep copy of a tree that somebody else owns."""
    made = type(tree).__new__(type(tree))  # not called: that would complain of fields that are still missing
    for name, value in tree.__dict__.items():
        if isinstance(value, ast.AST):
            value = copy_tree(value)
        elif isinstance(value, list):
            value = [copy_tree(item) if isinstance(item, ast.AST) else item for item in value]
        made.__dict__[name] = value
    return made
