class Foo[__T]:
    param = __T
    def meth[__U](self, arg: __T) -> __U:
        return __T, __U
print(Foo.param, Foo().meth(1), Foo.__type_params__, Foo.meth.__type_params__)
class __Base:
    pass
def g():
    class Derived[T](__Base): pass
    return Derived.__bases__
print(g())
