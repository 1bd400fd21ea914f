"""What instructions on numbers and truth values become: arithmetic, comparisons, conditions.

    BINARY_OP +   on two ints            int_add, leaving on overflow
                  on an int and a float  float_add, after int_to_float
                  on a reference         a guard for the class the host has specialised for, then as above
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from morrow.host import HERE
from morrow.jit import ir, plain
from morrow.jit.bytecode import Instruction
from morrow.jit.ir_types import LEAVES, Gone, Variable

if TYPE_CHECKING:
    from morrow.jit.lift import Lifter

_COMPARE = {"<": "lt", "<=": "le", "==": "eq", "!=": "ne", ">": "gt", ">=": "ge"}
_RICH = {"<": 0, "<=": 1, "==": 2, "!=": 3, ">": 4, ">=": 5}  # object.h, Py_LT ...
_INT = {"+": "int_add", "-": "int_sub", "*": "int_mul", "//": "int_floordiv", "%": "int_mod", "&": "int_and", "|": "int_or", "^": "int_xor", "<<": "int_shl", ">>": "int_shr"}  # fmt: skip
_FLOAT = {"+": "float_add", "-": "float_sub", "*": "float_mul", "/": "float_div"}
_NUMBER = {
    "+": "Add", "-": "Subtract", "*": "Multiply", "//": "FloorDivide", "%": "Remainder", "/": "TrueDivide", "&": "And", "|": "Or",
    "^": "Xor", "<<": "Lshift", ">>": "Rshift", "**": "Power", "@": "MatrixMultiply",
}  # fmt: skip
_INPLACE = {symbol: "InPlace" + name for symbol, name in _NUMBER.items()}
_TESTS = {"+": "add", "*": "add", "%": "modulo"}
#: classes whose operators run no Python code when both operands are of these
PLAIN: frozenset[type] = frozenset({int, float, bool, str, bytes, complex, list, tuple, range})


_OF_REALS = frozenset({*_FLOAT, "%", "**"})


def _is_of_numbers(classes: tuple[type, ...]) -> bool:
    return bool(classes) and {*classes} <= {int, float}


class Numbers:
    """The handlers; mixed into `lift.Lifter`."""

    def unbox(self: Lifter, variable: Variable, cls: type, why: str) -> Variable:
        """Make a reference an unboxed number of this exact class, or leave."""
        assert variable.kind == "obj"
        pointer = variable.value
        if variable.cls is not cls:
            self.guard(self.emit("class_is", pointer, self.object(cls)), why, self.exit(why, subject=pointer))
        if cls is float:
            value = self.emit("float_value", pointer)
            kind = "float"
        elif cls is bool:
            value = self.emit("same", pointer, self.object(True))
            kind = "bool"
        else:
            value = self.emit("int_value", pointer, exit=self.exit("big"))
            kind = "int"
        new = Variable(kind, (value,))
        if self.identity and cls is not bool:
            # locals keep the object; only this use of it is the number
            self.state.replace(variable, new)
            if variable.own == "own":
                self.before.replace(variable, new)
                self.exits.clear()
                self.emit("decref", pointer, quiet=True)
            return new
        owners = [v for place in (self.state.locals, self.state.stack) for v in place if v.kind == "obj" and v.own == "own" and v.values == variable.values]
        if owners and cls is float:
            # a NaN is found again by its identity (x in list): the object must stay the same one
            self.guard(self.emit("float_compare", value, value, attributes=("eq",)), "nan")
        self.refine(variable, new)
        for _ in owners:
            self.emit("decref", pointer, quiet=True)
        return new

    @property
    def meets_big(self: Lifter) -> bool:
        """Whether this function has met ints that do not fit a machine word."""
        if self.big is None:
            self.big = any("big" in self.session.failures(self.function, i.offset) for i in self.instructions)
        return self.big

    def number(self: Lifter, variable: Variable, i: Instruction, other: Variable) -> Variable | None:
        """Make an operand a number, guided by what the host has seen; None if it is none."""
        if variable.kind in ("int", "float"):
            return variable
        if variable.kind == "bool":
            return Variable("int", (self.emit("bool_to_int", variable.value),))
        if variable.kind != "obj":
            return None
        cls = variable.cls
        if cls is None and not self.failed("class"):
            cls = float if "FLOAT" in i.hint else int if "_INT" in i.hint else None
        if cls is int and (variable.likely is int or self.failed("big") or variable.cls is None and self.meets_big):
            # numbers that do not fit are seen here: the C API knows how to add them
            self.is_class(variable, int)
            return None
        return self.unbox(variable, cls, "class") if cls in (int, float) else None

    def operands(self: Lifter, i: Instruction) -> str | tuple[Variable, Variable]:
        """Make the two topmost entries numbers where that is possible.

        Returns "end" if the block ended (one version for each kind), else the two.
        """
        stack = self.state.stack
        for place in (-2, -1):
            if stack[place].kind == "dyn":
                hint = self.expected(i)
                if hint and not self.failed("tag"):
                    self.untag(len(stack) + place, hint)
                elif self.fork(stack[place], "stack", len(stack) + place) == "end":
                    return "end"
        for place in (-2, -1):
            variable, other = stack[place], stack[-3 - place]
            if variable.kind == "obj" and variable.cls is None and (not i.hint.startswith(("BINARY_OP_", "COMPARE_OP_")) or self.meets_both(i)):
                if self.failed("ints") or other.kind in ("int", "float", "bool") or other.cls in (int, float):
                    if self.split(len(stack) + place) == "end":
                        return "end"
        a = self.number(stack[-2], i, stack[-1])
        b = self.number(stack[-1], i, stack[-2]) if stack[-1] is not stack[-2] else a
        return (a or stack[-2]), (b or stack[-1])

    @property
    def mixes_numbers(self: Lifter) -> bool:
        """Whether arithmetic of this function, made for ints or for floats, has met the other."""
        if self.mixed is None:
            self.mixed = any(
                i.op in ("binary", "compare") and "class" in self.session.failures(self.function, i.offset) and _is_of_numbers(self.session.classes_met(self.function, i.offset))
                for i in self.instructions
            )  # fmt: skip
        return self.mixed

    def meets_both(self: Lifter, i: Instruction) -> bool:
        """Whether an operator's operands are now ints and now floats, as far as is known, and nothing else."""
        if self.failed("class"):
            return _is_of_numbers(self.session.classes_met(self.function, i.offset))
        return "FLOAT" in i.hint and self.mixes_numbers

    def reals(self: Lifter, i: Instruction) -> tuple[Variable, Variable] | None:
        """Return the two topmost entries as floats, one of which is one and the other perhaps an int; None if that is not what to do.

        They stay on the stack as the objects they are. An int's operator with a float is that of the float it is converted to.
        """
        if not self.meets_both(i):
            return None
        pair = self.state.stack[-2:]
        if any(v.kind not in ("float", "obj") or v.kind == "obj" and v.cls not in (None, float) for v in pair):
            return None
        if all(v.kind == "obj" and v.cls is None for v in pair):
            if self.failed("ints"):
                return None
            either = [self.emit("bool_to_int", self.emit("class_is", v.value, self.object(float))) for v in pair]
            self.guard(self.emit("int_compare", self.emit("int_or", *either), ir.Literal(0), attributes=("ne",)), "ints")
        first, second = (
            v if v.kind == "float" else Variable("float", (self.emit("float_value", v.value) if v.cls is float else self.emit("real_value", v.value, exit=self.exit("class", subject=v.value)),))
            for v in pair
        )
        return first, second

    def drop_numbers(self: Lifter) -> None:
        """Drop the two topmost entries, which are numbers: their end runs no code."""
        for _ in range(2):
            variable = self.pop()
            if variable.owned:
                self.emit("decref", variable.value, quiet=True)

    def expected(self: Lifter, i: Instruction) -> str:
        """Return the kind of number the host has specialised an instruction for, or ""."""
        if "FLOAT" in i.hint:
            return "float"
        return "int" if "_INT" in i.hint else ""

    def untag(self: Lifter, where: int, kind: str) -> None:
        """A tagged stack entry is expected to be of this kind of number; leave if it is not."""
        variable = self.state.stack[where]
        tag, bits = variable.values
        wanted = ir.TAG_FLOAT if kind == "float" else ir.TAG_INT
        self.guard(self.emit("int_compare", tag, ir.Literal(wanted), attributes=("eq",)), "tag")
        value = self.emit("bits_to_float", bits) if kind == "float" else bits
        self.refine(variable, Variable(kind, (value,)))

    def split(self: Lifter, where: int) -> str:
        """An object is used with a number, and the host does not say what it is: a version for float, one for int."""
        return self.choose_class(where, (float, int))

    def do_binary(self: Lifter, i: Instruction) -> str | None:
        """Two operands off the stack, the result on it."""
        symbol = str(i.argument)
        result: Variable | None = None
        reals = self.reals(i) if symbol in _OF_REALS else None
        if reals is not None:
            result = self.float_arithmetic(symbol, *reals)
            assert result is not None
            self.drop_numbers()
            self.push(result)
            self.gain += 1
            return None
        both = self.operands(i)
        if both == "end":
            return "end"
        a, b = both  # type: ignore[misc]
        if a.kind == "int" and b.kind == "int":
            result = self.int_arithmetic(symbol, a, b)
        elif a.kind in ("int", "float") and b.kind in ("int", "float"):
            result = self.float_arithmetic(symbol, a, b)
        if result is None:
            return self.generic_binary(symbol, i)
        del self.state.stack[-2:]
        self.push(result)
        self.gain += 1
        return None

    def int_arithmetic(self: Lifter, symbol: str, a: Variable, b: Variable) -> Variable | None:
        """Arithmetic on two ints, or None if this is not done on machine numbers."""
        if symbol == "/":
            return self.float_arithmetic(symbol, a, b)
        if symbol == "**" and isinstance(b.value, ir.Literal) and b.value.value == 2:
            symbol, b = "*", a
        name = _INT.get(symbol)
        if name is None or self.failed("overflow"):
            return None
        needs = ir.OPS[name].exit == "must"
        why = "zero" if symbol in ("//", "%") else "overflow"
        value = self.emit(name, a.value, b.value, exit=self.exit(why) if needs else None)
        return Variable("int", (value,))

    def float_arithmetic(self: Lifter, symbol: str, a: Variable, b: Variable) -> Variable | None:
        """Arithmetic where at least one operand is a float, or true division."""
        if symbol == "**":
            return self.float_power(a, b)
        if symbol == "%" and (a.kind == "float" or b.kind == "float"):
            return Variable("float", (self.emit("float_mod", self.as_float(a), self.as_float(b), exit=self.exit("zero")),))
        name = _FLOAT.get(symbol)
        if name is None:
            return None
        x, y = self.as_float(a), self.as_float(b)
        if name == "float_div":
            return Variable("float", (self.emit(name, x, y, exit=self.exit("zero")),))
        return Variable("float", (self.emit(name, x, y),))

    def float_power(self: Lifter, a: Variable, b: Variable) -> Variable | None:
        """x ** y by the C library's pow, as CPython does, where no special case of float_pow (floatobject.c) applies."""
        if a.kind == "int" and b.kind == "int":
            return None
        x, y = self.as_float(a), self.as_float(b)
        if isinstance(y, ir.Literal) and y.value % 2 == 0:
            x = self.emit("float_abs", x)
        return Variable("float", (self.emit("float_pow", x, y, exit=self.exit("power")),))

    def as_float(self: Lifter, variable: Variable) -> ir.Operand:
        """Return a number as an f64; an int must be exact."""
        if variable.kind == "float":
            return variable.value
        if isinstance(variable.value, ir.Literal) and abs(variable.value.value) <= 2**53:
            return ir.Literal(float(variable.value.value))
        return self.emit("int_to_float", variable.value, exit=self.exit("inexact"))

    def generic_binary(self: Lifter, symbol: str, i: Instruction) -> str | None:
        """An operator on objects, where their classes say that no Python code runs."""
        a, b = self.state.stack[-2:]
        if "ADD_UNICODE" in i.hint:
            for variable in (a, b):
                if variable.kind == "obj" and variable.cls is None:
                    self.is_class(variable, str)
            a, b = self.state.stack[-2:]
        classes = [self.class_of(v) for v in (a, b)]
        name, more = "PyNumber_" + (_INPLACE if i.extra else _NUMBER)[symbol], (self.object(None),) if symbol == "**" else ()
        if any(c not in PLAIN for c in classes) or symbol == "%" and not plain.surely("modulo", classes):
            return self.seen_c(name, 2, *more, test=_TESTS.get(symbol, "" if symbol == "@" else "number"))
        result = self.c_call(name, 2, *more)
        cls = likely = None
        if classes[0] is classes[1] and classes[0] in (str, list, tuple, bytes) and symbol == "+":
            cls = classes[0]
        elif classes == [int, int] and symbol not in ("/", "**"):
            cls = int
            # this is done by C where numbers do not fit a machine word, so the next ones will not either
            likely = None if self.is_cut(symbol, a, b) else int
        elif symbol == "*" and int in classes:
            cls = next((c for c in classes if c in (str, list, tuple, bytes)), None)
        self.push(Variable("obj", (result,), cls, "own", likely))
        return None

    def is_cut(self: Lifter, symbol: str, a: Variable, b: Variable) -> bool:
        """Return whether the result of an operation on two ints is small because one of them is."""
        small = [v.kind == "int" and isinstance(v.value, ir.Literal) and v.value.value >= 0 for v in (a, b)]
        return symbol == "&" and any(small) or symbol == "%" and small[1]

    def class_of(self: Lifter, variable: Variable) -> type | None:
        """Return the exact class of a variable's value, if known."""
        return {"int": int, "float": float, "bool": bool, "none": type(None)}.get(variable.kind) or variable.cls

    def is_class(self: Lifter, variable: Variable, cls: type) -> Variable:
        """Guard that a reference has this exact class; returns the better known variable."""
        if variable.cls is cls:
            return variable
        self.guard(self.emit("class_is", variable.value, self.object(cls)), "class", self.exit("class", subject=variable.value))
        better = Variable("obj", variable.values, cls, variable.own)
        self.refine(variable, better)
        return better

    def expect(self: Lifter, where: int, cls: type, otherwise: Callable[[], str | None]) -> str:
        """Guard that a stack entry has the class the host has specialised the instruction for, or do it the general way.

        A first compile does both, and so does one that follows one that met other classes. Returns "" to go on, else "end".
        """
        variable = self.state.stack[where]
        at = self.instructions[self.index].offset
        if self.session.profiling:

            def note() -> str | None:
                self.emit("meet", variable.value, attributes=(at,))
                return otherwise()

            return self.choose_class(where, (cls,), note)
        if self.failed("class") or self.session.classes_met(self.function, at):
            return self.choose_class(where, (cls,), otherwise)
        self.is_class(variable, cls)
        return ""

    def c_call(self: Lifter, name: str, count: int, *more: ir.Operand) -> ir.Value:
        """Call a C function on the *count* topmost entries as objects; they leave the stack afterwards.

        The exit raises at the current instruction with the entries still there, as the interpreter's own error path has it.
        """
        self.box_top(count)
        self.stabilise()
        operands = [v.value for v in self.state.stack[-count:]] if count else []
        result = self.emit("call_c", *operands, *more, attributes=(name,), exit=self.exit("raised", raises=True))
        self.drop_top(count)
        return result

    def box_top(self: Lifter, count: int) -> None:
        """Make the topmost entries references."""
        for place in range(len(self.state.stack) - count, len(self.state.stack)):
            self.box_entry(place)

    def box_entry(self: Lifter, place: int) -> None:
        """Make one entry of the stack a reference."""
        variable = self.state.stack[place]
        if variable.kind != "obj":
            pointer, fresh = self.boxed(variable)
            own = "own" if fresh or variable.owned else "stable"
            self.state.stack[place] = Variable("obj", (pointer,), self.class_of(variable), own)

    def drop_top(self: Lifter, count: int) -> None:
        """Drop the topmost entries, the top first."""
        for _ in range(count):
            self.drop(self.pop())

    def do_compare(self: Lifter, i: Instruction) -> str | None:
        """Compare two operands."""
        reals = self.reals(i)
        if reals is not None:
            value = self.emit("float_compare", reals[0].value, reals[1].value, attributes=(_COMPARE[str(i.argument)],))
            self.drop_numbers()
            self.push(Variable("bool", (value,)))
            self.gain += 1
            return None
        both = self.operands(i)
        if both == "end":
            return "end"
        a, b = both  # type: ignore[misc]
        name = _COMPARE[str(i.argument)]
        if a.kind == "int" and b.kind == "int":
            value = self.emit("int_compare", a.value, b.value, attributes=(name,))
        elif a.kind in ("int", "float") and b.kind in ("int", "float"):
            value = self.emit("float_compare", self.as_float(a), self.as_float(b), attributes=(name,))
        else:
            return self.generic_compare(str(i.argument), i)
        del self.state.stack[-2:]
        self.push(Variable("bool", (value,)))
        self.gain += 1
        return None

    def generic_compare(self: Lifter, symbol: str, i: Instruction) -> str | None:
        """A comparison of objects of which the classes say that no Python code runs."""
        if "_STR" in i.hint:
            for place in (-2, -1):
                if self.state.stack[place].kind == "obj":
                    self.is_class(self.state.stack[place], str)
        scalar = LEAVES - {range}
        if any(self.class_of(v) not in scalar for v in self.state.stack[-2:]):
            # a comparison may give any object; where the host asks for its truth at once, so does this
            how = ir.Literal(_RICH[symbol])
            return self.seen_truth("morrow_compare", 2, how, test="compare") if i.extra else self.seen_c("PyObject_RichCompare", 2, how, test="compare")
        self.box_top(2)
        self.stabilise()
        operands = [v.value for v in self.state.stack[-2:]]
        rich = ir.Literal(_RICH[symbol])
        value = self.emit(
            "call_c_int", *operands, rich, attributes=("PyObject_RichCompareBool", "i32"), exit=self.exit("raised", raises=True), quiet=True
        )
        self.drop_top(2)
        self.push(Variable("bool", (self.emit("int_compare", value, ir.Literal(0), attributes=("ne",)),)))
        return None

    # -- one operand -----------------------------------------------------------------------------------------------------------

    def one(self: Lifter, i: Instruction) -> str | Variable:
        """Make the top entry a number if possible; "end" if the block ended."""
        stack = self.state.stack
        if stack[-1].kind == "dyn" and self.fork(stack[-1], "stack", len(stack) - 1) == "end":
            return "end"
        variable = stack[-1]
        if variable.kind == "obj" and variable.cls is None:
            if self.split(len(stack) - 1) == "end":
                return "end"
        return self.number(stack[-1], i, stack[-1]) or stack[-1]

    def do_negative(self: Lifter, i: Instruction) -> str | None:
        """-x"""
        a = self.one(i)
        if isinstance(a, str):
            return a
        if a.kind == "int":
            new = Variable("int", (self.emit("int_sub", ir.Literal(0), a.value, exit=self.exit("overflow")),))
        elif a.kind == "float":
            new = Variable("float", (self.emit("float_neg", a.value),))
        else:
            return self.seen_c("PyNumber_Negative", 1, test="one")
        self.pop()
        self.push(new)
        return None

    def do_invert(self: Lifter, i: Instruction) -> str | None:
        """~x"""
        a = self.one(i)
        if isinstance(a, str):
            return a
        if a.kind != "int" or self.class_of(self.state.stack[-1]) is bool:
            return self.seen_c("PyNumber_Invert", 1, test="invert")
        new = Variable("int", (self.emit("int_xor", a.value, ir.Literal(-1)),))
        self.pop()
        self.push(new)
        return None

    def do_positive(self: Lifter, i: Instruction) -> str | None:
        """+x"""
        if self.state.stack[-1].kind in ("int", "float"):
            return None
        return self.seen_c("PyNumber_Positive", 1, test="one")

    # -- truth --------------------------------------------------------------------------------------------------------------------

    def truth(self: Lifter, variable: Variable) -> ir.Operand | None:
        """Return the truth of a stack's top as an i1, or None if that might run Python code."""
        kind = variable.kind
        if kind == "bool":
            return variable.value
        if kind == "int":
            return self.emit("int_compare", variable.value, ir.Literal(0), attributes=("ne",))
        if kind == "float":
            return self.emit("float_compare", variable.value, ir.Literal(0.0), attributes=("ne",))
        if kind == "none":
            return ir.Literal(False)
        if kind != "obj":
            return None
        if variable.cls in (list, tuple):
            return self.emit("int_compare", self.emit("size", variable.value), ir.Literal(0), attributes=("ne",))
        if plain.bits_of(variable.cls) & plain.TRUTHS:
            answer = self.emit("call_c_int", variable.value, attributes=("PyObject_IsTrue", "i32"), quiet=True)
            return self.emit("int_compare", answer, ir.Literal(0), attributes=("ne",))
        return None

    def condition(self: Lifter, i: Instruction) -> str | ir.Operand:
        """Return the truth of the top entry; "end" if the block ended. The entry stays on the stack."""
        stack = self.state.stack
        if stack[-1].kind == "dyn" and self.fork(stack[-1], "stack", len(stack) - 1) == "end":
            return "end"
        variable = stack[-1]
        if variable.kind == "obj" and variable.cls is None:
            cls = _TRUTHS.get(i.hint.removeprefix("TO_BOOL_"))
            if cls is bool:
                variable = self.unbox_bool(variable)
            elif cls is type(None):
                self.guard(self.emit("same", variable.value, self.object(None)), "class")
                return ir.Literal(False)
            elif cls is not None:
                variable = self.is_class(variable, cls)
            else:
                return self.truth_of_object(variable)
        answer = self.truth(variable)
        if answer is None and variable.cls is not None and self.always_true(variable):
            return ir.Literal(True)
        return self.any_truth() if answer is None else answer

    def unbox_bool(self: Lifter, variable: Variable) -> Variable:
        """Guard that a reference is True or False."""
        return self.unbox(variable, bool, "class")

    def truth_of_object(self: Lifter, variable: Variable) -> str | ir.Operand:
        """Truth of an object about which nothing is known: True and False at once, the rest by asking its class."""
        pointer = variable.value
        is_bool, no = self.branch(self.emit("class_is", pointer, self.object(bool)))
        state = self.state
        self.at_block(is_bool, state.copy())
        self.state.stack[-1] = Variable("bool", (self.emit("same", pointer, self.object(True)),))
        if variable.owned:
            self.emit("decref", pointer, quiet=True)
        self.jump_again()
        self.at_block(no, state)
        truth = self.emit("call_c_int", pointer, attributes=("morrow_truth", "i32"), quiet=True)
        plain, other = self.branch(self.emit("int_compare", truth, ir.Literal(2), attributes=("ne",)))
        state, before = self.state, self.before
        self.at_block(other, state.copy())
        if self.failed("class"):
            self.any_truth()
        else:
            self.leave("class")
        self.before = before
        self.at_block(plain, state)
        return self.emit("int_compare", truth, ir.Literal(0), attributes=("ne",))

    def any_truth(self: Lifter) -> str:
        """End the block: the top entry becomes its truth, however its class says it, and the instruction is started again."""
        if self.instructions[self.index].op == "jump_or_pop":
            self.leave("class")  # the entry itself is wanted, too
            return "end"
        if self.seen_truth("PyObject_IsTrue", 1, at=self.index) != "end":
            self.before = self.state.copy()
            self.jump_again()
        return "end"

    def plain_truth(self: Lifter, cls: type) -> bool:
        """Return whether instances are true because their class says nothing else."""
        return not any("__bool__" in k.__dict__ or "__len__" in k.__dict__ for k in cls.__mro__)

    def always_true(self: Lifter, variable: Variable) -> bool:
        """Guard that an object's class still does not define its truth."""
        assert variable.cls is not None
        if not self.plain_truth(variable.cls):
            return False
        return self.unchanged(variable.cls)

    def do_to_bool(self: Lifter, i: Instruction) -> str | None:
        """Replace the top entry by its truth."""
        answer = self.condition(i)
        if isinstance(answer, str):
            return answer
        variable = self.pop()
        self.push(Variable("bool", (answer,)))
        if variable.owned:
            self.drop(variable)
        return None

    def do_unary_not(self: Lifter, i: Instruction) -> str | None:
        """not x"""
        answer = self.condition(i)
        if isinstance(answer, str):
            return answer
        variable = self.pop()
        self.push(Variable("bool", (self.emit("not", answer),)))
        if variable.owned:
            self.drop(variable)
        return None

    def do_jump_if(self: Lifter, i: Instruction) -> str:
        """Go elsewhere if the top entry is true, false, None or not None."""
        kind, target = str(i.extra), int(i.argument)  # type: ignore[call-overload]
        answer: str | ir.Operand
        if kind in ("none", "not_none"):
            answer = self.is_none()
        else:
            answer = self.condition(i)
        if isinstance(answer, str):
            return answer
        variable = self.pop()
        if variable.owned:
            # one drop before the branch serves both ways
            self.drop(variable)
        wanted = kind in ("true", "none")
        if isinstance(answer, ir.Literal):
            self.go(target if bool(answer.value) == wanted else self.index + 1)
            return "end"
        yes, no = self.branch(answer)
        state = self.state
        for block, holds in ((yes, True), (no, False)):
            self.at_block(block, state.copy())
            if kind in ("none", "not_none") and variable.kind == "obj" and holds:
                self.now_none(variable)
            self.go(target if holds == wanted else self.index + 1)
        return "end"

    def do_jump_or_pop(self: Lifter, i: Instruction) -> str:
        """Go elsewhere with the top entry if it is true, or false; else drop it (3.11: ``a and b`` as a value)."""
        answer = self.condition(i)
        if isinstance(answer, str):
            return answer
        wanted, target = i.extra == "true", int(i.argument)  # type: ignore[call-overload]
        if isinstance(answer, ir.Literal):
            self.jump_or_drop(bool(answer.value) == wanted, target)
            return "end"
        yes, no = self.branch(answer)
        state = self.state
        for block, holds in ((yes, True), (no, False)):
            self.at_block(block, state.copy())
            self.jump_or_drop(holds == wanted, target)
        return "end"

    def jump_or_drop(self: Lifter, jumps: bool, target: int) -> None:
        """End the block: go to *target*, or drop the top entry and go on."""
        if not jumps:
            variable = self.pop()
            if variable.owned:
                self.drop(variable)
        self.go(target if jumps else self.index + 1)

    def now_none(self: Lifter, variable: Variable) -> None:
        """A reference turned out to be None: say so in locals that hold the same one without owning it."""
        for place, local in enumerate(self.state.locals):
            if local.kind == "obj" and local.values == variable.values:
                if local.own == "own":
                    self.emit("decref", local.value, quiet=True)
                self.state.locals[place] = Variable("none")

    def go(self: Lifter, target: int) -> None:
        """Jump, with a look at what is due when going back."""
        if target <= self.index:
            self.stabilise()
            if HERE.collects_when_checking_signals and self.visible and not self.osr and not self.failed("seen"):  # type: ignore[union-attr]
                self.collect(target)
            self.emit("poll", attributes=("turn",) if target == self.head else (), exit=self.exit("asked", at=target))
        self.jump(target)

    def collect(self: Lifter, target: int) -> None:
        """If something is due, do what can be done from here, which is most often a collection of garbage."""
        busy, calm = self.branch(self.emit("is_due"))
        state = self.state
        self.at_block(busy, state.copy())
        frame = self.show()
        failed = self.emit("call_c_int", attributes=("PyErr_CheckSignals", "i32"), quiet=True)
        self.raise_if(self.emit("int_compare", failed, ir.Literal(0), attributes=("lt",)), frame)
        self.hide(frame, target)
        after = self.start_block_elsewhere()
        self.arrive(after)
        self.at_block(calm, state)
        self.arrive(after)
        self.at_block(after, state)
        self.forget()

    def is_none(self: Lifter) -> ir.Operand | str:
        """Return whether the top entry is None."""
        variable = self.state.stack[-1]
        if variable.kind == "none":
            return ir.Literal(True)
        if variable.kind == "dyn":
            stack = self.state.stack
            return "end" if self.fork(variable, "stack", len(stack) - 1) == "end" else self.is_none()
        if variable.kind == "obj" and variable.cls in (None, type(None)):
            return self.emit("same", variable.value, self.object(None))
        return ir.Literal(False)

    def do_is(self: Lifter, i: Instruction) -> str | None:
        """a is b"""
        a, b = self.state.stack[-2:]
        for place in (-2, -1):
            if self.state.stack[place].kind == "dyn" and self.fork(self.state.stack[place], "stack", len(self.state.stack) + place) == "end":
                return "end"
        a, b = self.state.stack[-2:]
        answer: ir.Operand
        if {a.kind, b.kind} <= {"none", "bool", "int", "float"}:
            if a.kind != b.kind:
                answer = ir.Literal(False)
            elif a.kind == "none":
                answer = ir.Literal(True)
            elif a.kind == "bool":
                answer = self.emit("not", self.emit("int_compare", self.emit("int_xor", self.emit("bool_to_int", a.value), self.emit("bool_to_int", b.value)), ir.Literal(0), attributes=("ne",)))  # fmt: skip
            else:
                raise Gone("IDENTITY", i.line)
        elif {a.kind, b.kind} & {"int", "float"}:
            raise Gone("IDENTITY", i.line)
        else:
            pointers = [self.boxed(v)[0] for v in (a, b)]
            answer = self.emit("same", *pointers)
        if i.argument:
            answer = self.emit("not", answer)
        self.pop()
        self.pop()
        self.push(Variable("bool", (answer,)))
        for variable in (b, a):
            if variable.owned:
                self.drop(variable)
        return None


_TRUTHS: dict[str, type] = {"BOOL": bool, "INT": int, "LIST": list, "NONE": type(None), "STR": str}
