"""Children stay in the family: a python that the program starts is morrow too, with the same settings.

multiprocessing (all three start methods), concurrent.futures, ``subprocess`` with ``sys.executable`` and
``os.exec...(sys.executable, ...)`` all come down to a handful of functions that start a program; `start` changes what
those are given, and only when the program is this very python. Looked at from the child, nothing differs: its
`sys.argv` and `sys.orig_argv` are those of the command line the program wrote.

Left alone are pythons that are told to do something that is never the program's (`NOT_OURS`), and scripts that belong to
the standard library or to site-packages.
"""

from __future__ import annotations

import os
import sys

from morrow import command_line, settings
from morrow.command_line import COMMAND, FILE, MODULE, UsageError
from morrow.debuglog import log

NOT_OURS = frozenset(
    "pip ensurepip venv virtualenv build installer setuptools wheel flit hatchling poetry uv pipx site zipapp pydoc".split()
)
"""Modules that, run with ``-m``, manage pythons rather than run a program."""

_MAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
_HELPERS = ("from multiprocessing.resource_tracker import main",)
_root = ""
"""The folder that the program starts in: a child that is no file of its own belongs to the same project."""
_originals: list[tuple[object, str, object]] = []


def start(root: str) -> None:
    """Look after the pythons that this process starts from now on. *root* is the folder the program starts in."""
    global _root
    if _originals:
        return
    _root = settings.get("root") or root
    for name in ("execv", "execve", "posix_spawn", "posix_spawnp"):
        _replace(os, name, _for_exec)
    _replace(os, "spawnv", _for_spawn) if os.name == "nt" else None
    _replace(os, "spawnve", _for_spawn) if os.name == "nt" else None
    _replace(os, "system", _for_system) if os.name != "nt" else None
    if os.name == "nt":
        module, name, wrap = "_winapi", "CreateProcess", _for_create_process
    else:
        module, name, wrap = "_posixsubprocess", "fork_exec", _for_fork_exec
    try:
        starter = __import__(module)
    except ImportError:  # a platform without processes (WebAssembly)
        return
    _replace(starter, name, wrap)
    late = sys.modules.get("subprocess")
    if late is not None and getattr(late, "_fork_exec", None) is _originals[-1][2]:
        _originals.append((late, "_fork_exec", late._fork_exec))  # type: ignore[attr-defined]
        late._fork_exec = getattr(starter, name)  # type: ignore[attr-defined]


def stop() -> None:
    """Let this process start plain pythons again."""
    while _originals:
        place, name, function = _originals.pop()
        setattr(place, name, function)


def family(command: list[str]) -> list[str] | None:
    """Return what to start instead of *command*, whose first item is this python, or None to leave it as it is."""
    if any(word == _MAIN for word in command[1:4]) or command[1:3] == ["-m", "morrow"]:
        return None
    try:
        line = command_line.parse(command[1:])
    except UsageError:
        return None
    if line.versions or line.question or not _is_ours(line):
        return None
    own = _inheritance(line)
    # Options for the starting python go to it at once; the rest is morrow's to read.
    rest = command[len(command) - len(line.rest) :] if line.rest else []
    changed = [command[0], *line.for_host(), _MAIN, *own, *line.for_morrow(), *rest]
    log("children", 1, f"{command} -> {changed}")
    return changed


def _inheritance(line: command_line.CommandLine) -> list[str]:
    return settings.inheritance({"root": _root} if line.kind != FILE else None)


def in_shell(text: str) -> str:
    """Return the shell command to run instead of *text*, which is that itself unless it begins with this python."""
    import shlex

    for first in (sys.executable, shlex.quote(sys.executable), f'"{sys.executable}"'):
        rest = text[len(first) :]
        if sys.executable and text.startswith(first) and rest[:1] in ("", " "):
            break
    else:
        return text
    words = []
    try:
        for word in shlex.shlex(rest, posix=True, punctuation_chars=True):
            if word[0] in "();<>|&":  # where the shell's own words begin
                break
            words.append(word)
        line = command_line.parse(words)
    except (ValueError, UsageError):
        return text
    if family([sys.executable, *words]) is None:
        return text
    changed = f"{first} {shlex.join([_MAIN, *_inheritance(line)])}{rest}"
    log("children", 1, f"{text} -> {changed}")
    return changed


def _is_ours(line: command_line.CommandLine) -> bool:
    if line.kind == MODULE:
        return line.target.partition(".")[0] not in NOT_OURS
    if line.kind == COMMAND:
        return not line.target.startswith(_HELPERS)
    if line.kind == FILE:
        path = os.path.realpath(line.target)
        library = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
        return not path.startswith(library) and not any(f"{os.sep}{name}{os.sep}" in path for name in ("site-packages", "dist-packages"))
    return True


# -- the functions that start a program ---------------------------------------------------------------------------------


def _replace(place: object, name: str, wrap: object) -> None:
    function = getattr(place, name, None)
    if function is None:
        return
    changed = wrap(function)  # type: ignore[operator]
    changed.__name__, changed.__qualname__, changed.__doc__ = function.__name__, function.__qualname__, function.__doc__
    changed.__module__ = function.__module__
    _originals.append((place, name, function))
    setattr(place, name, changed)
    for able in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if function in able:
            able.add(changed)


def _is_this_python(path: object) -> bool:
    return bool(sys.executable) and isinstance(path, (str, bytes, os.PathLike)) and os.fsdecode(path) == sys.executable


def _changed(arguments: object) -> object:
    """Return the arguments to start with, of the same kind as the given ones; those themselves when nothing changes."""
    if not isinstance(arguments, (list, tuple)):
        return arguments
    try:
        words = [os.fsdecode(word) for word in arguments]
    except TypeError:  # not a command line: whoever starts it will say so
        return arguments
    instead = family([sys.executable, *words[1:]]) if words else None
    if instead is None:
        return arguments
    made = [words[0], *instead[1:]]
    if isinstance(arguments[0], bytes):
        return type(arguments)(os.fsencode(word) for word in made)
    return type(arguments)(made)


def _for_exec(function):  # type: ignore[no-untyped-def]
    def started(path, argv, *rest, **named):  # type: ignore[no-untyped-def]
        if _is_this_python(path):
            argv = _changed(argv)
        return function(path, argv, *rest, **named)

    return started


def _for_spawn(function):  # type: ignore[no-untyped-def]
    def started(mode, path, argv, *rest):  # type: ignore[no-untyped-def]
        if _is_this_python(path):
            argv = _changed(argv)
        return function(mode, path, argv, *rest)

    return started


def _for_fork_exec(function):  # type: ignore[no-untyped-def]
    def started(args, executables, *rest):  # type: ignore[no-untyped-def]
        if any(_is_this_python(path) for path in executables):
            args = _changed(args)
        elif isinstance(args, (list, tuple)) and len(args) == 3 and _is_shell(args[0]) and args[1] in ("-c", b"-c"):
            args = [*args[:2], os.fsencode(in_shell(os.fsdecode(args[2])))]
        return function(args, executables, *rest)

    return started


def _is_shell(word: object) -> bool:
    return isinstance(word, (str, bytes)) and os.path.basename(os.fsdecode(word)) == "sh"


def _for_system(function):  # type: ignore[no-untyped-def]
    def started(command):  # type: ignore[no-untyped-def]
        return function(in_shell(command) if isinstance(command, str) else command)

    return started


def _for_create_process(function):  # type: ignore[no-untyped-def]
    def started(application, command, *rest):  # type: ignore[no-untyped-def]
        return function(application, _changed_text(application, command), *rest)

    return started


def _changed_text(application: str | None, command: str) -> str:
    """Return a Windows command line to start with: subprocess joins the words before they get here."""
    from subprocess import list2cmdline

    first = list2cmdline([sys.executable])
    if not isinstance(command, str) or not (command == first or command.startswith(first + " ")):
        return command
    import ctypes

    count = ctypes.c_int()
    split = ctypes.windll.shell32.CommandLineToArgvW  # type: ignore[attr-defined]
    split.restype = ctypes.POINTER(ctypes.c_wchar_p)
    words = split(command, ctypes.byref(count))
    found = [words[index] or "" for index in range(count.value)]
    instead = family([sys.executable, *found[1:]])
    return command if instead is None else list2cmdline(instead)
