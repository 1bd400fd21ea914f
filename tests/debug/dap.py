"""A debug adapter's client for tests: requests out, responses and events in, over pipes or a socket."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.support.same import clean_environment

Json = dict[str, Any]


class Refused(Exception):
    """The adapter answered a request with an error."""


class Client:
    """An editor. A context manager: the adapter ends with it."""

    def __init__(self, *arguments: str, address: tuple[str, int] | str | None = None) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.events: list[Json] = []
        self.all_events: list[Json] = []
        self.requests: list[Json] = []
        self.capabilities: Json = {}
        self._seq, self._rest, self._responses = 0, b"", {}  # type: ignore[var-annotated]
        if address is None:
            environment = {**clean_environment(), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("src"))}
            self.process = subprocess.Popen(
                [sys.executable, "-m", "morrow", "--dap", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
            )
            assert self.process.stdin is not None and self.process.stdout is not None
            self._in, self._out = self.process.stdout.fileno(), self.process.stdin.fileno()
        else:
            self._socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
            self._socket.connect(address)
            self._in = self._out = self._socket.fileno()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is None:
            self._socket.close()
            return
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def send(self, command: str, **arguments: object) -> int:
        """Send a request without waiting."""
        self._seq += 1
        message = {"seq": self._seq, "type": "request", "command": command, "arguments": arguments}
        self.write(message)
        return self._seq

    def write(self, message: Json) -> None:
        body = json.dumps(message).encode()
        data = b"Content-Length: %d\r\n\r\n" % len(body) + body
        while data:
            data = data[os.write(self._out, data) :]

    def ask(self, command: str, **arguments: object) -> Json:
        """Send a request and return the body of the response."""
        return self.response(self.send(command, **arguments))

    def response(self, number: int, seconds: float = 20) -> Json:
        self._until(lambda: number in self._responses, seconds, f"a response to request {number}")
        answer = self._responses.pop(number)
        if not answer["success"]:
            raise Refused(answer["message"])
        return dict(answer.get("body") or {})

    def event(self, name: str, seconds: float = 20, **wanted: object) -> Json:
        """Wait for an event and return its body."""

        def find() -> Json | None:
            for event in self.events:
                if event["event"] == name and all(event.get("body", {}).get(key) == value for key, value in wanted.items()):
                    return event
            return None

        self._until(lambda: find() is not None, seconds, f"event {name} {wanted}")
        found = find()
        assert found is not None
        self.events.remove(found)
        return dict(found.get("body") or {})

    def request(self, command: str, seconds: float = 20) -> Json:
        """Wait for a request of the adapter's and return it."""

        def find() -> Json | None:
            return next((one for one in self.requests if one["command"] == command), None)

        self._until(lambda: find() is not None, seconds, f"request {command}")
        found = find()
        assert found is not None
        self.requests.remove(found)
        return found

    def output(self, text: str, seconds: float = 20) -> str:
        """Wait until the output events contain a text; return all of them."""

        def seen() -> str:
            return "".join(event["body"]["output"] for event in self.all_events if event["event"] == "output")

        self._until(lambda: text in seen(), seconds, f"output {text!r}")
        return seen()

    def _until(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no {what} within {seconds} s; came: {self.all_events[-5:]} {list(self._responses.values())[-3:]}")
            if not select.select([self._in], [], [], left)[0]:
                continue
            data = os.read(self._in, 1 << 16)
            if not data:
                raise AssertionError(f"the adapter has gone before {what}; came: {self.all_events[-5:]}")
            self._rest += data
            self._split()

    def _split(self) -> None:
        while True:
            head, gap, rest = self._rest.partition(b"\r\n\r\n")
            length = int(head.rpartition(b":")[2]) if gap else 0
            if not gap or len(rest) < length:
                return
            message, self._rest = json.loads(rest[:length]), rest[length:]
            if message["type"] == "event":
                self.events.append(message)
                self.all_events.append(message)
            elif message["type"] == "response":
                self._responses[message["request_seq"]] = message
            else:
                self.requests.append(message)

    # -- what most tests begin with ---------------------------------------------------------------------------------------

    def begin(
        self, request: str, breakpoints: dict[str, list[Json]] | None = None, filters: list[str] | None = None,
        client: Json | None = None, **arguments: object,
    ) -> list[Json]:  # fmt: skip
        """Initialize, attach or launch, set breakpoints, and let the program run; return the breakpoints as answered."""
        self.capabilities = self.ask("initialize", adapterID="morrow", clientID="test", linesStartAt1=True, columnsStartAt1=True, **(client or {}))
        number = self.send(request, **arguments)
        self.event("initialized")
        answers: list[Json] = []
        for path, items in (breakpoints or {}).items():
            answers += self.ask("setBreakpoints", source={"path": path}, breakpoints=items)["breakpoints"]
        self.ask("setExceptionBreakpoints", filters=filters or [])
        self.ask("configurationDone")
        self.response(number)
        return answers

    def top(self, thread: int) -> Json:
        """Return the innermost frame of a thread."""
        return dict(self.ask("stackTrace", threadId=thread, levels=1)["stackFrames"][0])

    def variables(self, reference: int, **page: object) -> dict[str, Json]:
        return {one["name"]: one for one in self.ask("variables", variablesReference=reference, **page)["variables"]}

    def locals(self, thread: int) -> dict[str, Json]:
        scopes = self.ask("scopes", frameId=self.top(thread)["id"])["scopes"]
        return self.variables(scopes[0]["variablesReference"])

    def value(self, expression: str, thread: int, context: str = "watch") -> str:
        return str(self.ask("evaluate", expression=expression, frameId=self.top(thread)["id"], context=context)["result"])
