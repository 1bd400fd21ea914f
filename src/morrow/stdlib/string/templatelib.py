"""Support for template string literals (t-strings)."""

from morrow_runtime.templates import Interpolation, Template, convert
from morrow_runtime.templates import unpickle as _template_unpickle

__all__ = ["Interpolation", "Template", "convert"]

_template_unpickle.__name__ = _template_unpickle.__qualname__ = "_template_unpickle"
_template_unpickle.__module__ = convert.__module__ = "string.templatelib"
