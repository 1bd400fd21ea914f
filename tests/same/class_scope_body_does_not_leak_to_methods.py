x = "global"
class C:
    x = "class"
    def m[T](self): return x
    class D[T]:
        def n(self): return x
print(C().m(), C.D().n())
