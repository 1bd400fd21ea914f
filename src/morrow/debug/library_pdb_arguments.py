"""Commands with an argument they do not take, or without one they need, say so and how they are used, as in 3.14.

    (Pdb) p                         *** Argument is required for this command
                                          Usage: p expression
    (Pdb) step 1                    *** Invalid argument: 1
    (Pdb) restart                   refused where pdb was called by the program, which it cannot start again
"""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

_NEEDS_ONE = ("enable", "disable", "condition", "ignore", "jump", "debug", "p", "pp", "source", "whatis", "unalias")
_TAKES_NONE = ("step", "next", "return", "continue", "args", "retval", "longlist")
_OTHER_NAMES = {
    "jump": "j", "step": "s", "next": "n", "return": "r", "continue": "c cont", "args": "a", "retval": "rv", "longlist": "ll",
}  # fmt: skip
_USAGES = {"jump": "j(ump) lineno", "whatis": "whatis expression", "longlist": "ll | longlist"}  # older hosts have other words
_INLINE = """\
run/restart command is disabled when pdb is running in inline mode.
Use the command line interface to enable restarting your program
e.g. "python -m pdb myscript.py\""""


def complete(pdb: ModuleType) -> None:
    """Let the commands of the host's `pdb` look at their argument first."""
    kind: Any = pdb.Pdb  # type: ignore[attr-defined]
    for names, needs in ((_NEEDS_ONE, True), (_TAKES_NONE, False)):
        for name in names:
            checked = _checked(getattr(kind, f"do_{name}"), needs, _USAGES.get(name, ""))
            for one in (name, *_OTHER_NAMES.get(name, "").split()):
                setattr(kind, f"do_{one}", checked)
    _complete_restart(kind)


def _checked(plain: Any, needs: bool, usage: str) -> Any:
    def command(self: Any, arg: str) -> Any:
        if bool(arg.strip()) is needs:
            return plain(self, arg)
        self.error(f"Invalid argument: {arg}" if arg else "Argument is required for this command")
        self.message(" " * len(self.prompt) + "Usage: " + (usage or (inspect.getdoc(plain) or "").partition("\n")[0]))
        return None

    command.__name__, command.__qualname__, command.__doc__ = plain.__name__, plain.__qualname__, plain.__doc__
    return command


def _complete_restart(kind: Any) -> None:
    plain = kind.do_run

    def do_run(self: Any, arg: str) -> Any:
        if getattr(self, "mode", None) == "inline":
            self.error(_INLINE)
            return None
        return plain(self, arg)

    do_run.__doc__ = plain.__doc__
    kind.do_run = kind.do_restart = do_run
