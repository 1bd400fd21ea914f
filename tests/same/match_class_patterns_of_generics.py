class P[T]:
    __match_args__ = ("a",)
    def __init__(self, a): self.a = a
match P(3):
    case P(a): print("a", a)
