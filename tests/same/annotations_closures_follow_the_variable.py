def outer():
    def inner(a: T, *args: *Ts) -> T: ...
    T = int
    Ts = (str,)
    return inner
print(outer().__annotations__)
