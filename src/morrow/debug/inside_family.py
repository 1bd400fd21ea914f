# mypy: ignore-errors
"""A forked child of the program, inside the target: it gets a session of its own, or none.

Its text is sent to the agent (attach/agent.py); nothing of morrow is imported there. What the child does is what
`launched` does in a child that is a program of its own: it knocks, and waits before it goes on (`family`).
"""

import _thread
import os
import sys


def follow_forks(session):
    """Have forked children of this process knock. Only where the debugger was there from the start: this cannot be undone."""
    os.register_at_fork(after_in_child=lambda: _forked(session))


def _forked(session):
    if agent.left or os.getpid() == agent.pid:
        return
    # They may be held by threads that were not copied.
    session.sending = _thread.allocate_lock()
    session.stops.guard = _thread.allocate_lock()
    session.stops.back_end.renew_locks()
    session.abandon_child()
    agent.left = True
    door = agent.given.get("door")
    if not door or not os.path.exists(door):
        return
    import _socket

    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.connect(door)
        text = _read(sock, int(_read(sock, 9)))
    except (OSError, EOFError):
        sock.close()
        return  # nobody wants it: it runs on its own
    names = {"a": sock, "i": sys.getswitchinterval(), "l": sys.getrecursionlimit(), "w": True}
    exec(compile(text, "<morrow agent>", "exec"), {"__name__": "_morrow_agent", **names})


def _read(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
