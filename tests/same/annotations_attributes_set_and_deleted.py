"""Setting and deleting __annotations__ and __annotate__ of functions, classes and modules."""
# assignment, deletion of attributes
import types, sys
def show(f): 
    try: print(f.__annotations__, f.__annotate__ is None)
    except Exception as e: print(type(e).__name__, e)
def f(a: A, b: int): ...
show(f)
A = 1
show(f)
f.__annotations__["z"] = 3
show(f)
f.__annotations__ = {"q": 1}
show(f)
f.__annotate__ = lambda fmt: {"fmt": fmt}
show(f)
f.__annotate__ = None
show(f)
del f.__annotations__
show(f)
for bad in (3, "x"):
    for name in ("__annotations__", "__annotate__"):
        try: setattr(f, name, bad)
        except Exception as e: print(type(e).__name__, e)
try: del f.__annotate__
except Exception as e: print(type(e).__name__, e)
class C:
    x: B
    y: int
show(C)
class B: pass
show(C)
class D(C): z: str
class E(C): pass
show(D); show(E)
C.__annotations__ = {"new": 1}; show(C)
C.__annotate__ = lambda f: {"k": f}; show(C)
C.__annotate__ = None; show(C)
del C.__annotations__; show(C)
class F: pass
show(F)
F.__annotate__ = lambda f: {"k": f}; show(F)
F.__annotations__["more"] = 1; show(F)
for bad in (3, "x"):
    try: C.__annotate__ = bad
    except Exception as e: print(type(e).__name__, e)
try: del C.__annotate__
except Exception as e: print(type(e).__name__, e)
for o in (int, len, type, object, types.FunctionType):
    for name in ("__annotations__", "__annotate__"):
        try: print(o, name, getattr(o, name) if o is not types.FunctionType else "-")
        except Exception as e: print(type(e).__name__, e)
m = types.ModuleType("m")
print(m.__annotate__, m.__annotations__)
m.__annotate__ = lambda f: {"m": f}
print(m.__annotations__)
m.__annotations__ = {}
print(m.__annotate__)
me = sys.modules["__main__"]
x: int = 3
if x > 2:
    y: str
else:
    z: float
print(me.__annotations__, list(me.__annotate__(1)))
lam = lambda: 0
show(lam)
async def co(a: A) -> B: ...
show(co)
def gen(a: A): yield
show(gen)
print(f.__dict__, co.__dict__, vars(co))
print(type(co.__annotations__), type(C.__annotations__), type(D.__annotations__) is dict)
print(co.__annotations__ is co.__annotations__, D.__annotations__ is D.__annotations__)
print(co.__annotate__.__name__, co.__annotate__.__qualname__, co.__annotate__.__module__, D.__annotate__.__qualname__)
for fmt in (0, 2, 3, 4, "x", None):
    try: print(co.__annotate__(fmt))
    except Exception as e: print(type(e).__name__, e)
try: co.__annotate__()
except TypeError as e: print(e)
try: co.__annotate__(format=1)
except TypeError as e: print(e)
