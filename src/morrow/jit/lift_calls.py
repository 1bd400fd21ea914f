"""What calls become: other compiled functions directly, a few builtins as operations; the rest is `lift_seen`'s."""

from __future__ import annotations

import math
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from morrow.host import HERE
from morrow.jit import ir, plain
from morrow.jit.bytecode import Instruction
from morrow.jit.ir_types import Variable, is_heap

if TYPE_CHECKING:
    from morrow.jit.lift import Lifter

_GENERATOR_FLAGS = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR (code.h)
_VARIABLE_FLAGS = 0x04 | 0x08  # CO_VARARGS, CO_VARKEYWORDS


_TAGS = {"int": ir.TAG_INT, "float": ir.TAG_FLOAT, "bool": ir.TAG_BOOL, "none": ir.TAG_NONE, "obj": ir.TAG_OBJECT}


def place_arguments(code: CodeType, places: range, names: tuple[str, ...]) -> list[int | None] | None:
    """Return where each parameter's argument is, None for one that is not given; or None if the call does not fit.

    Args:
        places: where the arguments are, in the order of the call.
        names: under which the last of them are given.
    """
    count = code.co_argcount
    plain = len(places) - len(names)
    if plain > count:
        return None
    given: list[int | None] = [*places[:plain], *[None] * (count - plain)]
    parameters = code.co_varnames[:count]
    for name, place in zip(names, places[plain:], strict=True):
        at = parameters.index(name) if name in parameters else -1
        if at < code.co_posonlyargcount or given[at] is not None:
            return None
        given[at] = place
    return given


class Calls:
    """The handlers; mixed into `lift.Lifter`."""

    def do_call(self: Lifter, i: Instruction) -> str | None:
        """Call: the callable, perhaps its object, and arguments are on the stack."""
        count = int(i.argument)  # type: ignore[call-overload]
        stack = self.state.stack
        base = len(stack) - count - 2
        first, second = stack[base], stack[base + 1]
        # the callable is first with an object or (3.13+) an empty entry behind it, else second behind an empty entry
        where = base + 1 if first.kind == "null" else base
        callable_ = stack[where]
        bound = where == base and second.kind != "null"
        known = self.known(callable_)
        names: tuple[str, ...] = tuple(i.extra) if i.extra else ()  # type: ignore[arg-type]
        if known is None or names and not isinstance(known, FunctionType):
            return self.call_unknown(base, where, bound, i)
        arguments = stack[base + 1 if bound else base + 2 :]
        for place in range(len(stack) - len(arguments), len(stack)):
            if stack[place].kind == "dyn":
                if self.fork(stack[place], "stack", place) == "end":
                    return "end"
                arguments = stack[base + 1 if bound else base + 2 :]
        if isinstance(known, FunctionType):
            result = self.call_function(known, base, where, range(len(stack) - len(arguments), len(stack)), i, names)
            if result is None:
                return self.call_unknown(base, where, bound, i)
            return None if result == "done" else result
        handler = getattr(self, "call_" + _BUILTINS.get(known, ""), None) if _hashable(known) else None
        if handler is not None:
            result = handler(list(arguments), i, base)
            if result is not None:
                return None if result == "done" else str(result)
        if isinstance(known, type) and type(known) is type and not bound:
            result = self.make_instance(known, base, list(arguments), i)
            if result is not None:
                return None if result == "done" else str(result)
        if known is list.append and bound and len(arguments) == 2 and issubclass(self.class_of(arguments[0]) or object, list):
            if arguments[1].kind in ("null", "range", "unbound"):
                return self.leave("call")
            self.append(self.state.stack[-2].value)
            self.finish(base, Variable("none"))
            return None
        return self.call_unknown(base, where, bound, i)

    def do_call_kw(self: Lifter, i: Instruction) -> str | None:
        """Call with names for the last arguments, in a constant tuple on top (3.13+)."""
        names = self.known(self.state.stack[-1])
        if not isinstance(names, tuple):
            return self.leave("call")
        count = int(i.argument)  # type: ignore[call-overload]
        base = len(self.state.stack) - count - 3
        bound = self.state.stack[base + 1].kind != "null"
        places = [base, *range(base + 1 if bound else base + 2, len(self.state.stack) - 1)]
        for place in places:
            if self.state.stack[place].kind == "dyn" and self.fork(self.state.stack[place], "stack", place) == "end":
                return "end"
        known = self.known(self.state.stack[base])
        if isinstance(known, FunctionType):
            arguments = range(base + 1 if bound else base + 2, len(self.state.stack) - 1)
            result = self.call_function(known, base, base, arguments, i, names)
            if result is not None:
                return None if result == "done" else result
        if any(self.state.stack[place].kind in ("unbound", "range", "null") for place in places) or not self.can_be_seen():
            return self.leave("call")
        for place in places:
            self.box_entry(place)
        self.stabilise()
        operands = [self.state.stack[place].value for place in places]
        self.seen("call_any", operands, (names,), lambda result: self.finish(base, Variable("obj", (result,), None, "own")) and None)
        return None

    def call_unknown(self: Lifter, base: int, where: int, bound: bool, i: Instruction) -> str | None:
        """Call whatever it is, with a frame of ours that it can see."""
        return self.seen_call(base, where, bound, tuple(i.extra) if i.extra else ())  # type: ignore[arg-type]

    def finish(self: Lifter, base: int, result: Variable) -> str:
        """The call is done: its entries leave the stack (in the interpreter's order), the result is pushed."""
        entries = self.state.stack[base:]
        owned = [v for v in entries if v.owned]
        del self.state.stack[base:]
        if owned:
            self.push(result)
            place = len(self.state.stack) - 1
            for variable in owned:
                self.drop(variable)
            result = self.state.stack[place]
            self.pop()
        self.push(result)
        self.gain += 1
        return "done"

    # -- Python functions ------------------------------------------------------------------------------------------------------

    def call_function(self: Lifter, function: FunctionType, base: int, where: int, places: range, i: Instruction, names: tuple[str, ...] = ()) -> str | None:
        """Call another compiled function; None if that cannot be done.

        If it leaves, the interpreter goes on with it, and we behind it, as long as our callers can be seen; otherwise we
        leave too, with what it left behind in its place.

        Args:
            places: of the arguments on the stack.
            names: under which the last of them are given.
        """
        code = function.__code__
        if code.co_flags & (_GENERATOR_FLAGS | _VARIABLE_FLAGS) or code.co_kwonlyargcount:
            return None
        defaults = function.__defaults__ or ()
        given = place_arguments(code, places, names)
        if given is None or any(place is None for place in given[: len(given) - len(defaults)]):
            return None
        if any(self.state.stack[place].kind in ("null", "range", "unbound", "dyn") for place in places):
            return None
        standard = {at: self.constant(defaults[at - len(given)]) for at, place in enumerate(given) if place is None}
        if any(v.kind == "obj" and v.own != "stable" for v in standard.values()):
            return None
        kinds = tuple(self.argument_kind(standard[at] if place is None else self.state.stack[place]) for at, place in enumerate(given))
        found = self.session.callee(function, kinds)
        if found is None:
            return None
        name, tags, visible = found
        if visible and not self.can_be_seen():
            return None
        self.block_after: ir.Block | None = None
        constant = self.object(function)
        self.guard(self.emit("code_is", constant, self.object(code)), "code")
        if function is not self.function:
            self.guard(self.emit("globals_are", constant, self.object(function.__globals__)), "code")
        if standard:
            self.guard(self.emit("defaults_are", constant, self.object(function.__defaults__)), "code")
        self.stabilise()
        operands: list[ir.Operand] = []
        for at, place in enumerate(given):
            variable = standard[at] if place is None else self.state.stack[place]
            operands.append(self.object(None) if variable.kind == "none" else variable.value)
        frame = None
        if visible:
            # what it calls may drop every other reference to it
            self.emit("incref", constant)
            frame = self.show()
        pair = self.emit("call", constant, *operands, attributes=(name, "seen") if visible else (name,))
        tag, bits = self.emit("tag_of", pair), self.emit("bits_of", pair)
        known = next(iter(tags)) if tags is not None and len(tags) == 1 else None
        kind = self.result_kind(known)
        if not kind and tags is not None and not tags & {ir.TAG_INT, ir.TAG_FLOAT}:
            kind = "any"
        self.gain += 3
        self.take_result(base, where, i, constant, frame, kind, tag, bits)
        return "done"

    def make_instance(self: Lifter, cls: type, base: int, arguments: list[Variable], i: Instruction) -> str | None:
        """C(...) of a class made in Python with the usual ``__new__``; None if that cannot be done.

        ``__init__`` always runs under a frame, so that when it leaves it is finished by the interpreter.
        """
        if not is_heap(cls) or cls.__new__ is not object.__new__ or not self.was_executed(i):
            return None
        init = next((base_.__dict__["__init__"] for base_ in cls.__mro__ if "__init__" in base_.__dict__), None)
        if init is object.__init__ and not arguments:
            if not self.unchanged(cls):
                return None
            made = self.emit("call_c", self.object(cls), attributes=("morrow_new",), exit=self.exit("raised", raises=True))
            return self.finish(base, Variable("obj", (made,), cls, "own"))
        if type(init) is not FunctionType or init.__code__.co_flags & (_GENERATOR_FLAGS | _VARIABLE_FLAGS) or init.__code__.co_kwonlyargcount:
            return None
        defaults = init.__defaults__ or ()
        missing = init.__code__.co_argcount - 1 - len(arguments)
        if not 0 <= missing <= len(defaults) or any(v.kind in ("null", "range", "unbound", "dyn") for v in arguments):
            return None
        standard = [self.constant(v) for v in defaults[len(defaults) - missing :]] if missing else []
        found = self.session.callee(init, (("obj", cls), *(self.argument_kind(v) for v in (*arguments, *standard))))
        if found is None or not self.can_be_seen() or not self.unchanged(cls):
            return None
        constant = self.object(init)
        self.guard(self.emit("code_is", constant, self.object(init.__code__)), "code")
        self.guard(self.emit("globals_are", constant, self.object(init.__globals__)), "code")
        if standard:
            self.guard(self.emit("defaults_are", constant, self.object(init.__defaults__)), "code")
        self.stabilise()
        made = self.emit("call_c", self.object(cls), attributes=("morrow_new",), exit=self.exit("raised", raises=True))
        if not self.unchanged(cls):
            return None
        given = self.state.stack[len(self.state.stack) - len(arguments) :] if arguments else []
        operands = [self.object(None) if v.kind == "none" else v.value for v in (*given, *standard)]
        self.emit("incref", constant)
        frame = self.show()
        pair = self.emit("call", constant, made, *operands, attributes=(found[0], "seen"))
        tag, bits = self.emit("tag_of", pair), self.emit("bits_of", pair)
        ended, fine = self.branch(self.emit("int_compare", tag, ir.Literal(ir.TAG_EXIT), attributes=("eq",)))
        here = self.state
        self.at_block(ended, here.copy())
        self.fail_instance(frame, constant, made)
        self.at_block(fine, here)
        answer = self.emit("box_dyn", tag, bits)
        wrong, right = self.branch(self.emit("not", self.emit("same", answer, self.object(None))))
        self.at_block(wrong, here.copy())
        self.emit("call_c_int", answer, attributes=("morrow_not_none", "i32"), quiet=True)
        self.fail_instance(frame, constant, made)
        self.at_block(right, here)
        self.emit("decref", answer, quiet=True)
        self.gain += 5
        self.finish(base, Variable("obj", (made,), cls, "own"))
        self.hide(frame)
        self.emit("decref", constant, quiet=True)
        return "done"

    def fail_instance(self: Lifter, frame: ir.Value, init: ir.Operand, made: ir.Operand) -> None:
        """End the block: ``__init__`` raised, so the new instance goes."""
        self.hide(frame, raises=True)
        self.emit("decref", init, quiet=True)
        self.emit("decref", made)
        self.leave_raising()

    def take_result(
        self: Lifter, base: int, where: int, i: Instruction, callee: ir.Operand, frame: ir.Value | None, kind: str, tag: ir.Value, bits: ir.Value
    ) -> None:
        """Push what a compiled callee gave back, and see to it that whatever else may have happened is dealt with."""
        ended, went_well = self.branch(self.emit("int_compare", tag, ir.Literal(ir.TAG_EXIT), attributes=("eq",)))
        here = self.state
        self.at_block(ended, here.copy())
        if frame is not None:
            # everybody could be seen, so if it left the interpreter has finished it: it raised
            self.hide(frame, raises=True)
            self.emit("decref", callee, quiet=True)
            self.leave_raising()
        else:
            self.callee_left(base, where, i, kind, bits)
        resumed = self.block_after
        self.at_block(went_well, here.copy())
        self.finish(base, Variable("dyn", (tag, bits), None, "own"))
        if frame is not None:
            self.hide(frame)
            self.emit("decref", callee, quiet=True)
        self.pop()
        if frame is not None and kind not in ("", "any"):
            usual, other = self.branch(self.emit("int_compare", tag, ir.Literal(_TAGS[kind]), attributes=("eq",)))
            state = self.state
            self.at_block(other, state.copy())
            result = self.emit("bits_to_ptr", bits)
            self.push(Variable("obj", (result,), None, "own"))
            other_bits = self.unboxed_result(kind, result)
            resumed = self.start_block_elsewhere()
            resumed.parameters.append(self.value("i64"))
            self.arrive(resumed, other_bits)
            self.at_block(usual, state)
            self.arrive(resumed, bits)
            self.at_block(resumed, state)
            self.push(self.result_of(kind, tag, resumed.parameters[0]))
            return
        if resumed is not None:
            self.arrive(resumed, tag, bits)
            self.at_block(resumed, self.state)
            tag, bits = resumed.parameters
        self.push(self.result_of(kind, tag, bits))

    def callee_left(self: Lifter, base: int, where: int, i: Instruction, kind: str, bits: ir.Value) -> None:
        """A callee nobody could see left: the interpreter goes on with it.

        So do we, unless we are in a loop or it happens often, and our own callers can be seen: then we only wait for its
        result, in the block `block_after` (None: there is none).
        """
        slots = [v.slot() for v in self.state.stack]
        slots[where] = ir.Slot("record", (bits,))
        exit = ir.Exit(i.offset, False, tuple(v.slot() for v in self.state.locals), tuple(slots), "callee")
        assert self.block is not None
        self.block_after = None
        if not self.failed("callee") and not self.in_loop():
            self.block.ops.append(ir.Op("leave", exit=exit))
            return
        here = self.state
        seen, hidden = self.branch(self.emit("callers_seen"))
        self.at_block(hidden, here.copy())
        self.block.ops.append(ir.Op("leave", exit=exit))
        self.at_block(seen, here.copy())
        frame = self.emit("show", attributes=(i.at,), exit=ir.Exit(i.offset, False, exit.locals, exit.stack, "callee"))
        result = self.emit("resume", bits)
        self.raise_if(self.emit("is_null", result), frame)
        self.finish(base, Variable("obj", (result,), None, "own"))
        self.hide(frame)
        following = self.start_block_elsewhere()
        following.parameters += [self.value("i64"), self.value("i64")]
        tag = _TAGS.get(kind, ir.TAG_OBJECT)
        self.arrive(following, ir.Literal(tag), self.unboxed_result(kind if kind in _TAGS else "obj", result))
        self.block_after = following

    def arrive(self: Lifter, block: ir.Block, *arguments: ir.Operand) -> None:
        """End the block by going to one that was started."""
        assert self.block is not None
        self.block.ops.append(ir.Op("jump", targets=((block.label, arguments),)))

    def unboxed_result(self: Lifter, kind: str, result: ir.Operand) -> ir.Operand:
        """Return the bits of an object that is expected to be of a kind, or leave behind the call with what it is."""
        following = self.index + 1
        if kind == "obj":
            return self.emit("ptr_to_bits", result)
        cls = {"int": int, "float": float, "bool": bool, "none": type(None)}[kind]
        exit = self.exit("result", at=following)
        self.guard(self.emit("class_is", result, self.object(cls)), "result", exit)
        bits: ir.Operand = ir.Literal(0)
        if kind == "int":
            bits = self.emit("int_value", result, exit=exit)
        elif kind == "float":
            number = self.emit("float_value", result)
            self.guard(self.emit("float_compare", number, number, attributes=("eq",)), "result", exit)  # a NaN is its object
            bits = self.emit("float_to_bits", number)
        elif kind == "bool":
            bits = self.emit("bool_to_int", self.emit("same", result, self.object(True)))
        self.emit("decref", result, quiet=True)
        return bits

    def result_of(self: Lifter, kind: str, tag: ir.Operand, bits: ir.Operand) -> Variable:
        """Return the variable for a call's tag and bits."""
        if kind == "int":
            return Variable("int", (bits,))
        if kind == "float":
            return Variable("float", (self.emit("bits_to_float", bits),))
        if kind == "bool":
            return Variable("bool", (self.emit("bits_to_bool", bits),))
        if kind == "none":
            return Variable("none")
        if kind == "obj":
            return Variable("obj", (self.emit("bits_to_ptr", bits),), None, "own")
        if kind == "any":
            # an object, None or a bool: an object in any case
            return Variable("obj", (self.emit("box_dyn", tag, bits),), None, "own")
        return Variable("dyn", (tag, bits), None, "own")

    def result_kind(self: Lifter, tag: int | None) -> str:
        """Return the kind a call's tag stands for, or "" if it is not known yet."""
        kinds = {ir.TAG_INT: "int", ir.TAG_FLOAT: "float", ir.TAG_BOOL: "bool", ir.TAG_NONE: "none", ir.TAG_OBJECT: "obj"}
        return kinds.get(tag, "") if tag is not None else ""

    def argument_kind(self: Lifter, variable: Variable) -> tuple[str, type | None]:
        """Return what a callee is told about an argument."""
        if variable.kind == "none":
            return "obj", type(None)
        return variable.kind, variable.cls if variable.kind == "obj" else None

    # -- builtins: an operation instead of a call ---------------------------------------------------------------------------------

    def call_len(self: Lifter, arguments: list[Variable], i: Instruction, base: int) -> str | None:
        """len(list or tuple)"""
        if len(arguments) != 1 or arguments[0].kind != "obj":
            return None
        variable = arguments[0]
        if variable.cls in (list, tuple):
            size = self.emit("size", variable.value)
        elif plain.bits_of(variable.cls) & plain.TRUTHS and not plain.bits_of(variable.cls) & plain.NUMBER and variable.cls is not type(None):
            size = self.emit("call_c_int", variable.value, attributes=("PyObject_Size", "i64"), quiet=True)
        elif (variable.cls is None or is_heap(variable.cls)) and not self.failed("size"):
            size = self.size_of_any(variable)
        else:
            return None
        return self.finish(base, Variable("int", (size,)))

    def size_of_any(self: Lifter, variable: Variable) -> ir.Value:
        """Return the length of an object of unknown class, mostly a list; leave if it is not the business of C alone."""
        yes, no = self.branch(self.emit("class_is", variable.value, self.object(list)))
        state = self.state
        self.at_block(yes, state)
        fast = self.emit("size", variable.value)
        joined = self.start_block_elsewhere()
        joined.parameters.append(self.value("i64"))
        self.arrive(joined, fast)
        self.at_block(no, state)
        slow = self.emit("call_c_int", variable.value, attributes=("morrow_size", "i64"), quiet=True)
        self.guard(self.emit("int_compare", slow, ir.Literal(0), attributes=("ge",)), "size")
        self.arrive(joined, slow)
        self.at_block(joined, state)
        return joined.parameters[0]

    def call_range(self: Lifter, arguments: list[Variable], i: Instruction, base: int) -> str | None:
        """range(...) that a loop is about to iterate over: numbers instead of an object."""
        following = self.instructions[self.index + 1]
        if following.op != "get_iter" or not 1 <= len(arguments) <= 3:
            return None
        for place in range(len(arguments)):
            where = len(self.state.stack) - len(arguments) + place
            variable = self.state.stack[where]
            if variable.kind == "obj" and variable.cls in (None, int):
                self.unbox(variable, int, "class")
        numbers = self.state.stack[len(self.state.stack) - len(arguments) :]
        if any(v.kind != "int" for v in numbers):
            return None
        values = [v.value for v in numbers]
        step: ir.Operand = values[2] if len(values) == 3 else ir.Literal(1)
        if not isinstance(step, ir.Literal) or not step.value or abs(step.value) > 2**61:
            return None
        start, stop = (ir.Literal(0), values[0]) if len(values) == 1 else (values[0], values[1])
        if step.value != 1:
            limit = ir.Literal(2**62) if step.value > 0 else ir.Literal(-(2**62))
            near = self.emit("int_compare", stop, limit, attributes=("lt" if step.value > 0 else "gt",))
            self.guard(near, "overflow")
        return self.finish(base, Variable("range", (start, stop, step)))

    def call_abs(self: Lifter, arguments: list[Variable], i: Instruction, base: int) -> str | None:
        """abs(number)"""
        if len(arguments) == 1 and arguments[0].kind == "float":
            return self.finish(base, Variable("float", (self.emit("float_abs", arguments[0].value),)))
        return None

    def call_float(self: Lifter, arguments: list[Variable], i: Instruction, base: int) -> str | None:
        """float(number)"""
        if len(arguments) == 1 and arguments[0].kind in ("int", "float"):
            return self.finish(base, Variable("float", (self.as_float(arguments[0]),)))
        return None

    def call_int(self: Lifter, arguments: list[Variable], i: Instruction, base: int) -> str | None:
        """int(int)"""
        if len(arguments) == 1 and arguments[0].kind in ("int", "bool"):
            variable = arguments[0]
            value = variable.value if variable.kind == "int" else self.emit("bool_to_int", variable.value)
            return self.finish(base, Variable("int", (value,)))
        return None

    def call_sqrt(self: Lifter, arguments: list[Variable], i: Instruction, base: int) -> str | None:
        """math.sqrt(number)"""
        if len(arguments) != 1:
            return None
        if arguments[0].kind == "obj" and arguments[0].cls in (None, float):
            self.unbox(arguments[0], float, "class")
        variable = self.state.stack[-1]
        if variable.kind not in ("int", "float"):
            return None
        value = self.emit("float_sqrt", self.as_float(variable), exit=self.exit("domain"))
        return self.finish(base, Variable("float", (value,)))

    def call_isinstance(self: Lifter, arguments: list[Variable], i: Instruction, base: int) -> str | None:
        """isinstance(x, C) for a known C whose check is the usual one"""
        if len(arguments) != 2:
            return None
        wanted = self.known(arguments[1])
        have = self.class_of(arguments[0])
        if not isinstance(wanted, type) or type(wanted) is not type:
            return None
        if have is not None and _class_of_class(have) is object.__dict__["__class__"] and self.unchanged(have) and self.unchanged(wanted):
            return self.finish(base, Variable("bool", (ir.Literal(issubclass(have, wanted)),)))
        if arguments[0].kind != "obj" or self.failed("class"):
            return None
        # classes are changed from Python code only, so nothing needs guarding: it is looked up now
        answer = self.emit("call_c_int", arguments[0].value, self.object(wanted), attributes=("morrow_isinstance", "i32"), quiet=True)
        self.guard(self.emit("int_compare", answer, ir.Literal(2), attributes=("ne",)), "class")
        return self.finish(base, Variable("bool", (self.emit("int_compare", answer, ir.Literal(0), attributes=("ne",)),)))

    def call_smaller(self: Lifter, arguments: list[Variable], i: Instruction, base: int) -> str | None:
        """min(a, b, ...) of ints, or of floats"""
        return self.choose(arguments, base, "lt")

    def call_larger(self: Lifter, arguments: list[Variable], i: Instruction, base: int) -> str | None:
        """max(a, b, ...) of ints, or of floats"""
        return self.choose(arguments, base, "gt")

    def choose(self: Lifter, arguments: list[Variable], base: int, name: str) -> str | None:
        """The first of some numbers unless a later one is smaller (larger), as bltinmodule.c, min_max does."""
        if len(arguments) < 2 or {v.kind for v in arguments} not in ({"int"}, {"float"}):
            return None
        kind = arguments[0].kind
        best = arguments[0].value
        for other in arguments[1:]:
            replaces = self.emit("float_compare" if kind == "float" else "int_compare", other.value, best, attributes=(name,))
            best = self.emit("choose_" + kind, replaces, other.value, best)
        return self.finish(base, Variable(kind, (best,)))


def _class_of_class(cls: type) -> object:
    """Return what instances of a class find under ``__class__``."""
    return next(base.__dict__["__class__"] for base in cls.__mro__ if "__class__" in base.__dict__)


def _hashable(value: object) -> bool:
    return type(value).__hash__ is not None and (isinstance(value, type) or type(value).__module__ == "builtins")


#: builtin -> the handler's name
_BUILTINS: dict[object, str] = {
    len: "len", range: "range", abs: "abs", float: "float", int: "int", math.sqrt: "sqrt", isinstance: "isinstance", min: "smaller",
    max: "larger",
}  # fmt: skip
assert HERE is not None
