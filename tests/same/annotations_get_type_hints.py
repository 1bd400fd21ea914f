import typing

class Base:
    a: Later
class Derived(Base):
    b: "list[Later]"
    c: typing.Annotated[int, "extra"]
    d: None
def f(x: "Later", y: typing.Optional["Later"] = None) -> None: ...
class Later: ...
print(typing.get_type_hints(Derived))
print(typing.get_type_hints(Derived, include_extras=True)["c"])
print(typing.get_type_hints(f)["x"], typing.get_type_hints(f)["return"])
