class Outer:
    class Base: pass
    class Derived[T](Base): pass
print(Outer.Derived.__mro__)
