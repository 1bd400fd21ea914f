"""Neutral instructions -> IR, one version of a block for each set of types that reaches it.

Takes a function's instructions and what its arguments are, walks them as the interpreter would with *kinds* instead of
values (`ir_types.Variable`), and writes IR while it walks. A block reached with other kinds is written again (basic-block
versioning) up to `MOST_VERSIONS`; then kinds that differ become ``dyn``, which costs a test but no second copy. Locals that
nobody will look at again do not count as kinds: they are kept in memory (``home``), because a traceback might show them.

What each instruction does is in `lift_locals`, `lift_numbers`, `lift_objects`, `lift_calls`; here are the state and the blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Protocol

from morrow.host import HERE
from morrow.jit import infer, ir, layout
from morrow.jit.bytecode import JUMPS, read_bytecode
from morrow.jit.ir_types import LEAVES, Gone, Variable, is_heap
from morrow.jit.lift_build import Build
from morrow.jit.lift_calls import Calls
from morrow.jit.lift_locals import Locals
from morrow.jit.lift_numbers import Numbers
from morrow.jit.lift_objects import Objects
from morrow.jit.lift_seen import NeedsFrame, Seen

MOST_VERSIONS = 4
MOST_EXACT = 40
MOST_BLOCKS = 480
LATE_BLOCKS = 180


class Session(Protocol):
    """What lifting asks of the whole compilation: other functions in the same module, and what went wrong before.

    Attributes:
        profiling: True for a first compile whose code notes which classes it meets, and leaves less.
        depth: how many functions are being lifted within each other; 1 for the one that CPython calls.
        with_dicts: classes whose instances are known to keep their attributes in dicts of their own.
    """

    profiling: bool
    depth: int
    with_dicts: set[type]

    def callee(self, function: FunctionType, kinds: tuple[tuple[str, type | None], ...]) -> tuple[str, frozenset[int] | None, bool] | None:
        """Return a compiled function's name, the tags it may return (None: not known yet) and whether its callers must be
        seen while it runs; or None to decline."""

    def is_late(self) -> bool:
        """Return whether lifting has taken all the time it may."""

    def classes_met(self, function: FunctionType, offset: int) -> tuple[type, ...]:
        """Return the classes at which compiled code left this instruction before."""

    def remember(self, function: FunctionType, offset: int, cls: type) -> None:
        """Add to what `classes_met` will return."""

    def failures(self, function: FunctionType, offset: int) -> frozenset[str]:
        """Return why compiled code left at this offset before, too often."""


class State:
    """What the interpreter's frame would hold."""

    __slots__ = ("locals", "stack")

    def __init__(self, locals: list[Variable], stack: list[Variable]) -> None:
        self.locals, self.stack = locals, stack

    def copy(self) -> State:
        return State(list(self.locals), list(self.stack))

    def replace(self, old: Variable, new: Variable) -> None:
        """Put *new* wherever *old* is."""
        for place in (self.locals, self.stack):
            for index, variable in enumerate(place):
                if variable is old:
                    place[index] = new


__all__ = ["Lifter", "NeedsFrame", "Session"]


class _OtherHandler(Exception):
    """An instruction might raise, and the host would look for the handler of the loop's head instead of its own."""


class _Version:
    __slots__ = ("label", "signatures", "index", "state")

    def __init__(self, label: str, signatures: tuple[object, ...], index: int, state: State) -> None:
        self.label, self.signatures, self.index, self.state = label, signatures, index, state


class Lifter(Locals, Numbers, Objects, Calls, Build, Seen):
    """Lifts one function for one set of argument kinds; `run` gives the IR."""

    def __init__(self, function: FunctionType, name: str, kinds: tuple[tuple[str, type | None], ...], session: Session, visible: bool = False) -> None:
        self.function, self.code, self.session, self.visible = function, function.__code__, session, visible
        self.kinds = kinds
        self.instructions = read_bytecode(self.code)
        self.targets = infer.find_targets(self.instructions)
        self.live = infer.find_live(self.instructions)
        self.stored = infer.find_stored(self.instructions)
        self.classes = infer.find_classes(self.instructions)
        self.identity = infer.compares_identity(self.instructions)
        self.out = ir.Function(name)
        self.count = 0
        self.versions: dict[int, list[_Version]] = {}
        self.pending: list[_Version] = []
        self.returns: set[int] = set()
        self.block: ir.Block | None = None
        self.state = State([], [])
        self.before = State([], [])
        self.verified: set[type] = set()
        self.polymorphic: set[type] = set()  # classes that were one of several at some place
        self.exits: dict[tuple[object, ...], ir.Exit] = {}
        self.index = 0
        self.parameters: set[int] = set()
        self.attribute_names: dict[ir.Operand, str] = {}  # of bound methods on the stack
        self.big: bool | None = None  # see `meets_big`
        self.mixed: bool | None = None  # see `mixes_numbers`
        self.object_places: dict[int, int] = {}
        self.kept = self.out.kept
        self.gain = 0  # instructions that run faster than interpreted, roughly

    # -- the walk ------------------------------------------------------------------------------------------------------------

    def run(self, loop: int | None = None, stack_kinds: tuple[tuple[str, type | None], ...] = ()) -> ir.Function:
        """Lift the function from its start, or from a loop's head.

        Args:
            loop: byte offset of the head of a running loop, or None.
            stack_kinds: what is on the value stack there, bottom first.

        Raises:
            Gone: the function is better left to the interpreter.
        """
        self.osr = loop is not None
        self.head_handler = layout.handler_of(self.code, loop) if loop is not None else None
        self.out.loop = -1 if loop is None else loop
        self.head = -1
        count = layout.entries_of_frame(self.code)
        variables = [Variable("unbound") for _ in range(count)]
        self.start_block("start")
        assert self.block is not None
        start = 0
        if loop is None:
            for place, (kind, cls) in enumerate(self.kinds):
                variables[place] = self.parameter(kind, cls, "stable")
            self.originals = list(variables)
            self.state = State(variables, [])
            self.before = self.state.copy()
            self.emit("enter", exit=self.exit("depth"))
            for place in range(len(self.kinds)):
                if place in self.stored and variables[place].kind == "obj":
                    self.emit("incref", variables[place].value)
                    self.state.locals[place] = Variable("obj", variables[place].values, variables[place].cls, "own")
        else:
            start = next((n for n, i in enumerate(self.instructions) if loop in (i.offset, i.at)), -1)
            if start < 0:
                raise Gone("LOOP_HEAD", self.code.co_firstlineno, str(loop))
            self.head = start
            for place, (kind, cls) in enumerate(self.kinds):
                variables[place] = self.parameter(kind, cls, "own")
            stack = [self.parameter(kind, cls, "own") for kind, cls in stack_kinds]
            self.state = State(variables, stack)
        self.jump(start)
        while self.pending:
            version = self.pending.pop()
            self.block = self.out.blocks[int(version.label[1:])]
            self.state = version.state.copy()
            self.verified = set()
            self.exits = {}
            self.walk(version.index)
            if len(self.out.blocks) > (MOST_BLOCKS if not self.session.is_late() else LATE_BLOCKS):
                raise Gone("TOO_LARGE", self.code.co_firstlineno, self.code.co_name)
        self.out.number_exits()
        return self.out

    def in_loop(self) -> bool:
        """Return whether the current instruction is inside a loop of its function."""
        here = self.index
        return any(n >= here >= int(i.argument) for n, i in enumerate(self.instructions) if i.op in JUMPS - {"for_iter"})  # type: ignore[call-overload]

    def leaves_before_loops(self) -> int:
        """Return the line where the function leaves for good before any of its loops, 0 if it has none or reaches one."""
        heads = {i.argument for n, i in enumerate(self.instructions) if i.op in JUMPS - {"for_iter"} and int(i.argument) <= n}  # type: ignore[call-overload]
        if not heads or any(head in self.versions for head in heads):
            return 0
        lines = {i.offset: i.line for i in self.instructions}
        left = [op.exit.offset for b in self.out.blocks for op in b.ops if op.name == "leave" and op.exit is not None]
        return max((lines.get(at, 0) for at in left), default=0)

    def parameter(self, kind: str, cls: type | None, own: str) -> Variable:
        """Return a variable that the caller gives."""
        if kind in ("unbound", "null", "none"):
            return Variable(kind)
        value = self.value({"int": "i64", "float": "f64", "bool": "i1", "obj": "ptr"}[kind])
        self.out.parameters.append(value)
        self.parameters.add(value.number)
        return Variable(kind, (value,), cls, own)

    def walk(self, index: int) -> None:
        """Write one version of a block, up to where it ends or runs into another block."""
        first = True
        while True:
            if not first and index in self.targets:
                self.jump(index)
                return
            first = False
            if index >= len(self.instructions):
                raise Gone("STACK", self.code.co_firstlineno, self.code.co_name)
            self.index = index
            instruction = self.instructions[index]
            self.before = self.state.copy()
            method = getattr(self, "do_" + instruction.op, None)
            if method is None:
                self.leave("unsupported")
                return
            block = self.block
            assert block is not None
            written, state, before = len(block.ops), self.state.copy(), self.before.copy()
            try:
                ended = method(instruction) == "end"
            except _OtherHandler:
                if self.block is not block:
                    raise Gone("LOOP_HANDLER", instruction.line, self.code.co_name) from None
                del block.ops[written:]
                self.state, self.before = state, before
                self.exits.clear()
                ended = self.leave("handler") == "end"
            if ended:
                return
            index += 1

    # -- values and operations ---------------------------------------------------------------------------------------------

    def value(self, type: str) -> ir.Value:
        """Return a value nobody has defined yet."""
        self.count += 1
        return ir.Value(self.count, type)

    def emit(
        self,
        name: str,
        *operands: ir.Operand,
        attributes: tuple[object, ...] = (),
        exit: ir.Exit | None = None,
        quiet: bool = False,
    ) -> ir.Value:
        """Add an operation and return its result.

        Before anything that may run arbitrary code, references that only a container holds become ours; afterwards what
        was known about classes of changeable objects is forgotten. *quiet* says that this one cannot run such code.
        """
        row = ir.OPS[name]
        any_effect = row.effect == "any" and not quiet
        if any_effect or name in ("list_store", "field_store", "value_store", "iterator_next"):
            self.stabilise()
        result = self.value(row.result) if row.result else None
        assert self.block is not None
        self.block.ops.append(ir.Op(name, tuple(operands), result, attributes, exit))
        if any_effect:
            self.forget()
        return result  # type: ignore[return-value]

    def object(self, value: object) -> ir.Object:
        """Return the operand for a Python object known now."""
        place = self.object_places.get(id(value))
        if place is None:
            place = self.object_places[id(value)] = len(self.out.objects)
            self.out.objects.append(value)
        return ir.Object(place)

    def known(self, variable: Variable) -> object | None:
        """Return the object a variable is known to be, or None."""
        if variable.kind == "obj" and isinstance(variable.value, ir.Object):
            return self.out.objects[variable.value.index]
        return None

    def stabilise(self) -> None:
        """Own every reference that only a container holds."""
        for place in (self.state.locals, self.state.stack):
            for index, variable in enumerate(place):
                if variable.kind == "obj" and variable.own == "weak":
                    self.emit("incref", variable.value)
                    place[index] = variable.held("own")

    def forget(self) -> None:
        """Forget classes that arbitrary code may have changed."""
        self.verified.clear()
        for place in (self.state.locals, self.state.stack):
            for index, variable in enumerate(place):
                if variable.kind == "obj" and variable.cls is not None and is_heap(variable.cls):
                    likely = None if variable.cls in self.polymorphic else variable.cls
                    place[index] = Variable("obj", variable.values, None, variable.own, likely)

    def refine(self, old: Variable, new: Variable) -> None:
        """We learnt more about a variable: say so wherever it is, also for exits of this instruction."""
        aliases = [old]
        if old.kind == "obj":
            for place in (self.state.locals, self.state.stack, self.before.locals, self.before.stack):
                aliases += [v for v in place if v.kind == "obj" and v.values == old.values and v is not old]
        for alias in aliases:
            replacement = new
            if new.kind == "obj":
                replacement = Variable("obj", new.values, new.cls, alias.own)
            self.state.replace(alias, replacement)
            self.before.replace(alias, replacement)
        self.exits.clear()

    def own(self, variable: Variable) -> ir.Operand:
        """Return an operand that is a new or handed-on reference to the variable's object; the variable is used up."""
        operand, fresh = self.boxed(variable)
        if not fresh and variable.own != "own":
            self.emit("incref", operand)
        return operand

    def boxed(self, variable: Variable) -> tuple[ir.Operand, bool]:
        """Return the variable as an object, and whether that made a new reference (else the variable still holds it)."""
        kind = variable.kind
        if kind == "obj":
            return variable.value, False
        if kind in ("int", "float") and isinstance(variable.value, ir.Literal):
            return self.object(variable.value.value), False
        if kind == "int":
            return self.emit("box_int", variable.value), True
        if kind == "float":
            return self.emit("box_float", variable.value), True
        if kind == "bool":
            return self.emit("box_bool", variable.value), False
        if kind == "none":
            return self.object(None), False
        if kind == "dyn":
            return self.emit("box_dyn", *variable.values), variable.own != "own"
        raise Gone("STACK", self.instructions[self.index].line, kind)

    def drop(self, variable: Variable) -> None:
        """The variable goes; drop its reference if it is ours."""
        if not variable.owned:
            return
        if variable.kind == "dyn":
            self.emit("decref_dyn", *variable.values)
        else:
            self.emit("decref", variable.value, quiet=variable.cls in LEAVES)

    def push(self, variable: Variable) -> None:
        """Push on the value stack."""
        self.state.stack.append(variable)

    def pop(self) -> Variable:
        """Pop from the value stack."""
        return self.state.stack.pop()

    # -- leaving ---------------------------------------------------------------------------------------------------------------

    def exit(self, why: str, raises: bool = False, at: int | None = None, state: State | None = None, subject: ir.Operand | None = None) -> ir.Exit:
        """Return the exit that executes the current instruction again in the interpreter (or raises at it).

        Args:
            at: index of another instruction to go on with, then with *state* (default: as it is now).
            subject: an object of an unexpected class.
        """
        if raises:
            self.check_handler()
        index = self.index if at is None else at
        chosen = state or (self.state if raises or at is not None else self.before)
        slots = tuple(v.slot() for v in chosen.locals), tuple(v.slot() for v in chosen.stack)
        key = (index, raises, why, subject, *slots)
        found = self.exits.get(key)
        if found is None:
            instruction = self.instructions[index] if index < len(self.instructions) else None
            assert instruction is not None
            offset = instruction.at if raises else instruction.offset
            found = self.exits[key] = ir.Exit(offset, raises, *slots, why, subject)
        return found

    def check_handler(self) -> None:
        """Raise `_OtherHandler` if an exception of the current instruction could not find its handler."""
        if self.osr and (self.head_handler or layout.handler_of(self.code, self.instructions[self.index].at)):
            # an exception out of an event's callback is looked up at the loop's head; 3.12 even gets that wrong (ceval_macros.h,
            # INSTRUMENTED_JUMP computes the head anew from a pointer it has just set to NULL)
            raise _OtherHandler

    def leave(self, why: str, at: int | None = None) -> str:
        """End the block by going on in the interpreter."""
        assert self.block is not None
        self.block.ops.append(ir.Op("leave", exit=self.exit(why, at=at)))
        return "end"

    def guard(self, condition: ir.Operand, why: str, exit: ir.Exit | None = None) -> None:
        """Leave unless the condition holds."""
        self.emit("guard_true", condition, exit=exit or self.exit(why))

    def failed(self, why: str) -> bool:
        """Return whether compiled code left too often here before, for this reason."""
        return why in self.session.failures(self.function, self.instructions[self.index].offset)

    # -- blocks ----------------------------------------------------------------------------------------------------------------

    def start_block(self, label: str = "") -> ir.Block:
        """Start a new block and write into it."""
        self.block = ir.Block(label or f"b{len(self.out.blocks)}")
        self.out.blocks.append(self.block)
        self.exits = {}
        return self.block

    def start_block_elsewhere(self) -> ir.Block:
        """Add a block without going on in it."""
        here = self.block
        block = self.start_block()
        self.block = here
        return block

    def branch(self, condition: ir.Operand) -> tuple[ir.Block, ir.Block]:
        """End the block with a branch to two new ones; continue with `at_block`."""
        here = self.block
        assert here is not None
        yes, no = self.start_block(), self.start_block()
        here.ops.append(ir.Op("branch", (condition,), targets=((yes.label, ()), (no.label, ()))))
        self.block = here
        return yes, no

    def at_block(self, block: ir.Block, state: State) -> None:
        """Go on writing in a block, with this state."""
        self.block = block
        self.state = state
        self.exits = {}

    def signature(self, variable: Variable) -> object:
        """Return what must agree for two variables to be the same kind of thing."""
        values = variable.values
        fixed: tuple[ir.Operand | None, ...] = (None,) * len(values)
        if variable.kind == "obj" and variable.own == "stable" and self.is_fixed(values[0]):
            fixed = values
        elif variable.kind == "range":
            fixed = (None, None, values[2])
        own = variable.own if variable.kind in ("obj", "dyn") else ""
        return variable.kind, variable.cls, own, fixed, variable.likely

    def is_fixed(self, operand: ir.Operand) -> bool:
        """Return whether an operand means the same everywhere in the function."""
        if isinstance(operand, ir.Value):
            return operand.number in self.parameters
        return True

    def jump(self, index: int, exact: bool = False) -> None:
        """End the block by going to an instruction, in the version for the kinds at hand.

        Args:
            exact: never in a more general version: the instruction is being started again because more is known now.
        """
        state = self.state
        live = self.live[index]
        for place, variable in enumerate(state.locals):
            if variable.own in ("weak", "local") and variable.kind == "obj":
                self.emit("incref", variable.value)
                state.locals[place] = variable.held("own")
            if place not in live:
                if place in self.stored or self.osr:
                    self.send_home(place)
                else:
                    state.locals[place] = self.originals[place]
        for place, variable in enumerate(state.stack):
            if variable.kind in ("obj", "dyn") and variable.own in ("weak", "local"):
                state.stack[place] = self.owned_copy(variable)
        variables = [*state.locals, *state.stack]
        signatures = tuple(self.signature(v) for v in variables)
        versions = self.versions.setdefault(index, [])
        version = next((v for v in versions if v.signatures == signatures), None)
        if version is None:
            if exact and len(versions) >= MOST_EXACT:
                raise Gone("TOO_LARGE", self.instructions[index].line, self.code.co_name)
            if not exact and len(versions) >= (MOST_VERSIONS if not self.session.profiling else 2):
                try:
                    signatures = self.generalised(versions, signatures, len(state.locals))
                except Gone:
                    # stacks of another shape (a method and its object, or a bound method): a version of its own
                    if len(versions) >= MOST_EXACT:
                        raise
                version = next((v for v in versions if v.signatures == signatures), None)
            if version is None:
                version = self.new_version(index, signatures, variables, len(state.locals))
        arguments: list[ir.Operand] = []
        for variable, signature in zip(variables, signatures, strict=True):
            converted = self.converted(variable, signature)
            fixed = signature[3]  # type: ignore[index]
            arguments += [v for v, f in zip(converted.values, fixed, strict=True) if f is None]
        assert self.block is not None
        self.block.ops.append(ir.Op("jump", targets=((version.label, tuple(arguments)),)))

    def new_version(self, index: int, signatures: tuple[object, ...], variables: list[Variable], locals_: int) -> _Version:
        """Make the block that will hold a new version of an instruction's block."""
        here = self.block
        block = self.start_block()
        self.block = here
        fresh: list[Variable] = []
        for signature in signatures:
            kind, cls, own, fixed, likely = signature  # type: ignore[misc]
            values = []
            for type, same in zip(_TYPES[kind], fixed, strict=True):
                if same is None:
                    value = self.value(type)
                    block.parameters.append(value)
                    values.append(value)
                else:
                    values.append(same)
            fresh.append(Variable(kind, tuple(values), cls, own or "stable", likely))
        version = _Version(block.label, signatures, index, State(fresh[:locals_], fresh[locals_:]))
        self.versions[index].append(version)
        self.pending.append(version)
        return version

    def generalised(self, versions: list[_Version], signatures: tuple[object, ...], locals_: int) -> tuple[object, ...]:
        """Return signatures that all versions so far and this one fit: dyn where kinds differ."""
        result = []
        for place, signature in enumerate(signatures):
            all_ = {v.signatures[place] for v in versions if len(v.signatures) == len(signatures)} | {signature}
            if len(all_) == 1:
                result.append(signature)
                continue
            kinds = {s[0] for s in all_}  # type: ignore[index]
            if kinds == {"obj"}:
                classes = {s[1] for s in all_}  # type: ignore[index]
                result.append(("obj", classes.pop() if len(classes) == 1 else None, "own", (None,), None))
            elif kinds & {"null"} or len(kinds) == 1 and kinds & {"range"}:
                if kinds != {"range"}:
                    raise Gone("STACK", self.instructions[self.index].line, "stack shapes differ")
                result.append(("range", None, "", (None, None, None), None))
            elif "range" in kinds:
                raise Gone("STACK", self.instructions[self.index].line, "iterators differ")
            else:
                result.append(("dyn", None, "own", (None, None), None))
        return tuple(result)

    def converted(self, variable: Variable, signature: object) -> Variable:
        """Return the variable in the form a version expects."""
        kind, _cls, own, _fixed, _likely = signature  # type: ignore[misc]
        if kind == variable.kind:
            if kind == "obj" and own == "own" and variable.own != "own":
                return self.owned_copy(variable)
            return variable
        if kind == "dyn":
            return self.as_dyn(variable)
        raise Gone("STACK", self.instructions[self.index].line, f"{variable.kind} as {kind}")

    def owned_copy(self, variable: Variable) -> Variable:
        """Return a variable with a reference of its own."""
        if variable.kind == "obj":
            self.emit("incref", variable.value)
            return variable.held("own")
        raise Gone("STACK", self.instructions[self.index].line, "a copy of a tagged value")

    def as_dyn(self, variable: Variable) -> Variable:
        """Return the variable as a tag and bits."""
        kind = variable.kind
        zero = ir.Literal(0)
        if kind == "dyn":
            return variable
        if kind == "int":
            tag, bits = ir.TAG_INT, variable.value
        elif kind == "float":
            tag, bits = ir.TAG_FLOAT, self.emit("float_to_bits", variable.value)
        elif kind == "bool":
            tag, bits = ir.TAG_BOOL, self.emit("bool_to_int", variable.value)
        elif kind == "none":
            tag, bits = ir.TAG_NONE, zero
        elif kind == "unbound":
            tag, bits = ir.TAG_UNBOUND, zero
        elif kind == "obj":
            if variable.own != "own":
                self.emit("incref", variable.value)
            tag, bits = ir.TAG_OBJECT, self.emit("ptr_to_bits", variable.value)
        else:
            raise Gone("STACK", self.instructions[self.index].line, f"{kind} as a tagged value")
        return Variable("dyn", (ir.Literal(tag), bits), None, "own")

    def send_home(self, place: int) -> None:
        """Nobody will look at a local again before it is set: keep it in memory, for tracebacks."""
        variable = self.state.locals[place]
        if variable.kind != "home":
            self.emit("home_store", *self.as_dyn(variable).values, attributes=(place,))
            self.state.locals[place] = Variable("home")

    def fork(self, variable: Variable, place: str, where: int) -> str:
        """A tagged value is needed: go on in one version of this instruction for each kind it may be.

        Args:
            place: "locals" or "stack", and *where* in it.
        """
        tag, bits = variable.values
        base = self.state.copy()

        def version(kind: str) -> None:
            state = base.copy()
            self.state = state
            if kind == "int":
                new = Variable("int", (bits,))
            elif kind == "float":
                new = Variable("float", (self.emit("bits_to_float", bits),))
            else:
                new = Variable("obj", (self.emit("box_dyn", tag, bits),), None, "own")
            getattr(state, place)[where] = new
            self.jump_again()

        if len(self.versions.get(self.index, ())) >= (MOST_VERSIONS if not self.session.profiling else 2):
            # enough versions: every kind as an object, which later instructions test for themselves
            self.bound(tag)
            self.refine(variable, Variable("obj", (self.emit("box_dyn", tag, bits),), None, "own"))
            return ""
        self.bound(tag)
        is_int = self.emit("int_compare", tag, ir.Literal(ir.TAG_INT), attributes=("eq",))
        yes, no = self.branch(is_int)
        self.at_block(yes, base.copy())
        version("int")
        self.at_block(no, base.copy())
        is_float = self.emit("int_compare", tag, ir.Literal(ir.TAG_FLOAT), attributes=("eq",))
        yes, no = self.branch(is_float)
        self.at_block(yes, base.copy())
        version("float")
        self.at_block(no, base.copy())
        version("other")
        return "end"

    def jump_again(self) -> None:
        """Start the current instruction again, with what is known now."""
        self.targets.add(self.index)
        self.jump(self.index, exact=True)

    def choose_class(self, where: int, classes: tuple[type, ...], otherwise: Callable[[], str | None] | None = None) -> str:
        """A stack entry may be of several classes: start the instruction again in one version for each.

        Args:
            otherwise: does the instruction for any other class; without it compiled code leaves.
        """
        variable = self.state.stack[where]
        base, before = self.state.copy(), self.before.copy()
        if len(self.versions.get(self.index, ())) + len(classes) > MOST_EXACT // 2:
            classes = ()
        if len(classes) > 1 or otherwise is not None:
            self.polymorphic.update(classes)
        for cls in classes:
            yes, no = self.branch(self.emit("class_is", variable.value, self.object(cls)))
            state = base.copy()
            self.at_block(yes, state)
            self.before = before.copy()
            for places in (state.locals, state.stack):
                for index, v in enumerate(places):
                    if v.kind == "obj" and v.values == variable.values:
                        places[index] = Variable("obj", v.values, cls, v.own)
            self.jump_again()
            self.at_block(no, base.copy())
            self.before = before.copy()
        if otherwise is None:
            assert self.block is not None
            self.block.ops.append(ir.Op("leave", exit=self.exit("class", subject=variable.value)))
            return "end"
        if otherwise() != "end":
            self.jump(self.index + 1)
        return "end"

    def bound(self, tag: ir.Operand) -> None:
        """Leave if a tagged local has no value (the interpreter raises UnboundLocalError)."""
        is_unbound = self.emit("int_compare", tag, ir.Literal(ir.TAG_UNBOUND), attributes=("eq",))
        self.emit("guard_false", is_unbound, exit=self.exit("unbound"))


_TYPES = {
    "int": ("i64",), "float": ("f64",), "bool": ("i1",), "none": (), "obj": ("ptr",), "null": (), "unbound": (), "home": (),
    "dyn": ("i64", "i64"), "range": ("i64", "i64", "i64"),
}  # fmt: skip
assert HERE is not None
