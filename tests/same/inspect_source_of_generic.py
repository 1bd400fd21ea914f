import inspect
def deco(f): return f
@deco
def f[T](
    x: T,
) -> T:
    return x
class C[T]:
    def m(self): pass
print(inspect.getsource(f))
print(inspect.getsource(C))
print(f.__code__.co_firstlineno, C.m.__code__.co_firstlineno)
