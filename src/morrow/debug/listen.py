"""``morrow --dap``: where editors come from: standard input and output, a TCP port of this machine, or a socket file.

    morrow --dap                               an editor starts this as its debug adapter
    morrow --dap [HOST:]PORT                   editors connect, and say what to attach to or launch
    morrow --dap [HOST:]PORT --attach PID      ... they get this process
    morrow --dap [HOST:]PORT [--wait] app.py   ... they get this program, started now; --wait: not before an editor is there
    morrow --dap unix:PATH ...                 the same on a socket that only this user can open

On TCP every editor has to bring the token that is printed (or given as MORROW_DAP_TOKEN): any user of the machine can
connect to a port.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

from morrow import settings
from morrow.attach.errors import AttachError
from morrow.attach.target import find
from morrow.debug.debuggee import MAIN_FILE, Launch
from morrow.debug.editor import Adapter

_EPILOG = "docs/guide/editors.md has configurations for VS Code, Neovim, Emacs and PyCharm."


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, width=110)  # left to itself it imports shutil, which costs 5 ms


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``morrow --dap``; return the exit status: the program's own where one is started."""
    given = _parse(list(sys.argv[1:] if arguments is None else arguments))
    try:
        if given.address is None:
            return _serve_stdio(given.pid)
        return _serve(given)
    except AttachError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"morrow --dap: {given.address}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="morrow --dap", description="Serve editors with the Debug Adapter Protocol.", epilog=_EPILOG, allow_abbrev=False, formatter_class=_formatter,
        usage="morrow --dap [[HOST:]PORT | unix:PATH] [--attach PID | [--wait] [-m mod | -c cmd | file] [arg] ...]",
    )  # fmt: skip
    parser.add_argument("address", nargs="?", help="where to listen (default: standard input and output; port 0: any free one)")
    parser.add_argument("--attach", dest="pid", type=int, default=0, metavar="PID", help="serve this process")
    parser.add_argument("--wait", action="store_true", help="the program begins when an editor is there")
    parser.add_argument("--once", action="store_true", help="end when the first editor has left")
    # What is to run begins at the first word that is none of the above.
    ours, rest = words, []
    at, place = 0, False
    while at < len(words):
        word = words[at]
        if word in ("--wait", "--once", "-h", "--help") or word.startswith("--attach="):
            at += 1
        elif word == "--attach":
            at += 2
        elif not place and not word.startswith("-"):
            place, at = True, at + 1
        else:
            ours, rest = words[:at], words[at:]
            break
    given = parser.parse_args(ours)
    if rest[:1] == ["--"]:
        rest = rest[1:]
    elif len(rest) == 2 and rest[1] == "--wait":  # `morrow --dap 5678 app.py --wait`
        rest, given.wait = rest[:1], True
    given.command = rest
    if given.pid and rest:
        parser.error("either --attach or a program")
    if given.wait and not rest:
        parser.error("--wait: which program?")
    if rest and given.address is None:
        parser.error("a program needs its own standard input and output: name a port")
    return given


def _serve_stdio(pid: int) -> int:
    """Serve the one editor that has started us."""
    ours = os.dup(1)
    os.dup2(2, 1)  # whatever else is printed must not mix with the protocol
    os.set_inheritable(ours, False)
    Adapter(0, lambda data: _write(ours, data), pid=pid).run()
    return 0


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _serve(given: argparse.Namespace) -> int:
    if given.pid:
        find(given.pid).close()  # says at once what an editor would be told later
    listener, token, name = _listen(given.address)
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(_close, listener, given.address)
        launch, process = None, None
        if given.command:
            command = [sys.executable, MAIN_FILE, "-X", "jit=off", *given.command]  # machine code sees no breakpoints
            if given.wait:
                launch = Launch(command, {}, pipes=False, own_input=True)
                cleanup.callback(launch.forget)
                process = launch.spawn()
            else:
                process = subprocess.Popen(command)
        pid = process.pid if process is not None else given.pid
        print(f"morrow: editors can connect to {name}" + (f", token {token}" if token else ""), file=sys.stderr, flush=True)
        pidfd = os.pidfd_open(pid) if pid else -1

        def make(client: socket.socket, is_busy: Callable[[], bool]) -> Adapter:
            if client.family != socket.AF_UNIX:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting = launch if launch is not None and not launch.came_in else None
            return Adapter(client.fileno(), client.sendall, token=token, pid=0 if waiting else pid, launched=waiting, is_busy=is_busy)

        while True:
            ready, _, _ = select.select([listener] + [pidfd] * bool(pid), [], [])
            if pidfd in ready:
                return _status(process)
            client, _ = listener.accept()
            if client.family == socket.AF_UNIX and not _is_ours(client):
                client.close()
                continue
            with client, _Others(listener, make) as others:
                make(client, lambda: False).run()
                others.first_has_left = True
            if given.once:
                return 0 if process is None else _status(process)


class _Others(threading.Thread):
    """While an editor is being served: accept the sessions that it opens for children of its program.

    Each has a thread of its own. One that is not for a child is told that another editor is there.
    """

    def __init__(self, listener: socket.socket, make: Callable[[socket.socket, Callable[[], bool]], Adapter]) -> None:
        super().__init__(daemon=True)
        self._listener, self._make = listener, make
        self._end, self._ender = os.pipe()
        self._sessions: list[threading.Thread] = []
        self.first_has_left = False

    def __enter__(self) -> _Others:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._ender)
        self.join()
        os.close(self._end)
        for session in self._sessions:
            session.join()  # an editor closes them with the first, or goes on with a child that lives longer

    def run(self) -> None:
        """Accept until the first session has ended."""
        while self._end not in select.select([self._listener, self._end], [], [])[0]:
            client, _ = self._listener.accept()
            session = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._sessions.append(session)
            session.start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            if client.family != socket.AF_UNIX or _is_ours(client):
                self._make(client, lambda: not self.first_has_left).run()


def _status(process: subprocess.Popen[bytes] | None) -> int:
    if process is None:
        return 0
    status = process.wait()
    return status if status >= 0 else 128 - status


def _listen(address: str) -> tuple[socket.socket, str, str]:
    """Return a listening socket, the token for it ("" where none is needed), and its name."""
    if address.startswith("unix:"):
        path = os.path.abspath(address[5:])
        listener = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(before)
        listener.listen(4)
        return listener, "", f"unix:{path}"
    host, _, port = address.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise OSError(0, "not a port; write [HOST:]PORT or unix:PATH")
    host = host.strip("[]") or "127.0.0.1"
    listener = socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    token = settings.get("dap-token") or secrets.token_urlsafe(16)
    return listener, token, f"{host}:{listener.getsockname()[1]}"


def _close(listener: socket.socket, address: str) -> None:
    listener.close()
    if address.startswith("unix:"):
        with contextlib.suppress(OSError):
            os.unlink(address[5:])


def _is_ours(client: socket.socket) -> bool:
    _, uid, _ = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return uid in (os.geteuid(), 0)
