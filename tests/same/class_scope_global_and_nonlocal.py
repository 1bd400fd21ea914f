x = "global"
def outer():
    x = "nonlocal"
    class A:
        global x
        type V = x
    class B:
        nonlocal x
        type V = x
        x = "rebound"
    class C:
        type V = x
    class D:
        type V = x
        early = V.__value__
        x = "class"
    return A.V.__value__, B.V.__value__, C.V.__value__, D.early
print(outer())
