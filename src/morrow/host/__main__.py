"""``python -m morrow.host``: what morrow knows about this Python, and whether it is true.

    python -m morrow.host                     facts of the running host; its structures, proven
    python -m morrow.host --compare 3.14      what moved since the host named (how-to/add-a-host.md)
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from morrow.host import HERE, NoFacts, facts, probe
from morrow.host.structs import structs


def main(arguments: list[str] | None = None) -> int:
    """Print the report; return 0 when the running host is as the tables say."""
    parser = argparse.ArgumentParser(prog="python -m morrow.host", description="What morrow knows about this Python.")
    parser.add_argument("--compare", metavar="VERSION", help="hold the table of another version against the running host")
    parser.add_argument("--subject", choices=list(probe.SUBJECTS), help="look at one subject of the structures only")
    given = parser.parse_args(arguments)
    version = _version(given.compare) if given.compare else sys.version_info[:2]
    if given.subject:
        wrong = probe.check_structs(structs(version), given.subject)
        print(*wrong, sep="\n")
        return bool(wrong)
    return _compare(version) if given.compare else _report()


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def _report() -> int:
    print(f"host: {sys.version}")
    if HERE is None:
        print("facts: none; systems that need facts are off on this host")
        return 1
    for name, value in vars(HERE).items():
        print(f"  {name:<28}{value!r}")
    try:
        table = structs()
    except NoFacts as missing:
        print(f"structures: {missing}; the jit is off on this host")
        return 1
    wrong = probe.check_structs(table)
    if wrong:
        print(f"structures: {wrong[0]}; the jit is off on this host")
        return 1
    print(f"structures: {probe.count_checks(table)} values looked up in the running interpreter, all as the table says")
    return 0


def _compare(version: tuple[int, int]) -> int:
    older = facts(version)
    moved = 0
    for name, value in vars(older).items():
        now = getattr(HERE, name, "unknown") if HERE is not None else "unknown"
        if now != value:
            print(f"fact {name}: {value!r} -> {now!r}")
            moved += 1
    for subject in probe.SUBJECTS:
        # One process each: a table that is wrong may lead to memory that is not there.
        command = [sys.executable, "-m", "morrow.host", "--compare", f"{version[0]}.{version[1]}", "--subject", subject]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"structures, {subject}: {done.stdout.strip() or f'died with status {done.returncode}'}")
            moved += 1
    print(f"{moved} differences from CPython {version[0]}.{version[1]}")
    return bool(moved)


if __name__ == "__main__":
    raise SystemExit(main())
