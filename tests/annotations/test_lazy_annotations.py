"""What functions and classes hold for their annotations, and what reading it gives."""

from __future__ import annotations

import copy
import json
import pickle
import types

import pytest

import morrow_runtime
from morrow import language
from morrow.host import HERE
from morrow_runtime import annotation_attributes

pytestmark = pytest.mark.skipif(HERE is None or HERE.defers_annotations, reason="the host defers annotations itself")


def run(source: str) -> dict[str, object]:
    morrow_runtime.install()
    annotation_attributes.install()
    names: dict[str, object] = {"__name__": "program"}
    exec(language.compile(source, "program.py"), names)
    return names


def stored(body: str) -> dict[str, object]:
    """Return what a class holds under ``__annotations__`` before anybody has read it."""
    return run(f"class C:\n    {body}")["C"].__dict__["__annotations__"]  # type: ignore[attr-defined,no-any-return]


def test_every_way_of_reading_reads_all():
    found = stored("a: int\n    b: list[int]")
    assert isinstance(found, dict)
    assert dict(found) == {**found} == found.copy() == copy.copy(found) == found | {} == dict(found.items())
    assert list(found) == ["a", "b"] and len(found) == 2 and "a" in found and found["b"] == list[int]


@pytest.mark.parametrize("read", [len, list, dict, repr, bool, copy.deepcopy, lambda found: {**found}, lambda found: found["b"]])
def test_each_way_alone_fills_it(read):
    found = stored("a: str\n    b: int")
    assert dict.__getitem__(found, "b") == "int"  # as text, until it is read
    read(found)
    assert dict.__getitem__(found, "b") is int


def test_copies_and_pickles_are_plain_dicts():
    found = stored("a: int")
    assert type(pickle.loads(pickle.dumps(found))) is dict
    assert type(copy.copy(found)) is dict
    assert json.dumps(found, default=str) == '{"a": "<class \'int\'>"}'


def test_a_method_taken_before_it_was_read_works_afterwards():
    found = stored("a: int")
    get = found.get
    assert found["a"] is int and get("a") is int and get("b") is None


def test_what_a_library_puts_in_stays_in():
    names = run("class C:\n    a: int\n    b: Later")
    names["C"].__dict__["__annotations__"]["c"] = bytes
    assert names["C"].__dict__["__annotations__"] == {"a": int, "b": "Later", "c": bytes}


def test_reading_the_attribute_of_the_class_leaves_a_plain_dict():
    names = run("class C:\n    a: int")
    found = names["C"].__annotations__
    assert type(found) is dict and found is names["C"].__annotations__ is names["C"].__dict__["__annotations__"]
    assert names["C"].__annotate__(1) == {"a": int}


def test_a_functions_annotations_are_a_plain_dict_made_when_asked_for():
    names = run("def f(a: Later): ...\nclass Later: ...")
    found = names["f"].__annotations__
    assert type(found) is dict and found is names["f"].__annotations__ and names["f"].__dict__ == {}


@pytest.mark.skipif(HERE is None or HERE.defers_annotations, reason="the host defers annotations itself")
def test_getattr_gives_the_dict_and_the_error_that_the_attribute_gives():
    names = run(
        "def f(a: int): ...\ndef g(a: Later): ...\n"
        "def found(f): return getattr(f, '__annotations__'), getattr(f, '__annotations__', None)\n"
        "def has(f): return hasattr(f, '__annotations__')\n"
    )
    first, second = names["found"](names["f"])  # type: ignore[operator]
    assert type(first) is dict and first is second is names["f"].__annotations__  # type: ignore[attr-defined]
    for ask in ("found", "has"):
        with pytest.raises(NameError):
            names[ask](names["g"])  # type: ignore[operator]


def test_class_and_static_methods_evaluate_nothing_when_they_are_made():
    names = run(
        "class C:\n @classmethod\n def f(cls, a: Later): ...\n @staticmethod\n def g(a: Later): ...\n"
        " def h(cls, a: Later): ...\n h = classmethod(h)\n name = getattr(h, '__name__')\n"
    )
    names["Later"] = int
    for name in ("f", "g", "h"):
        assert names["C"].__dict__[name].__annotations__ == {"a": int}  # type: ignore[attr-defined]


def test_defining_a_function_makes_no_annotate_function():
    code = language.compile("def f(a: int) -> str: ...", "program.py")
    constants = [each for each in code.co_consts if isinstance(each, tuple) and each[:1] == ("return",)]
    assert [each[1].co_qualname for each in constants] == ["f.__annotate__"]


def test_annotate_functions_are_constants_past_255_constants_too():
    many = "\n".join(f"x{n} = {n}.5" for n in range(300))
    names = run(f"{many}\ndef f(a: int, b: x299 = 3) -> str: ...\nclass C:\n    def m(self, a: C) -> f: ...")
    assert names["f"].__annotations__ == {"a": int, "b": 299.5, "return": str}
    assert names["C"].m.__annotations__ == {"a": names["C"], "return": names["f"]}


def test_uninstalled_the_hosts_attributes_are_back():
    run("def f(a: int): ...")
    ours = types.FunctionType.__dict__["__annotations__"]
    annotation_attributes.uninstall()
    try:
        assert type(types.FunctionType.__dict__["__annotations__"]) is types.GetSetDescriptorType
        assert "__annotate__" not in type.__dict__ and "__abstractmethods__" in type.__dict__
    finally:
        annotation_attributes.install()
    assert types.FunctionType.__dict__["__annotations__"] is not ours


def test_a_missing_name_is_asked_for_again():
    names = run("def f(a: Later): ...")
    with pytest.raises(NameError):
        names["f"].__annotations__
    names["Later"] = int
    assert names["f"].__annotations__ == {"a": int}


def test_the_dict_of_a_class_shows_text_for_missing_names():
    names = run("class C:\n    a: int\n    b: list[Later]\n    c: Later")
    stored = names["C"].__dict__["__annotations__"]
    assert stored["a"] is int and stored["c"] == "Later"
    with pytest.raises(NameError):
        names["C"].__annotations__


def test_c_code_that_goes_round_the_methods_sees_source_text():
    stored = run("class C:\n    a: int\n    b: list[Later]")["C"].__dict__["__annotations__"]
    assert dict.__getitem__(stored, "b") == "list[Later]"


def test_instances_have_no_annotations():
    names = run("class C:\n    a: int")
    with pytest.raises(AttributeError, match="'C' object has no attribute '__annotations__'"):
        names["C"]().__annotations__


def test_derived_classes_do_not_inherit_them():
    names = run("class C:\n    a: int\nclass D(C): ...")
    assert names["D"].__annotations__ == {}
    assert names["D"].__annotate__ is None


def test_the_switch_leaves_annotations_eager():
    morrow_runtime.install()
    names: dict[str, object] = {}
    with pytest.raises(NameError):
        exec(language.compile("def f(a: Later): ...", "program.py", deferred=False), names)
