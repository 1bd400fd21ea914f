from string.templatelib import Template, Interpolation
for base in (Template, Interpolation, type(iter(t""))):
    try:
        class Sub(base): pass
    except TypeError as e:
        print(e)
for change in ("t''.strings = 1", "t''.other = 1", "t'{1}'.interpolations[0].value = 2", "Template.x = 1", "del t''.strings"):
    try:
        exec(change)
    except (AttributeError, TypeError) as e:
        print(type(e).__name__, e)
