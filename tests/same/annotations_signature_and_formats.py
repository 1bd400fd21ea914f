import inspect
from annotationlib import Format

def f(a: Missing, b: int = 1, *, c: "text" = "c") -> Missing: ...
print(inspect.signature(f, annotation_format=Format.STRING))
print(inspect.signature(f, annotation_format=Format.FORWARDREF))
try:
    inspect.signature(f)
except NameError as error:
    print(error)
Missing = str
print(inspect.signature(f))
