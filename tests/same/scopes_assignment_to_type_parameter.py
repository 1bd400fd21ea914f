def f[T]():
    T = 5
    return T
class C[T]:
    T = 6
print(f(), C.T, C.__type_params__)
