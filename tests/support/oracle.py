"""Ask a real CPython, many times a second, what it says about a source: one long-lived child, JSON lines both ways.

``Oracle().ask(["x = ", ...])`` gives one `Verdict` per source. Used by tests that compare with the real 3.14 and by
``python -m tests.support.wrong_programs``, which prints how often we agree.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.hosts import find_real_314

_CHILD = r"""
import json, sys, warnings, threading
sys.setrecursionlimit(5000)
def one(source, mode, filename, errors, parse_only):
    if isinstance(source, list):
        source = bytes(source)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error" if errors else "always", SyntaxWarning)
        try:
            compile(source, filename, mode, 0x400 if parse_only else 0, True)
            answer = None
        except SyntaxError as e:
            answer = [type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset, e.text, e.filename]
        except (ValueError, MemoryError, RecursionError, OverflowError) as e:
            answer = [type(e).__name__, str(e), None, None, None, None, None, None]
    return [answer, [[w.category.__name__, str(w.message), w.lineno, w.filename] for w in caught]]
for line in sys.stdin:
    print(json.dumps([one(*job) for job in json.loads(line)]), flush=True)
"""


@dataclass(frozen=True)
class Verdict:
    """What compile() said: the error's attributes (None when it compiled) and the warnings it gave."""

    error: tuple[object, ...] | None
    warnings: tuple[tuple[object, ...], ...] = ()

    @property
    def message(self) -> str:
        return str(self.error[1]) if self.error else "(compiles)"


class Oracle:
    """A child process of the real 3.14; use as a context manager."""

    def __init__(self, python: Path | None = None) -> None:
        self.python = python or find_real_314()
        if self.python is None:
            raise FileNotFoundError("no real CPython 3.14 here: see tests/support/hosts.py")
        self.child = subprocess.Popen(
            [str(self.python), "-I", "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.child.stdin and self.child.stdout
        self.child.stdin.close()
        self.child.wait(10)
        self.child.stdout.close()

    def ask(
        self,
        sources: Sequence[str | bytes],
        mode: str = "exec",
        filename: str = "<oracle>",
        *,
        warnings_are_errors: bool = False,
        parse_only: bool = False,
    ) -> list[Verdict]:
        """Return the verdict on each source, in order."""
        assert self.child.stdin and self.child.stdout
        verdicts: list[Verdict] = []
        for start in range(0, len(sources), 200):
            part = sources[start : start + 200]
            jobs = [[list(s) if isinstance(s, bytes) else s, mode, filename, warnings_are_errors, parse_only] for s in part]
            self.child.stdin.write(json.dumps(jobs) + "\n")
            self.child.stdin.flush()
            answers = json.loads(self.child.stdout.readline())
            verdicts += [Verdict(tuple(e) if e else None, tuple(tuple(w) for w in ws)) for e, ws in answers]
        return verdicts
