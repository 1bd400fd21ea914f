"""Reach a process that offers itself (`offer`, ``-X attach=on``): no tracing, no reading of its memory.

    find_offer(pid) -> Offer or None
    offer.knock(program) -> socket          the program is being run there, on the main thread

What is needed is the right to send it a signal and to open its user's private folder: being that user, or root.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import time

from morrow import debuglog
from morrow.attach.errors import AttachError, NotReady
from morrow.attach.offer import private_folder, start_time
from morrow.attach.optout import check_switched_off, strings_of
from morrow.attach.record import record
from morrow.attach.stop_linux import status_of

_KNOCKS = 4
"""How often it is knocked at while the visitor is patient."""


@record(frozen=True, slots=True)
class Offer:
    """A process that can be knocked at.

    Attributes:
        pid, pidfd: the process, held.
        folder: where its note is.
        version: its Python, e.g. "3.12.1".
        user: its user's number.
    """

    pid: int
    pidfd: int
    folder: str
    version: str
    user: int

    def __str__(self) -> str:
        return f"process {self.pid}: CPython {self.version}, which offers a way in"

    def close(self) -> None:
        """Let go of the process id."""
        os.close(self.pidfd)

    def knock(self, program: bytes, patience: float = 1.0) -> socket.socket:
        """Have it run a program (with its length in front, see `channel.agent_program`); return the line to it.

        Raises:
            NotReady: it has not come to the door within *patience* seconds: its main thread runs no Python.
            AttachError: attach-lost, attach-gone, attach-permission.
        """
        check_switched_off(self.pid)
        path = os.path.join(self.folder, f"{self.pid}.s")
        with contextlib.closing(_listen(path, self.user)) as listener:
            try:
                end = time.monotonic() + patience
                signal.pidfd_send_signal(self.pidfd, signal.SIGURG)
                while True:
                    ready, _, _ = select.select([listener.fileno(), self.pidfd], [], [], patience / _KNOCKS)
                    if self.pidfd in ready:
                        raise AttachError("attach-gone", self.pid)
                    if not ready and time.monotonic() < end:
                        # A knock that meets it while it sees the visitor before off is not heard.
                        signal.pidfd_send_signal(self.pidfd, signal.SIGURG)
                        continue
                    if not ready:
                        raise NotReady("attach-queued", self.pid, seconds=f"{patience:.1f}", why="its main thread runs no Python")
                    sock, _ = listener.accept()
                    peer, _, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                    if peer == self.pid:
                        break
                    sock.close()
            except PermissionError:
                raise AttachError("attach-permission", self.pid, user=self.user, me=os.geteuid()) from None
            except ProcessLookupError:
                raise AttachError("attach-gone", self.pid) from None
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(path)
        debuglog.log("attach", 1, f"{self.pid}: came to the door")
        sock.sendall(program)
        return sock


def _listen(path: str, user: int) -> socket.socket:
    """Return a socket at *path* that only *user* can connect to; one left by a morrow that was killed is replaced."""
    for _ in range(2):
        listener = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            listener.bind(path)
        except OSError:
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(path)
                except OSError:
                    with contextlib.suppress(OSError):
                        os.unlink(path)
            listener.close()
            continue
        finally:
            os.umask(before)
        if os.geteuid() != user:
            os.chown(path, user, -1)
        listener.listen(2)
        return listener
    raise AttachError("attach-taken", int(os.path.basename(path).partition(".")[0]), other="another morrow, which is just attaching")


def find_offer(pid: int) -> Offer | None:
    """Return the offer of a process, None when it makes none. Notes of processes that have ended are taken away."""
    status = status_of(pid)
    if not status or len(status.get("NSpid", "").split()) > 1:
        return None
    user = int(status["Uid"].split()[1])
    runtime = ""
    with contextlib.suppress(OSError):
        for line in strings_of(f"/proc/{pid}/environ"):
            if line.startswith("XDG_RUNTIME_DIR="):
                runtime = line.partition("=")[2]
    folder = private_folder(user, runtime, make=False)
    if folder is None:
        return None
    note = os.path.join(folder, str(pid))
    try:
        with open(note, encoding="ascii", errors="replace") as file:
            started, _, version = file.read().strip().partition(" ")
    except OSError:
        return None
    try:
        pidfd = os.pidfd_open(pid)
    except OSError:
        return None
    # The note says which process wrote it; the signal's handler must still be there.
    if started != start_time(pid) or not int(status.get("SigCgt", "0"), 16) & 1 << (signal.SIGURG - 1):
        os.close(pidfd)
        if started != start_time(pid):
            with contextlib.suppress(OSError):
                os.unlink(note)
        return None
    return Offer(pid, pidfd, folder, version, user)
