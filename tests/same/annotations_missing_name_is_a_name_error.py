def f(a: Missing): ...
try:
    f.__annotations__["a"]
except NameError as error:
    print(error, error.name)
Missing = int
print(f.__annotations__)
