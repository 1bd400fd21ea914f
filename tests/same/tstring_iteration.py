a, b = 1, 2
for part in t"{a}{b} tail":
    print(type(part).__name__, part)
print(list(t""), list(t"x"))
