class A[T = Later]: pass
try:
    A.__type_params__[0].__default__
except NameError as e:
    print(e)
Later = 5
print(A.__type_params__[0].__default__)
