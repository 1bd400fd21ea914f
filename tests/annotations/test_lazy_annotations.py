"""What `__annotations__` holds: a dict that fills itself."""

from __future__ import annotations

import copy
import json
import pickle

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


def test_every_way_of_reading_reads_all():
    f = run("def f(a: Later, b: int): ...\nclass Later: ...")["f"]
    found = f.__annotations__
    assert isinstance(found, dict)
    assert dict(found) == {**found} == found.copy() == copy.copy(found) == found | {} == dict(found.items())
    assert list(found) == ["a", "b"] and len(found) == 2 and "a" in found


@pytest.mark.parametrize("read", [len, list, dict, repr, bool, copy.deepcopy, lambda found: {**found}, lambda found: found["b"]])
def test_each_way_alone_fills_it(read):
    found = run("def f(a: str, b: int): ...")["f"].__annotations__
    read(found)
    assert dict.__len__(found) == 2


def test_copies_and_pickles_are_plain_dicts():
    found = run("def f(a: int): ...")["f"].__annotations__
    assert type(pickle.loads(pickle.dumps(found))) is dict
    assert type(copy.copy(found)) is dict
    assert json.dumps(found, default=str) == '{"a": "<class \'int\'>"}'


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
