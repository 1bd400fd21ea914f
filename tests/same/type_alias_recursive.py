type Json = dict[str, Json] | list[Json] | None
print(Json, Json.__value__)
type Tree[T] = tuple[T, list[Tree[T]]]
print(Tree.__value__, Tree[int])
