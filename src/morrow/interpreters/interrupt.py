"""Raise KeyboardInterrupt in what an interpreter runs, from outside, at its next instruction.

Two ways, by host and GIL. An interpreter that shares a GIL has a second thread while it runs (`agent.beat`), which sees the
word on the board. One with its own GIL is given a *pending call*: CPython makes the thread that runs there call a C
function at its next chance, and ``PyRun_SimpleString`` is a C function of the right shape (Include/internal/pycore_ceval.h,
_PyEval_AddPendingCall, exported since 3.12). What is in the middle of a C function, such as a sleep, goes on until that ends.
"""

from __future__ import annotations

from morrow.host import HERE
from morrow.interpreters import engine
from morrow.interpreters.board import INTERRUPT, MAILBOX, OWNED, RUNNING, STATE, get_board
from morrow.interpreters.errors import InterpreterError

_TEXT = b"__import__('sys').modules['morrow.interpreters.agent'].raise_here()"


def interrupt(id: int) -> bool:
    """Interrupt what interpreter *id* runs; return whether anything was running.

    Raises:
        InterpreterError: it cannot be done from this interpreter, or to that one.
    """
    board, words = get_board(), get_board().words
    with board.lock:
        row = board.find_interpreter(id)
        if row < 0 or words[row + STATE] != RUNNING:
            return False
        if words[row + INTERRUPT]:
            return True  # it has been asked and not yet come to it
        words[row + INTERRUPT] = 1
    if words[row + MAILBOX] < 0:
        return True  # its agent is not there yet, and will look before it runs anything
    if words[row + OWNED] == engine.SHARED_GIL and HERE is not None and HERE.starves:
        return True
    _add_pending_call(id)
    return True


def _add_pending_call(id: int) -> None:
    try:
        import ctypes
    except ImportError as error:  # 3.12, asked by an interpreter with its own GIL
        raise InterpreterError("this interpreter cannot interrupt others: ctypes does not load in it") from error
    api = ctypes.PyDLL(None)  # not ctypes.pythonapi, which is the program's too
    head, following, number = api.PyInterpreterState_Head, api.PyInterpreterState_Next, api.PyInterpreterState_GetID
    head.restype = following.restype = ctypes.c_void_p
    following.argtypes = number.argtypes = [ctypes.c_void_p]
    number.restype = ctypes.c_int64
    interpreter = head()
    while interpreter and number(interpreter) != id:
        interpreter = following(interpreter)
    if not interpreter:
        return
    add = api._PyEval_AddPendingCall
    add.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    run = ctypes.cast(api.PyRun_SimpleString, ctypes.c_void_p)
    # The text is this module's: it outlives the call.
    if add(interpreter, run, _TEXT, 0) != 0:
        raise InterpreterError(f"interpreter {id} has too many calls pending")
