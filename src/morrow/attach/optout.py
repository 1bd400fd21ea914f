"""May anything be run in this process? Its own switches, and its sandbox, are asked before anything is touched.

CPython 3.14 honours ``PYTHON_DISABLE_REMOTE_DEBUG`` and ``-X disable-remote-debug`` (PEP 768, "Security
Implications"). We honour them in every version, and read 3.14's own flag where it exists.
"""

from __future__ import annotations

from morrow.attach.errors import AttachError
from morrow.attach.stop_linux import status_of
from morrow.attach.target import Target, refused

_VARIABLE = "PYTHON_DISABLE_REMOTE_DEBUG"
_OPTION = "disable-remote-debug"
_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")


def check_allowed(target: Target, *, sandboxed: bool = False) -> None:
    """Raise unless a script may be run in *target*.

    Args:
        target: the process.
        sandboxed: run it even where a seccomp filter might end the process for a system call.

    Raises:
        AttachError: attach-disabled, attach-seccomp, attach-permission and the like.
    """
    where = switched_off(target)
    if where:
        raise AttachError("attach-disabled", target.pid, where=where)
    mode = status_of(target.pid).get("Seccomp", "0")
    if mode == "1":
        raise AttachError("attach-seccomp", target.pid, why="strict mode")
    if mode == "2" and not sandboxed:
        from morrow.attach.seccomp import forbidden

        why = forbidden(target.pid)
        if why:
            raise AttachError("attach-seccomp", target.pid, why=why)


def check_switched_off(pid: int) -> None:
    """Raise if a process has said, when it was started, that it wants no remote debugging. Its memory is not read.

    Raises:
        AttachError: attach-disabled, or why that cannot be found out.
    """
    where = _said_at_start(pid)
    if where:
        raise AttachError("attach-disabled", pid, where=where)


def switched_off(target: Target) -> str:
    """Return where a process has switched remote debugging off, as its user would write it, or ""."""
    where = _said_at_start(target.pid)
    if where:
        return where
    at = target.offsets
    if "debugger.enabled" in at:
        main = target.interpreters()[0]
        if target.memory.i32(main + at["debugger.enabled"]) != 1:
            return "its interpreter's own flag"
    return ""


def _said_at_start(pid: int) -> str:
    try:
        environment = strings_of(f"/proc/{pid}/environ")
        arguments = strings_of(f"/proc/{pid}/cmdline")
    except PermissionError:
        raise refused(pid) from None
    except OSError:
        raise AttachError("attach-gone", pid) from None
    if any(line.startswith(f"{_VARIABLE}=") and len(line) > len(_VARIABLE) + 1 for line in environment):
        return f"{_VARIABLE} in its environment"
    return f"-X {_OPTION}" if _option_given(arguments) else ""


def _option_given(arguments: list[str]) -> bool:
    """Whether -X disable-remote-debug stands among the interpreter's own options (before the program)."""
    rest = iter(arguments[1:])
    for word in rest:
        if not word.startswith("-") or word in ("-", "--", "-c", "-m"):
            return False
        if word.startswith("-X"):
            value = word[2:] or next(rest, "")
            if value.partition("=")[0] == _OPTION:
                return True
        elif word in _WITH_VALUE:
            next(rest, None)
    return False


def strings_of(path: str) -> list[str]:
    """Return what a file of /proc holds, taken apart at its NULs."""
    with open(path, "rb") as file:
        return [part.decode("utf-8", "replace") for part in file.read().split(b"\0")]
