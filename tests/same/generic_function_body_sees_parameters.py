def f[T, *Ts, **P]():
    return T, Ts, P
print(f() == f.__type_params__, f())
def g[T]():
    def inner(): return T
    return inner
print(g()() is g.__type_params__[0])
