"""The one part that runs inside an interpreter: take a message from the mailbox, do it, put the answer there.

`engine` makes an interpreter run ``step()``. Messages and answers are as `crossing` packs them; the first byte says which:

    x  code object                         run it in __main__                         v  the value
    c  flags, callable, arguments, named   call it                                    f  what is known of the exception
    q  the same, all of it plain           call it                                    e  the same, and the exception
    m  {name: value}                       bind them in __main__                      n  cannot cross: text, cause
    k  name, arguments                     a function of this file, for `engine`

Loaded by path, and light: an interpreter that only ever runs plain code shall not pay for pickle, traceback or threading.
"""

from __future__ import annotations

import marshal
import sys

from morrow.interpreters import crossing
from morrow.interpreters.errors import NotShareableError
from morrow.interpreters.mailbox import Mailbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType, ModuleType

_mailbox: Mailbox
_main_file: str | None = None
_fake_main: ModuleType | None = None
WANT_EXCEPTION = 1


def start(mailbox: int, board: int, row: int, main_file: str | None, path0: str | None) -> None:
    """Make this interpreter ready; called once, by the text that `engine` runs first.

    Its row on the board starts at byte *row* of the file *board*: what is done here with the row does not need `board`.
    """
    global _mailbox, _main_file, _board, _row
    _board, _row = board, row
    _mailbox = Mailbox(mailbox)
    _main_file = main_file
    main = sys.modules["__main__"].__dict__
    if not main.get("__annotations__", True):
        del main["__annotations__"]  # 3.14's __main__ starts without
    if path0 is not None and sys.path[:1] != [path0]:
        sys.path.insert(0, path0)


def step() -> None:
    """Answer the message in the mailbox."""
    data = _mailbox.read()
    heart = _start_beating() if _beats and data[:1] != b"k" else None
    try:
        answer = _answer(data)
    except KeyboardInterrupt as error:  # on the way in or out of the program's code
        answer = failure(error)
    finally:
        data.release()
        if heart is not None:
            heart.release()
    if _alive and not _serves:
        _start_serving()
    _mailbox.write(answer)


def handle(data: memoryview) -> crossing.Pieces:
    """Answer a message that came another way: the process back end has no mailbox."""
    return _answer(data)


def _answer(data: memoryview) -> crossing.Pieces:
    kind = bytes(data[:1])
    with_exception = False
    try:
        if kind == b"x":
            code = marshal.loads(data[1:])
        elif kind == b"m":
            sys.modules["__main__"].__dict__.update(crossing.decode(data[1:]))  # type: ignore[call-overload]
            return [b"v", b"m", marshal.dumps(None)]
        elif kind == b"k":
            name, arguments = marshal.loads(data[1:])
            return [b"v", *crossing.encode(globals()[name](*arguments))]
        elif kind == b"q":
            with_exception, place, positional, named = marshal.loads(data[1:])
            function = _find_function(place, "args" if with_exception else "callable")
        else:
            parts = crossing.unpack(data)
            with_exception = bool(parts[0][0] & WANT_EXCEPTION)
            function, positional, named = _decode_call(parts[1:], "args" if with_exception else "callable")
            for part in parts:
                part.release()
    except NotShareableError as error:
        return refusal(error)
    main = sys.modules["__main__"].__dict__
    global _busy
    _busy = True
    try:
        if _row and _is_asked():  # before this was busy
            _forget_asking()
            raise KeyboardInterrupt
        if kind == b"x":
            exec(code, main)
            return [b"v", b"m", marshal.dumps(None)]
        value = call(function, positional, named, main)
    except BaseException as error:
        _busy = False
        return failure(error, with_exception)
    _busy = False
    try:
        return [b"v", *crossing.encode(value)]
    except NotShareableError as error:
        return refusal(error)


def call(function: object, positional: tuple[object, ...], named: dict[str, object], main: dict[str, object]) -> object:
    """Call *function* as if ``__main__`` called it: eval, dir and their like ask for the caller's names."""
    if type(function) is not _BUILTIN or function in _ASK_NOTHING:
        return function(*positional, **named)  # type: ignore[operator]
    global _template
    if _template is None:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _template = compile("'f'(*'a', **'k')", __file__, "eval")
    values = {"f": function, "a": positional, "k": named}
    constants = tuple(values.get(item, item) if type(item) is str else item for item in _template.co_consts)
    return eval(_template.replace(co_consts=constants), main)


_BUILTIN = type(len)
# Of the builtins, those that have nothing to do with who calls them.
_ASK_NOTHING = frozenset((abs, bin, chr, divmod, hash, hex, id, len, max, min, ord, pow, repr, round, sorted, sum))
_template = None


def _find_function(place: tuple[object, ...], name: str) -> object:
    try:
        return crossing.find_function(place, fake_main)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _unreadable(name, error) from error


def _decode_call(parts: list[memoryview], name: str) -> tuple[object, tuple[object, ...], dict[str, object]]:
    try:
        function = crossing.decode(parts[0], fake_main)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _unreadable(name, error) from error
    try:
        return function, crossing.decode(parts[1], fake_main), crossing.decode(parts[2], fake_main)  # type: ignore[return-value]
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _unreadable("args", error) from error


def _unreadable(what: str, error: BaseException) -> NotShareableError:
    refused = NotShareableError(f"{what} not shareable")
    refused.inner = f"object could not be unpickled: {type(error).__name__}: {error}"  # type: ignore[attr-defined]
    return refused


def refusal(error: BaseException) -> crossing.Pieces:
    """Return the answer for something that cannot cross."""
    cause = error.__cause__
    inner = getattr(error, "inner", None) or (f"{type(cause).__name__}: {cause}" if cause is not None else "")
    return [b"n", marshal.dumps((str(error), inner))]


def failure(error: BaseException, with_exception: bool = False) -> crossing.Pieces:
    """Return the answer for an exception of the program's."""
    about = marshal.dumps(describe(error))
    if not with_exception:
        return [b"f", about]
    try:
        return [b"e", *crossing.pack(b"t", [[about], crossing.encode(error)])]
    except NotShareableError:
        print("exception is not shareable:", file=sys.stderr)
        import traceback

        traceback.print_exception(_without_us(error))
        return [b"f", about]


def describe(error: BaseException) -> dict[str, object]:
    """Return what `ExecutionFailed.excinfo` says about an exception, as plain values."""
    if type(error) is KeyboardInterrupt and "traceback" not in sys.modules:
        frames = _places_of(error)
        if frames is not None:
            name = "KeyboardInterrupt"
            about = {"__name__": name, "__qualname__": name, "__module__": "builtins"}
            return {"type": about, "msg": str(error), "formatted": f"{name}: {error}", "frames": frames}
    import traceback

    kind = type(error)
    _without_us(error)
    try:
        message = str(error)
    except Exception:  # the program's own __str__
        message = "<exception str() failed>"
    module = kind.__module__
    name = kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"
    try:
        shown = "".join(traceback.TracebackException.from_exception(error).format())
    except Exception:  # the program's own again: up to 3.13 traceback asks whether the exception is true
        shown = f"{name}: {message}"
    return {
        "type": {"__name__": kind.__name__, "__qualname__": kind.__qualname__, "__module__": module},
        "msg": message,
        "formatted": f"{name}: {message}",
        "errdisplay": shown.rstrip("\n"),
    }


def _without_us(error: BaseException) -> BaseException:
    """Cut our own frames off the top of a traceback."""
    place = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename in _OURS:
        place = place.tb_next
    error.__traceback__ = place
    return error


def _places_of(error: BaseException) -> tuple[tuple[object, ...], ...] | None:
    """Return where each frame of a traceback was, for `engine` to print; None if that would not be the same.

    Importing traceback takes longer than an interrupt should, and whoever has asked for it has more time.
    """
    plain = error.__cause__ is None and error.__context__ is None and not hasattr(error, "__notes__")
    if not plain or hasattr(sys, "tracebacklimit") or "linecache" in sys.modules:
        return None
    import itertools  # built in

    frames: list[tuple[object, ...]] = []
    place = _without_us(error).__traceback__
    while place is not None:
        code = place.tb_frame.f_code
        spot = next(itertools.islice(code.co_positions(), place.tb_lasti // 2, None))
        frames.append((code.co_filename, place.tb_lineno, code.co_name, *spot))
        place = place.tb_next
    return tuple(frames)


_OURS = frozenset((__file__, crossing.__file__))


def fake_main() -> ModuleType:
    """Return the program's main file as a module, run once, under a name that keeps its ``if __name__`` part from running.

    Functions of ``__main__`` that use globals need them here too; this interpreter's own ``__main__`` stays as it is.

    Raises:
        AttributeError: the program has no main file: a prompt, ``-c``.
    """
    global _fake_main
    if _fake_main is None:
        if _main_file is None:
            raise AttributeError("__main__ has no file to run")
        module = type(sys)("<fake __main__>")
        module.__file__ = _main_file
        with open(_main_file, "rb") as file:
            source = file.read()
        exec(compile_main(source, _main_file), module.__dict__)
        _fake_main = module
    return _fake_main


def compile_main(source: bytes, path: str) -> CodeType:
    """Compile the program's main file. Replaced where more than the host's grammar is understood."""
    return compile(source, path, "exec", dont_inherit=True)  # type: ignore[no-any-return]


# -- for engine ------------------------------------------------------------------------------------------------------------


_busy = False  # whether the program's code runs
_beats = False  # whether it shares a GIL that it would not hand over
_creator = 0
_board = _row = 0  # the file with the board, and where in it this interpreter's row is
_ASKED, _ANSWERED, _INTERRUPT = 5, 6, 7  # as in `board`
_alive: list = []
_serves = False
_begin: object = None
_IMPORT_SYSTEM = sys.modules["_frozen_importlib"]._find_and_load.__code__.co_filename
_beating: list = []  # threads that ask for the GIL, as two locks: it has not begun, it is not gone


def beat(creator: int) -> None:
    """Have a second thread while something runs: one that asks for the GIL, and so makes the first hand it over.

    On some hosts only a thread of the same interpreter can ask. *creator* is the thread that made the interpreter: the
    host may know whoever runs code in it by that one's number.
    """
    global _beats, _begin, _creator
    import _thread

    _beats, _creator = True, creator
    _begin = _begin or _thread.start_new_thread


def _start_beating() -> object:
    import _thread

    heart = _thread.allocate_lock()
    heart.acquire()
    runner, bottom = _thread.get_ident(), sys._getframe(1)

    begun, gone = _thread.allocate_lock(), []
    begun.acquire()
    _beating[:] = [one for one in _beating if one[0].locked() or one[1][0].locked()]
    _beating.append((begun, gone))

    def run() -> None:
        nonlocal bottom
        # The host lets go of this lock when the thread is gone altogether; it comes unlocked.
        lock = _thread._set_sentinel()  # type: ignore[attr-defined]
        lock.acquire()
        gone.append(lock)
        begun.release()
        while not heart.acquire(timeout=0.005):
            if _busy and _is_asked() and _raise_above(bottom, runner):
                _forget_asking()
        bottom = None  # type: ignore[assignment]

    _begin(run, ())  # type: ignore[operator]
    return heart


def _raise_above(bottom: object, runner: int) -> bool:
    """Raise KeyboardInterrupt in the thread whose frames stand on *bottom*, at its next instruction, unless it must not be now.

    It must not in the middle of the import system: a module would stay locked, or, up to 3.11, the lock that all interpreters
    share. A module that is being imported is no such place. Nor in *bottom* itself: nobody would answer.

    Threads of other interpreters may have the same number, and the host may know *runner* by that of the thread which made
    the interpreter; so the frames are found by what they stand on.

    Returns:
        Whether it will be raised.
    """
    import itertools
    import operator

    api = c_api()
    state = _thread_state_above(bottom, api)
    if state is None:
        return False
    addresses, owned = itertools.tee(filter(None, map(api.PyThreadState_GetFrame, (state, state))))
    frames, again = itertools.tee(map(api.Py_NewRef, addresses))
    outside = map(_IMPORT_SYSTEM.__ne__, map(operator.attrgetter("f_code.co_filename"), frames))
    above = map(operator.is_not, again, (bottom, bottom))
    numbers = [api.pointer(number) for number in (runner, _creator)]
    chosen = itertools.compress(numbers, map(operator.and_, outside, above))
    # Looking and raising is one call of a function in C: after each call in Python the other thread could run on.
    done = any(map(api.PyThreadState_SetAsyncExc, chosen, itertools.repeat(api.object(KeyboardInterrupt))))
    for address in owned:
        api.Py_DecRef(address)
    return done


_c_api: _CAPI | None = None


def c_api() -> _CAPI:
    """Return the functions of the C API that are needed here and in `own_frames`."""
    global _c_api
    _c_api = _c_api or _CAPI()
    return _c_api


class _CAPI:
    """The functions of the C API that `_raise_above` needs, under their names.

    As ctypes.PyDLL has them, but from ctypes' C half alone: beside a thread that never waits each file that an import looks
    for takes a turn of the GIL, 5 ms, and importing all of ctypes takes a tenth of a second.
    """

    def __init__(self) -> None:
        from _ctypes import FUNCFLAG_CDECL, FUNCFLAG_PYTHONAPI, CFuncPtr, _SimpleCData, dlopen, dlsym  # type: ignore[attr-defined]

        class pointer(_SimpleCData):  # type: ignore[misc]
            _type_ = "P"

        class integer(_SimpleCData):  # type: ignore[misc]
            _type_ = "i"

        class object(_SimpleCData):  # type: ignore[misc]
            _type_ = "O"

        class Function(CFuncPtr):  # type: ignore[misc]
            _flags_ = FUNCFLAG_CDECL | FUNCFLAG_PYTHONAPI
            _restype_ = pointer

        self.pointer, self.object = pointer, object
        program = dlopen(None, 0)
        for name, arguments, result in (
            ("PyInterpreterState_Get", [], pointer),
            ("PyInterpreterState_ThreadHead", [pointer], pointer),
            ("PyThreadState_Next", [pointer], pointer),
            # A result of the type object must not be NULL (_ctypes/callproc.c, GetResult), so frames come as addresses.
            ("PyThreadState_GetFrame", [pointer], pointer),
            ("Py_NewRef", [pointer], object),
            ("Py_DecRef", [pointer], None),
            ("PyThreadState_SetAsyncExc", [pointer, object], integer),
        ):
            function = Function(dlsym(program, name))
            function.argtypes, function.restype = arguments, result
            setattr(self, name, function)


def _thread_state_above(bottom: object, api: _CAPI) -> int | None:
    """Return the address of the thread state of this interpreter whose frames stand on *bottom*."""
    from itertools import accumulate, chain, count, islice, repeat, takewhile

    interpreter = api.PyInterpreterState_Get()

    def states(index: int) -> Iterator[int]:
        # accumulate's second argument goes to a C function that takes one, and is not looked at.
        first = map(api.PyInterpreterState_ThreadHead, (interpreter,))
        return islice(takewhile(bool, accumulate(chain(first, repeat(0)), api.PyThreadState_Next)), index, index + 1)

    for index in count():
        # One call of a function in C again: a thread that ends takes its state with it.
        found = next(zip(states(index), map(api.PyThreadState_GetFrame, states(index))), None)
        if found is None:
            return None
        state, address = found
        if address is None:  # it runs nothing
            continue
        frame = api.Py_NewRef(address)
        api.Py_DecRef(address)
        while frame is not None and frame is not bottom:
            frame = frame.f_back
        if frame is not None:
            return state
    return None


def _is_asked() -> bool:
    """Return whether somebody has asked for an interrupt."""
    import posix  # built in: this is called between any two instructions, where nothing may be half imported

    return any(posix.pread(_board, 8, _row + 8 * _INTERRUPT))


def _forget_asking() -> None:
    import posix

    posix.pwrite(_board, bytes(8), _row + 8 * _INTERRUPT)


def raise_here() -> None:
    """Raise KeyboardInterrupt in what this thread was doing when it was made to call this (`interrupt`).

    CPython takes what calls this for failed if anything is raised here, and then the program for failed without an
    exception: SystemError.
    """
    if not _busy or not _is_asked():
        return  # it has ended meanwhile
    _forget_asking()
    frame = sys._getframe(2)  # not the text that called us: CPython would print what is raised there
    while frame is not None and frame.f_code.co_filename not in _OURS:
        frame.f_trace = _raise
        frame = frame.f_back  # type: ignore[assignment]
    sys.settrace(_raise)


def _raise(frame: FrameType, event: str, argument: object) -> object:
    if not _busy:
        sys.settrace(None)
        return None
    code = frame.f_code
    if code.co_filename in _OURS or "raise_here" in code.co_names:  # the text of a second interrupt
        return None
    if imports(frame):  # it would leave modules locked: in who imports, or in the module
        return _raise
    sys.settrace(None)
    raise KeyboardInterrupt


def imports(frame: FrameType) -> bool:
    """Return whether *frame* is one of the import system's own."""
    return frame.f_code.co_filename == _IMPORT_SYSTEM


def _start_serving() -> None:
    """Answer from a thread from now on: this host runs no code in an interpreter that has background threads."""
    global _serves
    import os

    from morrow.interpreters import wakeup

    asked, answered = wakeup.create(), wakeup.create()
    _serves = True

    def serve() -> None:
        while _serves:
            wakeup.wait((asked,))
            step()
            wakeup.post(answered)

    _begin(serve, ())  # type: ignore[operator]
    os.pwrite(_board, answered.to_bytes(8, sys.byteorder), _row + 8 * _ANSWERED)
    os.pwrite(_board, asked.to_bytes(8, sys.byteorder), _row + 8 * _ASKED)


def stop_serving() -> None:
    """Let the thread end that answers."""
    global _serves
    _serves = False


def prepare_threads() -> None:
    """Refuse here what hosts that can end threads refuse themselves: daemon threads and fork; count the others."""
    global _begin
    import _thread
    import os

    begin = _begin = _thread.start_new_thread

    def start_new_thread(function, args, kwargs={}, /):  # type: ignore[no-untyped-def]
        owner = getattr(function, "__self__", None)
        if getattr(owner, "_daemonic", False):
            raise RuntimeError("daemon threads are disabled in this (sub)interpreter")
        lock = _thread.allocate_lock()
        lock.acquire()
        _alive.append(lock)

        def run() -> None:
            try:
                function(*args, **kwargs)
            finally:
                _alive.remove(lock)
                lock.release()

        return begin(run, ())

    _thread.start_new_thread = _thread.start_new = start_new_thread
    if "threading" in sys.modules:
        sys.modules["threading"]._start_new_thread = start_new_thread  # type: ignore[attr-defined]

    def fork(*_: object) -> int:
        raise RuntimeError("fork not supported for isolated subinterpreters")

    for name in ("fork", "forkpty"):
        if hasattr(os, name):
            setattr(os, name, fork)
            setattr(sys.modules["posix"], name, fork)


def finish_threads() -> None:
    """Wait for the threads that the program has left behind, and run what it wants run at their end."""
    threading = sys.modules.get("threading")
    if threading is not None:
        for function in reversed(getattr(threading, "_threading_atexits", ())):
            function()
    for lock in list(_alive):
        lock.acquire()


def prepare_to_end() -> None:
    """Let the last beating thread be gone, and threading take the thread that calls this for the main one.

    Where it takes the one that imported it first, and that one is gone, ending the interpreter waits for it for ever
    (3.12, Lib/threading.py, _shutdown).
    """
    for begun, gone in _beating:
        begun.acquire(timeout=5)
        gone[0].acquire(timeout=5)
    if _beating:
        import time

        time.sleep(0.001)  # what lets go of the lock is the last but one thing that a thread does
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._main_thread._ident = threading.get_ident()  # type: ignore[attr-defined]


def block(names: tuple[str, ...]) -> None:
    """Let modules be missing: the library then uses its own versions in Python."""
    for name in names:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


# -- for executor ----------------------------------------------------------------------------------------------------------


def run_chunk(function: object, rows: tuple[tuple[object, ...], ...]) -> tuple[list[object], object, object]:
    """Call *function* with each of *rows*; return the results, and what is known of the exception that ended it."""
    values: list[object] = []
    try:
        for row in rows:
            values.append(function(*row))  # type: ignore[operator]
    except BaseException as error:
        try:
            crossing.encode(error)
        except NotShareableError:
            return values, describe(error), None
        return values, describe(error), error
    return values, None, None
