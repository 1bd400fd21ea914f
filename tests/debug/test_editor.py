"""An editor debugs a program through the Debug Adapter Protocol: the whole way, with real processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from morrow.debug.listen import _parse
from tests.debug.dap import Client, Refused
from tests.support.builds import NAMES, get_build, others
from tests.support.same import clean_environment
from tests.support.targets import code, running, started

WORK = """\
import threading, time

class Point:
    kind = "plain"
    def __init__(self, x, y):
        self.x, self.y = x, y
        self._hidden = 1
    @property
    def length(self):
        global computed
        computed += 1
        return (self.x ** 2 + self.y ** 2) ** 0.5

class Slotted:
    __slots__ = ("a", "b")
    def __init__(self):
        self.a = 1

computed = 0

def work(n):
    total = 0
    for i in range(n):
        total += i
    return total

def main():
    numbers, table = list(range(5000)), {"a": 1, (1, 2): [3], 7: {"deep": None}}
    point, slotted = Point(3, 4), Slotted()
    x = work(4)
    print("x is", x)
    x = work(x)
    print("x is", x)
    return x

main()
print("done")
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "app.py"
    path.write_text(WORK)
    return str(path)


def _line(text: str, source: str = WORK) -> int:
    return next(number for number, line in enumerate(source.split("\n"), 1) if text in line)


def _to_end(editor: Client, thread: int = 1) -> int:
    editor.ask("continue", threadId=thread)
    status = editor.event("exited")["exitCode"]
    editor.event("terminated")
    return int(status)


# -- launching --------------------------------------------------------------------------------------------------------------


def test_a_program_is_launched_stops_steps_and_ends(program):
    with Client() as editor:
        points = editor.begin("launch", {program: [{"line": _line("x = work(4)")}]}, program=program)
        assert points == [{"verified": True, "id": 1, "source": {"path": program}, "line": _line("x = work(4)")}]
        stop = editor.event("stopped", reason="breakpoint")
        assert stop["threadId"] == 1 and stop["allThreadsStopped"] and stop["hitBreakpointIds"] == [1]
        stack = editor.ask("stackTrace", threadId=1)
        assert [(frame["name"], frame["line"]) for frame in stack["stackFrames"]] == [("main", 30), ("<module>", 36)]
        assert stack["totalFrames"] == 2 and stack["stackFrames"][0]["source"]["path"] == program
        steps = []
        for command in ("stepIn", "next", "next", "stepOut", "next"):
            editor.ask(command, threadId=1)
            editor.event("stopped", reason="step")
            top = editor.top(1)
            steps.append((top["name"], top["line"]))
        assert steps == [("work", 22), ("work", 23), ("work", 24), ("main", 31), ("main", 32)]
        assert _to_end(editor) == 0
        assert "x is 6\n" in editor.output("done")


def test_it_can_stop_at_its_first_line_and_be_ended_by_disconnecting(program):
    with Client() as editor:
        editor.begin("launch", program=program, stopOnEntry=True)
        editor.event("stopped", reason="entry")
        assert editor.top(1)["line"] == 1
        pid = editor.event("process")["systemProcessId"]
        editor.ask("disconnect")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_module_arguments_folder_and_environment(tmp_path):
    (tmp_path / "tool.py").write_text("import os, sys\nprint(sys.argv[1:], os.environ['COLOUR'], os.path.basename(os.getcwd()))\nprint('oops', file=sys.stderr)\nsys.exit(7)\n")
    with Client() as editor:
        editor.begin("launch", module="tool", args=["-v", "two words"], cwd=str(tmp_path), env={"COLOUR": "red"})
        assert editor.event("exited")["exitCode"] == 7
        text = editor.output("oops")
        assert f"['-v', 'two words'] red {tmp_path.name}" in text
        categories = {event["body"]["category"] for event in editor.all_events if event["event"] == "output" and "oops" in event["body"]["output"]}
        assert categories == {"stderr"}


def test_a_launch_that_cannot_be_done_says_why(tmp_path):
    with Client() as editor:
        editor.ask("initialize", adapterID="morrow")
        with pytest.raises(Refused, match="one of program, module and code"):
            editor.ask("launch")
        with pytest.raises(Refused, match="cannot be started"):
            editor.ask("launch", code="pass", python=str(tmp_path / "nothing"))
        with pytest.raises(Refused, match="there is no process"):
            editor.ask("threads")
        with pytest.raises(Refused, match="does not know the request 'sing'"):
            editor.ask("sing")


def test_a_program_that_cannot_be_compiled_ends_with_its_error():
    with Client() as editor:
        editor.begin("launch", code="def (")
        assert editor.event("exited")["exitCode"] == 1
        editor.output("SyntaxError")


def test_a_program_can_be_run_without_debugging(program):
    with Client() as editor:
        editor.begin("launch", {program: [{"line": 30}]}, program=program, noDebug=True)
        assert editor.event("exited")["exitCode"] == 0
        editor.output("done")


def test_restart_runs_it_again_with_the_same_breakpoints(program):
    with Client() as editor:
        editor.begin("launch", {program: [{"line": 30}]}, program=program)
        editor.event("stopped")
        first = editor.event("process")["systemProcessId"]
        number = editor.send("restart")
        editor.event("initialized")
        editor.ask("setBreakpoints", source={"path": program}, breakpoints=[{"line": 31}])
        editor.ask("configurationDone")
        editor.response(number)
        editor.event("stopped")
        assert editor.top(1)["line"] == 31
        assert editor.event("process")["systemProcessId"] != first
        assert _to_end(editor) == 0


def test_terminate_ends_a_program_also_while_it_is_stopped(program):
    with Client() as editor:
        editor.begin("launch", {program: [{"line": 30}]}, program=program)
        editor.event("stopped")
        editor.ask("terminate")
        assert editor.event("exited")["exitCode"] == 128 + 15
        editor.event("terminated")


def test_the_editors_own_terminal_runs_the_program(program):
    with Client() as editor:
        editor.ask("initialize", adapterID="morrow", supportsRunInTerminalRequest=True)
        number = editor.send("launch", program=program, console="integratedTerminal", args=["one"])
        editor._until(lambda: bool(editor.requests), 20, "a request to run it")
        request = editor.requests.pop()
        assert request["command"] == "runInTerminal" and request["arguments"]["kind"] == "integrated"
        with subprocess.Popen(
            request["arguments"]["args"], env={**clean_environment(), **request["arguments"]["env"]}, stdout=subprocess.PIPE, text=True
        ) as process:
            editor.write({"seq": 1000, "type": "response", "request_seq": request["seq"], "success": True, "command": "runInTerminal", "body": {}})
            editor.event("initialized")
            editor.ask("setBreakpoints", source={"path": program}, breakpoints=[{"line": 30}])
            editor.ask("configurationDone")
            editor.response(number)
            editor.event("stopped")
            editor.ask("continue", threadId=1)
            editor.event("terminated")
            assert process.communicate()[0].endswith("done\n")


# -- breakpoints ------------------------------------------------------------------------------------------------------------


def test_conditions_hit_counts_and_log_points(program):
    line = _line("total += i")
    with Client() as editor:
        editor.begin("launch", {program: [{"line": line, "condition": "i == 2"}, {"line": 31, "logMessage": "x={x} of {dict(a=x)['a']} {nothing}"}]}, program=program)
        editor.event("stopped")
        assert editor.value("i", 1) == "2"
        editor.ask("setBreakpoints", source={"path": program}, breakpoints=[{"line": line, "hitCondition": "% 2"}, {"line": 31, "logMessage": "x={x} of {dict(a=x)['a']} {nothing}"}])
        editor.ask("continue", threadId=1)
        editor.event("stopped")
        assert editor.value("(i, n)", 1) == "(0, 6)"  # 3 of the first loop, then 0 of the second
        editor.ask("setBreakpoints", source={"path": program}, breakpoints=[{"line": line, "hitCondition": ">= 4"}])
        editor.ask("continue", threadId=1)
        editor.event("stopped")
        assert editor.value("i", 1) == "4"
        editor.ask("setBreakpoints", source={"path": program}, breakpoints=[])
        assert _to_end(editor) == 0
        assert "x=6 of 6 {NameError: name 'nothing' is not defined}\n" in editor.output("x=6")


def test_what_is_wrong_with_a_breakpoint_is_said(program):
    with Client() as editor:
        points = editor.begin(
            "launch",
            {program: [{"line": 3, "condition": "1 +"}, {"line": 4, "hitCondition": "often"}, {"line": 500}, {"line": 2}], "/nowhere/x.py": [{"line": 1}]},
            program=program,
        )
        assert [point["verified"] for point in points] == [False, False, False, True, False]
        assert "SyntaxError" in points[0]["message"] and "ValueError" in points[1]["message"]
        assert points[2]["message"] == "no code at or after this line"
        assert points[3]["line"] == 3  # an empty line: the next one with code
        assert "not there for the process" in points[4]["message"]
        editor.ask("disconnect")


def test_a_condition_that_fails_is_told_and_does_not_stop(program):
    with Client() as editor:
        editor.begin("launch", {program: [{"line": 31, "condition": "missing > 1"}]}, program=program)
        assert editor.event("exited")["exitCode"] == 0
        editor.output("condition of line 31: NameError: name 'missing' is not defined")


def test_function_breakpoints(program):
    with Client() as editor:
        editor.ask("initialize", adapterID="morrow")
        number = editor.send("launch", program=program)
        editor.event("initialized")
        answer = editor.ask("setFunctionBreakpoints", breakpoints=[{"name": "Point.__init__"}, {"name": "work", "condition": "n > 4"}])
        assert [one["verified"] for one in answer["breakpoints"]] == [True, True]
        editor.ask("configurationDone")
        editor.response(number)
        assert editor.event("stopped")["reason"] == "function breakpoint"
        assert editor.top(1)["name"] == "Point.__init__"
        editor.ask("continue", threadId=1)
        editor.event("stopped", reason="function breakpoint")
        assert editor.top(1)["name"] == "work" and editor.value("n", 1) == "6"
        assert _to_end(editor) == 0


def test_where_breakpoints_can_be(program):
    with Client() as editor:
        editor.begin("launch", program=program, stopOnEntry=True)
        editor.event("stopped")
        found = editor.ask("breakpointLocations", source={"path": program}, line=21, endLine=26)
        assert found == {"breakpoints": [{"line": line} for line in (21, 22, 23, 24, 25)]}
        editor.ask("disconnect")


def test_breakpoint_in_the_program_stops_after_it():
    with Client() as editor:
        editor.begin("launch", code="a = 1\nbreakpoint()\nb = 2\n")
        editor.event("stopped", reason="breakpoint")
        assert editor.top(1)["line"] == 3
        assert _to_end(editor) == 0


# -- exceptions -------------------------------------------------------------------------------------------------------------

FAILING = """\
import json
def inner():
    raise KeyError("lost")
def middle():
    try:
        inner()
    except KeyError as error:
        raise ValueError("worse") from error
def outer():
    try: middle()
    except ValueError: pass
outer()
try: json.loads("{")
except ValueError: pass
{}["end"]
"""


def test_raised_exceptions_stop_where_they_are_raised(tmp_path):
    path = tmp_path / "failing.py"
    path.write_text(FAILING)
    with Client() as editor:
        editor.begin("launch", program=str(path), filters=["raised"])
        stops = []
        for _ in range(4):
            stop = editor.event("stopped", reason="exception")
            top = editor.top(1)
            stops.append((stop["text"].partition(":")[0], top["line"], top["name"]))
            if len(stops) == 2:
                info = editor.ask("exceptionInfo", threadId=1)
                assert info["exceptionId"] == "ValueError" and info["description"] == "worse" and info["breakMode"] == "always"
                assert info["details"]["innerException"][0]["typeName"] == "KeyError"
                assert "in middle" in info["details"]["stackTrace"]
                assert editor.locals(1)["(exception)"]["value"] == "ValueError('worse')"
                assert editor.value("__exception__.args", 1) == "('worse',)"
            editor.ask("continue", threadId=1)
        assert stops == [("KeyError", 3, "inner"), ("ValueError", 8, "middle"), ("JSONDecodeError", stops[2][1], "JSONDecoder.raw_decode"), ("KeyError", 15, "<module>")]
        assert editor.event("exited")["exitCode"] == 1


def test_uncaught_exceptions_stop_with_the_stack_they_came_from(tmp_path):
    path = tmp_path / "failing.py"
    path.write_text("def down(n):\n    if not n: raise OSError(2, 'gone')\n    down(n - 1)\ntry: down(1)\nexcept OSError: pass\ndown(2)\n")
    with Client() as editor:
        editor.begin("launch", program=str(path), filters=["uncaught"])
        stop = editor.event("stopped", reason="exception")
        assert stop["text"] == "FileNotFoundError: [Errno 2] gone"
        frames = editor.ask("stackTrace", threadId=1)["stackFrames"]
        assert [(frame["name"], frame["line"]) for frame in frames] == [("down", 2), ("down", 3), ("down", 3), ("<module>", 6)]
        inner = editor.ask("scopes", frameId=frames[0]["id"])["scopes"][0]
        assert editor.variables(inner["variablesReference"])["n"]["value"] == "0"
        assert editor.ask("exceptionInfo", threadId=1)["breakMode"] == "unhandled"
        assert _to_end(editor) == 1


def test_an_exception_that_ends_a_thread_is_uncaught():
    with Client() as editor:
        editor.begin("launch", code="import threading\ndef fail(): 1 / 0\nt = threading.Thread(target=fail)\nt.start()\nt.join()\n", filters=["uncaught"])
        stop = editor.event("stopped", reason="exception")
        assert stop["threadId"] != 1 and "ZeroDivisionError" in stop["text"]
        assert _to_end(editor, stop["threadId"]) == 0


def test_exceptions_that_leave_the_program_for_a_library(tmp_path):
    path = tmp_path / "failing.py"
    path.write_text("import functools\ndef bad(a, b): raise LookupError(a)\ndef key(x): return bad(x, 1)\nfrom concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool:\n    future = pool.submit(key, 5)\nassert future.exception()\n")
    with Client() as editor:
        editor.begin("launch", program=str(path), filters=["userUnhandled"])
        stop = editor.event("stopped", reason="exception")
        assert "LookupError" in stop["text"]
        assert editor.ask("exceptionInfo", threadId=stop["threadId"])["breakMode"] == "userUnhandled"
        frames = [frame["name"] for frame in editor.ask("stackTrace", threadId=stop["threadId"])["stackFrames"]]
        assert frames[:2] == ["bad", "key"]
        assert _to_end(editor, stop["threadId"]) == 0


def test_exception_filters_have_conditions(tmp_path):
    path = tmp_path / "failing.py"
    path.write_text(FAILING)
    with Client() as editor:
        editor.ask("initialize", adapterID="morrow")
        number = editor.send("launch", program=str(path))
        editor.event("initialized")
        answer = editor.ask("setExceptionBreakpoints", filters=[], filterOptions=[{"filterId": "raised", "condition": "LookupError, !IndexError"}])
        assert answer["breakpoints"] == [{"verified": True}]
        bad = editor.ask("setExceptionBreakpoints", filters=[], filterOptions=[{"filterId": "raised", "condition": "1 +"}])
        assert not bad["breakpoints"][0]["verified"] and "SyntaxError" in bad["breakpoints"][0]["message"]
        editor.ask("setExceptionBreakpoints", filters=[], filterOptions=[{"filterId": "raised", "condition": "'worse' in str(exception)"}])
        editor.ask("configurationDone")
        editor.response(number)
        editor.event("stopped", reason="exception")
        assert editor.top(1)["line"] == 8
        editor.ask("setExceptionBreakpoints", filters=[], exceptionOptions=[{"path": [{"names": ["Python Exceptions"]}, {"names": ["LookupError"]}], "breakMode": "always"}])
        editor.ask("continue", threadId=1)
        editor.event("stopped", reason="exception")
        assert editor.top(1)["line"] == 15
        _to_end(editor)


# -- values -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stopped(program):
    """An editor whose program has stopped in main(), with its variables."""
    with Client() as editor:
        editor.begin("launch", {program: [{"line": _line("x = work(x)")}]}, program=program)
        editor.event("stopped")
        yield editor
        editor.ask("disconnect")


def test_values_are_shown_with_their_parts(stopped):
    found = stopped.locals(1)
    assert list(found) == ["numbers", "point", "slotted", "table", "x"]
    assert found["numbers"]["indexedVariables"] == 5000 and found["numbers"]["value"].startswith("[0, 1, 2")
    page = stopped.variables(found["numbers"]["variablesReference"], filter="indexed", start=4000, count=3)
    assert [(name, one["value"], one["evaluateName"]) for name, one in page.items()] == [(f"[{n}]", str(n), f"numbers[{n}]") for n in (4000, 4001, 4002)]
    table = stopped.variables(found["table"]["variablesReference"])
    assert {name: one["evaluateName"] for name, one in table.items()} == {"'a'": "table['a']", "(1, 2)": "table[(1, 2)]", "7": "table[7]"}
    deep = stopped.variables(table["7"]["variablesReference"])
    assert deep["'deep'"]["evaluateName"] == "table[7]['deep']" and deep["'deep'"]["value"] == "None"
    assert stopped.value(deep["'deep'"]["evaluateName"], 1) == "None"
    slots = stopped.variables(found["slotted"]["variablesReference"])
    assert {name: one["value"] for name, one in slots.items()} == {"a": "1"}


def test_properties_run_only_when_opened(stopped):
    point = stopped.variables(stopped.locals(1)["point"]["variablesReference"])
    assert list(point) == ["length", "x", "y", "_hidden"]
    assert point["length"]["presentationHint"]["lazy"] and stopped.value("computed", 1) == "0"
    assert point["_hidden"]["presentationHint"]["visibility"] == "private"
    opened = stopped.variables(point["length"]["variablesReference"])
    assert opened["length"]["value"] == "5.0" and stopped.value("computed", 1) == "1"


def test_globals_are_a_scope_of_their_own(stopped):
    scopes = stopped.ask("scopes", frameId=stopped.top(1)["id"])["scopes"]
    assert [(scope["name"], scope["expensive"]) for scope in scopes] == [("Locals", False), ("Globals", True)]
    assert stopped.variables(scopes[1]["variablesReference"])["computed"]["value"] == "0"


def test_values_can_be_set(stopped):
    scope = stopped.ask("scopes", frameId=stopped.top(1)["id"])["scopes"][0]["variablesReference"]
    assert stopped.ask("setVariable", variablesReference=scope, name="x", value="1 + 1")["value"] == "2"
    found = stopped.variables(scope)
    stopped.ask("setVariable", variablesReference=found["table"]["variablesReference"], name="(1, 2)", value="[x]")
    stopped.ask("setVariable", variablesReference=found["numbers"]["variablesReference"], name="[4999]", value="'last'")
    stopped.ask("setVariable", variablesReference=found["point"]["variablesReference"], name="y", value="-4")
    frame = stopped.top(1)["id"]
    assert stopped.ask("setExpression", frameId=frame, expression="table['a']", value="x * 5")["value"] == "10"
    assert stopped.value("(x, table['a'], table[1, 2], numbers[-1], point.y)", 1) == "(2, 10, [2], 'last', -4)"
    with pytest.raises(Refused, match="NameError"):
        stopped.ask("setVariable", variablesReference=scope, name="x", value="missing")
    stopped.ask("continue", threadId=1)
    assert "x is 1\n" in stopped.output("x is 1\n")  # work(2): the program's own variable has changed


def test_evaluating_expressions_and_statements(stopped):
    assert stopped.value("[x * n for n in range(3) if n < x]", 1) == "[0, 6, 12]"
    assert stopped.value("(lambda: point.x)()", 1, "hover") == "3"
    frame = stopped.top(1)["id"]
    assert stopped.ask("evaluate", expression="x = 100; fresh = 5", frameId=frame, context="repl")["result"] == ""
    assert stopped.value("x", 1, "repl") == "100"
    with pytest.raises(Refused, match="SyntaxError"):
        stopped.ask("evaluate", expression="x = 1", frameId=frame, context="watch")
    with pytest.raises(Refused, match="ZeroDivisionError: division by zero"):
        stopped.ask("evaluate", expression="1 / 0", frameId=frame, context="watch")
    assert stopped.ask("evaluate", expression="255", frameId=frame, format={"hex": True})["result"] == "0xff"
    whole = stopped.ask("evaluate", expression="'y' * 5000", frameId=frame, context="clipboard")["result"]
    assert len(whole) == 5002 and len(stopped.value("'y' * 5000", 1)) < 300
    stopped.ask("evaluate", expression="print('from the prompt')", frameId=frame, context="repl")
    stopped.output("from the prompt")


def test_values_that_misbehave_are_shown_all_the_same(stopped):
    frame = stopped.top(1)["id"]
    stopped.ask("evaluate", frameId=frame, context="repl", expression="class Bad:\n  def __repr__(self): raise RuntimeError('no')\n  def __getattr__(self, name): raise RuntimeError(name)\n")
    assert stopped.value("Bad()", 1) == "<Bad object; its repr raised RuntimeError>"
    assert stopped.value("10 ** 5000 > 1 and 10 ** 5000", 1).startswith("0x")
    stopped.ask("evaluate", frameId=frame, context="repl", expression="loop = []; loop.append(loop)")
    assert stopped.value("loop", 1) == "[[[[...]]]]"


def test_completions_know_the_frame(stopped):
    frame = stopped.top(1)["id"]

    def offered(text: str) -> set[str]:
        return {one["label"] for one in stopped.ask("completions", frameId=frame, text=text, column=len(text) + 1)["targets"]}

    assert {"numbers", "nonlocal"} <= offered("n")
    assert offered("1 + point.le") == {"length"}
    assert "append" in offered("numbers.a") and offered("missing.a") == set()


def test_values_of_a_stop_are_gone_when_the_program_goes_on(stopped):
    frame = stopped.top(1)["id"]
    stopped.ask("next", threadId=1)
    stopped.event("stopped", reason="step")
    with pytest.raises(Refused, match="this frame is gone"):
        stopped.ask("scopes", frameId=frame)


def test_going_on_at_another_line(stopped, program):
    targets = stopped.ask("gotoTargets", source={"path": program}, line=30)["targets"]
    stopped.ask("goto", threadId=1, targetId=targets[0]["id"])
    stopped.event("stopped", reason="goto")
    assert stopped.top(1)["line"] == 30
    assert stopped.ask("gotoTargets", source={"path": program}, line=2)["targets"] == []
    outside = stopped.ask("gotoTargets", source={"path": program}, line=22)["targets"][0]
    with pytest.raises(Refused):
        stopped.ask("goto", threadId=1, targetId=outside["id"])


def test_modules_sources_and_a_stack_in_pages(stopped, program):
    modules = stopped.ask("modules", startModule=0, moduleCount=5)
    assert len(modules["modules"]) == 5 and modules["totalModules"] > 20
    names = {one["name"]: one for one in stopped.ask("modules")["modules"]}
    assert names["__main__"]["isUserCode"] and not names["threading"]["isUserCode"]
    assert program in {one["path"] for one in stopped.ask("loadedSources")["sources"]}
    page = stopped.ask("stackTrace", threadId=1, startFrame=1, levels=1)
    assert [frame["name"] for frame in page["stackFrames"]] == ["<module>"] and page["totalFrames"] == 2


def test_source_of_code_that_is_no_file():
    program = "import linecache\ntext = 'def made(a):\\n    return a + 1\\n'\nlinecache.cache['<made 1>'] = (len(text), None, text.splitlines(True), '<made 1>')\nexec(compile(text, '<made 1>', 'exec'))\nexec('def bare():\\n    breakpoint()\\n    made(1)\\nbare()')\n"
    with Client() as editor:
        editor.begin("launch", code=program, justMyCode=False)
        editor.event("stopped")
        bare = editor.top(1)
        assert bare["source"]["name"] == "<string>" and "path" not in bare["source"]
        listing = editor.ask("source", source=bare["source"], sourceReference=bare["source"]["sourceReference"])
        assert "CALL" in listing["content"] or "made(1)" in listing["content"]
        editor.ask("stepIn", threadId=1)
        editor.event("stopped")
        made = editor.top(1)
        assert editor.ask("source", source=made["source"], sourceReference=0)["content"].startswith("def made(a):")
        assert _to_end(editor) == 0


# -- stepping ---------------------------------------------------------------------------------------------------------------


def test_libraries_are_stepped_over_unless_asked_for(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("import functools, json\ndef twice(x):\n    return 2 * x\nr = functools.reduce(lambda a, b: a + twice(b), [1, 2])\nt = json.dumps({'a': 1})\nend = 1\n")
    for mine, expected in ((True, ["app.py:4", "app.py:3", "app.py:4", "app.py:5", "app.py:6"]), (False, None)):
        with Client() as editor:
            editor.begin("launch", {str(path): [{"line": 4}]}, program=str(path), justMyCode=mine)
            editor.event("stopped")
            seen = []
            for _ in range(12):
                editor.ask("stepIn", threadId=1)
                editor.event("stopped", reason="step")
                top = editor.top(1)
                seen.append(f"{top['source']['name']}:{top['line']}")
                if seen[-1] == "app.py:6" or not mine and "__init__.py" in seen[-1]:
                    break
            if expected:
                assert [place for at, place in enumerate(seen) if not at or seen[at - 1] != place] in (expected, expected[:2] + expected[3:]), seen
            else:
                assert any("__init__.py" in place for place in seen), seen
            editor.ask("disconnect")


def test_stepping_through_generators_and_coroutines(tmp_path):
    path = tmp_path / "app.py"
    path.write_text(
        "import asyncio\ndef numbers():\n    yield 1\n    yield 2\nasync def wait(n):\n    await asyncio.sleep(0)\n    return n\nasync def main():\n    a = await wait(1)\n    b = await wait(2)\n    return a + b\n"
        "for n in numbers():\n    last = n\nr = asyncio.run(main())\nend = 1\n"
    )
    with Client() as editor:
        editor.begin("launch", {str(path): [{"line": 9}, {"line": 13}]}, program=str(path))
        editor.event("stopped")
        assert editor.top(1)["line"] == 13
        editor.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": 9}])
        seen = []
        for command in ("next", "next"):
            editor.ask(command, threadId=1)
            editor.event("stopped", reason="step")
            seen.append(editor.top(1)["line"])
        assert seen == [12, 13]
        editor.ask("continue", threadId=1)
        editor.event("stopped", reason="breakpoint")
        seen = []
        for command in ("next", "next", "next"):  # `await` is stepped over like a call; the end leads out of asyncio
            editor.ask(command, threadId=1)
            editor.event("stopped", reason="step")
            seen.append(editor.top(1)["line"])
        assert seen == [10, 11, 15]
        assert _to_end(editor) == 0


def test_a_step_over_a_breakpoint_and_a_raise(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("def inner():\n    x = 1\n    raise ValueError\ndef outer():\n    try:\n        inner()\n    except ValueError:\n        caught = 1\n    return caught\nouter()\n")
    with Client() as editor:
        editor.begin("launch", {str(path): [{"line": 6}, {"line": 2}]}, program=str(path))
        editor.event("stopped")
        editor.ask("next", threadId=1)
        editor.event("stopped", reason="breakpoint")
        assert editor.top(1)["line"] == 2
        seen = []
        for _ in range(3):
            editor.ask("next", threadId=1)
            editor.event("stopped", reason="step")
            seen.append((editor.top(1)["name"], editor.top(1)["line"]))
        assert seen == [("inner", 3), ("outer", 7), ("outer", 8)]
        assert _to_end(editor) == 0


# -- a live process ---------------------------------------------------------------------------------------------------------

SERVER = """\
import threading, time
def ready(): print("ready", flush=True)
count = 0
def handle(n):
    result = n * 2
    return result
def serve(name):
    global count
    while True:
        handle(count)
        count += 1
        time.sleep(0.001)
threading.Thread(target=serve, args=("helper",), name="helper", daemon=True).start()
ready()
while True:
    time.sleep(0.005)
"""


def _server(tmp_path: Path, python: str | Path = sys.executable):
    path = tmp_path / "server.py"
    path.write_text(SERVER)
    return started([python, path], settle=False), str(path)


def _is_untouched(pid: int) -> None:
    """Nothing of ours is left: no thread of ours, no tool, no trace function, no hook."""
    from morrow.debug.session import attach

    with attach(pid) as session:
        lines = iter(["import sys, threading", "p sys.gettrace(), threading._trace_hook, sys.breakpointhook is sys.__breakpointhook__",
                      "p [sys.monitoring.get_tool(n) for n in range(6)] if hasattr(sys, 'monitoring') else []", "p len(sys._current_frames())", "detach"])
        said = ""
        while True:
            message = session.receive(20)
            if message is None:
                raise AssertionError(said)
            said += message.get("out", "")
            if "prompt" in message:
                line = next(lines)
                session.answer(line)
                if line == "detach":
                    break
    assert "(None, None, True)" in said, said
    assert "[None, None, None, None, None, None]" in said or "[]" in said, said
    assert "\n2\n" in said, said


def _visit_server(python: str | Path, tmp_path: Path) -> None:
    server, path = _server(tmp_path, python)
    with server as target:
        for _ in range(2):  # and again: an editor that comes back
            with Client() as editor:
                editor.begin("attach", {path: [{"line": 5}]}, processId=target.pid)
                stop = editor.event("stopped", reason="breakpoint")
                frames = editor.ask("stackTrace", threadId=stop["threadId"])["stackFrames"]
                assert [frame["name"] for frame in frames[:2]] == ["handle", "serve"]
                threads = {one["name"]: one["id"] for one in editor.ask("threads")["threads"]}
                assert threads == {"MainThread": 1, "helper": stop["threadId"]}
                before = editor.value("count", stop["threadId"])
                assert editor.top(1)["name"] == "<module>"
                editor.ask("next", threadId=stop["threadId"])
                editor.event("stopped", reason="step")
                assert editor.top(stop["threadId"])["line"] == 6
                assert editor.value("count", stop["threadId"]) == before
                editor.ask("disconnect")
            assert target.alive
        _is_untouched(target.pid)


@pytest.mark.parametrize("build", ["this", *others()])
def test_a_live_process_stops_in_a_thread_that_ran_already_and_is_left_running(build, tmp_path):
    _visit_server(sys.executable if build == "this" else get_build(build), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("build", NAMES)
def test_a_live_process_of_every_build(build, tmp_path):
    _visit_server(get_build(build), tmp_path)


def test_pause_stops_whatever_a_thread_does(tmp_path):
    server, path = _server(tmp_path)
    with server as target, Client("--attach", str(target.pid)) as editor:
        editor.begin("attach")
        editor.ask("pause", threadId=1)
        editor.event("stopped", reason="pause")
        assert editor.top(1)["line"] >= 15
        threads = {one["name"]: one["id"] for one in editor.ask("threads")["threads"]}
        time.sleep(0.05)  # the helper comes to its next line and waits there
        counted = editor.value("count", 1)
        assert editor.value("count", 1) == counted
        assert editor.ask("evaluate", expression="count", frameId=editor.top(threads["helper"])["id"])["result"] == counted
        editor.ask("continue", threadId=1)
        deadline = time.monotonic() + 10
        while editor.ask("evaluate", expression="count")["result"] == counted:
            assert time.monotonic() < deadline
        editor.ask("pause", threadId=threads["helper"])
        assert editor.event("stopped", reason="pause")["threadId"] == threads["helper"]
        editor.ask("disconnect")
        assert target.alive


def test_a_thread_that_sleeps_in_c_code_can_be_looked_at_at_once():
    with running(sys.executable, "sleep") as target, Client() as editor:
        editor.begin("attach", pid=target.pid)
        editor.ask("pause", threadId=1)
        editor.event("stopped", reason="pause", seconds=5)
        assert editor.top(1)["name"] == "main" and editor.value("state", 1) == "'sleep'"
        editor.ask("continue", threadId=1)
        editor.ask("disconnect")
        assert target.alive


def test_one_thread_can_stop_alone(tmp_path):
    server, path = _server(tmp_path)
    with server as target, Client() as editor:
        editor.begin("attach", processId=target.pid, stopThreads="one")
        editor.ask("pause", threadId=1)
        assert editor.event("stopped", reason="pause")["allThreadsStopped"] is False
        counted = editor.value("count", 1)
        deadline = time.monotonic() + 10
        while editor.value("count", 1) == counted:
            assert time.monotonic() < deadline
        helper = next(one["id"] for one in editor.ask("threads")["threads"] if one["name"] == "helper")
        editor.ask("pause", threadId=helper)
        editor.event("stopped", reason="pause")
        editor.ask("evaluate", expression="__import__('time').sleep(0.1)")  # time enough for it to come back, and wait
        counted = editor.value("count", 1)
        editor.ask("evaluate", expression="__import__('time').sleep(0.1)")
        assert editor.value("count", 1) == counted
        editor.ask("continue", threadId=helper)
        while editor.value("count", 1) == counted:
            assert time.monotonic() < deadline
        editor.ask("disconnect")


def test_a_program_that_traces_itself_goes_on_doing_so(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("""\
import sys, threading, time
calls = []
def own(frame, event, arg):
    if frame.f_code.co_name == "work": calls.append(event)
def work(): return 1
def loop():
    while True:
        work(); time.sleep(0.005)
threading.settrace(own)
sys.settrace(own)
threading.Thread(target=loop, daemon=True).start()
print("ready", flush=True)
loop()
""")
    with started([sys.executable, path], settle=False) as target:
        for _ in range(2):
            with Client() as editor:
                editor.begin("attach", {str(path): [{"line": 5}]}, processId=target.pid)
                stop = editor.event("stopped", reason="breakpoint")
                editor.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[])
                editor.ask("continue", threadId=stop["threadId"])
                before = int(editor.ask("evaluate", expression="len(calls)")["result"])
                deadline = time.monotonic() + 10
                while int(editor.ask("evaluate", expression="len(calls)")["result"]) == before:
                    assert time.monotonic() < deadline, "its own trace function is not called any more"
                    time.sleep(0.05)  # evaluating takes the main thread: leave it some time to work
                assert editor.ask("evaluate", expression="threading._trace_hook is own")["result"] == "True"
                editor.ask("disconnect")
        assert target.alive


def test_an_evaluation_that_needs_another_thread_is_not_stuck():
    program = """
import threading, time
lock = threading.Lock()
def hold():
    while True:
        with lock:
            time.sleep(0.01)
            step = 1
threading.Thread(target=hold, daemon=True).start()
time.sleep(0.1)
breakpoint()
end = 1
"""
    with Client() as editor:
        editor.begin("launch", code=program)
        stop = editor.event("stopped")
        assert editor.ask("evaluate", expression="lock.acquire() and (lock.release(), 42)[1]", frameId=editor.top(stop["threadId"])["id"])["result"] == "42"
        editor.ask("disconnect")


def test_asyncio_tasks_are_shown_while_stopped():
    program = """
import asyncio
async def leaf(n): await asyncio.sleep(1000)
async def middle(n): await leaf(n)
async def main():
    tasks = [asyncio.create_task(middle(n), name=f"job-{n}") for n in range(2)]
    await asyncio.sleep(0.01)
    breakpoint()
    end = 1
    for task in tasks: task.cancel()
asyncio.run(main())
"""
    with Client() as editor:
        editor.begin("launch", code=program)
        editor.event("stopped")
        tasks = {one["name"]: one["id"] for one in editor.ask("threads")["threads"] if one["name"].startswith("task")}
        job = next(number for name, number in tasks.items() if "job-1" in name)
        frames = editor.ask("stackTrace", threadId=job)["stackFrames"]
        assert [frame["name"] for frame in frames] == ["sleep", "leaf", "middle"]
        assert editor.ask("evaluate", expression="n", frameId=frames[1]["id"])["result"] == "1"
        with pytest.raises(Refused, match="suspended task"):
            editor.ask("next", threadId=job)
        assert _to_end(editor) == 0


def test_a_forked_child_is_not_stopped(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("import os\nimport sys\nchild = os.fork()\nif not child:\n    x = 1\n    sys.stdout.write('child\\n'); sys.stdout.flush()\n    os._exit(0)\nos.waitpid(child, 0)\nprint('parent')\n")
    with Client() as editor:
        editor.begin("launch", {str(path): [{"line": 5}, {"line": 9}]}, program=str(path))
        editor.event("stopped", reason="breakpoint")
        assert editor.top(1)["line"] == 9
        assert _to_end(editor) == 0
        assert "child\n" in editor.output("parent")


def test_an_editor_that_dies_leaves_the_process_running(tmp_path):
    server, path = _server(tmp_path)
    with server as target:
        editor = Client()
        editor.begin("attach", {path: [{"line": 5}]}, processId=target.pid)
        editor.event("stopped")
        assert editor.process is not None
        editor.process.kill()
        editor.process.wait()
        with Client() as again:
            again.begin("attach", processId=target.pid)
            first = again.ask("evaluate", expression="count")["result"]
            deadline = time.monotonic() + 10
            while again.ask("evaluate", expression="count")["result"] == first:
                assert time.monotonic() < deadline
            again.ask("disconnect")
        assert target.alive


def test_paths_are_translated(tmp_path):
    server, path = _server(tmp_path)
    here = tmp_path / "here"
    here.mkdir()
    (here / "server.py").write_text(SERVER)
    with server as target, Client() as editor:
        mappings = [{"localRoot": str(here), "remoteRoot": str(tmp_path)}]
        answers = editor.begin("attach", {str(here / "server.py"): [{"line": 5}]}, processId=target.pid, pathMappings=mappings)
        assert answers[0]["verified"]
        stop = editor.event("stopped")
        assert editor.top(stop["threadId"])["source"]["path"] == str(here / "server.py")
        editor.ask("disconnect")


def test_a_file_that_only_the_process_has_is_shown_from_there(tmp_path):
    server, path = _server(tmp_path)
    with server as target, Client() as editor:
        editor.begin("attach", {path: [{"line": 5}]}, processId=target.pid, pathMappings=[{"localRoot": "/nowhere", "remoteRoot": str(tmp_path)}])
        stop = editor.event("stopped")
        source = editor.top(stop["threadId"])["source"]
        assert source["path"] == "/nowhere/server.py"
        assert editor.ask("source", source=source, sourceReference=source["sourceReference"])["content"] == SERVER
        editor.ask("disconnect")


def test_refusals_reach_the_editor():
    with Client() as editor:
        editor.ask("initialize", adapterID="morrow")
        with pytest.raises(Refused, match="attach-gone"):
            editor.ask("attach", processId=99999999)
        with pytest.raises(Refused, match="which process"):
            editor.ask("attach")


# -- listening --------------------------------------------------------------------------------------------------------------


def _listening(*arguments: str) -> tuple[subprocess.Popen[str], str, str]:
    environment = {**clean_environment(), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("src"))}
    process = subprocess.Popen([sys.executable, "-m", "morrow", "--dap", *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("morrow: editors can connect to "), line + process.stderr.read()
    address, _, token = line.removeprefix("morrow: editors can connect to ").strip().partition(", token ")
    return process, address, token


@pytest.mark.parametrize(
    ("words", "address", "pid", "wait", "command"),
    [
        ("", None, 0, False, []), ("--attach 7", None, 7, False, []), ("5678", "5678", 0, False, []),
        ("5678 --attach 7", "5678", 7, False, []), ("--attach=7 5678", "5678", 7, False, []),
        ("5678 --wait app.py -v --wait", "5678", 0, True, ["app.py", "-v", "--wait"]),
        ("5678 app.py --wait", "5678", 0, True, ["app.py"]), ("5678 -- app.py --wait", "5678", 0, False, ["app.py", "--wait"]),
        ("unix:/run/x --once -m mod a", "unix:/run/x", 0, False, ["-m", "mod", "a"]),
    ],
)  # fmt: skip
def test_the_command_line_is_taken_apart(words, address, pid, wait, command):
    given = _parse(words.split())
    assert (given.address, given.pid, given.wait, given.command) == (address, pid, wait, command)


@pytest.mark.parametrize("words", ["5678 --attach 7 app.py", "5678 --wait", "--attach x", "-m mod"])
def test_a_command_line_that_is_wrong_is_refused(words):
    with pytest.raises(SystemExit) as caught:
        _parse(words.split())
    assert caught.value.code == 2


def test_a_port_wants_its_token_and_serves_one_editor_after_the_other(tmp_path):
    server, path = _server(tmp_path)
    with server as target:
        process, address, token = _listening("0", "--attach", str(target.pid))
        try:
            host, _, port = address.rpartition(":")
            assert host == "127.0.0.1" and len(token) > 15
            socket.create_connection((host, int(port))).close()  # somebody who only knocks
            with Client(address=(host, int(port))) as editor:
                editor.ask("initialize", adapterID="morrow")
                for given in ({}, {"token": "guess"}):
                    with pytest.raises(Refused, match="token"):
                        editor.ask("attach", **given)
                with pytest.raises(Refused, match="token"):
                    editor.ask("threads")
            for _ in range(2):
                with Client(address=(host, int(port))) as editor:
                    editor.begin("attach", {path: [{"line": 5}]}, token=token)
                    editor.event("stopped")
                    editor.ask("disconnect")
            assert target.alive
        finally:
            process.kill()
            process.communicate()


def test_a_program_waits_for_its_editor(tmp_path):
    path = tmp_path / "app.py"
    path.write_text(WORK)
    process, address, token = _listening("127.0.0.1:0", "--wait", str(path))
    host, _, port = address.rpartition(":")
    with Client(address=(host, int(port))) as editor:
        editor.begin("attach", {str(path): [{"line": 30}]}, token=token)
        editor.event("stopped")
        assert _to_end(editor) == 0
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and out.endswith("done\n")


def test_a_program_that_runs_already_can_be_joined_and_ends_as_it_would(tmp_path):
    path = tmp_path / "app.py"
    path.write_text("import time, sys\ngo = False\nwhile not go: time.sleep(0.01)\nsys.exit(3)\n")
    folder = tmp_path / "s"
    process, address, token = _listening(f"unix:{folder}", str(path))
    assert token == "" and address == f"unix:{folder}" and os.stat(folder).st_mode & 0o777 == 0o600
    with Client(address=str(folder)) as editor:
        editor.begin("attach", {str(path): [{"line": 3}]})
        editor.event("stopped")
        editor.ask("evaluate", expression="go = True", frameId=editor.top(1)["id"], context="repl")
        editor.ask("disconnect")
    assert process.wait(20) == 3
    process.communicate()
    assert not folder.exists()


def test_what_is_no_protocol_ends_the_session_not_the_server(tmp_path):
    server, path = _server(tmp_path)
    with server as target:
        process, address, token = _listening(f"unix:{tmp_path / 's'}", "--attach", str(target.pid))
        try:
            with socket.socket(socket.AF_UNIX) as rude:
                rude.connect(str(tmp_path / "s"))
                rude.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert rude.recv(100) == b""
            with Client(address=str(tmp_path / "s")) as editor:
                editor.begin("attach")
                editor.ask("disconnect")
        finally:
            process.kill()
            process.communicate()


def test_code_without_a_breakpoint_keeps_its_speed():
    """With sys.monitoring, a session with a breakpoint elsewhere costs next to nothing; afterwards nothing at all."""
    if not hasattr(sys, "monitoring"):
        pytest.skip("3.11 has settrace only: code is slower while there are breakpoints")
    program = """
import time
def spin(n):
    t = 0
    for i in range(n): t += i
    return t
def never(): return 1
def measure():
    best = 9.0
    for _ in range(7):
        began = time.process_time(); spin(200_000); best = min(best, time.process_time() - began)
    return best
ready()
while True: time.sleep(0.01)
"""
    with code(sys.executable, program, settle=False) as target, Client() as editor:
        editor.begin("attach", processId=target.pid)
        plain = float(editor.ask("evaluate", expression="measure()")["result"])
        editor.ask("setFunctionBreakpoints", breakpoints=[{"name": "never"}])
        loaded = float(editor.ask("evaluate", expression="measure()")["result"])
        assert loaded < plain * 2, (plain, loaded)  # a trace function makes it 5 to 20 times slower
        editor.ask("disconnect")
