"""The tests of `plain` as LLVM text: i1 @morrow_plain_<test>(operands), part of the runtime that compiled code calls.

    morrow_plain_table        `plain.SLOTS` pairs of words: address of a class or PyMethodDef, what is known (rule above bit 32)
    morrow_plain_known(p)     the second word, 0 for what is not in the table
"""

from __future__ import annotations

from morrow.jit import plain
from morrow.jit.objects import offset

EXPORTS = ("morrow_plain_table", "morrow_plain_known", "morrow_item_at", "morrow_put_at", *(f"morrow_plain_{test}" for test in plain.TESTS))
#: what the text refers to outside itself
GLOBALS = ("PyTuple_Type", "PyList_Type", "PySlice_Type", "PyBool_Type", "PyType_Type", "PyBaseObject_Type", "PyLong_Type", "PyUnicode_Type", "PyBytes_Type", "PyModule_Type",
           "PyCFunction_Type", "PyMethodDescr_Type", "PyMemberDescr_Type", "PyObject_SelfIter", "PyObject_GenericGetAttr", "PyObject_GenericSetAttr")  # fmt: skip
DECLARES = ("declare i32 @PyDict_Contains(ptr, ptr)", "declare ptr @_PyType_Lookup(ptr, ptr)", "declare ptr @PySequence_GetItem(ptr, i64)",
            "declare i32 @PySequence_SetItem(ptr, i64, ptr)", "declare ptr @PyObject_GetItem(ptr, ptr)", "declare i32 @PyObject_SetItem(ptr, ptr, ptr)",
            "declare ptr @PyLong_FromLongLong(i64)", "declare void @Py_DecRef(ptr)")  # fmt: skip


class _Body:
    """One function: tests that end in ``yes`` or ``no``."""

    def __init__(self, name: str, *parameters: str, visible: bool = True) -> None:
        given = ", ".join(f"{'i64' if p in ('kind', 'count') else 'ptr'} %{p}" for p in parameters)
        self.lines = [f"define {'' if visible else 'internal '}i1 @{name}({given}) {'noinline ' if visible else ''}{{", "entry:"]
        self.count = 0
        self.ended = False

    def let(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"  %v{self.count} = {text}")
        return f"%v{self.count}"

    def label(self) -> str:
        self.count += 1
        return f"l{self.count}"

    def at(self, label: str) -> None:
        self.lines.append(f"{label}:")

    def go(self, label: str) -> None:
        self.lines.append(f"  br label %{label}")

    def branch(self, condition: str, yes: str, no: str) -> None:
        self.lines.append(f"  br i1 {condition}, label %{yes}, label %{no}")

    def load(self, type: str, pointer: str, distance: int | str = 0) -> str:
        where = self.let(f"getelementptr i8, ptr {pointer}, i64 {distance}")
        return self.let(f"load {type}, ptr {where}")

    def class_of(self, pointer: str) -> str:
        return self.load("ptr", pointer, offset("PyObject.ob_type"))

    def bits(self, pointer: str) -> str:
        """What is known of an object's class."""
        return self.let(f"call i64 @morrow_plain_known(ptr {self.class_of(pointer)})")

    def has(self, bits: str, wanted: int) -> str:
        return self.let(f"icmp ne i64 {self.let(f'and i64 {bits}, {wanted}')}, 0")

    def is_(self, pointer: str, wanted: int) -> str:
        return self.has(self.bits(pointer), wanted)

    def often(self, pointer: str, yes: str = "yes") -> None:
        """The same answer *yes* without a look at the table, for an int and a str, which most are."""
        cls = self.class_of(pointer)
        self.if_(self.same(cls, "@PyLong_Type"), yes)
        self.if_(self.same(cls, "@PyUnicode_Type"), yes)

    def same(self, a: str, b: str) -> str:
        return self.let(f"icmp eq ptr {a}, {b}")

    def ask(self, name: str, *operands: str) -> str:
        return self.let(f"call i1 @{name}({', '.join(operands)})")

    def if_(self, condition: str, yes: str = "yes") -> None:
        """Answer *yes* if the condition holds, else go on."""
        here = self.label()
        self.branch(condition, yes, here)
        self.at(here)

    def unless(self, condition: str, no: str = "no") -> None:
        """Answer no unless the condition holds, else go on."""
        here = self.label()
        self.branch(condition, here, no)
        self.at(here)

    def give(self, condition: str) -> None:
        self.lines.append(f"  ret i1 {condition}")

    def both(self, a: str, b: str) -> str:
        return self.let(f"and i1 {a}, {b}")

    def text(self) -> list[str]:
        # blocks nothing leads to are dropped when the text is optimised
        return [*self.lines, "yes:", "  ret i1 true", "no:", "  ret i1 false", "}"]


def runtime_lines() -> list[str]:
    """Return the definitions, one line after the other."""
    return [
        f"@morrow_plain_table = global [{2 * plain.SLOTS} x i64] zeroinitializer",
        *_known(),
        *_items("morrow_plain_scalars_in", "morrow_plain_scalar"),
        *_items("morrow_plain_keys_in", "morrow_plain_key"),
        *_items("morrow_plain_compared_in", "morrow_plain_compared", plain.MOST_ITEMS),
        *_scalars(),
        *_indexes(),
        *_subscripts(),
        *_numbers(),
        *_comparisons(),
        *_at(),
        *_iteration(),
        *_attributes(),
        *_argument(),
        *_call(),
    ]


def _known() -> list[str]:
    return f"""define i64 @morrow_plain_known(ptr %key) noinline {{
entry:
  %word = ptrtoint ptr %key to i64
  %near = lshr i64 %word, 4
  %far = lshr i64 %word, 14
  %mixed = xor i64 %near, %far
  br label %next
next:
  %place = phi i64 [ %mixed, %entry ], [ %more, %other ]
  %at = and i64 %place, {plain.SLOTS - 1}
  %twice = shl i64 %at, 1
  %slot = getelementptr i64, ptr @morrow_plain_table, i64 %twice
  %held = load atomic i64, ptr %slot acquire, align 8
  %same = icmp eq i64 %held, %word
  br i1 %same, label %found, label %look
look:
  %empty = icmp eq i64 %held, 0
  br i1 %empty, label %none, label %other
other:
  %more = add i64 %at, 1
  br label %next
found:
  %value = getelementptr i64, ptr %slot, i64 1
  %known = load i64, ptr %value
  ret i64 %known
none:
  ret i64 0
}}""".splitlines()


def _items(name: str, test: str, most: int | None = None) -> list[str]:
    """Whether something holds of each item of a list or tuple."""
    size = f"""  %few = icmp sle i64 %size, {most}
  br i1 %few, label %which, label %no""" if most is not None else "  br label %which"  # fmt: skip
    return f"""define internal i1 @{name}(ptr %sequence) {{
entry:
  %class_at = getelementptr i8, ptr %sequence, i64 {offset("PyObject.ob_type")}
  %class = load ptr, ptr %class_at
  %size_at = getelementptr i8, ptr %sequence, i64 {offset("PyVarObject.ob_size")}
  %is_list = icmp eq ptr %class, @PyList_Type
  %is_tuple = icmp eq ptr %class, @PyTuple_Type
  %either = or i1 %is_list, %is_tuple
  br i1 %either, label %measure, label %no
measure:
  %size = load i64, ptr %size_at
{size}
which:
  br i1 %is_list, label %list, label %tuple
list:
  %items_at = getelementptr i8, ptr %sequence, i64 {offset("PyListObject.ob_item")}
  %list_items = load ptr, ptr %items_at
  br label %start
tuple:
  %tuple_items = getelementptr i8, ptr %sequence, i64 {offset("PyTupleObject.ob_item")}
  br label %start
start:
  %items = phi ptr [ %list_items, %list ], [ %tuple_items, %tuple ]
  br label %next
next:
  %at = phi i64 [ 0, %start ], [ %then, %good ]
  %over = icmp sge i64 %at, %size
  br i1 %over, label %yes, label %one
one:
  %item_at = getelementptr ptr, ptr %items, i64 %at
  %item = load ptr, ptr %item_at
  %fine = call i1 @{test}(ptr %item)
  br i1 %fine, label %good, label %no
good:
  %then = add i64 %at, 1
  br label %next
yes:
  ret i1 true
no:
  ret i1 false
}}""".splitlines()


def _slots_are_objects(body: _Body, cls: str, *fields: str) -> str:
    """Whether a class has these slots from object."""
    answers = [body.same(body.load("ptr", cls, offset("PyTypeObject." + f)), body.load("ptr", "@PyBaseObject_Type", offset("PyTypeObject." + f))) for f in fields]
    answer = answers[0]
    for other in answers[1:]:
        answer = body.both(answer, other)
    return answer


def _scalars() -> list[str]:
    scalar = _Body("morrow_plain_scalar", "a")
    scalar.give(scalar.is_("%a", plain.SCALAR))
    two = _Body("morrow_plain_scalars", "a", "b")
    two.unless(two.is_("%a", plain.SCALAR))
    two.give(two.is_("%b", plain.SCALAR))
    key = _Body("morrow_plain_key", "a")
    key.often("%a")
    key.if_(key.is_("%a", plain.SCALAR))
    cls = key.class_of("%a")
    key.if_(key.same(cls, "@PyTuple_Type"), "tuple")
    key.give(_slots_are_objects(key, cls, "tp_hash", "tp_richcompare"))
    key.at("tuple")
    key.give(key.ask("morrow_plain_keys_in", "ptr %a"))
    compared = _Body("morrow_plain_compared", "a", visible=False)
    compared.often("%a")
    compared.if_(compared.is_("%a", plain.COMPARES))
    compared.give(_slots_are_objects(compared, compared.class_of("%a"), "tp_richcompare"))
    return [*scalar.text(), *two.text(), *key.text(), *compared.text()]


def _indexes() -> list[str]:
    """morrow_plain_index: a scalar, or a slice of scalars."""
    index = _Body("morrow_plain_index", "a", visible=False)
    index.often("%a")
    index.if_(index.is_("%a", plain.SCALAR))
    index.unless(index.same(index.class_of("%a"), "@PySlice_Type"))
    for part in ("start", "stop", "step"):
        index.unless(index.is_(index.load("ptr", "%a", offset("PySliceObject." + part)), plain.SCALAR))
    index.give("true")
    return index.text()


def _subscripts() -> list[str]:
    item = _Body("morrow_plain_item", "a", "key")
    bits = item.bits("%a")
    item.if_(item.has(bits, plain.INDEXED), "indexed")
    item.unless(item.has(bits, plain.MAPPING | plain.FACTORY))
    item.unless(item.ask("morrow_plain_key", "ptr %key"))
    item.if_(item.has(bits, plain.MAPPING))
    there = item.let("call i32 @PyDict_Contains(ptr %a, ptr %key)")
    item.give(item.let(f"icmp eq i32 {there}, 1"))
    item.at("indexed")
    item.give(item.ask("morrow_plain_index", "ptr %key"))

    put = _Body("morrow_plain_set_item", "a", "key", "value")
    bits = put.bits("%a")
    put.if_(put.has(bits, plain.HOLDS), "holds")
    put.if_(put.has(bits, plain.PACKED), "packed")
    put.unless(put.has(bits, plain.MAPPING | plain.FACTORY))
    put.give(put.ask("morrow_plain_key", "ptr %key"))
    put.at("holds")
    put.if_(put.is_("%key", plain.SCALAR))
    put.unless(put.ask("morrow_plain_index", "ptr %key"))
    put.give(_list_or_tuple(put, "%value"))
    put.at("packed")
    put.unless(put.ask("morrow_plain_index", "ptr %key"))
    put.give(put.is_("%value", plain.SCALAR | plain.PACKED))

    indexed = _Body("morrow_plain_indexed", "a")
    indexed.give(indexed.is_("%a", plain.SEQUENCE))
    takes = _Body("morrow_plain_takes", "a", "value")
    bits = takes.bits("%a")
    takes.if_(takes.has(bits, plain.HOLDS))
    takes.unless(takes.has(bits, plain.PACKED))
    takes.give(takes.is_("%value", plain.SCALAR))

    delete = _Body("morrow_plain_delete_item", "a", "key")
    bits = delete.bits("%a")
    delete.if_(delete.has(bits, plain.INDEXED), "indexed")
    delete.unless(delete.has(bits, plain.MAPPING | plain.FACTORY))
    delete.give(delete.ask("morrow_plain_key", "ptr %key"))
    delete.at("indexed")
    delete.give(delete.ask("morrow_plain_index", "ptr %key"))

    contains = _Body("morrow_plain_contains", "a", "item")
    bits = contains.bits("%a")
    contains.if_(contains.has(bits, plain.MEMBERS), "members")
    contains.if_(contains.has(bits, plain.VALUES), "values")
    contains.unless(contains.ask("morrow_plain_compared", "ptr %item"))
    contains.give(contains.ask("morrow_plain_compared_in", "ptr %a"))
    contains.at("members")
    contains.give(contains.ask("morrow_plain_key", "ptr %item"))
    contains.at("values")
    contains.give(contains.is_("%item", plain.SCALAR))

    part = _Body("morrow_plain_slice", "a", "start", "stop")
    part.unless(part.is_("%a", plain.INDEXED))
    part.unless(part.is_("%start", plain.SCALAR))
    part.give(part.is_("%stop", plain.SCALAR))

    put_part = _Body("morrow_plain_set_slice", "a", "start", "stop", "value")
    put_part.unless(put_part.is_("%start", plain.SCALAR))
    put_part.unless(put_part.is_("%stop", plain.SCALAR))
    bits = put_part.bits("%a")
    put_part.if_(put_part.has(bits, plain.HOLDS), "holds")
    put_part.unless(put_part.has(bits, plain.PACKED))
    put_part.give(put_part.is_("%value", plain.SCALAR | plain.PACKED))
    put_part.at("holds")
    put_part.give(_list_or_tuple(put_part, "%value"))
    return [*item.text(), *indexed.text(), *takes.text(), *put.text(), *delete.text(), *contains.text(), *part.text(), *put_part.text()]


def _at() -> list[str]:
    """morrow_item_at(sequence, number), morrow_put_at(sequence, number, value): what a subscript does, without an int object where
    the number is not negative. (bytearray's sq_ass_item adds the length once more to what PySequence_SetItem has added it to.)"""
    lines = []
    for head, simple, general, answer, type in (
        ("ptr @morrow_item_at(ptr %a, i64 %at)", "@PySequence_GetItem(ptr %a, i64 %at)", "@PyObject_GetItem(ptr %a, ptr %key)", "null", "ptr"),
        ("i32 @morrow_put_at(ptr %a, i64 %at, ptr %value)", "@PySequence_SetItem(ptr %a, i64 %at, ptr %value)",
         "@PyObject_SetItem(ptr %a, ptr %key, ptr %value)", "-1", "i32"),
    ):  # fmt: skip
        lines += f"""define {head} noinline {{
entry:
  %negative = icmp slt i64 %at, 0
  br i1 %negative, label %box, label %simple
simple:
  %item = call {type} {simple}
  ret {type} %item
box:
  %key = call ptr @PyLong_FromLongLong(i64 %at)
  %failed = icmp eq ptr %key, null
  br i1 %failed, label %none, label %ask
ask:
  %result = call {type} {general}
  call void @Py_DecRef(ptr %key)
  ret {type} %result
none:
  ret {type} {answer}
}}""".splitlines()
    return lines


def _list_or_tuple(body: _Body, pointer: str) -> str:
    cls = body.class_of(pointer)
    return body.let(f"or i1 {body.same(cls, '@PyList_Type')}, {body.same(cls, '@PyTuple_Type')}")


def _numbers() -> list[str]:
    lines: list[str] = []
    for name, wanted in (("add", plain.NUMBER | plain.SEQUENCE), ("number", plain.NUMBER)):
        body = _Body(f"morrow_plain_{name}", "a", "b")
        body.unless(body.is_("%a", wanted))
        body.give(body.is_("%b", wanted))
        lines += body.text()
    modulo = _Body("morrow_plain_modulo", "a", "b")
    bits = modulo.bits("%a")
    modulo.if_(modulo.has(bits, plain.NUMBER), "number")
    cls = modulo.class_of("%a")
    text = modulo.let(f"or i1 {modulo.same(cls, '@PyUnicode_Type')}, {modulo.same(cls, '@PyBytes_Type')}")
    modulo.unless(modulo.both(text, modulo.has(bits, plain.SCALAR)))
    modulo.if_(modulo.is_("%b", plain.SCALAR))
    modulo.unless(modulo.same(modulo.class_of("%b"), "@PyTuple_Type"))
    modulo.give(modulo.ask("morrow_plain_scalars_in", "ptr %b"))
    modulo.at("number")
    modulo.give(modulo.is_("%b", plain.NUMBER))
    one = _Body("morrow_plain_one", "a")
    one.give(one.is_("%a", plain.NUMBER))
    invert = _Body("morrow_plain_invert", "a")
    # ~True warns on some hosts, which is Python code
    invert.if_(invert.same(invert.class_of("%a"), "@PyBool_Type"), "no")
    invert.give(invert.is_("%a", plain.NUMBER))
    return [*lines, *modulo.text(), *one.text(), *invert.text()]


def _comparisons() -> list[str]:
    body = _Body("morrow_plain_compare", "a", "b")
    first, second = body.bits("%a"), body.bits("%b")
    body.if_(body.has(body.let(f"and i64 {first}, {second}"), plain.COMPARES))
    body.if_(body.both(body.has(first, plain.KNOWN), body.has(second, plain.SCALAR)))
    body.if_(body.both(body.has(first, plain.SCALAR), body.has(second, plain.KNOWN)))
    body.if_(_list_or_tuple(body, "%a"), "items")
    body.if_(body.ask("morrow_plain_compared", "ptr %a"), "other")
    body.go("no")
    body.at("items")
    body.unless(body.ask("morrow_plain_compared_in", "ptr %a"))
    body.give(body.ask("morrow_plain_compared_in", "ptr %b"))
    body.at("other")
    body.give(body.ask("morrow_plain_compared", "ptr %b"))
    return body.text()


def _iteration() -> list[str]:
    make = _Body("morrow_plain_iter", "a")
    make.if_(make.is_("%a", plain.ITERABLE | plain.STARTS))
    make.give(make.same(make.load("ptr", make.class_of("%a"), offset("PyTypeObject.tp_iter")), "@PyObject_SelfIter"))
    step = _Body("morrow_plain_next", "a")
    bits = step.bits("%a")
    step.if_(step.has(bits, plain.ITERATOR))
    step.if_(step.has(bits, plain.WRAPS), "wraps")
    step.unless(step.has(bits, plain.WRAPS_MANY))
    step.give(step.ask("morrow_plain_iterators_in", f"ptr {step.load('ptr', '%a', 24)}"))
    step.at("wraps")
    step.give(step.is_(step.load("ptr", "%a", 24), plain.ITERATOR))
    inner = _Body("morrow_plain_iterator", "a", visible=False)
    inner.give(inner.is_("%a", plain.ITERATOR))
    return [*make.text(), *inner.text(), *_items("morrow_plain_iterators_in", "morrow_plain_iterator"), *step.text()]


def _attributes() -> list[str]:
    """What GenericGetAttr and type_getattro find (object.c, typeobject.c) runs no Python code unless a descriptor does."""
    binds = _Body("morrow_plain_binds", "found", visible=False)
    binds.if_(binds.let("icmp eq ptr %found, null"))
    binds.if_(binds.is_("%found", plain.BINDS))
    binds.give(binds.let(f"icmp eq ptr {binds.load('ptr', binds.class_of('%found'), offset('PyTypeObject.tp_descr_get'))}, null"))

    get = _Body("morrow_plain_attribute", "a", "name")
    cls = get.class_of("%a")
    get.if_(get.same(cls, "@PyType_Type"), "class")
    get.unless(get.same(get.load("ptr", cls, offset("PyTypeObject.tp_getattro")), "@PyObject_GenericGetAttr"))
    get.if_(get.is_("%a", plain.KNOWN))
    found = get.let(f"call ptr @_PyType_Lookup(ptr {cls}, ptr %name)")
    get.give(get.ask("morrow_plain_binds", f"ptr {found}"))
    get.at("class")
    meta = get.let("call ptr @_PyType_Lookup(ptr @PyType_Type, ptr %name)")
    get.unless(get.let(f"icmp eq ptr {meta}, null"))
    mine = get.let("call ptr @_PyType_Lookup(ptr %a, ptr %name)")
    get.give(get.ask("morrow_plain_binds", f"ptr {mine}"))

    put = _Body("morrow_plain_set_attribute", "a", "name", "value")
    cls = put.class_of("%a")
    put.unless(put.same(put.load("ptr", cls, offset("PyTypeObject.tp_setattro")), "@PyObject_GenericSetAttr"))
    found = put.let(f"call ptr @_PyType_Lookup(ptr {cls}, ptr %name)")
    put.if_(put.let(f"icmp eq ptr {found}, null"))
    kind = put.class_of(found)
    put.if_(put.same(kind, "@PyMemberDescr_Type"))
    put.give(put.let(f"icmp eq ptr {put.load('ptr', kind, offset('PyTypeObject.tp_descr_set'))}, null"))
    return [*binds.text(), *get.text(), *put.text()]


def _argument() -> list[str]:
    body = _Body("morrow_plain_argument", "kind", "a", visible=False)
    labels = {plain.SCALARS: "scalar", plain.KEYS: "key", plain.ITERABLES: "iterable", plain.ITERATORS: "iterator", plain.SIZED: "sized"}
    table = " ".join(f"i64 {kind}, label %{label}" for kind, label in labels.items())
    body.lines.append(f"  switch i64 %kind, label %yes [ {table} ]")
    body.at("scalar")
    body.if_(body.is_("%a", plain.SCALAR))
    body.unless(body.same(body.class_of("%a"), "@PyTuple_Type"))
    body.give(body.ask("morrow_plain_scalars_in", "ptr %a"))
    body.at("key")
    body.give(body.ask("morrow_plain_key", "ptr %a"))
    body.at("iterable")
    body.give(body.is_("%a", plain.ITERABLE | plain.ITERATOR))
    body.at("sized")
    body.give(body.is_("%a", plain.ITERABLE | plain.STARTS))
    body.at("iterator")
    body.give(body.ask("morrow_plain_next", "ptr %a"))
    return body.text()


def _call() -> list[str]:
    """morrow_plain_call(callee, arguments, count)"""
    body = _Body("morrow_plain_call", "callee", "arguments", "count")
    cls = body.class_of("%callee")
    body.if_(body.same(cls, "@PyMethodDescr_Type"), "method")
    body.if_(body.same(cls, "@PyCFunction_Type"), "function")
    body.unless(body.same(cls, "@PyType_Type"))
    class_rule = body.let(f"lshr i64 {body.let('call i64 @morrow_plain_known(ptr %callee)')}, 32")
    from_class = _here(body)
    body.go("rule")

    body.at("function")
    made = body.load("ptr", "%callee", offset("PyCFunctionObject.m_ml"))
    function_rule = body.let(f"lshr i64 {body.let(f'call i64 @morrow_plain_known(ptr {made})')}, 32")
    owner = body.load("ptr", "%callee", offset("PyCFunctionObject.m_self"))
    exact = body.has(function_rule, plain._EXACT)
    from_free = _here(body)
    body.branch(exact, "owner", "rule")
    body.at("owner")
    body.unless(body.let(f"icmp ne ptr {owner}, null"))
    from_module = _here(body)
    body.branch(body.same(body.class_of(owner), "@PyModule_Type"), "rule", "other")
    body.at("other")
    known_owner = body.is_(owner, plain.KNOWN)
    from_owner = _here(body)
    body.branch(known_owner, "rule", "no")

    body.at("method")
    body.unless(body.let("icmp ne i64 %count, 0"))
    made = body.load("ptr", "%callee", offset("PyMethodDescrObject.d_method"))
    method_rule = body.let(f"lshr i64 {body.let(f'call i64 @morrow_plain_known(ptr {made})')}, 32")
    behind = body.let("getelementptr ptr, ptr %arguments, i64 1")
    fewer = body.let("sub i64 %count, 1")
    exact = body.has(method_rule, plain._EXACT)
    from_any = _here(body)
    body.branch(exact, "exact", "rule")
    body.at("exact")
    known_self = body.is_(body.load("ptr", "%arguments"), plain.KNOWN)
    from_exact = _here(body)
    body.branch(known_self, "rule", "no")

    body.at("rule")
    edges = [
        (class_rule, "%arguments", "%count", from_class), (function_rule, "%arguments", "%count", from_free), (function_rule, "%arguments", "%count", from_module),
        (function_rule, "%arguments", "%count", from_owner), (method_rule, behind, fewer, from_any), (method_rule, behind, fewer, from_exact),
    ]  # fmt: skip
    rule, arguments, given = (
        body.let(f"phi {type} " + ", ".join(f"[ {edge[n]}, %{edge[3]} ]" for edge in edges)) for n, type in enumerate(("i64", "ptr", "i64"))
    )
    body.unless(body.has(rule, plain._PRESENT))
    most = body.let(f"and i64 {body.let(f'lshr i64 {rule}, {plain._MOST}')}, 15")
    few = body.let(f"icmp ule i64 {given}, {most}")
    many = body.let(f"icmp eq i64 {most}, 15")
    body.unless(body.let(f"or i1 {few}, {many}"))
    kind = body.let(f"and i64 {body.let(f'lshr i64 {rule}, {plain._KIND}')}, 15")
    count = body.let(f"and i64 {body.let(f'lshr i64 {rule}, {plain._COUNT}')}, 15")
    more = body.let(f"icmp ugt i64 {given}, {count}")
    count = body.let(f"select i1 {more}, i64 {count}, i64 {given}")
    start = _here(body)
    body.lines.append(f"  switch i64 {kind}, label %next [ i64 {plain.ATTRIBUTE}, label %attribute i64 {plain.CLASS}, label %class i64 {plain.CLASSES}, label %classes i64 {plain.ANY}, label %yes ]")
    body.at("next")
    body.lines.append(f"  %at = phi i64 [ 0, %{start} ], [ %then, %good ]")
    body.branch(body.let(f"icmp uge i64 %at, {count}"), "yes", "one")
    body.at("one")
    argument = body.let(f"load ptr, ptr {body.let(f'getelementptr ptr, ptr {arguments}, i64 %at')}")
    body.branch(body.ask("morrow_plain_argument", f"i64 {kind}", f"ptr {argument}"), "good", "no")
    body.at("good")
    body.lines.append("  %then = add i64 %at, 1")
    body.go("next")

    body.at("attribute")
    body.unless(body.let(f"icmp ule i64 {body.let(f'sub i64 {given}, 2')}, 1"))
    name = body.load("ptr", arguments, 8)
    body.unless(body.same(body.class_of(name), "@PyUnicode_Type"))
    body.give(body.ask("morrow_plain_attribute", f"ptr {body.load('ptr', arguments)}", f"ptr {name}"))

    body.at("class")
    body.unless(body.let(f"icmp eq i64 {given}, 2"))
    wanted = body.load("ptr", arguments, 8)
    body.unless(body.same(body.class_of(wanted), "@PyType_Type"))
    answer = body.let(f"call i32 @morrow_isinstance(ptr {body.load('ptr', arguments)}, ptr {wanted})")
    body.give(body.let(f"icmp ne i32 {answer}, 2"))

    body.at("classes")
    body.unless(body.let(f"icmp eq i64 {given}, 2"))
    first, second = (body.class_of(body.load("ptr", arguments, 8 * n)) for n in (0, 1))
    body.give(body.both(body.same(first, "@PyType_Type"), body.same(second, "@PyType_Type")))
    return body.text()


def _here(body: _Body) -> str:
    """Return the label of the block that is being written."""
    return next(line[:-1] for line in reversed(body.lines) if line.endswith(":") and not line.startswith(" "))
