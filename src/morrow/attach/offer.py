"""The cooperative channel, on the side of the process that offers it: ``-X attach=on``.

For places where nobody may trace: containers without SYS_PTRACE, Yama. The process leaves a note of itself in a folder
that only its user can open, and a handler for SIGURG. Whoever wants to attach (`cooperative`) makes a socket beside the
note and sends the signal; the handler connects, looks at who is at the other end, and runs the agent, right where the
main thread is. Until then there is nothing: no thread, no descriptor, no waiting.

SIGURG, because a process that has no handler for it (any more) ignores it: the signal alone never harms (Go's runtime
chose it for the same reason). Off by default: with it, every process of the same user can run code in this one, also
where the kernel was told to forbid that.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_SIGURG = 23  # Linux, on every machine that we know
_VARIABLE, _OPTION = "PYTHON_DISABLE_REMOTE_DEBUG", "disable-remote-debug"


def start(folder: str) -> None:
    """Offer the channel. *folder* is not asked: all systems are started in the same way.

    Does nothing where remote debugging is switched off, where the program's user has no private folder, where SIGURG has
    a handler already, or outside of the main thread.
    """
    if sys.platform != "linux" or os.environ.get(_VARIABLE) or _OPTION in sys._xoptions:
        return
    import _signal  # type: ignore[import-not-found]

    place = private_folder()
    try:
        if place is None or _signal.getsignal(_SIGURG) is not _signal.SIG_DFL and _signal.getsignal(_SIGURG) != 0:
            return
        _signal.signal(_SIGURG, _morrow_on_signal)
    except ValueError:  # not the main thread
        return
    note = os.path.join(place, str(os.getpid()))
    version = sys.version.split()[0]
    try:
        descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.write(descriptor, f"{start_time(os.getpid())} {version}\n".encode())
        os.close(descriptor)
    except OSError:
        _signal.signal(_SIGURG, _signal.SIG_DFL)
        return
    import atexit

    atexit.register(_withdraw, note, os.getpid())


def private_folder(uid: int | None = None, runtime: str | None = None, *, make: bool = True) -> str | None:
    """Return the folder of a user's offers: owned by that user, closed to all others; None where there is none.

    Args:
        uid: the user (default: this process's).
        runtime: the user's XDG_RUNTIME_DIR (default: this process's).
        make: make it if need be.
    """
    uid = os.geteuid() if uid is None else uid
    runtime = os.environ.get("XDG_RUNTIME_DIR", "") if runtime is None else runtime
    for path in ([os.path.join(runtime, "morrow")] if runtime else []) + [f"/tmp/morrow-{uid}"]:
        try:
            if make:
                try:
                    os.mkdir(path, 0o700)
                except FileExistsError:
                    pass  # ours, or looked at below
            found = os.lstat(path)
        except OSError:
            continue
        if found.st_mode & 0o170777 == 0o040700 and found.st_uid == uid:
            return path
    return None


def start_time(pid: int) -> str:
    """Return when a process started, in the kernel's clock ticks; "" when there is none. It tells processes apart."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return ""


def _withdraw(note: str, pid: int) -> None:
    if os.getpid() == pid:  # not a forked child that ends
        try:
            os.unlink(note)
        except OSError:
            pass  # somebody has tidied up


def _morrow_on_signal(number: int, frame: FrameType | None) -> None:
    """Somebody has knocked: connect, and run what they send, if they are this user or root."""
    try:
        place = private_folder(make=False)
        path = "" if place is None else os.path.join(place, f"{os.getpid()}.s")
        if not path or not os.path.exists(path):
            return  # urgent data on a socket of the program's, which it does not care about
        had_socket = "_socket" in sys.modules
        import _socket

        sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        sock.settimeout(2)
        sock.connect(path)
        peer = sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        if int.from_bytes(peer[4:8], sys.byteorder) not in (os.geteuid(), 0):
            sock.close()
            return
        interval, limit = sys.getswitchinterval(), sys.getrecursionlimit()
        text = b""
        size = int(_read(sock, 9))
        text = _read(sock, size)
    except Exception:
        return  # nobody there, or no room for a socket: as if nobody had knocked
    try:
        sys.setrecursionlimit(limit + 400)
        sys.setswitchinterval(1e-5)
        # The program that is sent ends in a call with these four names; see attach.channel.
        names = {"__name__": "_morrow_agent", "a": sock, "i": interval, "w": had_socket, "l": limit}
        exec(compile(text, "<morrow agent>", "exec"), names)
    except Exception:
        sock.close()  # what went wrong has been told over there, or could not be
    finally:
        sys.setswitchinterval(interval)
        try:
            sys.setrecursionlimit(limit)
        except RecursionError:
            pass  # deeper than its own limit: only ours had made that possible


def _read(sock: object, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))  # type: ignore[attr-defined]
        if not more:
            raise EOFError
        data += more
    return data
