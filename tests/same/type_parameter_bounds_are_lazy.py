class A[T: Undefined]: pass
T, = A.__type_params__
try:
    T.__bound__
except NameError as e:
    print(e)
Undefined = int
print(T.__bound__)
def f[T: (int, Missing)](): pass
try:
    f.__type_params__[0].__constraints__
except NameError as e:
    print(e)
Missing = str
print(f.__type_params__[0].__constraints__, f.__type_params__[0].__bound__)
