"""Create, run and destroy interpreters over whichever private module the host has.

The only file that touches that module. Its functions are those of 3.14's `_interpreters`, with what crashes some hosts
made unreachable: a row on the board (`board`) says whether an interpreter is idle, running or being closed, and only one
thread of one interpreter at a time may change that; whatever is left at exit is interrupted and closed before CPython
would find it; threads that a host cannot end are ended here.
"""

from __future__ import annotations

import _thread
import atexit
import marshal
import os
import sys
import warnings

import morrow
from morrow.debuglog import log
from morrow.host import HERE
from morrow.interpreters import capsule, crossing, forks, keyword_parsers, own_frames
from morrow.interpreters.board import (
    ANSWERED,
    ASKED,
    CLOSING,
    ID,
    IDLE,
    INTERRUPT,
    MAILBOX,
    OWNED,
    REFERENCES,
    RUNNING,
    STATE,
    anonymous_file,
    get_board,
)
from morrow.interpreters.errors import ExecutionFailed, InterpreterError, InterpreterNotFoundError, NotShareableError
from morrow.interpreters.mailbox import SMALL, Mailbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, ModuleType, SimpleNamespace

MAIN = 0
OWN_GIL, SHARED_GIL = 1, 2  # what a row's OWNED says; 0: somebody else made the interpreter

_host: object = None
_ids: dict[int, object] = {}  # the host's objects that keep interpreters alive, on hosts that have such
_creators: dict[int, int] = {}  # the threads that made them
_mailboxes: dict[int, Mailbox] = {}
# `capsule` has put the agent's `step` there: where a host takes nothing but text, it compiles it at each call.
_STEP_TEXT = "__import__('morrow').step()"
_STEP = compile(_STEP_TEXT, "<string>", "exec") if HERE is not None and HERE.interpreters_face == "numbers" else _STEP_TEXT


class Unavailable(ImportError):
    """This host has no private module for interpreters that we know."""


def host() -> object:
    """Return the host's private module.

    Raises:
        Unavailable: it has none.
    """
    global _host
    if _host is None:
        if HERE is None:
            raise Unavailable("this Python is not one this morrow knows: its interpreters cannot be used")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                _host = __import__(HERE.interpreters_module)
            except ImportError as error:
                raise Unavailable(f"this Python has no {HERE.interpreters_module}") from error
    return _host


def _by_objects() -> bool:
    return HERE is not None and HERE.interpreters_face == "objects"


# -- asking ------------------------------------------------------------------------------------------------------------


def list_all() -> list[int]:
    """Return the ids of all interpreters of this process, oldest first."""
    before = forks.number()
    found = _list_all()
    return found if not forks.were_since(before) else list_all()


def _list_all() -> list[int]:
    if _by_objects():
        return sorted(int(id) for id in host().list_all())  # type: ignore[attr-defined]
    try:
        return sorted(id for id, _ in host().list_all(require_ready=True))  # type: ignore[attr-defined]
    except TypeError:
        return sorted(id for id, _ in host().list_all())  # type: ignore[attr-defined]


def get_current() -> int:
    """Return the id of the interpreter that asks."""
    return int(host().get_current()) if _by_objects() else host().get_current()[0]  # type: ignore[attr-defined]


def is_running(id: int) -> bool:
    """Return whether code runs in an interpreter's ``__main__`` now.

    Raises:
        InterpreterNotFoundError: there is no such interpreter.
    """
    if id == MAIN:
        return True  # as long as there is anybody to ask; 3.11 looks at one thread only, which may have just begun
    before = forks.number()
    try:
        runs = bool(host().is_running(id))  # type: ignore[attr-defined]
    except Exception as error:  # RuntimeError on some hosts, an exception class of its own on others
        if _SEVERAL not in str(error):
            if forks.were_since(before):
                return is_running(id)
            raise _not_found(id) from error
        runs = False
    if runs:
        return True
    # Some hosts only look at the thread that was started last, which may be one of ours.
    row = get_board().find_interpreter(id)
    return row >= 0 and get_board().words[row + STATE] == RUNNING


# What a host says that can only run code in interpreters without background threads.
_SEVERAL = "more than one thread"


def exists(id: int) -> bool:
    """Return whether there is an interpreter with this id."""
    if id == MAIN:
        return True
    before = forks.number()
    try:
        host().is_running(id)  # type: ignore[attr-defined]
    except Exception as error:  # as above
        return _SEVERAL in str(error) or (forks.were_since(before) and exists(id))
    return True


def whence(id: int) -> int:
    """Return where an interpreter comes from: 1 it is the main one, 5 this module made it, 3 the C-API did, 0 unknown."""
    if id == MAIN:
        return 1
    if not exists(id):
        raise _not_found(id)
    row = get_board().find_interpreter(id)
    if row >= 0 and get_board().words[row + OWNED]:
        return 5
    return 5 if _by_objects() else host().whence(id)  # type: ignore[attr-defined,no-any-return]


def _not_found(id: int) -> InterpreterNotFoundError:
    return InterpreterNotFoundError(f"unrecognized interpreter ID {id}")


# -- creating and destroying -----------------------------------------------------------------------------------------------


def create(own_gil: bool | None = None) -> int:
    """Make an interpreter and return its id. It does nothing, and costs nothing more, until it is first used.

    Args:
        own_gil: False for one that shares the caller's GIL, which loads more extension modules. None is True where the
            host can.

    Raises:
        InterpreterError: the host refuses.
    """
    own = HERE is not None and HERE.own_gil and own_gil is not False
    module = host()
    if own and HERE is not None and HERE.frames_cross:
        own_frames.install(HERE.frames_cross)
    forks.install()
    asks = None if own else _ask_for_the_gil(SHARED_GIL)
    try:
        with forks.changing_the_list():
            if _by_objects():
                made = module.create(isolated=own)  # type: ignore[attr-defined]
                id = int(made)
                _ids[id] = made
            else:
                id = module.create("isolated" if own else "legacy")  # type: ignore[attr-defined]
    except RuntimeError as error:
        raise InterpreterError(str(error)) from error
    finally:
        if asks is not None:
            asks.end()
    board = get_board()
    with board.lock:
        row = board.interpreter(id)
        words = board.words
        if words[row + MAILBOX]:
            _close_fd(words[row + MAILBOX])  # of an interpreter that somebody destroyed behind our back
        for word in range(8):
            words[row + word] = 0
        words[row + ID] = id
        words[row + OWNED] = OWN_GIL if own else SHARED_GIL
        words[row + MAILBOX] = -1
    _creators[id] = _thread.get_ident()
    _close_at_exit()
    log("interpreters", 1, f"interpreter {id} created ({'own' if own else 'shared'} GIL)")
    return id


def hold(id: int) -> None:
    """Count one more object that stands for an interpreter."""
    board = get_board()
    with board.lock:
        row = board.find_interpreter(id)
        if row >= 0:
            board.words[row + REFERENCES] += 1
    if _by_objects() and id not in _ids and id != MAIN:
        _ids[id] = host().InterpreterID(id)  # type: ignore[attr-defined]


def release(id: int) -> None:
    """Count one fewer; with the last one the interpreter is closed, unless somebody else made it."""
    board = get_board()
    if board.lock.closed:  # this interpreter ends
        return
    with board.lock:
        row = board.find_interpreter(id)
        if row < 0:
            return
        board.words[row + REFERENCES] -= 1
        last = board.words[row + REFERENCES] <= 0
    if last:
        try:
            destroy(id)
        except InterpreterError as error:  # it runs, in a thread that will not close it: `_close_all` will
            log("interpreters", 1, f"interpreter {id} stays: {error}")


def destroy(id: int) -> None:
    """Close an interpreter: wait for its threads, run what it has left to do, give back its memory.

    Raises:
        InterpreterNotFoundError: there is no such interpreter.
        InterpreterError: it runs, it is the one that asks, or it is not ours.
    """
    board, words = get_board(), get_board().words
    if not exists(id):
        raise _not_found(id)
    if id == MAIN or board.find_interpreter(id) < 0:
        raise InterpreterError(f"cannot destroy unrecognized interpreter {id}")
    if id == get_current():
        raise InterpreterError("cannot destroy the current interpreter")
    with board.lock:
        row = board.find_interpreter(id)
        if row < 0 or words[row + STATE] == CLOSING:
            raise _not_found(id)
        if words[row + STATE] == RUNNING or is_running(id):
            raise InterpreterError("interpreter running")
        words[row + STATE] = CLOSING
        mailbox = words[row + MAILBOX]
    asks = _ask_for_the_gil(words[row + OWNED])
    try:
        if mailbox > 0 and HERE is not None and not HERE.ends_threads:
            _end_threads(id, row)
        if mailbox > 0 and HERE is not None and not HERE.threading_finds_main:
            _ask(id, [b"k", marshal.dumps(("prepare_to_end", ()))])
            _wait_until_alone(id)
        with forks.changing_the_list():
            host().destroy(id)  # type: ignore[attr-defined]
    except Exception as error:
        if exists(id):
            with board.lock:
                words[row + STATE] = IDLE
            raise InterpreterError(str(error)) from error
    finally:
        if asks is not None:
            asks.end()
        _ids.pop(id, None)
        _creators.pop(id, None)
    box = _mailboxes.pop(id, None)
    if box is not None:
        box.close()
    with board.lock:
        for word in range(8):
            words[row + word] = 0
    _close_fd(mailbox)
    log("interpreters", 1, f"interpreter {id} closed")


def _end_threads(id: int, row: int) -> None:
    """Do what later hosts do when they destroy an interpreter: wait for its threads."""
    words = get_board().words
    _ask(id, [b"k", marshal.dumps(("finish_threads", ()))])
    served = words[row + ASKED], words[row + ANSWERED]
    if served[0]:
        _ask(id, [b"k", marshal.dumps(("stop_serving", ()))])
        words[row + ASKED] = words[row + ANSWERED] = 0
        _wait_until_alone(id)
        for fd in served:
            _close_fd(fd)


def _wait_until_alone(id: int) -> None:
    """Wait until the host sees one thread only: one that has just ended is still there for a moment."""
    import time

    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            host().is_running(id)  # type: ignore[attr-defined]
            return
        except RuntimeError as error:
            if _SEVERAL not in str(error):
                return
        time.sleep(0.0001)
    raise InterpreterError(f"interpreter {id} still has threads: one was started in a way that cannot be seen")


def _close_fd(fd: int) -> None:
    if fd > 0:
        try:
            os.close(fd)
        except OSError:  # an interpreter that is gone had closed it
            pass


# -- running -------------------------------------------------------------------------------------------------------------


def run_code(id: int, code: object) -> None:
    """Run a code object in an interpreter's ``__main__``.

    Raises:
        ExecutionFailed: it raised something.
        InterpreterError: the interpreter is running already, or gone.
    """
    ask(id, [b"x", marshal.dumps(code)])  # type: ignore[arg-type]


def call(id: int, function: object, args: tuple[object, ...], kwargs: dict[str, object], with_exception: bool = False) -> object:
    """Call *function* in an interpreter and return what it returns.

    With *with_exception* the exception itself comes back, as ``exception`` of the ExecutionFailed, if it can cross.

    Raises:
        NotShareableError: the function, an argument or the result cannot cross.
        ExecutionFailed: it raised something.
    """
    return ask(id, encode_call(function, args, kwargs, with_exception))


def encode_call(function: object, args: tuple[object, ...], kwargs: dict[str, object], with_exception: bool) -> crossing.Pieces:
    """Return the message for a call.

    Raises:
        NotShareableError: the function or an argument cannot cross.
    """
    if crossing.is_plain(args) and crossing.is_plain(kwargs.values()):
        place = crossing.place_of(function)
        if place is not None:
            return [b"q", marshal.dumps((with_exception, place, args, kwargs))]
    return crossing.pack(
        b"c",
        [[b"\1" if with_exception else b"\0"], crossing.encode(function), crossing.encode(args), _encode_named(kwargs)],
    )


def _encode_named(kwargs: dict[str, object]) -> crossing.Pieces:
    if crossing.is_plain(kwargs.values()):
        return [b"m", marshal.dumps(kwargs)]
    return crossing.encode(kwargs)


def set_main_attrs(id: int, values: dict[str, object]) -> None:
    """Bind values in an interpreter's ``__main__``."""
    ask(id, [b"m", *_encode_named(values)])


def ask(id: int, message: crossing.Pieces) -> object:
    """Give a message to an interpreter's agent and return the value that it answers.

    Raises:
        ExecutionFailed, NotShareableError: as the answer says.
        InterpreterError: the interpreter is running already, or gone.
    """
    board = get_board()
    with board.lock:
        row = _take(id)
    try:
        return _ask(id, message)
    finally:
        board.words[row + STATE] = IDLE  # only who made it RUNNING may change that, so this takes no lock


def _take(id: int) -> int:
    board = get_board()
    row = board.interpreter(id)
    if board.words[row + ID] == id and board.words[row + STATE] == CLOSING:
        raise _not_found(id)
    runs = is_running(id)
    if board.find_interpreter(id) < 0:
        raise InterpreterError(f"cannot exec code for unrecognized interpreter {id}")
    if runs:
        raise InterpreterError("interpreter already running")
    board.words[row + STATE] = RUNNING
    board.words[row + INTERRUPT] = 0
    return row


def _ask(id: int, message: crossing.Pieces) -> object:
    row = get_board().interpreter(id)
    asks = _ask_for_the_gil(get_board().words[row + OWNED])
    try:
        box = _mailboxes.get(id) or _open_mailbox(id)
        box.write(message)
        _make_it_answer(id, row)
    finally:
        if asks is not None:
            asks.end()
    data = box.read()
    try:
        return answer(data)
    finally:
        data.release()
        box.trim()


def _ask_for_the_gil(kind: int) -> ModuleType | None:
    """Let this interpreter's threads hand the GIL to one that shares it, where they would not; the result's ``end`` ends that."""
    if HERE is None or not HERE.starves or kind != SHARED_GIL or get_current() != MAIN:
        return None
    from morrow.interpreters import pulse

    pulse.begin()
    return pulse


def _make_it_answer(id: int, row: int) -> None:
    words = get_board().words
    if words[row + ASKED]:
        from morrow.interpreters import wakeup

        wakeup.post(words[row + ASKED])
        wakeup.wait((words[row + ANSWERED],))
    else:
        _enter(id, _STEP)  # type: ignore[arg-type]


def answer(data: memoryview) -> object:
    """Return the value in an agent's answer, or raise what it says.

    Raises:
        ExecutionFailed, NotShareableError: as it says.
    """
    kind = bytes(data[:1])
    if kind == b"v":
        part = data[1:]
        try:
            return crossing.decode(part)
        except Exception as error:
            raise NotShareableError("object could not be unpickled") from error
    if kind == b"n":
        text, cause = marshal.loads(data[1:])
        raise NotShareableError(text) from (Exception(cause) if cause else None)
    if kind == b"e":
        about, exception = crossing.unpack(data[1:])
        failed = ExecutionFailed(excinfo(marshal.loads(about)))
        try:
            failed.exception = crossing.decode(exception)  # type: ignore[attr-defined]
        except Exception as error:  # a class that cannot be found here, or whose __init__ refuses
            log("interpreters", 1, f"an exception could not be unpickled: {error}")
        raise failed
    raise ExecutionFailed(excinfo(marshal.loads(data[1:])))


def excinfo(about: dict[str, object]) -> SimpleNamespace:
    """Return plain values about an exception as the object that ExecutionFailed has."""
    from types import SimpleNamespace

    frames = about.pop("frames", None)
    if frames is not None:
        about["errdisplay"] = _shown(str(about["msg"]), frames)  # type: ignore[arg-type]
    return SimpleNamespace(**{**about, "type": SimpleNamespace(**about["type"])})  # type: ignore[dict-item]


def _shown(message: str, frames: tuple[tuple[str, int, str, int, int, int, int], ...]) -> str:
    """Return the traceback of a KeyboardInterrupt, from where its frames were (`agent.describe`)."""
    import traceback

    error = KeyboardInterrupt(*[message] * bool(message))
    shown = traceback.TracebackException(KeyboardInterrupt, error, None)
    for file, line, name, first, last, column, end in frames:
        more = {} if first is None else {"end_lineno": last, "colno": column, "end_colno": end}
        shown.stack.append(traceback.FrameSummary(file, line, name, lookup_line=False, **more))  # type: ignore[arg-type]
    return "".join(shown.format()).rstrip("\n")


def _open_mailbox(id: int) -> Mailbox:
    """Map the memory of an interpreter's mailbox; the first to use the interpreter makes it, and starts the agent."""
    board, row = get_board(), get_board().interpreter(id)
    fd = board.words[row + MAILBOX]
    if fd < 0:
        fd = anonymous_file("morrow-mailbox", SMALL)
        try:
            _enter(id, _first_text(id, fd, board.words[row + OWNED]))
        except BaseException:
            os.close(fd)
            raise
        board.words[row + MAILBOX] = fd
    box = _mailboxes[id] = Mailbox(fd)
    return box


def _first_text(id: int, mailbox: int, kind: int) -> str:
    """Return what an interpreter runs first. It leaves no name behind, and needs nothing to be on sys.path."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    if isinstance(path, str):
        path = os.path.abspath(path)
    path0 = None if morrow.for_interpreters or HERE is None or HERE.passes_path0 or not sys.path or sys.flags.safe_path else sys.path[0]
    board = get_board()
    lines = [capsule.text(), f"agent.start({mailbox}, {board.fd}, {8 * board.interpreter(id)}, {path!r}, {path0!r})"]
    if HERE is not None:
        if kind == OWN_GIL and HERE.own_gil_breaks:
            lines.append(f"agent.block({HERE.own_gil_breaks!r})")
        if HERE.frames_cross:
            lines.append(f"own_frames.install({HERE.frames_cross})")
        if not HERE.ends_threads:
            lines.append("agent.prepare_threads()")
        if HERE.starves and kind == SHARED_GIL:
            lines.append(f"agent.beat({_creators.get(id, 0)})")
    if morrow.for_interpreters:
        lines.append(morrow.for_interpreters)
    return f"exec({chr(10).join(lines)!r}, {{}})"


def _enter(id: int, text: str | CodeType) -> None:
    """Run our own text in an interpreter; the agent reports the program's exceptions, so none comes out here."""
    before = forks.number()
    try:
        failed = host().run_string(id, text) if type(text) is str else host().exec(id, text)  # type: ignore[attr-defined]
    except Exception as error:  # RunFailedError, RuntimeError, InterpreterError: by host
        if _SEVERAL in str(error):
            _wait_until_alone(id)
            return _enter(id, text)
        if "unrecognized" in str(error) or "not found" in str(error).lower():
            if forks.were_since(before):
                return _enter(id, text)
            raise _not_found(id) from error
        if "already running" in str(error):
            raise InterpreterError("interpreter already running") from error
        raise InterpreterError(str(error)) from error
    if failed is not None:
        raise InterpreterError(f"the interpreter cannot be used: {failed.formatted}\n{getattr(failed, 'errdisplay', '')}")


# -- the end -------------------------------------------------------------------------------------------------------------


_at_exit: list[Callable[[], None]] = []


def before_exit(function: Callable[[], None]) -> None:
    """Call *function* at exit, before interpreters are closed: pools and plugin hosts end their work there."""
    _close_at_exit()
    _at_exit.append(function)


_closes_at_exit = False


def _forget() -> None:
    _ids.clear()
    _creators.clear()
    _mailboxes.clear()


os.register_at_fork(after_in_child=_forget)  # they are the parent's


def _close_at_exit() -> None:
    global _closes_at_exit
    if not _closes_at_exit and get_current() == MAIN:
        atexit.register(_close_all)
        _closes_at_exit = True


def _close_all() -> None:
    """Close what is left, as CPython does later and some hosts do not survive."""
    for function in reversed(_at_exit):
        function()
    board = get_board()
    left = [board.words[row + ID] for row in board.interpreters() if board.words[row + OWNED]]
    left = [id for id in left if exists(id)]
    if left:
        warnings.warn_explicit("remaining subinterpreters; close them with Interpreter.close()", RuntimeWarning, "<sys>", 0)
    busy = []
    for id in reversed(left):
        try:
            destroy(id)
        except InterpreterNotFoundError:
            pass
        except InterpreterError:
            busy.append(id)
    if busy:
        _leave_while_busy(busy)
    keyword_parsers.forget()


def _leave_while_busy(busy: list[int]) -> None:
    """Interrupt what still runs; CPython may crash when it ends under a running interpreter, so it shall not see one."""
    import time

    from morrow.interpreters import interrupt
    from morrow.messages import say

    end = time.monotonic() + 5
    for id in busy:
        interrupt.interrupt(id)
        while time.monotonic() < end:
            try:
                destroy(id)
                break
            except InterpreterNotFoundError:
                break
            except InterpreterError:
                time.sleep(0.005)
        else:
            print(say("interpreters-busy-at-exit", number=len(busy)), file=sys.stderr)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)
