"""What rewritten code needs while it runs.

Code that morrow compiles for an older host, and source that ``morrow --to`` writes, refer to this package by one name,
``__morrow__``. It imports nothing of morrow and can be shipped alone. Everything is imported on first use: binding the
name costs a dictionary entry.

PYTEST_DONT_REWRITE: morrow is a pytest plugin, and its own assertions are nobody's tests.
"""

from __future__ import annotations

import builtins
import sys

NAME = "__morrow__"
"""The one name by which generated code reaches this module."""

_PLACES = {
    "Interpolation": "templates",
    "Template": "templates",
    "TypeAliasType": "type_parameters",
    "bind_later": "late_imports",
    "class_annotations": "lazy_annotations",
    "module_annotate": "annotation_attributes",
    "not_supported": "lazy_annotations",
    "note": "lazy_annotations",
    "alias": "type_parameters",
    "class_namespace": "type_parameters",
    "field": "templates",
    "function": "type_parameters",
    "generic": "type_parameters",
    "generic_base": "type_parameters",
    "load_global": "type_parameters",
    "no_format": "type_parameters",
    "param_spec": "type_parameters",
    "same": "type_parameters",
    "text": "templates",
    "type_var": "type_parameters",
    "type_var_tuple": "type_parameters",
}

host_compile = builtins.compile
"""The host's own: programs under morrow find another one in builtins, which knows 3.14's grammar and takes longer."""

namespace = builtins.locals
"""The caller's namespace: in a class body the mapping that the metaclass prepared. Written in C, so that it adds no frame."""


def install() -> None:
    """Make ``__morrow__`` known to all code of this process."""
    setattr(builtins, NAME, sys.modules[__name__])


def __getattr__(name: str) -> object:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # __import__ rather than importlib.import_module: importlib may not be loaded yet.
    value = getattr(getattr(__import__(f"{__name__}.{place}"), place), name)
    globals()[name] = value
    return value
