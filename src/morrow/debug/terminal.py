"""pdb's commands, in a terminal: ``morrow -m pdb --attach PID`` (also ``-p``, ``--pid``).

Line editing, history and completion happen here; the target only sees finished lines. Ctrl-C breaks into the running
program; at a prompt it drops the line. Ctrl-D, ``quit`` and ``detach`` leave the program running.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from morrow.attach.errors import AttachError, NotReady
from morrow.attach.inject import Outcome
from morrow.attach.target import find
from morrow.debug.session import Session, attach
from morrow.debug.wire import kind_of

if TYPE_CHECKING:
    from morrow.repl.prompt import Line

_HELP = "threads, thread N, tasks, task N, pm, interpreters, detach: what attaching adds to pdb; help lists everything"


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, width=110)  # left to itself it imports shutil, which costs 5 ms


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``pdb --attach``; return the exit status: 0, 1 for a refusal or a lost process, 2 for a wrong command line."""
    given = _parse(arguments)
    try:
        return debug(given.pid, given.commands, sandboxed=given.sandboxed, wait=given.wait)
    except NotReady as error:
        _dump(given.pid)
        print(error, file=sys.stderr)
        return 1
    except AttachError as error:
        print(error, file=sys.stderr)
        return 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="morrow -m pdb", description="Debug a live Python process.", epilog=_HELP, allow_abbrev=False, formatter_class=_formatter
    )
    parser.add_argument(
        "-p", "--pid", "--attach", dest="pids", type=int, action="append", metavar="PID", help="the process"
    )
    parser.add_argument("positional", nargs="?", type=int, help=argparse.SUPPRESS)
    parser.add_argument(
        "-c",
        "--command",
        dest="commands",
        action="append",
        default=[],
        metavar="COMMAND",
        help="run a pdb command first",
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how long to wait for a main thread that runs no Python",
    )
    parser.add_argument(
        "--sandboxed", action="store_true", help="attach although a seccomp filter could end the process"
    )
    given = parser.parse_args(arguments)
    pids = (given.pids or []) + ([given.positional] if given.positional is not None else [])
    if len(pids) != 1:
        parser.error(
            "which process? give one PID" if not pids else "one process at a time: " + ", ".join(map(str, pids))
        )
    given.pid = pids[0]
    return given


def debug(pid: int, commands: Sequence[str] = (), *, sandboxed: bool = False, wait: float = 0.0) -> int:
    """Debug process *pid* at this terminal, or with the lines of standard input when that is no terminal.

    Args:
        commands: pdb commands to run first.
        wait: seconds to wait for a busy process before giving up with its stacks.

    Raises:
        AttachError: it could not be attached to.
    """

    def while_queued(outcome: Outcome) -> float:
        if wait:
            print(f"attach: waiting: {outcome.waiting_for}", file=sys.stderr)
        return wait

    reader = _reader()
    with attach(pid, sandboxed=sandboxed, while_queued=while_queued) as session:
        reader.use(session)
        return _loop(session, reader, list(commands))


def _loop(session: Session, reader: _Terminal | _Script, commands: list[str]) -> int:
    message = None
    leaving = False
    while True:
        try:
            if message is None:
                message = session.receive(None)
            if message is not None:
                leaving = _handle(session, reader, commands, message, leaving)
            message = None
        except KeyboardInterrupt:
            # At a prompt the message stays, and is asked again; a running program is broken into.
            if not session.stopped:
                message = None
                _break_in(session)
        except AttachError as error:
            if leaving and error.name == "attach-lost":
                return 0
            print(error, file=sys.stderr)
            return 1


def _handle(
    session: Session, reader: _Terminal | _Script, commands: list[str], message: dict[str, Any], leaving: bool
) -> bool:
    """Do what one message asks for; return whether the user has asked to leave."""
    kind, colour = kind_of(message), sys.stdout.isatty()
    if kind == "out":
        sys.stdout.write(_highlighted(message["out"]) if colour else message["out"])
        sys.stdout.flush()
    elif kind == "stopped" and message["stopped"] == "attached":
        print(
            f"attached to process {session.target.pid}, CPython {session.target.version}; detach (or Ctrl-D) leaves it running"
        )
    elif kind == "prompt":
        try:
            line = commands.pop(0) if commands else reader.read(message["prompt"])
        except KeyboardInterrupt:
            print()
            line = ""
        if line is None:  # the end of input: of the session at pdb's own prompt, of `interact` in there
            line = "detach" if message["prompt"].startswith("(") else "\x04"
            sys.stdout.write("\n" if colour else "")
        words = line.split()
        leaving = leaving or (bool(words) and words[0] in ("q", "quit", "exit", "detach", "EOF"))
        session.answer(line)
    elif kind == "running" and not leaving and isinstance(reader, _Terminal | _Plain):
        print("running; Ctrl-C breaks in")
    elif kind == "want":
        _interpreter(session, message["number"])
    return leaving


def _break_in(session: Session) -> None:
    try:
        outcome = session.break_in()
    except AttachError as error:
        print(error, file=sys.stderr)
        return
    if not outcome.started:
        _dump(session.target.pid)
        print(f"attach: {outcome.waiting_for}; the prompt opens when it comes back to Python", file=sys.stderr)


def _dump(pid: int) -> None:
    """Print the stacks of a process that cannot run anything now: something to go on, at least."""
    from morrow.attach.dump import as_text, dump

    try:
        with find(pid) as target:
            sys.stdout.write(as_text(*dump(target), colour=sys.stdout.isatty()))
            sys.stdout.flush()
    except (AttachError, OSError) as error:
        print(error, file=sys.stderr)


def _interpreter(session: Session, number: int) -> None:
    from morrow.attach.dump import as_text
    from morrow.attach.threads import read

    try:
        with find(session.target.pid) as target:
            snapshot = read(target, pause=False)
    except AttachError as error:  # reached by cooperation: its memory is not ours to read
        print(error, file=sys.stderr)
        return
    snapshot.threads = [thread for thread in snapshot.threads if thread.interpreter == number]
    sys.stdout.write(as_text(snapshot, []))


class _Script:
    """Lines from a pipe or a file: for scripts. Prompts are printed, as pdb does."""

    def use(self, session: Session) -> None:
        pass

    def read(self, prompt: str) -> str | None:
        sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline() if sys.stdin is not None else ""
        return line.rstrip("\n") if line else None


class _Terminal:
    """Lines from a person: edited by the prompt's editor, with its colours and its history; the target completes."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._line: Line | None = None

    def use(self, session: Session) -> None:
        self._session = session
        # Ctrl-C while the program runs must reach us even if a library changed the handler.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def read(self, prompt: str) -> str | None:
        if self._line is None:
            # The prompt is there before the editor, whose import takes a while; what is typed meanwhile waits.
            from morrow.repl import Waiting

            waiting = Waiting(prompt)
            try:
                from morrow.repl.editor import prepare

                self._line = prepare()
            finally:
                waiting.end()
        try:
            return self._line.read(prompt, {}, [], self._offer)
        except EOFError:
            return None

    def _offer(self, text: str) -> list[tuple[str, int]]:
        """Ask the target what could follow *text*, as readline would: the last word is what is completed."""
        assert self._session is not None
        begin = max(text.rfind(mark) for mark in _WORD_ENDS) + 1
        try:
            found = self._session.complete(text[begin:], text, begin, len(text))
        except AttachError:
            return []  # the process has gone: the next command will say so
        return [(word, len(text) - begin) for word in found]


class _Plain(_Script):
    """Lines from a person at a terminal that no editor can use, or who wants none: `input`, as the system edits it."""

    def use(self, session: Session) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def read(self, prompt: str) -> str | None:
        try:
            return input(prompt)
        except EOFError:
            return None


_WORD_ENDS = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?"  # readline's usual ones, without the dot


def _reader() -> _Terminal | _Script:
    if sys.stdin is None or not sys.stdin.isatty():
        return _Script()
    from morrow.repl import why_basic

    return _Terminal() if why_basic() is None else _Plain()


def _highlighted(text: str) -> str:
    """Colour what pdb prints: the current line's arrow, stack entries, errors."""
    lines = []
    for line in text.split("\n"):
        if line.startswith("> "):
            line = f"\x1b[1m{line}\x1b[0m"
        elif line.startswith("-> "):
            line = f"\x1b[32m->\x1b[0m {line[3:]}"
        elif line.startswith("*** "):
            line = f"\x1b[31m{line}\x1b[0m"
        lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
