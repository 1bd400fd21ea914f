from annotationlib import Format, get_annotations

def f(a: x + y * z, b: (x + y) * z, c: -x ** 2, d: (-x) ** 2, e: x[1:2, ::3], f: x[()], g: x(1, *y, z=2),
      h: {x: [y, (z,)]}, i: x if y else z, j: x < y, k: not x, l: "a" | x, m: x["b"], n: x[*y], o: ~x.y.z, p: ...): ...
for name, text in get_annotations(f, format=Format.STRING).items():
    print(name, text)
