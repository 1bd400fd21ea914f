"""The process that an editor debugs: how it is attached to or started, and the line to it.

    attach_to(pid) -> Debuggee            it runs already
    Launch(...).start() -> Debuggee       started under morrow, waiting before its first line

Requests and events are those of `inside_editor`; nothing here knows the Debug Adapter Protocol.
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from morrow.attach.channel import Channel, Process, agent_program, reach, source_text
from morrow.attach.errors import AttachError
from morrow.attach.inject import Outcome
from morrow.debug.launched import DOOR, VARIABLE

_FOLDER = str(Path(__file__).parents[1])
MAIN_FILE = os.path.join(_FOLDER, "__main__.py")
"""What a python is given to run in order to be morrow."""
_STARTING = 3.0  # seconds that a program we are to attach to may take to load its libraries
Answer = Callable[[dict[str, Any]], None]


class Debuggee:
    """A process under an editor's debugger.

    Attributes:
        pid: its process id.
        channel: the line to it.
        process: it as our child, None when it is not.
    """

    def __init__(self, pid: int, channel: Channel, process: subprocess.Popen[bytes] | None = None) -> None:
        self.pid, self.channel, self.process = pid, channel, process
        self._number = 0
        self._waiting: dict[int, Answer] = {}

    def ask(self, do: str, then: Answer, **arguments: object) -> None:
        """Send a request; *then* is given the answer when it comes.

        Raises:
            AttachError: attach-lost.
        """
        self._number += 1
        self._waiting[self._number] = then
        self.channel.send(do=do, id=self._number, **arguments)

    def receive(self) -> dict[str, Any] | None:
        """Return the next event, None when what came was an answer (which has been passed on).

        Raises:
            AttachError: attach-gone, attach-lost, or a refusal.
        """
        message = self.channel.receive(0)
        if message is None:
            return None
        if "refused" in message:
            name = message.pop("refused")
            raise AttachError(name, self.pid, **message)
        if "failed" in message:
            raise AttachError("attach-lost", self.pid, why=message["failed"])
        if "reply" in message:
            then = self._waiting.pop(message["reply"], None)
            if then is not None:
                then(message)
            return None
        return message

    def has_more(self) -> bool:
        """Return whether another message is there already, so that `select` would not say so."""
        return self.channel.has_message()

    def close(self) -> None:
        """Let the process run on without us. What it has not answered is answered with an error."""
        waiting, self._waiting = self._waiting, {}
        for then in waiting.values():
            then({"error": "the session has ended"})
        self.channel.let_go()


def _texts() -> list[tuple[str, str]]:
    names = ("look", "values", "stops", "monitor", "trace", "sources", "family", "editor")  # the last one's `begin` is called
    return [(f"morrow {name}", source_text("morrow.debug", f"inside_{name}.py")) for name in names]


def attach_to(
    pid: int, given: dict[str, object], *, sandboxed: bool = False, while_queued: Callable[[Outcome], float] | None = None
) -> Debuggee:
    """Attach to a process.

    Args:
        given: what its side is told: ``just_mine``, ``all_threads``.

    Raises:
        AttachError, NotReady: messages.py, ``attach-*``.
    """
    end = time.monotonic() + _STARTING
    while True:
        try:
            return Debuggee(pid, reach(pid, _texts(), given, sandboxed=sandboxed, while_queued=while_queued))
        except AttachError as error:
            if error.name != "attach-not-ready" or time.monotonic() > end:
                raise
            time.sleep(0.01)


@dataclass
class Launch:
    """A program to start under the debugger.

    Attributes:
        command: the python, its options and the program, without morrow.
        given: what its side is told.
        cwd, env: where it runs, what is added to the environment (None takes a variable away).
        pipes: whether its output comes to us, for the editor to show.
        own_input: whether it keeps our standard input, and our terminal.
        debugged: whether it comes in; otherwise it just runs.
        came_in: whether it has.
        door: where its children knock, if an editor wants them (`family`).
    """

    command: list[str]
    given: dict[str, object]
    cwd: str | None = None
    env: dict[str, str | None] = field(default_factory=dict)
    pipes: bool = True
    own_input: bool = False
    debugged: bool = True
    came_in: bool = False

    def __post_init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="morrow-", dir=os.environ.get("XDG_RUNTIME_DIR") or None)  # 0700
        self.address, self.door = os.path.join(self._folder, "s"), os.path.join(self._folder, DOOR)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.address)
        self.listener.listen(1)
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str | None]:
        """Return what has to be in the environment besides what this process has."""
        return {**self.env, VARIABLE: self.address} if self.debugged else self.env

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start it as our child.

        Raises:
            OSError: there is no such python, or folder.
        """
        environment = dict(os.environ)
        for name, value in self.environment().items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        pipe = subprocess.PIPE if self.pipes else None
        self.process = subprocess.Popen(
            self.command, cwd=self.cwd, env=environment, stdin=None if self.own_input else subprocess.DEVNULL, stdout=pipe, stderr=pipe,
            start_new_session=not self.own_input,
        )  # fmt: skip
        return self.process

    def accept(self) -> Debuggee:
        """Take the connection that `listener` has, and start the agent over there.

        Raises:
            AttachError: somebody else has connected.
        """
        sock, _ = self.listener.accept()
        pid, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid not in (os.getuid(), os.geteuid()):
            sock.close()
            raise AttachError("attach-permission", pid, user=uid, me=os.getuid())
        self.came_in = True
        self.listener.close()
        channel = Channel(Process(pid, os.pidfd_open(pid)), sock, None)
        return hold(channel, {**self.given, "door": self.door}, self.process)

    def forget(self) -> None:
        """Close the line: the program has come in, or never will. Its children find nobody any more, either."""
        self.listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def hold(channel: Channel, given: dict[str, object], process: subprocess.Popen[bytes] | None = None) -> Debuggee:
    """Start the agent in a program that waits before its first line; it goes on waiting until it is told to ``start``."""
    told = {**given, "hold": True, "home": _FOLDER + os.sep}
    channel.send_program(agent_program(_texts(), told, exclusive=True))
    return Debuggee(channel.target.pid, channel, process)


def command_of(arguments: dict[str, Any]) -> list[str]:
    """Return the command that runs what a ``launch`` request describes.

    Raises:
        ValueError: the request does not say what to run.
    """
    given = arguments.get("python") or sys.executable
    python = [str(word) for word in given] if isinstance(given, list) else [str(given)]
    options = [str(word) for word in arguments.get("pythonArgs") or ()]
    rest = [str(word) for word in arguments.get("args") or ()]
    kinds = [name for name in ("program", "module", "code") if arguments.get(name)]
    if len(kinds) != 1:
        raise ValueError("launch: give one of program, module and code")
    what = arguments[kinds[0]]
    if isinstance(what, list):
        what = "\n".join(what)
    run = {"program": [], "module": ["-m"], "code": ["-c"]}[kinds[0]]
    # Machine code sees no breakpoints.
    return [*python, MAIN_FILE, *options, "-X", "jit=off", *run, str(what), *rest]
