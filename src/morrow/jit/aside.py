"""Compile aside: in a copy of the process, on another processor, while the program keeps the GIL and this one.

    begin(request) -> Aside           Aside.finish() -> None: not yet         Compiled, Declined or Again

The front end is Python and would take the GIL from the program for hundreds of milliseconds, and LLVM cannot be stopped;
a copy has a GIL of its own and can be killed at any moment. It begins with everything this process knows (`host/copies`)
and hands back object code, which fits because all addresses are the same (`parcel`).

Where a copy cannot be made (one processor, not Linux, a process of more than a gigabyte) the caller compiles here.
"""

from __future__ import annotations

import marshal
import os
import time
from collections.abc import Callable, Iterable
from types import CodeType

from morrow.host import copies
from morrow.jit import layout, natives, object_code, parcel
from morrow.jit.history import watch_classes
from morrow.jit.made import Compiled, Declined, Product, Request, load
from morrow.jit.own_imports import ImportsAreOurs, let_go_of_locks


class Again:
    """Nothing was made, but the next try may do better.

    Attributes:
        module: whose globals want a version first; "" if it has to be compiled in this process.
        why: for the log.
        unchanged: whether it is enough to begin again.
    """

    __slots__ = ("module", "why", "unchanged")

    def __init__(self, module: str, why: str, unchanged: bool = False) -> None:
        self.module, self.why, self.unchanged = module, why, unchanged


class Off:
    """Nothing can be compiled for this process; `why`, in words."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why


class Aside:
    """Something being compiled in a copy.

    Attributes:
        seconds: CPU time it took there, once it is finished.
    """

    def __init__(self, copy: copies.Copy, load: Callable[[bytes], Compiled | Declined | Again | Off]) -> None:
        self._copy, self._load = copy, load
        self.seconds = 0.0

    def finish(self) -> Compiled | Declined | Again | Off | None:
        """Return what was made, None while it is being made.

        Raises:
            RuntimeError: the copy ended without a result: a bug of ours or of LLVM's, or it hung; the text says which.
        """
        try:
            data = self._copy.read()
        except copies.NotNow:
            return Again("", "a thread was started at the same time", True)
        finally:
            self.seconds = self._copy.seconds
        return None if data is None else self._load(data)

    @property
    def hung(self) -> bool:
        """Whether it had to be ended."""
        return self._copy.hung

    @property
    def is_ours(self) -> bool:
        """Whether this process began it, rather than the one it was forked from."""
        return self._copy.parent == os.getpid()

    def close(self) -> None:
        """Stop it."""
        self._copy.close()

    def forget(self) -> None:
        """In a child of this process, made by a fork: it is not ours."""
        self._copy.forget()


def prepare() -> str:
    """Bring what machine code made in a copy refers to here; return why copies cannot be made here, "" if they can."""
    reason = copies.find_reason_against()
    natives.runtime()
    for name in ("pow", "fmod"):
        natives.library_address(name)
    if not reason and not layout.newest_version():
        reason = "classes get no versions"
    return reason


def begin(request: Request, known: Iterable[CodeType]) -> Aside | None:
    """Begin to compile; None if no copy can be made just now. *known*: see `parcel.unpack`."""
    started = time.perf_counter()
    newest = layout.newest_version()
    code = request.function.__code__
    known = list(known)
    copy = copies.start(lambda: _compile(request, newest, known))

    def unpacked(data: bytes) -> Compiled | Declined | Again | Off:
        kind, data = data[:1], data[1:]
        if kind != _MADE:
            return {_DECLINED: Declined, _AGAIN: Again, _OFF: Off}[kind](*marshal.loads(data))  # type: ignore[operator,no-any-return]
        found = parcel.unpack(data, code, known, started)
        if isinstance(found, Declined):
            return found
        product, machine_code, from_disk = found
        return load(product, machine_code, product.level, from_disk, started, {})

    return None if copy is None else Aside(copy, unpacked)


def begin_better(product: Product) -> Aside | None:
    """Begin to make better machine code for something that LLVM made quickly; None if no copy can be made just now."""
    started = time.perf_counter()

    def build() -> bytes:
        let_go_of_locks()
        return _bring(_llvm) or _MADE + object_code.build(product.text, 1)

    def unpacked(data: bytes) -> Compiled | Declined | Again | Off:
        kind, data = data[:1], data[1:]
        return load(product, data, 1, False, started, {}) if kind == _MADE else (Again if kind == _AGAIN else Off)(*marshal.loads(data))

    copy = copies.start(build)
    return None if copy is None else Aside(copy, unpacked)


# -- in the copy -----------------------------------------------------------------------------------------------------------

_MADE, _DECLINED, _AGAIN, _OFF = b"M", b"D", b"A", b"O"


def _compiler() -> None:
    from morrow.jit import compile  # noqa: F401


def _llvm() -> None:
    from morrow.jit import llvm

    for level in (0, 1):
        llvm.machine(level)


def _bring(what: Callable[[], None]) -> bytes:
    """Import what compiling takes and the process does not have; return the answer if that cannot be, else b""."""
    try:
        with ImportsAreOurs():
            what()
    except (ImportError, OSError) as error:
        if "partially initialized" in str(error):  # a thread of the program was about to import the same
            return _AGAIN + marshal.dumps(("", str(error), True))
        from morrow.jit.worker import why_off

        return _OFF + marshal.dumps((why_off(error),))
    except AttributeError as error:
        return _AGAIN + marshal.dumps(("", str(error), True))
    return b""


def _compile(request: Request, newest: int, known: list[CodeType]) -> bytes:
    layout.be_a_copy(newest)
    let_go_of_locks()
    answer = _bring(_compiler)
    if answer:
        return answer
    from morrow.jit.compile import lower_function

    watch_classes()
    try:
        made = lower_function(request)
        if isinstance(made, Declined):
            return _DECLINED + marshal.dumps((made.reason, made.where, made.detail))
        code = object_code.find(made.text, made.level)
        from_disk = code is not None
        if code is None:
            answer = _bring(_llvm)
            if answer:
                return answer
            code = object_code.build(made.text, made.level)
        return _MADE + parcel.pack(made, code, from_disk, known)
    except layout.NoVersion as missing:
        return _AGAIN + marshal.dumps((missing.module, f"the globals of {missing.module} have no version"))
    except parcel.Unnamed as unnamed:
        return _AGAIN + marshal.dumps(("", f"a {unnamed} has no name"))
