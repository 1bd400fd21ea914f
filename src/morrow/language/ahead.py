"""``morrow --to 3.11 SRC -o OUT``: the same rewriting ahead of time, as source text.

Takes a file or a tree of 3.14 source, gives files for plain CPython of an older version: edits in the text, never a
reprint, so that every line stays on its line and comments stay where they are. What rewritten code needs while it runs
is morrow_runtime, imported in one place near the top; ``--vendor-runtime`` puts a copy into OUT. What cannot be said in
the older grammar without moving lines or changing what the program does is refused, with file and line.

What each construct becomes is described at `rewriting.Rewriter`'s methods.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from morrow.host import Facts, NoFacts, facts
from morrow.language.rewriting import Refused, rewrite
from morrow.messages import say

_TARGETS = ("3.11", "3.12", "3.13")
_SKIPPED = frozenset({"__pycache__", ".git", ".hg", ".tox", ".nox", ".venv", ".mypy_cache", ".pytest_cache"})


def main(arguments: list[str]) -> int:
    """Run the command with what follows ``--to``; return the exit status: 0, 1 if a file was refused, 2 for usage."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="morrow --to", description="Rewrite Python 3.14 source for an older CPython, line for line."
    )
    parser.add_argument("version", choices=_TARGETS, help="the oldest Python that is to run the result")
    parser.add_argument("source", type=Path, metavar="SRC", help="a file or a folder")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", required=True, help="where to write the result")
    parser.add_argument("--vendor-runtime", action="store_true", help="put a copy of morrow_runtime into OUT")
    options = parser.parse_args(arguments)
    if not options.source.exists():
        print(say("ahead-missing", path=options.source), file=sys.stderr)
        return 2
    return convert(options.source, options.output, options.version, vendor_runtime=options.vendor_runtime)


def convert(source: Path, output: Path, version: str, *, vendor_runtime: bool = False) -> int:
    """Rewrite a file or a tree; print what was changed per file. Return 0, or 1 if something was refused.

    Every file is rewritten in memory before the first is written, so that a refusal leaves nothing half done.
    """
    target = _facts(version)
    if source.is_dir():
        files = [path for path in sorted(source.rglob("*")) if path.is_file() and not _SKIPPED & set(path.parts)]
        inside_output = output.resolve()
        files = [path for path in files if inside_output not in path.resolve().parents]
        pairs = [(path, output / path.relative_to(source)) for path in files]
    else:
        pairs = [(source, output / source.name if output.is_dir() or not output.suffix else output)]
    results: list[tuple[Path, Path, bytes | None]] = []
    refused = False
    needs_runtime = False
    for path, destination in pairs:
        if path.suffix not in (".py", ".pyw", ".pyi"):
            results.append((path, destination, None))
            continue
        try:
            text, changes = rewrite(path.read_bytes(), str(path), target)
        except Refused as error:
            print(f"{error.path}:{error.line}: {error.reason}", file=sys.stderr)
            refused = True
            continue
        except SyntaxError as error:
            print(f"{path}:{error.lineno}: SyntaxError: {error.msg}", file=sys.stderr)
            refused = True
            continue
        results.append((path, destination, text))
        needs_runtime = needs_runtime or b"morrow_runtime" in text
        if changes:
            print(f"{path}: {', '.join(changes)}")
    if refused:
        print(say("ahead-refused", output=output), file=sys.stderr)
        return 1
    for path, destination, content in results:
        destination.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            shutil.copy2(path, destination)
        else:
            destination.write_bytes(content)
            shutil.copymode(path, destination)
    if vendor_runtime and needs_runtime:
        _copy_runtime(output if source.is_dir() or output.is_dir() else output.parent)
    return 0


def _facts(version: str) -> Facts:
    major, _, minor = version.partition(".")
    try:
        return facts((int(major), int(minor)))
    except NoFacts as error:
        raise SystemExit(str(error)) from None


def _copy_runtime(folder: Path) -> None:
    import morrow_runtime

    assert morrow_runtime.__file__ is not None
    here = Path(morrow_runtime.__file__).parent
    shutil.copytree(here, folder / here.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    print(f"{folder / here.name}: copy of morrow_runtime")
