import typing

class P(typing.NamedTuple):
    a: int
    b: Later = None
try:
    P.__annotations__
except NameError as error:
    print(error)
class Later: ...
print(P(1), P._fields, P.__annotations__, typing.get_type_hints(P))
