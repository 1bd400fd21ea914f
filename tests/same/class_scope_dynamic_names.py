class Meta(type):
    @classmethod
    def __prepare__(m, name, bases): return {"injected": "from prepare"}
class C(metaclass=Meta):
    type A = injected
    def m[T: injected](self): ...
print(C.A.__value__, C.m.__type_params__[0].__bound__)
