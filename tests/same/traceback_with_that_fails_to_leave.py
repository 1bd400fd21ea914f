class Lock:
    def __init__(self, name): self.name = name
    def __enter__(self): return self
    def __exit__(self, *error): raise RuntimeError(f"cannot unlock {self.name}")
with Lock("a") as a, Lock("b") as b:
    print(a.name, b.name)
