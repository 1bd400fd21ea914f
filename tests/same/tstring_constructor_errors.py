from string.templatelib import Template, Interpolation
for make in (lambda: Template(1), lambda: Template(a=1), lambda: Interpolation(), lambda: Interpolation(1, 2),
             lambda: Interpolation(1, "a", "x"), lambda: Interpolation(1, "a", None, 3), lambda: type(iter(t""))()):
    try:
        make()
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
