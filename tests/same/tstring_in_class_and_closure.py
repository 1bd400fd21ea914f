def outer(v):
    class C:
        w = v
        t = t"{w} {v}"
        def m(self):
            return t"{v} {__class__.__name__}"
    return C
C = outer(3)
print(C.t.values, C().m().values)
