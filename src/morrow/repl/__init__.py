"""The interactive prompt.

`prompt` is the one door: it takes the namespace of ``__main__`` and returns at the end of the input.
"""

from __future__ import annotations

from morrow.repl.basic import prompt

__all__ = ["prompt"]
