"""Instructions that may run any Python code: made while others can see a frame of the running function.

    f(x)  for an unknown f     show a frame with the locals as they are, call, hide it, go on natively
    a + b of unknown classes   the same around PyNumber_Add, unless both turn out to be of classes whose + runs no Python code

Four ways to make such an operation (`way`), from what is known while lifting and what is tested while running (`plain`):

    plain    the classes are known, and no Python code can run: the C function is called, no more
    tried    the same behind a test; leave if it fails, which the next compile hears of ("foreign")
    both     the test decides between the C function alone and the C function under a frame
    seen     under a frame

Whoever looks (sys._getframe, locals(), warnings, super(), a traceback) finds the function's own code, line and values. If
somebody still holds the frame afterwards, or changed a local through it, the interpreter goes on behind the call with that
very frame (`ir.Exit` with slots `shown`). Callers of a function that does this show theirs around the call of it, so that
the chain of frames is whole: the function is lifted again as *visible* (`NeedsFrame`) when the first such instruction is met.
An instruction the host has never executed stays an exit: raising errors must not make a function pay for frames.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from morrow.host import HERE
from morrow.jit import ir, layout, plain
from morrow.jit.bytecode import Instruction
from morrow.jit.ir_types import Variable

if TYPE_CHECKING:
    from morrow.jit.lift import Lifter, State


class NeedsFrame(Exception):
    """A function that was lifted as one nobody can see would have to be seen."""


class Seen:
    """Mixed into `lift.Lifter`."""

    def was_executed(self: Lifter, i: Instruction) -> bool:
        """Return whether the host has ever executed an instruction, as far as its adaptive counter says."""
        if not i.cache or i.hint and i.hint != i.host and not i.hint.endswith("_ADAPTIVE"):
            return True
        return i.cache[:2] != HERE.adaptive_start  # type: ignore[union-attr]

    def can_be_seen(self: Lifter) -> bool:
        """Return whether the current instruction may be made under a frame; False says to leave it to the interpreter.

        Raises:
            NeedsFrame: the function must be lifted as a visible one.
        """
        i = self.instructions[self.index]
        if not self.was_executed(i) or self.failed("seen") or self.failed("room") or not layout.entries_of_frame(self.code):
            return False
        if not self.visible and not self.osr:
            raise NeedsFrame
        self.check_handler()
        return True

    def way(self: Lifter, test: str, classes: list[type | None], likely: bool = False) -> str:
        """Return how to make the current instruction, see the module; "" says to leave it to the interpreter.

        Args:
            test: of `plain.TESTS`, "" if any Python code must be expected.
            classes: of its operands, as far as they are known.
            likely: the host has met nothing but C code here.
        """
        classes = classes[: plain.ARITY.get(test)]
        if test and plain.surely(test, classes):
            self.check_handler()
            return "plain"
        if test and plain.never(test, classes):
            test = ""
        if not likely and test not in ("", "call", "attribute", "set_attribute"):
            # where nobody can see us yet, this is not the reason to be seen, before it is known that Python code runs
            likely = not self.visible and not self.osr and self.was_executed(self.instructions[self.index])
        if test and likely and not self.failed("foreign"):
            self.check_handler()
            return "tried"
        if not self.can_be_seen():
            return ""
        return "both" if test else "seen"

    def perform(
        self: Lifter,
        way: str,
        op: str,
        operands: list[ir.Operand],
        attributes: tuple[object, ...],
        after: Callable[[ir.Value], object],
        test: str = "",
        about: list[ir.Operand] | None = None,
        at: int | None = None,
    ) -> None:
        """Make an operation one of the four ways; for the rest see `seen`.

        Args:
            about: the objects that the test is about, *operands* by default.
        """
        if way == "seen":
            self.seen(op, operands, attributes, after, at)
            return
        self.stabilise()
        objects = [o for o in about or operands if o.type == "ptr" and not (isinstance(o, ir.Object) and o.index < 0)][: plain.ARITY.get(test)]
        if way == "plain":
            self.directly(op, operands, attributes, after, True)
            return
        fine = self.emit("plain", *objects, attributes=(test,))
        if way == "tried":
            self.guard(fine, "foreign", self.exit("foreign", at=self.index))
            self.directly(op, operands, attributes, after)
            return
        yes, no = self.branch(fine)
        base = self.state
        self.at_block(no, base.copy())
        self.seen(op, operands, attributes, after, at)
        other, block = self.state, self.block
        self.at_block(yes, base)
        self.directly(op, operands, attributes, after)
        assert block is not None
        self.join(other, block)

    def directly(self: Lifter, op: str, operands: list[ir.Operand], attributes: tuple[object, ...], after: Callable[[ir.Value], object], sure: bool = False) -> None:
        """Emit an operation that runs no Python code; *sure*: a method's object is known to be of its class."""
        exit = self.exit("raised", raises=True)
        if op == "call_any":
            op = "vectorcall"
            attributes = ("direct",) if sure and isinstance(operands[0], ir.Object) and layout.c_function(self.out.objects[operands[0].index])[0] else ()
        after(self.emit(op, *operands, attributes=attributes, exit=exit))

    def join(self: Lifter, other: State, block: ir.Block) -> None:
        """Go on after two ways to the same place: the current one, and one that came to *other* in *block*."""
        mine = self.state
        joined = self.start_block_elsewhere()
        here: list[ir.Operand] = []
        there: list[ir.Operand] = []
        for places, others in ((mine.locals, other.locals), (mine.stack, other.stack)):
            for index, (a, b) in enumerate(zip(places, others, strict=True)):
                assert a.kind == b.kind and a.own == b.own, f"{a} and {b}"
                if a.values == b.values:
                    continue
                values = []
                for x, y in zip(a.values, b.values, strict=True):
                    value = self.value(x.type)
                    joined.parameters.append(value)
                    values.append(value)
                    here.append(x)
                    there.append(y)
                others[index] = Variable(b.kind, tuple(values), b.cls if a.cls is b.cls else None, b.own, b.likely)
        self.arrive(joined, *here)
        self.block = block
        self.arrive(joined, *there)
        self.at_block(joined, other)

    def show(self: Lifter) -> ir.Value:
        """Let others see a frame from here on, standing at the current instruction."""
        self.stabilise()
        i = self.instructions[self.index]
        return self.emit("show", attributes=(i.at,), exit=self.exit("room", at=self.index))

    def hide(self: Lifter, frame: ir.Value, at: int | None = None, raises: bool = False) -> None:
        """Nobody needs to see the frame any more; locals and stack are as they are before instruction *at* (the next one)."""
        here = self.instructions[self.index]
        offset = here.at if raises else self.instructions[self.index + 1 if at is None else at].offset
        locals_ = tuple(ir.Slot("shown", (frame,)) for _ in self.state.locals)
        self.emit("hide", frame, exit=ir.Exit(offset, raises, locals_, tuple(v.slot() for v in self.state.stack), "seen"))

    def leave_raising(self: Lifter) -> None:
        """End the block with the current exception, at the current instruction."""
        assert self.block is not None
        self.block.ops.append(ir.Op("leave", exit=self.exit("raised", raises=True)))

    def seen(self: Lifter, op: str, operands: list[ir.Operand], attributes: tuple[object, ...], after: Callable[[ir.Value], object], at: int | None = None) -> None:
        """Emit an operation that may run anything under a frame.

        Args:
            after: is told the result and makes the stack what it is before instruction *at* (default: the next one).
        """
        frame = self.show()
        result = self.emit(op, *operands, attributes=attributes)
        if op == "call_c_int":
            failed = self.emit("int_compare", result, ir.Literal(0), attributes=("lt",))
        else:
            failed = self.emit("is_null", result)
        self.raise_if(failed, frame)
        after(result)
        self.hide(frame, at)

    def raise_if(self: Lifter, failed: ir.Operand, frame: ir.Value) -> None:
        """Go on only if a call under a frame did not raise."""
        bad, good = self.branch(failed)
        state = self.state
        self.at_block(bad, state.copy())
        self.hide(frame, raises=True)
        self.leave_raising()
        self.at_block(good, state)

    def seen_c(self: Lifter, name: str, count: int, *more: ir.Operand, cls: type | None = None, test: str = "", likely: bool = False) -> str | None:
        """Replace the *count* topmost entries by what a C function makes of them, whatever they are."""
        way = self.are_objects(count) and self.way(test, [*self.classes_of(count), *self.classes_of_objects(more)], likely)
        if not way:
            return self.leave("unsupported")
        self.box_top(count)
        operands = [v.value for v in self.state.stack[len(self.state.stack) - count :]]
        after = lambda result: self.exchange(count, Variable("obj", (result,), cls, "own"))
        self.perform(way, "call_c", [*operands, *more], (name,), after, test)
        return None

    def seen_truth(self: Lifter, name: str, count: int, *more: ir.Operand, negate: bool = False, order: tuple[int, ...] = (), at: int | None = None, test: str = "") -> str | None:
        """Replace the *count* topmost entries by a bool: whether a C function of them gives something other than 0."""
        classes = self.classes_of(count)
        way = self.are_objects(count) and self.way(test, [classes[n] for n in order or range(count)])
        if not way:
            return self.leave("unsupported")
        self.box_top(count)
        operands = [v.value for v in self.state.stack[len(self.state.stack) - count :]]

        def after(result: ir.Value) -> None:
            truth = self.emit("int_compare", result, ir.Literal(0), attributes=("eq" if negate else "ne",))
            self.exchange(count, Variable("bool", (truth,)))

        self.perform(way, "call_c_int", [*(operands[n] for n in order or range(count)), *more], (name, "i32"), after, test, at=at)
        return None

    def seen_nothing(self: Lifter, name: str, count: int, order: tuple[int | ir.Operand, ...], test: str = "", likely: bool = False) -> str | None:
        """Drop the *count* topmost entries after a C function of them that gives 0, or -1 for an exception.

        Args:
            order: its operands, as places among the entries or as they are.
        """
        classes = self.classes_of(count)
        given = [classes[o] if isinstance(o, int) else self.classes_of_objects((o,))[0] for o in order]
        way = self.are_objects(count) and self.way(test, given, likely)
        if not way:
            return self.leave("unsupported")
        self.box_top(count)
        entries = [v.value for v in self.state.stack[len(self.state.stack) - count :]]
        operands = [entries[o] if isinstance(o, int) else o for o in order]
        self.perform(way, "call_c_int", operands, (name, "i32"), lambda _: self.exchange(count, None), test)
        return None

    def classes_of(self: Lifter, count: int) -> list[type | None]:
        """Return the classes of the topmost entries, None where it is not known."""
        return [self.class_of(v) for v in self.state.stack[len(self.state.stack) - count :]]

    def classes_of_objects(self: Lifter, operands: tuple[ir.Operand, ...]) -> list[type | None]:
        """Return the classes of operands that are objects known now, without the empty ones and numbers."""
        return [type(self.out.objects[o.index]) for o in operands if isinstance(o, ir.Object) and o.index >= 0]

    def seen_at(self: Lifter, name: str, count: int, order: tuple[int, ...], test: str, otherwise: Callable[[], str | None]) -> str | None:
        """Do something with an item whose number is on top, unboxed, by a C function that takes it so; else *otherwise*.

        Args:
            order: of the C function's operands: container, number, perhaps the value.
        """
        about = [place for place in order if place != count - 1]
        classes = [self.classes_of(count)[place] for place in about]
        if plain.never(test, classes):
            return otherwise()
        self.check_handler()
        for place in about:
            self.box_entry(len(self.state.stack) - count + place)
        self.stabilise()
        entries = [v.value for v in self.state.stack[len(self.state.stack) - count :]]
        operands = [entries[place] for place in order]
        given = [entries[place] for place in about]
        op, attributes = ("call_c", (name,)) if count == 2 else ("call_c_int", (name, "i32"))
        after = lambda result: self.exchange(count, Variable("obj", (result,), None, "own") if count == 2 else None)
        if plain.surely(test, classes):
            self.directly(op, operands, attributes, after)
            return None
        yes, no = self.branch(self.emit("plain", *given, attributes=(test,)))
        base = self.state
        self.at_block(no, base.copy())
        self.before = base.copy()
        ended = otherwise() == "end"
        other, block = self.state, self.block
        self.at_block(yes, base)
        self.directly(op, operands, attributes, after)
        if not ended:
            assert block is not None
            self.join(other, block)
        return None

    def are_objects(self: Lifter, count: int) -> bool:
        """Return whether the topmost entries stand for objects."""
        return not any(v.kind in ("null", "unbound", "range") for v in self.state.stack[len(self.state.stack) - count :])

    def exchange(self: Lifter, count: int, result: Variable | None) -> None:
        """Drop the topmost entries, the top first, and push a result."""
        entries = self.state.stack[len(self.state.stack) - count :]
        del self.state.stack[len(self.state.stack) - count :]
        if result is not None:
            self.push(result)
        for variable in reversed(entries):
            self.drop(variable)

    def seen_call(self: Lifter, base: int, where: int, bound: bool, names: tuple[str, ...] = ()) -> str | None:
        """Call whatever is on the stack from *base* on, with the last arguments under these names."""
        stack = self.state.stack
        places = [where, *range(base + 1 if bound else base + 2, len(stack))]
        if any(stack[place].kind in ("unbound", "range", "null") for place in places):
            return self.leave("call")
        known = self.known(stack[where])
        test = "" if names or known is not None and not plain.rule_of(known) else "call"
        if test and known is not None and plain.surely_called(known, [self.class_of(stack[place]) for place in places[1:]]):
            self.check_handler()
            way = "plain"
        else:
            hint = self.instructions[self.index].hint
            likely = any(word in hint for word in _C_CALLS) and self.attribute_names.get(stack[where].value) in plain.names()
            way = self.way(test, [], known is not None or likely)
        if not way:
            return self.leave("call")
        for place in places:
            self.box_entry(place)
        self.stabilise()
        operands = [self.state.stack[place].value for place in places]
        cls = plain.result_of(known, way == "plain") if known is not None else None
        if known is reversed and way == "plain" and len(places) == 2 and self.class_of(self.state.stack[places[1]]) is list:
            cls = type(reversed([]))
        after = lambda result: self.finish(base, Variable("obj", (result,), cls, "own"))
        self.perform(way, "call_any", operands, (names,) if names else (), after, test)
        return None


#: in the names of instructions that the host has specialised for calls of methods made in C
_C_CALLS = ("BUILTIN", "METHOD_DESCRIPTOR", "LIST_APPEND")
