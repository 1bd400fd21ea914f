"""Instructions that may run any Python code: made while others can see a frame of the running function.

    f(x)  for an unknown f     show a frame with the locals as they are, call, hide it, go on natively
    a + b of unknown classes   the same around PyNumber_Add

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
from morrow.jit import ir, layout
from morrow.jit.bytecode import Instruction
from morrow.jit.ir_types import Variable

if TYPE_CHECKING:
    from morrow.jit.lift import Lifter


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

    def seen(self: Lifter, op: str, operands: list[ir.Operand], attributes: tuple[object, ...], after: Callable[[ir.Value], None], at: int | None = None) -> None:
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

    def seen_c(self: Lifter, name: str, count: int, *more: ir.Operand, cls: type | None = None) -> str | None:
        """Replace the *count* topmost entries by what a C function makes of them, whatever they are."""
        if not self.are_objects(count) or not self.can_be_seen():
            return self.leave("unsupported")
        self.box_top(count)
        operands = [v.value for v in self.state.stack[len(self.state.stack) - count :]]
        after = lambda result: self.exchange(count, Variable("obj", (result,), cls, "own"))
        self.seen("call_c", [*operands, *more], (name,), after)
        return None

    def seen_truth(self: Lifter, name: str, count: int, *more: ir.Operand, negate: bool = False, order: tuple[int, ...] = (), at: int | None = None) -> str | None:
        """Replace the *count* topmost entries by a bool: whether a C function of them gives something other than 0."""
        if not self.are_objects(count) or not self.can_be_seen():
            return self.leave("unsupported")
        self.box_top(count)
        operands = [v.value for v in self.state.stack[len(self.state.stack) - count :]]

        def after(result: ir.Value) -> None:
            truth = self.emit("int_compare", result, ir.Literal(0), attributes=("eq" if negate else "ne",))
            self.exchange(count, Variable("bool", (truth,)))

        self.seen("call_c_int", [*(operands[n] for n in order or range(count)), *more], (name, "i32"), after, at)
        return None

    def seen_nothing(self: Lifter, name: str, count: int, operands: Callable[[list[ir.Operand]], list[ir.Operand]]) -> str | None:
        """Drop the *count* topmost entries after a C function of *operands* of them that gives 0, or -1 for an exception."""
        if not self.are_objects(count) or not self.can_be_seen():
            return self.leave("unsupported")
        self.box_top(count)
        given = [v.value for v in self.state.stack[len(self.state.stack) - count :]]
        self.seen("call_c_int", operands(given), (name, "i32"), lambda _: self.exchange(count, None))
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
        if any(stack[place].kind in ("unbound", "range", "null") for place in places) or not self.can_be_seen():
            return self.leave("call")
        for place in places:
            self.box_entry(place)
        self.stabilise()
        operands = [self.state.stack[place].value for place in places]
        after = lambda result: self.finish(base, Variable("obj", (result,), None, "own"))
        self.seen("call_any", operands, (names,) if names else (), after)
        return None
