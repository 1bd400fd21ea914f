"""The view from outside: ``python -m morrow.attach --ps``, ``--dump PID``, ``--watch PID``, ``--flame SECONDS PID``.

``morrow --ps`` and the like come here, too. With a PID alone it says what is known about that process.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from morrow.attach.errors import AttachError


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, width=110)  # left to itself it imports shutil, which costs 5 ms


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the read-only commands; return the exit status: 0, 1 for a refusal, 2 for a wrong command line."""
    given = _parser().parse_args(arguments)
    try:
        if given.ps:
            return _ps(given)
        if given.pid is None:
            _parser().error("which process? give a PID, or --ps for the list")
        if given.flame is not None:
            return _flame(given)
        if given.watch:
            return _watch(given)
        if given.dump:
            return _dump(given)
        return _about(given)
    except AttachError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0  # `morrow --ps | head`
    except KeyboardInterrupt:
        return 130


def ps(arguments: Sequence[str]) -> int:
    """Run ``morrow --ps``."""
    return main(["--ps", *arguments])


def dump(arguments: Sequence[str]) -> int:
    """Run ``morrow --dump``."""
    return main(["--dump", *arguments])


def watch(arguments: Sequence[str]) -> int:
    """Run ``morrow --watch``."""
    return main(["--watch", *arguments])


def flame(arguments: Sequence[str]) -> int:
    """Run ``morrow --flame``."""
    return main(["--flame", *arguments])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="morrow", description="Look at a live Python process. Nothing runs in it.", allow_abbrev=False, formatter_class=_formatter
    )
    parser.add_argument("pid", type=int, nargs="?", metavar="PID", help="the process")
    parser.add_argument("--ps", action="store_true", help="list the Python processes of this machine")
    parser.add_argument("--dump", action="store_true", help="print the stacks of all threads and asyncio tasks")
    parser.add_argument("--locals", action="store_true", help="with local variables")
    parser.add_argument(
        "--watch", action="store_true", help="show where the time goes, refreshed every second, like top"
    )
    parser.add_argument("--flame", type=float, metavar="SECONDS", help="sample for SECONDS and write a flame graph")
    parser.add_argument("--idle", action="store_true", help="count sleeping threads, too (--watch, --flame)")
    parser.add_argument("--rate", type=int, default=100, help="samples a second (%(default)s)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where --flame writes (default flame-PID.html)")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _ps(given: argparse.Namespace) -> int:
    from morrow.attach.processes import as_data, as_table, list_processes

    processes = list_processes()
    if given.json:
        import json

        print(json.dumps(as_data(processes), indent=1))
    else:
        import shutil

        width = shutil.get_terminal_size((160, 24)).columns if sys.stdout.isatty() else 100_000
        sys.stdout.write(as_table(processes, width))
    return 0


def _about(given: argparse.Namespace) -> int:
    from morrow.attach.optout import switched_off
    from morrow.attach.target import find

    with find(given.pid) as target:
        off = switched_off(target)
        print(target)
        print(f"  main thread {target.main_thread}, {len(target.interpreters())} interpreter(s)")
        print(f"  attaching: {'switched off, ' + off if off else 'possible'}")
    return 0


def _dump(given: argparse.Namespace) -> int:
    from morrow.attach.dump import as_data, as_text, ask, dump
    from morrow.attach.target import find

    try:
        with find(given.pid) as target:
            snapshot, tasks = dump(target, with_locals=given.locals)
    except AttachError as error:
        if error.name not in ("attach-permission", "attach-yama", "attach-container", "attach-undumpable", "attach-static"):
            raise
        asked = ask(given.pid, with_locals=given.locals)
        if asked is None:
            raise
        snapshot, tasks = asked
    if given.json:
        import json

        print(json.dumps(as_data(snapshot, tasks), indent=1))
    else:
        sys.stdout.write(as_text(snapshot, tasks, colour=sys.stdout.isatty()))
    return 0


def _flame(given: argparse.Namespace) -> int:
    from morrow.attach.flame import as_html, sample
    from morrow.attach.target import find

    def tell(samples: int, left: float) -> None:
        if sys.stderr.isatty():
            print(f"\r{samples} samples, {left:.0f} s left ", end="", file=sys.stderr)

    with find(given.pid) as target:
        stacks = sample(target, given.flame, rate=given.rate, idle=given.idle, tell=tell)
        title = f"process {given.pid}, CPython {target.version}, {given.flame:g} s"
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if not stacks:
        print(
            f"attach: no thread of process {given.pid} ran Python in {given.flame:g} s; --idle counts sleeping ones",
            file=sys.stderr,
        )
    path = given.output or f"flame-{given.pid}.html"
    with open(path, "w", encoding="utf-8") as file:
        file.write(as_html(stacks, title))
    print(f"{sum(stacks.values())} stacks written to {path}")
    return 0


def _watch(given: argparse.Namespace) -> int:
    """Refresh the hottest functions every second until Ctrl-C, or once when nobody watches (a pipe)."""
    from collections import Counter

    from morrow.attach.flame import sample
    from morrow.attach.target import find

    with find(given.pid) as target:
        while True:
            stacks = sample(target, 1.0, rate=given.rate, idle=given.idle)
            own: Counter[str] = Counter()
            total: Counter[str] = Counter()
            for stack, count in stacks.items():
                functions = [name.rpartition(":")[0] + ")" for name in stack[1:]]
                own[functions[-1]] += count
                for name in set(functions):
                    total[name] += count
            everything = sum(stacks.values())
            lines = [
                f"process {given.pid}, CPython {target.version}  {time.strftime('%H:%M:%S')}  {everything} samples",
                "",
            ]
            lines.append("   own  total  function")
            for name, count in total.most_common(20):
                lines.append(f"{100 * own[name] / everything:5.1f}% {100 * count / everything:5.1f}%  {name}")
            if not everything:
                lines.append("  all threads sleep (--idle counts them)")
            clear = "\x1b[H\x1b[J" if sys.stdout.isatty() else ""
            sys.stdout.write(clear + "\n".join(lines) + "\n")
            sys.stdout.flush()
            if not sys.stdout.isatty() or not target.is_alive():
                return 0


if __name__ == "__main__":
    sys.exit(main())
