"""Every file of 3.14's Lib and Lib/test: the tree is the one 3.14 makes, and what 3.14 refuses is refused.

    pytest -m corpus tests/language/test_corpus.py -s         (-s shows the progress)
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from morrow.language import grammar
from tests.support.hosts import find_real_314
from tests.support.trees import Judge, answer

# Files a host cannot parse because of a bug of its own: file -> CPython issue. None at present.
HOST_BUGS: dict[str, str] = {}
PROCESSES = 2


def corpus(python: Path) -> tuple[Path, list[Path]]:
    """Return the folder of a host's standard library and its Python files."""
    asked = subprocess.run([python, "-c", "import os; print(os.path.dirname(os.__file__))"], capture_output=True, text=True)
    root = Path(asked.stdout.strip())
    return root, sorted(path for path in root.rglob("*.py") if "site-packages" not in path.parts)


def _ours(source: bytes, filename: str, mode: str) -> object:
    return grammar.parse(source, filename, mode).tree


def _compare(job: tuple[Path, list[Path]]) -> list[tuple[str, str]]:
    """Return (path, what differs) for the files of one process's share."""
    python, paths = job
    wrong = []
    sys.setrecursionlimit(10_000)
    with Judge(python) as judge:
        for path in paths:
            source = path.read_bytes()
            judge.ask(source)
            ours = answer(source, _ours)
            theirs = judge.take()
            if ours[0] != theirs[0]:
                wrong.append((str(path), f"3.14: {theirs}, ours: {ours}"))
            elif ours[0] == "tree" and ours != theirs:
                wrong.append((str(path), "the trees differ"))
    return wrong


@pytest.mark.corpus
@pytest.mark.timeout(1800)
def test_every_tree_is_the_one_314_makes():
    python = find_real_314()
    if python is None:
        pytest.skip("no real 3.14 on this machine")
    root, paths = corpus(python)
    assert (root / "test" / "test_grammar.py") in paths, f"{root} has no tests: the corpus needs a 3.14 with Lib/test"
    shares = [paths[at : at + 20] for at in range(0, len(paths), 20)]
    wrong: list[tuple[str, str]] = []
    began = time.monotonic()
    # spawn: a fork of pytest would copy whatever threads its plugins run
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        done = 0
        for found in pool.imap_unordered(_compare, [(python, share) for share in shares]):
            wrong += found
            done += 1
            seen = min(done * 20, len(paths))
            print(f"\r{seen}/{len(paths)} files, {len(wrong)} differ, {time.monotonic() - began:.0f} s", end="", flush=True)
    print()
    unexpected = [(path, why) for path, why in wrong if os.path.relpath(path, root) not in HOST_BUGS]
    assert not unexpected, "\n".join(f"{path}: {why}" for path, why in unexpected)
