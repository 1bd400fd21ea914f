"""A file compiled from its text does what the same file does when it is compiled from a tree."""

from __future__ import annotations

import dis
import textwrap
import types
import warnings
from pathlib import Path

import pytest

import morrow_runtime
from morrow import language
from morrow.host import HERE
from morrow.language import quick

pytestmark = pytest.mark.skipif(HERE is None or HERE.words_warnings, reason="the host's own compiler does everything")

PLAIN = {
    "functions": """
        import os
        def f(a: int, /, b: str = "x, y: z=1)", *c: list[int], d: "dict[str, int]" = {1: (2, 3)}, **e: A | None) -> B[
            int,
            "text",
        ]: return a
        async def g(self, key=lambda a, b=1: a, *, x: int) -> None: pass
        @property
        def h(x) -> bool: return x
        class C:
            def f(self, __private: int) -> C: pass
            @staticmethod
            def g(a: Later = 1) -> Later:
                def inner(x: int) -> str: return a
                return inner
            def h(self) -> bool: return __class__
        """,
    "a decorator that looks like a function": '''
        @deco("""
        def f(b: str): pass
        """)
        def f(a: int): pass
        ''',
    "classes": """
        class C:
            '''doc'''
            a: int = 1
            b: "str"
            c: list[
                int] = []
            a: str = 2
        class B:
            def __init_subclass__(cls, flag): pass
        class D(B, flag=True):
            __x: int = 3
            def f(self): return super()
        @deco
        class E:
            def g(self) -> int: pass
            z: Later
        class F:
            a: int
        def f():
            class G:
                q: Later
                def m(self, x: Later): pass
            return G
        """,
    "modules": """
        '''doc'''
        # comment
        from __future__ import division
        x: int = 3
        y: Later
        for i in range(2):
            z: str = i
        try:
            raise ValueError
        except ValueError as e:
            w: int = 1
        finally:
            v: int = 2
        (q): int = 1
        def f():
            local: int = 3
            return local
        f.attribute: str = 2
        """,
    "no annotation": "import os\ndef f(a, b=1):\n    x = {'a': 1}\n    return x[a:b]\n",
    "text": "from __future__ import annotations\ndef f(a: int): pass\nclass C:\n    x: Later\n",
    "many constants": "class C:\n" + "".join(f"    def f{n}(self, a=({n}, {n}.5)) -> bool: pass\n    def g{n}(self) -> int: pass\n" for n in range(150)),
    "many names": "".join(f"x{n}: int = {n}.5\n" for n in range(300)),
}

OTHERS = {
    "a name of the class": "class C:\n    T = int\n    def f(self, a: T): pass\n    x: T\n",
    "a name of a function around": "def f(T):\n    def g(a: T): pass\n    class C:\n        x: T\n    return g\n",
    "no names": "box.x: int = 1\n(name): int = 2\n",
    "no names in a class": "class C:\n    (name): int = 2\n",
    "a comprehension": "def f(a: [x for x in y]): pass\n",
    "a lambda": "x: (lambda: 1) = 2\n",
    "a branch in a class": "class C:\n    if value:\n        x: int\n    else:\n        y: int\n",
    "a metaclass": "class C(metaclass=type):\n    x: int\n",
    "names of annotations' own": "x: int\n__annotations__ = {}\n",
    "a class that looks around": "class C:\n    locals()\n    x: int\n",
    "a warning": "x = '\\d'\n",
    "another warning": "def f():\n    try: pass\n    finally:\n        return 1\n",
    "a mistake": "def f(x: (yield)): pass\n",
    "today's grammar": "try: pass\nexcept A, B: pass\n",
}


def _slowly(source: str, monkeypatch) -> types.CodeType:
    with monkeypatch.context() as patched:
        patched.setattr(quick, "compile_text", lambda *arguments, **named: None)
        return language.compile(source, "<quick>", late=False)


@pytest.mark.parametrize("name", PLAIN)
def test_plain_code_is_the_same(name, monkeypatch):
    source = textwrap.dedent(PLAIN[name])
    made = quick.compile_text(source, "<quick>")
    assert made is not None
    _same(made, _slowly(source, monkeypatch))


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_plain_is_left_to_the_other_way(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # and nobody hears the host's words
        assert quick.compile_text(OTHERS[name], "<quick>") is None


@pytest.mark.parametrize("module", ["dataclasses.py", "typing.py", "json/decoder.py", "logging/__init__.py", "enum.py"])
def test_files_of_the_library(module, monkeypatch):
    source = Path(types.__file__).with_name("x").parent.joinpath(module).read_text()
    made = quick.compile_text(source, "<quick>")
    if made is not None:  # not every file of every host is plain
        _same(made, _slowly(source, monkeypatch))


def test_what_annotations_say(monkeypatch):
    morrow_runtime.install()
    source = textwrap.dedent(PLAIN["modules"] + PLAIN["classes"].replace("@deco", "@(lambda c: c)"))
    found = []
    for code in (quick.compile_text(source, "<quick>"), _slowly(source, monkeypatch)):
        space: dict = {"__name__": "space", "Later": float}
        exec(code, space)
        module = space["__annotate__"](1)
        classes = [_annotate(code, name, space)(1) for name in "CDEF"]
        found.append((module, classes, space["__conditional_annotations__"], dict(space["C"].__annotations__)))
    assert found[0] == found[1]
    assert found[0][0] == {"x": int, "y": float, "z": str, "w": int, "v": int}


def test_an_error_in_an_annotation_is_where_it_is_written():
    source = "def f(a,\n      b: No.such): pass\nclass C:\n    x: int\n    y: (1 /\n        0)\n"
    code = quick.compile_text(source, "<quick>")
    morrow_runtime.install()
    space: dict = {"__name__": "space"}
    exec(code, space)
    for name, error, line in (("C", ZeroDivisionError, 5), ("f", AttributeError, 2)):
        annotate = _annotate(code, name, {**space, "No": None})
        with pytest.raises(error) as caught:
            annotate(1)
        assert [entry.lineno for entry in caught.traceback][-1] + 1 == line


def _annotate(code: types.CodeType, name: str, space: dict) -> types.FunctionType:
    """Return the annotate function of something in a module, or in a class of it."""
    for each in _inner(code):
        for found in (each, *_inner(each)):
            if found.co_qualname == f"{name}.__annotate__":
                return types.FunctionType(found, space)
    raise LookupError(name)


_UNSEEN = {"NOP", "EXTENDED_ARG", "CACHE"}
_FLAT = ("co_name co_qualname co_flags co_argcount co_posonlyargcount co_kwonlyargcount co_varnames co_freevars co_cellvars co_firstlineno").split()


def _same(made: types.CodeType, expected: types.CodeType) -> None:
    """Compare two codes, but for how a module notes its annotations: these instructions are others."""
    for field in _FLAT:
        assert getattr(made, field) == getattr(expected, field), made.co_qualname
    if made.co_name == "<module>":
        assert _lines(made) >= _lines(expected)
    else:
        assert _shown(made) == _shown(expected)
    inner, wanted = _inner(made), _inner(expected)
    assert [code.co_qualname for code in inner] == [code.co_qualname for code in wanted]
    for one, other in zip(inner, wanted, strict=True):
        _same(one, other)


def _lines(code: types.CodeType) -> set[int | None]:
    return {line for _, _, line in code.co_lines()}


def _shown(code: types.CodeType) -> list[tuple[str, str, int | None]]:
    lines = {at: line for start, end, line in code.co_lines() for at in range(start, end, 2)}
    seen = [each for each in dis.get_instructions(code) if each.opname not in _UNSEEN]
    if not HERE.places_fstring_parts and any(each.opname == "FORMAT_VALUE" for each in seen):
        lines = {}  # compiled from text, all parts of an f-string are on its first line there
    order = {each.offset: number for number, each in enumerate(seen)}
    shown = []
    for each in seen:
        value: object = each.argval
        if each.opcode in dis.hasjrel:
            value = next((order[at] for at in range(each.argval, each.argval + 20, 2) if at in order), None)
        elif isinstance(value, types.CodeType) or isinstance(value, tuple) and any(isinstance(part, types.CodeType) for part in value):
            value = "code"
        elif isinstance(value, tuple) and value and isinstance(value[0], tuple):
            value = "the text of annotations"
        elif isinstance(value, frozenset):
            value = sorted(map(repr, value))
        shown.append((each.opname, repr(value), lines.get(each.offset)))
    return shown


def _inner(code: types.CodeType) -> list[types.CodeType]:
    found = []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found.append(constant)
        elif isinstance(constant, tuple):
            found += [part for part in constant if isinstance(part, types.CodeType)]
    return sorted(found, key=lambda each: (each.co_firstlineno, each.co_qualname, each.co_code))


def test_no_listener_stays_where_somebody_has_put_other_filters_in_place_meanwhile():
    # What warnings.catch_warnings does in another thread while this one compiles: a copy now, the old list again later.
    before = warnings.filters
    try:
        with quick._listening([]):
            warnings.filters = before[:]
        copy = warnings.filters
    finally:
        warnings.filters = before
    listeners = [line for line in (*before, *copy) if isinstance(line[1], quick._Listener)]
    assert listeners == []


def test_a_listener_that_somebody_has_kept_hears_nothing_any_more():
    heard = []
    with quick._listening(heard):
        kept = warnings.filters[0][1]
        assert kept.match("now")
    assert not kept.match("later") and heard == ["now"]
