"""Memory that several interpreters of a process have in common: bytes, counters, records, small dictionaries.

    hits = Counter()                      hits.add(1)                                  atomic
    row = Struct(total="d", count="q")    row.add(total=0.5, count=1); row.read()      all fields at once
    seen = Dict()                         seen["a"] = 1; seen.setdefault("b", 2)       plain values
    pixels = Memory(1 << 20)              pixels.buffer; numpy.frombuffer(pixels.buffer)   no copies, no locks

All can be passed to `call`, put into queues and bound by `prepare_main`: what arrives is the same memory. They live as
long as an object for them does. Processes of the process back end cannot have them: they are told so.
"""

from __future__ import annotations

import marshal
import mmap
import os
import struct

from morrow.interpreters import crossing
from morrow.interpreters.board import Lock, anonymous_file
from morrow.interpreters.errors import InterpreterError, NotShareableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Memory:
    """A block of bytes.

    Args:
        size: in bytes; zero at first.

    Attributes:
        buffer: a writable memoryview of it, which numpy and array methods take without copying.
    """

    def __init__(self, size: int, _fd: int | None = None) -> None:
        if size <= 0:
            raise ValueError(f"size must be positive, not {size}")
        # Each object has a descriptor of its own, so that the memory lives until the last of them is gone.
        self._fd = anonymous_file("morrow-memory", size) if _fd is None else os.dup(_fd)
        self._map = mmap.mmap(self._fd, size)
        self.buffer = memoryview(self._map)

    def __len__(self) -> int:
        return len(self._map)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._map)} bytes>"

    def __del__(self) -> None:
        fd, self._fd = getattr(self, "_fd", -1), -1
        if fd >= 0:
            os.close(fd)

    def _about(self) -> tuple[object, ...]:
        return (len(self),)

    def __reduce__(self) -> tuple[object, ...]:
        raise NotShareableError(f"{self!r} can be passed by itself or in a tuple, to interpreters of this process only")


class _Locked(Memory):
    """A block of bytes with a lock around each operation."""

    def __init__(self, size: int, _fd: int | None = None) -> None:
        super().__init__(size, _fd)
        self._lock = Lock(self._fd)

    def __del__(self) -> None:
        lock = getattr(self, "_lock", None)
        if lock is not None:
            lock.close()
        super().__del__()


class Counter(_Locked):
    """A number that is changed atomically."""

    def __init__(self, value: int = 0, _fd: int | None = None) -> None:
        super().__init__(8, _fd)
        self._word = self.buffer.cast("q")
        if _fd is None:
            self._word[0] = value

    def add(self, number: int = 1) -> int:
        """Add *number* and return the new value."""
        with self._lock:
            self._word[0] += number
            return self._word[0]  # type: ignore[no-any-return]

    @property
    def value(self) -> int:
        """The value now."""
        return self._word[0]  # type: ignore[no-any-return]

    def compare_and_set(self, expected: int, value: int) -> bool:
        """Set the value if it is *expected*; return whether it was."""
        with self._lock:
            if self._word[0] != expected:
                return False
            self._word[0] = value
            return True

    def _about(self) -> tuple[object, ...]:
        return ()


class Struct(_Locked):
    """A record of numbers: ``"q"`` a whole number of 64 bits, ``"d"`` a float.

    Args:
        fields: name -> ``"q"`` or ``"d"``.
    """

    def __init__(self, _fd: int | None = None, /, **fields: str) -> None:
        for name, kind in fields.items():
            if kind not in ("q", "d"):
                raise ValueError(f"{name}: {kind!r} is neither 'q' nor 'd'")
        super().__init__(max(8, 8 * len(fields)), _fd)
        self._fields = fields
        self._format = struct.Struct("=" + "".join(fields.values()))

    def read(self) -> dict[str, int | float]:
        """Return all fields, as they were at one moment."""
        with self._lock:
            return self._read()

    def write(self, **values: float) -> None:
        """Set some of the fields, at once."""
        self.update(lambda fields: {**fields, **values})

    def add(self, **numbers: float) -> dict[str, int | float]:
        """Add to some of the fields, at once; return all of them."""
        return self.update(lambda fields: {**fields, **{name: fields[name] + number for name, number in numbers.items()}})

    def update(self, change: Callable[[dict[str, int | float]], dict[str, int | float]]) -> dict[str, int | float]:
        """Replace all fields by what *change* makes of them; nobody sees or changes them meanwhile."""
        with self._lock:
            fields = change(self._read())
            if fields.keys() != self._fields.keys():
                raise KeyError(f"fields are {', '.join(self._fields)}")
            self._format.pack_into(self._map, 0, *(fields[name] for name in self._fields))
            return fields

    def _read(self) -> dict[str, int | float]:
        return dict(zip(self._fields, self._format.unpack_from(self._map, 0)))

    def _about(self) -> tuple[object, ...]:
        return tuple(self._fields.items())


class Dict(_Locked):
    """A dictionary of plain values (what marshal takes: None, numbers, text, bytes, tuples, lists, dictionaries of them).

    Made for settings and tables of some thousand entries: each operation reads or writes the whole.

    Args:
        size: room for it in bytes.
    """

    def __init__(self, size: int = 1 << 20, _fd: int | None = None) -> None:
        super().__init__(size, _fd)

    def _load(self) -> dict[object, object]:
        used = int.from_bytes(self._map[:8], "little")
        return marshal.loads(self.buffer[8 : 8 + used]) if used else {}  # type: ignore[no-any-return]

    def _store(self, contents: dict[object, object]) -> None:
        data = marshal.dumps(contents)
        if len(data) + 8 > len(self._map):
            raise InterpreterError(f"the dictionary needs {len(data) + 8} bytes and has {len(self._map)}: give a larger size")
        self._map[8 : 8 + len(data)] = data
        self._map[:8] = len(data).to_bytes(8, "little")

    def update(self, change: Callable[[dict[object, object]], object]) -> object:
        """Let *change* change the dictionary as it likes and return what it returns; nobody sees it meanwhile."""
        with self._lock:
            contents = self._load()
            result = change(contents)
            self._store(contents)
            return result

    def snapshot(self) -> dict[object, object]:
        """Return a copy of the whole."""
        with self._lock:
            return self._load()

    def __getitem__(self, key: object) -> object:
        return self.snapshot()[key]

    def __setitem__(self, key: object, value: object) -> None:
        self.update(lambda contents: contents.__setitem__(key, value))

    def __delitem__(self, key: object) -> None:
        self.update(lambda contents: contents.__delitem__(key))

    def __contains__(self, key: object) -> bool:
        return key in self.snapshot()

    def __len__(self) -> int:
        return len(self.snapshot())

    def __iter__(self) -> Iterator[object]:
        return iter(self.snapshot())

    def get(self, key: object, default: object = None) -> object:
        """Return the value for *key*, or *default*."""
        return self.snapshot().get(key, default)

    def setdefault(self, key: object, default: object = None) -> object:
        """Return the value for *key*, after setting it to *default* if there was none."""
        return self.update(lambda contents: contents.setdefault(key, default))

    def _about(self) -> tuple[object, ...]:
        return (len(self._map),)


_KINDS = {"Memory": Memory, "Counter": Counter, "Struct": Struct, "Dict": Dict}


def _write(memory: Memory) -> bytes:
    # A descriptor for the message: the sender's object may be gone when it is read.
    return marshal.dumps((os.getpid(), type(memory).__name__, os.dup(memory._fd), memory._about()))


def _read(data: bytes) -> Memory:
    pid, kind, fd, about = marshal.loads(data)
    if pid != os.getpid():
        raise NotShareableError(f"a {kind} is memory of process {pid}: this is process {os.getpid()}")
    try:
        if kind == "Struct":
            return Struct(fd, **dict(about))
        if kind == "Counter":
            return Counter(_fd=fd)
        return _KINDS[kind](*about, _fd=fd)  # type: ignore[call-arg]
    finally:
        os.close(fd)


for _kind in _KINDS.values():
    crossing.register(_kind, b"s", _write, _read)  # type: ignore[arg-type]
