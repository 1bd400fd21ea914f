import typing

@typing.runtime_checkable
class P(typing.Protocol):
    name: str
    def method(self, a: Missing) -> Missing: ...
class Good:
    name = "n"
    def method(self): ...
print(isinstance(Good(), P), isinstance(3, P))
class Q(typing.Protocol):
    x: Missing
print(Q.__name__)
