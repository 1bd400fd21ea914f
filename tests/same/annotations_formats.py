import annotationlib
from annotationlib import Format, get_annotations

def f(a: int, b: Missing, c: list[Missing | None], d: "text", *e: (1, 2)) -> Missing.attribute[3](x=4): ...
for format in (Format.FORWARDREF, Format.STRING):
    for name, value in get_annotations(f, format=format).items():
        print(format.name, name, str(value).replace(repr(f), "f"))
try:
    get_annotations(f)
except NameError as error:
    print(error)
