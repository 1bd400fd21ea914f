def deco(c):
    print("deco", c.__name__, c.__type_params__)
    return c
@deco
class C[T]:
    x = 1
print(C, C.__module__)
