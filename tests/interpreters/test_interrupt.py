"""An endless loop is interrupted from outside, wherever it is, and the interpreter goes on."""

from __future__ import annotations

import _imp
import os
import sys
import threading

import pytest

from morrow.interpreters import ExecutionFailed, create

BACKENDS = ("own-gil", "shared-gil", "process")


def interrupted(interp, *calls, ready=None, times=2):
    """Run *calls* in a thread, interrupt them until they end, some *times* at once, and return what they raised."""
    raised = []

    def run():
        try:
            interp.call(*calls)
        except ExecutionFailed as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not interp.is_running():
        pass
    if ready is not None:
        ready()
    while thread.is_alive():
        for _ in range(times):
            interp.interrupt()
        thread.join(1)
    return raised[0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_raised_is_a_keyboard_interrupt_with_the_place(backend):
    with create(backend) as interp:
        there, here = os.pipe()
        ready = "import os; os.write(os.open('/proc/{}/fd/{}', os.O_WRONLY), b'x')".format(os.getpid(), here)
        error = interrupted(interp, exec, f"def spin():\n    {ready}\n    while True: pass\nspin()", ready=lambda: os.read(there, 1), times=1)
        os.close(there)
        os.close(here)
        assert error.excinfo.formatted == "KeyboardInterrupt: "
        shown = error.excinfo.errdisplay.splitlines()
        assert shown[0] == "Traceback (most recent call last):" and shown[-1] == "KeyboardInterrupt"
        assert any(line.startswith('  File "<string>", line') and line.endswith(', in spin') for line in shown)


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "KeyboardInterrupt('why')", "KeyboardInterrupt(1, 2)"])
def test_an_interrupt_is_shown_as_where_traceback_has_been_imported(tmp_path, raised):
    (tmp_path / "module.py").write_text(f"def deep(n):\n    if n: return deep(n - 1)\n    [(lambda: deep)() for _ in (1,)]\n    raise {raised}\n")
    shown = []
    for first in ("pass", "import traceback"):
        with create(path=[str(tmp_path), *sys.path]) as interp:
            interp.exec(first)
            with pytest.raises(ExecutionFailed) as failed:
                interp.exec("import module\nmodule.deep(9)")
            assert interp.call(eval, "'traceback' in __import__('sys').modules") is (first != "pass")
            shown.append(failed.value.excinfo)
    assert shown[0] == shown[1]


@pytest.mark.parametrize("backend", BACKENDS)
def test_interrupts_in_quick_succession_are_one(backend):
    with create(backend) as interp:
        for _ in range(10):
            assert interrupted(interp, exec, "while True: pass").excinfo.type.__name__ == "KeyboardInterrupt"
            assert interp.call(pow, 2, 5) == 32


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_loop_that_imports_is_interrupted_anywhere(backend):
    text = "import sys\nwhile True:\n    for name in ('struct', 'fcntl', 'mmap', 'morrow.interpreters.board'): sys.modules.pop(name, None)\n    import struct, mmap, morrow.interpreters.board\n    for _ in range(200_000): pass"
    with create(backend) as interp:
        for _ in range(2):
            assert interrupted(interp, exec, text).excinfo.type.__name__ == "KeyboardInterrupt"
            assert interp.call(pow, 2, 5) == 32
            assert not _imp.lock_held() and not interp.call(eval, "__import__('_imp').lock_held()")


def test_the_agent_knows_the_rows_of_the_board():
    from morrow.interpreters import agent, board

    assert (agent._ASKED, agent._ANSWERED, agent._INTERRUPT) == (board.ASKED, board.ANSWERED, board.INTERRUPT)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_interrupt_that_comes_before_the_code_runs_is_heard(backend):
    with create(backend) as interp:
        raised = []

        def run():
            try:
                interp.exec("while True: pass")
            except ExecutionFailed as error:
                raised.append(error.excinfo.type.__name__)

        for _ in range(20):
            thread = threading.Thread(target=run)
            thread.start()
            while not interp.interrupt():
                pass
            thread.join(60)
            assert not thread.is_alive() and raised.pop() == "KeyboardInterrupt"
        assert interp.call(pow, 2, 5) == 32


def test_an_interrupt_before_an_interpreter_is_ready_is_not_lost():
    for _ in range(5):
        with create() as interp:
            thread = threading.Thread(target=_swallow, args=(interp,))
            thread.start()
            while not interp.interrupt():
                pass
            thread.join(30)
            assert not thread.is_alive()
            assert interp.call(abs, -1) == 1


def _swallow(interp):
    try:
        interp.exec("while True: pass")
    except ExecutionFailed as error:
        assert error.excinfo.type.__name__ == "KeyboardInterrupt"
