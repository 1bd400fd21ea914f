"""The prompt's editor for other people's prompts: `code.interact`, `breakpoint` and pdb in a terminal.

Nothing is imported before one of them is: `start` only leaves a note for the moment when `code` or `pdb` comes in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from morrow.repl import Waiting, why_basic

if TYPE_CHECKING:
    from morrow.repl.prompt import Line

_line: Line | None = None


Offer = Callable[[str], list[tuple[str, int]]]
"""Given the line up to the cursor, returns what could follow, each with how many characters before the cursor it replaces."""


def read_line(prompt: str, namespace: dict[str, Any], words: list[str] | None = None, offer: Offer | None = None) -> str:
    """Read one line with the prompt's editor: colours, history and completion.

    Args:
        prompt: shown before the line.
        namespace: what names and attributes are completed from.
        words: more words to complete at the start of the line: a debugger's commands.
        offer: what completes instead, where the names are another process's.

    Raises:
        EOFError: Ctrl-D on an empty line.
        KeyboardInterrupt: Ctrl-C.
    """
    if _line is None:
        waiting = Waiting(prompt)
        try:
            prepare()
        finally:
            waiting.end()
    return prepare().read(prompt, namespace, words or [], offer)


def prepare() -> Line:
    """Import the editor, which takes a tenth of a second, and return it."""
    global _line
    if _line is None:
        from morrow import settings
        from morrow.repl.history import History, find_history_file
        from morrow.repl.prompt import Line, wants_vi
        from morrow.repl.themes import BadTheme, get_theme

        try:
            theme = get_theme(settings.get("theme"))
        except BadTheme:
            theme = get_theme("default")  # the prompt says what is wrong with it; a debugger has better things to say
        editing = settings.get("editing")
        _line = Line(History(find_history_file()), theme, wants_vi() if editing == "inputrc" else editing == "vi")
    return _line


def edit_code(code: ModuleType) -> None:
    """Let `code.interact` read its lines with the editor, in a terminal."""
    plain = code.InteractiveConsole.raw_input

    def raw_input(self: Any, prompt: str = "") -> str:
        """Write a prompt and read a line, without the newline."""
        if why_basic() is not None or type(self).raw_input is not raw_input:
            return str(plain(self, prompt))
        return read_line(prompt, self.locals)

    code.InteractiveConsole.raw_input = raw_input  # type: ignore[attr-defined]


def edit_pdb(pdb: ModuleType) -> None:
    """Let pdb read its commands with the editor, in a terminal and unless its input is somebody else's."""
    plain = pdb.Pdb.__init__

    def __init__(self: Any, *args: Any, **options: Any) -> None:
        plain(self, *args, **options)
        if self.use_rawinput and why_basic() is None:
            self.stdin, self.use_rawinput = _Commands(self), 0

    pdb.Pdb.__init__ = __init__  # type: ignore[method-assign]
    if hasattr(pdb.Pdb, "_enable_multiline_input"):  # 3.14: what it does around the lines that a statement still lacks
        pdb.Pdb._enable_multiline_input = _continuing(pdb.Pdb._enable_multiline_input)


def _continuing(plain: Any) -> Any:
    """Let the editor, which draws the prompt, draw that of a continued statement meanwhile."""
    import contextlib

    @contextlib.contextmanager
    def within(self: Any) -> Any:
        prompt, self.prompt = self.prompt, "...   "
        try:
            with plain(self):
                yield
        finally:
            self.prompt = prompt

    return within


class _Commands:
    """What a pdb reads from: each line asked for is a line edited at its prompt."""

    def __init__(self, debugger: Any) -> None:
        self._debugger = debugger

    def readline(self) -> str:
        debugger = self._debugger
        frame = getattr(debugger, "curframe", None)
        namespace = {**frame.f_globals, **frame.f_locals} if frame is not None else {}
        commands = [name[3:] for name in dir(debugger) if name.startswith("do_")]
        debugger.stdout.write("\r")  # cmd.Cmd has just written the prompt; the editor draws it again
        try:
            return read_line(debugger.prompt, namespace, commands) + "\n"
        except EOFError:
            return ""  # cmd.Cmd takes this for the end of the input, as from a file

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stdin, name)


class _Waiting:
    """A finder that finds what the others find, and gives `code` and `pdb` the editor once they are loaded."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        give = _EDITED.get(name)
        if give is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)  # type: ignore[arg-type]
            if spec is None:
                continue
            loader = spec.loader
            if isinstance(getattr(loader, "__dict__", None), dict):  # not one loader shared by all frozen modules
                execute = loader.exec_module

                def exec_module(module: ModuleType) -> None:
                    execute(module)
                    give(module)

                loader.exec_module = exec_module  # type: ignore[union-attr,method-assign]
            return spec
        return None


_EDITED = {"code": edit_code, "pdb": edit_pdb}


def start() -> None:
    """Give `code` and `pdb` the editor, now or when they are imported."""
    for name, give in _EDITED.items():
        if name in sys.modules:
            give(sys.modules[name])
    if not any(isinstance(finder, _Waiting) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Waiting())  # type: ignore[arg-type]
