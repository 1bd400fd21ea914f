"""`Interpreter` objects and the functions around them: PEP 734's API over `engine`.

There is one object per interpreter in each interpreter, and when the last one goes, what it stands for is closed.
"""

from __future__ import annotations

import threading
import weakref

from morrow.interpreters import crossing, engine
from morrow.interpreters.errors import ExecutionFailed, InterpreterError, InterpreterNotFoundError

__all__ = ["Interpreter", "create", "get_current", "get_main", "list_all"]

_WHENCE = {
    0: "unknown",
    1: "runtime init",
    2: "legacy C-API",
    3: "C-API",
    4: "cross-interpreter C-API",
    5: "_interpreters module",
}
_RUNTIME, _STDLIB = 1, 5

_known: weakref.WeakValueDictionary[int, Interpreter] = weakref.WeakValueDictionary()


def create() -> Interpreter:
    """Return a new (idle) Python interpreter."""
    return Interpreter(engine.create(), _whence=_STDLIB, _ownsref=True)


def list_all() -> list[Interpreter]:
    """Return all existing interpreters."""
    found = []
    for id in engine.list_all():
        try:
            found.append(Interpreter(id))
        except InterpreterNotFoundError:  # closed since it was listed
            pass
    return found


def get_current() -> Interpreter:
    """Return the currently running interpreter."""
    return Interpreter(engine.get_current())


def get_main() -> Interpreter:
    """Return the main interpreter."""
    return Interpreter(engine.MAIN, _whence=_RUNTIME)


class Interpreter:
    """A single Python interpreter.

    Attributes:
        id: the number of the interpreter, unique in the process.
        whence: where it was created.

    If it was not created by this module, every method that changes it fails: close(), prepare_main(), exec(), call().
    """

    _id: int
    _whence: int
    _ownsref: bool

    def __new__(cls, id: int, /, _whence: int | None = None, _ownsref: bool | None = None) -> Interpreter:
        if not isinstance(id, int):
            raise TypeError(f"id must be an int, got {id!r}")
        id = int(id)
        if id < 0:
            raise ValueError(f"interpreter ID must be a non-negative int, got {id}")
        if _whence is None:
            _whence = engine.whence(id)
        self = _known.get(id)
        if self is not None:
            return self
        self = super().__new__(cls)
        self._id = id
        self._whence = _whence
        self._ownsref = _whence == _STDLIB if _ownsref is None else _ownsref
        _known[id] = self
        if self._ownsref:
            engine.hold(id)
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id})"

    def __hash__(self) -> int:
        return hash(self._id)

    def __del__(self, release: object = engine.release, errors: tuple[type, ...] = (InterpreterError,)) -> None:
        if not getattr(self, "_ownsref", False):
            return
        self._ownsref = False
        try:
            release(self._id)  # type: ignore[operator]
        except errors:
            pass

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._id,)

    @property
    def id(self) -> int:
        """The number of the interpreter."""
        return self._id

    @property
    def whence(self) -> str:
        """Where it was created, in words."""
        return _WHENCE[self._whence]

    def is_running(self) -> bool:
        """Return whether code runs in its ``__main__`` now."""
        return engine.is_running(self._id)

    def close(self) -> None:
        """Finalize and destroy the interpreter.

        Raises:
            InterpreterError: it runs, or it is the current one.
        """
        self._check("destroy")
        engine.destroy(self._id)

    def prepare_main(self, ns: object = None, /, **kwargs: object) -> None:
        """Bind the given values, which must be shareable, in the interpreter's ``__main__``.

        Raises:
            NotShareableError: one is not; then none is bound.
        """
        values: dict[str, object] = dict(ns, **kwargs) if ns is not None else kwargs  # type: ignore[call-overload]
        self._check("update __main__ in")
        if not values:
            raise ValueError("arg 2 must be a non-empty dict")
        for name, value in values.items():
            if not isinstance(name, str):
                raise TypeError("bad argument type for built-in operation")
            crossing.check_shareable(value)
        engine.set_main_attrs(self._id, values)

    def exec(self, code: object, /) -> None:
        """Run source text, or a function without arguments, in the interpreter's ``__main__``; wait until it is done.

        Raises:
            ExecutionFailed: it raised something.
            InterpreterError: the interpreter is running already.
        """
        self._check("exec code for")
        excinfo = None
        try:
            engine.run_code(self._id, _script(code))
        except ExecutionFailed as failed:
            excinfo = failed.excinfo
        if excinfo is not None:  # raised here, for a traceback without our frames
            raise ExecutionFailed(excinfo)

    def _call(self, callable: object, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        self._check("make a call in")
        if not hasattr(type(callable), "__call__"):
            raise TypeError(f"expected a callable, got {callable!r}")
        try:
            return engine.call(self._id, callable, args, kwargs)
        except ExecutionFailed as failed:
            excinfo = failed.excinfo
        raise ExecutionFailed(excinfo)

    def call(self, callable: object, /, *args: object, **kwargs: object) -> object:
        """Call the object in the interpreter and return what it returns.

        Raises:
            ExecutionFailed: it raised something; the traceback is in the message.
            NotShareableError: the callable, an argument or the result cannot cross.
        """
        return self._call(callable, args, kwargs)

    def call_in_thread(self, callable: object, /, *args: object, **kwargs: object) -> threading.Thread:
        """Return a new thread that calls the object in the interpreter; what it returns is discarded."""
        thread = threading.Thread(target=self._call, args=(callable, args, kwargs))
        thread.start()
        return thread

    def _check(self, what: str) -> None:
        """Refuse what only interpreters made here can do."""
        if self._whence != _STDLIB:
            if not engine.exists(self._id):
                raise InterpreterNotFoundError(f"unrecognized interpreter ID {self._id}")
            raise InterpreterError(f"cannot {what} unrecognized interpreter {self._id}")


def _script(code: object) -> object:
    """Return the code object of a script: text, a function, a code object."""
    if isinstance(code, str):
        if "\0" in code:
            raise ValueError("source code string cannot contain null bytes")
        return compile(code, "<script>", "exec", dont_inherit=True)
    inner = getattr(code, "__code__", code)
    if type(inner) is not type(_script.__code__):
        raise TypeError(f"unsupported script {code!r}")
    if inner.co_freevars:  # type: ignore[union-attr]
        raise ValueError("closures not supported")
    if inner.co_argcount or inner.co_kwonlyargcount or inner.co_flags & 0x0C:  # type: ignore[union-attr]
        raise ValueError("code with args not supported")
    if _returns_a_value(inner):
        raise ValueError("code that returns a value is not a script")
    return inner


def _returns_a_value(code: object) -> bool:
    """Whether a function has a ``return`` with anything but None."""
    import dis

    before = None
    for instruction in dis.get_instructions(code):  # type: ignore[arg-type]
        name = instruction.opname
        if name == "RETURN_CONST" and instruction.argval is not None:
            return True
        if name == "RETURN_VALUE" and not (before is not None and before.opname == "LOAD_CONST" and before.argval is None):
            return True
        if name not in ("EXTENDED_ARG", "CACHE", "NOP"):
            before = instruction
    return False
