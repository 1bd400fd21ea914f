"""IR -> LLVM IR text, one function after the other into one module.

Every function becomes ``{i64, i64} @name(thread state, function object, depth, values...)``: the answer is a tag and 64
bits, or `TAG_EXIT` and a record (see `guards`) if the interpreter has to go on. `emit_entries` puts the entries CPython knows
in front of it. Whatever differs from process to process (addresses, version numbers of classes and dicts) is an external symbol, so that object code can be kept.
"""

from __future__ import annotations

import struct
from types import CodeType, FunctionType, MethodDescriptorType

from morrow.host import HERE
from morrow.jit import guards, ir, layout, release
from morrow.jit.ir_types import is_heap
from morrow.jit.objects import (
    LIKELY,
    METADATA,
    UNLIKELY,
    Text,
    decref,
    incref,
    int_value,
    null_in_frames,
    offset,
    tagged,
    type_of,
)

MAXIMUM_DEPTH = 300
"""Compiled calls within each other before the next one is left to the interpreter: they use the C stack, its calls do not."""

MOST_FRAMES = 900
"""Python calls within each other beyond which no compiled code is entered: through calls of unknown code it uses the C stack,
of which a thread may have little and hosts allow little (3.12: 1500 levels), while the interpreter's own calls use none."""

METH_KEYWORDS, METH_NOARGS, METH_O, METH_FASTCALL = 0x02, 0x04, 0x08, 0x80  # methodobject.h

LLVM_TYPE = {"i64": "i64", "f64": "double", "i1": "i1", "ptr": "ptr", "pair": "{i64, i64}"}
_SIGNED = {"eq": "eq", "ne": "ne", "lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge"}
_ORDERED = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}
_C_TYPE = {"i64": "i64", "f64": "double", "ptr": "ptr", "i1": "i1"}


class Module:
    """LLVM text of some functions, and what it needs from outside.

    Attributes:
        imports: symbol -> address or number, for `llvm.Loaded`.
        exports: symbols to look up.
        exits: each function's exits, in the order of their counters.
        places: function and offset of each instruction that notes the classes it meets.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.releases = release.is_possible()
        self.texts: list[str] = []
        self.declared: set[str] = set()
        self.imports: dict[str, int] = {}
        self.numbers: dict[tuple[str, int], str] = {}
        self.keep: list[object] = []
        self.exports: list[str] = []
        self.exits: list[tuple[FunctionType, ir.Exit]] = []
        self.places: list[tuple[FunctionType, int]] = []

    def symbol(self, stem: str, value: int) -> str:
        """Return a symbol whose address is *value*: an object's address or a number other than 0."""
        found = self.numbers.get((stem, value))
        if found is None:
            found = f"{self.name}_{stem}{len(self.numbers)}"
            self.numbers[stem, value] = found
            self.imports[found] = value
        return "@" + found

    def object(self, value: object) -> str:
        """Return the symbol of an object.

        Constants live as long as the code. Functions, classes and the dicts of globals are not kept alive, so that they die
        when they would without us: each use is behind a guard that only a living one of the same code, version or owner passes.
        """
        if not isinstance(value, FunctionType) and not (isinstance(value, type) and is_heap(value)) and not isinstance(value, dict):
            self.keep.append(value)
        return self.symbol("o", id(value))

    def number(self, value: int, type: str = "i64") -> str:
        """Return a constant expression for a number that may be another one in the next process."""
        if value == 0:
            return "0"
        wide = f"ptrtoint (ptr {self.symbol('n', value)} to i64)"
        return wide if type == "i64" else f"trunc (i64 {wide} to {type})"

    def text(self) -> str:
        """Return the whole module."""
        counters = f"@{self.name}_counters = global [{max(1, len(self.exits))} x i64] zeroinitializer"
        outside = [f"@{symbol} = external global i8" for symbol in self.numbers.values()]
        counters += f"\n@{self.name}_slow = global i64 0\n@{self.name}_classes = global [{max(1, len(self.exits)) * guards.MET} x ptr] zeroinitializer"
        counters += f"\n@{self.name}_turns = global i64 {1 << 62}"
        counters += f"\n@{self.name}_places = global [{max(1, len(self.places)) * guards.MET} x ptr] zeroinitializer"
        return "\n".join([*outside, counters, *sorted(self.declared), *self.texts]) + "\n" + METADATA


def emit_function(module: Module, function: ir.Function, owner: FunctionType) -> None:
    """Add a function's text to the module."""
    _Function(module, function, owner).emit()


class _Function:
    def __init__(self, module: Module, function: ir.Function, owner: FunctionType) -> None:
        self.module, self.function, self.owner = module, function, owner
        self.code: CodeType = owner.__code__
        self.out = Text()
        self.incoming: dict[str, list[tuple[str, tuple[ir.Operand, ...]]]] = {b.label: [] for b in function.blocks}
        self.counts = function.loop < 0 and any(op.name in ("call", "show") for b in function.blocks for op in b.ops)
        self.shows = any(op.name == "show" for b in function.blocks for op in b.ops)
        self.shown: dict[ir.Value, tuple[list[tuple[int, str]], list[str]]] = {}
        self.entered = False
        function.number_exits()
        wide = [len(op.operands) for b in function.blocks for op in b.ops if op.name in ("vectorcall", "call_any", "plain")]
        self.width = max([4, *wide, *(sum(len(s.values) for s in (*e.locals, *e.stack)) + 1 for e in function.exits)])

    # -- operands ---------------------------------------------------------------------------------------------------------

    def text(self, operand: ir.Operand) -> str:
        """Return an operand as LLVM writes it, without its type."""
        if isinstance(operand, ir.Value):
            return f"%x{operand.number}"
        if isinstance(operand, ir.Object):
            return "null" if operand.index < 0 else self.module.object(self.function.objects[operand.index])
        value = operand.value
        if isinstance(value, float):
            return "0x%016X" % struct.unpack("<Q", struct.pack("<d", value))[0]
        return str(value).lower()

    def typed(self, operand: ir.Operand) -> str:
        """Return an operand with its LLVM type."""
        return f"{LLVM_TYPE[operand.type]} {self.text(operand)}"

    # -- the function ---------------------------------------------------------------------------------------------------

    def emit(self) -> None:
        out, function = self.out, self.function
        self.module.keep += function.kept
        out.block("entry")
        out.line(f"%room = alloca [{self.width} x i64]")
        out.line("%flag = alloca i32")
        if self.shows:
            out.line(f"%copy = alloca [{layout.entries_of_frame(self.code)} x i64]")
        self.left: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
        homes = sorted({int(op.attributes[0]) for b in function.blocks for op in b.ops if op.name.startswith("home_")})  # type: ignore[call-overload]
        self.homes = bool(homes)
        if homes:
            out.line(f"%home = alloca [{homes[-1] + 1} x {{i64, i64}}]")
            for place in homes:
                out.store("i64", str(ir.TAG_UNBOUND), "%home", 16 * place)
        # a place that never holds a reference needs no test when it is dropped
        self.referring = {
            op.attributes[0]
            for b in function.blocks
            for op in b.ops
            if op.name == "home_store" and not (isinstance(op.operands[0], ir.Literal) and op.operands[0].value != ir.TAG_OBJECT)
        }
        self.regions = release.find_regions(function, self.referring) if self.module.releases else {}
        self.region, self.in_regions = -1, set()
        if self.regions:
            release.emit_start(out)
            for number in sorted(set(self.regions.values())):
                self.module.texts.append(f"{self.region_name(number)} = internal global [2 x i64] zeroinitializer")
        out.line(f"br label %{function.blocks[0].label}")
        holes = {}
        for block in function.blocks:
            out.block(block.label)
            holes[block.label] = len(out.lines)
            self.region = self.regions.get(block.label, -1)
            for op in block.ops:
                if self.region >= 0 and op.exit is not None:
                    self.in_regions.add(id(op.exit))
                self.operation(op)
        self.leave_all()
        self.leave_for_good()
        lines = out.lines
        for block in reversed(function.blocks):
            phis = []
            for place, parameter in enumerate(block.parameters):
                pairs = ", ".join(f"[ {self.text(arguments[place])}, %{label} ]" for label, arguments in self.incoming[block.label])
                phis.append(f"  %x{parameter.number} = phi {LLVM_TYPE[parameter.type]} {pairs}")
            lines[holes[block.label] : holes[block.label]] = phis
        parameters = ", ".join(f"{LLVM_TYPE[p.type]} %x{p.number}" for p in function.parameters)
        loop = ", ptr %frame" if function.loop >= 0 else ""
        head = f"define internal {{i64, i64}} @{function.name}(ptr %ts, ptr %func, i64 %depth{loop}{', ' + parameters if parameters else ''}) {{"
        self.module.texts.append("\n".join([head, *lines, "}"]))
        self.module.declared |= out.declared

    def leave_all(self) -> None:
        """Write the cold blocks of all exits. Exits with the same values share the block that puts them where morrow_leave looks."""
        groups: dict[tuple[object, ...], list[ir.Exit]] = {}
        for exit in self.function.exits:
            counted = self.entered and self.counts and exit.why != "depth"
            slots = tuple((s.kind, *map(self.typed, s.values)) for s in (*exit.locals, *exit.stack))
            subject = self.typed(exit.subject) if exit.subject is not None else ""
            groups.setdefault((counted, subject, slots), []).append(exit)
        for exits in groups.values():
            self.leave(exits)

    def leave(self, exits: list[ir.Exit]) -> None:
        """Write the block of exits with the same values, and their descriptions."""
        module, out, code = self.module, self.out, self.code
        first = exits[0]
        block = f"state{first.number}"
        froms = []
        for exit in exits:
            out.block(f"exit{exit.number}")
            if id(exit) in self.in_regions:
                release.emit_exit(out)
            froms.append(out.label)
            out.line(f"br label %{block}")
        out.block(block)
        names = ", ".join(f"[ @{self.function.name}_exit{exit.number}, %{label} ]" for exit, label in zip(exits, froms, strict=True))
        chosen = out.let(f"phi ptr {names}")
        kinds, seen = [], {}
        place = subject = 0
        for entry, slot in enumerate((*first.locals, *first.stack)):
            kind = ir.SLOTS[slot.kind][0]
            if slot.kind in ("int", "float"):
                earlier = seen.setdefault((slot.kind, slot.values), entry)
                if earlier != entry:
                    kinds.append(kind + 256 * (earlier + 1))
                    continue
            kinds.append(kind)
            for value in slot.values:
                text, type = self.text(value), LLVM_TYPE[value.type]
                if type == "i1":
                    text, type = out.let(f"zext i1 {text} to i64"), "i64"
                out.store(type, text, "%room", 8 * place)
                place += 1
                if value is first.subject:
                    subject = place
        if first.subject is not None and not subject:
            out.store("ptr", self.text(first.subject), "%room", 8 * place)
            subject = place + 1
        counted = self.entered and self.counts and first.why != "depth"
        self.left[counted].append((chosen, out.label))
        out.line(f"br label %left_{'counted' if counted else 'plain'}")
        start = offset("PyCodeObject.co_code_adaptive")
        for exit in exits:
            number = len(module.exits)
            module.exits.append((self.owner, exit))
            words = [
                f"ptrtoint (ptr {module.object(code)} to i64)",
                f"ptrtoint (ptr getelementptr (i8, ptr {module.object(code)}, i64 {start + _pointer(code, exit)}) to i64)",
                str(int(exit.raises)),
                str(len(exit.locals)),
                str(len(exit.stack)),
                str(layout.frame_words(code)),
                f"ptrtoint (ptr getelementptr (i64, ptr @{module.name}_counters, i64 {number}) to i64)",
                str(subject),
                f"ptrtoint (ptr getelementptr (i64, ptr @{module.name}_classes, i64 {guards.MET * number}) to i64)",
                str(len(kinds)),
                *map(str, kinds),
            ]
            name = f"@{self.function.name}_exit{exit.number}"
            module.texts.append(f"{name} = internal constant [{len(words)} x i64] [{', '.join('i64 ' + w for w in words)}]")

    def leave_for_good(self) -> None:
        """Write where all exits end: with callers that can be seen the interpreter goes on at once, else the caller is told."""
        out = self.out
        records = []
        for counted, exits in self.left.items():
            if not exits:
                continue
            out.block("left_counted" if counted else "left_plain")
            name = out.let("phi ptr " + ", ".join(f"[ {value}, %{label} ]" for value, label in exits))
            if counted:
                self.uncount()
            record = out.call("ptr", "morrow_leave", "ptr %ts", "ptr %func", f"ptr {name}", "ptr %room", "ptr %home" if self.homes else "ptr null")
            records.append((record, out.label))
            out.line("br label %left")
        if not records:
            return
        out.block("left")
        record = out.let("phi ptr " + ", ".join(f"[ {value}, %{label} ]" for value, label in records))
        if self.function.loop < 0:
            out.branch(out.let("icmp eq i64 %depth, 0"), "left_seen", "left_hidden")
            out.block("left_seen")
            result = out.call("ptr", "morrow_resume", "ptr %ts", f"ptr {record}")
            raised = out.let(f"icmp eq ptr {result}, null")
            tag = out.let(f"select i1 {raised}, i64 {ir.TAG_EXIT}, i64 {ir.TAG_OBJECT}")
            pair = out.let(f"insertvalue {{i64, i64}} poison, i64 {tag}, 0")
            pair = out.let(f"insertvalue {{i64, i64}} {pair}, i64 {out.let(f'ptrtoint ptr {result} to i64')}, 1")
            out.line(f"ret {{i64, i64}} {pair}")
            out.block("left_hidden")
        word = out.let(f"ptrtoint ptr {record} to i64")
        pair = out.let(f"insertvalue {{i64, i64}} {{i64 {ir.TAG_EXIT}, i64 0}}, i64 {word}, 1")
        out.line(f"ret {{i64, i64}} {pair}")

    def uncount(self) -> None:
        """Give back this call's part of the recursion limit."""
        field = _recursion()
        left = self.out.load("i32", "%ts", field)
        self.out.store("i32", self.out.let(f"add i32 {left}, 1"), "%ts", field)

    # -- operations --------------------------------------------------------------------------------------------------------

    def operation(self, op: ir.Op) -> None:
        """Write one operation."""
        method = getattr(self, "op_" + op.name, None)
        if method is None:
            simple = _SIMPLE[op.name]
            self.result(op, simple.format(*(self.text(o) for o in op.operands)))
        else:
            method(op)

    def result(self, op: ir.Op, expression: str) -> None:
        """Name the expression as the operation's result."""
        assert op.result is not None
        self.out.line(f"%x{op.result.number} = {expression}")

    def otherwise(self, op: ir.Op) -> str:
        """Return the label of the operation's exit."""
        assert op.exit is not None
        return f"exit{op.exit.number}"

    def alias(self, op: ir.Op, name: str) -> None:
        """Let the result be a value already computed."""
        assert op.result is not None
        type = LLVM_TYPE[op.result.type]
        if type == "ptr":
            self.result(op, f"getelementptr i8, ptr {name}, i64 0")
        elif type == "double":
            self.result(op, f"bitcast double {name} to double")
        else:
            self.result(op, f"or {type} {name}, {'false' if type == 'i1' else 0}")

    def op_enter(self, op: ir.Op) -> None:
        out = self.out
        deep = out.let(f"icmp ult i64 %depth, {MAXIMUM_DEPTH}")
        out.go_on_if(deep, self.otherwise(op))
        field = _recursion()
        left = out.load("i32", "%ts", field)
        out.go_on_if(out.let(f"icmp sgt i32 {left}, 1"), self.otherwise(op))
        if self.shows:
            out.go_on_if(shallow(out, "%ts"), self.otherwise(op))
        if self.counts:
            out.store("i32", out.let(f"sub i32 {left}, 1"), "%ts", field)
        self.entered = True

    def checked(self, op: ir.Op, name: str) -> None:
        """Arithmetic with an overflow flag."""
        out = self.out
        self.out.declared.add(f"declare {{i64, i1}} @llvm.{name}.with.overflow.i64(i64, i64)")
        a, b = (self.text(o) for o in op.operands)
        both = out.let(f"call {{i64, i1}} @llvm.{name}.with.overflow.i64(i64 {a}, i64 {b})")
        over = out.let(f"extractvalue {{i64, i1}} {both}, 1")
        here = out.fresh("ok")
        out.branch(over, self.otherwise(op), here, UNLIKELY)
        out.block(here)
        self.result(op, f"extractvalue {{i64, i1}} {both}, 0")

    def op_int_add(self, op: ir.Op) -> None:
        self.checked(op, "sadd")

    def op_int_sub(self, op: ir.Op) -> None:
        self.checked(op, "ssub")

    def op_int_mul(self, op: ir.Op) -> None:
        self.checked(op, "smul")

    def _divisor(self, op: ir.Op) -> tuple[str, str, str]:
        """Check the divisor; return dividend, divisor and whether the remainder needs the divisor's sign."""
        out = self.out
        a, b = (self.text(o) for o in op.operands)
        usual = out.let(f"icmp ugt i64 {out.let(f'add i64 {b}, 1')}, 1")
        out.go_on_if(usual, self.otherwise(op))
        rest = out.let(f"srem i64 {a}, {b}")
        differ = out.let(f"icmp slt i64 {out.let(f'xor i64 {rest}, {b}')}, 0")
        some = out.let(f"icmp ne i64 {rest}, 0")
        return rest, b, out.let(f"and i1 {differ}, {some}")

    def op_int_mod(self, op: ir.Op) -> None:
        rest, b, fix = self._divisor(op)
        other = self.out.let(f"add i64 {rest}, {b}")
        self.result(op, f"select i1 {fix}, i64 {other}, i64 {rest}")

    def op_int_floordiv(self, op: ir.Op) -> None:
        _, b, fix = self._divisor(op)
        quotient = self.out.let(f"sdiv i64 {self.text(op.operands[0])}, {b}")
        other = self.out.let(f"sub i64 {quotient}, 1")
        self.result(op, f"select i1 {fix}, i64 {other}, i64 {quotient}")

    def op_int_shl(self, op: ir.Op) -> None:
        out = self.out
        a, b = (self.text(o) for o in op.operands)
        out.go_on_if(out.let(f"icmp ult i64 {b}, 63"), self.otherwise(op))
        shifted = out.let(f"shl i64 {a}, {b}")
        back = out.let(f"ashr i64 {shifted}, {b}")
        out.go_on_if(out.let(f"icmp eq i64 {back}, {a}"), self.otherwise(op))
        self.alias(op, shifted)

    def op_int_shr(self, op: ir.Op) -> None:
        a, b = (self.text(o) for o in op.operands)
        self.out.go_on_if(self.out.let(f"icmp ult i64 {b}, 64"), self.otherwise(op))
        self.result(op, f"ashr i64 {a}, {b}")

    def op_int_compare(self, op: ir.Op) -> None:
        a, b = (self.text(o) for o in op.operands)
        self.result(op, f"icmp {_SIGNED[str(op.attributes[0])]} i64 {a}, {b}")

    def op_float_compare(self, op: ir.Op) -> None:
        a, b = (self.text(o) for o in op.operands)
        self.result(op, f"fcmp {_ORDERED[str(op.attributes[0])]} double {a}, {b}")

    def op_int_to_float(self, op: ir.Op) -> None:
        a = self.text(op.operands[0])
        # beyond 2**53 CPython compares and divides exactly; the hardware would round first
        moved = self.out.let(f"add i64 {a}, {2**53}")
        self.out.go_on_if(self.out.let(f"icmp ule i64 {moved}, {2**54}"), self.otherwise(op))
        self.result(op, f"sitofp i64 {a} to double")

    def op_float_div(self, op: ir.Op) -> None:
        a, b = (self.text(o) for o in op.operands)
        self.out.go_on_if(self.out.let(f"fcmp une double {b}, 0.0"), self.otherwise(op))
        self.result(op, f"fdiv double {a}, {b}")

    def op_float_mod(self, op: ir.Op) -> None:
        # floatobject.c, float_rem: fmod, then the divisor's sign
        out = self.out
        a, b = (self.text(o) for o in op.operands)
        out.go_on_if(out.let(f"fcmp une double {b}, 0.0"), self.otherwise(op))
        rest = out.call("double", "morrow_fmod", f"double {a}", f"double {b}")
        out.declare("double", "llvm.copysign.f64", "double", "double")
        none = out.let(f"call double @llvm.copysign.f64(double 0.0, double {b})")
        negative = out.let(f"fcmp olt double {b}, 0.0")
        differ = out.let(f"xor i1 {negative}, {out.let(f'fcmp olt double {rest}, 0.0')}")
        fixed = out.let(f"select i1 {differ}, double {out.let(f'fadd double {rest}, {b}')}, double {rest}")
        zero = out.let(f"fcmp oeq double {rest}, 0.0")
        self.result(op, f"select i1 {zero}, double {none}, double {fixed}")

    def op_float_pow(self, op: ir.Op) -> None:
        out = self.out
        a, b = (self.text(o) for o in op.operands)
        out.go_on_if(out.let(f"fcmp ogt double {a}, 0.0"), self.otherwise(op))
        power = out.call("double", "morrow_pow", f"double {a}", f"double {b}")
        out.go_on_if(out.let(f"fcmp ogt double {power}, 0.0"), self.otherwise(op))
        out.go_on_if(out.let(f"fcmp olt double {power}, 0x7FF0000000000000"), self.otherwise(op))
        self.alias(op, power)

    def op_float_sqrt(self, op: ir.Op) -> None:
        a = self.text(op.operands[0])
        self.out.go_on_if(self.out.let(f"fcmp uge double {a}, 0.0"), self.otherwise(op))
        self.out.declare("double", "llvm.sqrt.f64", "double")
        self.result(op, f"call double @llvm.sqrt.f64(double {a})")

    def op_float_abs(self, op: ir.Op) -> None:
        self.out.declare("double", "llvm.fabs.f64", "double")
        self.result(op, f"call double @llvm.fabs.f64(double {self.text(op.operands[0])})")

    def op_box_dyn(self, op: ir.Op) -> None:
        tag, bits = (self.text(o) for o in op.operands)
        self.alias(op, self.out.call("ptr", "morrow_box", f"i64 {tag}", f"i64 {bits}"))

    def op_guard_true(self, op: ir.Op) -> None:
        self.out.go_on_if(self.text(op.operands[0]), self.otherwise(op))

    def op_guard_false(self, op: ir.Op) -> None:
        here = self.out.fresh("ok")
        self.out.branch(self.text(op.operands[0]), self.otherwise(op), here, UNLIKELY)
        self.out.block(here)

    def op_class_is(self, op: ir.Op) -> None:
        a, b = (self.text(o) for o in op.operands)
        self.result(op, f"icmp eq ptr {type_of(self.out, a)}, {b}")

    def op_iterates_as(self, op: ir.Op) -> None:
        sort = {"list": list, "tuple": tuple}[str(op.attributes[0])]
        field = offset("PyTypeObject.tp_iter")
        now = self.out.load("i64", type_of(self.out, self.text(op.operands[0])), field)
        self.result(op, f"icmp eq i64 {now}, {self.module.number(layout.word(id(sort) + field))}")

    def op_version_is(self, op: ir.Op) -> None:
        cls, version = op.operands
        assert isinstance(version, ir.Literal)
        now = self.out.load("i32", self.text(cls), offset("PyTypeObject.tp_version_tag"))
        self.result(op, f"icmp eq i32 {now}, {self.module.number(int(version.value), 'i32')}")

    def op_keys_are(self, op: ir.Op) -> None:
        cls, count = op.operands
        keys = self.out.load("ptr", self.text(cls), offset("PyHeapTypeObject.ht_cached_keys"))
        now = self.out.load("i64", keys, offset("PyDictKeysObject.dk_nentries"))
        self.result(op, f"icmp eq i64 {now}, {self.text(count)}")

    def op_code_is(self, op: ir.Op) -> None:
        a, b = (self.text(o) for o in op.operands)
        self.result(op, f"icmp eq ptr {self.out.load('ptr', a, offset('PyFunctionObject.func_code'))}, {b}")

    def op_defaults_are(self, op: ir.Op) -> None:
        a, b = (self.text(o) for o in op.operands)
        self.result(op, f"icmp eq ptr {self.out.load('ptr', a, offset('PyFunctionObject.func_defaults'))}, {b}")

    def op_globals_are(self, op: ir.Op) -> None:
        a, b = (self.text(o) for o in op.operands)
        self.result(op, f"icmp eq ptr {self.out.load('ptr', a, offset('PyFunctionObject.func_globals'))}, {b}")

    def op_has_values(self, op: ir.Op) -> None:
        out, a = self.out, self.text(op.operands[0])
        cls = self.function.objects[op.attributes[0]]  # type: ignore[index]
        if HERE.instance_values == "pointer":  # type: ignore[union-attr]
            self.result(op, f"icmp ne ptr {out.load('ptr', a, offset('MANAGED_VALUES_OFFSET'))}, null")
        elif HERE.instance_values == "tagged":  # type: ignore[union-attr]
            word = out.load("i64", a, offset("MANAGED_DICT_OFFSET"))
            self.result(op, f"icmp ne i64 {out.let(f'and i64 {word}, 1')}, 0")
        else:
            valid = out.load("i8", a, cls.__basicsize__ + offset("PyDictValues.valid"))
            self.result(op, f"icmp ne i8 {valid}, 0")

    def op_takes_value(self, op: ir.Op) -> None:
        out = self.out
        if HERE.instance_values != "inline":  # type: ignore[union-attr]
            self.result(op, "or i1 true, true")  # elsewhere an instance with a dict has no values
            return
        there = out.let(f"icmp ne ptr {out.let(f'load ptr, ptr {self.values(op)}')}, null")
        dict_ = out.load("i64", self.text(op.operands[0]), offset("MANAGED_DICT_OFFSET"))
        self.result(op, f"or i1 {there}, {out.let(f'icmp eq i64 {dict_}, 0')}")

    def op_no_dict(self, op: ir.Op) -> None:
        out, a = self.out, self.text(op.operands[0])
        word = out.load("i64", a, offset("MANAGED_DICT_OFFSET"))
        if HERE.instance_values == "pointer":  # type: ignore[union-attr]
            word = out.let(f"or i64 {word}, {out.load('i64', a, offset('MANAGED_VALUES_OFFSET'))}")
        self.result(op, f"icmp eq i64 {word}, 0")

    def op_instance_dict(self, op: ir.Op) -> None:
        out, a = self.out, self.text(op.operands[0])
        word = out.load("i64", a, offset("MANAGED_DICT_OFFSET"))
        there = out.let(f"icmp ne i64 {word}, 0")
        if HERE.instance_values == "tagged":  # type: ignore[union-attr]
            values = out.let(f"and i64 {word}, 1")
            there = out.let(f"and i1 {there}, {out.let(f'icmp eq i64 {values}, 0')}")
        out.go_on_if(there, self.otherwise(op))
        self.result(op, f"inttoptr i64 {word} to ptr")
        assert op.result is not None
        # a dict that shares its names with other instances has keys of another kind
        keys = out.load("ptr", self.text(op.result), offset("PyDictObject.ma_keys"))
        kind = out.load("i8", keys, offset("PyDictKeysObject.dk_kind"))
        out.go_on_if(out.let(f"icmp eq i8 {kind}, {offset('DICT_KEYS_UNICODE')}"), self.otherwise(op))

    def op_dict_value(self, op: ir.Op) -> None:
        out, mapping = self.out, self.text(op.operands[0])
        index, name = int(op.attributes[0]), op.attributes[1]  # type: ignore[call-overload]
        key = self.module.object(name)
        inside, named, slow, done = (out.fresh(s) for s in ("inside", "named", "search", "found"))
        keys = out.load("ptr", mapping, offset("PyDictObject.ma_keys"))
        count = out.load("i64", keys, offset("PyDictKeysObject.dk_nentries"))
        out.branch(out.let(f"icmp ugt i64 {count}, {index}"), inside, slow, LIKELY)
        out.block(inside)
        shift = out.let(f"zext i8 {out.load('i8', keys, offset('PyDictKeysObject.dk_log2_index_bytes'))} to i64")
        place = out.let(f"add i64 {out.let(f'shl i64 1, {shift}')}, {offset('PyDictKeysObject.dk_indices') + index * offset('PyDictUnicodeEntry.sizeof')}")
        entry = out.let(f"getelementptr i8, ptr {keys}, i64 {place}")
        same = out.let(f"icmp eq ptr {out.load('ptr', entry, offset('PyDictUnicodeEntry.me_key'))}, {key}")
        out.branch(same, named, slow, LIKELY)
        out.block(named)
        value = out.load("ptr", entry, offset("PyDictUnicodeEntry.me_value"))
        out.line(f"br label %{done}")
        out.block(slow)
        # all names are str, so nothing of the program's is asked whether it is equal
        hashed = self.module.number(hash(name) % (1 << 64))
        searched = out.call("ptr", "_PyDict_GetItem_KnownHash", f"ptr {mapping}", f"ptr {key}", f"i64 {hashed}")
        out.line(f"br label %{done}")
        out.block(done)
        self.result(op, f"phi ptr [ {value}, %{named} ], [ {searched}, %{slow} ]")

    def values(self, op: ir.Op) -> str:
        """Return the address of an instance's value."""
        out, a = self.out, self.text(op.operands[0])
        cls = self.function.objects[op.attributes[0]]  # type: ignore[index]
        index = int(op.attributes[1])  # type: ignore[call-overload]
        if HERE.instance_values == "pointer":  # type: ignore[union-attr]
            return out.at(out.load("ptr", a, offset("MANAGED_VALUES_OFFSET")), 8 * index)
        if HERE.instance_values == "tagged":  # type: ignore[union-attr]
            # the tagged word is the address of the values, less one (dictobject.h, _PyDictOrValues_GetValues)
            return out.at(out.load("ptr", a, offset("MANAGED_DICT_OFFSET")), 1 + 8 * index)
        return out.at(a, cls.__basicsize__ + offset("PyDictValues.values") + 8 * index)

    def op_value(self, op: ir.Op) -> None:
        self.result(op, f"load ptr, ptr {self.values(op)}")

    def op_value_store(self, op: ir.Op) -> None:
        out, index = self.out, int(op.attributes[1])  # type: ignore[call-overload]
        where = self.values(op)
        self.result(op, f"load ptr, ptr {where}")
        out.store("ptr", self.text(op.operands[1]), where)
        # a new attribute: instances note the order in which they got theirs (dictobject.h, _PyDictValues_AddToInsertionOrder)
        assert op.result is not None
        new, done = out.fresh("new"), out.fresh("stored")
        out.branch(out.let(f"icmp eq ptr {self.text(op.result)}, null"), new, done)
        out.block(new)
        if HERE.instance_values == "inline":  # type: ignore[union-attr]
            cls = self.function.objects[op.attributes[0]]  # type: ignore[index]
            values = out.at(self.text(op.operands[0]), cls.__basicsize__)
            size = out.load("i8", values, offset("PyDictValues.size"))
            capacity = out.let(f"zext i8 {out.load('i8', values, offset('PyDictValues.capacity'))} to i64")
            names = out.let(f"getelementptr ptr, ptr {out.at(values, offset('PyDictValues.values'))}, i64 {capacity}")
            out.line(f"store i8 {index}, ptr {out.let(f'getelementptr i8, ptr {names}, i8 {size}')}")
            out.store("i8", out.let(f"add i8 {size}, 1"), values, offset("PyDictValues.size"))
        else:
            values = out.at(where, -8 * index)
            size = out.let(f"add i8 {out.load('i8', values, -2)}, 1")
            order = out.at(values, -2)
            back = out.let(f"sub i64 0, {out.let(f'zext i8 {size} to i64')}")
            out.line(f"store i8 {index}, ptr {out.let(f'getelementptr i8, ptr {order}, i64 {back}')}")
            out.store("i8", size, order)
        out.line(f"br label %{done}")
        out.block(done)

    def op_field(self, op: ir.Op) -> None:
        self.result(op, f"load ptr, ptr {self.out.at(self.text(op.operands[0]), int(op.attributes[0]))}")  # type: ignore[call-overload]

    def op_field_store(self, op: ir.Op) -> None:
        where = self.out.at(self.text(op.operands[0]), int(op.attributes[0]))  # type: ignore[call-overload]
        self.result(op, f"load ptr, ptr {where}")
        self.out.store("ptr", self.text(op.operands[1]), where)

    def op_entry(self, op: ir.Op) -> None:
        out = self.out
        holder = op.operands[0]
        assert isinstance(holder, ir.Object)
        mapping = self.function.objects[holder.index]
        index = int(op.attributes[0])  # type: ignore[call-overload]
        keys, place = layout.entry(mapping, index)
        symbol = self.module.symbol("k", keys)
        key = self.module.object(layout.key_at(mapping, index))
        named, found, slow, done = (out.fresh(s) for s in ("named", "found", "moved", "entry"))
        now = out.load("ptr", self.text(holder), offset("PyDictObject.ma_keys"))
        out.branch(out.let(f"icmp eq ptr {now}, {symbol}"), named, slow, LIKELY)
        out.block(named)
        name = out.load("ptr", symbol, place + offset("PyDictUnicodeEntry.me_key"))
        out.branch(out.let(f"icmp eq ptr {name}, {key}"), found, slow, LIKELY)
        out.block(found)
        value = out.load("ptr", symbol, place + offset("PyDictUnicodeEntry.me_value"))
        out.branch(out.let(f"icmp ne ptr {value}, null"), done, slow, LIKELY)
        out.block(slow)
        # the dict has grown or the name was deleted: look again, and count it, so that the next compile knows the new place
        self._slow()
        looked = out.call("ptr", "PyDict_GetItemWithError", f"ptr {self.text(holder)}", f"ptr {key}")
        out.branch(out.let(f"icmp ne ptr {looked}, null"), done, self.otherwise(op), LIKELY)
        out.block(done)
        self.result(op, f"phi ptr [ {value}, %{found} ], [ {looked}, %{slow} ]")

    def _slow(self) -> None:
        """Count that something was not where it was when compiling."""
        counter = f"@{self.module.name}_slow"
        self.out.store("i64", self.out.let(f"add i64 {self.out.load('i64', counter)}, 1"), counter)

    def op_absent(self, op: ir.Op) -> None:
        out = self.out
        holder = op.operands[0]
        assert isinstance(holder, ir.Object)
        symbol = self.module.symbol("k", layout.keys_of(self.function.objects[holder.index]))
        same, slow, done = (out.fresh(s) for s in ("same", "changed", "absent"))
        now = out.load("ptr", self.text(holder), offset("PyDictObject.ma_keys"))
        out.branch(out.let(f"icmp eq ptr {now}, {symbol}"), same, slow, LIKELY)
        out.block(same)
        version = out.load("i32", symbol, offset("PyDictKeysObject.dk_version"))
        expected = self.module.number(int(op.attributes[0]), "i32")  # type: ignore[call-overload]
        out.branch(out.let(f"icmp eq i32 {version}, {expected}"), done, slow, LIKELY)
        out.block(slow)
        self._slow()
        name = self.module.object(op.attributes[1])
        there = out.call("i32", "PyDict_Contains", f"ptr {self.text(holder)}", f"ptr {name}")
        out.branch(out.let(f"icmp eq i32 {there}, 0"), done, self.otherwise(op), LIKELY)
        out.block(done)

    def op_closure(self, op: ir.Op) -> None:
        closure = self.out.load("ptr", "%func", offset("PyFunctionObject.func_closure"))
        where = self.out.at(closure, offset("PyTupleObject.ob_item") + 8 * int(op.attributes[0]))  # type: ignore[call-overload]
        self.result(op, f"load ptr, ptr {where}")

    def op_cell_store(self, op: ir.Op) -> None:
        where = self.out.at(self.text(op.operands[0]), offset("PyCellObject.ob_ref"))
        self.result(op, f"load ptr, ptr {where}")
        self.out.store("ptr", self.text(op.operands[1]), where)

    def op_cell(self, op: ir.Op) -> None:
        self.result(op, f"load ptr, ptr {self.out.at(self.text(op.operands[0]), offset('PyCellObject.ob_ref'))}")

    def op_int_value(self, op: ir.Op) -> None:
        self.alias(op, int_value(self.out, self.text(op.operands[0]), self.otherwise(op), "%flag"))

    def op_float_value(self, op: ir.Op) -> None:
        self.result(op, f"load double, ptr {self.out.at(self.text(op.operands[0]), offset('PyFloatObject.ob_fval'))}")

    def op_real_value(self, op: ir.Op) -> None:
        out, pointer, otherwise = self.out, self.text(op.operands[0]), self.otherwise(op)
        real, other, whole, ended, done = (out.fresh(name) for name in ("real", "no_real", "whole", "whole_real", "is_real"))
        kind = type_of(out, pointer)
        out.branch(out.let(f"icmp eq ptr {kind}, {self.module.object(float)}"), real, other, LIKELY)
        out.block(other)
        out.branch(out.let(f"icmp eq ptr {kind}, {self.module.object(int)}"), whole, otherwise, LIKELY)
        out.block(whole)
        number = int_value(out, pointer, otherwise, "%flag")
        near = out.let(f"icmp ule i64 {out.let(f'add i64 {number}, {2**53}')}, {2**54}")
        out.branch(near, ended, otherwise, LIKELY)
        out.block(ended)
        converted = out.let(f"sitofp i64 {number} to double")
        out.line(f"br label %{done}")
        out.block(real)
        value = out.load("double", pointer, offset("PyFloatObject.ob_fval"))
        out.line(f"br label %{done}")
        out.block(done)
        self.result(op, f"phi double [ {value}, %{real} ], [ {converted}, %{ended} ]")

    def op_box_int(self, op: ir.Op) -> None:
        self.alias(op, self.out.call("ptr", "PyLong_FromLongLong", f"i64 {self.text(op.operands[0])}"))

    def op_box_float(self, op: ir.Op) -> None:
        self.alias(op, self.out.call("ptr", "PyFloat_FromDouble", f"double {self.text(op.operands[0])}"))

    def op_box_bool(self, op: ir.Op) -> None:
        yes, no = self.module.object(True), self.module.object(False)
        self.result(op, f"select i1 {self.text(op.operands[0])}, ptr {yes}, ptr {no}")

    def op_incref(self, op: ir.Op) -> None:
        incref(self.out, self.text(op.operands[0]))

    def op_decref(self, op: ir.Op) -> None:
        decref(self.out, self.text(op.operands[0]))

    def op_drop_old(self, op: ir.Op) -> None:
        out, old = self.out, self.text(op.operands[0])
        some, done = out.fresh("some"), out.fresh("none")
        out.branch(out.let(f"icmp ne ptr {old}, null"), some, done)
        out.block(some)
        decref(out, old)
        out.line(f"br label %{done}")
        out.block(done)

    def op_decref_dyn(self, op: ir.Op) -> None:
        out = self.out
        tag, bits = (self.text(o) for o in op.operands)
        yes, done = out.fresh("object"), out.fresh("scalar")
        out.branch(out.let(f"icmp eq i64 {tag}, {ir.TAG_OBJECT}"), yes, done)
        out.block(yes)
        decref(out, out.let(f"inttoptr i64 {bits} to ptr"))
        out.line(f"br label %{done}")
        out.block(done)

    def op_home_store(self, op: ir.Op) -> None:
        place = 16 * int(op.attributes[0])  # type: ignore[call-overload]
        tag, bits = (self.text(o) for o in op.operands)
        self.out.store("i64", tag, "%home", place)
        self.out.store("i64", bits, "%home", place + 8)

    def op_home_drop(self, op: ir.Op) -> None:
        if op.attributes[0] not in self.referring:
            return
        out, place = self.out, 16 * int(op.attributes[0])  # type: ignore[call-overload]
        yes, done = out.fresh("object"), out.fresh("scalar")
        tag = out.load("i64", "%home", place)
        out.branch(out.let(f"icmp eq i64 {tag}, {ir.TAG_OBJECT}"), yes, done)
        out.block(yes)
        pointer = out.load("ptr", "%home", place + 8)
        out.store("i64", str(ir.TAG_UNBOUND), "%home", place)
        decref(out, pointer)
        out.line(f"br label %{done}")
        out.block(done)

    def op_size(self, op: ir.Op) -> None:
        where = self.out.at(self.text(op.operands[0]), offset("PyVarObject.ob_size"))
        self.result(op, f"load i64, ptr {where}")

    def _list_place(self, op: ir.Op) -> str:
        items = self.out.load("ptr", self.text(op.operands[0]), offset("PyListObject.ob_item"))
        return self.out.let(f"getelementptr ptr, ptr {items}, i64 {self.text(op.operands[1])}")

    def op_list_item(self, op: ir.Op) -> None:
        self.result(op, f"load ptr, ptr {self._list_place(op)}")

    def op_list_store(self, op: ir.Op) -> None:
        where = self._list_place(op)
        self.result(op, f"load ptr, ptr {where}")
        self.out.store("ptr", self.text(op.operands[2]), where)

    def op_fill(self, op: ir.Op) -> None:
        if op.attributes[0] == "list":
            self.out.store("ptr", self.text(op.operands[2]), self._list_place(op))
            return
        items = self.out.at(self.text(op.operands[0]), offset("PyTupleObject.ob_item"))
        where = self.out.let(f"getelementptr ptr, ptr {items}, i64 {self.text(op.operands[1])}")
        self.out.store("ptr", self.text(op.operands[2]), where)

    def op_tuple_item(self, op: ir.Op) -> None:
        items = self.out.at(self.text(op.operands[0]), offset("PyTupleObject.ob_item"))
        where = self.out.let(f"getelementptr ptr, ptr {items}, i64 {self.text(op.operands[1])}")
        self.result(op, f"load ptr, ptr {where}")

    def op_field_int(self, op: ir.Op) -> None:
        self.result(op, f"load i64, ptr {self.out.at(self.text(op.operands[0]), int(op.attributes[0]))}")  # type: ignore[call-overload]

    def op_iterator_next(self, op: ir.Op) -> None:
        out, it = self.out, self.text(op.operands[0])
        sort = str(op.attributes[0])
        struct_ = "_PyListIterObject" if sort == "list" else "_PyTupleIterObject"
        look, fast, slow, done = (out.fresh(s) for s in ("look", "item", "end", "next"))
        sequence = out.load("ptr", it, offset(struct_ + ".it_seq"))
        out.branch(out.let(f"icmp ne ptr {sequence}, null"), look, slow, LIKELY)
        out.block(look)
        index = out.load("i64", it, offset(struct_ + ".it_index"))
        size = out.load("i64", sequence, offset("PyVarObject.ob_size"))
        out.branch(out.let(f"icmp ult i64 {index}, {size}"), fast, slow, LIKELY)
        out.block(fast)
        if sort == "list":
            items = out.load("ptr", sequence, offset("PyListObject.ob_item"))
        else:
            items = out.at(sequence, offset("PyTupleObject.ob_item"))
        item = out.load("ptr", out.let(f"getelementptr ptr, ptr {items}, i64 {index}"))
        incref(out, item)
        out.store("i64", out.let(f"add i64 {index}, 1"), it, offset(struct_ + ".it_index"))
        out.line(f"br label %{done}")
        out.block(slow)
        # its end is the iterator's own business: what it forgets then differs from host to host
        step = out.load("ptr", type_of(out, it), offset("PyTypeObject.tp_iternext"))
        last = out.let(f"call ptr {step}(ptr {it})")
        out.line(f"br label %{done}")
        out.block(done)
        self.result(op, f"phi ptr [ {item}, %{fast} ], [ {last}, %{slow} ]")

    def _c_call(self, op: ir.Op, result: str) -> str:
        return self.out.call(result, str(op.attributes[0]), *(f"{_C_TYPE[o.type]} {self.text(o)}" for o in op.operands))

    def op_call_c(self, op: ir.Op) -> None:
        answer = self._c_call(op, "ptr")
        if op.exit is not None:
            self.out.go_on_if(self.out.let(f"icmp ne ptr {answer}, null"), self.otherwise(op))
        self.alias(op, answer)

    def op_vectorcall(self, op: ir.Op) -> None:
        out = self.out
        callee, *arguments = op.operands
        if op.attributes:
            answer = self._c_function(callee, [self.text(a) for a in arguments])
            if answer:
                out.go_on_if(out.let(f"icmp ne ptr {answer}, null"), self.otherwise(op))
                self.alias(op, answer)
                return
        for place, argument in enumerate(arguments):
            out.store("ptr", self.text(argument), "%room", 8 * place)
        answer = out.call("ptr", "PyObject_Vectorcall", f"ptr {self.text(callee)}", "ptr %room", f"i64 {len(arguments)}", "ptr null")
        out.go_on_if(out.let(f"icmp ne ptr {answer}, null"), self.otherwise(op))
        self.alias(op, answer)

    def _c_function(self, callee: ir.Operand, arguments: list[str]) -> str:
        """Call the C function behind a known method descriptor or builtin function; "" if it must be called in another way."""
        assert isinstance(callee, ir.Object)
        known, out = self.function.objects[callee.index], self.out
        address, flags = layout.c_function(known)
        if type(known) is MethodDescriptorType:
            self_, given = arguments[0], arguments[1:]
        else:
            self_, given = out.load("ptr", self.text(callee), offset("PyCFunctionObject.m_self")), arguments
        function = self.module.symbol("c", address) if address else ""
        if flags == METH_NOARGS and not given:
            return out.let(f"call ptr {function}(ptr {self_}, ptr null)")
        if flags == METH_O and len(given) == 1:
            return out.let(f"call ptr {function}(ptr {self_}, ptr {given[0]})")
        if flags not in (METH_FASTCALL, METH_FASTCALL | METH_KEYWORDS):
            return ""
        for place, argument in enumerate(given):
            out.store("ptr", argument, "%room", 8 * place)
        names = ", ptr null" if flags & METH_KEYWORDS else ""
        return out.let(f"call ptr {function}(ptr {self_}, ptr %room, i64 {len(given)}{names})")

    def op_plain(self, op: ir.Op) -> None:
        out, test = self.out, str(op.attributes[0])
        given = [f"ptr {self.text(o)}" for o in op.operands]
        if test == "call":
            for place, argument in enumerate(op.operands[1:]):
                out.store("ptr", self.text(argument), "%room", 8 * place)
            given = [given[0], "ptr %room", f"i64 {len(op.operands) - 1}"]
        out.declare("i1", f"morrow_plain_{test}", *(g.split(" ", 1)[0] for g in given))
        self.result(op, f"call i1 @morrow_plain_{test}({', '.join(given)})")

    def op_call_c_int(self, op: ir.Op) -> None:
        type = str(op.attributes[1])
        answer = self._c_call(op, type)
        if op.exit is not None:
            self.out.go_on_if(self.out.let(f"icmp sge {type} {answer}, 0"), self.otherwise(op))
        self.alias(op, self.out.let(f"sext i32 {answer} to i64") if type == "i32" else answer)

    def op_call(self, op: ir.Op) -> None:
        out = self.out
        callee, *arguments = op.operands
        # while a frame is shown the callee's callers can all be seen
        deeper = "0" if len(op.attributes) > 1 else out.let("add i64 %depth, 1")
        given = "".join(", " + self.typed(a) for a in arguments)
        self.result(op, f"call {{i64, i64}} @{op.attributes[0]}(ptr %ts, ptr {self.text(callee)}, i64 {deeper}{given})")

    def op_call_any(self, op: ir.Op) -> None:
        out = self.out
        callee, *arguments = op.operands
        for place, argument in enumerate(arguments):
            out.store("ptr", self.text(argument), "%room", 8 * place)
        names = f"ptr {self.module.object(op.attributes[0])}" if op.attributes else "ptr null"
        count = len(arguments) - (len(op.attributes[0]) if op.attributes else 0)  # type: ignore[arg-type]
        self.alias(op, out.call("ptr", "morrow_call", "ptr %ts", f"ptr {self.text(callee)}", "ptr %room", f"i64 {count}", names))

    def op_meet(self, op: ir.Op) -> None:
        place = self.out.at(f"@{self.module.name}_places", 8 * guards.MET * len(self.module.places))
        self.module.places.append((self.owner, int(op.attributes[0])))  # type: ignore[call-overload]
        self.out.call("void", "morrow_meet", f"ptr {place}", f"ptr {self.text(op.operands[0])}")

    def op_callers_seen(self, op: ir.Op) -> None:
        self.result(op, "icmp eq i64 %depth, 0" if self.function.loop < 0 else "or i1 true, true")

    def op_resume(self, op: ir.Op) -> None:
        record = self.out.let(f"inttoptr i64 {self.text(op.operands[0])} to ptr")
        self.alias(op, self.out.call("ptr", "morrow_resume", "ptr %ts", f"ptr {record}"))

    def op_show(self, op: ir.Op) -> None:
        module, out, code = self.module, self.out, self.code
        assert op.exit is not None and op.result is not None
        start = offset("PyCodeObject.co_code_adaptive") + int(op.attributes[0])  # type: ignore[call-overload]
        pointer = f"ptrtoint (ptr getelementptr (i8, ptr {module.object(code)}, i64 {start}) to i64)"
        if self.function.loop < 0:
            words = [f"ptrtoint (ptr {module.object(code)} to i64)", pointer, str(layout.frame_words(code)), str(len(op.exit.locals))]
            name = f"@{self.function.name}_show{op.result.number}"
            module.texts.append(f"{name} = internal constant [{len(words)} x i64] [{', '.join('i64 ' + w for w in words)}]")
            frame = out.call("ptr", "morrow_show", "ptr %ts", "ptr %func", f"ptr {name}")
            out.go_on_if(out.let(f"icmp ne ptr {frame}, null"), self.otherwise(op))
        else:
            frame = "%frame"
            out.store("i64", pointer, frame, guards.pointer_offset())
        self.alias(op, frame)
        stored: list[tuple[int, str]] = []
        drops: list[str] = []
        for place, slot in enumerate(op.exit.locals):
            held = self.shown_local(place, slot, drops)
            out.store("ptr", held, frame, offset("_PyInterpreterFrame.localsplus") + 8 * place)
            out.store("ptr", held, "%copy", 8 * place)
            stored.append((place, held))
        self.shown[op.result] = stored, drops

    def shown_local(self, place: int, slot: ir.Slot, drops: list[str]) -> str:
        """Return a local as a reference that a shown frame owns; *drops* gets the lines that take it back."""
        out = self.out
        values = [self.text(v) for v in slot.values]
        if slot.kind == "unbound":
            return f"inttoptr (i64 {null_in_frames()} to ptr)"
        if slot.kind == "own":
            pointer = values[0]
        elif slot.kind == "home":
            out.declare("ptr", "morrow_home", "ptr", "i64")
            pointer = out.let(f"call ptr @morrow_home(ptr %home, i64 {place})")
        elif slot.kind == "dyn":
            pointer = out.call("ptr", "morrow_box", f"i64 {values[0]}", f"i64 {values[1]}")
            out.declare("void", "morrow_unbox", "i64", "ptr")
            drops.append(f"call void @morrow_unbox(i64 {values[0]}, ptr {pointer})")
        else:
            if slot.kind == "int":
                pointer = out.call("ptr", "PyLong_FromLongLong", f"i64 {values[0]}")
            elif slot.kind == "float":
                pointer = out.call("ptr", "PyFloat_FromDouble", f"double {values[0]}")
            elif slot.kind == "bool":
                pointer = out.let(f"select i1 {values[0]}, ptr {self.module.object(True)}, ptr {self.module.object(False)}")
                incref(out, pointer)
            elif slot.kind == "none":
                pointer = self.module.object(None)
                incref(out, pointer)
            else:
                pointer = values[0]
                incref(out, pointer)
            if HERE.immortal == "none" or slot.kind not in ("bool", "none"):  # type: ignore[union-attr]
                out.declare("void", "Py_DecRef", "ptr")
                drops.append(f"call void @Py_DecRef(ptr {pointer})")
        if HERE.stack_tags and slot.kind in ("home", "dyn"):  # type: ignore[union-attr]
            # perhaps null
            none = out.let(f"icmp eq ptr {pointer}, null")
            some = out.let(f"select i1 {none}, ptr {self.module.object(None)}, ptr {pointer}")
            return out.let(f"select i1 {none}, ptr inttoptr (i64 {null_in_frames()} to ptr), ptr {tagged(out, some)}")
        return tagged(out, pointer)

    def op_hide(self, op: ir.Op) -> None:
        out = self.out
        (shown,) = op.operands
        assert isinstance(shown, ir.Value)
        stored, drops = self.shown[shown]
        F, frame = "_PyInterpreterFrame.", self.text(shown)
        start = offset(F + "localsplus")
        if self.function.loop < 0:
            out.store("ptr", out.load("ptr", frame, offset(F + "previous")), guards.current_frame(out, "%ts"))
            out.store("ptr", frame, "%ts", offset("PyThreadState.datastack_top"))
        seen = [out.let(f"ptrtoint ptr {out.load('ptr', frame, offset(F + name))} to i64") for name in ("frame_obj", "f_locals")]
        out.declared.add("@morrow_watched = external global i64")
        watched = out.load("i64", "@morrow_watched")
        either = out.let(f"or i64 {seen[0]}, {seen[1]}")
        unseen = out.let(f"icmp eq i64 {out.let(f'or i64 {either}, {watched}')}, 0")
        looked, calm = out.fresh("looked"), out.fresh("calm")
        out.branch(unseen, calm, looked, LIKELY)
        out.block(looked)
        out.declare("i32", "morrow_let_go", "ptr", "ptr", "i64", "i32")
        free = out.let(f"call i32 @morrow_let_go(ptr {frame}, ptr %copy, i64 {len(stored)}, i32 {int(self.function.loop >= 0)})")
        out.branch(out.let(f"icmp ne i32 {free}, 0"), calm, self.otherwise(op))
        out.block(calm)
        if self.function.loop >= 0:
            for place, held in stored:
                if not held.startswith("inttoptr"):
                    out.store("ptr", f"inttoptr (i64 {null_in_frames()} to ptr)", frame, start + 8 * place)
        for line in drops:
            out.line(line)

    def op_is_due(self, op: ir.Op) -> None:
        self.result(op, f"icmp ne i64 {guards.breaker(self.out, '%ts')}, 0")

    def region_name(self, number: int) -> str:
        """Return the symbol of a region's statistics."""
        return f"@{self.function.name}_region{number}"

    def op_poll(self, op: ir.Op) -> None:
        out = self.out
        if op.attributes:
            turns = f"@{self.module.name}_turns"
            left = out.let(f"sub i64 {out.load('i64', turns)}, 1")
            out.store("i64", left, turns)
            more = out.fresh("more")
            out.branch(out.let(f"icmp ne i64 {left}, 0"), more, self.otherwise(op), LIKELY)
            out.block(more)
        if self.region >= 0:
            release.emit_poll(out, self.region_name(self.region), self.otherwise(op))
            return
        busy, done = out.fresh("busy"), out.fresh("calm")
        due = guards.breaker(out, "%ts")
        out.branch(out.let(f"icmp eq i64 {due}, 0"), done, busy, LIKELY)
        out.block(busy)
        answer = out.call("i32", "morrow_poll", "ptr %ts")
        out.branch(out.let(f"icmp eq i32 {answer}, 0"), done, self.otherwise(op))
        out.block(done)

    # -- terminators -------------------------------------------------------------------------------------------------------

    def target(self, op: ir.Op, which: int) -> str:
        """Note an edge and return its label."""
        label, arguments = op.targets[which]
        self.incoming[label].append((self.out.label, arguments))
        return label

    def op_jump(self, op: ir.Op) -> None:
        self.cross(op, 0)
        self.out.line(f"br label %{self.target(op, 0)}")

    def op_branch(self, op: ir.Op) -> None:
        out = self.out
        if not self.regions or all(self.regions.get(label, -1) == self.region for label, _ in op.targets):
            out.branch(self.text(op.operands[0]), self.target(op, 0), self.target(op, 1))
            return
        edges = [out.fresh("edge"), out.fresh("edge")]
        out.branch(self.text(op.operands[0]), *edges)
        for which, edge in enumerate(edges):
            out.block(edge)
            self.cross(op, which)
            out.line(f"br label %{self.target(op, which)}")

    def cross(self, op: ir.Op, which: int) -> None:
        """Write what is due on an edge between a region and what is around it."""
        there = self.regions.get(op.targets[which][0], -1)
        if there != self.region:
            if self.region >= 0:
                release.emit_exit(self.out)
            if there >= 0:
                release.emit_entry(self.out, self.region_name(there))

    def op_return(self, op: ir.Op) -> None:
        tag, bits = (self.text(o) for o in op.operands)
        if self.entered and self.counts:
            self.uncount()
        pair = self.out.let(f"insertvalue {{i64, i64}} poison, i64 {tag}, 0")
        pair = self.out.let(f"insertvalue {{i64, i64}} {pair}, i64 {bits}, 1")
        self.out.line(f"ret {{i64, i64}} {pair}")

    def op_leave(self, op: ir.Op) -> None:
        self.out.line(f"br label %{self.otherwise(op)}")


#: operations that are one LLVM instruction
_SIMPLE = {
    "int_and": "and i64 {0}, {1}",
    "int_or": "or i64 {0}, {1}",
    "int_xor": "xor i64 {0}, {1}",
    "int_wrap_add": "add i64 {0}, {1}",
    "int_below": "icmp ult i64 {0}, {1}",
    "bool_to_int": "zext i1 {0} to i64",
    "not": "xor i1 {0}, true",
    "choose_int": "select i1 {0}, i64 {1}, i64 {2}",
    "choose_float": "select i1 {0}, double {1}, double {2}",
    "float_add": "fadd double {0}, {1}",
    "float_sub": "fsub double {0}, {1}",
    "float_mul": "fmul double {0}, {1}",
    "float_neg": "fneg double {0}",
    "tag_of": "extractvalue {{i64, i64}} {0}, 0",
    "bits_of": "extractvalue {{i64, i64}} {0}, 1",
    "bits_to_float": "bitcast i64 {0} to double",
    "float_to_bits": "bitcast double {0} to i64",
    "bits_to_bool": "trunc i64 {0} to i1",
    "bits_to_ptr": "inttoptr i64 {0} to ptr",
    "ptr_to_bits": "ptrtoint ptr {0} to i64",
    "same": "icmp eq ptr {0}, {1}",
    "is_null": "icmp eq ptr {0}, null",
}


def _recursion(what: str = "remaining") -> int:
    one = HERE.eval_breaker == "interpreter" and HERE.error_indicator == "triple"  # type: ignore[union-attr]
    return offset(f"PyThreadState.{'' if one else 'py_'}recursion_{what}")


def shallow(out: Text, ts: str) -> str:
    """Return whether the thread is less than `MOST_FRAMES` Python calls deep."""
    used = out.let(f"sub i32 {out.load('i32', ts, _recursion('limit'))}, {out.load('i32', ts, _recursion())}")
    return out.let(f"icmp slt i32 {used}, {MOST_FRAMES}")


def _pointer(code: CodeType, exit: ir.Exit) -> int:
    """Distance from the code's start that a frame's instruction pointer must have for this exit.

    Resuming: hosts up to 3.12 keep the last instruction executed (prev_instr), later ones the next (instr_ptr). Raising:
    both point at the instruction, but where handlers are looked up one unit before the pointer (ceval.c, the throw path
    of 3.13) it must be one further if the unit before belongs to other handlers.
    """
    if not exit.raises:
        return exit.offset if HERE.current_frame == "thread" else exit.offset - 2  # type: ignore[union-attr]
    if HERE.throws_behind and layout.handler_of(code, exit.offset - 2) != layout.handler_of(code, exit.offset):  # type: ignore[union-attr]
        return exit.offset + 2
    return exit.offset
