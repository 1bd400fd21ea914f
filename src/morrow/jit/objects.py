"""How CPython objects look in memory, spelled in LLVM's language.

Offsets come from `host.structs`, ways of doing things from `host.facts`. Everything here returns LLVM text; nothing here
knows about the IR. `Text` numbers names; the functions build snippets at its end.
"""

from __future__ import annotations

from functools import cache

from morrow.host import HERE
from morrow.host.structs import structs

LIKELY, UNLIKELY = "!0", "!1"
METADATA = '!0 = !{!"branch_weights", i32 2000, i32 1}\n!1 = !{!"branch_weights", i32 1, i32 2000}\n'


@cache
def offset(name: str) -> int:
    """Return the byte offset (or constant) CPython's headers call *name*."""
    found = structs()[name]
    assert isinstance(found, int)
    return found


@cache
def long_digits() -> int:
    """Offset of an int's first digit."""
    name = "PyLongObject.ob_digit" if HERE.long_size == "ob_size" else "PyLongObject.long_value.ob_digit"  # type: ignore[union-attr]
    return offset(name)


class Text:
    """LLVM instructions being written: lines, fresh names, and the label of the block we are in."""

    def __init__(self, prefix: str = "v") -> None:
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.prefix = prefix
        self.count = 0
        self.label = "entry"

    def fresh(self, stem: str = "") -> str:
        """Return a name nothing else has, without a sigil."""
        self.count += 1
        return f"{self.prefix}{stem}{self.count}"

    def line(self, text: str) -> None:
        """Add an instruction without a result."""
        self.lines.append("  " + text)

    def let(self, text: str) -> str:
        """Add an instruction and return the name of its result."""
        name = "%" + self.fresh()
        self.lines.append(f"  {name} = {text}")
        return name

    def block(self, label: str) -> None:
        """Start a block."""
        self.lines.append(f"{label}:")
        self.label = label

    def call(self, result: str, name: str, *arguments: str) -> str:
        """Call a C function by name; arguments carry their types. Returns the result's name ("" for void)."""
        self.declare(result, name, *(a.split(" ", 1)[0] for a in arguments))
        text = f"call {result} @{name}({', '.join(arguments)})"
        if result == "void":
            self.line(text)
            return ""
        return self.let(text)

    def declare(self, result: str, name: str, *types: str) -> None:
        """Say that *name* is a function outside this module."""
        self.declared.add(f"declare {result} @{name}({', '.join(types)})")

    def at(self, pointer: str, distance: int | str) -> str:
        """Return the pointer *distance* bytes further."""
        if distance == 0:
            return pointer
        return self.let(f"getelementptr i8, ptr {pointer}, i64 {distance}")

    def load(self, type: str, pointer: str, distance: int = 0) -> str:
        """Read a value of *type* at pointer + distance."""
        return self.let(f"load {type}, ptr {self.at(pointer, distance)}")

    def store(self, type: str, value: str, pointer: str, distance: int = 0) -> None:
        """Write a value of *type* at pointer + distance."""
        self.line(f"store {type} {value}, ptr {self.at(pointer, distance)}")

    def branch(self, condition: str, yes: str, no: str, weights: str = "") -> None:
        """End the block: to *yes* if the condition holds, else to *no*."""
        self.line(f"br i1 {condition}, label %{yes}, label %{no}" + (f", !prof {weights}" if weights else ""))

    def go_on_if(self, condition: str, otherwise: str) -> None:
        """Leave for *otherwise* unless the condition (expected to hold) holds; the rest is a new block."""
        here = self.fresh("ok")
        self.branch(condition, here, otherwise, LIKELY)
        self.block(here)


def incref(out: Text, pointer: str) -> None:
    """Add a reference (Py_INCREF)."""
    if HERE.immortal == "none":  # type: ignore[union-attr]
        count = out.load("i64", pointer)
        out.store("i64", out.let(f"add i64 {count}, 1"), pointer)
        return
    count = out.load("i32", pointer)
    more = out.let(f"add i32 {count}, 1")
    if HERE.immortal == "all_ones":  # type: ignore[union-attr]
        immortal = out.let(f"icmp eq i32 {more}, 0")
    else:
        immortal = out.let(f"icmp slt i32 {count}, 0")
    out.store("i32", out.let(f"select i1 {immortal}, i32 {count}, i32 {more}"), pointer)


def decref(out: Text, pointer: str) -> None:
    """Drop a reference (Py_DECREF); ends the object with the last one."""
    last, done = out.fresh("last"), out.fresh("done")
    if HERE.immortal == "none":  # type: ignore[union-attr]
        type = "i64"
    else:
        type = "i32"
        mortal = out.fresh("mortal")
        count = out.load("i32", pointer)
        out.branch(out.let(f"icmp slt i32 {count}, 0"), done, mortal)
        out.block(mortal)
    count = out.load(type, pointer)
    less = out.let(f"sub {type} {count}, 1")
    out.store(type, less, pointer)
    out.branch(out.let(f"icmp eq {type} {less}, 0"), last, done, UNLIKELY)
    out.block(last)
    out.call("void", "_Py_Dealloc", f"ptr {pointer}")
    out.line(f"br label %{done}")
    out.block(done)


def type_of(out: Text, pointer: str) -> str:
    """Return the object's class (Py_TYPE)."""
    return out.load("ptr", pointer, offset("PyObject.ob_type"))


def int_value(out: Text, pointer: str, otherwise: str, room: str) -> str:
    """Return an exact int's value as an i64, leaving for *otherwise* if it does not fit.

    Ints of at most one digit are read in place (longobject.c, _PyLong_IsCompact); the rest is asked of the C API.
    Args:
        room: pointer to four bytes to write an overflow flag to.
    """
    fast, slow, join = out.fresh("digit"), out.fresh("digits"), out.fresh("value")
    head = out.load("i64", pointer, offset("PyVarObject.ob_size"))
    if HERE.long_size == "ob_size":  # type: ignore[union-attr]
        small = out.let(f"icmp ult i64 {out.let(f'add i64 {head}, 1')}, 3")
        sign = head
    else:
        small = out.let(f"icmp ult i64 {head}, 16")
    out.branch(small, fast, slow, LIKELY)
    out.block(fast)
    if HERE.long_size != "ob_size":  # type: ignore[union-attr]
        sign = out.let(f"sub i64 1, {out.let(f'and i64 {head}, 3')}")
    digit = out.let(f"zext i32 {out.load('i32', pointer, long_digits())} to i64")
    one = out.let(f"mul nsw i64 {digit}, {sign}")
    out.line(f"br label %{join}")
    out.block(slow)
    many = out.call("i64", "PyLong_AsLongLongAndOverflow", f"ptr {pointer}", f"ptr {room}")
    fits = out.let(f"icmp eq i32 {out.load('i32', room)}, 0")
    out.branch(fits, join, otherwise, LIKELY)
    out.block(join)
    return out.let(f"phi i64 [ {one}, %{fast} ], [ {many}, %{slow} ]")


def tagged(out: Text, pointer: str) -> str:
    """Return an owned reference the way frames hold it (3.14: immortal objects are marked, _PyStackRef_FromPyObjectSteal)."""
    if not HERE.stack_tags:  # type: ignore[union-attr]
        return pointer
    count = out.load("i32", pointer)
    immortal = out.let(f"icmp slt i32 {count}, 0")
    marked = out.at(pointer, offset("Py_TAG_REFCNT"))
    return out.let(f"select i1 {immortal}, ptr {marked}, ptr {pointer}")


def null_in_frames() -> int:
    """What frames hold where there is no object."""
    return offset("Py_TAG_REFCNT") if HERE.stack_tags else 0  # type: ignore[union-attr]
