x = "module"
class C:
    x = "class"
    a: x
    def method(self, b: x) -> x: ...
    class x2: ...
    c: x2
print(C.__annotations__, C.method.__annotations__)
