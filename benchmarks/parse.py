"""How fast is parsing where the host alone would not do?

    python benchmarks/parse.py [--rounds N] [FOLDER]

FOLDER is a 3.14 standard library (default: that of the 3.14 among this machine's hosts). Two sets of its files, each
parsed by morrow and by the host in turn, CPU time, best of N rounds:

    fallback   the files this host refuses and 3.14 takes: ratio to the host on the same files' blanked text, since the
               host cannot parse them at all
    accepted   every tenth file that the host takes: what morrow costs where it was not needed for the grammar
"""

from __future__ import annotations

import argparse
import ast
import gc
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parents[1])]

from morrow.host import HERE  # noqa: E402
from morrow.language import blanking, grammar  # noqa: E402
from morrow.language import source as sources  # noqa: E402
from tests.support.hosts import find_real_314  # noqa: E402


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", type=Path)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    folder = given.folder
    if folder is None:
        python = find_real_314()
        if python is None:
            sys.exit("no real 3.14 on this machine: name a folder with 3.14 sources")
        folder = python.resolve().parent.parent / "lib" / "python3.14"
    warnings.simplefilter("ignore")
    refused, accepted = _split(folder)
    if not refused:
        print(f"{sys.version.split()[0]}: this host takes every file in {folder}")
    else:
        blanked = [_blanked(text) for text in refused]
        _report("fallback", refused, blanked, given.rounds)
    _report("accepted", accepted[::10], accepted[::10], given.rounds)


def _split(folder: Path) -> tuple[list[bytes], list[bytes]]:
    """Return the texts the host refuses and we take, and those the host takes."""
    refused, accepted = [], []
    paths = [path for path in sorted(folder.rglob("*.py")) if "site-packages" not in path.parts]
    for path in paths:
        text = path.read_bytes()
        if _takes(ast.parse, text):
            accepted.append(text)
        elif _takes(grammar.parse, text):
            refused.append(text)
    return refused, accepted


def _takes(parse: Callable[[bytes], object], text: bytes) -> bool:
    try:
        parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _blanked(text: bytes) -> bytes:
    source = sources.read(text)
    return blanking.apply(source.text, blanking.plan(source, HERE).edits)


def _report(name: str, ours: list[bytes], theirs: list[bytes], rounds: int) -> None:
    lines = sum(text.count(b"\n") for text in ours)
    best_ours = best_host = float("inf")
    for _ in range(rounds):
        best_ours = min(best_ours, _time(grammar.parse, ours))
        best_host = min(best_host, _time(ast.parse, theirs))
    print(
        f"{sys.version.split()[0]} {name:9} {len(ours):4} files {lines:7} lines: morrow {lines / best_ours:8,.0f} lines/s, "
        f"host {lines / best_host:8,.0f} lines/s, time ratio {best_ours / best_host:.2f}"
    )


def _time(parse: Callable[[bytes], object], texts: list[bytes]) -> float:
    gc.collect()
    began = time.process_time()
    for text in texts:
        parse(text)
    return time.process_time() - began


if __name__ == "__main__":
    main()
