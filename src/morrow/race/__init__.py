"""``morrow --race``: find data races of a Python program while it runs, on any host.

    source -> tree -> rewrite -> code that tells access -> shadow (happens-before) -> findings -> report

`rewrite` puts a call beside each access in the program's own modules, `synchronize` lets locks, queues, threads and
event loops carry order, `shadow` compares each access with the ones before, `findings` says what a race comes to.
"""

from __future__ import annotations

import atexit
import os
import sys

from morrow import settings
from morrow.debuglog import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from types import ModuleType

LEVELS = ("note", "warning", "error")
STATUS = 66
"""The exit status of a program that itself ended with 0; Go's and LLVM's detectors use the same."""

USAGE = """\
usage: morrow --race [option] ... [-c cmd | -m mod | file] [arg] ...

Run a program, and report data races: two threads use one variable, one of them changes it, and nothing (a lock, a queue,
start, join, ...) orders the two. Works on any Python; threads need not really meet for a race to be seen.

--level note|warning|error   report this and worse (default: warning; note: also what is harmless on today's builds)
--fail note|warning|error|never
                             end with the exit status below for this and worse (default: warning)
--status NUMBER              exit status when there is something to report and the program itself ended with 0 (default: 66)
--suppressions FILE          lines such as `variable Counter.hits`, `at app.py:12`; `# race: ok` in a line does the same
--json FILE, --sarif FILE    write the findings there as well
--also NAME[,NAME]           packages to watch that are not the program's own
--quiet                      print only the summary
"""

_OPTIONS = {"--level": "level", "--fail": "fail", "--status": "status", "--suppressions": "suppressions", "--json": "json", "--sarif": "sarif", "--also": "also"}
_DEFAULTS = {"level": "warning", "fail": "warning", "status": str(STATUS), "suppressions": "", "json": "", "sarif": "", "also": "", "quiet": ""}


class UsageError(Exception):
    """The options make no sense; the text says why."""


def parse(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """Take the options of ``--race`` off a command line; return them and what is to be run.

    Raises:
        UsageError: an option is unknown or lacks its value.
    """
    options: dict[str, str] = {}
    at = 0
    while at < len(arguments) and arguments[at].startswith("--") and arguments[at] != "--":
        word, equals, value = arguments[at].partition("=")
        at += 1
        if word == "--quiet":
            options["quiet"] = "1"
            continue
        if word not in _OPTIONS:
            raise UsageError(f"unknown option {word}")
        if not equals:
            if at == len(arguments):
                raise UsageError(f"{word} needs a value")
            value, at = arguments[at], at + 1
        options[_OPTIONS[word]] = value
    _check(options)
    return options, arguments[at:]


def _check(options: dict[str, str]) -> None:
    if options.get("level", "note") not in LEVELS:
        raise UsageError(f"--level is one of {', '.join(LEVELS)}, not {options['level']!r}")
    if options.get("fail", "never") not in (*LEVELS, "never"):
        raise UsageError(f"--fail is one of {', '.join((*LEVELS, 'never'))}, not {options['fail']!r}")
    if not options.get("status", "1").isdecimal() or int(options.get("status", "1")) > 255:
        raise UsageError(f"--status is a number from 0 to 255, not {options['status']!r}")
    if options.get("suppressions"):
        from morrow.race import suppressions

        try:
            with open(options["suppressions"], encoding="utf-8") as file:
                suppressions.read(file.read())
        except (OSError, UnicodeDecodeError, suppressions.BadLine) as error:
            raise UsageError(f"--suppressions {options['suppressions']}: {error}") from None


def write_options(options: dict[str, str]) -> str:
    """Return options as the value of the setting ``race``."""
    paths = {name: os.path.abspath(value) if name in ("json", "sarif", "suppressions") and value else value for name, value in options.items()}
    return ";".join(f"{name}={value}" for name, value in paths.items()) or "1"


def read_options(text: str) -> dict[str, str]:
    """Return the options that the setting ``race`` gives, with defaults.

    Raises:
        UsageError: one is unknown or has a value that it cannot have.
    """
    given = dict(item.partition("=")[::2] for item in text.split(";") if "=" in item)
    if given.keys() - _DEFAULTS.keys():
        raise UsageError(f"-X race: no option {sorted(given.keys() - _DEFAULTS.keys())[0]!r}")
    _check(given)
    return _DEFAULTS | given


_running: dict[str, str] = {}
_status: list[object] = []


def start(folder: str) -> None:
    """Watch this process from now on. *folder* is where the program starts. Doing it twice does it once."""
    if _running:
        return
    _running.update(read_options(settings.get("race")))
    from morrow.race import access, findings, shadow, synchronize

    access.timelines[access.get_ident()]  # the main thread is the first
    access.install()
    synchronize.install()
    shadow.start()
    from morrow.race import suppressions

    patterns = []
    if _running["suppressions"]:
        with open(_running["suppressions"], encoding="utf-8") as file:
            patterns = suppressions.read(file.read())
    findings.judge.append(lambda finding: suppressions.matching(finding, patterns))
    findings.on_new.append(_tell)
    atexit.register(_end)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)
    log("race", 1, f"options: {_running}")


def is_on() -> bool:
    """Whether this process is watched."""
    return bool(_running)


def watches(fullname: str) -> bool:
    """Whether a module that is not the program's own was named with ``--also``."""
    also = _running.get("also", "")
    return bool(also) and any(fullname == name or fullname.startswith(name + ".") for name in also.split(","))


def watched(tree: ast.Module, path: str, module: str) -> ast.Module:
    """Rewrite the tree of a module so that it tells the detector what it does."""
    from morrow.race import rewrite

    log("race", 2, f"watching {module} ({path})")
    return rewrite.rewrite(tree, path, module)


def imported(module: ModuleType) -> None:
    """A module of the standard library has been imported, which may be one that carries order."""
    if module.__name__ == "asyncio.base_events":
        from morrow.race import synchronize

        synchronize.install_asyncio(module)


def note_ending(error: BaseException | None) -> None:
    """The program's first thread has ended with *error*: its exit status, unless it is 0, is the process's."""
    code = error.code if isinstance(error, SystemExit) else error
    _status[:] = [code not in (None, 0)]


def _tell(finding: object) -> None:
    from morrow.race import report

    if not _running["quiet"] and report.is_shown(finding, _running["level"]):  # type: ignore[arg-type]
        text = report.as_text(finding) + "\n"  # type: ignore[arg-type]
        _later.append(text) if _waits[0] else _write(text)


_later: list[str] = []
_waits = [False]


def report_later() -> None:
    """Keep the reports until `late_reports` is called: somebody else has the terminal meanwhile."""
    _waits[0] = True


def late_reports() -> str:
    """Return the reports kept back."""
    text = "".join(_later)
    _later.clear()
    return text


def _write(text: str) -> None:
    # Not through sys.stderr, which may be the program's own and take locks.
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.write(2, text.encode(errors="backslashreplace"))
    except (OSError, ValueError):  # closed, or gone with the terminal
        pass


def _after_fork() -> None:
    from morrow.race import clocks, findings

    if clocks.LOCK.locked():
        clocks.LOCK.release()  # held by a thread that is not in this process
    findings.found.clear()


def _end() -> None:
    """Write the reports; end the process with our status if the program's own is 0."""
    from morrow import __version__
    from morrow.race import access, findings, report, shadow

    access.retire()
    found = list(findings.found.values())
    _write(late_reports())
    is_child = "race" not in sys._xoptions  # started by the process that was asked; its output may be read by a program
    if found or not is_child:
        _write(report.summary(found, _running["level"], shadow.forgotten))
    for name, text in (("json", report.as_json), ("sarif", lambda found: report.as_sarif(found, __version__))):
        path = _running[name]
        if path:
            if is_child:
                path += f".{os.getpid()}"
            try:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text(found))
            except OSError as error:
                _write(f"race: {path} cannot be written: {error.strerror}\n")
    if _running["fail"] == "never" or (_status and _status[0]):
        return
    if any(report.is_shown(finding, _running["fail"]) for finding in found):
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):  # closed, or none
                pass
        os._exit(int(_running["status"]))


def read_command(arguments: list[str]) -> tuple[str, list[str]] | int:
    """Return the value of the setting ``race``, and what is to be run, for what follows ``--race`` on a command line.

    Returns:
        The exit status instead, when there is nothing to run and everything has been said.
    """
    if arguments[:1] in (["--help"], ["-h"]):
        print(USAGE, end="")
        return 0
    try:
        options, rest = parse(arguments)
    except UsageError as error:
        sys.stderr.write(f"morrow --race: {error}\n{USAGE.splitlines()[0]}\nTry `morrow --race --help' for more information.\n")
        return 2
    if not rest:
        sys.stderr.write(f"morrow --race: nothing to run\n{USAGE.splitlines()[0]}\n")
        return 2
    return write_options(options), rest
