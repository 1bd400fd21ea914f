"""Unprepared programs in typical states, to attach to: ``python targets.py STATE`` or `running(python, state)`.

Each prints ``ready`` when it has (nearly) got there and then stays in its state. They know nothing of morrow.
"""

from __future__ import annotations

import sys

STATES = (
    "busy", "sleep", "accept", "recv", "lock", "locktimeout", "join", "queue", "event", "select", "poll", "epoll",
    "stdin", "waitpid", "asyncidle", "asyncbusy", "multi", "hot", "multijoin", "cbusy_nogil", "flock", "serve", "mplock",
    "futureswait", "sigwait", "nativesleep",
)  # fmt: skip
HOLD_THE_LOCK = ("cbusy_gil", "csum")  # C code that holds the interpreter's lock: only its stacks can be read


def ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def busy() -> None:
    i = 0
    while True:
        i += 1


def main(state: str) -> None:
    import threading
    import time

    ready()
    if state == "busy":
        busy()
    elif state == "sleep":
        time.sleep(1000)
    elif state == "accept":
        import socket

        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.accept()
    elif state == "recv":
        import socket

        left, right = socket.socketpair()
        left.recv(10)
    elif state == "lock":
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    elif state == "locktimeout":
        lock = threading.Lock()
        lock.acquire()
        lock.acquire(timeout=1000)
    elif state == "join":
        thread = threading.Thread(target=time.sleep, args=(1000,))
        thread.start()
        thread.join()
    elif state == "queue":
        import queue

        queue.Queue().get()
    elif state == "event":
        threading.Event().wait()
    elif state == "select":
        import os
        import select

        read_end, write_end = os.pipe()
        select.select([read_end], [], [], 1000)
    elif state == "poll":
        import os
        import select

        poll = select.poll()
        read_end, write_end = os.pipe()
        poll.register(read_end, 1)
        poll.poll(1000_000)
    elif state == "epoll":
        import os
        import select

        poll = select.epoll()
        read_end, write_end = os.pipe()
        poll.register(read_end, 1)
        poll.poll(1000)
    elif state == "stdin":
        import os

        read_end, write_end = os.pipe()
        os.dup2(read_end, 0)
        input()
    elif state == "waitpid":
        import subprocess

        subprocess.Popen(["sleep", "1000"]).wait()
    elif state == "asyncidle":
        import asyncio

        asyncio.run(asyncio.sleep(1000))
    elif state == "asyncbusy":
        import asyncio

        async def spin() -> None:
            while True:
                await asyncio.sleep(0)

        asyncio.run(spin())
    elif state == "multi":
        for _ in range(4):
            threading.Thread(target=busy, daemon=True).start()
        time.sleep(1000)
    elif state == "hot":
        for _ in range(3):
            threading.Thread(target=busy, daemon=True).start()
        busy()
    elif state == "multijoin":
        threads = [threading.Thread(target=busy, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    elif state == "cbusy_gil":
        import re

        re.match(r"(a+)+$", "a" * 40 + "b")
    elif state == "csum":
        sum(range(10**12))
    elif state == "cbusy_nogil":
        import hashlib

        hashlib.pbkdf2_hmac("sha256", b"x", b"y", 2 * 10**9)
    elif state == "flock":
        import fcntl
        import tempfile

        with tempfile.NamedTemporaryFile() as one, open(one.name) as two:
            fcntl.flock(one, fcntl.LOCK_EX)
            fcntl.flock(two, fcntl.LOCK_EX)
    elif state == "serve":
        import http.server

        http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler).serve_forever()
    elif state == "mplock":
        import multiprocessing

        lock = multiprocessing.Lock()
        lock.acquire()
        lock.acquire()
    elif state == "futureswait":
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(2) as executor:
            executor.submit(time.sleep, 1000).result()
    elif state == "sigwait":
        import signal

        signal.sigwait([signal.SIGUSR2])
    elif state == "nativesleep":
        import ctypes

        ctypes.CDLL(None).sleep(1000)
    else:
        raise SystemExit(f"no such state: {state}")


if __name__ == "__main__":
    main(sys.argv[1])
else:
    import contextlib
    import os
    import signal
    import subprocess
    import time
    from collections.abc import Iterator
    from pathlib import Path

    class Running:
        """A program that runs. `alive` must stay true whatever is done to it."""

        def __init__(self, process: subprocess.Popen[str]) -> None:
            self.process = process
            self.pid = process.pid

        @property
        def alive(self) -> bool:
            return self.process.poll() is None

        def line(self) -> str:
            """Return the next line it prints."""
            assert self.process.stdout is not None
            return self.process.stdout.readline().rstrip("\n")

        def end(self) -> str:
            """Kill it and its children; return what it wrote to stderr."""
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            return self.process.communicate()[1]

    @contextlib.contextmanager
    def started(
        command: list[str | Path], *, env: dict[str, str] | None = None, settle: bool = True
    ) -> Iterator[Running]:
        """Run a program that prints ``ready``; end it when the block ends."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MORROW_", "PYTHON"))}
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**clean, **(env or {})},
            start_new_session=True,
        )
        running = Running(process)
        try:
            line = running.line()
            assert line == "ready", (line, running.end())
            if settle:
                wait_quiet(running.pid)
            yield running
        finally:
            running.end()

    def wait_quiet(pid: int, seconds: float = 0.6) -> None:
        """Wait until a program has come to its state: its main thread sleeps, or it has computed for a while."""
        end, asleep = time.monotonic() + seconds, 0
        while time.monotonic() < end and asleep < 5:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                asleep = asleep + 1 if file.read().rpartition(")")[2].split()[0] == "S" else 0
            time.sleep(0.01)

    def running(python: str | Path, state: str, **options: object) -> contextlib.AbstractContextManager[Running]:
        """Run the program of this file in one of its states."""
        return started([python, __file__, state], **options)  # type: ignore[arg-type]

    def code(python: str | Path, source: str, **options: object) -> contextlib.AbstractContextManager[Running]:
        """Run *source*, which prints ``ready`` by calling ready()."""
        prelude = "def ready(): print('ready', flush=True)\n"
        return started([python, "-c", prelude + source], **options)  # type: ignore[arg-type]
