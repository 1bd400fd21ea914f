from string.templatelib import Template, Interpolation
print(Template[int], Interpolation[str, int])
def render(t: Template) -> str:
    return "".join(p if isinstance(p, str) else format(p.value, p.format_spec) for p in t)
pi = 3.14159
print(render(t"{pi:.2f} and {pi:>10.3f}"))
