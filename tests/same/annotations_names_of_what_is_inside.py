"""Lambdas and comprehensions in annotations, bounds and aliases are named as if they stood around them."""

import types


def names(code):
    inner = [each for constant in code.co_consts for each in (constant if isinstance(constant, tuple) else (constant,))]
    # Only of these: an annotate function's own is another in 3.15. Comprehensions are left out, some compilers inline them.
    found = {code.co_qualname} if code.co_name in ("<lambda>", "<genexpr>") else set()
    return found.union(*(names(each) for each in inner if isinstance(each, types.CodeType)))


def show(code):
    print(*sorted(names(code)), sep="\n")


show(compile("""
x: (lambda: (lambda: 1)) = 1
def g(a: lambda: (lambda: 1)) -> list((i for i in (j for j in (lambda: ())))): pass
class C:
    x: (lambda: (lambda: 1)) = 1
    def m(a: lambda: (lambda: 1)): pass
    class D:
        y: (lambda: 1)
def f():
    x: (lambda: (lambda: 1)) = 1
    def g(a: lambda: (lambda: 1)): pass
    class C:
        x: (lambda: (lambda: 1)) = 1
        def m(a: x, b: (lambda: 1)): pass
    global G
    def G(a: lambda: 1): pass
    lambda: (lambda: 1)
""", "plain", "exec"))
show(compile("""
def g[T](a: lambda: T): pass
class C[T: (lambda: 1)](object, metaclass=(lambda: type)()):
    x: (lambda: (lambda: 1)) = 1
    def m[U](a: lambda: (lambda: U)): pass
    type A = (lambda: x)
type A[T] = (lambda: T)
def f():
    type A[T: (lambda: 1), *U = (lambda: 2)] = (lambda: T)
    type B = lambda: 1
    def g[T = lambda: 1](a: lambda: (lambda: 1)): pass
    class C[T]:
        x: (lambda: (lambda: 1)) = 1
""", "generic", "exec"))


def function():
    class Model:
        check: lambda value: value > 0

    def check(value: lambda: 1): ...

    return Model, check


for each in function():
    print([value.__qualname__ for value in each.__annotations__.values()], each.__annotate__.__qualname__)


class Box[T: (lambda: 1)]:
    type A = lambda: 1
    type B[U] = lambda: 2


print(Box.__type_params__[0].__bound__.__qualname__, Box.A.__value__.__qualname__, Box.B.__value__.__qualname__)
