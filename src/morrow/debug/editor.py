"""The debug adapter: an editor's requests (Debug Adapter Protocol) on one side, a process (`debuggee`) on the other.

    Adapter(read_end, write, ...).run()      serves one editor until it disconnects

Every request of an editor is a method ``on_<command>`` here. What needs the process is asked of it, and answered when its
answer comes; nothing waits meanwhile. `listen` says where editors come from.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from morrow import debuglog
from morrow.attach.errors import AttachError, NotReady
from morrow.debug.answers import changed, is_hex, variable
from morrow.debug.debuggee import Debuggee, Launch, attach_to, command_of
from morrow.debug.family import Children, claim
from morrow.debug.protocol import (
    BadMessage,
    Breakpoint,
    BreakpointLocation,
    Capabilities,
    CompletionItem,
    ExceptionBreakpointsFilter,
    ExceptionDetails,
    Failure,
    Framing,
    GotoTarget,
    Json,
    Module,
    Peer,
    Scope,
    Source,
    StackFrame,
    Thread,
)  # fmt: skip

FILTERS = [
    ExceptionBreakpointsFilter("raised", "Raised exceptions", "Stop wherever the program raises one", False),
    ExceptionBreakpointsFilter("uncaught", "Uncaught exceptions", "Stop when one ends the program or a thread", True),
    ExceptionBreakpointsFilter("userUnhandled", "Exceptions not handled by the program", "Stop when one leaves the program's own code", False),
]
for _one in FILTERS:
    _one.conditionDescription = "names of exceptions, e.g. ValueError, KeyError or !OSError; or an expression about exception"
_OPEN = ("initialize", "attach", "launch", "disconnect", "cancel")  # requests that may come before the token
_LEVELS = 1000  # frames of a stack unless an editor asks for fewer


class Adapter:
    """One editor's session.

    Args:
        read_end: descriptor that its messages come from.
        write: takes the bytes of ours.
        token: what ``attach`` and ``launch`` must bring along; "" where the way here proves enough (stdio, a private socket).
        pid: the process to attach to when the editor names none; it cannot name another one then.
        launched: a program that was started before the editor came, waiting for it.
        is_busy: whether another editor is being served: then this session may be for a child of its program, and nothing else.
    """

    def __init__(
        self, read_end: int, write: Callable[[bytes], None], *, token: str = "", pid: int = 0, launched: Launch | None = None,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._read_end, self._framing = read_end, Framing()
        self._peer = Peer(write)
        self._token, self._trusted = token, not token
        self._pid, self._launch, self._is_busy = pid, launched, is_busy
        self._debuggee: Debuggee | None = None
        self._arguments: Json = {}
        self._client: Json = {}
        self._launched_by_us = False
        self._finish: Callable[[], None] | None = None  # what answers `attach` or `launch` once the process is there
        self._ended = self._over = False
        self._breakpoints = 0
        self._goto_targets: dict[int, tuple[str, int]] = {}
        self._outputs: dict[int, str] = {}  # descriptor -> category
        self._exit_told = False
        self._names: dict[int, str] = {}
        self._children: Children | None = None

    # -- the loop ----------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until the editor disconnects or goes away. The process is left running, unless we started it."""
        try:
            while not self._over:
                self._turn()
        except (BrokenPipeError, ConnectionError):
            pass  # the editor has gone without a word
        except BadMessage as error:
            debuglog.log("attach", 1, f"the editor sent {error}")
        finally:
            self._leave(terminate=self._launched_by_us and not self._over)

    def _turn(self) -> None:
        while self._debuggee is not None and self._debuggee.has_more():
            self._from_process()
        watched = [self._read_end, *self._outputs]
        if self._debuggee is not None:
            watched += [self._debuggee.channel.fileno(), self._debuggee.channel.target.pidfd]
        elif self._launch is not None and not self._launch.debugged and not self._outputs and not self._exit_told:
            self._process_ended()
        if self._waiting_to_come_in():
            assert self._launch is not None
            watched.append(self._launch.listener.fileno())
        watched += self._children.watched() if self._children is not None else []
        looks = self._waiting_to_come_in() or self._children is not None and self._children.is_anybody_there()
        ready, _, _ = select.select(watched, [], [], 1.0 if looks else None)
        if self._children is not None:
            self._children.serve(ready)
        if self._waiting_to_come_in() and self._launch is not None:
            self._let_in(self._launch.listener.fileno() in ready)
        for descriptor in list(self._outputs):
            if descriptor in ready:
                self._output(descriptor)
        if self._debuggee is not None and not {self._debuggee.channel.fileno(), self._debuggee.channel.target.pidfd}.isdisjoint(ready):
            self._from_process()
        if self._read_end in ready:
            data = os.read(self._read_end, 1 << 16)
            if not data:
                raise BrokenPipeError
            for message in self._framing.feed(data):
                self._handle(message)

    def _handle(self, message: Json) -> None:
        debuglog.log("attach", 2, f"editor: {str(message)[:400]}")
        if message.get("type") == "response":
            then = self._peer.asked.pop(message.get("request_seq", 0), None)
            if then is not None:
                then(message)
            return
        if message.get("type") != "request":
            return
        command = str(message.get("command", ""))
        function = getattr(self, f"on_{command}", None)
        arguments = message.get("arguments")
        try:
            if function is None:
                raise Failure(f"morrow does not know the request {command!r}", show=False)
            if not self._trusted and command not in _OPEN:
                raise Failure("the token is missing: give it as \"token\" in the attach or launch configuration")
            function(message, arguments if isinstance(arguments, dict) else {})
        except Failure as error:
            self._peer.refuse(message, str(error), show=error.show)
        except (AttachError, NotReady) as error:
            self._peer.refuse(message, str(error))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            self._peer.refuse(message, f"{command}: {type(error).__name__}: {error}", show=False)

    def _from_process(self) -> None:
        assert self._debuggee is not None
        try:
            event = self._debuggee.receive()
        except AttachError as error:
            if self._finish is not None or error.name not in ("attach-gone", "attach-lost"):
                self._peer.event("output", category="important", output=f"{error}\n")
            self._process_ended()
            return
        if event is None:
            return
        kind = event.get("event")
        if kind == "begun":
            self._begun(event)
        elif kind == "output":
            where: Json = {}
            if "path" in event:
                where = {"source": Source(os.path.basename(event["path"]), self._here(event["path"])), "line": event["line"]}
            self._peer.event("output", category=event["category"], output=event["text"], **where)
        elif kind == "stopped":
            self._stopped(event)

    def _ask(self, request: Json, do: str, then: Callable[[Json], Any] | None = None, **arguments: object) -> None:
        """Ask the process; *then* turns its answer into the body of the response to *request*."""
        if self._launch is not None and not self._launch.debugged:
            self._peer.answer(request, {"threads": [], "breakpoints": []})  # noDebug: it just runs
            return
        if self._debuggee is None:
            raise Failure("there is no process: attach or launch first", show=False)

        def answered(answer: Json) -> None:
            if "error" in answer:
                self._peer.refuse(request, answer["error"], show=False)
                return
            self._peer.answer(request, then(answer) if then is not None else None)

        self._debuggee.ask(do, answered, **arguments)

    # -- beginning -----------------------------------------------------------------------------------------------------------

    def on_initialize(self, request: Json, given: Json) -> None:
        self._client = given
        self._peer.answer(request, Capabilities(exceptionBreakpointFilters=FILTERS))

    def on_cancel(self, request: Json, given: Json) -> None:
        self._peer.answer(request)  # what is asked of the process is answered when it answers

    def _check(self, given: Json) -> None:
        if not self._trusted:
            if not hmac.compare_digest(str(given.get("token", "")).encode(), self._token.encode()):
                time.sleep(0.2)  # guessing takes its time
                raise Failure('wrong or missing token: give the one that morrow printed as "token" in the configuration')
            self._trusted = True
        if not given.get("child") and self._is_busy():
            raise Failure("another editor has this adapter: one at a time")
        if self._debuggee is not None or self._finish is not None:
            raise Failure("this session has its process already")
        self._arguments = given

    def _told(self) -> dict[str, object]:
        return {"just_mine": self._arguments.get("justMyCode", True) is not False, "all_threads": self._arguments.get("stopThreads", "all") != "one"}

    def _await_children(self, launch: Launch) -> None:
        """Let children of the program we launch come to a session of their own, if the editor can open some."""
        if self._client.get("supportsStartDebuggingRequest") and self._arguments.get("subProcess", True) is not False:
            self._children = Children(launch.door, self._peer, self._arguments)

    def on_attach(self, request: Json, given: Json) -> None:
        self._check(given)
        if given.get("child"):
            self._debuggee = claim(str(given["child"]), self._told())
            self._finish = lambda: self._peer.answer(request)
            return
        if self._launch is not None:  # `morrow --dap PORT app.py --wait`: it waits for us
            self._launch.given = self._told()
            self._await_children(self._launch)
            self._finish = lambda: self._peer.answer(request)
            return
        pid = given.get("processId", given.get("pid", self._pid))
        if isinstance(pid, str) and pid.isdigit():
            pid = int(pid)
        if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0:
            raise Failure("attach: which process? give its number as \"processId\"")
        if self._pid and pid != self._pid:
            raise Failure(f"attach: this adapter serves process {self._pid} only")

        def waiting(outcome: Any) -> float:
            self._peer.event("output", category="console", output=f"attach: waiting: {outcome.waiting_for}\n")
            return float(given.get("wait", 0))

        self._debuggee = attach_to(pid, self._told(), sandboxed=bool(given.get("sandboxed")), while_queued=waiting)
        self._finish = lambda: self._peer.answer(request)

    def on_launch(self, request: Json, given: Json) -> None:
        self._check(given)
        if self._pid:
            raise Failure(f"launch: this adapter serves process {self._pid}; the request is attach")
        if self._launch is not None:
            self.on_attach(request, given)
            return
        self._start(given, lambda: self._peer.answer(request))

    def _start(self, given: Json, finish: Callable[[], None]) -> None:
        try:
            command = command_of(given)
        except ValueError as error:
            raise Failure(str(error)) from None
        console = given.get("console", "internalConsole")
        in_terminal = console in ("integratedTerminal", "externalTerminal") and bool(self._client.get("supportsRunInTerminalRequest"))
        cwd = given.get("cwd") or (os.path.dirname(os.path.abspath(given["program"])) if given.get("program") else None)
        env = {str(name): None if value is None else str(value) for name, value in (given.get("env") or {}).items()}
        if not in_terminal:
            env.setdefault("PYTHONUNBUFFERED", "1")  # what is printed is seen before the next stop
        self._launched_by_us = True
        debugged = not given.get("noDebug")
        self._launch = launch = Launch(command, self._told(), cwd, env, pipes=not in_terminal, debugged=debugged)
        self._finish = finish if debugged else None
        if debugged:
            self._await_children(launch)
        if in_terminal:
            self._run_in_terminal(launch, console)
            return
        try:
            process = launch.spawn()
        except OSError as error:
            launch.forget()
            self._launch, self._finish = None, None
            raise Failure(f"launch: {command[0]} cannot be started: {error.strerror}: {error.filename}") from None
        assert process.stdout is not None and process.stderr is not None
        self._outputs = {process.stdout.fileno(): "stdout", process.stderr.fileno(): "stderr"}
        if not debugged:
            launch.forget()
            self._peer.event("initialized")
            finish()

    def _run_in_terminal(self, launch: Launch, console: str) -> None:
        def started(response: Json) -> None:
            if not response.get("success"):
                self._peer.event("output", category="important", output=f"the editor could not run it in a terminal: {response.get('message', '')}\n")
                self._process_ended()

        self._peer.ask(
            "runInTerminal",
            {"kind": console.removesuffix("Terminal"), "title": "morrow", "cwd": launch.cwd or os.getcwd(), "args": launch.command,
             "env": {name: value for name, value in launch.environment().items() if value is not None}},
            started,
        )  # fmt: skip

    def _waiting_to_come_in(self) -> bool:
        return self._launch is not None and self._debuggee is None and self._finish is not None

    def _let_in(self, knocks: bool) -> None:
        assert self._launch is not None
        if knocks:
            self._debuggee = self._launch.accept()
        elif self._launch.process is not None and self._launch.process.poll() is not None:
            self._launch.forget()
            finish, self._finish = self._finish, None
            if finish is not None:
                finish()
            self._process_ended()

    def _begun(self, event: Json) -> None:
        assert self._debuggee is not None
        name = " ".join(event["argv"]) or event["executable"]
        self._peer.event(
            "process", name=name, systemProcessId=self._debuggee.pid, isLocalProcess=True, startMethod="launch" if self._launch else "attach"
        )
        finish, self._finish = self._finish, None
        self._peer.event("initialized")
        if finish is not None:
            finish()

    def on_configurationDone(self, request: Json, given: Json) -> None:
        if self._launch is not None and not self._launch.debugged:
            self._peer.answer(request)
            return
        self._ask(request, "start", entry=bool(self._arguments.get("stopOnEntry")))

    # -- breakpoints -----------------------------------------------------------------------------------------------------------

    def _given(self, items: list[Json]) -> list[Json]:
        found = []
        for item in items:
            self._breakpoints += 1
            one: Json = {"id": self._breakpoints, "line": item.get("line", 0), "name": item.get("name", "")}
            for name, ours in (("condition", "condition"), ("hitCondition", "hits"), ("logMessage", "log")):
                if item.get(name):
                    one[ours] = str(item[name])
            found.append(one)
        return found

    def on_setBreakpoints(self, request: Json, given: Json) -> None:
        source = given.get("source") or {}
        path = source.get("path") or self._names.get(source.get("sourceReference", 0)) or source.get("name") or ""
        items = given.get("breakpoints")
        if items is None:
            items = [{"line": line} for line in given.get("lines") or ()]

        def made(answer: Json) -> Json:
            return {"breakpoints": [self._breakpoint(one, source) for one in answer["breakpoints"]]}

        self._ask(request, "breakpoints", made, path=self._there(path), items=self._given(items))

    def _breakpoint(self, one: Json, source: Json | None) -> Breakpoint:
        about = Source(**{name: source[name] for name in ("name", "path", "sourceReference") if name in source}) if source else None
        why = None if one["verified"] else "failed"
        return Breakpoint(one["verified"], one["id"], one.get("message"), about, one.get("line"), why)

    def on_setFunctionBreakpoints(self, request: Json, given: Json) -> None:
        items = self._given(given.get("breakpoints") or [])
        self._ask(request, "functions", lambda answer: {"breakpoints": [self._breakpoint(one, None) for one in answer["breakpoints"]]}, items=items)

    def on_setExceptionBreakpoints(self, request: Json, given: Json) -> None:
        wanted = {str(name): "" for name in given.get("filters") or ()}
        order = list(wanted)
        for option in given.get("filterOptions") or ():
            wanted[option["filterId"]] = str(option.get("condition") or "")
            order.append(option["filterId"])
        for option in given.get("exceptionOptions") or ():
            mode = {"always": "raised", "unhandled": "uncaught", "userUnhandled": "userUnhandled"}.get(option.get("breakMode", ""))
            if mode is None:
                continue
            path = option.get("path") or []
            names = [str(name) for segment in path[1:] for name in segment.get("names") or ()]
            if path and len(path) > 1 and path[-1].get("negate"):
                names = [f"!{name}" for name in names]
            wanted[mode] = ", ".join(filter(None, [wanted.get(mode, ""), *names]))
        known = {one.filter for one in FILTERS}
        unknown = sorted(set(wanted) - known)

        def made(answer: Json) -> Json:
            told = [
                Breakpoint(name in known and not answer["filters"].get(name), message=answer["filters"].get(name) or None) for name in order
            ]
            return {"breakpoints": told}

        if unknown:
            raise Failure(f"no such exception filters: {', '.join(unknown)}", show=False)
        self._ask(request, "exceptions", made, filters=wanted)

    def on_breakpointLocations(self, request: Json, given: Json) -> None:
        path = (given.get("source") or {}).get("path") or ""
        first = given["line"]
        last = given.get("endLine", first)
        self._ask(
            request, "locations", lambda answer: {"breakpoints": [BreakpointLocation(line) for line in answer["lines"]]},
            path=self._there(path), first=first, last=last,
        )  # fmt: skip

    # -- running -----------------------------------------------------------------------------------------------------------------

    def _stopped(self, event: Json) -> None:
        descriptions = {"entry": "Stopped at the first line", "pause": "Paused", "exception": event["type"]}
        reason = event["reason"]
        self._peer.event(
            "stopped", reason=reason, threadId=event["thread"], allThreadsStopped=event["all"], preserveFocusHint=False,
            description=descriptions.get(reason), text=event["text"] or None, hitBreakpointIds=event["breakpoints"] or None,
        )  # fmt: skip

    def on_continue(self, request: Json, given: Json) -> None:
        everything = self._told()["all_threads"]
        self._ask(request, "go", lambda _: {"allThreadsContinued": everything}, thread=given["threadId"])

    def on_next(self, request: Json, given: Json) -> None:
        self._ask(request, "go", thread=given["threadId"], kind="over")

    def on_stepIn(self, request: Json, given: Json) -> None:
        self._ask(request, "go", thread=given["threadId"], kind="in")

    def on_stepOut(self, request: Json, given: Json) -> None:
        self._ask(request, "go", thread=given["threadId"], kind="out")

    def on_pause(self, request: Json, given: Json) -> None:
        self._ask(request, "pause", thread=given.get("threadId", 1))

    def on_gotoTargets(self, request: Json, given: Json) -> None:
        path, line = (given.get("source") or {}).get("path") or "", given["line"]

        def made(answer: Json) -> Json:
            if line not in answer["lines"]:
                return {"targets": []}
            number = len(self._goto_targets) + 1
            self._goto_targets[number] = path, line
            return {"targets": [GotoTarget(number, f"line {line}", line)]}

        self._ask(request, "locations", made, path=self._there(path), first=line, last=line)

    def on_goto(self, request: Json, given: Json) -> None:
        _, line = self._goto_targets[given["targetId"]]
        thread = given["threadId"]

        def made(answer: Json) -> None:
            self._peer.event("stopped", reason="goto", threadId=thread, allThreadsStopped=self._told()["all_threads"])

        self._ask(request, "goto", made, thread=thread, line=line)

    # -- looking -----------------------------------------------------------------------------------------------------------------

    def on_threads(self, request: Json, given: Json) -> None:
        self._ask(request, "threads", lambda answer: {"threads": [Thread(**one) for one in answer["threads"]]})

    def on_stackTrace(self, request: Json, given: Json) -> None:
        def made(answer: Json) -> Json:
            return {"stackFrames": [self._frame(one) for one in answer["frames"]], "totalFrames": answer["total"]}

        self._ask(
            request, "stack", made, thread=given["threadId"], start=int(given.get("startFrame") or 0), levels=int(given.get("levels") or 0) or _LEVELS
        )

    def _frame(self, one: Json) -> StackFrame:
        subtle = None if one["mine"] else "subtle"
        return StackFrame(
            one["id"], one["name"], one["line"], 1, self._source(one["path"], one["source"], subtle), one["module"] or None, subtle
        )

    def _source(self, path: str, number: int, hint: str | None = None) -> Source:
        """Describe a file: by its path where the editor has it, else by a number that its text can be asked for with."""
        here = self._here(path)
        if not path.startswith("<") and os.path.exists(here):
            return Source(os.path.basename(here), here, None, hint and "deemphasize")
        self._names[number] = path
        return Source(os.path.basename(path), None if path.startswith("<") else here, number, hint and "deemphasize", "from the process")

    def on_scopes(self, request: Json, given: Json) -> None:
        def made(answer: Json) -> Json:
            hints = {"Locals": "locals"}
            return {"scopes": [Scope(s["name"], s["ref"], s.get("expensive", False), hints.get(s["name"]), s["count"]) for s in answer["scopes"]]}

        self._ask(request, "scopes", made, frame=given["frameId"])

    def on_variables(self, request: Json, given: Json) -> None:
        self._ask(
            request, "variables", lambda answer: {"variables": [variable(one) for one in answer["variables"]]}, ref=given["variablesReference"],
            which=given.get("filter", ""), start=int(given.get("start") or 0), number=int(given.get("count") or 0), hexed=is_hex(given),
        )  # fmt: skip

    def on_setVariable(self, request: Json, given: Json) -> None:
        self._ask(request, "set", changed, ref=given["variablesReference"], name=given["name"], value=given["value"])

    def on_setExpression(self, request: Json, given: Json) -> None:
        if "frameId" not in given:
            raise Failure("setExpression: in which frame? stop first")
        self._ask(request, "assign", changed, frame=given["frameId"], expression=given["expression"], value=given["value"])

    def on_evaluate(self, request: Json, given: Json) -> None:
        def made(answer: Json) -> Json:
            one = variable(answer["variable"])
            return {
                "result": one.value, "type": one.type, "variablesReference": one.variablesReference, "presentationHint": one.presentationHint,
                "namedVariables": one.namedVariables, "indexedVariables": one.indexedVariables,
            }  # fmt: skip

        self._ask(
            request, "evaluate", made, expression=given["expression"], frame=given.get("frameId", 0), context=given.get("context", ""),
            hexed=is_hex(given),
        )  # fmt: skip

    def on_completions(self, request: Json, given: Json) -> None:
        lines = str(given["text"]).split("\n")
        line = lines[min(int(given.get("line", 1)), len(lines)) - 1]
        text = line[: int(given["column"]) - 1]

        def made(answer: Json) -> Json:
            kinds = {"variable": "variable", "function": "function", "class": "class", "module": "module", "property": "property"}
            return {"targets": [CompletionItem(name, kinds.get(kind), len(text) - length, length) for name, length, kind in answer["items"]]}

        self._ask(request, "completions", made, text=text, frame=given.get("frameId", 0))

    def on_exceptionInfo(self, request: Json, given: Json) -> None:
        def made(answer: Json) -> Json:
            inner: ExceptionDetails | None = None
            for one in reversed(answer["chain"]):
                inner = ExceptionDetails(one["text"], one["type"], one["full"], None, one["traceback"], [inner] if inner else None)
            assert inner is not None
            inner.evaluateName = "__exception__"
            return {"exceptionId": inner.fullTypeName, "description": inner.message, "breakMode": answer["mode"], "details": inner}

        self._ask(request, "exception", made, thread=given["threadId"])

    def on_source(self, request: Json, given: Json) -> None:
        number = (given.get("source") or {}).get("sourceReference") or given.get("sourceReference", 0)
        self._ask(request, "source", lambda answer: {"content": answer["text"], "mimeType": answer["kind"]}, source=number)

    def on_loadedSources(self, request: Json, given: Json) -> None:
        def made(answer: Json) -> Json:
            paths = dict.fromkeys(one["path"] for one in answer["modules"] if one["path"].endswith(".py"))
            return {"sources": [Source(os.path.basename(path), self._here(path)) for path in paths]}

        self._ask(request, "modules", made)

    def on_modules(self, request: Json, given: Json) -> None:
        start, count = int(given.get("startModule") or 0), int(given.get("moduleCount") or 0)

        def made(answer: Json) -> Json:
            modules = [
                Module(one["name"], one["name"], self._here(one["path"]) if one["path"] else None, one["version"] or None, one["mine"])
                for one in answer["modules"]
            ]
            return {"modules": modules[start : start + count] if count else modules[start:], "totalModules": len(modules)}

        self._ask(request, "modules", made)

    # -- paths ---------------------------------------------------------------------------------------------------------------------

    def _mappings(self) -> list[tuple[str, str]]:
        found = []
        for one in self._arguments.get("pathMappings") or ():
            if isinstance(one, dict) and one.get("localRoot") and one.get("remoteRoot"):
                found.append((os.path.normpath(str(one["localRoot"])), os.path.normpath(str(one["remoteRoot"]))))
        return sorted(found, key=lambda pair: -len(pair[0]))

    def _there(self, path: str) -> str:
        """Return what a path of the editor's is called in the process."""
        for local, remote in self._mappings():
            if path == local or path.startswith(local.rstrip(os.sep) + os.sep):
                return remote + path[len(local.rstrip(os.sep)) :]
        return path

    def _here(self, path: str) -> str:
        """Return what a path of the process is called for the editor."""
        for local, remote in sorted(self._mappings(), key=lambda pair: -len(pair[1])):
            if path == remote or path.startswith(remote.rstrip(os.sep) + os.sep):
                return local + path[len(remote.rstrip(os.sep)) :]
        return path

    # -- the end -------------------------------------------------------------------------------------------------------------------

    def _output(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, 1 << 16)
        except OSError:
            data = b""
        if data:
            self._peer.event("output", category=self._outputs[descriptor], output=data.decode("utf-8", "replace"))
        else:
            del self._outputs[descriptor]

    def _process_ended(self) -> None:
        """The process has ended, or has closed its end: say so once."""
        debuggee, self._debuggee = self._debuggee, None
        finish, self._finish = self._finish, None
        process = self._launch.process if self._launch is not None else None
        if debuggee is not None:
            debuggee.close()
        if finish is not None:
            finish()
        if self._exit_told:
            return
        if process is not None and (self._launched_by_us or process.poll() is not None):
            end = time.monotonic() + 5
            # What a grandchild that lives on may still write is not waited for.
            while self._outputs and time.monotonic() < end:
                ready, _, _ = select.select(list(self._outputs), [], [], 0.05 if process.poll() is not None else 1)
                if not ready and process.poll() is not None:
                    break
                for descriptor in ready:
                    self._output(descriptor)
            status = process.wait()
            self._peer.event("exited", exitCode=status if status >= 0 else 128 - status)
        self._exit_told = True
        self._peer.event("terminated")

    def on_terminate(self, request: Json, given: Json) -> None:
        """End the program as Ctrl-C would; a second time, for good."""
        self._kill(signal.SIGKILL if self._ended else signal.SIGTERM)
        self._ended = True
        self._peer.answer(request)
        if self._debuggee is not None:
            self._debuggee.ask("go", lambda _: None, thread=1)  # a stopped program could not end

    def _kill(self, number: int) -> None:
        if self._debuggee is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(self._debuggee.channel.target.pidfd, number)

    def on_restart(self, request: Json, given: Json) -> None:
        if not self._launched_by_us:
            raise Failure("restart: the program was not started by this adapter")
        arguments = given.get("arguments")
        if isinstance(arguments, dict):
            self._arguments = arguments
        self._exit_told = True
        self._leave(terminate=True)
        self._outputs.clear()
        self._exit_told = self._ended = False
        self._launch = None
        self._start(self._arguments, lambda: self._peer.answer(request))

    def on_disconnect(self, request: Json, given: Json) -> None:
        terminate = given.get("terminateDebuggee")
        self._leave(terminate=self._launched_by_us if terminate is None else bool(terminate))
        self._peer.answer(request)
        self._over = True

    def _leave(self, *, terminate: bool) -> None:
        """Detach; end the process if asked to."""
        debuggee, self._debuggee = self._debuggee, None
        children, self._children = self._children, None
        launch = self._launch
        if children is not None:
            children.close()
        if terminate and debuggee is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(debuggee.channel.target.pidfd, signal.SIGTERM)
        if debuggee is not None:
            debuggee.close()
        if launch is not None and terminate and launch.process is not None:
            _end(launch.process)
        if launch is not None and (debuggee is None or self._launched_by_us):
            launch.forget()


def _end(process: Any) -> None:
    """End a process that has been asked to: it gets a second, then it is killed."""
    with contextlib.suppress(ProcessLookupError):
        if process.poll() is None:
            process.terminate()
    try:
        process.wait(1)
    except Exception:
        process.kill()
        process.wait()
