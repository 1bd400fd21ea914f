import dataclasses, inspect, typing

@dataclasses.dataclass
class A:
    a: A | None
    b: list[Later] = dataclasses.field(default_factory=list)
    c: typing.ClassVar[Later] = 3
    d: int = 4
print([field.name for field in dataclasses.fields(A)], A(None), A.__doc__)
class Later: ...
print(typing.get_type_hints(A)["b"], inspect.signature(A))
@dataclasses.dataclass(slots=True, order=True)
class B(A):
    e: B | None = None
print(B(None), B(None) == B(None), [field.name for field in dataclasses.fields(B)])
