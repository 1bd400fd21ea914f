"""Look at the language from outside.    python -m morrow.language FILE [--stage STAGE]

Stages, in the order a source goes through them:

    found      what this host would refuse or misread, one line each
    blanked    the text the host is given instead
    tree       the tree, as 3.14 makes it, with positions
    lowered    the tree this host compiles, as source (names in angle brackets are ours)
    code       the code object, disassembled

FILE may be - for stdin.
"""

from __future__ import annotations

import argparse
import ast
import sys

from morrow import language
from morrow.host import HERE
from morrow.language import blanking, features, grammar, source
from morrow.language.blanking import Plan, TypeParam
from morrow.language.unparse import unparse

STAGES = ("found", "blanked", "tree", "lowered", "code")


def main(arguments: list[str] | None = None) -> int:
    """Print one stage of one file; return the exit status."""
    parser = argparse.ArgumentParser("python -m morrow.language", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--stage", choices=STAGES, default="tree")
    given = parser.parse_args(arguments)
    try:
        text = sys.stdin.buffer.read() if given.file == "-" else open(given.file, "rb").read()
    except OSError as error:
        parser.exit(2, f"{parser.prog}: cannot read {given.file}: {error.strerror}\n")
    name = "<stdin>" if given.file == "-" else given.file
    try:
        for line in show(text, name, given.stage):
            print(line)
    except SyntaxError as error:
        import traceback

        print("".join(traceback.format_exception_only(error)), end="", file=sys.stderr)
        return 1
    return 0


def show(text: bytes, filename: str, stage: str) -> list[str]:
    """Return the lines that show one stage of a source.

    Raises:
        SyntaxError: the source is wrong.
    """
    if stage in ("found", "blanked"):
        if HERE is None:
            return ["this host is not one this morrow knows: it is given every source as it is"]
        language.parse(text, filename)  # is it right at all?
        read = source.read(text)
        found = blanking.plan(read, HERE)
        if stage == "blanked":
            return blanking.apply(read.text, found.edits).decode().split("\n")
        return [f"{line}:{column}: {what}" for (line, column), what in _described(found, read)]
    if stage == "tree":
        return _tree(language.parse(text, filename))
    if stage == "lowered":
        context = features.Context(filename, "exec")
        parsed = grammar.parse(text, filename)
        context.rewritten, tree = parsed.rewritten, parsed.tree
        for feature in features.wanted(text, context):
            tree = feature.lower(tree, context)
        return unparse(tree).split("\n")
    import dis
    import io

    out = io.StringIO()
    dis.dis(language.compile(text, filename), file=out)
    return out.getvalue().rstrip("\n").split("\n")


def _described(found: Plan, read: source.Source) -> list[tuple[tuple[int, int], str]]:
    """Return (line and column, description) of what was found, in the order of the text."""
    lines = []
    for string in found.strings:
        if found.is_ours(string):
            line, column = read.position(string.end)
            kind = "t-string" if string.template else "f-string"
            lines.append((string.start, f"{kind} up to {line}:{column}"))
    for generic in found.generics:
        lines.append((generic.start, f"type parameters {_params(generic.params)}"))
    for alias in found.aliases:
        named = read.text[alias.name_start : alias.name_end].decode()
        lines.append((alias.start, f"type alias {named}{_params(alias.params) if alias.params else ''}"))
    for handler in found.excepts:
        lines.append((handler.keyword, f"except list of {len(handler.elements)}"))
    return [(read.position(offset), what) for offset, what in sorted(lines)]


def _params(params: list[TypeParam]) -> str:
    return f"[{', '.join('*' * param.stars + param.name for param in params)}]"


def _tree(root: ast.AST) -> list[str]:
    """Return a tree as indented lines: type, place, then plain fields; nodes in fields below."""
    lines: list[str] = []

    def add(label: str, node: object, depth: int) -> None:
        head = "  " * depth + (f"{label}: " if label else "")
        if not isinstance(node, ast.AST):
            lines.append(f"{head}{node!r}")
            return
        place = ""
        if getattr(node, "lineno", None) is not None:
            place = f" {node.lineno}:{node.col_offset}-{node.end_lineno}:{node.end_col_offset}"  # type: ignore[attr-defined]
        fields = [(name, getattr(node, name, None)) for name in node._fields if name != "ctx"]
        plain = [f" {name}={v!r}" for name, v in fields if v is not None and not isinstance(v, (list, ast.AST))]
        lines.append(f"{head}{type(node).__name__}{place}{''.join(plain)}")
        for name, value in fields:
            for child in value if isinstance(value, list) else [value] if isinstance(value, ast.AST) else []:
                add(name, child, depth + 1)

    add("", root, 0)
    return lines


if __name__ == "__main__":
    sys.exit(main())
