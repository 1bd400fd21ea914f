name, n = "world", 3
t = t"hello {name}, {n + 1!r:>{n}} end"
print(t.strings, t.values)
for i in t.interpolations:
    print(i.value, i.expression, i.conversion, i.format_spec)
print(t)
