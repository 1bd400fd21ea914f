"""The Debug Adapter Protocol: its messages as types, and how they travel.

Names, fields and their meaning are those of the specification (microsoft.github.io/debug-adapter-protocol, 1.68); fields that
are None are left out on the way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class ExceptionBreakpointsFilter:
    """A kind of exception to stop at, as an editor offers it."""

    filter: str
    label: str
    description: str | None = None
    default: bool = False
    supportsCondition: bool = True
    conditionDescription: str | None = None


@dataclass(slots=True)
class Capabilities:
    """What this adapter can do."""

    supportsConfigurationDoneRequest: bool = True
    supportsFunctionBreakpoints: bool = True
    supportsConditionalBreakpoints: bool = True
    supportsHitConditionalBreakpoints: bool = True
    supportsLogPoints: bool = True
    supportsEvaluateForHovers: bool = True
    exceptionBreakpointFilters: list[ExceptionBreakpointsFilter] = field(default_factory=list)
    supportsSetVariable: bool = True
    supportsSetExpression: bool = True
    supportsGotoTargetsRequest: bool = True
    supportsCompletionsRequest: bool = True
    completionTriggerCharacters: list[str] = field(default_factory=lambda: ["."])
    supportsModulesRequest: bool = True
    supportsRestartRequest: bool = True
    supportsExceptionOptions: bool = True
    supportsExceptionFilterOptions: bool = True
    supportsValueFormattingOptions: bool = True
    supportsExceptionInfoRequest: bool = True
    supportTerminateDebuggee: bool = True
    supportsDelayedStackTraceLoading: bool = True
    supportsLoadedSourcesRequest: bool = True
    supportsTerminateRequest: bool = True
    supportsBreakpointLocationsRequest: bool = True
    supportsClipboardContext: bool = True
    supportsCancelRequest: bool = True


@dataclass(slots=True)
class Source:
    """A file, or a text that only the debugged process has (``sourceReference``)."""

    name: str | None = None
    path: str | None = None
    sourceReference: int | None = None
    presentationHint: str | None = None
    origin: str | None = None


@dataclass(slots=True)
class Breakpoint:
    """What became of a breakpoint that was asked for."""

    verified: bool
    id: int | None = None
    message: str | None = None
    source: Source | None = None
    line: int | None = None
    reason: str | None = None


@dataclass(slots=True)
class BreakpointLocation:
    """A line that can have a breakpoint."""

    line: int


@dataclass(slots=True)
class Thread:
    """A thread, or a suspended asyncio task."""

    id: int
    name: str


@dataclass(slots=True)
class StackFrame:
    """One call."""

    id: int
    name: str
    line: int
    column: int = 1
    source: Source | None = None
    moduleId: str | None = None
    presentationHint: str | None = None


@dataclass(slots=True)
class Scope:
    """A set of variables of a frame."""

    name: str
    variablesReference: int
    expensive: bool
    presentationHint: str | None = None
    namedVariables: int | None = None
    source: Source | None = None
    line: int | None = None


@dataclass(slots=True)
class VariablePresentationHint:
    """How to draw a variable."""

    kind: str | None = None
    attributes: list[str] | None = None
    visibility: str | None = None
    lazy: bool | None = None


@dataclass(slots=True)
class Variable:
    """A name and what it stands for."""

    name: str
    value: str
    variablesReference: int = 0
    type: str | None = None
    presentationHint: VariablePresentationHint | None = None
    evaluateName: str | None = None
    namedVariables: int | None = None
    indexedVariables: int | None = None


@dataclass(slots=True)
class CompletionItem:
    """Something that could stand where the cursor is."""

    label: str
    type: str | None = None
    start: int | None = None
    length: int | None = None


@dataclass(slots=True)
class GotoTarget:
    """A line to go on at."""

    id: int
    label: str
    line: int


@dataclass(slots=True)
class Module:
    """A module that is loaded."""

    id: str
    name: str
    path: str | None = None
    version: str | None = None
    isUserCode: bool | None = None


@dataclass(slots=True)
class ExceptionDetails:
    """An exception, and those it came from."""

    message: str | None = None
    typeName: str | None = None
    fullTypeName: str | None = None
    evaluateName: str | None = None
    stackTrace: str | None = None
    innerException: list[ExceptionDetails] | None = None


def as_json(value: Any) -> Any:
    """Return *value* as JSON has it: fields that are None are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((one.name, getattr(value, one.name)) for one in fields(value))
        return {name: as_json(item) for name, item in pairs if item is not None}
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value


class Failure(Exception):
    """A request is answered with an error.

    Attributes:
        show: whether the editor shows it to the user by itself.
    """

    def __init__(self, text: str, *, show: bool = True) -> None:
        super().__init__(text)
        self.show = show


class BadMessage(Exception):
    """What came is not a message of the protocol; nothing after it can be understood."""


_LARGEST = 1 << 26  # bytes


class Framing:
    """Bytes <-> messages: ``Content-Length: N``, an empty line, N bytes of JSON."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Json]:
        """Return the messages that *data* completes.

        Raises:
            BadMessage: it is not the protocol.
        """
        self._rest += data
        found: list[Json] = []
        while True:
            head, gap, rest = self._rest.partition(b"\r\n\r\n")
            if not gap:
                if len(self._rest) > 4096:
                    raise BadMessage("a header without an end")
                return found
            length = None
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.strip().lower() == b"content-length" and value.strip().isdigit():
                    length = int(value)
            if length is None or length > _LARGEST:
                raise BadMessage(f"a header without a length: {head[:80]!r}")
            if len(rest) < length:
                return found
            self._rest = rest[length:]
            try:
                message = json.loads(rest[:length])
            except ValueError:
                raise BadMessage("a body that is not JSON") from None
            if not isinstance(message, dict):
                raise BadMessage("a body that is not an object")
            found.append(message)


def framed(message: Json) -> bytes:
    """Return a message as it travels."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


class Peer:
    """Numbers and sends our messages.

    Args:
        write: takes bytes.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write, self._seq = write, 0
        self.asked: dict[int, Callable[[Json], None]] = {}

    def _send(self, message: Json) -> int:
        self._seq += 1
        self._write(framed({"seq": self._seq, **as_json(message)}))
        return self._seq

    def event(self, name: str, /, **body: Any) -> None:
        """Send an event."""
        self._send({"type": "event", "event": name, "body": body})

    def answer(self, request: Json, body: Any = None) -> None:
        """Answer a request."""
        self._send(
            {"type": "response", "request_seq": request.get("seq", 0), "success": True, "command": request.get("command", ""), "body": body}
        )

    def refuse(self, request: Json, text: str, *, show: bool = True) -> None:
        """Answer a request with an error."""
        error = {"id": 1, "format": text.replace("{", "(").replace("}", ")"), "showUser": show}
        self._send(
            {"type": "response", "request_seq": request.get("seq", 0), "success": False, "command": request.get("command", ""),
             "message": text, "body": {"error": error}}
        )  # fmt: skip

    def ask(self, command: str, arguments: Json, then: Callable[[Json], None]) -> None:
        """Send a request of ours (``runInTerminal``); *then* is given the response."""
        self.asked[self._send({"type": "request", "command": command, "arguments": arguments})] = then
