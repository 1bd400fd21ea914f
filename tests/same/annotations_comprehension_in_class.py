T = "module"
class C:
    T = "class"
    a: [T for _ in range(2)]
    b: [x for x in (T,)]
    c: (lambda: T)()
print(C.__annotations__)
