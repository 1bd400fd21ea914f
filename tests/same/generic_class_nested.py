class Outer[T]:
    class Inner[U]:
        def both(self): return T, U
    def method[V](self, x: V) -> T: return T, V
print(Outer.Inner().both(), Outer.Inner.__qualname__, Outer.Inner.both.__qualname__, Outer().method(1), Outer.method.__qualname__)
