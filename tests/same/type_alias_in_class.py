class C:
    x = "class"
    type A = x
    type B[T] = (T, x)
    value = A.__value__
print(C.A.__value__, C.B.__value__, C.value, C.A.__name__, C.B.__type_params__)
