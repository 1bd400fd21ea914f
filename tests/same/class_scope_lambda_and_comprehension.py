class C[T]:
    y = 1
    lam = (lambda: T)()
    lst = [T for _ in range(2)]
    def m[U](self, f=lambda: y if False else 2): return f(), U
    type A = (lambda: T)
print(C.lam, C.lst, C().m(), C.A.__value__())
