"""What instructions on locals, the value stack and cells become, and how a function ends.

    LOAD_FAST x     the local's variable; a reference is an alias of the local's
    STORE_FAST x    the local's old reference goes, unless an entry of the stack still uses it: then it is handed on
"""

from __future__ import annotations

from types import CellType
from typing import TYPE_CHECKING

from morrow.host import HERE
from morrow.jit import ir, layout
from morrow.jit.bytecode import Instruction
from morrow.jit.ir_types import Gone, Variable, literal

if TYPE_CHECKING:
    from morrow.jit.lift import Lifter


class Locals:
    """The handlers; mixed into `lift.Lifter`."""

    # -- plain instructions ----------------------------------------------------------------------------------------------------

    def do_nop(self: Lifter, i: Instruction) -> None:
        """Nothing."""

    do_end_for = do_nop

    def do_pop(self: Lifter, i: Instruction) -> None:
        """Drop the top of the stack."""
        self.drop(self.pop())

    do_pop_iter = do_pop

    def do_push_null(self: Lifter, i: Instruction) -> None:
        """Push the empty entry of a call."""
        self.push(Variable("null"))

    def do_const(self: Lifter, i: Instruction) -> None:
        """Push a constant."""
        self.push(self.constant(i.argument))

    def constant(self: Lifter, value: object) -> Variable:
        """Return the variable for an object that lives as long as the code."""
        return literal(value) or Variable("obj", (self.object(value),), type(value), "stable")

    def do_load(self: Lifter, i: Instruction) -> str | None:
        """Push a local."""
        return self.load_local(int(i.argument))  # type: ignore[call-overload]

    def load_local(self: Lifter, place: int) -> str | None:
        variable = self.state.locals[place]
        if variable.kind == "unbound":
            return self.leave("unbound")
        if variable.kind == "dyn":
            if self.fork(variable, "locals", place) == "end":
                return "end"
            variable = self.state.locals[place]
        if variable.kind == "obj":
            own = "local" if variable.own == "own" else variable.own
            variable = variable.held(own)
        self.push(variable)
        return None

    def do_load_load(self: Lifter, i: Instruction) -> str | None:
        """Push two locals."""
        for place in (i.argument, i.extra):
            variable = self.state.locals[int(place)]  # type: ignore[call-overload]
            if variable.kind == "unbound":
                return self.leave("unbound")
            if variable.kind == "dyn":
                if self.fork(variable, "locals", int(place)) == "end":  # type: ignore[call-overload]
                    return "end"
                self.before = self.state.copy()
        for place in (i.argument, i.extra):
            self.load_local(int(place))  # type: ignore[call-overload]
        return None

    def do_store(self: Lifter, i: Instruction) -> None:
        """Pop into a local."""
        self.store_local(int(i.argument))  # type: ignore[call-overload]

    def store_local(self: Lifter, place: int) -> None:
        new = self.pop()
        if new.kind == "null":
            new = Variable("unbound")
        if new.kind == "range":
            raise Gone("STACK", self.instructions[self.index].line, new.kind)
        if new.kind == "obj" and new.own in ("weak", "local"):
            new = self.owned_copy(new)
        old = self.state.locals[place]
        self.state.locals[place] = new
        if old.kind == "home":
            self.emit("home_drop", attributes=(place,))
        if old.kind == "obj" and old.own == "own":
            for index, variable in enumerate(self.state.stack):
                if variable.kind == "obj" and variable.own == "local" and variable.values == old.values:
                    # an entry of the stack still uses it: the reference is handed on
                    self.state.stack[index] = variable.held("own")
                    old = old.held("stable")
                    break
            for index, variable in enumerate(self.state.stack):
                if variable.kind == "obj" and variable.own == "local" and variable.values == old.values:
                    self.state.stack[index] = self.owned_copy(variable)
        self.drop(old)

    def do_store_store(self: Lifter, i: Instruction) -> None:
        """Pop into two locals."""
        self.store_local(int(i.argument))  # type: ignore[call-overload]
        self.store_local(int(i.extra))  # type: ignore[call-overload]

    def do_store_load(self: Lifter, i: Instruction) -> str | None:
        """Pop into one local and push another (or the same)."""
        if i.extra != i.argument:
            place = int(i.extra)  # type: ignore[call-overload]
            variable = self.state.locals[place]
            if variable.kind == "unbound":
                return self.leave("unbound")
            if variable.kind == "dyn" and self.fork(variable, "locals", place) == "end":
                return "end"
        self.store_local(int(i.argument))  # type: ignore[call-overload]
        return self.load_local(int(i.extra))  # type: ignore[call-overload]

    def do_load_and_clear(self: Lifter, i: Instruction) -> str | None:
        """Move a local to the stack (an inlined comprehension is about to use its name)."""
        place = int(i.argument)  # type: ignore[call-overload]
        variable = self.state.locals[place]
        if variable.kind == "dyn" and self.fork(variable, "locals", place) == "end":
            return "end"
        variable = self.state.locals[place]
        if any(v.own == "local" and v.values == variable.values for v in self.state.stack):
            return self.leave("unsupported")
        self.state.locals[place] = Variable("unbound")
        self.push(Variable("null") if variable.kind == "unbound" else variable)
        return None

    def do_delete(self: Lifter, i: Instruction) -> str | None:
        """Unbind a local."""
        place = int(i.argument)  # type: ignore[call-overload]
        variable = self.state.locals[place]
        if variable.kind == "unbound":
            return self.leave("unbound")
        if variable.kind == "dyn":
            self.bound(variable.values[0])
        self.push(Variable("unbound"))
        new = self.pop()
        old = self.state.locals[place]
        if any(v.own == "local" and v.values == old.values for v in self.state.stack):
            return self.leave("unsupported")
        self.state.locals[place] = new
        self.drop(old)
        return None

    def do_copy_free_vars(self: Lifter, i: Instruction) -> str | None:
        """The closure's cells become entries of the frame."""
        first = layout.entries_of_frame(self.code) - len(self.code.co_freevars)
        for index in range(len(self.code.co_freevars)):
            cell = self.emit("closure", attributes=(index,))
            self.state.locals[first + index] = Variable("obj", (cell,), CellType, "stable")
            self.parameters.add(cell.number)
        self.originals = list(self.state.locals)
        return None

    def do_load_cell(self: Lifter, i: Instruction) -> str | None:
        """Push what a cell holds."""
        cell = self.state.locals[int(i.argument)]  # type: ignore[call-overload]
        if cell.kind != "obj" or cell.cls is not CellType:
            return self.leave("unsupported")
        pointer = self.emit("cell", cell.value)
        self.guard(self.emit("not", self.emit("is_null", pointer)), "unbound")
        self.push(Variable("obj", (pointer,), None, "weak"))
        return None

    def do_store_cell(self: Lifter, i: Instruction) -> str | None:
        """Pop into a cell."""
        cell = self.state.locals[int(i.argument)]  # type: ignore[call-overload]
        if cell.kind != "obj" or cell.cls is not CellType or self.state.stack[-1].kind in ("null", "range"):
            return self.leave("unsupported")
        self.stabilise()
        new = self.own(self.state.stack[-1])
        old = self.emit("cell_store", cell.value, new)
        self.pop()
        self.emit("drop_old", old)
        return None

    def do_swap(self: Lifter, i: Instruction) -> None:
        """Exchange the top with another entry."""
        stack, n = self.state.stack, int(i.argument)  # type: ignore[call-overload]
        stack[-1], stack[-n] = stack[-n], stack[-1]

    def do_copy(self: Lifter, i: Instruction) -> str | None:
        """Push an entry again."""
        n = int(i.argument)  # type: ignore[call-overload]
        variable = self.state.stack[-n]
        if variable.kind == "dyn":
            if self.fork(variable, "stack", len(self.state.stack) - n) == "end":
                return "end"
            variable = self.state.stack[-n]
        if variable.kind == "range":
            return self.leave("unsupported")
        if variable.kind == "obj" and variable.own == "own":
            variable = self.owned_copy(variable)
        self.push(variable)
        return None

    def do_jump(self: Lifter, i: Instruction) -> str:
        """Go somewhere else; going back is where others get their turn."""
        target = int(i.argument)  # type: ignore[call-overload]
        self.go(target)
        return "end"

    def do_return(self: Lifter, i: Instruction) -> str:
        """Give back the top of the stack."""
        if self.osr:
            return self.leave("return")
        return self.give(self.pop())

    def do_return_const(self: Lifter, i: Instruction) -> str:
        """Give back a constant."""
        if self.osr:
            return self.leave("return")
        return self.give(self.constant(i.argument))

    def give(self: Lifter, variable: Variable) -> str:
        """End the call with a value."""
        if variable.kind == "obj" and variable.own != "own":
            variable = self.owned_copy(variable)
        if variable.kind in ("range", "null"):
            raise Gone("STACK", self.instructions[self.index].line, variable.kind)
        tag, bits = self.as_dyn(variable).values
        # in the order of the host's _PyFrame_ClearLocals (frame.c): finalisers and weakrefs tell
        count, total = len(self.state.locals), len(self.state.locals) + len(self.state.stack)
        for place in range(total - 1, -1, -1) if HERE.clears_backwards else range(total):  # type: ignore[union-attr]
            # dropping one may change what is known of those that are left
            entry = self.state.locals[place] if place < count else self.state.stack[place - count]
            if entry.kind == "home":
                self.emit("home_drop", attributes=(place,))
            else:
                self.drop(entry)
        self.returns.add(tag.value if isinstance(tag, ir.Literal) else -1)
        assert self.block is not None
        self.block.ops.append(ir.Op("return", (tag, bits)))
        return "end"
