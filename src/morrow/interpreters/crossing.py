"""What may cross from one interpreter to another, and as which bytes.

    (1, "a", b"...")  ->  marshal          a big bytes object  ->  itself        a queue  ->  its number
    def f(x): return x  ->  its code       a function that uses globals, a class  ->  module and name
    everything else  ->  pickle

`encode` gives a list of pieces, so that a large buffer is copied once, into the memory it travels in; `decode` takes that
memory and keeps no reference to it. pickle is imported when something needs it: most messages do not.
"""

from __future__ import annotations

import builtins
import marshal
import sys

from morrow.interpreters.errors import NotShareableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FunctionType, ModuleType

Pieces = list["bytes | memoryview"]
_Function = type(lambda: None)
_Builtin = type(len)
_Module = type(sys)
_PLAIN = frozenset((type(None), bool, int, float, str, bytes))
_BIG = 1 << 14  # bytes of this length travel by themselves, not copied into a marshal text first

_more: dict[type, tuple[bytes, Callable[[object], bytes]]] = {}
_readers: dict[bytes, Callable[[bytes], object]] = {}
_REGISTERS = {b"q": "morrow.interpreters.queues", b"r": "morrow.interpreters.progress", b"s": "morrow.interpreters.shared"}  # who registers which tag


def register(kind: type, tag: bytes, write: Callable[[object], bytes], read: Callable[[bytes], object]) -> None:
    """Let objects of *kind* cross as *write* says; *tag* is one byte that nobody else uses."""
    _more[kind] = (tag, write)
    _readers[tag] = read


def is_shareable(value: object) -> bool:
    """Return whether the object's type crosses without pickle, as `concurrent.interpreters.is_shareable` answers."""
    kind = type(value)
    return kind in _PLAIN or kind is tuple or kind is memoryview or kind in _more


def check_shareable(value: object) -> None:
    """Raise NotShareableError unless *value*, and what is in it, is shareable."""
    if not is_shareable(value) or (type(value) is int and not -(1 << 63) <= value < 1 << 63):
        raise NotShareableError(f"{value!r} does not support cross-interpreter data")
    if type(value) is tuple:
        for item in value:
            check_shareable(item)


def encode(value: object) -> Pieces:
    """Return the bytes of *value*.

    Raises:
        NotShareableError: it cannot cross: a closure, an open file, an object that cannot be pickled.
    """
    kind = type(value)
    if kind in _PLAIN:
        if kind is bytes and len(value) >= _BIG:  # type: ignore[arg-type]
            return [b"b", value]  # type: ignore[list-item]
        return [b"m", marshal.dumps(value)]
    if kind is tuple:
        return [b"m", marshal.dumps(value)] if is_plain(value) else pack(b"t", [encode(item) for item in value])  # type: ignore[attr-defined]
    if kind in _more:
        tag, write = _more[kind]
        return [tag, write(value)]
    if kind is memoryview:
        return _encode_view(value)  # type: ignore[arg-type]
    if kind is _Function:
        place = place_of(value)
        if place is not None:
            return [b"f", marshal.dumps(place)]
        raise _refuse(value)
    place = place_of(value)
    if place is not None:
        return [b"g", marshal.dumps(place)]
    return _encode_pickled(value)


def decode(data: memoryview, main: Callable[[], ModuleType] | None = None) -> object:
    """Return the object whose bytes *data* holds; *main* stands in for a ``__main__`` that lacks a name.

    Raises:
        Exception: whatever importing and unpickling raise.
    """
    tag, body = bytes(data[:1]), data[1:]
    if tag == b"m":
        return marshal.loads(body)
    if tag == b"b":
        return bytes(body)
    if tag == b"t":
        return tuple([decode(part, main) for part in unpack(data)])
    if tag == b"p":
        return _decode_pickled(body, main)
    if tag in (b"f", b"g"):
        return find_function(marshal.loads(body), main)
    if tag == b"w":
        return _decode_view(data, main)
    if tag not in _readers:
        __import__(_REGISTERS[tag])
    return _readers[tag](bytes(body))


def pack(tag: bytes, parts: list[Pieces]) -> Pieces:
    """Return one message made of several, which `unpack` takes apart again."""
    sizes = [sum(map(_size, part)) for part in parts]
    made: Pieces = [tag, len(parts).to_bytes(4, "little"), b"".join([size.to_bytes(8, "little") for size in sizes])]
    for part in parts:
        made += part
    return made


def unpack(data: memoryview) -> list[memoryview]:
    """Return the messages in a message that `pack` made."""
    number = int.from_bytes(data[1:5], "little")
    start, parts = 5 + 8 * number, []
    for index in range(number):
        size = int.from_bytes(data[5 + 8 * index : 13 + 8 * index], "little")
        parts.append(data[start : start + size])
        start += size
    return parts


def _size(piece: bytes | memoryview) -> int:
    return len(piece) if type(piece) is bytes else piece.nbytes  # type: ignore[union-attr]


def is_plain(value: Iterable[object]) -> bool:
    """Return whether marshal takes all that is in *value* as one small text."""
    for item in value:
        kind = type(item)
        if kind is tuple:
            if not is_plain(item):  # type: ignore[arg-type]
                return False
        elif kind not in _PLAIN or (kind is bytes and len(item) >= _BIG):  # type: ignore[arg-type]
            return False
    return True


def _refuse(value: object) -> NotShareableError:
    return NotShareableError(f"{value!r} does not support cross-interpreter data")


# -- functions ---------------------------------------------------------------------------------------------------------


def place_of(value: object) -> tuple[object, ...] | None:
    """Return what `find_function` finds a function or class by, as a plain value; None if pickle has to do it, or nothing can.

    That is module and name, or all of a function that is nothing but code.
    """
    kind = type(value)
    if kind is _Function:
        if is_stateless(value):  # type: ignore[arg-type]
            return value.__code__, value.__name__, value.__qualname__, value.__module__  # type: ignore[attr-defined]
        return _find_place(value)
    if kind is type or (kind is _Builtin and type(value.__self__) is _Module):  # type: ignore[attr-defined]
        return _find_place(value)
    return None


def find_function(place: tuple[object, ...], main: Callable[[], ModuleType] | None = None) -> object:
    """Return what has the place that `place_of` gave, here.

    Raises:
        Exception: whatever importing its module raises.
    """
    if len(place) == 2:
        return _look_up(place[0], place[1], main)  # type: ignore[arg-type]
    code, name, qualname, module = place
    function = _Function(code, sys.modules["__main__"].__dict__, name)  # type: ignore[arg-type]
    function.__qualname__ = qualname  # type: ignore[assignment]
    function.__module__ = module  # type: ignore[assignment]
    return function


def is_stateless(function: FunctionType) -> bool:
    """Return whether a function is nothing but its code: no closure, no defaults, no globals but builtins.

    Such a function runs in the other interpreter's ``__main__`` (CPython 3.14, Objects/funcobject.c,
    _PyFunction_VerifyStateless).
    """
    if function.__closure__ or function.__defaults__ or function.__kwdefaults__:
        return False
    if function.__code__.co_flags & _GENERATORS:
        return False
    names = _globals_of(function.__code__)
    space = function.__globals__
    return names is not None and all(hasattr(builtins, name) and name not in space for name in names)


_GENERATORS = 0x20 | 0x80 | 0x200  # generator, coroutine, asynchronous generator
_names: dict[int, tuple[CodeType, tuple[str, ...] | None]] = {}


def _globals_of(code: CodeType) -> tuple[str, ...] | None:
    """Return the global names that *code* itself reads; None if it binds any."""
    known = _names.get(id(code))
    if known is not None:
        return known[1]
    from opcode import EXTENDED_ARG, opmap

    reads, name_ops = opmap["LOAD_GLOBAL"], {opmap[name] for name in ("LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "STORE_NAME")}
    found: set[str] | None = set()
    extended = 0
    raw = code.co_code
    for at in range(0, len(raw), 2):
        op, argument = raw[at], raw[at + 1] | extended
        extended = argument << 8 if op == EXTENDED_ARG else 0
        if op == reads:
            found.add(code.co_names[argument >> 1])  # type: ignore[union-attr]
        elif op in name_ops:
            found = None
            break
    names = None if found is None else tuple(found)
    if len(_names) > 2000:
        _names.clear()
    _names[id(code)] = (code, names)
    return names


def _find_place(value: object) -> tuple[str, str] | None:
    """Return the module and name under which *value* is found again, or None."""
    module, qualname = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    found: object = sys.modules.get(module) if isinstance(module, str) else None
    if found is None or not isinstance(qualname, str):
        return None
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return (module, qualname) if found is value else None  # type: ignore[return-value]


def _look_up(module: str, qualname: str, main: Callable[[], ModuleType] | None) -> object:
    if module not in sys.modules:
        __import__(module)
    found: object = sys.modules[module]
    try:
        for name in qualname.split("."):
            found = getattr(found, name)
    except AttributeError:
        if module != "__main__" or main is None:
            raise
        found = main()
        for name in qualname.split("."):
            found = getattr(found, name)
    return found


# -- pickle --------------------------------------------------------------------------------------------------------------


def _encode_pickled(value: object) -> Pieces:
    import pickle

    buffers: list[pickle.PickleBuffer] = []
    try:
        text = pickle.dumps(value, 5, buffer_callback=buffers.append)
        if not buffers:
            return [b"p", b"\0", text]
        return [b"p", b"\1", *pack(b"t", [[text], *([b"%c" % buffer.raw().readonly, buffer.raw()] for buffer in buffers)])]
    except Exception as error:  # __reduce__ may raise anything
        raise _refuse(value) from error


def _decode_pickled(body: memoryview, main: Callable[[], ModuleType] | None) -> object:
    import pickle

    if body[0]:
        text, *parts = unpack(body[1:])
        # Each with memory of its own, writable if it was: numpy arrays come back as they were.
        buffers = [bytes(part[1:]) if part[0] else bytearray(part[1:]) for part in parts]
    else:
        text, buffers = body[1:], []
    try:
        return pickle.loads(text, buffers=buffers)
    except AttributeError as error:
        if main is None or "__main__" not in str(error):
            raise
    kept = sys.modules["__main__"]
    sys.modules["__main__"] = main()
    try:
        return pickle.loads(text, buffers=buffers)
    finally:
        sys.modules["__main__"] = kept


# -- memory ---------------------------------------------------------------------------------------------------------------


def _encode_view(view: memoryview) -> Pieces:
    if not view.c_contiguous:
        view = memoryview(view.tobytes()).cast("B").cast(view.format, view.shape)
    about = marshal.dumps((view.format, view.shape, view.readonly))
    return pack(b"w", [[about], [view.cast("B") if view.nbytes else b""]])


def _decode_view(data: memoryview, main: object) -> memoryview:
    about, raw = unpack(data)
    form, shape, readonly = marshal.loads(about)
    view = memoryview(bytes(raw) if readonly else bytearray(raw))
    return view if form == "B" and len(shape) == 1 else view.cast(form, shape)
