from __future__ import annotations

class C:
    x: Missing | None = None
    def f(self, a: list [ int ], b: 'quoted') -> "C": ...
def g(a: 1 + 2): ...
print(C.__annotations__, C.f.__annotations__, g.__annotations__)
