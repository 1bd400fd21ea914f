"""A program that switched remote debugging off is left alone, in every version."""

from __future__ import annotations

import struct
import sys

import pytest

from morrow.attach.errors import AttachError
from morrow.attach.optout import _option_given
from morrow.attach.seccomp import kills, run_filter
from tests.support.targets import started

SLEEP = "import time; print('ready', flush=True); time.sleep(100)"


def test_the_variable_is_honoured(visit):
    with started([sys.executable, "-c", SLEEP], env={"PYTHON_DISABLE_REMOTE_DEBUG": "1"}) as target:
        with pytest.raises(AttachError) as caught:
            visit(target.pid)
        assert caught.value.name == "attach-disabled" and "PYTHON_DISABLE_REMOTE_DEBUG" in str(caught.value)


def test_the_option_is_honoured(visit):
    with started([sys.executable, "-X", "disable-remote-debug", "-c", SLEEP]) as target:
        with pytest.raises(AttachError, match="-X disable-remote-debug"):
            visit(target.pid)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("python -X disable-remote-debug app.py", True),
        ("python -Xdisable-remote-debug -c pass", True),
        ("python -W error -X dev -X disable-remote-debug=1 app.py", True),
        ("python app.py -X disable-remote-debug", False),
        ("python -c pass -X disable-remote-debug", False),
        ("python -W disable-remote-debug app.py", False),
        ("python", False),
    ],
)
def test_only_the_interpreters_own_options_count(arguments, given):
    assert _option_given(arguments.split()) is given


def test_an_audit_hook_may_forbid_it(visit):
    program = """
import sys, time
def hook(event, args):
    if event == "cpython.remote_debugger_script": raise RuntimeError("not here")
sys.addaudithook(hook)
print("ready", flush=True); time.sleep(100)
"""
    with started([sys.executable, "-c", program]) as target:
        answer, _ = visit(target.pid)
        assert answer == {"refused": "attach-audit", "error": "RuntimeError('not here')"}
        assert target.alive


ARCH = 0xC000003E


def _program(*rows: tuple[int, int, int, int]) -> bytes:
    return b"".join(struct.pack("<HBBI", *row) for row in rows)


def test_a_filter_that_kills_for_a_call_is_understood():
    # if nr == 53: kill, else allow
    program = _program((0x20, 0, 0, 0), (0x15, 0, 1, 53), (0x06, 0, 0, 0x80000000), (0x06, 0, 0, 0x7FFF0000))
    assert kills(program, ARCH, 53) and not kills(program, ARCH, 54)


def test_a_filter_that_answers_with_an_error_is_survived():
    assert not kills(_program((0x06, 0, 0, 0x00050001)), ARCH, 53)


def test_a_filter_that_cannot_be_followed_is_taken_to_kill():
    assert kills(_program((0xFF, 0, 0, 0)), ARCH, 53)
    assert run_filter(b"", bytes(64)) is None
