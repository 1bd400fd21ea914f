"""What instructions on objects become: globals, attributes, items, iteration, building and taking apart.

    LOAD_GLOBAL f      the value under the name's entry in the module's dict; a function or class is guarded to be the same
    LOAD_ATTR x        guard the class and its version, then the value under the name the class's instances share
    BINARY_SUBSCR      guard list and int, bounds, item
    FOR_ITER           over range: numbers; over list and tuple: the real iterator, its next item read in place
"""

from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, ModuleType
from typing import TYPE_CHECKING

from morrow.host import HERE
from morrow.jit import ir, layout, plain
from morrow.jit.bytecode import Instruction
from morrow.jit.ir_types import LIST_ITERATOR, RANGE_ITERATOR, TUPLE_ITERATOR, Variable, is_heap
from morrow.jit.lift_seen import NeedsFrame
from morrow.jit.objects import offset

if TYPE_CHECKING:
    from morrow.jit.lift import Lifter

#: what a global may be for its identity to be worth assuming
_STEADY = (FunctionType, BuiltinFunctionType, type, ModuleType, MethodDescriptorType)


MOST_CLASSES = 4
"""Classes met at one place for each of which it gets a version of its own; with more it is done the general way."""


class Objects:
    """The handlers; mixed into `lift.Lifter`."""

    # -- globals ----------------------------------------------------------------------------------------------------------------

    def do_load_global(self: Lifter, i: Instruction) -> str | None:
        """Push a global or builtin (and the empty entry, if it is going to be called)."""
        name = str(i.argument)
        variable = self.global_value(name)
        if variable is None:
            return self.leave("global")
        if i.extra and HERE.null_before_callable:  # type: ignore[union-attr]
            self.push(Variable("null"))
        self.push(variable)
        if i.extra and not HERE.null_before_callable:  # type: ignore[union-attr]
            self.push(Variable("null"))
        return None

    def global_value(self: Lifter, name: str) -> Variable | None:
        """Return a global's value; None if its place cannot be told."""
        scope = self.function.__globals__
        builtins = self.function.__builtins__  # type: ignore[attr-defined]
        index = layout.find_entry(scope, name)
        if index is not None:
            return self.entry_value(scope, index, name)
        if type(scope) is not dict or name in scope:
            return None
        version = layout.make_keys_version(scope)
        index = layout.find_entry(builtins, name)
        if not version or index is None:
            return None
        self.emit("absent", self.object(scope), attributes=(version, name), exit=self.exit("global"))
        return self.entry_value(builtins, index, name)

    def entry_value(self: Lifter, mapping: dict[str, object], index: int, name: str) -> Variable:
        """Return the value of a dict's entry; a function, class or module is guarded to be the one it is now."""
        value = mapping[name]
        pointer = self.emit("entry", self.object(mapping), attributes=(index, name), exit=self.exit("global"))
        if isinstance(value, _STEADY) and not self.failed("global"):
            constant = self.object(value)
            self.guard(self.emit("same", pointer, constant), "global")
            return Variable("obj", (constant,), type(value) if not isinstance(value, type) else None, "stable")
        return Variable("obj", (pointer,), None, "weak")

    def do_store_global(self: Lifter, i: Instruction) -> str | None:
        """Set a global."""
        name = str(i.argument)
        self.box_top(1)
        self.stabilise()
        value = self.state.stack[-1].value
        scope = self.object(self.function.__globals__)
        # a str key and a dict: no Python code but the old value's end
        self.emit("call_c_int", scope, self.object(name), value, attributes=("PyDict_SetItem", "i32"), exit=self.exit("raised", raises=True))
        self.drop_top(1)
        return None

    # -- classes ------------------------------------------------------------------------------------------------------------------

    def unchanged(self: Lifter, cls: type) -> bool:
        """Guard that a class is as it is now; False if it has no version to tell by."""
        if cls in self.verified or not is_heap(cls):
            return True
        version = layout.version_of(cls)
        if not version:
            return False
        self.guard(self.emit("version_is", self.object(cls), ir.Literal(version)), "shape")
        self.verified.add(cls)
        return True

    def class_at(self: Lifter, i: Instruction) -> type | None:
        """Return the class the host has specialised an attribute instruction for, or None."""
        if i.hint == i.host or "ADAPTIVE" in i.hint:
            return None
        return self.classes.get(layout.cached_type_version(i.cache))

    # -- attributes ---------------------------------------------------------------------------------------------------------------

    def do_load_attr(self: Lifter, i: Instruction) -> str | None:
        """Replace an object by its attribute, or by a method and itself."""
        name, method = str(i.argument), bool(i.extra)
        stack = self.state.stack
        if stack[-1].kind == "dyn" and self.fork(stack[-1], "stack", len(stack) - 1) == "end":
            return "end"
        variable = stack[-1]
        known = self.known(variable)
        if isinstance(known, ModuleType):
            self.kept.append(known.__dict__)
            index = layout.find_entry(known.__dict__, name)
            if index is None:
                return self.leave("unsupported")
            value = self.entry_value(known.__dict__, index, name)
            self.pop()
            self.push_attribute(value, None, method)
            return None
        if isinstance(known, type) and type(known) is type:
            done = self.class_attribute(variable, known, name, method)
            if done is not None:
                return None
        if variable.kind != "obj":
            return self.any_attribute(name, method)
        cls = variable.cls or variable.likely or self.class_at(i)
        if cls is None and method:
            cls = _METHOD_CLASSES.get(name) if i.hint != i.host and "ADAPTIVE" not in i.hint else None
        if variable.cls is None and not variable.likely and self.was_executed(i):
            done = self.by_class(len(stack) - 1, cls, lambda: self.any_attribute(name, method))
            if done:
                return done
            variable = stack[-1]
        if cls is None:
            return self.any_attribute(name, method)
        variable = self.is_class(variable, cls)
        return self.attribute(variable, cls, name, method)

    def class_attribute(self: Lifter, variable: Variable, owner: type, name: str, method: bool) -> str | None:
        """Push an attribute of a known class; None if its metaclass or the attribute itself has a say in it."""
        found = _lookup(owner, name)
        if found is None or _lookup(type, name) is not None or not is_heap(owner):
            return None
        if isinstance(found, staticmethod):
            found = found.__func__
        elif not isinstance(found, FunctionType) and hasattr(type(found), "__get__"):
            return None
        if not self.unchanged(owner):
            return None
        self.pop()
        self.push_attribute(self.constant(found), None, method)
        if variable.owned:
            self.drop(variable)
        return "done"

    def do_load_super_attr(self: Lifter, i: Instruction) -> str | None:
        """Replace super, a class and an object by an attribute as the classes behind that class have it."""
        name, method = str(i.argument), bool(i.extra)
        if self.seen_c("morrow_super", 3, self.object(name)) == "end":
            return "end"
        if method:
            self.push_attribute(self.pop(), None, True)
        return None

    def by_class(self: Lifter, where: int, expected: type | None, otherwise: Callable[[], str | None]) -> str:
        """Start the current instruction again for each class a stack entry is likely to have.

        Args:
            expected: the class the host has specialised the instruction for, or None.
            otherwise: does the instruction for any class.

        Returns "" if there is only one such class, "end" when everything is done.
        """
        i = self.instructions[self.index]
        classes = self.session.classes_met(self.function, i.offset)
        if expected is not None and expected not in classes:
            classes = (expected, *classes)
            if self.session.profiling:
                # by the next compile the host may have specialised it for another
                self.session.remember(self.function, i.offset, expected)
        pointer = self.state.stack[where].value

        def note() -> str | None:
            self.emit("meet", pointer, attributes=(i.offset,))
            return otherwise()

        if len(classes) > MOST_CLASSES:
            classes, many = classes[:1], True
        else:
            many = False
        if self.session.profiling:
            return self.choose_class(where, classes, note)
        if many or not classes:
            return self.choose_class(where, classes, otherwise)
        if (self.visible or self.session.depth == 1 and not self.osr) and self.in_loop():
            # leaving would cost the rest of the loop, which may be all there is to do; and CPython's calls need no frame shown
            if not self.visible:
                raise NeedsFrame
            return self.choose_class(where, classes, note)
        return self.choose_class(where, classes) if len(classes) > 1 else ""

    def any_attribute(self: Lifter, name: str, method: bool) -> str | None:
        """Replace the top entry by its attribute, however its class finds it."""
        hint = self.instructions[self.index].hint
        likely = hint != self.instructions[self.index].host and not any(word in hint for word in ("ADAPTIVE", "PROPERTY", "OVERRIDDEN"))
        if self.seen_c("PyObject_GetAttr", 1, self.object(name), test="attribute", likely=likely) == "end":
            return "end"
        if method:
            self.attribute_names[self.state.stack[-1].value] = name
            self.push_attribute(self.pop(), None, True)
        return None

    def attribute(self: Lifter, variable: Variable, cls: type, name: str, method: bool) -> str | None:
        """Push an attribute of an object whose class is known."""
        # many classes made in C have a __getattribute__ of their own that is object's function
        if layout.slot(cls, "tp_getattro") != layout.slot(object, "tp_getattro") or issubclass(cls, type):
            return self.any_attribute(name, method)
        found = _lookup(cls, name)
        if self.failed("shape") or not self.unchanged(cls):
            return self.any_attribute(name, method)
        if found is None:
            if self.has_dict(cls, self.instructions[self.index]):
                pointer: ir.Value | None = self.dict_value(variable, name)
            else:
                pointer = self.instance_value(variable, cls, name)
            if pointer is None:
                return self.any_attribute(name, method)
            self.guard(self.emit("not", self.emit("is_null", pointer)), "shape")
            self.replace_top(pointer, method)
            return None
        if isinstance(found, FunctionType | MethodDescriptorType):
            if not method:
                return self.any_attribute(name, method)
            if not self.not_shadowed(variable, cls, name):
                return self.any_attribute(name, method)
            self.pop()
            self.push_attribute(Variable("obj", (self.object(found),), type(found), "stable"), variable, True)
            return None
        place = layout.slot_offset(found) if type(found).__name__ == "member_descriptor" else None
        if place is not None:
            pointer = self.emit("field", variable.value, attributes=(place,))
            self.guard(self.emit("not", self.emit("is_null", pointer)), "shape")
            self.replace_top(pointer, method)
            return None
        if not hasattr(type(found), "__get__") and not isinstance(found, type) and self.not_shadowed(variable, cls, name):
            # a plain value of the class (a constant, a counter): the version guard says it is still this one
            self.pop()
            self.drop(variable)
            self.push_attribute(self.constant(found), None, method)
            return None
        return self.any_attribute(name, method)

    def instance_value(self: Lifter, variable: Variable, cls: type, name: str) -> ir.Value | None:
        """Return the reference an instance keeps under a name, perhaps null; None if its class does not keep it so."""
        if not layout.keeps_values(cls):
            return None
        index = layout.shared_index(cls, name)
        if index is None:
            return None
        self.guard(self.emit("has_values", variable.value, attributes=(self.object(cls).index,)), "shape")
        return self.emit("value", variable.value, attributes=(self.object(cls).index, index))

    def has_dict(self: Lifter, cls: type, i: Instruction) -> bool:
        """Return whether instances of a class are known to keep their attributes in dicts of their own.

        The host's inline caches say so (LOAD_ATTR_WITH_HINT and the like): for attributes only, on most hosts, so what
        they said once holds for everything else that is lifted together.
        """
        if not layout.flags(cls) & offset("Py_TPFLAGS_MANAGED_DICT") or self.failed("dict"):
            return False
        if "WITH_HINT" in i.hint or "METHOD_WITH_DICT" in i.hint:
            self.session.with_dicts.add(cls)
        return cls in self.session.with_dicts

    def dict_value(self: Lifter, variable: Variable, name: str) -> ir.Value:
        """Return the reference an instance keeps under a name in its dict, perhaps null."""
        i = self.instructions[self.index]
        mapping = self.emit("instance_dict", variable.value, exit=self.exit("dict"))
        return self.emit("dict_value", mapping, attributes=(layout.cached_index(i.cache) if "WITH_HINT" in i.hint else 0, name))

    def not_shadowed(self: Lifter, variable: Variable, cls: type, name: str) -> bool:
        """Guard that an instance has no attribute of this name itself."""
        if not cls.__dictoffset__:
            return True
        if self.has_dict(cls, self.instructions[self.index]):
            self.guard(self.emit("is_null", self.dict_value(variable, name)), "shape")
            return True
        if not layout.keeps_values(cls):
            if not layout.flags(cls) & offset("Py_TPFLAGS_MANAGED_DICT"):
                return False
            # an instance of a builtin's subclass that has got no attributes has no dict yet
            self.guard(self.emit("no_dict", variable.value), "shape")
            return True
        if layout.shared_index(cls, name) is not None:
            pointer = self.instance_value(variable, cls, name)
            assert pointer is not None
            self.guard(self.emit("is_null", pointer), "shape")
            return True
        self.guard(self.emit("has_values", variable.value, attributes=(self.object(cls).index,)), "shape")
        self.guard(self.emit("keys_are", self.object(cls), ir.Literal(layout.shared_count(cls))), "shape")
        return True

    def replace_top(self: Lifter, pointer: ir.Operand, method: bool) -> None:
        """The top entry's object gives way to what it refers to."""
        variable = self.pop()
        if variable.owned:
            self.emit("incref", pointer)
            new = Variable("obj", (pointer,), None, "own")
            self.push(new)
            place = len(self.state.stack) - 1
            self.drop(variable)
            new = self.state.stack[place]
            self.pop()
        else:
            new = Variable("obj", (pointer,), None, "weak")
        self.push_attribute(new, None, method)

    def push_attribute(self: Lifter, value: Variable, self_: Variable | None, method: bool) -> None:
        """Push an attribute the way the host wants it: with an empty entry or the object if it is going to be called."""
        if not method:
            self.push(value)
        elif self_ is not None:
            self.push(value)
            self.push(self_)
        elif HERE.null_before_callable:  # type: ignore[union-attr]
            self.push(Variable("null"))
            self.push(value)
        else:
            self.push(value)
            self.push(Variable("null"))

    def do_store_attr(self: Lifter, i: Instruction) -> str | None:
        """Set an attribute that exists already; a new one is the interpreter's (it decides about shared names)."""
        name = str(i.argument)
        stack = self.state.stack
        for place in (-1, -2):
            if stack[place].kind == "dyn" and self.fork(stack[place], "stack", len(stack) + place) == "end":
                return "end"
        variable = stack[-1]
        cls = variable.cls or variable.likely or self.class_at(i)
        if variable.kind == "obj" and variable.cls is None and not variable.likely and self.was_executed(i):
            done = self.by_class(len(stack) - 1, cls, lambda: self.set_any_attribute(name))
            if done:
                return done
            variable = stack[-1]
        if variable.kind != "obj" or cls is None:
            return self.set_any_attribute(name)
        variable = self.is_class(variable, cls)
        if layout.slot(cls, "tp_setattro") != layout.slot(object, "tp_setattro") or issubclass(cls, type) or not self.unchanged(cls):
            return self.set_any_attribute(name)
        found = _lookup(cls, name)
        place_ = layout.slot_offset(found) if type(found).__name__ == "member_descriptor" else None
        if self.failed("shape"):
            return self.set_any_attribute(name)
        if place_ is not None:
            operation, attributes = "field_store", (place_,)
        elif (found is None or not _says_how_to_set(found)) and self.has_dict(cls, i):
            return self.set_in_dict(variable, name)
        elif found is None or not _says_how_to_set(found):
            if self.instance_value(variable, cls, name) is None:
                return self.set_any_attribute(name)
            index = layout.shared_index(cls, name)
            self.guard(self.emit("takes_value", variable.value, attributes=(self.object(cls).index, index)), "shape")
            operation, attributes = "value_store", (self.object(cls).index, index)  # type: ignore[assignment]
        else:
            return self.set_any_attribute(name)
        self.stabilise()
        holder = self.state.stack[-1]
        new = self.own(self.state.stack[-2])
        before = self.emit(operation, holder.value, new, attributes=attributes)
        del self.state.stack[-2:]
        self.emit("drop_old", before)
        if holder.owned:
            self.drop(holder)
        self.gain += 1
        return None

    def set_in_dict(self: Lifter, variable: Variable, name: str) -> str | None:
        """Set an attribute of the top entry in its dict: value, object on the stack."""
        mapping = self.emit("instance_dict", variable.value, exit=self.exit("dict"))
        self.box_entry(len(self.state.stack) - 2)
        self.stabilise()
        value = self.state.stack[-2].value
        # a str key and a dict: no Python code but the old value's end
        self.emit("call_c_int", mapping, self.object(name), value, attributes=("PyDict_SetItem", "i32"), exit=self.exit("raised", raises=True))
        self.drop_top(2)
        self.gain += 1
        return None

    def set_any_attribute(self: Lifter, name: str) -> str | None:
        """Set an attribute of the top entry, however its class does that: value, object on the stack."""
        return self.seen_nothing("PyObject_SetAttr", 2, (1, self.object(name), 0), "set_attribute")

    # -- items --------------------------------------------------------------------------------------------------------------------

    def index_of(self: Lifter, container: Variable, index: Variable, sort: str = "size") -> ir.Operand:
        """Return an index made positive and known to be in range, or leave."""
        size = self.emit("size", container.value)
        place = index.value
        if isinstance(place, ir.Literal):
            if place.value < 0:
                place = self.emit("int_wrap_add", place, size)
        elif not self.failed("index"):
            self.guard(self.emit("int_below", place, size), "index")
            return place
        else:
            # negative indexes were seen: add the size where needed
            negative = self.emit("int_compare", place, ir.Literal(0), attributes=("lt",))
            add = self.emit("int_mul", self.emit("bool_to_int", negative), size, exit=self.exit("index"))
            place = self.emit("int_wrap_add", place, add)
        self.guard(self.emit("int_below", place, size), "bounds")
        return place

    def container_at(self: Lifter, i: Instruction, variable: Variable) -> Variable | None:
        """Return the container with its class known to be list or tuple (guarded by what the host has seen), or None."""
        if variable.kind != "obj":
            return None
        if variable.cls in (list, tuple):
            return variable
        if variable.cls is not None:
            return None
        if "LIST_INT" in i.hint or i.hint == "STORE_SUBSCR_LIST_INT":
            return self.is_class(variable, list)
        if "TUPLE_INT" in i.hint:
            return self.is_class(variable, tuple)
        return None

    def int_at(self: Lifter, place: int) -> Variable | str | None:
        """Make a stack entry an int; None if it is something else, "end" if the block ended."""
        stack = self.state.stack
        variable = stack[place]
        if variable.kind == "dyn":
            if self.failed("tag"):
                if self.fork(variable, "stack", len(stack) + place) == "end":
                    return "end"
            else:
                self.untag(len(stack) + place, "int")
            variable = stack[place]
        if variable.kind == "bool":
            return Variable("int", (self.emit("bool_to_int", variable.value),))
        if variable.kind == "obj" and variable.cls in (None, int):
            return self.unbox(variable, int, "class")
        return variable if variable.kind == "int" else None

    def do_subscript(self: Lifter, i: Instruction) -> str | None:
        """Replace container and index by the item."""
        stack = self.state.stack
        if stack[-2].kind == "dyn" and self.fork(stack[-2], "stack", len(stack) - 2) == "end":
            return "end"
        if stack[-2].kind == "obj" and stack[-2].cls is None and self.failed("class"):
            expected = list if "LIST" in i.hint else tuple if "TUPLE" in i.hint else dict if "DICT" in i.hint else None
            if expected is not None:
                return self.choose_class(len(stack) - 2, (expected,), self.any_item)
            return self.any_item()
        container = self.container_at(i, stack[-2]) if not self.failed("bounds") else None
        if container is not None:
            index = self.int_at(-1) if stack[-1].kind != "obj" or stack[-1].cls in (None, int) else None
            if index == "end":
                return "end"
            if isinstance(index, Variable):
                container = stack[-2]
                place = self.index_of(container, index)
                item = self.emit("list_item" if container.cls is list else "tuple_item", container.value, place)
                self.pop()
                self.replace_top(item, False)
                self.gain += 1
                return None
        return self.generic_subscript(i)

    def generic_subscript(self: Lifter, i: Instruction) -> str | None:
        """An item of a dict with plain keys, or of a str."""
        container, key = self.state.stack[-2:]
        if "DICT" in i.hint and container.kind == "obj" and container.cls is None:
            container = self.is_class(container, dict)
        if container.cls is dict and container.kind == "obj":
            if not self.plain_key(-1):
                return self.any_item()
            result = self.c_call("PyObject_GetItem", 2)
            self.push(Variable("obj", (result,), None, "own"))
            return None
        if container.cls in (str, bytes, list, tuple) and self.class_of(self.state.stack[-1]) in (int, slice, bool):
            cls = container.cls if self.class_of(key) is slice else str if container.cls is str else None
            result = self.c_call("PyObject_GetItem", 2)
            self.push(Variable("obj", (result,), cls, "own"))
            return None
        return self.any_item()

    def any_item(self: Lifter) -> str | None:
        """An item of whatever it is."""
        general = lambda: self.seen_c("PyObject_GetItem", 2, test="item")
        if self.state.stack[-1].kind == "int" and self.are_objects(2) and self.was_executed(self.instructions[self.index]):
            return self.seen_at("morrow_item_at", 2, (0, 1), "indexed", general)
        return general()

    def plain_key(self: Lifter, place: int) -> bool:
        """Return whether a stack entry is known to be a key whose hash and equality run no Python code."""
        return bool(plain.bits_of(self.class_of(self.state.stack[place])) & plain.SCALAR)

    def do_store_subscript(self: Lifter, i: Instruction) -> str | None:
        """Set an item: value, container, index on the stack."""
        stack = self.state.stack
        for place in (-2, -3):
            if stack[place].kind == "dyn" and self.fork(stack[place], "stack", len(stack) + place) == "end":
                return "end"
        container = self.container_at(i, stack[-2])
        if container is not None and container.cls is list:
            index = self.int_at(-1)
            if index == "end":
                return "end"
            if isinstance(index, Variable):
                at = self.index_of(stack[-2], index)
                self.stabilise()
                new = self.own(self.state.stack[-3])
                holder = self.state.stack[-2]
                old = self.emit("list_store", holder.value, at, new)
                del self.state.stack[-3:]
                self.emit("decref", old)
                if holder.owned:
                    self.drop(holder)
                self.gain += 1
                return None
        container = stack[-2]
        if "DICT" in i.hint and container.kind == "obj" and container.cls is None:
            container = self.is_class(container, dict)
        if container.kind != "obj" or container.cls is not dict or not self.plain_key(-1):
            general = lambda: self.seen_nothing("PyObject_SetItem", 3, (1, 2, 0), "set_item")
            if stack[-1].kind == "int" and self.are_objects(3) and self.was_executed(i):
                return self.seen_at("morrow_put_at", 3, (1, 2, 0), "takes", general)
            return general()
        self.box_top(3)
        self.stabilise()
        value, holder, key = (v.value for v in self.state.stack[-3:])
        self.emit("call_c_int", holder, key, value, attributes=("PyDict_SetItem", "i32"), exit=self.exit("raised", raises=True))
        self.drop_top(3)
        return None

    def do_contains(self: Lifter, i: Instruction) -> str | None:
        """a in b, for containers and items that run no Python code."""
        item, container = self.state.stack[-2:]
        if container.kind == "obj" and container.cls is None:
            for word, cls in (("DICT", dict), ("SET", set)):
                if word in i.hint:
                    container = self.is_class(container, cls)
        anything = container.kind != "obj" or container.cls not in (dict, set, frozenset, str)
        if not anything and container.cls is str:
            anything = self.class_of(item) is not str
        elif not anything:
            anything = not self.plain_key(-2)
        if anything:
            return self.seen_truth("PySequence_Contains", 2, negate=bool(i.argument), order=(1, 0), test="contains")
        self.box_top(2)
        self.stabilise()
        item, container = self.state.stack[-2:]
        answer = self.emit(
            "call_c_int", container.value, item.value, attributes=("PySequence_Contains", "i32"), exit=self.exit("raised", raises=True)
        )
        self.drop_top(2)
        self.push(Variable("bool", (self.emit("int_compare", answer, ir.Literal(0), attributes=("eq" if i.argument else "ne",)),)))
        return None

    def do_slice(self: Lifter, i: Instruction) -> str | None:
        """container[a:b] of a list, tuple or str."""
        container, start, stop = self.state.stack[-3:]
        plain = container.kind == "obj" and container.cls in (list, tuple, str, bytes)
        if not plain or any(self.class_of(v) not in (int, type(None)) for v in (start, stop)):
            return self.seen_c("morrow_slice", 3, test="slice")
        cls = container.cls
        self.box_top(3)
        self.stabilise()
        _, start, stop = self.state.stack[-3:]
        slice_ = self.emit("call_c", start.value, stop.value, ir.Object(-1), attributes=("PySlice_New",), quiet=True)
        container = self.state.stack[-3]
        result = self.emit("call_c", container.value, slice_, attributes=("PyObject_GetItem",), quiet=True)
        self.emit("decref", slice_, quiet=True)
        self.guard(self.emit("not", self.emit("is_null", result)), "raised", self.exit("raised", raises=True))
        self.drop_top(3)
        self.push(Variable("obj", (result,), cls, "own"))
        return None

    def do_store_slice(self: Lifter, i: Instruction) -> str | None:
        """list[a:b] = items: value, list, start, stop on the stack."""
        value, container, start, stop = self.state.stack[-4:]
        plain = container.kind == "obj" and container.cls is list and all(self.class_of(v) in (int, type(None)) for v in (start, stop))
        if not plain or value.kind != "obj" or value.cls not in (list, tuple, type(reversed([]))):
            return self.seen_nothing("morrow_store_slice", 4, (1, 2, 3, 0), "set_slice")
        self.box_top(2)
        self.stabilise()
        start, stop = self.state.stack[-2:]
        slice_ = self.emit("call_c", start.value, stop.value, ir.Object(-1), attributes=("PySlice_New",), quiet=True)
        value, container = self.state.stack[-4:-2]
        failed = self.emit("call_c_int", container.value, slice_, value.value, attributes=("PyObject_SetItem", "i32"))
        self.emit("decref", slice_, quiet=True)
        self.guard(self.emit("int_compare", failed, ir.Literal(0), attributes=("eq",)), "raised", self.exit("raised", raises=True))
        self.drop_top(4)
        return None

    def do_delete_subscript(self: Lifter, i: Instruction) -> str | None:
        """del list[i] or dict[plain key]: container, index on the stack."""
        container, key = self.state.stack[-2:]
        known = container.cls if container.kind == "obj" else None
        if not (known is list and self.class_of(key) is int) and not (known is dict and self.class_of(key) in (int, str, bool, type(None))):
            return self.seen_nothing("PyObject_DelItem", 2, (0, 1), "delete_item")
        self.box_top(2)
        self.stabilise()
        container, key = self.state.stack[-2:]
        self.emit("call_c_int", container.value, key.value, attributes=("PyObject_DelItem", "i32"), exit=self.exit("raised", raises=True))
        self.drop_top(2)
        return None

    # -- iteration ------------------------------------------------------------------------------------------------------------------

    def do_get_iter(self: Lifter, i: Instruction) -> str | None:
        """Replace an iterable by its iterator."""
        stack = self.state.stack
        variable = stack[-1]
        if variable.kind == "range":
            return None
        if variable.kind == "dyn" and self.fork(variable, "stack", len(stack) - 1) == "end":
            return "end"
        variable = stack[-1]
        if variable.kind == "obj" and (variable.cls is None or is_heap(variable.cls)):
            hint = self.instructions[self.index + 1].hint
            if hint != "FOR_ITER_RANGE":
                return self.get_plain_iterator({"FOR_ITER_LIST": list, "FOR_ITER_TUPLE": tuple}.get(hint))
            if self.expect(len(stack) - 1, range, self.any_iterator):
                return "end"
            variable = stack[-1]
        if variable.kind != "obj":
            return self.any_iterator()
        iterator = {list: LIST_ITERATOR, tuple: TUPLE_ITERATOR, range: RANGE_ITERATOR}.get(variable.cls)  # type: ignore[arg-type]
        if iterator is None and variable.cls in (dict, str, set, bytes, frozenset):
            iterator = type(iter(variable.cls()))
        if iterator is None or iterator is type(iter("")):  # for text two classes, chosen by what is in it
            return self.any_iterator()
        result = self.c_call("PyObject_GetIter", 1)
        self.push(Variable("obj", (result,), iterator, "own"))
        return None

    def any_iterator(self: Lifter) -> str | None:
        """An iterator over whatever it is."""
        return self.seen_c("PyObject_GetIter", 1, test="iter")

    def get_plain_iterator(self: Lifter, expected: type | None) -> str | None:
        """Replace an object of any class by its iterator: natively where its class has list's or tuple's way of making one,
        as their subclasses do unless they say otherwise; what is iterated over is then in the same place, too.

        Args:
            expected: the one of the two that the host has met, or None.
        """
        value = self.state.stack[-1].value

        def test(sort: type) -> ir.Value:
            return self.emit("iterates_as", value, attributes=(sort.__name__,))

        def make(sort: type) -> None:
            result = self.c_call("PyObject_GetIter", 1)
            self.push(Variable("obj", (result,), LIST_ITERATOR if sort is list else TUPLE_ITERATOR, "own"))

        if expected is not None and not self.failed("class"):
            self.guard(test(expected), "class", self.exit("class", subject=value))
            make(expected)
            return None
        before = self.before.copy()
        for sort in (list, tuple):
            yes, no = self.branch(test(sort))
            base = self.state.copy()
            self.at_block(yes, base.copy())
            make(sort)
            self.jump(self.index + 1)
            self.at_block(no, base)
            self.before = before.copy()
        if self.any_iterator() != "end":
            self.jump(self.index + 1)
        return "end"

    def do_for_iter(self: Lifter, i: Instruction) -> str:
        """Push the next item, or drop the iterator and go behind the loop."""
        variable = self.state.stack[-1]
        if variable.kind == "obj" and variable.cls is None:
            cls = {"FOR_ITER_LIST": LIST_ITERATOR, "FOR_ITER_TUPLE": TUPLE_ITERATOR, "FOR_ITER_RANGE": RANGE_ITERATOR}.get(i.hint)
            if self.failed("class"):
                return str(self.choose_class(len(self.state.stack) - 1, (LIST_ITERATOR, TUPLE_ITERATOR, *((cls,) if cls else ())), lambda: self.any_next(i)))
            if cls is None:
                return self.any_next(i)
            variable = self.is_class(variable, cls)
        if variable.kind == "obj" and variable.cls is RANGE_ITERATOR:
            converted = self.range_of(variable)
            if converted is None:
                return self.leave("unsupported")
            variable = converted
        if variable.kind == "range":
            return self.next_number(i, variable)
        if variable.kind != "obj":
            return self.any_next(i)
        if variable.cls in (LIST_ITERATOR, TUPLE_ITERATOR):
            sort = "list" if variable.cls is LIST_ITERATOR else "tuple"
            item = self.emit("iterator_next", variable.value, attributes=(sort,))
        elif plain.surely("next", [variable.cls]):
            return self.next_by_c(i)
        else:
            return self.any_next(i)
        return self.take_item(i, item, False)

    def next_by_c(self: Lifter, i: Instruction) -> str:
        """The next item of an iterator that runs no Python code."""
        self.check_handler()
        return self.take_item(i, self.emit("call_c", self.state.stack[-1].value, attributes=("PyIter_Next",)), True)

    def take_item(self: Lifter, i: Instruction, item: ir.Value, may_raise: bool) -> str:
        """Push an item and go on, or go behind the loop if it is null."""
        over = self.emit("is_null", item)
        ended, more = self.branch(over)
        state = self.state
        self.at_block(ended, state.copy())
        if may_raise:
            error = self.emit("call_c", attributes=("PyErr_Occurred",), quiet=True)
            self.guard(self.emit("is_null", error), "raised", self.exit("raised", raises=True))
        self.drop(self.pop())
        self.jump(int(i.argument))  # type: ignore[call-overload]
        self.at_block(more, state.copy())
        self.push(Variable("obj", (item,), None, "own"))
        self.gain += 1
        self.jump(self.index + 1)
        return "end"

    def any_next(self: Lifter, i: Instruction) -> str:
        """The next item of whatever iterator it is."""
        way = self.way("next", [self.state.stack[-1].cls]) if self.state.stack[-1].kind == "obj" else ""
        if not way:
            return self.leave("class")
        if way in ("plain", "tried"):
            if way == "tried":
                self.guard(self.emit("plain", self.state.stack[-1].value, attributes=("next",)), "foreign")
            return self.next_by_c(i)
        if way == "both":
            self.stabilise()
            yes, no = self.branch(self.emit("plain", self.state.stack[-1].value, attributes=("next",)))
            base = self.state
            self.at_block(yes, base.copy())
            self.next_by_c(i)
            self.at_block(no, base)
        frame = self.show()
        item = self.emit("call_c", self.state.stack[-1].value, attributes=("PyIter_Next",))
        ended, more = self.branch(self.emit("is_null", item))
        state = self.state
        self.at_block(ended, state.copy())
        error = self.emit("call_c", attributes=("PyErr_Occurred",), quiet=True)
        self.raise_if(self.emit("not", self.emit("is_null", error)), frame)
        self.drop(self.pop())
        target = int(i.argument)  # type: ignore[call-overload]
        self.hide(frame, target)
        self.jump(target)
        self.at_block(more, state.copy())
        self.push(Variable("obj", (item,), None, "own"))
        self.hide(frame)
        self.jump(self.index + 1)
        return "end"

    def range_of(self: Lifter, variable: Variable) -> Variable | None:
        """Return a running range iterator, which a loop was entered with, as numbers (rangeobject.c)."""
        struct_ = "_PyRangeIterObject."
        fields = {name: self.emit("field_int", variable.value, attributes=(offset(struct_ + name),)) for name in ("start", "step", "len")}
        one = self.emit("int_compare", fields["step"], ir.Literal(1), attributes=("eq",))
        self.guard(one, "step")
        start, length = fields["start"], fields["len"]
        if HERE.long_size == "ob_size":  # type: ignore[union-attr]
            # 3.11 counts up an index beside an unchanged start and length
            index = self.emit("field_int", variable.value, attributes=(offset(struct_ + "index"),))
            end = self.emit("int_add", start, length, exit=self.exit("overflow"))
            start = self.emit("int_add", start, index, exit=self.exit("overflow"))
        else:
            end = self.emit("int_add", start, length, exit=self.exit("overflow"))
        new = Variable("range", (start, end, ir.Literal(1)))
        self.refine(variable, new)
        if variable.owned:
            self.emit("decref", variable.value, quiet=True)
        return new

    def next_number(self: Lifter, i: Instruction, variable: Variable) -> str:
        """The next number of a range."""
        current, stop, step = variable.values
        assert isinstance(step, ir.Literal)
        more_ = self.emit("int_compare", current, stop, attributes=("lt" if step.value > 0 else "gt",))
        more, ended = self.branch(more_)
        state = self.state
        self.at_block(ended, state.copy())
        self.pop()
        self.jump(int(i.argument))  # type: ignore[call-overload]
        self.at_block(more, state.copy())
        following = self.emit("int_wrap_add", current, step)
        self.pop()
        self.push(Variable("range", (following, stop, step)))
        self.push(Variable("int", (current,)))
        self.gain += 1
        self.jump(self.index + 1)
        return "end"

    # -- building and taking apart ----------------------------------------------------------------------------------------------

    def do_build_list(self: Lifter, i: Instruction) -> str | None:
        """A list of the topmost entries."""
        return self.build("list", int(i.argument))  # type: ignore[call-overload]

    def do_build_tuple(self: Lifter, i: Instruction) -> str | None:
        """A tuple of the topmost entries."""
        return self.build("tuple", int(i.argument))  # type: ignore[call-overload]

    def build(self: Lifter, sort: str, count: int) -> str | None:
        """Make a list or tuple; it takes over the entries' references."""
        if any(v.kind in ("null", "range", "unbound") for v in self.state.stack[len(self.state.stack) - count :]):
            return self.leave("unsupported")
        self.box_top(count)
        name = "PyList_New" if sort == "list" else "PyTuple_New"
        made = self.emit("call_c", ir.Literal(count), attributes=(name,), exit=self.exit("raised", raises=True))
        references = [self.own(v) for v in self.state.stack[len(self.state.stack) - count :]]
        for place, reference in enumerate(references):
            self.emit("fill", made, ir.Literal(place), reference, attributes=(sort,))
        del self.state.stack[len(self.state.stack) - count :]
        self.push(Variable("obj", (made,), list if sort == "list" else tuple, "own"))
        return None

    def do_list_append(self: Lifter, i: Instruction) -> str | None:
        """Append the top entry to a list further down (in a comprehension)."""
        where = -int(i.argument) - 1  # type: ignore[call-overload]
        if self.state.stack[where].cls is not list:
            return self.leave("class")
        self.append(self.state.stack[where].value)
        return None

    def append(self: Lifter, holder: ir.Operand) -> None:
        """Append the top entry to a list and drop it."""
        self.box_top(1)
        self.stabilise()
        value = self.state.stack[-1].value
        self.emit("call_c_int", holder, value, attributes=("PyList_Append", "i32"), exit=self.exit("raised", raises=True), quiet=True)
        self.drop_top(1)

    def do_unpack(self: Lifter, i: Instruction) -> str | None:
        """Replace a tuple or list by its items, the first on top."""
        count = int(i.argument)  # type: ignore[call-overload]
        stack = self.state.stack
        if stack[-1].kind == "dyn" and self.fork(stack[-1], "stack", len(stack) - 1) == "end":
            return "end"
        variable = stack[-1]
        if variable.kind != "obj":
            return self.leave("unsupported")
        if variable.cls is None:
            cls = {"TWO_TUPLE": tuple, "TUPLE": tuple, "LIST": list}.get(i.hint.removeprefix("UNPACK_SEQUENCE_"))
            if cls is None:
                return self.choose_class(len(stack) - 1, (tuple, list))
            variable = self.is_class(variable, cls)
        if variable.cls not in (tuple, list):
            return self.leave("unsupported")
        known = self.known(variable)
        if type(known) is tuple and len(known) == count and variable.own == "stable":
            self.pop()
            for constant in reversed(known):
                self.push(self.constant(constant))
            return None
        size = self.emit("size", variable.value)
        self.guard(self.emit("int_compare", size, ir.Literal(count), attributes=("eq",)), "count")
        read = "tuple_item" if variable.cls is tuple else "list_item"
        items = [self.emit(read, variable.value, ir.Literal(n)) for n in range(count)]
        self.pop()
        for item in reversed(items):
            self.emit("incref", item)
            self.push(Variable("obj", (item,), None, "own"))
        if variable.owned:
            self.drop(variable)
        return None


#: methods that only these builtin classes have, for instructions the host has specialised without a class version to look up
_METHOD_CLASSES: dict[str, type] = {
    "append": list, "get": dict, "items": dict, "keys": dict, "values": dict, "add": set, "discard": set,
    "startswith": str, "endswith": str, "strip": str, "split": str, "lower": str, "upper": str, "find": str, "replace": str,
}  # fmt: skip


def _says_how_to_set(found: object) -> bool:
    """Return whether a class attribute is asked when an instance's attribute of that name is set (slot tp_descr_set)."""
    return hasattr(type(found), "__set__") or hasattr(type(found), "__delete__")


def _lookup(cls: type, name: str) -> object | None:
    """Return what a class's MRO has under a name, without binding it (typeobject.c, _PyType_Lookup)."""
    for base in cls.__mro__:
        if name in base.__dict__:
            found: object = base.__dict__[name]
            return found
    return None
