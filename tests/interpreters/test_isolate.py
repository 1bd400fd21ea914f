"""pytest --isolate: tests run in clean processes, and everything around them works as if they had not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap

import pytest

from tests.support.same import clean_environment


@pytest.fixture
def project(tmp_path):
    """Write files, run pytest in a process of its own, return its output."""

    def run(files: dict[str, str], *arguments: str) -> str:
        for name, text in files.items():
            (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "--color=no", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, env=clean_environment())
        return done.stdout + done.stderr

    return run


STATE = "state = []\ndef test_a():\n    assert state == []\n    state.append(1)\n"


def test_modules_do_not_see_each_other(project):
    files = {"shared.py": "state = []\n"}
    for name in "abc":
        files[f"test_{name}.py"] = "import shared\ndef test():\n    shared.state.append(1)\n    assert len(shared.state) == 1\n"
    assert "3 passed" in project(files, "--isolate", "-n2")
    assert "2 failed, 1 passed" in project(files)


def test_each_test_can_be_alone(project):
    files = {"test_m.py": STATE + "def test_b():\n    assert state == []\n"}
    assert "2 passed" in project(files, "--isolate=test")
    assert "1 failed, 1 passed" in project(files, "--isolate")


def test_output_of_a_failing_test_is_shown(project):
    out = project({"test_m.py": "def test():\n    print('from the test')\n    assert 1 == 2\n"}, "--isolate")
    assert "from the test" in out and "assert 1 == 2" in out and "1 failed" in out


def test_fixtures_of_all_scopes_work(project):
    files = {
        "conftest.py": "import pytest\n@pytest.fixture(scope='session')\ndef base():\n    yield 1\n@pytest.fixture(scope='module')\ndef more(base):\n    yield base + 1\n",
        "test_a.py": "def test(more, tmp_path, capsys):\n    print('x')\n    assert more == 2 and capsys.readouterr().out == 'x\\n'\n",
        "test_b.py": "def test(more, monkeypatch):\n    assert more == 2\n",
    }
    assert "2 passed" in project(files, "--isolate", "-n2")


def test_stops_at_the_first_failure(project):
    files = {"test_a.py": "def test_1(): assert 0\ndef test_2(): pass\n", "test_b.py": "def test_3(): pass\n"}
    out = project(files, "--isolate", "-n1", "-x")
    assert "1 failed" in out and "passed" not in out and "stopping after 1 failures" in out


def test_last_failed_are_remembered(project):
    files = {"test_a.py": "def test_1(): assert 0\ndef test_2(): pass\n"}
    assert "1 failed, 1 passed" in project(files, "--isolate")
    out = project(files, "--isolate", "--lf")
    assert "1 failed" in out and "passed" not in out


def test_junit_has_every_test(project, tmp_path):
    files = {"test_a.py": "def test_1(): assert 0\ndef test_2(): pass\n"}
    project(files, "--isolate", "--junitxml=out.xml")
    text = (tmp_path / "out.xml").read_text(encoding="utf-8")
    assert re.search(r'failures="1".*tests="2"', text) and 'name="test_2"' in text


def test_a_process_that_dies_fails_its_tests_and_no_others(project):
    files = {
        "test_a.py": "import os, signal\ndef test_1(): pass\ndef test_2(): os.kill(os.getpid(), signal.SIGKILL)\ndef test_3(): pass\n",
        "test_b.py": "def test_4(): pass\n",
    }
    out = project(files, "--isolate", "-n1")
    assert "2 failed, 2 passed" in out and "ended by SIGKILL while test_a.py::test_2 ran" in out


def test_coverage_comes_back(project, tmp_path):
    pytest.importorskip("coverage")
    files = {"mod.py": "def f(x):\n    if x:\n        return 1\n    return 2\n", "test_a.py": "import mod\ndef test():\n    assert mod.f(1) == 1\n", "test_b.py": "import mod\ndef test():\n    assert mod.f(0) == 2\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    run = [sys.executable, "-m", "coverage"]
    env = {**clean_environment(), "COVERAGE_CORE": "ctrace"}
    subprocess.run([*run, "run", "--include=mod.py", "-m", "pytest", "--isolate", "-q"], cwd=tmp_path, check=True, env=env, capture_output=True)
    out = subprocess.run([*run, "report", "--include=mod.py"], cwd=tmp_path, capture_output=True, text=True, env=env).stdout
    assert re.search(r"mod.py\s+4\s+0\s+100%", out), out


def test_it_is_off_unless_asked_for(project):
    assert "isolated:" not in project({"test_a.py": f"def test(): assert {os.getpid()}\n"})
