x = "global"
class C:
    x = "class"
    def m[T: x](self): ...
    class Inner[U: x]: pass
    type A[V: x] = V
print(C.m.__type_params__[0].__bound__, C.Inner.__type_params__[0].__bound__, C.A.__type_params__[0].__bound__)
