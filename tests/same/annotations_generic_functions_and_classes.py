import typing

class Box[T]:
    item: T
    other: list[Box[T]] = []
    def put[U](self, item: T, key: U) -> dict[U, T]: ...
def first[T](items: list[T], default: Later = None) -> T: ...
class Later: ...
print(Box.__annotations__, Box.put.__annotations__, first.__annotations__)
print(first.__annotations__["return"] is first.__type_params__[0], first.__annotate__.__qualname__, Box.put.__annotate__.__qualname__)
print(typing.get_type_hints(Box.put))
