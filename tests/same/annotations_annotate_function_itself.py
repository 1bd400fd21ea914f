def f(a: int, b: Missing = 1): ...
annotate = f.__annotate__
print(annotate.__name__, annotate.__qualname__, annotate.__module__, annotate.__code__.co_varnames)
for arguments in ((3,), (4,), ("1",), (), (1, 2)):
    try:
        print(annotate(*arguments))
    except (NotImplementedError, TypeError) as error:
        print(type(error).__name__, error)
try:
    annotate(format=1)
except TypeError as error:
    print(error)
class C:
    x: int
    class D:
        def method(self, y: str): ...
print(C.__annotate__.__qualname__, C.D.method.__annotate__.__qualname__, C.__annotate__(1))
