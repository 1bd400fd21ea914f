"""The command ``morrow``: python's command line, and a few options of its own.

Takes the arguments, and either hands a `CommandLine` to `launch` or runs one of `COMMANDS`. Knows options; knows no
system, except by name in the table below.
"""

from __future__ import annotations

import os
import sys

from morrow import command_line, settings
from morrow.command_line import UsageError


class Command:
    """One option of morrow's own that replaces running a program.

    Attributes:
        where: "module:function"; the function takes the arguments after the option, and returns the exit status.
        usage: what follows the option, for the help page.
        help: one line for the help page.
    """

    __slots__ = ("where", "usage", "help")

    def __init__(self, where: str, usage: str, help: str) -> None:
        self.where, self.usage, self.help = where, usage, help


COMMANDS: dict[str, Command] = {
    "--to": Command(
        "morrow.language.ahead:main", "VERSION SRC -o OUT", "rewrite 3.14 source for an older python, line for line"
    ),
    "--modernize": Command(
        "morrow.annotations.modernize:main", "[--check|--diff|--verify] SRC", "drop quoted hints, guards and the future import"
    ),
    "--ps": Command("morrow.attach.__main__:ps", "[--json]", "list the Python processes of this machine"),
    "--dump": Command("morrow.attach.__main__:dump", "[--locals] [--json] PID", "print the stacks of a live process"),
    "--watch": Command("morrow.attach.__main__:watch", "PID", "show where a live process spends its time, like top"),
    "--flame": Command("morrow.attach.__main__:flame", "SECONDS PID", "draw where a live process spends its time"),
    "--dap": Command("morrow.debug.listen:main", "[[HOST:]PORT] [--attach PID | file ...]", "let an editor debug (Debug Adapter Protocol)"),
    "--explain": Command("morrow.cli:explain", "[-c cmd | -m mod | file] ...", "run it, and say at exit what ran as machine code"),
    "--explain=html": Command("morrow.cli:explain_html", "PAGE [-c cmd | -m mod | file] ...", "the same, as a page with the source coloured"),
    "--race": Command("morrow.cli:race", "[option] ... [-c cmd | -m mod | file] ...", "run it, and report data races between its threads"),
    "--scale": Command("morrow.cli:scale", "[option] ... [-c cmd | -m mod | file] ...", "run it with 1..N threads, and say what holds it back"),
}
"""Option -> what it runs. A system adds its row here when it lands; it is imported only when asked for."""


def main(arguments: list[str] | None = None) -> int | None:
    """Run the command line *arguments* (default: the process's own).

    Returns the exit status of a command; running a program ends in `SystemExit`, or leaves the stack (see `launch`).
    """
    given = sys.argv[1:] if arguments is None else arguments
    if arguments is None and given[:1] == ["--family"]:
        # Written by `children`, not by a person: the program does not see it.
        settings.inherit(given[1])
        del sys.orig_argv[len(sys.orig_argv) - len(given) : len(sys.orig_argv) - len(given) + 2]
        given = given[2:]
    restarted = arguments is None and given[:1] == [command_line.RESTARTED]
    if restarted:
        given = _like_the_first(given)
    command = COMMANDS.get(given[0]) if given else None
    if given[:2] == ["-m", "pdb"] and _attaches(given[2:]):
        command, given = _ATTACH, given[1:]
    if command is not None:
        module, _, function = command.where.partition(":")
        sys.exit(getattr(__import__(module, fromlist=["*"]), function)(given[1:]))
    try:
        line = command_line.parse(given)
        for name in line.settings:
            settings.check(name, line.settings[name])
    except UsageError as error:
        sys.stderr.write(
            f"{error}\nusage: {sys.executable} [option] ... [-c cmd | -m mod | file | -] [arg] ...\n"
            "Try `morrow -h' for more information.\n"
        )
        sys.exit(2)
    except settings.UnknownValue as error:
        _refuse_setting(error)
    if line.versions or line.question:
        from morrow import help_pages

        sys.exit(help_pages.answer(line, COMMANDS))
    from morrow import launch

    try:
        launch.start(line, given, restarted)
    except settings.UnknownValue as error:
        _refuse_setting(error)
    return None


def _like_the_first(given: list[str]) -> list[str]:
    """Make this process look like the one that `launch.restart` replaced; return the command line that one was given."""
    count, inspect = int(given[1]), given[2]
    sys.orig_argv[1:] = [*given[3 : 3 + count], sys.argv[0], *given[3 + count :]]
    if inspect:
        os.environ["PYTHONINSPECT"] = inspect
    return given[3 + count :]


_ATTACH = Command("morrow.debug.terminal:main", "-m pdb --attach PID", "debug a live process")


def _attaches(arguments: list[str]) -> bool:
    """Whether the arguments of ``-m pdb`` ask for a live process, as 3.14's pdb takes -p and --pid."""
    words = iter(arguments)
    for word in words:
        if word in ("-c", "--command"):
            next(words, None)
        elif word.partition("=")[0] in ("-p", "--pid", "--attach") or word[:2] == "-p":
            return True
        elif word in ("-m", "--") or not word.startswith("-"):
            return False  # a program, whose options are its own
    return False


def explain(arguments: list[str]) -> int | None:
    """Run a program under ``--explain``."""
    return _explain("--explain", "text", arguments, 0)


def explain_html(arguments: list[str]) -> int | None:
    """Run a program under ``--explain=html PAGE``."""
    if not arguments:
        sys.stderr.write("morrow: --explain=html needs a file to write the page to\n")
        return 2
    return _explain("--explain=html", f"html:{arguments[0]}", arguments[1:], 1)


def _explain(option: str, value: str, arguments: list[str], taken: int) -> int | None:
    """Go on as if the setting had been given instead of the option, also in what the program sees of it."""
    if option in sys.orig_argv:
        at = sys.orig_argv.index(option)
        sys.orig_argv[at : at + 1 + taken] = ["-X", f"explain={value}"]
    return main(["-X", f"explain={value}", *arguments])


def race(arguments: list[str]) -> int | None:
    """Run a program under ``--race``."""
    from morrow.race import read_command

    answer = read_command(arguments)
    if isinstance(answer, int):
        return answer
    value, rest = answer
    if "--race" in sys.orig_argv:
        at = sys.orig_argv.index("--race")
        sys.orig_argv[at : at + 1 + len(arguments) - len(rest)] = ["-X", f"race={value}"]
    return main(["-X", f"race={value}", *rest])


def scale(arguments: list[str]) -> int:
    """Run a program under ``--scale``."""
    from morrow import launch
    from morrow.threads import scale

    return scale.main(arguments, launch.MAIN_FILE)


def _refuse_setting(error: settings.UnknownValue) -> None:
    from morrow.messages import say

    sys.stderr.write(
        say("setting-value", source=error.source, value=error.value, values=", ".join(error.setting.values)) + "\n"
    )
    sys.exit(2)
