"""The process that others are forked from: a python that has loaded what every worker needs, and nothing of the program's.

Started by `process` with exec, so it may be started at any time: no interpreter has ever been in it, and no thread. It
reads one JSON object per request from its socket and answers with one; a worker's own socket comes with the request.

    {"do": "fork", "limits": ...}  ->  {"pid": 4242}            {"do": "status", "pid": 4242}  ->  {"status": -9}
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from _typeshed import TraceFunction

    from morrow.interpreters.crossing import Pieces


_LARGEST = 1 << 20  # bytes of a request: they come as packets, whole


def main(channel: socket.socket) -> None:
    """Serve requests until the other side closes the socket."""
    first = channel.recv(_LARGEST)
    if not first:
        return
    settings = json.loads(first)
    sys.path[:] = settings["path"]
    sys.argv = settings["argv"]
    import pickle
    import threading
    import traceback

    from morrow.interpreters import agent

    assert pickle and threading and traceback
    agent._main_file = settings["main"]
    if settings["first"]:
        exec(settings["first"], {})
    for name in settings["preload"]:
        try:
            __import__(name)
        except ImportError:  # the worker that needs it will say so
            pass
    while True:
        try:
            text, fds, _, _ = socket.recv_fds(channel, _LARGEST, 4)
        except KeyboardInterrupt:  # Ctrl-C goes to the whole group; the program decides what ends
            continue
        if not text:
            return
        request = json.loads(text)
        if request["do"] == "fork":
            # A worker that is interrupted before it ignores that would end.
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # until code runs: Ctrl-C is the program's, `interrupt` is ours
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
            if pid == 0:
                channel.close()
                _work(socket.socket(fileno=fds[0]), fds[1], fds[2:], request)
            for fd in fds:
                os.close(fd)
            channel.sendall(json.dumps({"pid": pid}).encode())
        else:
            channel.sendall(json.dumps({"status": _status(request["pid"])}).encode())


def _status(pid: int) -> int | None:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return None


def _work(channel: socket.socket, interrupted: int, output: list[int], request: dict[str, object]) -> None:
    """Be a worker: answer messages until the other side closes the socket. Does not return."""
    status = 0
    try:
        from morrow.interpreters import board

        board.first_queue = os.getpid() << 24
        prepare(output, request)
        _serve(channel, interrupted)
    except BaseException:
        import traceback

        traceback.print_exc()
        status = 1
    try:
        import atexit
        import threading

        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def prepare(output: list[int], request: dict[str, object]) -> None:
    """Make the process what the request asks for: output, limits, folder, environment, path."""
    for target, fd in zip((1, 2), output):
        os.dup2(fd, target)
    for fd in set(output):
        os.close(fd)
    if output:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if request.get("memory"):
        import resource

        limit = int(request["memory"])  # type: ignore[call-overload]
        # What the process has mapped already does not count: the limit is for the work.
        with open("/proc/self/statm", encoding="ascii") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + limit, used + limit))
    if request.get("cwd"):
        os.chdir(str(request["cwd"]))
    if request.get("env") is not None:
        os.environ.clear()
        os.environ.update(request["env"])  # type: ignore[call-overload]
    if request.get("path") is not None:
        sys.path[:] = request["path"]  # type: ignore[call-overload]


def _serve(channel: socket.socket, interrupted: int) -> None:
    from morrow.interpreters import agent

    works = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt."""
        if not works:  # Ctrl-C in the terminal is the program's, which decides what ends
            return
        if frame is None or not agent.imports(frame):
            raise KeyboardInterrupt
        while frame is not None:
            frame.f_trace = later
            frame = frame.f_back
        sys.settrace(later)

    def later(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        if agent.imports(frame):  # cut off there it would leave modules locked
            return later
        sys.settrace(None)
        if works:
            raise KeyboardInterrupt
        return None

    # asyncio asks whether this is the one.
    signal.default_int_handler = interrupt  # type: ignore[assignment]
    signal.signal(signal.SIGINT, interrupt)
    number = 0
    while True:
        data, fds = _receive_with_fds(channel)
        if data is None:
            return
        if data[:1] == b"d":  # a queue that the next message names
            import marshal

            from morrow.interpreters import queues

            queues.adopt(*marshal.loads(data[1:]), fds)
            continue
        number += 1
        if signal.getsignal(signal.SIGINT) is not interrupt:  # the program's last work has left another
            signal.signal(signal.SIGINT, interrupt)
        try:
            works = True
            if int.from_bytes(os.pread(interrupted, 8, 0), sys.byteorder) == number:  # its signal came before this
                raise KeyboardInterrupt
            answer = agent.handle(memoryview(data))
            works = False
        except KeyboardInterrupt as error:  # on the way in or out
            works = False
            answer = agent.failure(error)
        except BaseException as error:
            works = False
            if not isinstance(error, MemoryError):
                raise
            answer = agent.failure(error)
        sys.stdout.flush()
        sys.stderr.flush()
        send(channel, answer)


def receive(channel: socket.socket) -> bytearray | None:
    """Return the next message, or None when the other side is gone."""
    head = _exactly(channel, 8)
    if head is None:
        return None
    return _exactly(channel, struct.unpack("Q", head)[0])


def _receive_with_fds(channel: socket.socket) -> tuple[bytearray | None, list[int]]:
    try:
        head, fds, _, _ = socket.recv_fds(channel, 8, 4)
    except ConnectionError:
        return None, []
    if len(head) < 8:
        more = _exactly(channel, 8 - len(head)) if head else None
        if more is None:
            return None, []
        head += more
    for fd in fds:
        os.set_inheritable(fd, False)
    return _exactly(channel, struct.unpack("Q", head)[0]), fds


def send(channel: socket.socket, pieces: Pieces, fds: Iterable[int] = ()) -> None:
    """Send a message, and descriptors along with it."""
    size = sum(len(piece) if type(piece) is bytes else piece.nbytes for piece in pieces)  # type: ignore[union-attr]
    head = struct.pack("Q", size)
    if fds:
        socket.send_fds(channel, [head], list(fds))  # eight bytes go as a whole
    elif size < 65536:
        channel.sendall(b"".join([head, *pieces]))
        return
    else:
        channel.sendall(head)
    for piece in pieces:
        channel.sendall(piece)


def _exactly(channel: socket.socket, size: int) -> bytearray | None:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        try:
            number = channel.recv_into(view[got:])
        except ConnectionError:
            return None
        if not number:
            return None
        got += number
    return data


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
