class C[T](missing):
    pass
