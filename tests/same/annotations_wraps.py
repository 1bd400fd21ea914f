import functools

def decorator(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
@decorator
def f(a: Later) -> Later: ...
class Later: ...
print(f.__annotations__, f.__annotations__ is f.__wrapped__.__annotations__)
f.__annotations__["a"] = 3
print(f.__wrapped__.__annotations__)
