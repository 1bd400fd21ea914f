"""A private line between this process and a target: no file, no port, nothing a third process could connect to.

The target makes a socket pair and gives one end a random name in the abstract namespace (it does not listen: the name
only serves to find it). We take that end out of the target with pidfd_getfd(2), which asks for the same rights as
ptrace does. It works across users, containers and network namespaces.
"""

from __future__ import annotations

import ast
import ctypes
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from morrow import debuglog
from morrow.attach.cooperative import Offer, find_offer
from morrow.attach.errors import AttachError, NotReady
from morrow.attach.inject import Injection, Outcome
from morrow.attach.optout import check_allowed
from morrow.attach.record import record
from morrow.attach.target import Target, find

_libc = ctypes.CDLL(None, use_errno=True)
_SYS_PIDFD_GETFD = 438
_STARTING = 5.0  # seconds that a program may be in the middle of an import of what we need

# With other threads computing, each wait for the interpreter's lock costs this one a switch interval or more, and an
# import is dozens of such waits: so the interval is short while we begin, and what it was when we wait or are done. A
# program that recurses deeply has us on top of its stack: so the limit is a little higher while we are there.
_BOOT = """
import sys
i=sys.getswitchinterval();l=sys.getrecursionlimit()
try:
 sys.setrecursionlimit(l+400)
 sys.setswitchinterval(1e-5)
 w='_socket'in sys.modules
 import _socket
 a,b=_socket.socketpair()
 try:
  b.bind(b'\\0morrow-{token}')
  a.settimeout(2)
  n=int(a.recv(9));s=b''
  b.close()
  while len(s)<n:
   m=a.recv(n-len(s))
   if not m:raise EOFError
   s+=m
  exec(compile(s,'<morrow agent>','exec'),{{'__name__':'_morrow_agent','a':a,'i':i,'w':w,'l':l}})
 finally:b.close()
finally:sys.setswitchinterval(i);sys.setrecursionlimit(l)
"""


class Held(Protocol):
    """A process whose number cannot come to mean another one: a `Target`, or `Process`."""

    @property
    def pid(self) -> int: ...

    @property
    def pidfd(self) -> int: ...

    @property
    def version(self) -> str: ...

    def close(self) -> None:
        """Let go of the process id."""


@record(frozen=True, slots=True)
class Process:
    """A process of which nothing more needs to be known: it talks to us of its own accord."""

    pid: int
    pidfd: int
    version: str = ""

    def close(self) -> None:
        """Let go of the process id."""
        os.close(self.pidfd)


class Channel:
    """An open line to a target. `send` and `receive` carry one message each, a dict of plain values.

    Attributes:
        target: the other side.
        outcome: how the script that opened it got to run.
    """

    def __init__(
        self, target: Held, sock: socket.socket, injection: Injection | None, turn: socket.socket | None = None
    ) -> None:
        self.target, self._socket, self._injection, self._turn = target, sock, injection, turn
        self._rest = b""
        self._first: dict[str, Any] | None = None
        self.outcome = injection.outcome if injection else Outcome(True, "cooperation")

    def fileno(self) -> int:
        """The socket's descriptor, for select."""
        return self._socket.fileno()

    def send(self, **message: object) -> None:
        """Send one message.

        Raises:
            AttachError: attach-lost.
        """
        try:
            self._socket.sendall((repr(message) + "\n").encode())
        except OSError as error:
            raise AttachError("attach-lost", self.target.pid, why=error.strerror) from None

    def send_program(self, program: bytes) -> None:
        """Hand over the agent's program without waiting for its first words.

        Raises:
            AttachError: attach-lost.
        """
        try:
            self._socket.sendall(program)
        except OSError as error:
            raise AttachError("attach-lost", self.target.pid, why=error.strerror) from None

    def begin(self, program: bytes) -> bool:
        """Hand over the agent's program and wait for its first words; return whether it has really begun.

        False: it could not, because the target was in the middle of an import. Nothing has been run, and the line is closed.

        Raises:
            AttachError: attach-lost, attach-gone.
        """
        try:
            self._socket.sendall(program)
            first = self.receive(10)
        except OSError as error:
            self._close()
            raise AttachError("attach-lost", self.target.pid, why=error.strerror) from None
        except AttachError:
            self._close()
            raise
        if first is not None and first.get("again"):
            debuglog.log("attach", 1, f"{self.target.pid}: once more: {first['failed']}")
            self._close()
            return False
        self._first = first
        return True

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        """Return the next message, or None when none has come within *timeout* seconds.

        Raises:
            AttachError: attach-lost, or attach-gone when the process has ended.
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        end = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._rest:
            left = None if end is None else max(0.0, end - time.monotonic())
            # The pidfd, too: a forked child may hold the channel open when its parent has ended.
            ready, _, _ = select.select([self._socket.fileno(), self.target.pidfd], [], [], left)
            if not ready:
                return None
            more = b""
            if self._socket.fileno() in ready:
                try:
                    more = self._socket.recv(1 << 16)
                except OSError:
                    more = b""
            if not more:
                raise self._lost()
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            message = ast.literal_eval(line.decode("utf-8", "replace"))
        except (ValueError, SyntaxError):
            message = None
        if not isinstance(message, dict):
            raise AttachError("attach-lost", self.target.pid, why="it sent something that is not a message")
        if "stopped" in message or "refused" in message or message.get("event") == "begun":
            self._end_turn()  # a session has begun, and says to others that it is there; short visits end first
        return message

    def has_message(self) -> bool:
        """Return whether `receive` would not have to wait: select on the socket does not know what was read already."""
        return b"\n" in self._rest or self._first is not None

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.close()
            self._turn = None

    def _lost(self) -> AttachError:
        # A process that is killed closes its files a moment before it counts as ended.
        if select.select([self.target.pidfd], [], [], 0.1)[0]:
            return AttachError("attach-gone", self.target.pid)
        return AttachError("attach-lost", self.target.pid, why="its end was closed")

    def close(self) -> None:
        """Close the line and put back what was changed in the target to open it."""
        self._end_turn()
        self._close()

    def _close(self) -> None:
        self._socket.close()
        if self._injection is not None:
            self._injection.clean(1.0)

    def let_go(self) -> None:
        """Close the line, and the process's number with it."""
        self.close()
        self.target.close()

    def tidy(self) -> bool:
        """Put back what was changed to open the line, if nothing needs it any more; the line stays open."""
        return self._injection is None or self._injection.clean(0)


def open_channel(
    target: Target,
    texts: list[tuple[str, str]],
    given: dict[str, object] | None = None,
    *,
    exclusive: bool = True,
    patience: float = 1.0,
    sandboxed: bool = False,
    while_queued: Callable[[Outcome], float] | None = None,
) -> Channel:
    """Start the agent in a target and return the line to it.

    Args:
        target: where to.
        texts: (name, source) of what the agent is to load; the last one's ``begin(frame)`` is called.
        given: what the agent is told besides.
        exclusive: refuse when somebody else debugs the process.
        patience: seconds until a main thread that runs no Python counts as busy.
        sandboxed: attach although a seccomp filter could end the process.
        while_queued: called once when the script has been queued but not started; returns how many more seconds to wait.

    Raises:
        AttachError, NotReady: see messages.py, ``attach-*``.
    """
    check_allowed(target, sandboxed=sandboxed)
    program = agent_program(texts, given, exclusive=exclusive)
    turn = _take_turn(target.pid)
    end, attempts = time.monotonic() + _STARTING, 0
    try:
        while True:
            attempts += 1
            try:
                sock, injection = _open(target, patience, while_queued)
                channel = Channel(target, sock, injection, turn)
                if channel.begin(program):
                    return channel
                why = "it is in the middle of importing what the debugger needs"
            except AttachError as error:
                if error.name != "attach-lost":
                    raise
                why = str(error.values["why"])
            # A program that is just starting, or importing; or we were too slow, on a machine that gave us no time within the
            # two seconds that the target waits: nothing has run yet, and in a moment it can.
            if time.monotonic() > end and attempts >= 5:
                raise AttachError("attach-lost", target.pid, why=why)
            time.sleep(0.02)
    except BaseException:
        turn.close()
        raise


def reach(
    pid: int,
    texts: list[tuple[str, str]],
    given: dict[str, object] | None = None,
    *,
    exclusive: bool = True,
    patience: float = 1.0,
    sandboxed: bool = False,
    while_queued: Callable[[Outcome], float] | None = None,
) -> Channel:
    """Start the agent in a process by whichever way there is: the one it offers itself, else from outside.

    Arguments and errors are those of `open_channel`. `Channel.target` is closed with ``channel.let_go()``.
    """
    offer = find_offer(pid)
    if offer is not None:
        try:
            return cooperate(offer, texts, given, exclusive=exclusive, patience=patience)
        except BaseException as error:
            offer.close()
            if not isinstance(error, AttachError) or error.name in ("attach-disabled", "attach-gone"):
                raise
            debuglog.log("attach", 1, f"{pid}: does not come to the door: {error}")
    target = find(pid)
    try:
        return open_channel(
            target, texts, given, exclusive=exclusive, patience=patience, sandboxed=sandboxed, while_queued=while_queued
        )
    except BaseException:
        target.close()
        raise


def cooperate(
    offer: Offer, texts: list[tuple[str, str]], given: dict[str, object] | None = None, *, exclusive: bool = True, patience: float = 1.0
) -> Channel:
    """Start the agent in a process that offers itself. Arguments and errors are those of `open_channel`, and NotReady."""
    program = agent_program(texts, given, exclusive=exclusive)
    end = time.monotonic() + _STARTING
    while True:
        try:
            channel = Channel(offer, offer.knock(program, patience), None)
            if channel.begin(b""):
                return channel
        except AttachError as error:
            if error.name != "attach-lost" or time.monotonic() > end:
                raise
            debuglog.log("attach", 1, f"{offer.pid}: still sees the visitor before off, once more: {error}")
        if time.monotonic() > end:
            raise AttachError("attach-lost", offer.pid, why="it is in the middle of importing what the debugger needs")
        time.sleep(0.02)


def agent_program(texts: list[tuple[str, str]], given: dict[str, object] | None, *, exclusive: bool) -> bytes:
    """Return what the other end waits for first: the agent's program, with its length in front; see `open_channel`."""
    everything = {"from": os.getpid(), "texts": texts, "exclusive": exclusive, **(given or {})}
    agent = source_text("morrow.attach", "agent.py")
    source = (agent + f"\nstart(a, i, l, w, {everything!r})\n").encode()
    return b"%9d" % len(source) + source


def source_text(package: str, name: str) -> str:
    """Return the text of a source file of ours, also from a zip; importlib.resources would cost 20 ms more."""
    found = sys.modules[package].__spec__
    assert found is not None and found.loader is not None and found.submodule_search_locations
    path = os.path.join(found.submodule_search_locations[0], name)
    return found.loader.get_data(path).decode("utf-8")  # type: ignore[attr-defined, no-any-return]


def _take_turn(pid: int, patience: float = 5.0) -> socket.socket:
    """Wait until no other morrow is just beginning with this process; closing what is returned lets the next one in.

    One that begins while another one's agent is importing what it needs would find modules half made. The name in the
    abstract namespace vanishes with its holder. Somebody who holds it for no reason only delays us.
    """
    turn = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end = time.monotonic() + patience
    while True:
        try:
            turn.bind(f"\0morrow-turn-{pid}")
            return turn
        except OSError:
            if time.monotonic() > end:
                return turn
            time.sleep(0.005)


def _open(
    target: Target, patience: float, while_queued: Callable[[Outcome], float] | None
) -> tuple[socket.socket, Injection]:
    token = os.urandom(12).hex()
    injection = Injection(target, _BOOT.format(token=token))
    try:
        outcome = injection.run(patience)
        extra = 0.0
        if not outcome.started:
            extra = while_queued(outcome) if while_queued else 0.0
        end = time.monotonic() + (10.0 if outcome.started else extra)
        name = f"@morrow-{token}"
        while True:
            if injection.started():
                outcome.started = True
                inode = _find_socket(target.pid, name)
                if inode:
                    return _take(target, inode), injection
                if injection.finished():
                    raise AttachError("attach-lost", target.pid, why="it could not make a socket pair")
            if not target.is_alive():
                raise AttachError("attach-gone", target.pid)
            if time.monotonic() > end:
                if outcome.started:
                    raise AttachError("attach-lost", target.pid, why="it closed its end of the channel at once")
                raise NotReady("attach-queued", target.pid, seconds=f"{patience + extra:.1f}", why=outcome.waiting_for)
            time.sleep(0.0005)
    except BaseException:
        injection.withdraw()
        injection.clean(0.05)
        raise


def _find_socket(pid: int, name: str) -> int:
    try:
        with open(f"/proc/{pid}/net/unix", encoding="utf-8", errors="replace") as file:
            for line in file:
                if name in line:
                    return int(line.split()[6])
    except OSError:
        pass  # the process is ending: noticed by the caller
    return 0


def _take(target: Target, inode: int) -> socket.socket:
    wanted = f"socket:[{inode}]"
    folder = f"/proc/{target.pid}/fd"
    for number in sorted(os.listdir(folder), key=int, reverse=True):
        try:
            if os.readlink(f"{folder}/{number}") != wanted:
                continue
        except OSError:
            continue  # closed since it was listed
        ctypes.set_errno(0)
        got = _libc.syscall(
            ctypes.c_long(_SYS_PIDFD_GETFD), ctypes.c_long(target.pidfd), ctypes.c_long(int(number)), ctypes.c_long(0)
        )
        if got < 0:
            raise AttachError("attach-kernel", target.pid, call="pidfd_getfd", error=os.strerror(ctypes.get_errno()))
        debuglog.log("attach", 2, f"took descriptor {number} of process {target.pid}")
        return socket.socket(fileno=got)
    raise AttachError("attach-lost", target.pid, why="it closed its end of the channel at once")
