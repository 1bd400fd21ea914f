import builtins
from annotationlib import Format, get_annotations

def f(a: builtins.missing, b: list[int], c: 1 + int, d: [builtins.int]): ...
for name, value in get_annotations(f, format=Format.FORWARDREF).items():
    print(name, str(value).replace(repr(f), "f"))
