type A = int
type B[T] = list[T]
print(A, A.__value__, A.__name__, A.__type_params__, A.__module__, type(A).__name__, type(A).__module__)
print(B, B[int], B.__value__, B.__type_params__, B.__parameters__, B[int].__args__, B[int].__origin__ is B)
