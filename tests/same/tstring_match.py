from string.templatelib import Template, Interpolation
def show(t):
    out = []
    for part in t:
        match part:
            case str() as s:
                out.append(s)
            case Interpolation(value, expression, conversion, spec):
                out.append(f"<{expression}={value!r} {conversion} {spec!r}>")
    return "".join(out)
who = "x"
print(show(t"hi {who!r:>10}, {1 + 1}"))
