"""One page of memory that all interpreters of a process see: which of them morrow looks after, and which queues exist.

    header | interpreters: 4096 rows | queues: 4096 rows            each row is eight 64-bit numbers

Interpreters share no Python objects, but they share file descriptors: the page is an anonymous file that each of them
maps. Row ``id % ROWS`` belongs to *id*. Whoever reads or writes holds the lock: a lock of the file, which the system
takes from a process that dies, and inside one interpreter a lock between its threads.
"""

from __future__ import annotations

import _thread
import fcntl
import mmap
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 4096
ROW = 8  # words
_HEADER = 16
_SIZE = (_HEADER + 2 * ROWS * ROW) * 8
_MAGIC = 0x6D6F72726F7731
_NAME = "morrow-interpreters"

# Words of the header.
MAGIC, PID, NEXT_QUEUE, MAIN_THREAD, MAKING, FORKING, FORKS = range(7)  # how many are at it, and how often it was done (`forks`)
# Words of an interpreter's row.
ID, MAILBOX, STATE, REFERENCES, OWNED, ASKED, ANSWERED, INTERRUPT = range(8)  # two counts to wait on, if a thread serves it
# Words of a queue's row; ID as above.
MEMORY, READY, SPACE, Q_REFERENCES, MAXSIZE, UNBOUND = range(1, 7)
IDLE, RUNNING, CLOSING = range(3)


class Lock:
    """A lock between interpreters and processes that hold the same anonymous file.

    A thread that holds it must not ask for it again.
    """

    def __init__(self, fd: int, start: int = 0) -> None:
        # A description of its own: file locks of this kind are between descriptions, not between descriptors.
        self._file = os.open(f"/proc/self/fd/{fd}", os.O_RDWR | os.O_CLOEXEC) if _HAS_PROC else os.dup(fd)
        self._inside = _thread.allocate_lock()
        self._take = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, start, 1, 0)
        self._give = struct.pack("hhqqi", fcntl.F_UNLCK, os.SEEK_SET, start, 1, 0)

    def __enter__(self) -> None:
        self._inside.acquire()
        try:
            fcntl.fcntl(self._file, _SETLKW, self._take)
        except BaseException:
            self._inside.release()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            fcntl.fcntl(self._file, _SETLKW, self._give)
        finally:
            self._inside.release()

    def close(self, _close: Callable[[int], None] = os.close) -> None:
        """Give back the descriptor."""
        file, self._file = getattr(self, "_file", -1), -1
        if file >= 0:
            _close(file)

    __del__ = close  # an interpreter that ends leaves no descriptors behind

    @property
    def closed(self) -> bool:
        """Whether the descriptor is gone: at the end of an interpreter that may be before the last object has used it."""
        return self._file < 0


_HAS_PROC = os.path.isdir("/proc/self/fd")
_SETLKW = getattr(fcntl, "F_OFD_SETLKW", fcntl.F_SETLKW)


class Board:
    """The page itself, mapped: ``words`` is all of it, rows are found by `interpreter` and `queue`."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.map = mmap.mmap(fd, _SIZE)
        self.words = memoryview(self.map).cast("q")
        self.lock = Lock(fd)

    def interpreter(self, id: int) -> int:
        """Return where the row for interpreter *id* starts; it may be somebody else's or nobody's."""
        return _HEADER + (id % ROWS) * ROW

    def find_interpreter(self, id: int) -> int:
        """Return where the row of interpreter *id* starts, or -1 if it has none."""
        row = self.interpreter(id)
        return row if self.words[row + ID] == id and self.words[row + MAILBOX] else -1

    def find_queue(self, id: int) -> int:
        """Return where the row of queue *id* starts, or -1 if there is no such queue."""
        row = _HEADER + (ROWS + id % ROWS) * ROW
        return row if id > 0 and self.words[row + ID] == id else -1

    def add_queue(self) -> int:
        """Take the next id of a queue whose row is free and return the row, with the id in it.

        Raises:
            RuntimeError: there are 4096 queues.
        """
        words = self.words
        for _ in range(ROWS):
            words[NEXT_QUEUE] += 1
            row = _HEADER + (ROWS + words[NEXT_QUEUE] % ROWS) * ROW
            if not words[row + ID]:
                words[row + ID] = words[NEXT_QUEUE]
                return row
        raise RuntimeError(f"too many queues: {ROWS}")

    def queues(self) -> list[int]:
        """Return the rows of all queues, oldest first."""
        start = _HEADER + ROWS * ROW
        rows = range(start, start + ROWS * ROW, ROW)
        return sorted((row for row in rows if self.words[row + ID]), key=lambda row: self.words[row + ID])

    def interpreters(self) -> list[int]:
        """Return the rows of the interpreters that morrow looks after."""
        rows = range(_HEADER, _HEADER + ROWS * ROW, ROW)
        return [row for row in rows if self.words[row + MAILBOX]]


_board: Board | None = None
first_queue = 0  # queues are numbered from here on; a worker process also has queues of the one that it works for


def get_board() -> Board:
    """Return the page of this process; the first to ask makes it."""
    global _board
    if _board is None:
        fd = _find()
        _board = Board(_make() if fd < 0 else fd)
    return _board


def _forget() -> None:
    global _board
    _board = None


os.register_at_fork(after_in_child=_forget)


def anonymous_file(name: str, size: int) -> int:
    """Return a descriptor of a new file of *size* bytes that has no name anywhere."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create(name, os.MFD_CLOEXEC)
    else:
        import tempfile

        with tempfile.TemporaryFile(prefix=name) as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, size)
    return fd


def _make() -> int:
    fd = anonymous_file(_NAME, _SIZE)
    os.pwrite(fd, struct.pack("qqqq", _MAGIC, os.getpid(), first_queue, 0), 0)
    return fd


def _find() -> int:
    """Find the page that another interpreter of this process has made; -1 if none has."""
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return -1
    for name in sorted(names, key=int):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith(f"/memfd:{_NAME}"):
                if struct.unpack("qq", os.pread(int(name), 16, 0)) == (_MAGIC, os.getpid()):
                    return int(name)
        except OSError:  # closed meanwhile: the folder's own descriptor, for one
            continue
    return -1
