ns = {}
exec("class C[T]:\n    def f(self): return T\ntype A = C", ns)
print(ns["C"]().f(), ns["A"].__value__, ns["C"].__module__)
def f():
    loc = 5
    exec("print(loc, t'{loc}')")
    return eval("t'{loc}'").values
print(f())
