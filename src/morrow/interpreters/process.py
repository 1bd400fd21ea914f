"""Interpreters that are processes: for extension modules that load in no other, for hard limits, for work that may crash.

`ProcessInterpreter` has the methods of `Interpreter`, and the same messages go to the same agent; they travel through a
socket. Workers are forked from a zygote (`zygote`), which starts with the first of them.
"""

from __future__ import annotations

import atexit
import json
import marshal
import mmap
import os
import signal
import socket
import subprocess
import sys
import threading

import morrow
from morrow.debuglog import log
from morrow.interpreters import crossing, engine, queues, zygote
from morrow.interpreters.board import anonymous_file
from morrow.interpreters.errors import InterpreterError, InterpreterNotFoundError, WorkerLost
from morrow.interpreters.interpreter import _script

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); from morrow.interpreters import zygote; import socket; "
    "sys.path.pop(0); zygote.main(socket.socket(fileno={fd}))"
)


class Zygote:
    """The process that workers are forked from.

    Args:
        python: the executable; another one than this program's gives workers with its libraries.
        path: sys.path there; None leaves this program's.
        preload: modules to load before anything is forked, so that workers have them at once.
    """

    def __init__(self, python: str = sys.executable, path: list[str] | None = None, preload: tuple[str, ...] = ()) -> None:
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        main = sys.modules.get("__main__")
        self._lock = threading.Lock()
        self._channel = mine
        with its:
            self.process = subprocess.Popen(
                [python, "-I", "-c", _BOOT.format(root=_ROOT, fd=its.fileno())], pass_fds=(its.fileno(),), stdin=subprocess.DEVNULL
            )
        about = {
            "path": sys.path if path is None else path,
            "argv": sys.argv,
            "main": os.path.abspath(main.__file__) if getattr(main, "__file__", None) else None,  # type: ignore[union-attr,arg-type]
            "first": morrow.for_interpreters,
            "preload": list(preload),
        }
        mine.sendall(json.dumps(about).encode())

    def fork(self, fds: list[int], request: dict[str, object]) -> int:
        """Start a worker and return its process id.

        *fds* are its socket, the file that says which message is interrupted, and its output and errors if they are caught.
        """
        with self._lock:
            try:
                socket.send_fds(self._channel, [json.dumps({"do": "fork", **request}).encode()], fds)
                return json.loads(self._channel.recv(1 << 16))["pid"]  # type: ignore[no-any-return]
            except (OSError, ValueError) as error:
                raise InterpreterError(f"the process that workers are forked from has ended ({self.process.poll()})") from error

    def status(self, pid: int) -> int | None:
        """Wait for a worker to end and return its status, as `os.waitstatus_to_exitcode` does; None if that is not known."""
        with self._lock:
            try:
                self._channel.sendall(json.dumps({"do": "status", "pid": pid}).encode())
                return json.loads(self._channel.recv(1 << 16))["status"]  # type: ignore[no-any-return]
            except (OSError, ValueError):
                return None

    def close(self) -> None:
        """End it. Workers go on until their sockets are closed."""
        self._channel.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


_zygotes: dict[object, Zygote] = {}
_zygotes_lock = threading.Lock()


def get_zygote(python: str = sys.executable, path: list[str] | None = None, preload: tuple[str, ...] = ()) -> Zygote:
    """Return the zygote for such workers; the first to ask starts it."""
    key = (python, tuple(sys.path if path is None else path), preload, os.getpid())
    with _zygotes_lock:
        found = _zygotes.get(key)
        if found is None or found.process.poll() is not None:
            if not _zygotes:
                atexit.register(_close_zygotes)
            found = _zygotes[key] = Zygote(python, path, preload)
        return found


def _close_zygotes() -> None:
    for key in [key for key in _zygotes if key[3] == os.getpid()]:  # type: ignore[index]
        _zygotes.pop(key).close()


class ProcessInterpreter:
    """A Python in a process of its own, with the methods of an `Interpreter`.

    Args:
        python: the executable to run.
        path: sys.path there; None leaves this program's.
        memory: how many bytes it may use beyond what it starts with; the system refuses more.
        cwd: the folder it works in.
        env: its environment variables; None leaves this program's.
        output: descriptors for its standard output and errors; empty leaves this program's.
        preload: modules that its zygote loads in advance.

    Attributes:
        id: the number of the process.
        backend: ``"process"``.
        reason: why this back end was chosen, for people.
    """

    backend = "process"
    whence = "process"

    def __init__(
        self,
        *,
        python: str = sys.executable,
        path: list[str] | None = None,
        memory: int | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        output: tuple[int, ...] = (),
        preload: tuple[str, ...] = (),
        reason: str = "asked for",
    ) -> None:
        self.reason = reason
        self._zygote = get_zygote(python, path, preload)
        self._lock = threading.Lock()
        self._running = False
        self._closed = False
        self._queues: set[int] = set()  # those it has been handed
        self._number = 0  # of the message that it answers
        # Where `interrupt` says which: a signal that comes before the code runs is not heard.
        interrupted = anonymous_file("morrow-interrupted", 8)
        mine, its = socket.socketpair()
        try:
            self._interrupted = mmap.mmap(interrupted, 8)
            request = {"memory": memory, "cwd": cwd, "env": env, "path": None}
            self.id = self._zygote.fork([its.fileno(), interrupted, *output], request)
        finally:
            its.close()
            os.close(interrupted)
        self._channel = mine
        log("interpreters", 1, f"process {self.id} forked ({reason})")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id})"

    def __enter__(self) -> ProcessInterpreter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def is_running(self) -> bool:
        """Return whether code runs in it now."""
        self._check()
        return self._running

    def close(self) -> None:
        """End the process, after what it runs at its exit.

        Raises:
            InterpreterError: code runs in it; `kill` does not ask.
        """
        self._check()
        if self._running:
            raise InterpreterError("interpreter running")
        self._end()

    def kill(self) -> None:
        """End the process at once; whoever waits for a result gets WorkerLost."""
        if not self._closed:
            self._signal(signal.SIGKILL)

    def interrupt(self) -> bool:
        """Raise KeyboardInterrupt in what it runs; return whether anything was running."""
        if self._closed or not self._running:
            return False
        self._interrupted[:] = self._number.to_bytes(8, sys.byteorder)
        self._signal(signal.SIGINT)
        return True

    def exec(self, code: object, /) -> None:
        """Run source text or a function in its ``__main__``; see `Interpreter.exec`."""
        self.ask([b"x", marshal.dumps(_script(code))])  # type: ignore[arg-type]

    def call(self, callable: object, /, *args: object, **kwargs: object) -> object:
        """Call the object there and return what it returns; see `Interpreter.call`."""
        with queues.noting() as named:
            message = engine.encode_call(callable, args, kwargs, False)
        return self.ask(message, named)

    def call_in_thread(self, callable: object, /, *args: object, **kwargs: object) -> threading.Thread:
        """Return a new thread that calls the object there."""
        thread = threading.Thread(target=self.call, args=(callable, *args), kwargs=kwargs)
        thread.start()
        return thread

    def prepare_main(self, ns: object = None, /, **kwargs: object) -> None:
        """Bind values in its ``__main__``. They need not be shareable: all are copied."""
        values: dict[str, object] = dict(ns, **kwargs) if ns is not None else kwargs  # type: ignore[call-overload]
        with queues.noting() as named:
            message = crossing.encode(values)
        self.ask([b"m", *message], named)

    def ask(self, message: crossing.Pieces, named: list[queues.Queue] | None = None) -> object:
        """Give a message to its agent and return the value that it answers; *named* are the queues in the message.

        Raises:
            WorkerLost: the process ended.
            ExecutionFailed, NotShareableError: as the answer says.
        """
        self._check()
        if not self._lock.acquire(blocking=False):
            raise InterpreterError("interpreter already running")
        try:
            self._number += 1
            self._running = True
            try:
                for queue in named or ():
                    self._hand_over(queue)
                zygote.send(self._channel, message)
                data = zygote.receive(self._channel)
            except (ConnectionError, BrokenPipeError):
                data = None
            if data is None:
                raise self._lost()
            return engine.answer(memoryview(data))
        finally:
            self._running = False
            self._lock.release()

    def _hand_over(self, queue: queues.Queue) -> None:
        if queue.id not in self._queues:
            values, fds = queues.about(queue)
            zygote.send(self._channel, [b"d", marshal.dumps(values)], fds)
            self._queues.add(queue.id)

    def _check(self) -> None:
        if self._closed:
            raise InterpreterNotFoundError(f"unrecognized interpreter ID {self.id}")

    def _signal(self, number: int) -> None:
        try:
            os.kill(self.id, number)
        except ProcessLookupError:  # gone by itself; whoever waits for it hears so
            pass

    def _lost(self) -> WorkerLost:
        status = self._end()
        if status is not None and status < 0:
            name = signal.Signals(-status).name
            what = f"was ended by {name}" + (" (killed, or out of memory)" if name == "SIGKILL" else "")
        else:
            what = f"ended with status {status}"
        return WorkerLost(f"process {self.id}, which worked for this call, {what}", self.id, status)

    def _end(self) -> int | None:
        self._closed = True
        self._channel.close()
        return self._zygote.status(self.id)

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self._closed = True
            self._channel.close()
