"""A live process, seen from outside: find its interpreter, read its stacks, run a script in it, leave no trace.

    process -> target -> threads (read only)         nothing runs in the process
                      -> inject / remote_exec        a script runs on its main thread
                      -> cooperative                 the process was started with morrow and listens

Nothing here knows that anyone wants to debug; `debug` and a profiler use it alike. Imported lazily: this module alone
costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike


def remote_exec(pid: int, script: str | bytes | PathLike[str]) -> None:
    """Run the file *script* on the main thread of another Python process, as ``sys.remote_exec`` of 3.14 does.

    Unlike 3.14's, it works on processes of every known version, from every host, whatever the process is doing, and
    the file is read here, so it need not be readable over there. It returns once the script has been handed over;
    the script itself may run later. Its errors are printed by the target, as 3.14 prints them.

    Args:
        pid: the process.
        script: path of a Python file.

    Raises:
        morrow.attach.errors.AttachError: it cannot be done, with the reason.
        OSError: the file cannot be read.
        PermissionError, ProcessLookupError: as ``sys.remote_exec``.
    """
    from morrow.attach.remote_exec import run_file

    run_file(pid, script)
