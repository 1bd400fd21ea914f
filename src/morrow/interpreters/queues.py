"""Queues between interpreters, and to processes: PEP 734's, that wake whoever waits at once.

A queue is an anonymous file with the items one behind the other, and one or two counts to wait on (`wakeup`). All of it
is found by the queue's number through the board, so that any interpreter of the process can use it. A process of the process
back end is handed the descriptors with the first message that names the queue (`noting`, `adopt`).

    file:  header | item | item | ...        item:  length, flags, interpreter that put it, then `crossing`'s bytes
"""

from __future__ import annotations

import _thread
import mmap
import os
import queue
import time
import weakref

from morrow.interpreters import crossing, engine, wakeup
from morrow.interpreters.board import (
    ID,
    MAXSIZE,
    MEMORY,
    Q_REFERENCES,
    READY,
    SPACE,
    Lock,
    anonymous_file,
    get_board,
)
from morrow.interpreters.board import (
    UNBOUND as UNBOUND_WORD,
)
from morrow.interpreters.errors import QueueError, QueueNotFoundError
from morrow.interpreters.unbound import (
    UNBOUND,
    UNBOUND_ERROR,
    UNBOUND_REMOVE,
    ItemInterpreterDestroyed,
    flag_of,
    resolve,
)

__all__ = [
    "UNBOUND",
    "UNBOUND_ERROR",
    "UNBOUND_REMOVE",
    "create",
    "list_all",
    "Queue",
    "QueueError",
    "QueueNotFoundError",
    "QueueEmpty",
    "QueueFull",
    "ItemInterpreterDestroyed",
]


class QueueEmpty(QueueError, queue.Empty):
    """Raised from get_nowait() when the queue is empty, and from get() if it times out."""


class QueueFull(QueueError, queue.Full):
    """Raised from put_nowait() when the queue is full, and from put() if it times out."""


# Words of the header of a queue's file.
_COUNT, _HEAD, _TAIL, _ROOM, _GETTERS, _PUTTERS, _REMOVABLE, _CLOSED = range(8)  # REMOVABLE: an item may vanish by itself
_HEADER = 64
_START = 4096 - _HEADER
_KEEP = 1 << 24  # bytes kept when the queue is empty again
_ITEM = 24  # bytes before an item's data: length; flags and sort; interpreter


class Memory:
    """A queue's file, mapped. Every method but `close` wants ``lock`` to be held."""

    __slots__ = ("fd", "foreign", "lock", "map", "words")

    def __init__(self, fd: int, foreign: bool = False) -> None:
        self.fd, self.foreign = fd, foreign  # another process's, whose interpreters cannot be asked after
        self.lock = Lock(fd)
        self._map(os.fstat(fd).st_size)

    def _map(self, size: int) -> None:
        self.map = mmap.mmap(self.fd, size)
        self.words = memoryview(self.map)[:_HEADER].cast("q")

    def _fit(self) -> None:
        """Map as much as the file has now: another interpreter may have made it larger or smaller."""
        room = self.words[_ROOM]
        if room != len(self.map):
            self.words.release()
            self.map.close()
            self._map(room)

    def append(self, pieces: crossing.Pieces, flags: int, origin: int) -> None:
        """Put an item behind the last one."""
        self._fit()
        words = self.words
        size = 0
        for piece in pieces:
            size += len(piece) if type(piece) is bytes else piece.nbytes  # type: ignore[union-attr]
        needed = _ITEM + ((size + 7) & ~7)
        if words[_TAIL] + needed > words[_ROOM]:
            self._make_room(needed)
            words = self.words
        at = words[_TAIL]
        head = size.to_bytes(8, "little") + flags.to_bytes(8, "little") + origin.to_bytes(8, "little", signed=True)
        if size < 4096:
            self.map[at : at + _ITEM + size] = head + b"".join(pieces)
        else:
            self.map[at : at + _ITEM] = head
            place = at + _ITEM
            for piece in pieces:
                length = len(piece) if type(piece) is bytes else piece.nbytes  # type: ignore[union-attr]
                self.map[place : place + length] = piece
                place += length
        words[_TAIL] = at + needed
        words[_COUNT] += 1

    def _make_room(self, needed: int) -> None:
        """Move the items to the front, and make the file larger if that does not do."""
        words = self.words
        head, used = words[_HEAD], words[_TAIL] - words[_HEAD]
        if head > _HEADER and used:
            self.map.move(_HEADER, head, used)
        words[_HEAD], words[_TAIL] = _HEADER, _HEADER + used
        if _HEADER + used + needed > words[_ROOM]:
            room = max(2 * words[_ROOM], (_HEADER + used + needed + 0xFFFF) & ~0xFFFF)
            os.ftruncate(self.fd, room)
            words[_ROOM] = room
            self._fit()

    def pop(self) -> tuple[object, int, int] | None:
        """Take the first item: the object, its flags, the interpreter that put it there; None if there is none.

        Raises:
            Exception: whatever unpickling raises; the item is gone then.
        """
        words = self.words
        if not words[_COUNT]:
            return None
        self._fit()
        words = self.words
        at = words[_HEAD]
        head = self.map[at : at + _ITEM]
        size, flags = int.from_bytes(head[:8], "little"), int.from_bytes(head[8:16], "little")
        origin = int.from_bytes(head[16:], "little", signed=True)
        words[_COUNT] -= 1
        if words[_COUNT]:
            words[_HEAD] = at + _ITEM + ((size + 7) & ~7)
        else:
            words[_HEAD] = words[_TAIL] = _HEADER
        if flags and not self.foreign and origin != _here() and not engine.exists(origin):
            return _GONE, flags, origin
        if size < 65536:
            data = self.map[at + _ITEM : at + _ITEM + size]  # decoded by the caller, without the lock
            self._give_back()
            return data, flags, origin
        view = memoryview(self.map)
        part = view[at + _ITEM : at + _ITEM + size]
        try:
            return _Decoded(crossing.decode(part)), flags, origin
        finally:
            part.release()
            view.release()
            self._give_back()

    def _give_back(self) -> None:
        if self.words[_ROOM] > _KEEP and not self.words[_COUNT]:
            self.words[_ROOM] = _START + _HEADER
            self._fit()
            os.ftruncate(self.fd, _START + _HEADER)

    def sweep(self) -> None:
        """Drop the items that vanish with the interpreter that put them, if it is gone."""
        if self.foreign:
            return
        self._fit()
        words = self.words
        kept, place = 0, words[_HEAD]
        at = place
        while at < words[_TAIL]:
            head = self.map[at : at + _ITEM]
            size = _ITEM + ((int.from_bytes(head[:8], "little") + 7) & ~7)
            flags, origin = int.from_bytes(head[8:16], "little"), int.from_bytes(head[16:], "little", signed=True)
            if not (flags == _REMOVE and origin != _here() and not engine.exists(origin)):
                if at != place:
                    self.map.move(place, at, size)
                place, kept = place + size, kept + 1
            at += size
        words[_TAIL], words[_COUNT] = place, kept

    def close(self) -> None:
        """Unmap; the descriptor stays open."""
        self.words.release()
        self.map.close()
        self.lock.close()


class _Decoded:
    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


_GONE = object()
_REMOVE = 1
_current: int | None = None


def _here() -> int:
    global _current
    if _current is None:
        _current = engine.get_current()
    return _current


_known: weakref.WeakValueDictionary[int, Queue] = weakref.WeakValueDictionary()


def create(maxsize: int = 0, *, unbounditems: object = UNBOUND) -> Queue:
    """Return a new queue between interpreters.

    Args:
        maxsize: how many items it holds before `put` waits; 0 or less: any number.
        unbounditems: what becomes of an item whose interpreter is closed before somebody gets it, unless `put` says
            otherwise: UNBOUND stands in its place, UNBOUND_ERROR raises there, UNBOUND_REMOVE takes it out.
    """
    flag = flag_of(unbounditems)
    maxsize = maxsize.__index__() if hasattr(maxsize, "__index__") else _refuse_size(maxsize)
    memory = anonymous_file("morrow-queue", _START + _HEADER)
    os.pwrite(memory, b"".join(n.to_bytes(8, "little") for n in (0, _HEADER, _HEADER, _START + _HEADER)), 0)
    board = get_board()
    with board.lock:
        row = board.add_queue()
        words = board.words
        words[row + MEMORY], words[row + READY] = memory, wakeup.create()
        words[row + SPACE] = wakeup.create() if maxsize > 0 else 0
        words[row + Q_REFERENCES], words[row + MAXSIZE], words[row + UNBOUND_WORD] = 0, maxsize, flag
        id = words[row + ID]
    made = Queue(id)
    made._unbound = (flag, unbounditems)
    return made


def _refuse_size(maxsize: object) -> int:
    raise TypeError(f"{type(maxsize).__name__!r} object cannot be interpreted as an integer")


def list_all() -> list[Queue]:
    """Return all open queues, oldest first."""
    board = get_board()
    with board.lock:
        ids = [board.words[row + ID] for row in board.queues()]
    found = []
    for id in ids:
        try:
            found.append(Queue(id))
        except QueueNotFoundError:  # closed since
            pass
    return found


class Queue:
    """A queue between interpreters. There is one object per queue in each interpreter; the last one closes the queue."""

    __slots__ = ("__weakref__", "_id", "_memory", "_ready", "_space", "_maxsize", "_unbound")
    _unbound: tuple[int, object]

    def __new__(cls, id: int, /) -> Queue:
        if not isinstance(id, int):
            raise TypeError(f"id must be an int, got {id!r}")
        id = int(id)
        self = _known.get(id)
        if self is not None:
            return self
        board = get_board()
        with board.lock:
            row = board.find_queue(id)
            if row < 0:
                raise QueueNotFoundError(f"queue {id} not found")
            words = board.words
            words[row + Q_REFERENCES] += 1
            memory, ready, space = words[row + MEMORY], words[row + READY], words[row + SPACE]
            maxsize, flag = words[row + MAXSIZE], words[row + UNBOUND_WORD]
        self = super().__new__(cls)
        self._id = id
        self._memory = Memory(memory)
        self._ready, self._space, self._maxsize = ready, space, maxsize
        self._unbound = (flag, resolve(flag))
        _known[id] = self
        return self

    def __del__(self) -> None:
        try:
            memory = self._memory
        except AttributeError:  # __new__ found no such queue
            return
        memory.close()
        if memory.foreign:
            for fd in (memory.fd, self._ready, self._space):
                if fd > 0:
                    os.close(fd)
        else:
            _let_go(self._id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id})"

    def __hash__(self) -> int:
        return hash(self._id)

    def __reduce__(self) -> tuple[object, ...]:
        note(self)
        return _find, (self._id,)

    @property
    def id(self) -> int:
        """The number of the queue, unique in the process."""
        return self._id

    @property
    def unbounditems(self) -> object:
        """What becomes of items whose interpreter is closed, unless `put` says otherwise."""
        return self._unbound[1]

    @property
    def maxsize(self) -> int:
        """How many items there is room for; 0 or less: any number."""
        return self._maxsize

    def empty(self) -> bool:
        """Return whether nothing is in the queue now."""
        return self.qsize() == 0

    def full(self) -> bool:
        """Return whether the queue has a limit and has reached it."""
        return self._maxsize > 0 and self.qsize() >= self._maxsize

    def qsize(self) -> int:
        """Return how many items are in the queue now."""
        memory = self._open()
        with memory.lock:
            if memory.words[_REMOVABLE]:
                memory.sweep()
            return memory.words[_COUNT]

    def put(self, obj: object, block: bool = True, timeout: float | None = None, *, unbounditems: object = None) -> None:
        """Add an object, as one that other interpreters get a copy of.

        Args:
            obj: anything that is shareable or can be pickled.
            block: wait while the queue is full.
            timeout: seconds to wait for room; None: as long as it takes.
            unbounditems: what becomes of this item if this interpreter is closed before somebody gets it.

        Raises:
            QueueFull: there was no room.
            NotShareableError: *obj* cannot cross.
        """
        if not block:
            return self.put_nowait(obj, unbounditems=unbounditems)
        end = _end_of(timeout)
        flag = self._unbound[0] if unbounditems is None else flag_of(unbounditems)
        pieces = crossing.encode(obj)
        waited = False
        while not self._append(pieces, flag, wait=True, waited=waited):
            waited = self._wait(self._space, end, _PUTTERS)
            if not waited:
                return self.put_nowait(obj, unbounditems=unbounditems)
        return None

    def put_nowait(self, obj: object, *, unbounditems: object = None) -> None:
        """Add an object if there is room now; otherwise raise QueueFull."""
        flag = self._unbound[0] if unbounditems is None else flag_of(unbounditems)
        if not self._append(crossing.encode(obj), flag, wait=False):
            raise QueueFull(f"queue {self._id} is full")

    def get(self, block: bool = True, timeout: float | None = None) -> object:
        """Take the next object out of the queue.

        Args:
            block: wait while the queue is empty.
            timeout: seconds to wait; None: as long as it takes.

        Raises:
            QueueEmpty: nothing came.
            ItemInterpreterDestroyed: its interpreter is gone, and was to be missed.
        """
        if not block:
            return self.get_nowait()
        end = _end_of(timeout)
        waited = False
        while True:
            found = self._pop(wait=True, waited=waited)
            if found is not None:
                return self._value(found)
            waited = self._wait(self._ready, end, _GETTERS)
            if not waited:
                return self.get_nowait()

    def get_nowait(self) -> object:
        """Take the next object out if there is one now; otherwise raise QueueEmpty."""
        found = self._pop(wait=False)
        if found is None:
            raise QueueEmpty(f"queue {self._id} is empty")
        return self._value(found)

    # -- the steps, each under the lock ------------------------------------------------------------------------------

    def _open(self) -> Memory:
        if self._memory.foreign:
            if self._memory.words[_CLOSED]:
                raise QueueNotFoundError(f"queue {self._id} not found")
            return self._memory
        if get_board().find_queue(self._id) < 0:
            raise QueueNotFoundError(f"queue {self._id} not found")
        return self._memory

    def _append(self, pieces: crossing.Pieces, flag: int, wait: bool, waited: bool = False) -> bool:
        """Put the item in; False if there is no room, and then this thread counts as waiting if it is to wait."""
        memory = self._open()
        with memory.lock:
            words = memory.words
            words[_PUTTERS] -= waited
            if self._maxsize > 0 and words[_COUNT] >= self._maxsize:
                if words[_REMOVABLE]:
                    memory.sweep()
                if memory.words[_COUNT] >= self._maxsize:
                    memory.words[_PUTTERS] += wait
                    return False
            memory.append(pieces, flag, _here())
            words = memory.words
            if flag == _REMOVE:
                words[_REMOVABLE] = 1
            someone = words[_GETTERS] > 0
        if someone:
            wakeup.post(self._ready)
        return True

    def _pop(self, wait: bool, waited: bool = False) -> tuple[object, int, int] | None:
        """Take the first item; None if there is none, and then this thread counts as waiting if it is to wait."""
        memory = self._open()
        with memory.lock:
            words = memory.words
            words[_GETTERS] -= waited
            if words[_REMOVABLE]:
                memory.sweep()
            found = memory.pop()
            words = memory.words
            if found is None:
                words[_REMOVABLE] = 0
                words[_GETTERS] += wait
                return None
            someone = words[_PUTTERS] > 0
        if someone:
            wakeup.post(self._space)
        return found

    def _wait(self, fd: int, end: float | None, word: int) -> bool:
        """Wait as one who has been counted; False when the time is over, and then no longer counted."""
        try:
            left = None if end is None else end - time.monotonic()
            if (left is None or left > 0) and wakeup.wait((fd,), left) >= 0:
                return True
        except BaseException:
            self._stop_waiting(word)
            raise
        self._stop_waiting(word)
        return False

    def _stop_waiting(self, word: int) -> None:
        memory = self._memory
        with memory.lock:
            memory.words[word] -= 1

    def _value(self, found: tuple[object, int, int]) -> object:
        data, flag, _ = found
        if type(data) is bytes:
            return crossing.decode(memoryview(data))
        if type(data) is _Decoded:
            return data.value
        value = resolve(flag)
        if value is UNBOUND_ERROR:
            raise ItemInterpreterDestroyed("item's original interpreter destroyed")
        return value


def _end_of(timeout: float | None) -> float | None:
    if timeout is None:
        return None
    if timeout < 0:
        raise ValueError("timeout value must be non-negative")
    return time.monotonic() + timeout


def _find(id: int) -> Queue:
    """Return the queue with this number: how pickles name it."""
    return Queue(id)


def _let_go(id: int) -> None:
    board = get_board()
    with board.lock:
        row = board.find_queue(id)
        if row < 0:
            return
        board.words[row + Q_REFERENCES] -= 1
        if board.words[row + Q_REFERENCES] > 0:
            return
    destroy(id)


def destroy(id: int) -> None:
    """Close a queue, whoever still has it.

    Raises:
        QueueNotFoundError: there is none with this number.
    """
    board = get_board()
    with board.lock:
        row = board.find_queue(id)
        if row < 0:
            raise QueueNotFoundError(f"queue {id} not found")
        fds = [board.words[row + word] for word in (MEMORY, READY, SPACE)]
        for word in range(8):
            board.words[row + word] = 0
    os.pwrite(fds[0], (1).to_bytes(8, "little"), 8 * _CLOSED)
    waiting = os.pread(fds[0], 16, 8 * _GETTERS)
    for fd, number in ((fds[1], waiting[:8]), (fds[2], waiting[8:])):  # processes that wait there shall hear of it
        if fd > 0 and any(number):
            wakeup.post(fd, int.from_bytes(number, "little"))
    for fd in fds:
        if fd > 0:
            os.close(fd)


# -- to processes ----------------------------------------------------------------------------------------------------------


class _Noted(_thread._local):
    queues: list[Queue] | None = None


_noted = _Noted()


class noting:
    """In a ``with`` statement: the list of the queues that are named in what this thread encodes in there."""

    def __enter__(self) -> list[Queue]:
        self._before, _noted.queues = _noted.queues, []
        return _noted.queues

    def __exit__(self, *_: object) -> None:
        _noted.queues = self._before


def note(queue: Queue) -> bytes:
    """Say that what is being encoded names a queue; return the bytes that name it."""
    if _noted.queues is not None and queue not in _noted.queues:
        _noted.queues.append(queue)
    return queue._id.to_bytes(8, "little")


def about(queue: Queue) -> tuple[tuple[int, int, int], list[int]]:
    """Return what `adopt` needs in a process: plain values, and the descriptors to send along."""
    return (queue._id, queue._maxsize, queue._unbound[0]), [fd for fd in (queue._open().fd, queue._ready, queue._space) if fd > 0]


_adopted: list[Queue] = []


def adopt(id: int, maxsize: int, flag: int, fds: list[int]) -> None:
    """Have a queue of another process here, under its number, as long as this process lives."""
    queue = object.__new__(Queue)
    queue._id, queue._maxsize, queue._unbound = id, maxsize, (flag, resolve(flag))
    queue._memory = Memory(fds[0], foreign=True)
    queue._ready, queue._space = fds[1], fds[2] if len(fds) > 2 else 0
    _known[id] = queue
    _adopted.append(queue)


crossing.register(Queue, b"q", note, lambda data: Queue(int.from_bytes(data, "little")))
