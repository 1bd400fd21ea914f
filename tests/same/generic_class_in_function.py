def make(v):
    class Local[T]:
        value = v
        def get(self): return v, T, Local
    return Local
L = make(3)
print(L.value, L().get()[:2], L().get()[2] is L, L.__qualname__, L.get.__qualname__)
