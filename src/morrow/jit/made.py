"""What compiling gives: a reason why not, or a product (all that LLVM is told, as plain values), and that as machine code in memory.

Imported in the program's process, where little should be; what makes these things is `compile`, and is not.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from types import CodeType, FunctionType

from morrow import debuglog
from morrow.jit import guards, layout, natives, object_code, plain
from morrow.jit.history import MOST_COMPILES, all_classes, history_of, remember_class
from morrow.jit.link import Loaded

OFTEN = 40
"""Times one exit may be taken before the function is compiled again without assuming what failed there."""

TOO_OFTEN = 5000
"""Times one exit that nothing can be done about may be taken between two reviews: an exit costs less than a microsecond."""

PROFILE_SECONDS = 0.3
"""Seconds after which what a first compile's code has met is taken for all there is."""


class Record:
    """Values under names, given in order or by name: what a dataclass would be, which a program's process does not import for us."""

    __slots__: tuple[str, ...] = ()
    _DEFAULTS: dict[str, object] = {}

    def __init__(self, *values: object, **named: object) -> None:
        for name, value in (self._DEFAULTS | dict(zip(self.__slots__, values, strict=False)) | named).items():
            setattr(self, name, value)  # AttributeError for a name that is none of its own


class Request(Record):
    """What is to be compiled.

    Attributes:
        function: the function object; its code, globals and closure are used.
        arguments: classes of its arguments, if somebody saw them; None to guess from the host's specialised bytecode.
        loop: byte offset of a loop's head (where JUMP_BACKWARD goes) to enter a running frame there; None for the function.
        frame_types: for a loop: class of each of the frame's locals, cells and free variables (None: unbound), then of each
            entry of its value stack, bottom first.
        level: 0 hardly any optimisation, 1 quick (what is large is level 0 at first, see `Compiled.made_better`), 2 everything LLVM has.
        profile: the code is to note which classes it meets, for the next compile.
        copies: gives the bytes that a code object was seen with while it was interpreted, see `feedback`.
        seconds: CPU time of lifting after which no more functions are taken in; lifting has the GIL.
        least_share: part of the operations that must be faster as machine code, or it is not made.
    """

    __slots__ = ("function", "arguments", "loop", "frame_types", "level", "profile", "copies", "seconds", "least_share")
    _DEFAULTS = {"arguments": None, "loop": None, "frame_types": None, "level": 1, "profile": False, "copies": lambda code: [], "seconds": 60.0, "least_share": 0.0}
    function: FunctionType
    arguments: tuple[type | None, ...] | None
    loop: int | None
    frame_types: tuple[type | None, ...] | None
    level: int
    profile: bool
    copies: Callable[[CodeType], list[bytes]]
    seconds: float
    least_share: float

    def __str__(self) -> str:
        where = "" if self.loop is None else f" loop at {self.loop}"
        return f"{self.function.__qualname__}{where} (level {self.level})"


class Declined(Record):
    """Why something stays with CPython: a row of `reasons`, the source line, and words for its sentence."""

    __slots__ = ("reason", "where", "detail")
    _DEFAULTS = {"where": 0, "detail": ""}
    reason: str
    where: int
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} at line {self.where}: {self.detail}"


class ExitPoint(Record):
    """A place where compiled code may leave, and how often it did.

    Attributes:
        address, met: of its counter, and of the words that name the classes it left for.
    """

    __slots__ = ("code", "offset", "line", "reason", "address", "met")
    _DEFAULTS = {"met": 0}
    code: CodeType
    offset: int
    line: int
    reason: str
    address: int
    met: int

    def classes_met(self) -> list[type]:
        """Return the classes that were not the expected one here, as far as they are classes still."""
        words = {layout.word(self.met + 8 * number) for number in range(guards.MET)} - {0} if self.met else set()
        # the addresses may be stale: they are only compared with those of living classes
        return [cls for cls in all_classes() if id(cls) in words] if words else []

    def count(self) -> int:
        """Return how often the code left here."""
        return ctypes.c_int64.from_address(self.address).value

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason} x{self.count()}"


class Compiled(Record):
    """Machine code for a function or a loop. Keep it alive as long as its addresses are used.

    Attributes:
        code, name: what it was made from. The function itself is held by nobody here: it may die as it would without us.
        entry: address of a vectorcallfunc for the function, 0 for a loop.
        osr: address of ``int (PyThreadState *, _PyInterpreterFrame *)`` for a loop, else 0. Gives 0 if it did not enter,
            1 if the frame was rewritten, 2 if it was and an exception must be raised at its instruction.
        loop: byte offset of the loop's head, or None.
        size: bytes of object code.
        seconds: how long compiling took.
        exits: where it may leave.
        inside: the code objects of what it was made from: the function and those it calls directly.
        texts: stage -> text, if they were asked for.
        from_disk: whether its object code was found in the cache on disk.
        turns_address: of the number of turns after which a loop goes back to the interpreter.
        recursive: whether it calls itself by a native call, so that one call's time says nothing about another's.
    """

    __slots__ = ("recursive", "code", "name", "entry", "osr", "loop", "size", "seconds", "exits", "inside", "texts", "missed_address", "slow_address", "turns_address", "level", "from_disk", "profile", "_places", "_since", "_reviewed", "_counts", "_loaded", "_keep", "_product")
    recursive: bool
    code: CodeType
    name: str
    entry: int
    osr: int
    loop: int | None
    size: int
    seconds: float
    exits: tuple[ExitPoint, ...]
    inside: frozenset[CodeType]
    texts: dict[str, str]
    missed_address: int
    slow_address: int
    turns_address: int
    level: int
    from_disk: bool
    profile: bool
    _places: tuple[tuple[CodeType, int, int], ...]
    _since: float
    _reviewed: bool
    _counts: dict[int, int]
    _loaded: object
    _keep: tuple[object, ...]
    _product: Product | None

    def __init__(self, **named: object) -> None:
        self._since = time.monotonic()
        self._counts = {}
        self._reviewed = False
        super().__init__(**named)

    def __str__(self) -> str:
        what = self.name if self.loop is None else f"{self.name} loop at {self.loop}"
        left = sum(e.count() for e in self.exits)
        return f"{what}: {self.size} bytes in {self.seconds * 1000:.0f} ms, {len(self.exits)} exits taken {left} times"

    def missed(self) -> int:
        """Return how often a call was interpreted because its arguments were not as expected."""
        return ctypes.c_int64.from_address(self.missed_address).value if self.missed_address else 0

    def slow(self) -> int:
        """Return how often a global was not where it was when compiling (found all the same, but slower)."""
        return ctypes.c_int64.from_address(self.slow_address).value if self.slow_address else 0

    def review(self, often: int = 0) -> str:
        """Return "keep", "recompile" (some exit is taken often; it will be avoided) or "leave" (it does not get better).

        Args:
            often: how many times is often, `OFTEN` unless given.
        """
        if self.profile:
            # it has run for a while: what it met is known now
            if self._reviewed or time.monotonic() - self._since < PROFILE_SECONDS:
                return "keep"
            self._reviewed = True
            self.remember_classes()
            return "recompile"
        times = often or OFTEN
        taken = [e for e in self.exits if e.count() >= times and e.reason not in ("asked", "return")]
        missed = self.missed() >= times
        moved = self.slow() >= 100 * OFTEN
        if not taken and not missed and not moved:
            return "keep"
        history = history_of(self.code)
        pays = not missed and all(self.pays_in_spite_of(point) for point in taken)
        if history.compiles >= MOST_COMPILES:
            return "keep" if pays else "leave"
        news = False
        for point in taken:
            reasons = history_of(point.code).failed.setdefault(point.offset, set())
            news |= point.reason not in reasons
            reasons.add(point.reason)
            for met in point.classes_met():
                news |= remember_class(point.code, point.offset, met)
        if missed and not history.loose:
            history.loose = news = True
        news |= moved
        return "recompile" if news else "keep" if pays else "leave"

    def remember_classes(self) -> None:
        """Keep which classes the code met, for the next compile."""
        words: dict[int, list[tuple[CodeType, int]]] = {}
        for code, at, address in self._places:
            for number in range(guards.MET):
                word = layout.word(address + 8 * number)
                if word:
                    words.setdefault(word, []).append((code, at))
        if words:
            for cls in all_classes():
                for code, at in words.get(id(cls), ()):
                    remember_class(code, at, cls)

    def leaves_often(self) -> bool:
        """Return whether it leaves so often, for anything, that it had better not be used until it is compiled anew."""
        return sum(point.count() for point in self.exits) >= TOO_OFTEN

    def pays_in_spite_of(self, point: ExitPoint) -> bool:
        """Return whether an exit has not been taken so often since the last look that compiled code only costs."""
        count = point.count()
        before = self._counts.get(point.address, count)
        self._counts[point.address] = count
        return count - before < TOO_OFTEN

    def can_be_better(self) -> bool:
        """Return whether LLVM was told to be quick, because there was much of it."""
        return self._product is not None

    @property
    def product(self) -> Product:
        """What the front end made of it, while `can_be_better`."""
        assert self._product is not None
        return self._product

    def made_better(self) -> Compiled:
        """Return the same code made with more of LLVM's time."""
        assert self._product is not None
        return build(self._product, 1, time.perf_counter(), {})

    def close(self) -> None:
        """Free the code; only when no thread can be in it and nothing points to it."""
        if self._loaded is not None:
            self._loaded.close()  # type: ignore[attr-defined]
            self._loaded = None


class Product(Record):
    """What the front end made of a request: all that is needed for machine code of any level, without another look at the program."""

    __slots__ = ("code", "name", "loop", "profile", "text", "symbol", "entry", "imports", "exports", "points", "places", "inside", "keep", "level", "started", "texts", "recursive")
    code: CodeType
    name: str
    loop: int | None
    profile: bool
    text: str
    symbol: str
    entry: str
    imports: dict[str, int]
    exports: tuple[str, ...]
    points: tuple[tuple[CodeType, int, int, str], ...]
    places: tuple[tuple[CodeType, int], ...]
    inside: frozenset[CodeType]
    keep: tuple[object, ...]
    level: int
    started: float
    texts: dict[str, str]
    recursive: bool

    def build(self) -> Compiled:
        """Have LLVM make it, here and now."""
        return build(self, self.level, self.started, self.texts)


_serial = 0


def build(product: Product, level: int, started: float, texts: dict[str, str]) -> Compiled:
    """Have LLVM make machine code of a product at a level, and put it into memory."""
    hits = object_code.disk().hits
    code = object_code.build(product.text, level)
    return load(product, code, level, object_code.disk().hits > hits, started, texts)


def load(product: Product, code: bytes, level: int, from_disk: bool, started: float, texts: dict[str, str]) -> Compiled:
    """Put the object code of a product into memory."""
    global _serial
    _serial += 1
    plain.learn(natives.runtime())
    loaded = Loaded(f"morrow.m{_serial}", code, product.imports, product.exports)
    address = loaded.addresses[product.entry]
    counters, met, places, slow, turns = (loaded.addresses[f"{product.symbol}_{what}"] for what in ("counters", "classes", "places", "slow", "turns"))
    compiled = Compiled(
        code=product.code,
        name=product.name,
        entry=address if product.loop is None else 0,
        osr=0 if product.loop is None else address,
        loop=product.loop,
        size=loaded.size,
        seconds=time.perf_counter() - started,
        exits=tuple(ExitPoint(*point, counters + 8 * n, met + 8 * guards.MET * n) for n, point in enumerate(product.points)),
        inside=product.inside,
        texts=texts,
        slow_address=slow,
        turns_address=turns,
        missed_address=loaded.addresses.get(f"{product.entry}_missed", 0),
        level=level,
        from_disk=from_disk,
        profile=product.profile,
        recursive=product.recursive,
        _places=tuple((code, at, places + 8 * guards.MET * n) for n, (code, at) in enumerate(product.places)),
        _loaded=loaded,
        _keep=product.keep,
        _product=product if level == 0 else None,
    )
    debuglog.log("jit", 1, str(compiled))
    return compiled
