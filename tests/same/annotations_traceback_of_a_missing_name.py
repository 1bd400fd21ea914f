def f(
    a: int,
    b: list[Missing],
): ...

for name in f.__annotations__:
    print(name)
