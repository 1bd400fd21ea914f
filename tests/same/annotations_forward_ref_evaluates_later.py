from annotationlib import Format, ForwardRef, get_annotations

class C:
    x: Later[int]
    y: Later
found = get_annotations(C, format=Format.FORWARDREF)
try:
    found["x"].evaluate()
except NameError as error:
    print(error)
Later = list
print(found["x"].evaluate(), found["y"].evaluate(), found["y"].evaluate(globals={"Later": 3}))
print(ForwardRef("Later[int]").evaluate(globals=globals()), ForwardRef("x") == ForwardRef("x"), repr(ForwardRef("x", module="m")))
