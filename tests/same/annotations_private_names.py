class C:
    __T = int
    __field: __T
    def method(self, __a: __T, *, __b: list[__T]) -> __T: ...
print(C.__annotations__, C.method.__annotations__)
