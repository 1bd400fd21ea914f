import types
class A[T]: pass
class B(A[int]): pass
print(types.get_original_bases(B), types.get_original_bases(A), B.__type_params__, int.__type_params__)
print((lambda: 0).__type_params__)
