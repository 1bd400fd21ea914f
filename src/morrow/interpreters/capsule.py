"""What every interpreter needs of morrow, as one block of code objects.

Importing six files one after the other takes a new interpreter longer than everything else it does at first, so this
process reads them once and puts their code where all its interpreters can read it: an anonymous file.
"""

from __future__ import annotations

import marshal
import os
from _frozen_importlib_external import SourceFileLoader

from morrow.interpreters.board import anonymous_file

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMES = (
    "morrow",
    "morrow.interpreters",
    "morrow.interpreters.errors",
    "morrow.interpreters.crossing",
    "morrow.interpreters.mailbox",
    "morrow.interpreters.agent",
    "morrow.interpreters.own_frames",
)

_made: tuple[int, int, int] | None = None  # process, descriptor, length

# What a new interpreter runs. Packages keep their __path__: whatever else of morrow is needed there is imported as usual.
_TEXT = """
import sys, marshal, os
for name, path, folder, code in marshal.loads(os.pread({fd}, {length}, 0)):
    if name not in sys.modules:
        module = sys.modules[name] = type(sys)(name)
        module.__file__ = path
        if folder:
            module.__path__ = [folder]
        place, _, last = name.rpartition('.')
        if place:
            setattr(sys.modules[place], last, module)
        exec(code, module.__dict__)
from morrow.interpreters import agent, own_frames
sys.modules['morrow'].step = agent.step
"""


def text() -> str:
    """Return the text with which an interpreter loads the block, which leaves it with ``agent`` and ``sys``."""
    global _made
    if _made is None or _made[0] != os.getpid():
        data = block()
        fd = anonymous_file("morrow-capsule", len(data))
        os.pwrite(fd, data, 0)
        _made = (os.getpid(), fd, len(data))
    return _TEXT.format(fd=_made[1], length=_made[2])


def block() -> bytes:
    """Return the code of all `NAMES`, marshalled: rows of name, path, folder (of a package, else None), code."""
    rows = []
    for name in NAMES:
        stem = os.path.join(_ROOT, *name.split("."))
        folder = stem if os.path.isdir(stem) else None
        path = os.path.join(stem, "__init__.py") if folder else stem + ".py"
        rows.append((name, path, folder, SourceFileLoader(name, path).get_code(name)))
    return marshal.dumps(rows)
