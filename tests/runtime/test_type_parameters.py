"""Type variables and aliases made for rewritten code are what the typing of this process takes them for."""

from __future__ import annotations

import pickle
import types
import typing

import pytest

from morrow_runtime import type_parameters as runtime


def test_bounds_and_defaults_are_evaluated_when_asked_for():
    calls = []
    made = runtime.type_var("T", bound=lambda format=1: calls.append("bound") or int, default=lambda format=1: str)
    assert isinstance(made, typing.TypeVar) and calls == []
    assert made.__bound__ is int and made.__bound__ is int and calls == ["bound"]
    assert made.__default__ is str and made.has_default()
    assert repr(made) == "T" and made.__infer_variance__


def test_a_failing_bound_is_asked_again():
    values = [1]

    def bound(format=1):
        return values[1]

    made = runtime.type_var("T", bound=bound)
    with pytest.raises(IndexError):
        made.__bound__  # noqa: B018
    values.append(int)
    assert made.__bound__ is int


def test_no_default_is_one_object():
    assert runtime.type_var("T").__default__ is runtime.NoDefault is typing.NoDefault
    assert repr(runtime.NoDefault) == "typing.NoDefault"
    assert pickle.loads(pickle.dumps(runtime.NoDefault)) is runtime.NoDefault


def test_a_missing_argument_gets_its_default():
    first, second = runtime.type_var("T"), runtime.type_var("U", default=lambda format=1: int)
    made = types.new_class("Made", (typing.Generic[first, second],))
    assert made[str].__args__ == (str, int)
    assert made[str, bytes].__args__ == (str, bytes)


def test_aliases_are_lazy_and_read_only():
    made = runtime.alias("A", lambda format=1: list[int])
    assert isinstance(made, typing.TypeAliasType) and repr(made) == "A"
    assert made.__value__ == list[int] and made.__type_params__ == ()
    with pytest.raises(AttributeError):
        made.__value__ = 1
    with pytest.raises(TypeError, match="Only generic type aliases are subscriptable"):
        made[int]
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Sub", (typing.TypeAliasType,), {})


def test_generic_aliases_take_arguments():
    parameter = runtime.type_var("T")
    made = runtime.alias("A", lambda format=1: list[parameter], (parameter,))
    assert type(made[int]) is types.GenericAlias and made[int].__origin__ is made
    assert repr(made[int]) == "A[int]"


def test_typing_extensions_takes_our_objects():
    extensions = pytest.importorskip("typing_extensions")
    made = runtime.alias("A", lambda format=1: int)
    assert isinstance(made, (extensions.TypeAliasType, typing.TypeAliasType))
    variable = extensions.TypeVar("T", default=int)
    assert variable.__default__ is int and variable.has_default()
    assert isinstance(runtime.type_var("T"), extensions.TypeVar)
