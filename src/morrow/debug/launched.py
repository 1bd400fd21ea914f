"""A program that an editor starts under the debugger: connect to the adapter before the program's first line.

`start` is called by `launch` in the new process; it returns when the editor has set its breakpoints. From then on the
process is like one that has been attached to.
"""

from __future__ import annotations

import sys

from morrow import settings

VARIABLE = "_MORROW_DEBUGGED"
"""Environment variable with the path of the adapter's socket; taken away before the program runs."""

DOOR = "d"
"""Name, in the folder of that socket, of the one that the program's children connect to in the same way (`family`)."""

INHERITED = "debugger"
"""What its path is called among the things that pythons of one family pass on (`settings.inherit`)."""


def start(path: str) -> None:
    """Connect to the adapter that listens at *path* and let it set up the debugger here; in children of ours, too."""
    folder = path[: path.rindex("/")]
    settings.inherit(f"{INHERITED}={folder}/{DOOR}")
    had_socket = "_socket" in sys.modules
    import _socket

    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.connect(path)
        size, text = int(_read(sock, 9)), b""
        text = _read(sock, size)
    except (OSError, EOFError, ValueError):
        return  # the adapter has gone: the program runs all the same
    # The agent's program ends in a call with these four names; see attach.channel.
    names = {"a": sock, "i": sys.getswitchinterval(), "l": sys.getrecursionlimit(), "w": had_socket}
    exec(compile(text, "<morrow agent>", "exec"), {"__name__": "_morrow_agent", **names})


def _read(sock: object, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))  # type: ignore[attr-defined]
        if not more:
            raise EOFError
        data += more
    return data
