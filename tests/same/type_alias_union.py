from typing import get_args
type A = int
type B = str
print(get_args(A | B), get_args(A | None), get_args(None | A), get_args(list[int] | A))
