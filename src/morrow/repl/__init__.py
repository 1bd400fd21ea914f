"""The interactive prompt: ``morrow`` with no arguments, and ``-i`` after a script.

`open_prompt` is the one door: it takes the namespace of ``__main__`` and returns at the end of the input. In a terminal it
edits, colours and completes (`interact`); where that cannot be, `why_basic` says why and the plain prompt does.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable
from typing import Any

from morrow import settings
from morrow.host.frames import hide, quietly
from morrow.repl import basic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from morrow.repl.console import Console

COMMANDS = ("exit", "quit", "help", "copyright", "credits", "license", "clear")


@hide
def open_prompt(namespace: dict[str, Any], greet: bool) -> bool:
    """Read and run statements in *namespace* until the end of the input.

    Args:
        namespace: the dict of ``__main__``.
        greet: whether nothing has run before: then the banner is shown (not under -q) and PYTHONSTARTUP is run.

    Returns:
        Whether the last statement ended by an interrupt, which the exit status tells. Always false in a terminal.

    Raises:
        SystemExit: a statement raised it.
    """
    if quietly(why_basic) is not None:
        return basic.prompt(namespace, greet)
    if greet:
        basic.say_hello()
    basic.run_startup(namespace)  # also behind a script: as in CPython since 3.13, Lib/_pyrepl/main.py
    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None and getattr(hook, "__module__", None) != "site":
        # site's own sets up readline, which would write its idea of the history over ours when python ends.
        basic.run_hook()
    interact(namespace)
    return False


def why_basic() -> str | None:
    """Return why the plain prompt has to do here, or None when this one can be used."""
    environ: Any = {} if sys.flags.ignore_environment else os.environ
    if settings.get("repl") == "basic":
        return "-X repl=basic"
    if environ.get("PYTHON_BASIC_REPL"):
        return "PYTHON_BASIC_REPL is set"
    if os.environ.get("TERM", "dumb") == "dumb" and os.name != "nt":
        return "the terminal is dumb"
    for name in ("stdin", "stdout"):
        stream = getattr(sys, name)
        try:
            if not os.isatty(stream.fileno()):
                return f"{name} is not a terminal"
        except (AttributeError, OSError, ValueError):
            return f"{name} has no file behind it"
    from importlib.util import find_spec

    if find_spec("prompt_toolkit") is None:
        return "prompt_toolkit is not installed"
    return None


@hide
def interact(namespace: dict[str, Any], kind: type[Console] | None = None) -> None:
    """Read blocks from the terminal and run them in *namespace* until the reader leaves.

    Args:
        namespace: the dict of ``__main__``.
        kind: the `Console` that runs the blocks, if not the usual one.

    Raises:
        SystemExit: a block asked to leave with a status.
    """
    sys.ps1 = getattr(sys, "ps1", ">>> ")
    sys.ps2 = getattr(sys, "ps2", "... ")
    # prompt_toolkit takes a while to import: the prompt stands there meanwhile, and its first drawing replaces it.
    waiting = Waiting(">>> " if type(sys.ps1) is not str else sys.ps1)  # an object that counts is asked once for each prompt

    # A file here called dis.py or token.py is the reader's business, not the editor's.
    here = sys.path[:1] if sys.path[:1] == [""] else []
    del sys.path[: len(here)]
    try:
        from morrow.repl.compiling import get_compiler
        from morrow.repl.console import Console
        from morrow.repl.history import History, find_history_file
        from morrow.repl.prompt import Prompt, wants_vi
        from morrow.repl.themes import BadTheme, get_theme
    finally:
        sys.path[:0] = here

    name = settings.get("theme")
    try:
        theme = get_theme(name)
    except BadTheme as error:
        _say("repl-theme", theme=error.name, reason=error.reason)
        name, theme = "default", get_theme("default")
    history = History(find_history_file())
    if history.trouble is not None:
        _say("repl-history", path=find_history_file(), reason=history.trouble.strerror or history.trouble)
        history.trouble = None
    editing = settings.get("editing")
    builtins.explain = Explain()  # type: ignore[attr-defined]
    console = (kind or Console)(namespace, get_compiler(), name)
    prompt = Prompt(console, history, theme, vi=wants_vi() if editing == "inputrc" else editing == "vi")
    waiting.end()
    try:
        while _step(prompt, console, namespace):
            if history.trouble is not None:
                _say("repl-history", path=find_history_file(), reason=history.trouble.strerror or history.trouble)
                history.trouble = None
    finally:
        console.close()


class Explain:
    """What ``explain`` is at the prompt, beside ``help`` and ``exit``; a program's own variable of that name hides it."""

    def __repr__(self) -> str:
        return "Type explain() to see what ran as machine code and what was left to CPython."

    def __call__(self, html: str | None = None) -> None:
        """Print what the jit did in this session; with *html*, also write a page there.

        Raises:
            OSError: the page cannot be written.
        """
        from morrow import jit

        print(jit.explain(html=html), end="")


class Waiting:
    """A prompt without an editor behind it yet: what is typed is kept for the editor, and not echoed."""

    def __init__(self, prompt: str) -> None:
        self._attributes: Any = None
        try:
            import termios
        except ImportError:  # Windows: its console keeps what is typed by itself
            return
        self._termios = termios
        self._attributes = termios.tcgetattr(sys.stdin)
        quiet = [*self._attributes]
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(sys.stdin, termios.TCSANOW, quiet)
        sys.stdout.write(prompt)
        sys.stdout.flush()

    def end(self) -> None:
        """Give the line and the terminal back as they were."""
        if self._attributes is not None:
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()
            self._termios.tcsetattr(sys.stdin, self._termios.TCSANOW, self._attributes)


@hide
def _step(prompt: Any, console: Any, namespace: dict[str, Any]) -> bool:
    """Read one block and run it; return whether to go on."""
    try:
        text = prompt.read(_mark("ps1", ">>> "), _mark("ps2", "... "))
    except EOFError:
        return False
    except KeyboardInterrupt:
        print("KeyboardInterrupt", file=sys.stderr)
        return True
    command = _command(text, namespace)
    try:
        if command is not None:
            command()
        elif text.strip():
            console.run(text.rstrip("\n ") if "\n" in text else text.rstrip())
    except KeyboardInterrupt as error:
        console.show(error)
    return True


def _mark(name: str, usual: str) -> str:
    """Return what the program put into `sys.ps1` or `sys.ps2`, which may be any object, or fail."""
    try:
        return str(getattr(sys, name, usual))
    except Exception:  # its __str__ raises: 3.14's prompt is the usual one then
        return usual


def _command(text: str, namespace: dict[str, Any]) -> Callable[[], object] | None:
    """Return what a bare word such as ``exit`` does, unless the program has a variable of that name."""
    word = text.strip()
    if word not in COMMANDS or word in namespace:
        return None
    if word == "clear":
        return lambda: os.system("cls" if os.name == "nt" else "clear")
    known = getattr(builtins, word, None)  # site puts them there; -S does not
    if known is None:
        return sys.exit if word in ("exit", "quit") else None
    return known  # type: ignore[no-any-return]


def _say(name: str, **values: object) -> None:
    from morrow.messages import say

    print(say(name, **values), file=sys.stderr)
