def f(v):
    type A = v
    type B[T] = dict[T, v]
    return A, B
a, b = f(int)
print(a.__value__, b.__value__, a, b)
