from dataclasses import dataclass, fields
@dataclass
class P[T]:
    a: T
    b: list[T]
print(P(1, [2]), [f.name for f in fields(P)], P[int](1, [2]))
