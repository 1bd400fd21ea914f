"""Which modules are the program's own: the rule of scope, and the project's ``[tool.morrow]``.

The program's own are the files under the project's folder and those of editable installs. The standard library,
site-packages and dist-packages are not, nor is a virtual environment inside the project. ``include`` and ``exclude``
in ``[tool.morrow]`` name packages that are, or are not, whatever the folder says.
"""

from __future__ import annotations

import os
import sys

from morrow import settings

_FOREIGN_FOLDERS = ("site-packages", "dist-packages")


class Scope:
    """The rule for one process.

    Attributes:
        root: the project's folder.
        folders: the root and the folders of editable installs.
        include, exclude: names of packages from ``[tool.morrow]``.
        settings: the values of ``[tool.morrow]`` for rows of `settings.SETTINGS`.
    """

    __slots__ = ("root", "folders", "include", "exclude", "settings", "_known")

    def __init__(
        self,
        root: str,
        folders: tuple[str, ...],
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        given: dict[str, str] | None = None,
    ) -> None:
        self.root, self.folders, self.include = root, folders, include
        # The compiler cannot compile itself while it is being loaded: in morrow's own project too it is not the program.
        self.exclude = (*exclude, "morrow", "morrow_runtime")
        self.settings = given or {}
        self._known: dict[str, bool] = {}

    def holds(self, fullname: str, path: str) -> bool:
        """Return whether module *fullname*, from the file *path*, is the program's own."""
        # Asked twice for every module that is imported, most of which are somebody else's: those are answered first.
        folder = path.rpartition(os.sep)[0]
        answer = self._known.get(folder)
        if answer is None:
            answer = self._known[folder] = self._holds_folder(folder)
        if not answer and not self.include:
            return False
        if _is_under(fullname, self.exclude):
            return False
        return answer or _is_under(fullname, self.include)

    def _holds_folder(self, folder: str) -> bool:
        here = _real(folder) + os.sep
        for own in self.folders:
            if here.startswith(own):
                rest = here[len(own) :]
                return not _is_foreign(rest) and not here.startswith(_standard_library()) and not _has_venv(own, rest)
        return False

    def __str__(self) -> str:
        names = [*self.folders, *(f"+{name}" for name in self.include), *(f"-{name}" for name in self.exclude)]
        return ", ".join(names)


def find_scope(start: str) -> Scope:
    """Return the scope of a program that starts in the folder *start*."""
    start = _real(start)
    if _is_script_folder(start):
        # morrow .venv/bin/tool: the program is about the folder it is used in.
        start = _real(os.getcwd())
    root = start
    folder = start
    data = b""
    while True:
        try:
            with open(os.path.join(folder, "pyproject.toml"), "rb") as file:
                data = file.read()
            root = folder
            break
        except OSError:  # none here, or not ours to read: look one up
            pass
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    given: dict[str, str] = {}
    if b"[tool.morrow" in data or b"tool.morrow" in data:
        include, exclude, given = _read_project(os.path.join(root, "pyproject.toml"), data)
    folders = tuple(dict.fromkeys(_with_end(path) for path in (root, *_editable_folders())))
    return Scope(root, folders, include, exclude, given)


def _read_project(path: str, data: bytes) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """Return include, exclude and settings of ``[tool.morrow]``. What is wrong in it is said and left out."""
    import tomllib

    try:
        table = tomllib.loads(data.decode()).get("tool", {}).get("morrow", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError) as error:
        _complain("project-file", path=path, error=str(error))
        return (), (), {}
    if not isinstance(table, dict):
        _complain("project-value", path=path, key="tool.morrow", value=table, wanted="a table")
        return (), (), {}
    names: dict[str, tuple[str, ...]] = {"include": (), "exclude": ()}
    given: dict[str, str] = {}
    for name, value in table.items():
        if name in names:
            if isinstance(value, list) and all(isinstance(item, str) for item in value):
                names[name] = tuple(value)
            else:
                _complain("project-value", path=path, key=name, value=value, wanted="a list of package names")
        elif name not in settings.SETTINGS or name == "root":
            known = ", ".join(("include", "exclude", *(row for row in settings.SETTINGS if row != "root")))
            _complain("project-unknown", path=path, key=name, known=known)
        else:
            text = str(int(value)) if isinstance(value, bool) else str(value)
            wanted = settings.SETTINGS[name].values
            if wanted and text not in wanted:
                _complain("project-value", path=path, key=name, value=value, wanted=" or ".join(wanted))
            else:
                given[name] = text
    return names["include"], names["exclude"], given


def _complain(name: str, **values: object) -> None:
    from morrow.messages import say

    if sys.stderr is not None:
        sys.stderr.write(say(name, **values) + "\n")


def _editable_folders() -> list[str]:
    """Return the folders that editable installs have put in place: .pth lines, and setuptools' finders."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep) if not sys.flags.ignore_environment else []
    outside = {"", *given, *(_real(path) for path in given if path)}
    base = {os.path.normpath(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)}
    found = []
    for path in sys.path[1:]:
        if path in outside or path.endswith(".zip") or _is_foreign(path + os.sep):
            continue
        real = _real(path)
        if real in outside or (real + os.sep).startswith(_standard_library()) or real in base:
            continue
        if os.path.isdir(real):
            found.append(real)
    for finder in sys.meta_path:
        module = sys.modules.get(getattr(finder, "__module__", ""))
        if module is not None and module.__name__.startswith("__editable__"):
            found += [os.path.dirname(_real(path)) if path.endswith(".py") else _real(path) for path in module.MAPPING.values()]
    return found


def _standard_library() -> tuple[str, ...]:
    global _library
    if not _library:
        folder = os.path.dirname(os.__file__)
        _library = (_with_end(_real(folder)), _with_end(folder))
    return _library


_library: tuple[str, ...] = ()


def is_library(path: str) -> bool:
    """Return whether a file is one of the standard library or was installed."""
    return _is_foreign(path) or path.startswith(_standard_library())


def _is_foreign(path: str) -> bool:
    return any(f"{os.sep}{name}{os.sep}" in f"{os.sep}{path}" for name in _FOREIGN_FOLDERS)


def _has_venv(own: str, rest: str) -> bool:
    """Whether a virtual environment lies between *own* and the end of *rest*."""
    folder = own
    for part in rest.split(os.sep):
        if folder != own and os.path.exists(os.path.join(folder, "pyvenv.cfg")):
            return True
        folder = os.path.join(folder, part)
    return False


def _is_script_folder(folder: str) -> bool:
    return folder == _real(os.path.dirname(sys.executable)) or os.path.exists(
        os.path.join(os.path.dirname(folder), "pyvenv.cfg")
    ) and os.path.basename(folder) in ("bin", "Scripts")


def _is_under(fullname: str, packages: tuple[str, ...]) -> bool:
    return any(fullname.startswith(package) and fullname[len(package) :][:1] in ("", ".") for package in packages)


def _with_end(path: str) -> str:
    return path if path.endswith(os.sep) else path + os.sep


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except OSError:  # a folder that is gone: compare what was written
        return os.path.abspath(path) if os.path.isabs(path) else path
