"""Metaclasses, enums, named tuples, typed dicts, protocols, type parameters and dataclasses read and make annotations."""
import enum, typing, dataclasses, functools, inspect, annotationlib, copy, pickle, abc
from typing import *
from annotationlib import Format, get_annotations
class Meta(type):
    @classmethod
    def __prepare__(m, name, bases, **kw): 
        return {"pre": 1}
    def __new__(m, name, bases, ns, **kw):
        print(name, sorted(k for k in ns if "anno" in k) == sorted(k for k in ns if "anno" in k))
        an = annotationlib.get_annotate_from_class_namespace(ns)
        print(an and annotationlib.call_annotate_function(an, Format.STRING), an and annotationlib.call_annotate_function(an, Format.FORWARDREF))
        return super().__new__(m, name, bases, ns)
class M(metaclass=Meta):
    a: Undefined
    b: list[int]
    c: pre
class N(M): pass
print(get_annotations(M, format=Format.FORWARDREF), get_annotations(N))
class Color(enum.Enum):
    RED: int = 1
    label: str
    def m(self, other: Color) -> Shade: ...
print(get_annotations(Color), get_annotations(Color.m, format=Format.STRING), list(Color))
class NT(NamedTuple):
    a: Undefined
    b: "Later" = 3
    c: int = 4
print(NT._fields, NT._field_defaults, get_annotations(NT, format=Format.FORWARDREF), get_annotations(NT, format=Format.STRING))
try: NT.__annotations__
except NameError as e: print(e)
try: print(inspect.signature(NT))
except NameError as e: print(e)
NT2 = NamedTuple("NT2", [("x", int), ("y", "str")])
print(NT2.__annotations__, NT2.__annotate__(1), NT2.__annotate__(4), NT2.__new__.__annotations__)
class TD(TypedDict, total=False):
    a: Required[Undefined]
    b: NotRequired["int"]
    c: TD
print(get_annotations(TD, format=Format.STRING), sorted(TD.__required_keys__), sorted(TD.__optional_keys__))
class TD2(TD): d: int
print(get_annotations(TD2, format=Format.STRING), get_annotations(TD2, format=Format.FORWARDREF)["a"].__class__.__name__)
TD3 = TypedDict("TD3", {"a": int, "b-c": "str"})
print(TD3.__annotations__, TD3.__annotate__(4), TD3.__total__)
@runtime_checkable
class P(Protocol):
    x: Undefined
    def m(self, a: Undefined) -> int: ...
class Impl:
    x = 1
    def m(self, a): return 1
print(isinstance(Impl(), P), isinstance(3, P), sorted(get_protocol_members(P)))
class G[T: Undefined, *Ts, **Q]:
    a: T
    b: Callable[Q, T]
    def m[U](self, x: U, *a: *Ts, **k: T) -> dict[T, U]: ...
print(get_annotations(G), get_annotations(G.m, format=Format.STRING))
def gen[T](x: T, y: "T") -> T: ...
print(get_type_hints(gen), gen.__annotations__)
@dataclasses.dataclass(slots=True, frozen=True)
class DS:
    a: int
    b: list[Undefined2] = dataclasses.field(default_factory=list)
    c: ClassVar[Undefined2] = 3
print([ (f.name, f.type if not hasattr(f.type,'__forward_arg__') else f.type.__forward_arg__) for f in dataclasses.fields(DS)], DS(1), hasattr(DS(1), "__dict__"))
try: DS.__annotations__
except NameError as e: print(e)
Undefined2 = bytes
print(DS.__annotations__, DS.__init__.__annotations__, inspect.signature(DS))
@dataclasses.dataclass
class Base0:
    x: Foo
@dataclasses.dataclass
class Sub0(Base0):
    y: int = 0
class Foo: pass
print(get_type_hints(Sub0) == {"x": Foo, "y": int}, Sub0.__init__.__annotations__ == {"x": Foo, "y": int, "return": None}, inspect.signature(Sub0))
print(dataclasses.make_dataclass("MK", ["a", ("b", int), ("c", "Foo", 3)]).__annotations__)
