"""Hand a script to another process and go: ``sys.remote_exec``, for every version and from every host.

Where the target offers PEP 768 itself (3.14+) and another tracer is attached to it, so that nothing can be injected,
its own way is used: the script's path is written to where its interpreter looks when it next runs Python.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from morrow.attach.channel import reach
from morrow.attach.errors import AttachError
from morrow.attach.optout import check_allowed
from morrow.attach.target import Target, find

if TYPE_CHECKING:
    from os import PathLike

_PLEASE_STOP = 1 << 5  # _PY_EVAL_PLEASE_STOP_BIT, Include/internal/pycore_ceval.h of 3.14

_BEGIN = """
def begin(frame):
    import sys
    given = agent.given
    agent.wire.send(started=True)
    agent.leave()
    names = {"__name__": "__main__", "__builtins__": __builtins__}
    try:
        exec(compile(given["source"], given["path"], "exec"), names)
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            agent.keep(error)
        else:
            sys.excepthook(type(error), error, error.__traceback__)
"""


def run_file(pid: int, script: str | bytes | PathLike[str]) -> None:
    """Run the file *script* in process *pid*; see `morrow.attach.remote_exec`."""
    path = os.fsdecode(script)
    with open(path, encoding="utf-8") as file:
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
