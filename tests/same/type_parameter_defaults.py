from typing import NoDefault
def f[T = int, U = list[T], *Ts = *tuple[int, str], **P = [int]](): pass
for p in f.__type_params__:
    print(p, p.__default__, p.has_default())
class B[T]: pass
print(B.__type_params__[0].__default__ is NoDefault, B.__type_params__[0].has_default())
class C[T, U = int]: pass
print(C[str].__args__, C[str, bytes].__args__)
