T = "global"
def f[T]():
    def g[T]():
        return T
    return T is f.__type_params__[0], g() is g.__type_params__[0], g() is T
print(f(), T)
def h[T](T): return T
print(h(3))
