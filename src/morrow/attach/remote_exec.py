"""Hand a script to another process and go: ``sys.remote_exec``, for every version and from every host.

Where the target offers PEP 768 itself (3.14+) and another tracer is attached to it, so that nothing can be injected,
its own way is used: the script's path is written to where its interpreter looks when it next runs Python.
"""

from __future__ import annotations

import builtins
import errno
import operator
import os
import struct
import sys
import tokenize

from morrow.attach.channel import reach
from morrow.attach.errors import AttachError
from morrow.attach.optout import check_allowed
from morrow.attach.target import Target, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

_PLEASE_STOP = 1 << 5  # _PY_EVAL_PLEASE_STOP_BIT, Include/internal/pycore_ceval.h of 3.14

_BEGIN = """
def begin(frame):
    import sys
    given = agent.given
    agent.wire.send(started=True)
    agent.leave()
    names = {"__builtins__": __builtins__}  # and no __name__, as in 3.14
    try:
        exec(compile(given["source"], given["path"], "exec"), names)
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            agent.keep(error)
        else:
            sys.excepthook(type(error), error, error.__traceback__.tb_next)
"""


def sys_remote_exec(pid: int, script: str | bytes | PathLike[str]) -> None:
    """Do what 3.14's ``sys.remote_exec`` does, with its errors, its audit events and its wording.

    Raises:
        FileNotFoundError, PermissionError: the script is not there or cannot be read; the process may not be attached to.
        RuntimeError: no Python there, or remote debugging is switched off.
    """
    sys.audit("sys.remote_exec", pid, script)
    number = operator.index(pid)
    path = os.fsdecode(script)
    if not -(1 << 31) <= number < 1 << 31:
        raise OverflowError("Python int too large to convert to C int")
    if not os.path.exists(path):
        raise FileNotFoundError("Script file does not exist")
    if not os.access(path, os.R_OK):
        raise PermissionError("Script file cannot be read")
    if number == os.getpid():
        _run_here(path)
        return
    try:
        run_file(number, path)
    except AttachError as error:
        if error.name in ("attach-permission", "attach-yama", "attach-container", "attach-undumpable"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"/proc/{number}/maps") from error
        if error.name == "attach-disabled":
            raise RuntimeError("Remote debugging is not enabled in the remote process") from error
        if error.name in ("attach-gone", "attach-zombie", "attach-not-python", "attach-static"):
            raise RuntimeError("PyRuntime address lookup failed during debug offsets initialization") from error
        raise RuntimeError(str(error)) from error


def _run_here(path: str) -> None:
    """Run a script on this process's own main thread: now if this is it, else when it comes to its next instruction."""
    import threading

    if threading.current_thread() is threading.main_thread():
        _run_script(path)
        return
    import ctypes

    def call(_: object) -> int:
        _run_script(path)
        _waiting.remove(kept)
        return 0

    kept = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(call)
    _waiting.append(kept)
    ctypes.pythonapi.Py_AddPendingCall(kept, None)


_waiting: list[object] = []  # what the interpreter has been asked to call


def _run_script(path: str) -> None:
    try:
        sys.audit("cpython.remote_debugger_script", path)
        with open(path, "rb") as file:
            exec(compile(file.read(), path, "exec"), {"__builtins__": builtins})
    except Exception as error:  # printed, as by 3.14; SystemExit and KeyboardInterrupt go on
        here = error.__traceback__.tb_next if error.__traceback__ is not None else None
        sys.excepthook(type(error), error, here)


def run_file(pid: int, script: str | bytes | PathLike[str]) -> None:
    """Run the file *script* in process *pid*; see `morrow.attach.remote_exec`."""
    path = os.fsdecode(script)
    with tokenize.open(path) as file:
        source = file.read()
    try:
        run_source(pid, source, path)
    except AttachError as error:
        if error.name != "attach-traced":
            raise
        with find(pid) as target:
            if "debugger.support" not in target.offsets:
                raise
            write_request(target, os.path.abspath(path))


def run_source(pid: int, source: str, path: str) -> None:
    """Run *source* on the main thread of *pid*; *path* is what its tracebacks say. Returns once it has started.

    Raises:
        AttachError: see messages.py.
    """
    given: dict[str, object] = {"source": source, "path": path}
    channel = reach(pid, [("morrow remote_exec", _BEGIN)], given, exclusive=False, patience=5.0)
    try:
        answer = channel.receive(10)
        if answer and "failed" in answer:
            raise AttachError("attach-lost", pid, why=answer["failed"])
        if answer and "refused" in answer:
            raise AttachError(answer["refused"], pid, **{k: v for k, v in answer.items() if k != "refused"})
    finally:
        channel.let_go()


def write_request(target: Target, path: str) -> None:
    """Ask the target's own PEP 768 support to run the file at *path* when it next runs Python.

    Stops nobody. The file must be readable by the target. Unlike CPython 3.14's own implementation it asks the main
    thread of the main interpreter, whichever interpreter comes first in the list.

    Raises:
        AttachError: attach-layout when the target's tables are not as described by PEP 768; attach-disabled.
    """
    check_allowed(target)
    at, memory = target.offsets, target.memory
    encoded = os.fsencode(path) + b"\0"
    if at.get("debugger.path_size") != 512 or at["debugger.pending"] != 0 or at["debugger.path"] != 4:
        raise AttachError("attach-layout", target.pid, what="the debugger support of PEP 768")
    if len(encoded) > at["debugger.path_size"]:
        raise AttachError(
            "attach-layout", target.pid, what=f"a path of {len(encoded)} bytes; {at['debugger.path_size']} fit"
        )
    thread = memory.u64(target.interpreters()[0] + at["interp.threads_main"])
    support, breaker = thread + at["debugger.support"], thread + at["debugger.eval_breaker"]
    memory.write(support + at["debugger.path"], encoded)
    memory.write(support + at["debugger.pending"], struct.pack("<i", 1))
    memory.write(breaker, struct.pack("<Q", memory.u64(breaker) | _PLEASE_STOP))
