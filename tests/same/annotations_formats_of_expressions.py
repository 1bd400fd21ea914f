"""Every kind of expression in the STRING and FORWARDREF formats, hints of a class, bad arguments, odd places."""
import typing, annotationlib, inspect
from annotationlib import Format, get_annotations, ForwardRef
for text in """x.y.z; "s" | None; x + 1; -x; x(1, k=2); lambda: 1; f"{x}"; x if y else z; not x; (a for a in x); 1 < x < 2; x @ y ** -z; x and y; x or 3; [a for a in x]; x[*y]; x[1, 2:3]; x.y(z).w[v]; 3 + x; (x + y) * z; x[()]; x[(1,)]; x[1:]; x["a"]; x[{}]; b"x"; 1.5; 1j; ...; None; True; -1; x == y; x is y; x in y; ~x; +x; x // 2 % 3; x << 1 >> 2 & 3 ^ 4 | 5""".split("; "):
    ns = {}
    exec(f"def f(a: {text}, b: int): ...", ns)
    for fmt in (Format.STRING, Format.FORWARDREF):
        try: print(text, "->", {k: getattr(v, "__forward_arg__", v) for k, v in get_annotations(ns["f"], format=fmt).items() if "lambda" not in text and "for" not in text})
        except Exception as e: print(text, "->", type(e).__name__, e)
r = get_annotations(f, format=Format.FORWARDREF) if False else None
def g(a: undefined1 | int, b: list[undefined1], c: dict[str, undefined1.attr], e: int | undefined1, h: undefined1[int]): ...
for k, v in get_annotations(g, format=Format.FORWARDREF).items(): print(k, repr(v).replace("<function g at", "").split(" 0x")[0], type(v).__name__)
class C:
    a: "C"
    b: typing.List["C"]
    c: typing.Annotated["C", 1]
    d: typing.Literal["C"]
    e: typing.Callable[["C"], "C"]
    f: list["C"]
    g: type["C"] | None
    h: tuple["C", ...]
print(typing.get_type_hints(C)); print(typing.get_type_hints(C, include_extras=True)["c"])
print(typing.get_type_hints(C, format=Format.STRING))
print(typing.get_type_hints(g, format=Format.FORWARDREF)["b"] == list[get_annotations(g, format=Format.FORWARDREF)["b"].__args__[0]])
for bad in (3, "x", None, [], object()):
    for fn in (get_annotations, typing.get_type_hints, inspect.get_annotations):
        try: print(fn(bad))
        except Exception as e: print(type(e).__name__, str(e).split(" object at")[0])
fr = ForwardRef("X | None", module="typing", owner=C, is_class=True)
print(fr, fr.__forward_arg__, fr.__forward_module__, hash(fr) == hash(ForwardRef("X | None", module="typing", owner=C, is_class=True)))
try: fr.evaluate()
except NameError as e: print(e)
print(fr.evaluate(format=Format.FORWARDREF), fr.evaluate(format=Format.STRING), fr.evaluate(locals={"X": int}))
print(annotationlib.type_repr(list[int]), annotationlib.type_repr(int), annotationlib.type_repr(C), annotationlib.type_repr(...), annotationlib.type_repr(typing.List))
print(annotationlib.annotations_to_string({"a": int, "b": "x", "c": None}))
class Call:
    def __call__(self, a: int) -> str: ...
c = Call()
print(get_annotations(Call.__call__), get_annotations(c), typing.get_type_hints(c.__call__))
class HasAnn:
    __annotations__ = {"x": 1}
class HasAnnotate:
    def __annotate__(format): return {"via": format}
class Both:
    a: int
    def __annotate__(format): return {"via": format}
for k in (HasAnn, HasAnnotate, Both):
    print(k.__annotations__, get_annotations(k), get_annotations(k, format=Format.STRING))
class Slots:
    __slots__ = ("a",)
    a: int
print(Slots.__annotations__)
x: int = 1
try:
    x.y: undefinedthing = 2
except AttributeError as e: print(str(e)[:33])
def local():
    v: undefinedthing = 1
    w: undefinedthing
    return v
print(local())
for i in range(2):
    loopvar: int
class Cond:
    if True:
        a: int
    else:
        b: str
    for i in range(3):
        c: i
    while False:
        d: int
    try:
        e: int
    except Exception:
        g: int
    with open(__file__):
        h: i
print(Cond.__annotations__, Cond.__annotate__(1))
import sys
print(sys.modules[__name__].__annotations__)
def star(*args: *tuple[int, str]): ...
print(star.__annotations__, get_annotations(star, format=Format.STRING))
