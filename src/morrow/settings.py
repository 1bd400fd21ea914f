"""Every switch a user has: one table of names, defaults and help lines.

A setting is given as ``-X NAME=VALUE``, as an environment variable ``MORROW_NAME=VALUE``, or in ``[tool.morrow]`` of
the project's pyproject.toml (which `imports` reads, since only it knows the project). The first of the three wins.
Imported at every start: nothing but `sys` and `os` here.
"""

from __future__ import annotations

import os
import sys


class Setting:
    """One row of the table.

    Attributes:
        name: as written after ``-X``.
        default: the value when nobody says anything.
        values: what may be written, for the error message and for ``--help``; empty when any text may.
        help: one line for ``--help-xoptions`` and docs/reference/settings.md.
        system: the system it belongs to; the heading in the reference.
    """

    __slots__ = ("name", "default", "values", "help", "system")

    def __init__(self, name: str, default: str, values: tuple[str, ...], help: str, system: str) -> None:
        self.name, self.default, self.values, self.help, self.system = name, default, values, help, system

    @property
    def variable(self) -> str:
        """The environment variable that gives this setting."""
        return "MORROW_" + self.name.upper().replace("-", "_")

    def __repr__(self) -> str:
        return f"-X {self.name}={'|'.join(self.values) or 'TEXT'} (default {self.default!r}): {self.help}"


_BOTH = ("0", "1")

SETTINGS: dict[str, Setting] = {
    row.name: row
    for row in (
        # -- launching ------------------------------------------------------------------------------------------------
        Setting("debug", "", (), "print what morrow decides, e.g. jit:2,imports:1 (1 decisions, 2 stages, 3 all)", "launching"),
        Setting("children", "1", _BOTH, "0: pythons that the program starts are plain pythons", "launching"),
        Setting("root", "", (), "folder of the project (default: from the script upwards, the first with pyproject.toml)", "launching"),
        # -- language ---------------------------------------------------------------------------------------------------
        Setting("language", "1", _BOTH, "0: leave every source file to the host's own parser", "language"),
        Setting("tracebacks", "1", _BOTH, "0: tracebacks are printed as this host prints them, not as 3.14 does", "language"),
        Setting("doors", "1", _BOTH, "0: only the names of the standard library that this host has itself", "language"),
        Setting(
            "deferred",
            "1",
            ("0", "1"),
            "0: evaluate annotations where they stand, as Python 3.13 does",
            "annotations",
        ),
        Setting("late", "1", _BOTH, "0: an annotation-only import cycle is an ImportError, as in CPython", "language"),
        # -- repl ---------------------------------------------------------------------------------------------------------
        Setting("repl", "full", ("full", "basic"), "basic: the plain prompt, as with PYTHON_BASIC_REPL=1", "repl"),
        Setting("theme", "default", (), "colours of the prompt: default, light, mono, or a TOML file", "repl"),
        Setting("editing", "inputrc", ("inputrc", "emacs", "vi"), "keys of the prompt; inputrc: as readline's file says", "repl"),
        # -- jit ----------------------------------------------------------------------------------------------------------
        Setting("jit", "off", ("off", "on", "eager"), "on: compile hot code to machine code (experimental); eager: at the first call", "jit"),
        Setting("jit_cache", "1", _BOTH, "0: keep no machine code on disk, and use none that is there", "jit"),
        Setting("aside", "1", _BOTH, "0: compile in the program's own process, not in a copy of it on another processor", "jit"),
        Setting("explain", "", (), "print at exit how the program ran: text, or html:PATH for a page", "jit"),
        # -- attaching ----------------------------------------------------------------------------------------------------
        Setting("attach", "off", ("off", "on"), "on: offer a way in that needs no ptrace, to processes of the same user", "attaching"),
        Setting("dap-token", "", (), "what editors must know to use a port of --dap (default: a new one each time)", "attaching"),
        # -- threads ------------------------------------------------------------------------------------------------------
        Setting("release", "1", _BOTH, "0: compiled loops keep the GIL while they run, as with -X gil=1", "threads"),
        Setting("scale", "", (), "written by --scale for the processes that it starts: THREADS:FILE", "threads"),
        Setting("race", "", (), "report data races: 1, or the options of --race as level=note;json=PATH;...", "threads"),
    )
}


class UnknownValue(ValueError):
    """A setting was given a value it does not have.

    Attributes:
        setting: the row of the table.
        value: what was given.
        source: where it was given, as the user wrote it.
    """

    def __init__(self, setting: Setting, value: str, source: str) -> None:
        self.setting, self.value, self.source = setting, value, source
        super().__init__(f"{source}: {value!r} is not one of {', '.join(setting.values)}")


_project: dict[str, str] = {}


def set_project(values: dict[str, str]) -> None:
    """Take the values of the project's ``[tool.morrow]``, the weakest of the three sources."""
    _project.clear()
    _project.update(values)


_inherited: dict[str, str] = {}
_FAMILY = "--family"


def inherit(text: str) -> None:
    """Take what `inheritance` of the process that started this one wrote."""
    _inherited.update(item.split("=", 1) for item in text.split("\n") if item)  # type: ignore[misc]


def inheritance(more: dict[str, str] | None = None) -> list[str]:
    """Return the words that give a child this process's settings; *more* are for the child alone. [] when there is nothing."""
    given = {name: "1" if value is True else str(value) for name, value in sys._xoptions.items() if name in SETTINGS}
    values = {**_inherited, **given, **(more or {})}
    return [_FAMILY, "\n".join(f"{name}={value}" for name, value in values.items())] if values else []


def inherited(name: str) -> str:
    """Return what the process that started this one passed on besides settings, "" when it did not."""
    return _inherited.get(name, "")


def is_given(name: str) -> bool:
    """Return whether anybody said anything about a setting, so that `get` is not just its default."""
    in_environment = not sys.flags.ignore_environment and bool(os.environ.get(SETTINGS[name].variable))
    return name in sys._xoptions or in_environment or name in _project


def get(name: str) -> str:
    """Return the value of a setting: from -X, else its environment variable, else the project, else the default.

    What the process that started this one was told with -X counts as told to this one, unless it is told otherwise.

    Environment variables are ignored under -E and -I, as python ignores its own.

    Raises:
        KeyError: there is no such setting.
        UnknownValue: the value given is not one of the setting's values.
    """
    setting = SETTINGS[name]
    given = sys._xoptions.get(name)
    if given is not None:
        value, source = ("1" if given is True else str(given)), f"-X {name}"
    elif name in _inherited:
        value, source = _inherited[name], "the process that started this one"
    elif not sys.flags.ignore_environment and os.environ.get(setting.variable):
        value, source = os.environ[setting.variable], setting.variable
    elif name in _project:
        value, source = _project[name], "[tool.morrow]"
    else:
        return setting.default
    _check(setting, value, source)
    return value


def check(name: str, value: str | bool) -> None:
    """Check what was given as ``-X name=value``.

    Raises:
        UnknownValue: the value given is not one of the setting's values.
    """
    _check(SETTINGS[name], "1" if value is True else str(value), f"-X {name}")


def _check(setting: Setting, value: str, source: str) -> None:
    if setting.values and value not in setting.values:
        raise UnknownValue(setting, value, source)
