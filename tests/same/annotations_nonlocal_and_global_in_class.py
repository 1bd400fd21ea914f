G = "global"
def outer():
    N = "nonlocal"
    class C:
        nonlocal N
        global G
        a: N
        b: G
    N = "changed"
    return C
C = outer()
G = "changed too"
print(C.__annotations__)
