"""Children of a debugged program: each waits before its first line until the editor has opened a session for it.

    child    -> door         connects, like a program that the adapter itself starts (`launched`)
    adapter  -> editor       startDebugging, a request of ours; its configuration names a socket
    editor   -> adapter      a new session, perhaps in another process, attaches with that configuration
    adapter <-> new session  the child's connection is handed over through the socket (SCM_RIGHTS)

Only for editors that say they can (supportsStartDebuggingRequest: VS Code, nvim-dap, dape). A child that nobody asks for
goes on without being debugged. All sockets are in the launch's private folder.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from dataclasses import dataclass

from morrow import debuglog
from morrow.attach.channel import Channel, Process
from morrow.attach.errors import AttachError
from morrow.debug.debuggee import Debuggee, hold
from morrow.debug.launched import DOOR
from morrow.debug.protocol import Json, Peer

_PATIENCE = 30.0  # seconds in which an editor has to ask for a child
_CARRIED = ("type", "justMyCode", "stopThreads", "pathMappings", "subProcess", "token", "debugServer")
"""Of the first session's configuration, what those of children have, too. The type is for nvim-dap, which asks for none itself."""


@dataclass
class _Waiting:
    child: socket.socket
    listener: socket.socket
    path: str
    until: float

    def close(self) -> None:
        self.child.close()
        self.listener.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)


class Children:
    """The door that children come to, and those that wait there.

    Args:
        door: path of the socket to make.
        peer: the editor.
        configuration: of the session that has launched the program.
    """

    def __init__(self, door: str, peer: Peer, configuration: Json) -> None:
        self._door, self._peer = door, peer
        self._configuration = {name: configuration[name] for name in _CARRIED if name in configuration}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(door)
        self._listener.listen(64)
        self._waiting: dict[int, _Waiting] = {}

    def watched(self) -> list[int]:
        """Return the descriptors to wait for."""
        return [self._listener.fileno(), *(one.listener.fileno() for one in self._waiting.values())]

    def is_anybody_there(self) -> bool:
        """Return whether somebody waits, so that `serve` is to be called every now and then."""
        return bool(self._waiting)

    def serve(self, ready: list[int]) -> None:
        """Let in whoever knocks; hand over whoever is asked for; send on whoever has waited in vain."""
        if self._listener.fileno() in ready:
            self._knock()
        for pid, one in list(self._waiting.items()):
            if one.listener.fileno() in ready:
                with contextlib.suppress(OSError):
                    taker, _ = one.listener.accept()
                    with taker:
                        socket.send_fds(taker, [b"%d" % pid], [one.child.fileno()])
                self._drop(pid)
            elif time.monotonic() > one.until:
                debuglog.log("attach", 1, f"no session came for child {pid}: it runs without")
                self._drop(pid)

    def _knock(self) -> None:
        child, _ = self._listener.accept()
        pid, uid, _ = struct.unpack("3i", child.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid not in (os.getuid(), os.geteuid()):
            child.close()
            return
        self._drop(pid)  # a forked child has the number of one that waited before, or exec came in between
        path = os.path.join(os.path.dirname(self._door), str(pid))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        self._waiting[pid] = _Waiting(child, listener, path, time.monotonic() + _PATIENCE)

        def answered(response: Json) -> None:
            if not response.get("success"):
                debuglog.log("attach", 1, f"the editor opens no session for child {pid}: {response.get('message', '')}")
                self._drop(pid)

        configuration = {**self._configuration, "name": f"child {pid}{_program(pid)}", "processId": pid, "child": path}
        self._peer.ask("startDebugging", {"request": "attach", "configuration": configuration}, answered)

    def _drop(self, pid: int) -> None:
        one = self._waiting.pop(pid, None)
        if one is not None:
            one.close()

    def close(self) -> None:
        """Close the door; who waits there goes on without a debugger."""
        for pid in list(self._waiting):
            self._drop(pid)
        self._listener.close()
        with contextlib.suppress(OSError):
            os.unlink(self._door)


def _program(pid: int) -> str:
    """Return what a child runs, for the name of its session."""
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            words = file.read().split("\0")
    except OSError:
        return ""
    names = [os.path.basename(word) for word in words[1:] if word.endswith(".py") and os.path.basename(word) != "__main__.py"]
    return f": {names[0]}" if names else ""


def claim(path: str, given: dict[str, object]) -> Debuggee:
    """Take over the child that waits behind the socket *path*.

    Args:
        given: what its side is told, as for `debuggee.attach_to`.

    Raises:
        AttachError: attach-gone: it waits no longer.
    """
    name = os.path.basename(path)
    pid = int(name) if name.isdigit() else 0
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(10)
            asking.connect(path)
            _, descriptors, _, _ = socket.recv_fds(asking, 16, 1)
        sock = socket.socket(fileno=descriptors[0])
    except (OSError, IndexError):
        raise AttachError("attach-gone", pid) from None
    channel = Channel(Process(pid, os.pidfd_open(pid)), sock, None)
    return hold(channel, {**given, "door": os.path.join(os.path.dirname(path), DOOR)})
