from typing import TypedDict
class D[T](TypedDict):
    key: T
print(D.__type_params__, D.__total__, D(key=1), list(D.__annotations__))
