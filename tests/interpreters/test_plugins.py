"""Plugins: each with its own modules, output, limits; calls that take too long are interrupted; what ends starts again."""

from __future__ import annotations

import os
import textwrap
import time

import pytest

from morrow.host import HERE
from morrow.interpreters.errors import ExecutionFailed, Interrupted, WorkerLost
from morrow.interpreters.plugins import PluginHost, PolicyError

BACKENDS = ["auto", "process"]


@pytest.fixture
def plugin_file(tmp_path):
    """Write a plugin's file and return its path."""

    def write(source: str, name: str = "plug.py") -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_plugin_is_called_and_keeps_its_state(plugin_file, backend):
    path = plugin_file("n = 0\ndef add(x):\n    global n\n    n += x\n    return n")
    with PluginHost({"p": {"module": path, "backend": backend}}) as host:
        assert [host["p"].call("add", 2), host["p"].call("add", 3)] == [2, 5]
        assert host.health()["p"]["calls"] == 2


@pytest.mark.parametrize("backend", [*BACKENDS, "shared-gil"])
def test_an_endless_loop_is_interrupted_and_the_plugin_goes_on(plugin_file, backend):
    path = plugin_file("def spin():\n    while True: pass\ndef ok(): return 1")
    with PluginHost({"p": {"module": path, "backend": backend, "time_limit": 0.3}}) as host:
        with pytest.raises(Interrupted, match="spin took longer than 0.3 s") as caught:
            host["p"].call("spin")
        assert caught.value.seconds == 0.3
        assert host["p"].call("ok") == 1
        assert host["p"].statistics.interrupted == 1


def test_a_plugin_that_may_run_into_its_limit_does_not_share_a_gil(plugin_file):
    path = plugin_file("def ok(): return 1")
    with PluginHost({"limited": {"module": path, "time_limit": 5}, "free": {"module": path}}) as host:
        trusts_own = HERE is not None and HERE.own_gil and not HERE.own_gil_breaks
        assert host["limited"].backend == ("own-gil" if trusts_own else "process")
        assert host["free"].backend == ("own-gil" if trusts_own else "shared-gil")


def test_a_loop_that_does_not_listen_is_ended_in_a_process(plugin_file):
    path = plugin_file("import signal\ndef stubborn():\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    while True: pass\ndef ok(): return 1")
    with PluginHost({"p": {"module": path, "backend": "process", "time_limit": 0.2}}) as host:
        with pytest.raises(Interrupted, match="was ended"):
            host["p"].call("stubborn")
        assert host["p"].call("ok") == 1
        assert host["p"].statistics.restarts == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_a_plugin_prints_is_caught(plugin_file, backend, capfd):
    path = plugin_file("import sys\ndef say():\n    print('hello')\n    print('trouble', file=sys.stderr)")
    with PluginHost({"p": {"module": path, "backend": backend}}) as host:
        host["p"].call("say")
        end = time.monotonic() + 10
        while host["p"].output() != "hello\ntrouble\n" and time.monotonic() < end:
            pass
        assert host["p"].output() == "hello\ntrouble\n"
    assert "hello" not in capfd.readouterr().out


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_versions_of_a_package_side_by_side(plugin_file, backend, tmp_path):
    plugin_file("version = 1", "one/dep.py")
    plugin_file("version = 2", "two/dep.py")
    path = plugin_file("import dep\ndef version(): return dep.version")
    table = {"module": path, "backend": backend}
    with PluginHost({"a": {**table, "path": [str(tmp_path / "one")]}, "b": {**table, "path": [str(tmp_path / "two")]}}) as host:
        assert [host["a"].call("version"), host["b"].call("version")] == [1, 2]


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_has_its_own_environment(plugin_file, backend):
    path = plugin_file("import os\ndef get(): return os.environ.get('WHO')")
    with PluginHost({"p": {"module": path, "backend": backend, "env": {"WHO": "me"}}}) as host:
        assert host["p"].call("get") == "me"
    assert "WHO" not in os.environ


def test_a_plugin_in_a_process_works_in_its_own_folder(plugin_file, tmp_path):
    path = plugin_file("import os\ndef where(): return os.getcwd()")
    with PluginHost({"p": {"module": path, "cwd": str(tmp_path)}}) as host:
        assert host["p"].backend == "process"
        assert host["p"].call("where") == str(tmp_path)
    assert os.getcwd() != str(tmp_path)


def test_memory_is_limited_in_a_process(plugin_file):
    path = plugin_file("def hog(): return len(bytearray(1 << 30))\ndef ok(): return 1")
    with PluginHost({"p": {"module": path, "memory_limit": 100 << 20}}) as host:
        with pytest.raises(ExecutionFailed, match="MemoryError"):
            host["p"].call("hog")
        assert host["p"].call("ok") == 1


def test_a_killed_plugin_says_so_and_starts_again(plugin_file):
    path = plugin_file("import os, signal\ndef die(): os.kill(os.getpid(), signal.SIGKILL)\ndef ok(): return 1")
    with PluginHost({"p": {"module": path, "backend": "process"}}) as host:
        with pytest.raises(WorkerLost, match="SIGKILL") as caught:
            host["p"].call("die")
        assert caught.value.status == -9
        assert host["p"].state == "lost"
        assert host["p"].call("ok") == 1


def test_a_changed_file_is_loaded_anew(plugin_file):
    path = plugin_file("def get(): return 1")
    with PluginHost({"p": {"module": path, "reload": True}}) as host:
        assert host["p"].call("get") == 1
        plugin_file("def get(): return 2")
        os.utime(path, ns=(1, 1))
        assert host["p"].call("get") == 2
        assert host["p"].statistics.reloads == 1


def test_a_policy_file_describes_the_host(plugin_file, tmp_path):
    plugin_file("def get(): return 1")
    (tmp_path / "plugins.toml").write_text('[defaults]\ntime_limit = 5\n[plugins.p]\nmodule = "plug.py"\n', encoding="utf-8")
    with PluginHost.from_file(str(tmp_path / "plugins.toml")) as host:
        assert host["p"].call("get") == 1
        assert host["p"].policy.time_limit == 5


@pytest.mark.parametrize(
    ("table", "text"),
    [({"nonsense": 1}, "plugins.p.nonsense: there is no such entry"), ({"backend": "x"}, "plugins.p.backend: 'x' is not one of"), ({"restart": "x"}, "plugins.p.restart")],
)
def test_a_policy_without_meaning_names_the_place(table, text):
    with pytest.raises(PolicyError, match=text):
        PluginHost({"p": {"module": "json", **table}})


def test_explain_says_at_exit_what_went_to_a_process(program):
    source = "import os, sys\nfrom morrow.interpreters import policy\npolicy.move_to_process('wide', 'it says no')\nprint('done', file=sys.stderr)"
    program(source, errors="done\ninterpreters: wide works in a process: it says no\n", environment={"MORROW_EXPLAIN": "text"})
