"""What 3.14 says about a program that is wrong, to the letter and the column, on every host."""

from __future__ import annotations

from morrow.language.syntax_errors.parser import find_mistake


def what_314_says(source: str | bytes, filename: str, mode: str, *, parse_only: bool = False):
    text = source if isinstance(source, str) else source.decode("utf-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if mode == "exec" and not text.endswith("\n"):
        text += "\n"
    c, w = find_mistake(text, {"exec": "file", "eval": "eval", "single": "interactive"}[mode])
    if c is None:
        return None
    return (c.kind, c.message, c.lineno, c.offset, c.end_lineno, c.end_offset, c.text, filename)
