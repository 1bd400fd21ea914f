"""sys.remote_exec's promise, kept on every version."""

from __future__ import annotations

import sys

import pytest

from morrow.attach import remote_exec
from morrow.attach.remote_exec import write_request
from morrow.attach.target import find
from tests.attach.conftest import wait_until
from tests.support.builds import get_build
from tests.support.targets import running


@pytest.mark.parametrize("state", ["sleep", "busy"])
def test_a_file_runs_in_a_namespace_of_its_own(state, tmp_path):
    script, result = tmp_path / "script.py", tmp_path / "result"
    script.write_text(f"import os, sys\nopen({str(result)!r}, 'w').write(f'{{__name__}} {{os.getpid()}}')\n")
    with running(sys.executable, state) as target:
        remote_exec(target.pid, str(script))
        wait_until(lambda: result.exists() and result.read_text() == f"__main__ {target.pid}")
        assert target.alive


def test_errors_are_printed_by_the_target(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nsys.stderr.write('here\\n'); 1/0\n")
    with running(sys.executable, "sleep") as target:
        remote_exec(target.pid, script)
        assert target.process.stderr is not None
        assert target.process.stderr.readline() == "here\n"
        assert target.process.stderr.readline() == "Traceback (most recent call last):\n"
        assert target.alive


def test_a_file_that_is_not_there_is_an_error_here():
    with pytest.raises(FileNotFoundError):
        remote_exec(1, "/nowhere/script.py")


def test_pep_768_is_used_as_it_stands(tmp_path):
    script, result = tmp_path / "script.py", tmp_path / "result"
    script.write_text(f"open({str(result)!r}, 'w').write('ran')\n")
    with running(get_build("3.14"), "busy") as process, find(process.pid) as target:
        write_request(target, str(script))
        wait_until(lambda: result.exists() and result.read_text() == "ran")
        assert process.alive
