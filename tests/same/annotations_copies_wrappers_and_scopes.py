"""Wrapping, copying, pickling, exec and scopes."""
import functools, inspect, copy, pickle, annotationlib, types, operator
from annotationlib import Format
def deco(f):
    @functools.wraps(f)
    def w(*a, **k): return f(*a, **k)
    return w
@deco
def f(a: Later, b: int = 1) -> list[Later]: "doc"
try: f.__annotations__
except NameError as e: print(e)
print(annotationlib.get_annotations(f, format=Format.STRING))
print(inspect.signature(f, annotation_format=Format.STRING))
try: inspect.signature(f)
except NameError as e: print(e)
class Later: pass
print(inspect.signature(f), f.__annotations__ == f.__wrapped__.__annotations__, f.__annotations__ is f.__wrapped__.__annotations__)
w2 = functools.wraps(f, assigned=("__name__",))(lambda: 0)
print(w2.__annotations__, w2.__name__)
p = functools.partial(f, 1)
for n in ("__annotations__", "__annotate__"):
    try: print(getattr(p, n))
    except AttributeError as e: print(e)
print(inspect.signature(p))
@functools.lru_cache
def c(a: Later2): ...
for n in ("__annotations__",):
    try: print(getattr(c, n))
    except Exception as e: print(type(e).__name__)
print(annotationlib.get_annotations(c, format=Format.STRING))
@functools.singledispatch
def sd(x: Later): return "base"
@sd.register
def _(x: int) -> Nope: return "int"
@sd.register
def _(x: list | tuple): return "seq"
print(sd(3), sd([]), sd("x"))
g = copy.copy(f); print(g is f)
h = copy.deepcopy(f); print(h is f)
print(pickle.loads(pickle.dumps(f)) is f)
print(copy.deepcopy(f.__annotations__) == f.__annotations__, type(copy.copy(f.__annotations__)))
def clone(fn):
    n = types.FunctionType(fn.__code__, fn.__globals__, fn.__name__, fn.__defaults__, fn.__closure__)
    print(n.__annotations__, n.__annotate__)
    n.__annotations__ = fn.__annotations__
    return n
def orig(a: int, *, b: str = "x") -> None: ...
print(clone(orig).__annotations__)
print(operator.attrgetter("__annotations__")(orig), getattr(orig, "__annotations__"), hasattr(orig, "__annotate__"))
ns = {}
exec("""
def ef(a: Q, b: "text") -> int: ...
class EC:
    v: Q
    def m(self) -> v: ...
mod: Q
""", ns)
print(ns["ef"].__annotate__, annotationlib.get_annotations(ns["EC"], format=Format.STRING)) if False else None
try: ns["ef"].__annotations__
except NameError as e: print(e)
ns["Q"] = 7
print(ns["ef"].__annotations__, ns["EC"].__annotations__, ns["__annotate__"](1), "__annotations__" in ns)
code = compile("def z(a: R): ...\nR = 3", "<z>", "exec")
n1, n2 = {}, {}
exec(code, n1); exec(code, n2); n2["R"] = 4
print(n1["z"].__annotations__, n2["z"].__annotations__)
def outer():
    class Local: ...
    def inner(a: Local, b: late) -> outer_name: ...
    late = 5
    return inner
i = outer()
try: i.__annotations__
except NameError as e: print(e)
outer_name = 1
print(i.__annotations__["b"], i.__annotations__["a"].__qualname__)
def counter():
    n = 0
    def f(a: n): ...
    def g():
        nonlocal n
        n += 1
    return f, g
f1, g1 = counter(); g1(); print(f1.__annotations__); g1(); print(f1.__annotations__, f1.__annotate__(1))
class K:
    attr = int
    def m(self, a: attr, b: K, c: __class__ = None) -> "attr": ...
    @property
    def p(self) -> attr: ...
    @staticmethod
    def s(a: attr): ...
    v: attr
    attr = str
print(K.m.__annotations__ if False else K.p.fget.__annotations__, K.s.__annotations__, K.__annotations__)
try: print(K.m.__annotations__)
except NameError as e: print(e)
class Priv:
    __x: int
    def m(self, __y: __z = 1): ...
    __z = float
print(Priv.__annotations__, Priv.m.__annotations__)
print([ (x.__name__, x.__annotations__) for x in [lambda a: a, orig]])
print(inspect.get_annotations(orig), inspect.get_annotations(orig, eval_str=True), inspect.getfullargspec(orig).annotations)
def es(a: "int", b: "Missing"): ...
try: inspect.get_annotations(es, eval_str=True)
except NameError as e: print(e)
try: inspect.signature(es, eval_str=True)
except NameError as e: print(e)
