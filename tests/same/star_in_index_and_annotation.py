from typing import TypeVarTuple, Unpack
Ts = TypeVarTuple("Ts")
def f(*args: *Ts): pass
class D(dict):
    def __getitem__(self, k): return k
d, t = D(), (1, 2)
print(f.__annotations__["args"] == Unpack[Ts], d[*t, 3], d[0, *t])
