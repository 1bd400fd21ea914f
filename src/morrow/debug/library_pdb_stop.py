"""A prompt where the program is, not one line later: ``breakpoint()`` and `pdb.set_trace` before 3.13.

    -> breakpoint()                  3.13 and newer stop at the call itself
    -> the line after it             what older ones wait for

The prompt opens at once, called by `set_trace`; tracing begins when a command wants to go on step by step.
"""

from __future__ import annotations

import bdb
import ctypes
import sys
from types import FrameType
from typing import Any

from morrow.host import HERE


def complete(kind: Any) -> None:
    """Let the host's `Pdb` (*kind*) stop at once, if it does not anyway."""
    if hasattr(kind, "set_enterframe"):
        return

    def set_trace(self: Any, frame: FrameType | None = None, *, commands: list[str] | None = None) -> None:
        frame = frame or sys._getframe().f_back
        self.rcLines.extend(commands or ())
        self.reset()
        self.botframe = outermost(frame)
        sys.settrace(None)  # one that is on already must not see the prompt
        self.interaction(frame, None)
        write_back(frame)
        if self.quitting:
            raise bdb.BdbQuit
        go_on(self, frame)

    set_trace.__qualname__ = "Pdb.set_trace"
    kind.set_trace = set_trace


def outermost(frame: FrameType | None) -> FrameType | None:
    """Return the frame that called all others, which bdb calls the bottom."""
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return frame


def write_back(frame: FrameType | None) -> None:
    """Let what the prompt has assigned reach the frame: where a trace function called the prompt, CPython does that."""
    if HERE is not None and not HERE.pushes_locals and frame is not None:
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))


def go_on(debugger: Any, frame: FrameType | None) -> None:
    """Begin to trace, unless the last command was ``continue`` and there are no breakpoints."""
    if debugger.stopframe is debugger.botframe and debugger.stoplineno == -1 and not debugger.breaks:
        return
    while frame is not None:
        frame.f_trace = debugger.trace_dispatch
        frame = frame.f_back
    sys.settrace(debugger.trace_dispatch)
