from typing import Protocol, NamedTuple
class Has[T](Protocol):
    def get(self) -> T: ...
class Pair[T](NamedTuple):
    a: T
    b: T
print(Pair(1, 2), Pair.__orig_bases__[0] is NamedTuple, Has.__type_params__, Pair[int])
