"""The pipeline, top to bottom: a function (or a loop in one) -> machine code, or a reason why not.

    bytecode  ->  lift  ->  passes  ->  emit  ->  llvm        each stage's text: python -m morrow.jit FILE::func --stage ...

Called on the compiler thread with the GIL. Reads the function, its globals and classes as they are; what it assumes about
them the machine code checks itself, every time, by loading the words CPython keeps for its own caches. So nothing here has
to be told about later changes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import CodeType, FunctionType

from morrow import debuglog
from morrow.jit import emit, emit_entries, infer, ir, ir_check, layout, lift, natives, object_code
from morrow.jit.bytecode import forget_bytecode, read_bytecode
from morrow.jit.history import count_compile, history_of, remember_class
from morrow.jit.install import STOCK
from morrow.jit.ir_types import Gone, forget_types, is_heap
from morrow.jit.made import Compiled, Declined, Product, Request
from morrow.jit.passes import PASSES

MOST_FUNCTIONS = 40
"""Functions compiled together because they call each other."""

LEAST_GAIN = 2
"""Instructions that must become faster for compiling to be worth a call's checks; tests set it to 0."""

MOST_OPERATIONS = 2500
"""Operations in functions compiled together after which no more are taken in: their calls go by way of CPython's entry."""

def compile_function(request: Request, stages: tuple[str, ...] = ()) -> Compiled | Declined:
    """Compile a function, or a loop to be entered from a running frame.

    Args:
        stages: texts to keep: "bytecode", "ir", "llvm", "asm".
    """
    count_compile(request.function.__code__)
    product = lower_function(request, stages)
    return product if isinstance(product, Declined) else product.build()


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


def _pack(request: Request, session: _Session, module: emit.Module, entry: str, stages: tuple[str, ...], started: float) -> Product:
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
    runtime = natives.runtime()
    imports = dict(module.imports)
    for line in module.declared:
        symbol = line.split("@", 1)[1].split("(", 1)[0].split(" ", 1)[0]
        if symbol in runtime:
            imports[symbol] = runtime[symbol]
        elif symbol in _LIBRARY:
            imports[symbol] = natives.library_address(_LIBRARY[symbol])
        elif not symbol.startswith("llvm."):
            imports[symbol] = natives.c_address(symbol)
    if "asm" in stages:
        from morrow.jit import llvm  # the heavy one: only now

        texts["asm"] = llvm.assembly(llvm.optimise(text, request.level), request.level)
    exports = (*module.exports, *(f"{session.name}_{what}" for what in ("counters", "classes", "places", "slow", "turns")))
    lines = {}
    points = []
    for owner, exit in module.exits:
        if owner not in lines:
            lines[owner] = {i.offset: i.line for i in read_bytecode(owner.__code__)}
        points.append((owner.__code__, exit.offset, lines[owner].get(exit.offset, 0), exit.why))
    quick = request.level == 1 and request.loop is None and text.count("\n") > object_code.MANY_LINES
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
        session.is_recursive(function),
    )


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
            if self.gain < max(LEAST_GAIN, request.least_share * self.operations):
                raise Gone("NOT_FASTER", function.__code__.co_firstlineno, function.__name__)
            return name
        loose = history_of(function.__code__).loose or infer.compares_identity(read_bytecode(function.__code__))
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
        if self.gain < max(LEAST_GAIN, request.least_share * self.operations):
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

    def is_recursive(self, function: FunctionType) -> bool:
        """Return whether a function calls itself, natively and with no frame to be seen."""
        names = {name for (owner, _), name in self.names.items() if owner is function}
        return bool(names & self.again) and not names & self.visible

    def is_late(self) -> bool:
        """See `lift.Session`."""
        return time.thread_time() > self.until

    def classes_met(self, function: FunctionType, offset: int) -> tuple[type, ...]:
        """See `lift.Session`."""
        found = (reference() for reference in history_of(function.__code__).met.get(offset, ()))
        return tuple(cls for cls in found if cls is not None)

    def remember(self, function: FunctionType, offset: int, cls: type) -> None:
        """See `lift.Session`."""
        remember_class(function.__code__, offset, cls)

    def failures(self, function: FunctionType, offset: int) -> frozenset[str]:
        """See `lift.Session`."""
        return frozenset(history_of(function.__code__).failed.get(offset, ()))


_CLASSES: dict[str, type] = {"int": int, "float": float, "bool": bool}

Step = Callable[[ir.Function], ir.Function]
