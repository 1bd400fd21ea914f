"""Which classes the host's inline caches have named: looked at again and again, they tell what an instruction meets."""

import gc
import types
import weakref

import pytest

from morrow.jit import compile as pipeline
from morrow.jit import feedback, object_code
from morrow.jit.bytecode import read_bytecode
from morrow.jit.compile import Request, compile_function
from morrow.jit.feedback import Feedback
from morrow.jit.infer import classes_named
from morrow.jit.ir_types import forget_types
from tests.jit.native import call, compiled


def module(source):
    made = types.ModuleType("shapes")
    exec(source, made.__dict__)
    return made


SHAPES = """
class Shape:
    def __init__(self, n):
        self.n = n
    def area(self):
        return self.n
    @property
    def twice(self):
        return self.n * 2
    @staticmethod
    def unit():
        return 1
class Square(Shape):
    def area(self):
        return self.n * self.n
class Circle(Shape):
    def area(self):
        return self.n * 3
from weakref import ref as elsewhere
def area_of(shape):
    return shape.area()
def total(shapes):
    t = 0
    for s in shapes:
        t += s.area()
    return t
"""


@pytest.fixture
def shapes():
    return module(SHAPES)


def named(watch, function):
    forget_types()
    copies = watch.seen(function.__code__)
    return {cls.__name__ for classes in classes_named(read_bytecode(function.__code__), copies).values() for cls in classes}


def test_a_cache_that_changes_names_one_class_after_the_other(shapes):
    watch = Feedback()
    watch.watch(vars(shapes))
    for cls in (shapes.Square, shapes.Circle):
        shapes.total([cls(2)] * 2000)
        watch.look()
    assert named(watch, shapes.total) == {"Square", "Circle"}


def test_one_look_finds_one_class_only(shapes):
    watch = Feedback()
    watch.watch(vars(shapes))
    shapes.total([shapes.Square(2)] * 2000)
    shapes.total([shapes.Circle(2)] * 2000)
    watch.look()
    assert named(watch, shapes.total) == {"Circle"}


def test_functions_and_methods_of_the_module_are_looked_at_and_nothing_else(shapes):
    names = {code.co_name for code in feedback._codes_of(vars(shapes))}
    assert names == {"total", "area_of", "__init__", "area", "twice", "unit"}


def test_objects_that_say_they_are_something_else_are_not_asked(shapes):
    class Liar:
        @property
        def __class__(self):
            raise AssertionError("asked")

        def __getattr__(self, name):
            raise AssertionError("asked")

    class Meta(type):
        def __getattribute__(cls, name):
            raise AssertionError("asked")

    shapes.liar, shapes.Odd = Liar(), Meta("Odd", (), {"__module__": "shapes", "f": lambda self: 1})
    assert "<lambda>" in {code.co_name for code in feedback._codes_of(vars(shapes))}


def test_code_is_not_kept_alive_and_looks_come_to_an_end(shapes):
    watch = Feedback()
    watch.watch(vars(shapes))
    shapes.total([shapes.Square(2)])
    for _ in range(feedback.MOST_LOOKS + 5):
        watch.look()
    assert [looks for _, _, [looks] in watch._modules.values()] == [feedback.MOST_LOOKS]
    code = weakref.ref(shapes.total.__code__)
    watch.look()
    del shapes.total
    gc.collect()
    assert code() is None and not any(id(code) == key for key in watch._kept)


def test_what_was_looked_at_is_compiled_for_all_its_classes(shapes):
    watch = Feedback()
    watch.watch(vars(shapes))
    given = [shapes.Square(3), shapes.Circle(4), shapes.Shape(5)]
    for cls in (shapes.Shape, shapes.Square, shapes.Circle):
        shapes.total([cls(2)] * 2000)
        watch.look()
    made = compiled(shapes.total, [shapes.Circle(1)], times=1, copies=watch.seen)
    assert call(made, given * 20) == shapes.total(given * 20)
    assert not any(point.reason == "class" and point.count() for point in made.exits)


def test_an_exit_notes_all_the_classes_it_was_left_for(shapes):
    # Without a loop around it, what meets another class leaves.
    made = compiled(shapes.area_of, shapes.Square(2))
    others = [shapes.Circle(4), shapes.Shape(5)]
    for other in others * 30:
        assert call(made, other) == other.area()
    left = [point for point in made.exits if point.reason == "class" and point.count()]
    assert left and {cls for point in left for cls in point.classes_met()} == {shapes.Circle, shapes.Shape}


def test_code_made_quickly_can_be_made_well_without_another_look_at_the_function(shapes, monkeypatch):
    monkeypatch.setattr(object_code, "MANY_LINES", 10)
    quick = compiled(shapes.total, [shapes.Square(2)] * 50)
    assert quick.level == 0 and quick.can_be_better()
    monkeypatch.setattr(pipeline, "_lower", None)
    better = quick.made_better()
    assert better.level == 1 and not better.can_be_better() and len(better.exits) == len(quick.exits) and better.entry != quick.entry
    from tests.jit import native

    native._FUNCTIONS[better.entry] = shapes.total
    assert call(better, [shapes.Square(7)] * 3) == call(quick, [shapes.Square(7)] * 3) == 147


def test_lifting_that_is_late_takes_in_no_more_functions(shapes):
    shapes.total([shapes.Square(2)] * 200)
    usual = compile_function(Request(shapes.total))
    late = compile_function(Request(shapes.total, seconds=0.0))
    assert shapes.Square.area.__code__ in usual.inside and late.inside == {shapes.total.__code__}


def test_code_of_which_little_would_be_faster_is_not_made():
    def some(n):
        return n * n + n

    for k in range(60):
        some(k)
    declined = compile_function(Request(some, least_share=100.0))
    assert isinstance(declined, pipeline.Declined) and declined.reason == "NOT_FASTER"
    assert not isinstance(compile_function(Request(some, least_share=0.01)), pipeline.Declined)
