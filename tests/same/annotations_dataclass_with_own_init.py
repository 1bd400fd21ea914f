import dataclasses

@dataclasses.dataclass
class A:
    x: Missing
    def __init__(self, x: Missing, y: Missing2) -> None:
        self.x = x
print(A(1, 2))
