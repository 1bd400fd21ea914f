x = 10
t = t"""first {
    x
} second {x
    + 1} {{literal}}
"""
print(t.strings, [i.expression for i in t.interpolations], t.values)
