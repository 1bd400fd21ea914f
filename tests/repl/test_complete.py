"""Completion: what could stand here, and nothing run to find out."""

import sys
import types

import pytest

from morrow.repl.complete import complete, signature


@pytest.fixture(autouse=True)
def _without_jedi(monkeypatch):
    """Let our own completion answer, whatever is installed here."""
    monkeypatch.setattr("morrow.repl.complete._ask_jedi", lambda *_: None)



class Sample:
    __slots__ = ("slot",)
    limit = [1]

    def __init__(self):
        self.slot = "text"

    @property
    def danger(self):
        raise AssertionError("a property was run")

    def method(self, a, b=1):
        """A method."""

    @staticmethod
    def static(z):
        """A static method."""


class Computing:
    def __getattr__(self, name):
        raise AssertionError("__getattr__ was run")


NAMESPACE = {"sample": Sample(), "Sample": Sample, "computing": Computing(), "spam": 1, "types": types, "_hidden": 2}


def texts(text):
    return [candidate.text for candidate in complete(text, NAMESPACE)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spa", ["spam"]),
        ("sample.me", ["method"]),
        ("sample.slot.upp", ["upper"]),
        ("sample.limit.app", ["append"]),
        ("types.FunctionT", ["FunctionType"]),
        ("'abc'.upp", ["upper"]),
        ("import xml.do", ["dom"]),
        ("import os, itert", ["itertools"]),
        ("from xml.do", ["dom"]),
        ("from xml.dom import minid", ["minidom"]),
        ("from types import (FunctionType, MethodT", ["MethodType"]),
        ("x = lamb", ["lambda"]),
        ("f'{spa", ["spam"]),
        ("'spa", []),
        ("# spa", []),
        ("'''\nspa", []),
        ("nothing.x", []),
    ],
)
def test_candidates(text, expected):
    got = texts(text)
    if text.startswith("from types"):
        assert "MethodType" in got
    else:
        assert got == expected


def test_nothing_is_run():
    assert "danger" in texts("sample.dan")
    assert texts("sample.danger.x") == []
    assert texts("computing.any.x") == []


def test_private_names_wait_for_an_underscore():
    assert "_hidden" not in texts("")
    assert texts("_hid") == ["_hidden"]


def test_candidates_carry_a_note():
    found = {candidate.text: candidate.note for candidate in complete("sample.", NAMESPACE)}
    assert found["method"] == "(a, b=1)"
    assert found["limit"] == "list"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sample.method(", "sample.method(a, b=1)"),
        ("sample.method(1, [2", "sample.method(a, b=1)"),
        ("sample.static(", "sample.static(z)"),
        ("(", None),
        ("def f(", None),
        ("spam(", None),
        ("sample.method(1)", None),
        ("print('x(", None),
        ("if (", None),
    ],
)
def test_signatures(text, expected):
    assert signature(text, NAMESPACE) == expected


def test_a_signature_that_cannot_be_had_is_no_error():
    class Broken:
        __signature__ = property(lambda self: 1 / 0)

        def __call__(self): ...

    assert signature("broken(", {"broken": Broken()}) is None


def test_jedi_answers_where_it_is_installed(monkeypatch):
    pytest.importorskip("jedi", reason="jedi is not installed here")
    monkeypatch.undo()
    import itertools

    assert [found.text for found in complete("itertools.accu", {"itertools": itertools})] == ["accumulate"]


def test_what_jedi_does_not_know_is_looked_for_all_the_same(monkeypatch):
    fake = type(sys)("jedi")
    fake.Interpreter = lambda text, namespaces: type("Answer", (), {"complete": lambda self: []})()
    monkeypatch.setitem(sys.modules, "jedi", fake)
    assert [one.text for one in complete("spam.eg", {"spam": type("S", (), {"eggs": 1})})] == ["eggs"]
