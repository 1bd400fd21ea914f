class A:
    blech = 1
    def bluch(self): return blech
    def zork(self): return self.bleck
    def __dir__(self): return ["blech", 3, "bluch"]
import traceback
def show(f):
    try: f()
    except BaseException as e: print("".join(traceback.format_exception(e)))
somevariable = 3
import os, collections
show(lambda: somevarible)
show(lambda: A().bluch())
show(lambda: A().zork())
show(lambda: A().blec)
show(lambda: [].apend(1))
show(lambda: os.path.jion)
show(lambda: asyncio.run())
show(lambda: itertols)
show(lambda: json)
show(lambda: ose.path)
show(lambda: prin("x"))
def f():
def f():
    import osss
show(f)
def f():
    import os.foo
show(f)
def f():
    del os.foo
show(f)
def f():
    return [somevarable for x in [1] for somevarible in [2] if somevariblee]
show(f)
class Foo:
    def __init__(self): self.value = 1
    def get(self):
        return value
    @classmethod
    def make(cls): return cls.mak()
    _private = 1
    @property
    def p(self): return self.q.r
show(Foo().get); show(Foo.make); show(lambda: Foo()._privat); show(lambda: Foo().privat); show(lambda: Foo().p)
show(lambda: Foo.vlaue)
show(lambda: None.foo); show(lambda: (1).reel); show(lambda: 1 .imaj)
class M(type):
    zoo = 1
class K(metaclass=M): bar = 2
show(lambda: K.baz); show(lambda: K.zooo)
class E1(AttributeError): pass
def f(): raise E1("x")
show(f)
def f(): raise NameError("x", name="prnt")
show(f)
def f(): raise ImportError("foo", name="os", path="p")
show(f)
class N(Exception):
    __notes__ = 3
def f(): raise N
show(f)
class N(Exception):
    __notes__ = ["a", 3, "b\nc"]
    def __str__(self): return ""
def f(): raise N("x")
show(f)
class N(Exception):
    def __str__(self): 1/0
show(f)
def f(): raise SyntaxError("bad", ("file.py", 3, 2, "foo bar", 3, 5))
show(f)
def f(): raise SyntaxError("bad")
show(f)
def f(): compile("a b\n", "<x>", "exec")
show(f)
def f(): eval("1 +")
show(f)
def f(): exec("def f():\n  pas\n  wile x: 3")
show(f)
def rec(n): return rec(n + 1)
import sys; sys.setrecursionlimit(80)
show(lambda: rec(0))
def rec2(n):
    if n > 5: raise ValueError
    rec2(n + 1)
show(lambda: rec2(0))
