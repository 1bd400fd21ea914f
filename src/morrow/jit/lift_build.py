"""What instructions that make things become: dicts, sets, text, functions and cells.

    BUILD_MAP 1        PyDict_New, then PyDict_SetItem of a key whose hash runs no Python code
    FORMAT_VALUE       PyObject_Format, under a frame unless the value's class is plain
    MAKE_FUNCTION      PyFunction_New and what belongs to it
    MAKE_CELL          PyCell_New; the local's place holds the cell from then on
"""

from __future__ import annotations

from types import CellType, CodeType, FunctionType
from typing import TYPE_CHECKING

from morrow.jit import ir
from morrow.jit.bytecode import Instruction
from morrow.jit.ir_types import Variable

if TYPE_CHECKING:
    from morrow.jit.lift import Lifter

#: classes that hash, compare, print and format themselves without Python code
_PLAIN: frozenset[type | None] = frozenset({int, float, bool, str, bytes, type(None)})
_CONVERSIONS = {1: "PyObject_Str", 2: "PyObject_Repr", 3: "PyObject_ASCII"}  # ceval_macros.h, FVC_STR ...
_ATTRIBUTES = {1: "PyFunction_SetDefaults", 2: "PyFunction_SetKwDefaults", 4: "PyFunction_SetAnnotations", 8: "PyFunction_SetClosure"}


class Build:
    """The handlers; mixed into `lift.Lifter`."""

    # -- dicts and sets ---------------------------------------------------------------------------------------------------------

    def do_build_map(self: Lifter, i: Instruction) -> str | None:
        """A dict of the topmost keys and values."""
        count = int(i.argument)  # type: ignore[call-overload]
        keys = self.state.stack[len(self.state.stack) - 2 * count :][::2]
        if not self.are_objects(2 * count) or any(self.class_of(key) not in _PLAIN for key in keys):
            return self.leave("unsupported")
        self.box_top(2 * count)
        made = self.emit("call_c", attributes=("PyDict_New",), exit=self.exit("raised", raises=True))
        entries = [v.value for v in self.state.stack[len(self.state.stack) - 2 * count :]]
        for key, value in zip(entries[::2], entries[1::2], strict=True):
            self.put("PyDict_SetItem", made, key, value)
        self.exchange(2 * count, Variable("obj", (made,), dict, "own"))
        return None

    def do_build_const_key_map(self: Lifter, i: Instruction) -> str | None:
        """A dict of the topmost values under the names of a constant tuple above them."""
        count = int(i.argument)  # type: ignore[call-overload]
        keys = self.known(self.state.stack[-1])
        if not isinstance(keys, tuple) or any(type(key) not in _PLAIN for key in keys) or not self.are_objects(count + 1):
            return self.leave("unsupported")
        self.box_top(count + 1)
        made = self.emit("call_c", attributes=("PyDict_New",), exit=self.exit("raised", raises=True))
        values = [v.value for v in self.state.stack[len(self.state.stack) - 1 - count : -1]]
        for key, value in zip(keys, values, strict=True):
            self.put("PyDict_SetItem", made, self.object(key), value)
        self.exchange(count + 1, Variable("obj", (made,), dict, "own"))
        return None

    def do_build_set(self: Lifter, i: Instruction) -> str | None:
        """A set of the topmost entries."""
        count = int(i.argument)  # type: ignore[call-overload]
        items = self.state.stack[len(self.state.stack) - count :]
        if not self.are_objects(count) or any(self.class_of(item) not in _PLAIN for item in items):
            return self.leave("unsupported")
        self.box_top(count)
        made = self.emit("call_c", ir.Object(-1), attributes=("PySet_New",), exit=self.exit("raised", raises=True))
        for item in [v.value for v in self.state.stack[len(self.state.stack) - count :]]:
            self.put("PySet_Add", made, item)
        self.exchange(count, Variable("obj", (made,), set, "own"))
        return None

    def do_build_slice(self: Lifter, i: Instruction) -> str | None:
        """slice(start, stop) or slice(start, stop, step) of the topmost entries."""
        count = int(i.argument)  # type: ignore[call-overload]
        if not self.are_objects(count):
            return self.leave("unsupported")
        self.box_top(count)
        parts: list[ir.Operand] = [v.value for v in self.state.stack[len(self.state.stack) - count :]]
        made = self.emit("call_c", *parts, *[ir.Object(-1)] * (3 - count), attributes=("PySlice_New",), exit=self.exit("raised", raises=True), quiet=True)
        self.exchange(count, Variable("obj", (made,), slice, "own"))
        return None

    def put(self: Lifter, name: str, holder: ir.Operand, *operands: ir.Operand) -> None:
        """Put something into a new container; only memory can run out, and then the container is lost too."""
        self.emit("call_c_int", holder, *operands, attributes=(name, "i32"), quiet=True)

    def do_set_add(self: Lifter, i: Instruction) -> str | None:
        """Add the top entry to a set further down (in a comprehension)."""
        return self.add_to("PySet_Add", set, int(i.argument), 1)  # type: ignore[call-overload]

    def do_map_add(self: Lifter, i: Instruction) -> str | None:
        """Put the top entry under the one below it into a dict further down (in a comprehension)."""
        return self.add_to("PyDict_SetItem", dict, int(i.argument) + 1, 2)  # type: ignore[call-overload]

    def add_to(self: Lifter, name: str, cls: type, depth: int, count: int) -> str | None:
        holder = self.state.stack[-depth - 1]
        if holder.kind != "obj" or holder.cls is not cls or not self.are_objects(count):
            return self.leave("unsupported")
        way = self.way("key", [self.class_of(self.state.stack[-count])])
        if not way:
            return self.leave("unsupported")
        self.box_top(count)
        self.stabilise()
        operands = [holder.value, *(v.value for v in self.state.stack[len(self.state.stack) - count :])]
        self.perform(way, "call_c_int", operands, (name, "i32"), lambda _: self.exchange(count, None), "key", operands[1:2])
        return None

    def do_list_extend(self: Lifter, i: Instruction) -> str | None:
        """Add the items of the top entry, of a builtin class, to a list further down."""
        holder, items = self.state.stack[-int(i.argument) - 1], self.state.stack[-1]  # type: ignore[call-overload]
        if holder.kind != "obj" or holder.cls is not list or items.kind != "obj" or items.cls not in (list, tuple, range, str, dict):
            return self.leave("unsupported")
        self.stabilise()
        same = self.emit("call_c", holder.value, items.value, attributes=("PySequence_InPlaceConcat",), exit=self.exit("raised", raises=True))
        self.emit("decref", same, quiet=True)
        self.exchange(1, None)
        return None

    # -- text -------------------------------------------------------------------------------------------------------------------

    def do_format_value(self: Lifter, i: Instruction) -> str | None:
        """An f-string's field: conversion and format specification in one instruction (up to 3.12)."""
        flags = int(i.argument)  # type: ignore[call-overload]
        count = 2 if flags & 4 else 1
        value = self.state.stack[-count]
        if flags & 3 and self.class_of(value) not in _PLAIN or not self.are_objects(count):
            return self.leave("unsupported")
        if flags & 3 and count == 2 and self.class_of(self.state.stack[-1]) is not str:
            return self.leave("unsupported")  # what cannot be done must not be begun
        if flags & 3:
            place = len(self.state.stack) - count
            self.box_entry(place)
            old = self.state.stack[place]
            made = self.emit("call_c", old.value, attributes=(_CONVERSIONS[flags & 3],), exit=self.exit("raised", raises=True), quiet=True)
            self.state.stack[place] = Variable("obj", (made,), str, "own")
            self.drop(old)
        return self.format(count)

    def do_convert_value(self: Lifter, i: Instruction) -> str | None:
        """!s, !r or !a"""
        name = _CONVERSIONS[int(i.argument)]  # type: ignore[call-overload]
        if self.class_of(self.state.stack[-1]) in _PLAIN:
            self.push(Variable("obj", (self.c_call(name, 1),), str, "own"))
            return None
        return self.seen_c(name, 1, test="scalar")

    def do_format_simple(self: Lifter, i: Instruction) -> str | None:
        """An f-string's field without a specification."""
        return self.format(1)

    def do_format_with_spec(self: Lifter, i: Instruction) -> str | None:
        """An f-string's field with a specification above it."""
        return self.format(2)

    def format(self: Lifter, count: int) -> str | None:
        """Replace a value (and its format specification) by its text."""
        cls = self.class_of(self.state.stack[-count])
        if cls is str and count == 1:
            return None
        more = (ir.Object(-1),) if count == 1 else ()
        if cls in _PLAIN and (count == 1 or self.class_of(self.state.stack[-1]) is str):
            self.push(Variable("obj", (self.c_call("PyObject_Format", count, *more),), str, "own"))
            return None
        return self.seen_c("PyObject_Format", count, *more, test="scalar" if count == 1 else "scalars")

    def do_build_string(self: Lifter, i: Instruction) -> str | None:
        """Join the topmost entries, all of them text."""
        if self.build("tuple", int(i.argument)) == "end":  # type: ignore[call-overload]
            return "end"
        parts = self.state.stack[-1]
        made = self.emit("call_c", self.object(""), parts.value, attributes=("PyUnicode_Join",), exit=self.exit("raised", raises=True), quiet=True)
        self.exchange(1, Variable("obj", (made,), str, "own"))
        return None

    # -- functions and cells -------------------------------------------------------------------------------------------------------

    def do_make_function(self: Lifter, i: Instruction) -> str | None:
        """A function of a code object and, up to 3.12, what belongs to it below."""
        flags = int(i.argument or 0)  # type: ignore[call-overload]
        code = self.known(self.state.stack[-1])
        kinds = [flag for flag in _ATTRIBUTES if flags & flag]
        if not isinstance(code, CodeType) or 4 in kinds or not self.are_objects(len(kinds) + 1):
            return self.leave("unsupported")
        made = self.emit(
            "call_c", self.object(code), self.object(self.function.__globals__), attributes=("PyFunction_New",), exit=self.exit("raised", raises=True)
        )
        self.box_top(len(kinds) + 1)
        below = self.state.stack[len(self.state.stack) - 1 - len(kinds) : -1]
        for flag, variable in zip(kinds, below, strict=True):
            self.emit("call_c_int", made, variable.value, attributes=(_ATTRIBUTES[flag], "i32"), quiet=True)
        self.exchange(len(kinds) + 1, Variable("obj", (made,), FunctionType, "own"))
        return None

    def do_set_function_attribute(self: Lifter, i: Instruction) -> str | None:
        """Give the function on top what lies below it (3.13+)."""
        flag = int(i.argument)  # type: ignore[call-overload]
        function, value = self.state.stack[-1], self.state.stack[-2]
        if flag not in (1, 2, 8) or function.kind != "obj" or not self.are_objects(2):
            return self.leave("unsupported")
        self.box_top(2)
        function, value = self.state.stack[-1], self.state.stack[-2]
        self.emit("call_c_int", function.value, value.value, attributes=(_ATTRIBUTES[flag], "i32"), quiet=True)
        del self.state.stack[-2:]
        self.push(function)
        self.drop(value)
        return None

    def do_make_cell(self: Lifter, i: Instruction) -> str | None:
        """Put a local into a cell, for inner functions."""
        place = int(i.argument)  # type: ignore[call-overload]
        if any(earlier.op not in ("nop", "make_cell", "copy_free_vars") for earlier in self.instructions[: self.index]):
            return self.leave("unsupported")  # of an inlined comprehension
        variable = self.state.locals[place]
        if variable.kind == "unbound":
            value: ir.Operand = ir.Object(-1)
        else:
            value, _ = self.boxed(variable)
        made = self.emit("call_c", value, attributes=("PyCell_New",), quiet=True)
        if variable.kind in ("int", "float") or variable.owned:
            self.emit("decref", value, quiet=True)  # the cell has one of its own
        cell = Variable("obj", (made,), CellType, "own")
        self.state.locals[place] = self.originals[place] = cell
        return None
