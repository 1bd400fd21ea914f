"""An annotation runs when somebody asks, once."""
def noisy(x):
    print("evaluated", x)
    return x
def f(a: noisy(1), b: noisy(2)) -> noisy(3): ...
print("defined")
print(f.__annotations__)
print(f.__annotations__ is f.__annotations__)
