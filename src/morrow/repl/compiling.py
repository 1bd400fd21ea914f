"""The compiler of what is typed at a prompt: the program's own language, whatever it is called from."""

from __future__ import annotations

import builtins
from typing import Any

from morrow import settings


def get_compiler() -> Any:
    """Return the compiler of what is typed: it is the program's own text, wherever this file is installed."""
    if settings.get("language") == "0":
        return builtins.compile
    from morrow import language

    deferred = settings.get("deferred") != "0"

    def compile(
        source: Any, filename: str, mode: str, flags: int = 0, dont_inherit: bool = True, optimize: int = -1
    ) -> Any:
        if flags & language.ONLY_AST:
            return language.parse(source, filename, mode, flags=flags)
        return language.compile(source, filename, mode, flags, True, optimize, deferred=deferred)

    return compile
