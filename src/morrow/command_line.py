"""Python's command line, taken apart as python does it: which options there are, what the host must know at start.

Takes a list of arguments, gives a `CommandLine`. The rules are those of CPython's Python/getopt.c and
Python/initconfig.c: options stop at the first argument that is none, at ``-c``, at ``-m`` and at ``-``. Knows no
system of morrow's; used to start this process (`cli`) and the ones it starts in turn (`children`).
"""

from __future__ import annotations

from morrow.host import HERE
from morrow.settings import SETTINGS

FILE, MODULE, COMMAND, STDIN, NOTHING = "file", "module", "command", "stdin", "nothing"
"""What a command line asks to be run; NOTHING is the prompt at a terminal, stdin otherwise."""

RESTARTED = "--restarted"
"""What `launch.restart` writes before a command line: the number of the first python's own options, its PYTHONINSPECT, those
options, and then the command line as it was given."""

_PLAIN = "bBdEhiIOPqRsStuvVx?"
_WITH_ARGUMENT = "cmWX"
_LONG = {"help": 0, "version": 0, "help-all": 0, "help-env": 0, "help-xoptions": 0, "check-hash-based-pycs": 1}
_ANSWERED = {"h": "help", "?": "help", "V": "version"}


_one_wording = HERE is None or HERE.words_unknown_options_alike


class UsageError(Exception):
    """The command line is wrong; the text is CPython's, one line."""


class CommandLine:
    """A command line, understood.

    Attributes:
        host: options that only a starting python can obey, as given (``-O``, ``-X dev``, ...).
        warnings: the arguments of ``-W``, in order.
        settings: morrow's own ``-X`` options, by name.
        inspect, skip_first_line: whether ``-i`` and ``-x`` were given.
        versions: how many times ``-V``.
        question: 'help', 'help-env', ... when python would print something and leave; else ''.
        kind: FILE, MODULE, COMMAND, STDIN or NOTHING.
        target: the path, the module's name or the program text; '' for STDIN and NOTHING.
        arguments: what stands after the target.
        rest: everything from the target on, as given: what a second python needs to be told after its options.
    """

    __slots__ = (
        "arguments", "host", "inspect", "kind", "question", "rest", "settings", "skip_first_line", "target", "versions", "warnings",
    )  # fmt: skip

    def __init__(self) -> None:
        self.host: list[str] = []
        self.warnings: list[str] = []
        self.settings: dict[str, str | bool] = {}
        self.inspect = self.skip_first_line = False
        self.versions = 0
        self.question = ""
        self.kind, self.target = NOTHING, ""
        self.arguments: list[str] = []
        self.rest: list[str] = []

    def for_host(self) -> list[str]:
        """Return again what the host can be told at its start: there, -W and -b come to terms as they always do."""
        again = list(self.host)
        for warning in self.warnings:
            again += ["-W", warning]
        return again

    def for_morrow(self) -> list[str]:
        """Return again what morrow itself obeys."""
        again = []
        for name, value in self.settings.items():
            again += ["-X", name if value is True else f"{name}={value}"]
        return again + ["-i"] * self.inspect + ["-x"] * self.skip_first_line


def parse(given: list[str]) -> CommandLine:
    """Take *given* (without the program's name) apart.

    Raises:
        UsageError: python would refuse it.
    """
    line = CommandLine()
    at = 0
    while at < len(given):
        word = given[at]
        if len(word) < 2 or word[0] != "-":
            break
        at += 1
        if word == "--":
            break
        if word.startswith("--"):
            at = _long(line, given, word, at)
            if line.question and line.question != "version":
                return line  # python prints the page at once, whatever follows
            continue
        at, done = _letters(line, given, word, at)
        if line.question and line.question != "version":
            return line
        if done:
            line.rest = [f"-{'c' if line.kind == COMMAND else 'm'}", line.target, *line.arguments]
            return line
    if at < len(given):
        line.rest, line.arguments = given[at:], given[at + 1 :]
        if given[at] == "-":
            line.kind = STDIN
        else:
            line.kind, line.target = FILE, given[at]
            if line.target.startswith("-"):
                line.rest.insert(0, "--")
    return line


def _long(line: CommandLine, given: list[str], word: str, at: int) -> int:
    name = word[2:]
    if name not in _LONG:
        raise UsageError(f"Unknown option: {word}" if _one_wording else f"unknown option {word}")
    if not _LONG[name]:
        if name == "version":
            line.versions += 1
        line.question = name
        return at
    if at == len(given):
        raise UsageError(f"Argument expected for the {word} options")  # sic
    if given[at] not in ("always", "never", "default"):
        raise UsageError(f"--{name} must be one of 'default', 'always', or 'never'")
    line.host += [word, given[at]]
    return at + 1


def _letters(line: CommandLine, given: list[str], word: str, at: int) -> tuple[int, bool]:
    """Take one word of short options; return where to go on and whether it named what to run."""
    for index, letter in enumerate(word):
        if index == 0:
            continue
        if letter in _WITH_ARGUMENT:
            value = word[index + 1 :]
            if not value:
                if at == len(given):
                    raise UsageError(f"Argument expected for the -{letter} option")
                value, at = given[at], at + 1
            if letter in "cm":
                line.kind, line.target = (COMMAND if letter == "c" else MODULE), value
                line.arguments = given[at:]
                return at, True
            _take_value(line, letter, value)
            break
        if letter == "J" and not _one_wording:
            raise UsageError("-J is reserved for Jython")
        if letter not in _PLAIN:
            raise UsageError(f"Unknown option: -{letter}")
        if letter in _ANSWERED:
            line.question = _ANSWERED[letter]
            line.versions += letter == "V"
            if letter != "V":
                break
        elif letter == "i":
            line.inspect = True
        elif letter == "x":
            line.skip_first_line = True
        else:
            line.host.append(f"-{letter}")
    return at, False


def _take_value(line: CommandLine, letter: str, value: str) -> None:
    if letter == "W":
        line.warnings.append(value)
        return
    name, equals, text = value.partition("=")
    if name in SETTINGS:
        line.settings[name] = text if equals else True
    else:
        line.host += ["-X", value]
