"""Children of a program that an editor has launched get sessions of their own, in editors that can open some."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.attach.conftest import wait_until
from tests.debug.dap import Client
from tests.support.same import clean_environment

CHILD = "import sys\nword = sys.argv[1] if len(sys.argv) > 1 else 'none'\nprint('child says', word, flush=True)\n"
METHODS = """\
import multiprocessing, sys

def work(queue, number):
    answer = number * 2
    queue.put(answer)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    queue = context.Queue()
    process = context.Process(target=work, args=(queue, 21))
    process.start()
    print("answer", queue.get(), flush=True)
    process.join()
    print("status", process.exitcode, flush=True)
"""


def _begin(editor: Client, path: Path, breakpoints: dict[str, list[dict[str, int]]], **more: object) -> None:
    editor.begin("launch", breakpoints, client={"supportsStartDebuggingRequest": True}, program=str(path), **more)


def _child_of(editor: Client) -> tuple[dict[str, object], str]:
    """Wait for the adapter's wish for a session; say yes; return its configuration and kind."""
    request = editor.request("startDebugging")
    editor.write({"type": "response", "request_seq": request["seq"], "success": True, "command": "startDebugging"})
    return dict(request["arguments"]["configuration"]), str(request["arguments"]["request"])


def test_a_child_started_by_its_command_line_stops_at_its_breakpoint(tmp_path):
    app, child = tmp_path / "app.py", tmp_path / "child.py"
    child.write_text(CHILD)
    app.write_text(f"import subprocess, sys\ndone = subprocess.run([sys.executable, {str(child)!r}, 'hello'])\nprint('status', done.returncode, flush=True)\n")
    with Client() as editor:
        _begin(editor, app, {})
        configuration, kind = _child_of(editor)
        assert kind == "attach" and configuration["name"] == f"child {configuration['processId']}: child.py"
        with Client() as second:
            second.begin("attach", {str(child): [{"line": 3}]}, **configuration)
            second.event("stopped", reason="breakpoint")
            assert second.top(1)["line"] == 3 and second.value("word", 1) == "'hello'"
            second.ask("continue", threadId=1)
            second.event("terminated")
        editor.output("status 0")
        assert editor.event("exited")["exitCode"] == 0
        assert "child says hello\n" in editor.output("child says")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing(method, tmp_path):
    app = tmp_path / "app.py"
    app.write_text(METHODS)
    line = 1 + METHODS.split("\n").index("    queue.put(answer)")
    with Client() as editor:
        _begin(editor, app, {}, args=[method])
        sessions = []
        try:
            while True:  # with forkserver, the server comes first
                configuration, _ = _child_of(editor)
                second = Client()
                sessions.append(second)
                second.begin("attach", {str(app): [{"line": line}]}, **configuration)
                if method != "forkserver" or len(sessions) == 2:
                    break
            second.event("stopped", reason="breakpoint")
            thread = 1
            assert second.value("answer", thread) == "42"
            second.ask("setVariable", variablesReference=second.ask("scopes", frameId=second.top(1)["id"])["scopes"][0]["variablesReference"], name="answer", value="43")
            second.ask("continue", threadId=thread)
            editor.output("answer 43")
            editor.output("status 0")
        finally:
            for one in sessions:
                one.__exit__()


def test_an_editor_that_refuses_leaves_children_alone(tmp_path):
    app = tmp_path / "app.py"
    app.write_text("import subprocess, sys\nprint('status', subprocess.run([sys.executable, '-c', 'pass']).returncode, flush=True)\n")
    with Client() as editor:
        _begin(editor, app, {})
        request = editor.request("startDebugging")
        editor.write({"type": "response", "request_seq": request["seq"], "success": False, "command": "startDebugging", "message": "no"})
        editor.output("status 0")


@pytest.mark.parametrize("client, more", [({}, {}), ({"supportsStartDebuggingRequest": True}, {"subProcess": False})])
def test_without_the_wish_no_child_waits(client, more, tmp_path):
    app = tmp_path / "app.py"
    app.write_text("import os, subprocess, sys\nif os.fork() == 0: os._exit(0)\nos.wait()\nprint('status', subprocess.run([sys.executable, '-c', 'pass']).returncode, flush=True)\n")
    with Client() as editor:
        editor.begin("launch", {}, client=client, program=str(app), **more)
        editor.output("status 0")
        editor.event("terminated")
        assert not editor.requests


def test_a_child_does_not_wait_for_an_editor_that_has_left(tmp_path):
    app, marker = tmp_path / "app.py", tmp_path / "done"
    app.write_text("import subprocess, sys\ndone = subprocess.run([sys.executable, '-c', 'pass'])\nopen(sys.argv[1], 'w').write(str(done.returncode))\n")
    with Client() as editor:
        _begin(editor, app, {}, args=[str(marker)])
        editor.request("startDebugging")
        editor.ask("disconnect", terminateDebuggee=False)
    wait_until(lambda: marker.exists() and marker.read_text() == "0")


def test_sessions_of_children_come_to_the_same_port(tmp_path):
    app, child = tmp_path / "app.py", tmp_path / "child.py"
    child.write_text(CHILD)
    app.write_text(f"import subprocess, sys\nsubprocess.run([sys.executable, {str(child)!r}, 'hello'])\n")
    path = str(tmp_path / "s")
    command = [sys.executable, "-m", "morrow", "--dap", "--once", f"unix:{path}"]
    with subprocess.Popen(command, env=clean_environment(), stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None and "editors can connect" in server.stderr.readline()
        with Client(address=path) as editor:
            _begin(editor, app, {})
            configuration, _ = _child_of(editor)
            with Client(address=path) as second:
                second.begin("attach", {str(child): [{"line": 3}]}, **configuration)
                second.event("stopped", reason="breakpoint")
                second.ask("continue", threadId=1)
                second.event("terminated")
            assert editor.event("exited")["exitCode"] == 0
            editor.ask("disconnect")
        assert server.wait(20) == 0, server.stderr.read()
