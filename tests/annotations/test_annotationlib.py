"""The library annotationlib, asked directly: it needs no rewritten program."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from morrow.host import HERE
from morrow_runtime.evaluate import call_annotate_function, call_evaluate_function
from morrow_runtime.formats import Format, annotations_to_string, type_repr
from morrow_runtime.forwardref import ForwardRef
from morrow_runtime.read import get_annotations


def annotate(format, /):
    if format > 2:
        raise NotImplementedError
    return {"a": Missing, "b": list[Missing | None], "c": int}  # noqa: F821


def test_value_needs_every_name():
    with pytest.raises(NameError, match="Missing"):
        call_annotate_function(annotate, Format.VALUE)


def test_string_needs_no_name():
    assert call_annotate_function(annotate, Format.STRING) == {"a": "Missing", "b": "list[Missing | None]", "c": "int"}


def test_forwardref_gives_what_it_can():
    found = call_annotate_function(annotate, Format.FORWARDREF)
    assert found["c"] is int
    assert found["a"].__forward_arg__ == "Missing"
    assert repr(found["b"]) == "list[ForwardRef('Missing | None')]"
    assert found["a"].evaluate(globals={"Missing": str}) is str


def test_fake_globals_cannot_be_asked_for():
    with pytest.raises(ValueError, match="internal use only"):
        call_annotate_function(annotate, Format.VALUE_WITH_FAKE_GLOBALS)


def test_one_value_is_evaluated_alike():
    def evaluate(format, /):
        if format > 2:
            raise NotImplementedError
        return dict[str, Missing]  # noqa: F821

    assert call_evaluate_function(evaluate, Format.STRING) == "dict[str, Missing]"


@pytest.mark.parametrize(
    "text", ["a + b * c", "(a + b) * c", "a ** (-b)", "a[b:c, ::d]", "a[()]", "a(b, *c, d=e)", "(a, b)", "a.b[c].d", "~a", "a < b"]
)
def test_text_comes_back_as_it_was_written(text):
    names: dict[str, object] = {}
    exec(f"def annotate(format, /):\n    if format > 2: raise NotImplementedError\n    return {{'x': {text}}}", names)
    assert call_annotate_function(names["annotate"], Format.STRING) == {"x": text}


def test_forward_refs_are_equal_by_text_and_place():
    assert ForwardRef("x") == ForwardRef("x")
    assert hash(ForwardRef("x")) == hash(ForwardRef("x"))
    assert ForwardRef("x") != ForwardRef("x", module="m")
    assert ForwardRef("x", owner=int) != ForwardRef("x")


def test_forward_ref_evaluates_in_its_module():
    assert ForwardRef("OrderedDict[int, str]", module="collections").evaluate().__args__ == (int, str)
    with pytest.raises(NameError):
        ForwardRef("OrderedDict").evaluate()


def test_forward_ref_says_what_is_no_expression():
    with pytest.raises(SyntaxError, match="must be an expression -- got '1 \\+'"):
        ForwardRef("1 +").evaluate()
    with pytest.raises(TypeError, match="must be a string"):
        ForwardRef(1)


@pytest.mark.skipif(HERE is None or not HERE.defers_annotations, reason="a pickle names annotationlib, which the host has to have")
def test_forward_ref_is_refused_by_old_pickles():
    with pytest.raises(TypeError):
        pickle.dumps(ForwardRef("x"), 0)


def test_types_are_written_as_people_write_them():
    assert type_repr(int) == "int"
    assert type_repr(ForwardRef) == "annotationlib.ForwardRef"
    assert type_repr(...) == "..."
    assert annotations_to_string({"a": int, "b": "kept"}) == {"a": "int", "b": "kept"}


def test_any_object_may_have_annotations():
    class Custom:
        @property
        def __annotations__(self):
            return {"x": int}

    assert get_annotations(Custom(), format=Format.STRING) == {"x": "int"}
    with pytest.raises(TypeError, match="does not have annotations"):
        get_annotations(1)
    assert get_annotations(len) == {}


def test_the_door_opens_without_morrow_running():
    code = "from morrow.stdlib import annotationlib; print(annotationlib.Format(4).name, sorted(annotationlib.__all__)[0])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "STRING Format\n", done.stderr
