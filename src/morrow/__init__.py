"""morrow: your program, unchanged, on the Python you already have, the way the next Python would run it.

The front door for programs that use morrow as a library. Everything heavy is imported on first use, so that
``import morrow`` costs next to nothing.

PYTEST_DONT_REWRITE: morrow is a pytest plugin, and its own assertions are nobody's tests.
"""

from __future__ import annotations

__version__ = "0.1.0.dev0"
__all__ = ["__version__"]

for_interpreters = ""
"""What each interpreter that this process makes runs first, to understand what this one does. `launch` fills it in."""
