"""The intermediate representation: one table of operations, and the blocks, exits and functions made of them.

A function is a list of `Block`, each a list of `Op` ending in a terminator; values are in SSA form and blocks take
parameters (no phi operations). Types are few, and are the machine's, not Python's::

    i64     an exact Python int that fits        f64     an exact Python float       i1    a Python bool
    ptr     a pointer to any Python object       pair    what compiled code returns: a tag and 64 bits

What Python type a value has is the lifter's knowledge; in the IR it is already spelled out as operations such as
``guard_class``. An operation that may not be able to go on has an `Exit`: where the interpreter takes over, and with
which locals and stack. Text form: `ir_text`; rules: `ir_check`; meaning: `ir_eval`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Value:
    """One SSA value: ``%7`` with its type."""

    number: int
    type: str

    def __str__(self) -> str:
        return f"%{self.number}"


@dataclass(frozen=True, slots=True)
class Literal:
    """A number written in place: an int (i64), a float (f64) or a bool (i1)."""

    value: int | float | bool

    @property
    def type(self) -> str:
        return {bool: "i1", int: "i64", float: "f64"}[type(self.value)]

    def __str__(self) -> str:
        return str(self.value).lower() if self.value is True or self.value is False else repr(self.value)


@dataclass(frozen=True, slots=True)
class Object:
    """A Python object known when compiling, as its place in `Function.objects`."""

    index: int
    type = "ptr"

    def __str__(self) -> str:
        return f"${self.index}"


Operand = Value | Literal | Object

#: What a slot of an interpreter frame can be rebuilt from: name -> (code in the exit's description, types of its values).
#: int, float, bool and none are exact Python values; own and borrowed are references we hold or only look at; dyn is a tag
#: and bits; home is the same kept in memory, in the local's own place; range is an iterator over range(current, stop, step); record is a callee that must go on in the interpreter;
#: shown is what the local's place in a frame that was shown to a callee holds now.
SLOTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "unbound": (0, ()),
    "int": (1, ("i64",)),
    "float": (2, ("f64",)),
    "bool": (3, ("i1",)),
    "none": (4, ()),
    "own": (5, ("ptr",)),
    "borrowed": (6, ("ptr",)),
    "dyn": (7, ("i64", "i64")),
    "range": (8, ("i64", "i64", "i64")),
    "record": (9, ("i64",)),
    "home": (10, ()),
    "shown": (11, ("ptr",)),
}

#: Tags of a `pair` and of a dyn: which kind of value the 64 bits are.
TAG_INT, TAG_FLOAT, TAG_OBJECT, TAG_BOOL, TAG_NONE, TAG_EXIT, TAG_UNBOUND = range(7)


@dataclass(frozen=True, slots=True)
class Slot:
    """How one local variable or stack entry is rebuilt when leaving: a kind of `SLOTS` and the values it needs."""

    kind: str
    values: tuple[Operand, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.kind, *map(str, self.values)))


@dataclass(eq=False, slots=True)
class Exit:
    """Where and how the interpreter goes on.

    Attributes:
        offset: byte offset of the instruction in ``co_code``.
        raises: True to raise the current exception there, False to execute the instruction.
        locals: one `Slot` for each entry of the frame's locals, cells and free variables.
        stack: one `Slot` for each entry of its value stack, bottom first.
        why: a word for people who read counts ("overflow", "class", ...).
        subject: the object whose class was not the expected one, for the next compile to know; or None.
    """

    offset: int
    raises: bool
    locals: tuple[Slot, ...]
    stack: tuple[Slot, ...]
    why: str = ""
    subject: Operand | None = None
    number: int = 0

    def __str__(self) -> str:
        verb = "raise" if self.raises else "resume"
        word = f" {self.why}" if self.why else ""
        return f"@{self.number}: {verb} at {self.offset}{word} locals [{', '.join(map(str, self.locals))}] stack [{', '.join(map(str, self.stack))}]"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table of operations.

    Attributes:
        operands: their types; ``...`` at the end stands for any number of any type.
        result: its type, or "" for none.
        effect: "" none (may be moved, merged, dropped), "read" looks at memory, "write" changes memory without running
            Python code, "any" may run anything.
        exit: "" never leaves, "must" has an exit, "may" has one if it needs one.
        text: for people.
    """

    operands: tuple[str, ...]
    result: str
    effect: str
    exit: str
    text: str


def _row(operands: str, result: str, effect: str, exit: str, text: str) -> Kind:
    return Kind(tuple(operands.split()), result, effect, exit, text)


OPS: dict[str, Kind] = {
    # -- functions --------------------------------------------------------------------------------------------------------
    "enter": _row("", "", "read", "must", "count the call against the recursion limit; leaves if it is too deep"),
    # -- ints: exact Python arithmetic as long as it fits 64 bits, else the exit -------------------------------------
    "int_add": _row("i64 i64", "i64", "", "must", "sum; leaves on overflow"),
    "int_sub": _row("i64 i64", "i64", "", "must", "difference; leaves on overflow"),
    "int_mul": _row("i64 i64", "i64", "", "must", "product; leaves on overflow"),
    "int_floordiv": _row("i64 i64", "i64", "", "must", "floor division; leaves for 0 and -1 as divisor"),
    "int_mod": _row("i64 i64", "i64", "", "must", "remainder with the divisor's sign; leaves for 0 and -1 as divisor"),
    "int_and": _row("i64 i64", "i64", "", "", "bitwise and"),
    "int_or": _row("i64 i64", "i64", "", "", "bitwise or"),
    "int_xor": _row("i64 i64", "i64", "", "", "bitwise exclusive or"),
    "int_shl": _row("i64 i64", "i64", "", "must", "shift left; leaves on overflow and for counts outside 0..62"),
    "int_shr": _row("i64 i64", "i64", "", "must", "shift right; leaves for counts outside 0..63"),
    "int_wrap_add": _row("i64 i64", "i64", "", "", "sum of numbers known not to overflow"),
    "int_compare": _row("i64 i64", "i1", "", "", "attribute: eq ne lt le gt ge"),
    "int_below": _row("i64 i64", "i1", "", "", "0 <= a < b"),
    "int_to_float": _row("i64", "f64", "", "must", "leaves unless exact (-2**53..2**53)"),
    "bool_to_int": _row("i1", "i64", "", "", "False is 0, True is 1"),
    "not": _row("i1", "i1", "", "", "the other one"),
    "choose_int": _row("i1 i64 i64", "i64", "", "", "the second if the first is true, else the third"),
    "choose_float": _row("i1 f64 f64", "f64", "", "", "the same for floats"),
    # -- floats ------------------------------------------------------------------------------------------------------------
    "float_add": _row("f64 f64", "f64", "", "", "sum"),
    "float_sub": _row("f64 f64", "f64", "", "", "difference"),
    "float_mul": _row("f64 f64", "f64", "", "", "product"),
    "float_div": _row("f64 f64", "f64", "", "must", "quotient; leaves for 0.0 as divisor"),
    "float_mod": _row("f64 f64", "f64", "", "must", "remainder with the divisor's sign; leaves for 0.0 as divisor"),
    "float_pow": _row("f64 f64", "f64", "", "must", "the C library's pow; leaves unless base and result are positive and finite"),
    "float_neg": _row("f64", "f64", "", "", "negation"),
    "float_abs": _row("f64", "f64", "", "", "absolute value"),
    "float_sqrt": _row("f64", "f64", "", "must", "math.sqrt; leaves for negative numbers"),
    "float_compare": _row("f64 f64", "i1", "", "", "attribute: eq ne lt le gt ge; false with a NaN except ne"),
    # -- tagged values ---------------------------------------------------------------------------------------------------
    "tag_of": _row("pair", "i64", "", "", "the tag"),
    "bits_of": _row("pair", "i64", "", "", "the bits"),
    "bits_to_float": _row("i64", "f64", "", "", "the same bits as a float"),
    "float_to_bits": _row("f64", "i64", "", "", "the same bits as an int"),
    "bits_to_bool": _row("i64", "i1", "", "", "the lowest bit"),
    "bits_to_ptr": _row("i64", "ptr", "", "", "the bits as an object"),
    "ptr_to_bits": _row("ptr", "i64", "", "", "the object as bits"),
    "box_dyn": _row("i64 i64", "ptr", "write", "", "a new reference to the object a tag and bits stand for"),
    # -- guards ------------------------------------------------------------------------------------------------------------
    "guard_true": _row("i1", "", "", "must", "leaves if false"),
    "guard_false": _row("i1", "", "", "must", "leaves if true"),
    "class_is": _row("ptr ptr", "i1", "read", "", "type(a) is b"),
    "iterates_as": _row("ptr", "i1", "read", "", "attribute: list or tuple; the object's class makes iterators as that one does"),
    "version_is": _row("ptr i64", "i1", "read", "", "class a has not changed since it had this version"),
    "keys_are": _row("ptr i64", "i1", "read", "", "instances of class a still share just so many attribute names"),
    "code_is": _row("ptr ptr", "i1", "read", "", "function a has code b"),
    "globals_are": _row("ptr ptr", "i1", "read", "", "function a has globals b"),
    "defaults_are": _row("ptr ptr", "i1", "read", "", "function a has this tuple of defaults"),
    "has_values": _row("ptr", "i1", "read", "", "attribute: class; the instance keeps its attributes under the shared names"),
    "takes_value": _row("ptr", "i1", "read", "", "attributes: class, index; the instance has that attribute, or no dict that would have to be told of a new one"),
    "no_dict": _row("ptr", "i1", "read", "", "the instance has neither a dict nor values yet"),
    "plain": _row("...", "i1", "read", "", "attribute: a test of plain.TESTS; whether that operation on these objects runs no Python code"),
    "same": _row("ptr ptr", "i1", "", "", "a is b"),
    "is_null": _row("ptr", "i1", "", "", "there is no object"),
    # -- objects <-> values ------------------------------------------------------------------------------------------------
    "int_value": _row("ptr", "i64", "read", "must", "value of an exact int; leaves if it does not fit"),
    "float_value": _row("ptr", "f64", "read", "", "value of an exact float"),
    "real_value": _row("ptr", "f64", "read", "must", "value of an exact float, or of an exact int of -2**53..2**53; leaves for all else"),
    "box_int": _row("i64", "ptr", "write", "", "a new reference to an int"),
    "box_float": _row("f64", "ptr", "write", "", "a new reference to a float"),
    "box_bool": _row("i1", "ptr", "", "", "True or False, borrowed"),
    # -- references --------------------------------------------------------------------------------------------------------
    "incref": _row("ptr", "", "write", "", "one reference more"),
    "decref": _row("ptr", "", "any", "", "one reference less; the last one ends the object"),
    "drop_old": _row("ptr", "", "any", "", "one reference less to what was in a place before; there may have been nothing"),
    "decref_dyn": _row("i64 i64", "", "any", "", "the same if the tag says it is an object"),
    # -- locals nobody looks at any more, kept for tracebacks ------------------------------------------------------------
    "home_store": _row("i64 i64", "", "write", "", "attribute: local; keep a tag and bits (and the reference) in its place"),
    "home_drop": _row("", "", "any", "", "attribute: local; drop the reference its place holds, if any"),
    # -- memory ------------------------------------------------------------------------------------------------------------
    "size": _row("ptr", "i64", "read", "", "ob_size: the length of a list or tuple"),
    "list_item": _row("ptr i64", "ptr", "read", "", "item at an index known to be in range, borrowed"),
    "list_store": _row("ptr i64 ptr", "ptr", "write", "", "put an owned reference at an index in range; gives the owned old item"),
    "fill": _row("ptr i64 ptr", "", "write", "", "attribute: list or tuple; put an owned reference into a new one nobody has seen"),
    "tuple_item": _row("ptr i64", "ptr", "read", "", "item at an index known to be in range, borrowed"),
    "field": _row("ptr", "ptr", "read", "", "attribute: byte offset of a reference in the object (__slots__); null if unset"),
    "field_store": _row("ptr ptr", "ptr", "write", "", "attribute: offset; put an owned reference there; gives the owned old one"),
    "value": _row("ptr", "ptr", "read", "", "attributes: class, index among its shared names; null if unset; after has_values"),
    "value_store": _row("ptr ptr", "ptr", "write", "", "the same for storing an owned reference; gives the owned old one"),
    "entry": _row("ptr", "ptr", "read", "must", "attributes: index, name; value under a name in a dict, borrowed; leaves if moved"),
    "absent": _row("ptr", "", "read", "must", "attributes: keys version, name; leaves if a dict got new keys"),
    "instance_dict": _row("ptr", "ptr", "read", "must", "the dict an instance keeps its attributes in, borrowed; leaves if that is not one of names only"),
    "dict_value": _row("ptr", "ptr", "read", "", "attributes: index to look at first, name; value under a name in such a dict, borrowed; null if there is none"),
    "closure": _row("", "ptr", "read", "", "attribute: index; cell of the running function's closure, borrowed"),
    "cell_store": _row("ptr ptr", "ptr", "write", "", "put an owned reference into a cell; gives the owned old one, perhaps null"),
    "cell": _row("ptr", "ptr", "read", "", "what a cell holds, borrowed; null if empty"),
    "field_int": _row("ptr", "i64", "read", "", "attribute: byte offset of a machine word in the object"),
    "iterator_next": _row("ptr", "ptr", "write", "", "attribute: list or tuple; next item of such an iterator, owned; null at its end"),
    # -- calls -------------------------------------------------------------------------------------------------------------
    "call_c": _row("...", "ptr", "any", "may", "attribute: C function; leaves (raising) on null"),
    "vectorcall": _row("...", "ptr", "any", "must", "call the first operand, a C callable that runs no Python code (attribute direct: that very C function will do); leaves (raising) on null"),
    "call_c_int": _row("...", "i64", "any", "may", "attribute: C function giving an int; leaves (raising) if negative"),
    "call": _row("...", "pair", "any", "", "attribute: compiled function in the same module"),
    "call_any": _row("...", "ptr", "any", "", "call the first operand with the others, whatever it is; null if it raised; while a frame is shown"),
    "callers_seen": _row("", "i1", "", "", "every caller has a frame that can be seen, so this call can go on in the interpreter by itself"),
    "meet": _row("ptr", "", "write", "", "attribute: offset of an instruction; note the object's class for the next compile"),
    "show": _row("", "ptr", "write", "must", "attribute: offset; let others see a frame with the exit's locals standing there; leaves if there is no room"),
    "hide": _row("ptr", "", "write", "must", "the frame is no longer the current one; leaves if somebody got hold of it meanwhile"),
    "resume": _row("i64", "ptr", "any", "", "let the interpreter go on with a callee that left; null if it raised; while a frame is shown"),
    "is_due": _row("", "i1", "read", "", "the interpreter would do something between two instructions now"),
    "poll": _row("", "", "any", "must", "let others run; leaves if there is something the interpreter must do. attribute: turn, of the loop that was entered, which are counted"),
    # -- terminators -------------------------------------------------------------------------------------------------------
    "jump": _row("", "", "", "", "go to a block"),
    "branch": _row("i1", "", "", "", "go to one of two blocks"),
    "return": _row("i64 i64", "", "", "", "tag and bits"),
    "leave": _row("", "", "", "must", "go on in the interpreter"),
}  # fmt: skip

TERMINATORS = frozenset({"jump", "branch", "return", "leave"})


@dataclass(eq=False, slots=True)
class Op:
    """One operation in a block.

    Attributes:
        attributes: what is not a value: a comparison's name, an offset, the name of a C function.
        targets: of a terminator: (label, arguments) of the blocks it may go to.
    """

    name: str
    operands: tuple[Operand, ...] = ()
    result: Value | None = None
    attributes: tuple[object, ...] = ()
    exit: Exit | None = None
    targets: tuple[tuple[str, tuple[Operand, ...]], ...] = ()

    def __str__(self) -> str:
        text = f"{self.result}: {self.result.type} = " if self.result else ""
        text += " ".join((self.name, *(f"<{a}>" for a in self.attributes)))
        if self.operands:
            text += " " + ", ".join(map(str, self.operands))
        for label, arguments in self.targets:
            text += f" {label}({', '.join(map(str, arguments))})"
        return text + (f" else @{self.exit.number}" if self.exit else "")


@dataclass(eq=False, slots=True)
class Block:
    """A label, parameters, and operations of which only the last is a terminator."""

    label: str
    parameters: list[Value] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Function:
    """A compiled function before it is machine code.

    Attributes:
        name: unique in its module.
        parameters: values the caller gives (after the thread state, the function object and the depth).
        blocks: the first is the entry and takes no parameters.
        objects: Python objects that `Object` operands mean.
        exits: filled by `number_exits`.
        kept: what must live as long as the code though no operand is it (a module's dict).
        loop: byte offset of the loop head if this enters a running frame, else -1.
    """

    name: str
    parameters: list[Value] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    objects: list[object] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    loop: int = -1
    kept: list[object] = field(default_factory=list)

    def number_exits(self) -> None:
        """Collect the exits in the order of their first use and number them."""
        self.exits = []
        seen: set[int] = set()
        for block in self.blocks:
            for op in block.ops:
                if op.exit is not None and id(op.exit) not in seen:
                    seen.add(id(op.exit))
                    op.exit.number = len(self.exits)
                    self.exits.append(op.exit)
