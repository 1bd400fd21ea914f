def f[T](a):
    return sorted(locals())
print(f(1))
class C[T]:
    names = sorted(n for n in locals() if not n.startswith("__firstlineno"))
print(C.names)
