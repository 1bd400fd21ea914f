"""The pipeline, top to bottom: a function (or a loop in one) -> machine code, or a reason why not.

    bytecode  ->  lift  ->  passes  ->  emit  ->  llvm        each stage's text: python -m morrow.jit FILE::func --stage ...

Called on the compiler thread with the GIL. Reads the function, its globals and classes as they are; what it assumes about
them the machine code checks itself, every time, by loading the words CPython keeps for its own caches. So nothing here has
to be told about later changes.
"""

from __future__ import annotations

import ctypes
import os
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType, FunctionType

from morrow import debuglog
from morrow.jit import emit, emit_entries, guards, infer, ir, ir_check, layout, lift, plain
from morrow.jit.bytecode import forget_bytecode, read_bytecode
from morrow.jit.ir_types import Gone, forget_types, is_heap
from morrow.jit.objects import offset
from morrow.jit.passes import PASSES

MOST_FUNCTIONS = 40
"""Functions compiled together because they call each other."""

LEAST_GAIN = 2
"""Instructions that must become faster for compiling to be worth a call's checks; tests set it to 0."""

OFTEN = 40
"""Times one exit may be taken before the function is compiled again without assuming what failed there."""

TOO_OFTEN = 5000
"""Times one exit that nothing can be done about may be taken between two reviews: an exit costs less than a microsecond."""

PROFILE_SECONDS = 0.3
"""Seconds after which what a first compile's code has met is taken for all there is."""

MOST_OPERATIONS = 6000
"""Operations in functions compiled together after which no more are taken in: their calls go by way of CPython's entry."""

MOST_COMPILES = 5
"""Times a function is compiled before it is left alone."""


@dataclass(frozen=True, slots=True)
class Request:
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
    """

    function: FunctionType
    arguments: tuple[type | None, ...] | None = None
    loop: int | None = None
    frame_types: tuple[type | None, ...] | None = None
    level: int = 1
    profile: bool = False
    copies: Callable[[CodeType], list[bytes]] = lambda code: []
    seconds: float = 60.0

    def __str__(self) -> str:
        where = "" if self.loop is None else f" loop at {self.loop}"
        return f"{self.function.__qualname__}{where} (level {self.level})"


@dataclass(frozen=True, slots=True)
class Declined:
    """Why something stays with CPython: a row of `reasons`, the source line, and words for its sentence."""

    reason: str
    where: int = 0
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} at line {self.where}: {self.detail}"


@dataclass(frozen=True, slots=True)
class ExitPoint:
    """A place where compiled code may leave, and how often it did.

    Attributes:
        address, met: of its counter, and of the words that name the classes it left for.
    """

    code: CodeType
    offset: int
    line: int
    reason: str
    address: int
    met: int = 0

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


@dataclass(eq=False, slots=True)
class Compiled:
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
    """

    code: CodeType
    name: str
    entry: int
    osr: int
    loop: int | None
    size: int
    seconds: float
    exits: tuple[ExitPoint, ...]
    inside: frozenset[CodeType] = frozenset()
    texts: dict[str, str] = field(default_factory=dict)
    missed_address: int = 0
    slow_address: int = 0
    level: int = 1
    from_disk: bool = False
    profile: bool = False
    _places: tuple[tuple[CodeType, int, int], ...] = ()
    _since: float = field(default_factory=time.monotonic)
    _reviewed: bool = False
    _counts: dict[int, int] = field(default_factory=dict)
    _loaded: object = None
    _keep: tuple[object, ...] = ()
    _product: Product | None = None

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
        history = _history(self.code)
        pays = not missed and all(self.pays_in_spite_of(point) for point in taken)
        if history.compiles >= MOST_COMPILES:
            return "keep" if pays else "leave"
        news = False
        for point in taken:
            reasons = _history(point.code).failed.setdefault(point.offset, set())
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
        return _build(self._product, 1, time.perf_counter(), {})

    def close(self) -> None:
        """Free the code; only when no thread can be in it and nothing points to it."""
        if self._loaded is not None:
            self._loaded.close()  # type: ignore[attr-defined]
            self._loaded = None


@dataclass(slots=True)
class _History:
    """What is remembered about a code object between compiles."""

    compiles: int = 0
    loose: bool = False
    failed: dict[int, set[str]] = field(default_factory=dict)
    met: dict[int, list[weakref.ref[type]]] = field(default_factory=dict)


def remember_class(code: CodeType, at: int, cls: type) -> bool:
    """Note that an instruction met a class; return whether that is news."""
    classes = _history(code).met.setdefault(at, [])
    if any(reference() is cls for reference in classes):
        return False
    classes.append(weakref.ref(cls))
    if _news is not None:
        _news.append((code, at, cls))
    return True


_news: list[tuple[CodeType, int, type]] | None = None


def watch_classes() -> None:
    """From now on, keep a list of what `remember_class` is told; for a copy of the process, whose memory is not this one's."""
    global _news
    _news = []


def news_of_classes() -> list[tuple[CodeType, int, type]]:
    """Return code object, offset and class of each call of `remember_class` that was news, since `watch_classes`."""
    return list(_news or ())


def all_classes() -> list[type]:
    """Return every class there is."""
    found: list[type] = []
    seen: set[int] = set()
    pending: list[type] = [object]
    while pending:
        cls = pending.pop()
        if id(cls) not in seen:
            seen.add(id(cls))
            found.append(cls)
            pending.extend(type.__subclasses__(cls))
    return found


_histories: dict[int, tuple[weakref.ref[CodeType], _History]] = {}


def _history(code: CodeType) -> _History:
    """Return what is remembered about this very code object (codes are equal by value, and that is not meant)."""
    key = id(code)
    found = _histories.get(key)
    if found is None or found[0]() is not code:
        found = _histories[key] = weakref.ref(code, lambda _: _histories.pop(key, None)), _History()
    return found[1]


def _stock() -> int:
    def fresh() -> None:
        pass

    return layout.word(id(fresh) + offset("PyFunctionObject.vectorcall"))


STOCK: int = _stock()
"""Address of the vectorcall every interpreted function has."""

_serial = 0


def compile_function(request: Request, stages: tuple[str, ...] = ()) -> Compiled | Declined:
    """Compile a function, or a loop to be entered from a running frame.

    Args:
        stages: texts to keep: "bytecode", "ir", "llvm", "asm".
    """
    count_compile(request.function.__code__)
    product = lower_function(request, stages)
    return product if isinstance(product, Declined) else product.build()


def count_compile(code: CodeType) -> None:
    """Count one more compile of a code object; `Compiled.review` asks for at most `MOST_COMPILES`."""
    _history(code).compiles += 1


def lower_function(request: Request, stages: tuple[str, ...] = ()) -> Product | Declined:
    """Do what needs a look at the program; what is left is LLVM's, takes longest, and holds no function that the program may drop."""
    try:
        return _lower(request, stages)
    finally:
        forget_bytecode()
        forget_types()


def _lower(request: Request, stages: tuple[str, ...]) -> Product | Declined:
    started = time.perf_counter()
    function = request.function
    session = _Session("m", request.profile, request.copies, request.seconds)  # the same name in every process: the text is the key of the cache on disk
    declined = _unsuitable(function, request)
    if declined is not None:
        return declined
    try:
        name = session.start(request)
    except Gone as gone:
        return Declined(gone.reason, gone.line, gone.detail)
    module = emit.Module(session.name)
    for owner, lifted in session.functions:
        emit.emit_function(module, lifted, owner)
    entry = f"{session.name}_entry"
    if request.loop is None:
        emit_entries.emit_vectorcall(module, entry, name, function, session.kinds[name], STOCK)
    else:
        emit_entries.emit_osr(module, entry, name, function, *_frame_slots(request, function.__code__))
    return _pack(request, session, module, entry, stages, started)


@dataclass(frozen=True, slots=True)
class Product:
    """What the front end made of a request: all that is needed for machine code of any level, without another look at the program."""

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

    def build(self) -> Compiled:
        """Have LLVM make it."""
        return _build(self, self.level, self.started, self.texts)


def _pack(request: Request, session: _Session, module: emit.Module, entry: str, stages: tuple[str, ...], started: float) -> Product:
    from morrow.jit import llvm  # the heavy one: only now

    function = request.function
    text = module.text()
    texts = {}
    if "bytecode" in stages:
        texts["bytecode"] = "\n".join(map(str, read_bytecode(function.__code__)))
    if "ir" in stages:
        from morrow.jit.ir_text import print_function

        texts["ir"] = "\n\n".join(print_function(lifted) for _, lifted in session.functions)
    if "llvm" in stages:
        texts["llvm"] = text
    runtime = llvm.runtime()
    imports = dict(module.imports)
    for line in module.declared:
        symbol = line.split("@", 1)[1].split("(", 1)[0].split(" ", 1)[0]
        if symbol in runtime:
            imports[symbol] = runtime[symbol]
        elif symbol in _LIBRARY:
            imports[symbol] = llvm.library_address(_LIBRARY[symbol])
        elif not symbol.startswith("llvm."):
            imports[symbol] = llvm.c_address(symbol)
    if "asm" in stages:
        texts["asm"] = llvm.assembly(llvm.optimise(text, request.level), request.level)
    exports = (*module.exports, *(f"{session.name}_{what}" for what in ("counters", "classes", "places", "slow")))
    lines = {}
    points = []
    for owner, exit in module.exits:
        if owner not in lines:
            lines[owner] = {i.offset: i.line for i in read_bytecode(owner.__code__)}
        points.append((owner.__code__, exit.offset, lines[owner].get(exit.offset, 0), exit.why))
    quick = request.level == 1 and request.loop is None and text.count("\n") > llvm.MANY_LINES
    return Product(
        function.__code__,
        function.__qualname__,
        request.loop,
        request.profile,
        text,
        session.name,
        entry,
        imports,
        exports,
        tuple(points),
        tuple((owner.__code__, at) for owner, at in module.places),
        frozenset(owner.__code__ for owner, _ in session.functions),
        tuple(module.keep),
        0 if quick else request.level,
        started,
        texts,
    )


def _build(product: Product, level: int, started: float, texts: dict[str, str]) -> Compiled:
    from morrow.jit import llvm

    hits = llvm.disk().hits
    code = llvm.build(product.text, level)
    return load(product, code, level, llvm.disk().hits > hits, started, texts)


def load(product: Product, code: bytes, level: int, from_disk: bool, started: float, texts: dict[str, str]) -> Compiled:
    """Put the object code of a product into memory."""
    from morrow.jit import llvm

    global _serial
    _serial += 1
    plain.learn(llvm.runtime())
    loaded = llvm.Loaded(f"morrow.m{_serial}", code, product.imports, product.exports)
    address = loaded.addresses[product.entry]
    counters, met, places, slow = (loaded.addresses[f"{product.symbol}_{what}"] for what in ("counters", "classes", "places", "slow"))
    compiled = Compiled(
        product.code,
        product.name,
        entry=address if product.loop is None else 0,
        osr=0 if product.loop is None else address,
        loop=product.loop,
        size=loaded.size,
        seconds=time.perf_counter() - started,
        exits=tuple(ExitPoint(*point, counters + 8 * n, met + 8 * guards.MET * n) for n, point in enumerate(product.points)),
        inside=product.inside,
        texts=texts,
        slow_address=slow,
        missed_address=loaded.addresses.get(f"{product.entry}_missed", 0),
        level=level,
        from_disk=from_disk,
        profile=product.profile,
        _places=tuple((code, at, places + 8 * guards.MET * n) for n, (code, at) in enumerate(product.places)),
        _loaded=loaded,
        _keep=product.keep,
        _product=product if level == 0 else None,
    )
    debuglog.log("jit", 1, str(compiled))
    return compiled


#: functions of the C library, under names LLVM does not know and so does not change
_LIBRARY = {"morrow_pow": "pow", "morrow_fmod": "fmod"}

_GENERATOR_FLAGS = 0x20 | 0x80 | 0x200


def _unsuitable(function: FunctionType, request: Request) -> Declined | None:
    code = function.__code__
    line = code.co_firstlineno
    if code.co_flags & _GENERATOR_FLAGS:
        return Declined("GENERATOR", line, code.co_name)
    if request.loop is None and (code.co_flags & 0x0C or code.co_kwonlyargcount):
        return Declined("ARGUMENTS", line, code.co_name)
    return None


def _kind_of(cls: type | None) -> tuple[str, type | None]:
    if cls in (int, float, bool):
        return cls.__name__, None  # type: ignore[union-attr]
    return "obj", cls


def _frame_slots(request: Request, code: CodeType) -> tuple[tuple[tuple[int, str, type | None], ...], int]:
    assert request.frame_types is not None
    slots = []
    for place, cls in enumerate(request.frame_types):
        if cls is None:
            continue
        kind, _ = _kind_of(cls)
        slots.append((place, "own" if kind == "obj" else kind, cls))
    return tuple(slots), len(request.frame_types)


class _Session:
    """The functions compiled together; what `lift` asks for."""

    def __init__(self, name: str, profiling: bool = False, copies: Callable[[CodeType], list[bytes]] = lambda code: [], seconds: float = 60.0) -> None:
        self.until = time.thread_time() + seconds
        self.name, self.profiling, self.copies = name, profiling, copies
        self.told: set[int] = set()
        self.with_dicts: set[type] = set()
        self.functions: list[tuple[FunctionType, ir.Function]] = []
        self.names: dict[tuple[FunctionType, tuple[tuple[str, type | None], ...]], str] = {}
        self.kinds: dict[str, tuple[tuple[str, type | None], ...]] = {}
        self.tags: dict[str, frozenset[int]] = {}
        self.visible: set[str] = set()
        self.declined: set[FunctionType] = set()
        self.again: set[str] = set()
        self.gain = 0
        self.operations = 0
        self.depth = 0
        self.count = 0

    def start(self, request: Request) -> str:
        """Lift what was asked for, and everything it calls, and run the passes; return its name."""
        name = self.lift_all(request)
        self.functions = [(owner, self.improved(lifted)) for owner, lifted in self.functions]
        return name

    def lift_all(self, request: Request) -> str:
        """Lift what was asked for, and everything it calls; return its name."""
        function = request.function
        if request.loop is not None:
            assert request.frame_types is not None
            count = layout.entries_of_frame(function.__code__)
            if any(c in (int, float) for c in request.frame_types) and infer.compares_identity(read_bytecode(function.__code__)):
                raise Gone("IDENTITY", function.__code__.co_firstlineno)
            kinds = [("unbound", None) if c is None else (*_kind_of(c)[:1], c if _kind_of(c)[0] == "obj" else None) for c in request.frame_types]
            name = self.fresh_name()
            self.tell(function.__code__)
            lifter = lift.Lifter(function, name, tuple(kinds[:count]), self, True)  # type: ignore[arg-type]
            stack = tuple(("null", None) if k[0] == "unbound" else k for k in kinds[count:])
            self.add(function, lifter.run(request.loop, stack), lifter)  # type: ignore[arg-type]
            if self.gain < LEAST_GAIN:
                raise Gone("NOT_FASTER", function.__code__.co_firstlineno, function.__name__)
            return name
        loose = _history(function.__code__).loose or infer.compares_identity(read_bytecode(function.__code__))
        if request.arguments is not None and not loose:
            kinds_ = tuple(_kind_of(c) for c in request.arguments)
        elif loose:
            kinds_ = (("obj", None),) * function.__code__.co_argcount
        else:
            instructions = read_bytecode(function.__code__)
            guessed = infer.guess_arguments(function.__code__, instructions, infer.find_live(instructions))
            kinds_ = tuple(_kind_of(c) for c in guessed)
        if self.profiling:
            # of which classes arguments are is something to find out
            kinds_ = tuple((kind, None if is_heap(cls) else cls) for kind, cls in kinds_)
        found = self.lift(function, kinds_)
        if self.gain < LEAST_GAIN:
            raise Gone("NOT_FASTER", function.__code__.co_firstlineno, function.__name__)
        return found

    def fresh_name(self) -> str:
        """Return a name no function of the module has."""
        self.count += 1
        return f"{self.name}_f{self.count - 1}"

    def lift(self, function: FunctionType, kinds: tuple[tuple[str, type | None], ...]) -> str:
        """Lift one function for these kinds of arguments."""
        before, names, gain = len(self.functions), dict(self.names), self.gain
        self.depth += 1
        try:
            return self.lift_as(function, kinds, False)
        except lift.NeedsFrame:
            name = self.names.pop((function, kinds))
            if name in self.again:
                # what was lifted on the way calls this function as one that cannot be seen
                del self.functions[before:]
                self.names, self.gain = names, gain
            return self.lift_as(function, kinds, True)
        finally:
            self.depth -= 1

    def lift_as(self, function: FunctionType, kinds: tuple[tuple[str, type | None], ...], visible: bool) -> str:
        """Lift one function as one that others can see, or cannot."""
        name = self.fresh_name()
        self.names[function, kinds] = name
        self.tell(function.__code__)
        if visible:
            self.visible.add(name)
        # `where` in a call's entries: 3.11-3.12 keep arguments as the vectorcall gives them
        self.kinds[name] = tuple((kind, _CLASSES.get(kind, cls)) for kind, cls in kinds)
        lifter = lift.Lifter(function, name, kinds, self, visible)
        try:
            lifted = lifter.run()
            if name in self.again and len(lifter.returns) == 1 and -1 not in lifter.returns:
                # it calls itself, and now it is known what it gives back: once more, without tests of the answer
                self.tags[name] = frozenset(lifter.returns)
                lifter = lift.Lifter(function, name, kinds, self, visible)
                lifted = lifter.run()
                if frozenset(lifter.returns) != self.tags[name]:
                    del self.tags[name]
                    self.again.discard(name)
                    lifter = lift.Lifter(function, name, kinds, self, visible)
                    lifted = lifter.run()
            line = lifter.leaves_before_loops()
            if line:
                raise Gone("LEAVES_FIRST", line, str(line))
        except Gone:
            self.names.pop((function, kinds), None)
            raise
        self.add(function, lifted, lifter)
        return name

    def tell(self, code: CodeType) -> None:
        """Remember the classes that the host's inline caches have named so far, once for each code object."""
        if id(code) in self.told:
            return
        self.told.add(id(code))
        copies = self.copies(code)
        if copies:
            for at, classes in infer.classes_named(read_bytecode(code), copies).items():
                for cls in classes:
                    remember_class(code, at, cls)

    def add(self, function: FunctionType, lifted: ir.Function, lifter: lift.Lifter) -> None:
        """Keep a lifted function."""
        self.operations += sum(len(block.ops) for block in lifted.blocks)
        self.functions.append((function, lifted))
        self.tags.setdefault(lifted.name, frozenset(lifter.returns))
        self.gain += lifter.gain

    def improved(self, lifted: ir.Function) -> ir.Function:
        """Run the passes over a function."""
        checking = os.environ.get("MORROW_CHECK") == "1"
        for step in PASSES:
            lifted = step(lifted)
            if checking:
                ir_check.check(lifted)
        lifted.number_exits()
        if debuglog.level("jit") >= 2:
            from morrow.jit.ir_text import print_function

            debuglog.log("jit", 2, print_function(lifted))
        return lifted

    def callee(self, function: FunctionType, kinds: tuple[tuple[str, type | None], ...]) -> tuple[str, frozenset[int] | None, bool] | None:
        """See `lift.Session`."""
        # one version serves all classes of arguments but the first, which is mostly self, and None as well
        kinds = tuple((kind, cls if n == 0 or cls is not None and not is_heap(cls) and cls is not type(None) else None) for n, (kind, cls) in enumerate(kinds))
        name = self.names.get((function, kinds))
        if name is not None:
            tags = self.tags.get(name)
            if tags is None:
                self.again.add(name)
            return name, None if tags is None or -1 in tags else tags, name in self.visible
        if function in self.declined or len(self.functions) >= MOST_FUNCTIONS or self.operations > MOST_OPERATIONS or self.is_late():
            return None
        code = function.__code__
        if code.co_flags & (_GENERATOR_FLAGS | 0x0C) or code.co_kwonlyargcount:
            return None
        if any(kind in ("int", "float") for kind, _ in kinds) and infer.compares_identity(read_bytecode(code)):
            return None
        before, names = len(self.functions), dict(self.names)
        try:
            name = self.lift(function, kinds)
        except Gone as gone:
            debuglog.log("jit", 1, f"{function.__qualname__}: {gone}")
            self.declined.add(function)
            # what was lifted on the way may call it
            del self.functions[before:]
            self.names = names
            return None
        tags = self.tags[name]
        return name, None if -1 in tags else tags, name in self.visible

    def is_late(self) -> bool:
        """See `lift.Session`."""
        return time.thread_time() > self.until

    def classes_met(self, function: FunctionType, offset: int) -> tuple[type, ...]:
        """See `lift.Session`."""
        found = (reference() for reference in _history(function.__code__).met.get(offset, ()))
        return tuple(cls for cls in found if cls is not None)

    def remember(self, function: FunctionType, offset: int, cls: type) -> None:
        """See `lift.Session`."""
        remember_class(function.__code__, offset, cls)

    def failures(self, function: FunctionType, offset: int) -> frozenset[str]:
        """See `lift.Session`."""
        return frozenset(_history(function.__code__).failed.get(offset, ()))


_CLASSES: dict[str, type] = {"int": int, "float": float, "bool": bool}

Step = Callable[[ir.Function], ir.Function]
