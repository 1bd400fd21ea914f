import inspect
def f[T](a, /, b=1, *args, c, d=2, **kw): return (a, b, args, c, d, kw)
print(inspect.signature(f), f.__defaults__, f.__kwdefaults__)
print(f(1, 2, 3, c=4, e=5), f.__code__.co_name, f.__code__.co_varnames, f.__code__.co_firstlineno)
