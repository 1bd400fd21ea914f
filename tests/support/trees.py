"""Trees in a form that is the same on every host, to compare ours with those of a real 3.14.

As a module: `canonical`, `digest`, and `Judge`, a real 3.14 that answers for many sources. As a script, run by any
Python without morrow: reads sources as JSON lines from stdin, answers with one JSON line each.
"""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

_POSITION = ("lineno", "col_offset", "end_lineno", "end_col_offset")
_FIELDS: dict[type, tuple[str, ...]] = {}


def canonical(root: ast.AST) -> Iterator[str]:
    """Give the lines of a tree's canonical form: one node or value a line, with its place; absent fields left out."""
    pending: list[tuple[str, object]] = [("", root)]
    while pending:
        name, value = pending.pop()
        if isinstance(value, ast.AST):
            kind = type(value)
            known = _FIELDS.get(kind)
            if known is None:
                known = _FIELDS[kind] = tuple(sorted(set(kind._fields), reverse=True))
            place = value.__dict__.get("lineno")
            if place is None:
                yield f"{name} {kind.__name__}"
            else:
                line, column, end_line, end_column = (getattr(value, attribute) for attribute in _POSITION)
                yield f"{name} {kind.__name__} {line}:{column}-{end_line}:{end_column}"
            pending.append((")", None))
            for field in known:
                inner = getattr(value, field, None)
                if inner is not None and inner != [] or field == "value" and kind.__name__ == "Constant":
                    pending.append((field, inner))
        elif isinstance(value, list):
            yield f"{name} [{len(value)}"
            pending += [("", item) for item in reversed(value)]
        elif type(value) is int:
            yield f"{name} {value:#x}"
        else:
            yield f"{name} {ascii(value)}"  # ascii: what counts as printable differs with the Unicode version


def digest(root: ast.AST) -> str:
    """Return a hash of a tree's canonical form."""
    return hashlib.md5("\n".join(canonical(root)).encode()).hexdigest()


def answer(source: bytes, parse, whole: bool = False, mode: str = "exec") -> list[str]:
    """Return ["tree", digest] or ["refused", message, line, column ...]; with *whole*, the canonical form itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = parse(source, "<judged>", mode)
        except SyntaxError as error:
            return ["refused", error.msg, error.lineno, error.offset]
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            return ["refused", f"{type(error).__name__}: {error}"]
    return ["tree", "\n".join(canonical(tree)) if whole else digest(tree)]


class Judge:
    """A real 3.14 in another process that parses what it is sent. *accepted* is for its user to count with."""

    accepted = 0

    def __init__(self, python: Path, whole: bool = False) -> None:
        self.process = subprocess.Popen(
            [python, "-I", __file__, "whole" if whole else "digest"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="ascii",
        )

    def answers(self, sources: Iterable[bytes], mode: str = "exec") -> list[list[str]]:
        """Return its answer to each source, in order."""
        found = []
        for source in sources:
            self.ask(source, mode)
            found.append(self.take())
        return found

    def ask(self, source: bytes, mode: str = "exec") -> None:
        """Send one source; its answer is to be taken before the next is sent."""
        self.process.stdin.write(json.dumps([source.decode("latin-1"), mode]) + "\n")
        self.process.stdin.flush()

    def take(self) -> list[str]:
        """Return the answer to the source sent last."""
        line = self.process.stdout.readline()
        assert line, f"the real 3.14 ended: {self.process.wait()}"
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _main() -> None:
    def parse(source: bytes, filename: str, mode: str) -> ast.AST:
        return ast.parse(source, filename, mode)

    for line in sys.stdin:
        source, mode = json.loads(line)
        print(json.dumps(answer(source.encode("latin-1"), parse, sys.argv[1] == "whole", mode)), flush=True)


if __name__ == "__main__":
    _main()
